"""What the ERP has yet to follow, lot by lot, and what a stock list shows that it has followed.

Invariant: the outstanding units of a lot's posting lines add up to what the last list left; the oldest line is followed
first.
"""

from __future__ import annotations

from collections.abc import Mapping

from django.db import connection

from core.models import Entity
from core.sets import among, ids, rows_update
from writeoffs.posting.flight import after_list
from writeoffs.posting.models import PostingLine


def outstanding_by_lot(entity_id: int) -> dict[int, int]:
    """lot -> raw units that the ERP still shows more than the books; a lot whose lines cancel out stands with 0."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select l.lot_id, sum(l.outstanding) from posting_postingline l join posting_posting p on p.id = "
            "l.posting_id "
            "where p.entity_id = %s and p.status in ('UNACKNOWLEDGED', 'REJECTED') and l.outstanding <> 0 "
            "group by l.lot_id",
            [entity_id],
        )
        return {lot: int(units) for lot, units in cursor.fetchall()}


def lines_follow(*, entity: Entity, seen: Mapping[int, int], followed: Mapping[int, tuple[int, int]]) -> bool:
    """Take what the ERP has followed off the lines. followed: lot -> (units followed, units left), against `seen`.
    False where another transaction has changed what was outstanding meanwhile: nothing may be kept then."""
    if not followed:
        return True
    lock = " for update of l" if connection.vendor == "postgresql" else ""
    with connection.cursor() as cursor:
        cursor.execute(
            "select l.id, l.lot_id, l.outstanding, l.sent from posting_postingline l join posting_posting p on p.id = "
            "l.posting_id "
            f"where p.entity_id = %s and p.status in ('UNACKNOWLEDGED', 'REJECTED') and l.outstanding <> 0 "
            f"and {among('l.lot_id')} order by l.lot_id, l.id{lock}",
            [entity.pk, ids(sorted(followed))],
        )
        lines = cursor.fetchall()
    now: dict[int, int] = {}
    for _, lot, outstanding, _ in lines:
        now[lot] = now.get(lot, 0) + outstanding
    if any(now.get(lot) != seen.get(lot) for lot in followed):
        return False
    rows_update(PostingLine._meta.db_table, ["outstanding", "sent"], _less(lines, followed))
    return True


def _less(
    lines: list[tuple[int, int, int, int]], followed: Mapping[int, tuple[int, int]]
) -> list[tuple[int, int, int]]:
    """(line, outstanding afterwards, in flight afterwards). Where nothing is left all lines are done, those that
    cancelled out too."""
    changed = []
    rest = {lot: units for lot, (units, _) in followed.items()}
    for line, lot, outstanding, sent in lines:
        units, left = followed[lot]
        if not left:
            changed.append((line, 0, 0))
            continue
        towards = rest[lot]
        if (outstanding > 0) != (units > 0):
            continue
        part = min(outstanding, towards) if units > 0 else max(outstanding, towards)
        rest[lot] = towards - part
        if part:
            after = outstanding - part
            changed.append((line, after, after_list(before=outstanding, after=after, sent=sent)))
    return changed
