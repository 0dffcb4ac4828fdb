"""Numbers without gaps: one counter per entity and series, moved in the transaction that uses the number."""

from __future__ import annotations

from django.db import connection
from django.db.models import F

from core.models import Counter, Entity


def numbers_take(*, entity: Entity, series: str, count: int = 1) -> int:
    """Take `count` numbers of a series and give the first. The row stays locked until the transaction ends."""
    if not connection.in_atomic_block:
        raise RuntimeError("A number is taken only inside the transaction that uses it, else a rollback leaves a gap.")
    counter = Counter.objects.filter(entity=entity, series=series)
    if not counter.update(last=F("last") + count):
        # Two first users at once: one inserts, both count on what is there then.
        Counter.objects.bulk_create([Counter(entity=entity, series=series)], ignore_conflicts=True)
        counter.update(last=F("last") + count)
    return counter.values_list("last", flat=True).get() - count + 1
