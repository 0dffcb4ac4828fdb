"""Proof that the keys of steps are what was kept: each row has its own hash, and stands in the audit events of its
step."""

from __future__ import annotations

from collections.abc import Iterator

from core.keys import StepKey, asked_digest, row_digest
from core.models import AuditEvent
from core.verify import Tally


def step_keys(tally: Tally) -> Iterator[str]:
    """A key that was altered, one that no audit event tells of, and one that the audit trail alone still tells of."""
    told: dict[tuple[int | None, str], int] = {}
    events = AuditEvent.objects.filter(data__has_key="step_key").order_by("chain", "sequence")
    for entity_id, sequence, data in events.values_list("entity_id", "sequence", "data").iterator(chunk_size=2000):
        told[entity_id, data["step_key"]] = sequence
    rows = StepKey.objects.select_related("entity").order_by("pk")
    for row in rows.iterator(chunk_size=2000):
        last = told.pop((row.entity_id, asked_digest(row)), None)
        if row_digest(row) != row.digest:
            yield (
                f"{row.entity}: the key of the step {row.action} on {row.subject} (key {row.pk}) is not what was "
                f"written: its hash is {row.digest[:16]}…, its content gives {row_digest(row)[:16]}…."
            )
        elif last != row.event:
            yield (
                f"{row.entity}: the key of the step {row.action} on {row.subject} (key {row.pk}) belongs to audit "
                f"event {row.event or 'none'}, but the audit trail tells of it in {last or 'none'}."
            )
    for (_, digest), sequence in told.items():
        yield f"The key of a step is missing: audit event {sequence} tells of {digest[:16]}…."
