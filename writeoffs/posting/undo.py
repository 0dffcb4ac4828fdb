"""The void of a posted document: the mirror of its movements and entries, on a date in an open period.

Invariant: a void undoes all of a document or nothing; what it would take back must still be there.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal

from django.db import connection
from django.db.models import F

from core.errors import BadInput, WrongState
from core.models import Entity, User
from core.money import QUANTITY_SCALE, to_raw
from inventory.models import MovementKind, QuarantineEntry
from inventory.movements import movements_append
from writeoffs.ledger.journal import PlannedEntry, PlannedLine, entries_write, period_lock
from writeoffs.ledger.models import JournalEntry
from writeoffs.posting import plans
from writeoffs.posting.book import movement_row
from writeoffs.posting.lots import lot_states
from writeoffs.posting.models import Posting
from writeoffs.posting.plans import Change
from writeoffs.posting.running import date_check
from writeoffs.posting.sets import rows_update


def posting_void(
    *,
    entity: Entity,
    source_ref: str,
    posted_on: dt.date,
    reason: str,
    asked_by: User,
    decided_by: User,
    recovered: Sequence[tuple[int, Decimal]] = (),
) -> list[JournalEntry]:
    """Post the mirror of a document. recovered: (quarantine id, quantity) that a voided recovery had taken out of
    quarantine.

    PeriodClosed, BadInput for a date before the posting, NotEnoughStock or WrongState where what would go back is gone.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("A void is posted only inside the transaction of its decision.")
    posting = Posting.objects.get(entity=entity, source_ref=source_ref)
    if posted_on < posting.posted_on:
        raise BadInput(
            f"{source_ref.partition(':')[2]} was posted on {posting.posted_on.isoformat()}; it cannot be voided as of "
            f"{posted_on.isoformat()}. Choose the posting date or a later one."
        )
    period = period_lock(entity=entity, posted_on=posted_on)
    changes = [plans.void(change) for change in _posted_changes(entity, source_ref)]
    date_check(entity=entity, posted_on=posted_on, changes=changes)
    _quarantine_restore(entity, source_ref, recovered)
    movements_append(
        entity=entity,
        posted_on=posted_on,
        source_ref=source_ref,
        rows=[movement_row(change, MovementKind.VOID) for change in changes],
    )
    written = entries_write(
        entity=entity,
        period=period,
        posted_on=posted_on,
        source_ref=source_ref,
        entries=_mirror_entries(entity, source_ref, reason),
        posted_by=decided_by,
        prepared_by=asked_by,
        approved_by=decided_by,
    )
    _outstanding_restore(posting)
    return written


def _posted_changes(entity: Entity, source_ref: str) -> list[Change]:
    """The document's movements as changes of the lots as they stand now, which are locked. Two movements of one lot
    (two quarantine entries recovered at once) are summed, so that each lot is judged once."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select lot_id, sum(quantity), sum(cost), sum(allowance), sum(write_down) from inventory_movement "
            "where entity_id = %s and source_ref = %s and kind <> %s group by lot_id order by lot_id",
            [entity.pk, source_ref, MovementKind.VOID],
        )
        sums = [tuple(int(value) for value in row) for row in cursor.fetchall()]
        cursor.execute(
            "select w.lot_id, w.fiscal_year, sum(w.amount) from inventory_writedownmovement w "
            "join inventory_movement m on m.id = w.movement_id "
            "where m.entity_id = %s and m.source_ref = %s and m.kind <> %s "
            "group by w.lot_id, w.fiscal_year order by w.lot_id, w.fiscal_year",
            [entity.pk, source_ref, MovementKind.VOID],
        )
        by_year: defaultdict[int, list[tuple[int, int]]] = defaultdict(list)
        for lot_id, year, amount in cursor.fetchall():
            by_year[lot_id].append((year, int(amount)))
    states = lot_states(entity=entity, lot_ids=[row[0] for row in sums], lock=True)
    return [
        Change(states[lot_id], quantity, cost, allowance, write_down, tuple(by_year[lot_id]), allowance - cost)
        for lot_id, quantity, cost, allowance, write_down in sums
    ]


def _mirror_entries(entity: Entity, source_ref: str, reason: str) -> list[PlannedEntry]:
    posted = JournalEntry.objects.filter(entity=entity, source_ref=source_ref, reverses__isnull=True)
    return [
        plans.mirror_of(entry.pk, entry.number, "VOID", _lines(entry), reason=reason)
        for entry in posted.prefetch_related("lines").order_by("chain_sequence")
    ]


def _lines(entry: JournalEntry) -> list[PlannedLine]:
    return [
        PlannedLine(
            line.role,
            line.amount,
            line.location_id,
            line.category_id,
            line.cost_centre_id,
            line.reason,
            line.account_id,
        )
        for line in entry.lines.all()
    ]


def _quarantine_restore(entity: Entity, source_ref: str, recovered: Sequence[tuple[int, Decimal]]) -> None:
    status = QuarantineEntry.Status
    entered = QuarantineEntry.objects.filter(entity=entity, source_ref=source_ref)
    gone = entered.exclude(status=status.STANDING, quantity_left=F("quantity")).select_related("lot").first()
    if gone is not None:
        raise WrongState(
            f"Of lot {gone.lot} some units have left quarantine since ({gone.get_status_display().lower()}), so "
            "the write-off "
            "cannot be voided any more. Void what took them first."
        )
    entered.update(status=status.VOIDED, quantity_left=Decimal(0))
    if not recovered:
        return
    back = dict(recovered)
    left = QuarantineEntry.objects.select_for_update().filter(entity=entity, pk__in=back).order_by("pk")
    rows_update(
        "inventory_quarantineentry",
        ("quantity_left",),
        [(q.pk, to_raw(q.quantity_left + back[q.pk], QUANTITY_SCALE)) for q in left],
    )
    QuarantineEntry.objects.filter(entity=entity, pk__in=back).update(status=status.STANDING)


def _outstanding_restore(posting: Posting) -> None:
    """The ERP has to do the opposite of what it did since: nothing where it had not followed yet."""
    posting.lines.update(outstanding=F("outstanding") + F("quantity"))
    follows = posting.lines.exclude(outstanding=Decimal(0)).exists()
    Posting.objects.filter(pk=posting.pk).update(
        status=Posting.Status.UNACKNOWLEDGED if follows else Posting.Status.VOIDED,
        acknowledged_at=None,
        acknowledged_by=None,
        acknowledged_how="",
    )
