"""The void of a posted document, whole or by line: the mirror of its movements and entries, in an open period.

Invariant: a void undoes all that its lines did or nothing; what it would take back must still be there. The last void
of a document takes the rest of every entry, so that mirrors and entries add up to nil to the cent.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db import connection
from django.db.models import F, Max, Sum
from django.utils import timezone

from core.errors import BadInput, WrongState
from core.models import User
from core.money import QUANTITY_SCALE, to_raw
from core.sets import among, ids, rows_update
from inventory.models import MovementKind, QuarantineEntry
from inventory.movements import movements_append
from writeoffs.ledger.journal import PlannedEntry, entries_write, period_lock
from writeoffs.ledger.models import JournalEntry
from writeoffs.posting import plans
from writeoffs.posting.book import Document, movement_row
from writeoffs.posting.flight import after_void, in_flight
from writeoffs.posting.lots import lot_states
from writeoffs.posting.mirrors import Lines, mirror_of_parts, mirror_of_rest
from writeoffs.posting.models import Posting, PostingLine, Takes
from writeoffs.posting.plans import Change, LotState, Part
from writeoffs.posting.running import date_check


@dataclass(frozen=True, slots=True)
class Undoing:
    """What is to be undone of a posted document. document: as it was posted, an instruction a line. lines: the places
    of the lines in it, from 0; before: those that earlier voids undid; number: of this void, from 1. second_approver:
    whether two agreed, as a soft-closed period asks."""

    document: Document
    number: int
    lines: Collection[int]
    before: Collection[int]
    posted_on: dt.date
    reason: str
    asked_by: User
    decided_by: User
    second_approver: bool = False

    @property
    def is_last(self) -> bool:
        return len(self.lines) + len(self.before) == len(self.document.instructions)


def posting_void(undoing: Undoing) -> list[JournalEntry]:
    """Post the mirror of the lines, in the adjustment period where it is dated as a posting that stands there.

    PeriodClosed, BadInput for a date before the posting, NotEnoughStock or WrongState where what would go back is gone.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("A void is posted only inside the transaction of its decision.")
    document, entity = undoing.document, undoing.document.entity
    posting = Posting.objects.get(entity=entity, source_ref=document.source_ref)
    if undoing.posted_on < posting.posted_on:
        raise BadInput(
            f"{document.source_ref.partition(':')[2]} was posted on {posting.posted_on.isoformat()}; it cannot be "
            f"voided as of {undoing.posted_on.isoformat()}. Choose the posting date or a later one."
        )
    period = period_lock(
        entity=entity,
        posted_on=undoing.posted_on,
        adjustment=document.adjustment and undoing.posted_on == posting.posted_on,
        second_approver=undoing.second_approver,
    )
    posted = _posted_changes(document)
    # Behind the lots, as a stock list takes them: a batch that is being made now is in it or has to wait.
    posting = Posting.objects.select_for_update().get(pk=posting.pk)
    mirrors = [plans.void(change) for change in _by_lot([posted[place] for place in sorted(undoing.lines)])]
    if document.kind == "REVERSAL":
        _refuse_units_gone(document, [mirror.lot for mirror in mirrors])
    date_check(entity=entity, posted_on=undoing.posted_on, changes=mirrors)
    _quarantine_restore(undoing)
    movements_append(
        entity=entity,
        posted_on=undoing.posted_on,
        source_ref=document.source_ref,
        rows=[movement_row(mirror, MovementKind.VOID) for mirror in mirrors],
    )
    written = entries_write(
        entity=entity,
        period=period,
        posted_on=undoing.posted_on,
        source_ref=document.source_ref,
        entries=_mirror_entries(undoing, posted),
        posted_by=undoing.decided_by,
        prepared_by=undoing.asked_by,
        approved_by=undoing.decided_by,
    )
    if written and posting.takes == Takes.JOURNAL:
        _journal_given(posting, before=written[0].chain_sequence)
    _outstanding_restore(posting, mirrors, is_last=undoing.is_last)
    return written


def _refuse_units_gone(document: Document, lots: Sequence[LotState]) -> None:
    """WrongState where units left after the reversal: they took their share of what came back, and the mirror would
    lay it on those that are left."""
    own = "select max(sequence) from inventory_movement where entity_id = %s and source_ref = %s and kind <> 'VOID'"
    with connection.cursor() as cursor:
        cursor.execute(
            "select min(m.lot_id) from inventory_movement m where m.entity_id = %s and m.quantity < 0 "
            f"and m.sequence > ({own}) and {among('m.lot_id')}",
            [document.entity.pk, document.entity.pk, document.source_ref, ids([lot.lot_id for lot in lots])],
        )
        (gone,) = cursor.fetchone()
    for lot in lots:
        if lot.lot_id == gone:
            raise WrongState(
                f"Lot {lot.label}: some of its units have left since, with their share of what the reversal brought "
                "back. It cannot be voided any more; write down what is left by a new proposal."
            )


def _posted_changes(document: Document) -> list[Change]:
    """What each line did, in the order of the lines, against its lot as it stands now, which is locked. A posting
    appends one movement a line in the order of its lines."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select id, lot_id, quantity, cost, allowance, write_down from inventory_movement "
            "where entity_id = %s and source_ref = %s and kind <> %s order by sequence",
            [document.entity.pk, document.source_ref, MovementKind.VOID],
        )
        rows = cursor.fetchall()
        cursor.execute(
            "select w.movement_id, w.fiscal_year, w.amount from inventory_writedownmovement w "
            "join inventory_movement m on m.id = w.movement_id "
            "where m.entity_id = %s and m.source_ref = %s and m.kind <> %s order by w.movement_id, w.fiscal_year",
            [document.entity.pk, document.source_ref, MovementKind.VOID],
        )
        by_year: defaultdict[int, list[tuple[int, int]]] = defaultdict(list)
        for movement_id, year, amount in cursor.fetchall():
            by_year[movement_id].append((year, int(amount)))
    if [row[1] for row in rows] != [instruction.lot_id for instruction in document.instructions]:
        raise WrongState(
            f"The movements of {document.source_ref} are not those of its lines. Keep the database as it is, and have "
            "an administrator run manage.py verify."
        )
    states = lot_states(entity=document.entity, lot_ids=[row[1] for row in rows], lock=True)
    return [
        Change(states[lot_id], quantity, cost, allowance, write_down, tuple(by_year[pk]), allowance - cost)
        for pk, lot_id, quantity, cost, allowance, write_down in rows
    ]


def _by_lot(changes: Sequence[Change]) -> list[Change]:
    """Two lines of one lot (two quarantine entries recovered at once) as one change, so that a lot is judged once."""
    of_lot: defaultdict[int, list[Change]] = defaultdict(list)
    for change in changes:
        of_lot[change.lot.lot_id].append(change)
    return [_summed(of_lot[lot_id]) for lot_id in sorted(of_lot)]


def _summed(changes: Sequence[Change]) -> Change:
    years: defaultdict[int, int] = defaultdict(int)
    for change in changes:
        for year, amount in change.by_year:
            years[year] += amount
    return Change(
        changes[0].lot,
        sum(change.quantity for change in changes),
        sum(change.cost for change in changes),
        sum(change.allowance for change in changes),
        sum(change.write_down for change in changes),
        tuple(sorted(years.items())),
        sum(change.loss for change in changes),
    )


def _mirror_entries(undoing: Undoing, posted: Sequence[Change]) -> list[PlannedEntry]:
    document = undoing.document
    entries = list(
        JournalEntry.objects.filter(entity=document.entity, source_ref=document.source_ref, reverses__isnull=True)
        .prefetch_related("lines")
        .order_by("chain_sequence")
    )
    left = _left(entries)
    if undoing.is_last:
        mirrors = mirror_of_rest(entries, left)
    else:
        mirrors = mirror_of_parts(
            document,
            entries,
            left,
            before=_parts(document, posted, undoing.before),
            after=_parts(document, posted, {*undoing.before, *undoing.lines}),
            every=_parts(document, posted, range(len(posted))),
        )
    what = "Void" if undoing.is_last and not undoing.before else "Part void"
    return [
        PlannedEntry(
            "VOID",
            "OWN",
            f"{what} of entry {entry.number}: {undoing.reason}"[:200],
            lines,
            reverses_id=entry.pk,
            void_number=undoing.number,
        )
        for entry, lines in mirrors
    ]


def _left(entries: Sequence[JournalEntry]) -> dict[int, Lines]:
    """entry -> its lines' dimensions with what no mirror has taken back yet."""
    left: dict[int, Lines] = {
        entry.pk: {(line.account_id, *_dimensions(line)): line.amount for line in entry.lines.all()}
        for entry in entries
    }
    fields = ("account_id", "role", "location_id", "category_id", "cost_centre_id", "reason")
    mirrored = (
        JournalEntry.objects.filter(reverses__in=entries)
        .order_by()
        .values_list("reverses_id", *(f"lines__{name}" for name in fields))
        .annotate(back=Sum("lines__amount"))
    )
    for entry_id, *key, back in mirrored:
        left[entry_id][tuple(key)] += back
    return left


def _dimensions(line: object) -> tuple[str, int | None, int | None, int | None, str]:
    role, location, category, cost_centre, reason = (
        getattr(line, name) for name in ("role", "location_id", "category_id", "cost_centre_id", "reason")
    )
    return role, location, category, cost_centre, reason


def _parts(document: Document, posted: Sequence[Change], places: Collection[int]) -> list[Part]:
    return [
        plans.part_of(posted[place], reason=document.reason, cost_centre_id=document.instructions[place].cost_centre_id)
        for place in sorted(places)
    ]


def _quarantine_restore(undoing: Undoing) -> None:
    """Of the lines' lots only: what a write-off put there leaves the register, what was taken out goes back."""
    document, status = undoing.document, QuarantineEntry.Status
    chosen = [document.instructions[place] for place in undoing.lines]
    lots = [instruction.lot_id for instruction in chosen]
    entered = QuarantineEntry.objects.filter(entity=document.entity, source_ref=document.source_ref, lot__in=lots)
    gone = entered.exclude(status=status.STANDING, quantity_left=F("quantity")).select_related("lot").first()
    if gone is not None:
        raise WrongState(
            f"Of lot {gone.lot} some units have left quarantine since ({gone.get_status_display().lower()}), so "
            "the write-off cannot be voided any more. Void what took them first."
        )
    entered.update(status=status.VOIDED, quantity_left=Decimal(0))
    back = {i.quarantine_id: abs(i.quantity) for i in chosen if i.quarantine_id is not None}
    if not back:
        return
    left = QuarantineEntry.objects.select_for_update().filter(entity=document.entity, pk__in=back).order_by("pk")
    rows_update(
        "inventory_quarantineentry",
        ("quantity_left",),
        [(q.pk, to_raw(q.quantity_left, QUANTITY_SCALE) + back[q.pk]) for q in left],
    )
    QuarantineEntry.objects.filter(entity=document.entity, pk__in=back).update(status=status.STANDING)


def _journal_given(posting: Posting, *, before: int) -> None:
    """A journal that stands in a batch, or that the ERP has, is not given again: the next one holds the mirror."""
    if posting.batch_id is None and posting.status != Posting.Status.ACKNOWLEDGED:
        return
    entries = JournalEntry.objects.filter(
        entity=posting.entity_id, source_ref=posting.source_ref, chain_sequence__lt=before
    )
    last = entries.aggregate(last=Max("chain_sequence"))["last"]
    posting.journal_through = last or posting.journal_through
    Posting.objects.filter(pk=posting.pk).update(journal_through=posting.journal_through)


def _outstanding_restore(posting: Posting, mirrors: Sequence[Change], *, is_last: bool) -> None:
    """The ERP has to do the opposite of what it did, or was given to do: nothing where it had not followed yet."""
    back = {mirror.lot.lot_id: mirror.quantity for mirror in mirrors if mirror.quantity}
    lines = posting.lines.filter(lot__in=back).order_by("pk")
    rows_update(
        "posting_postingline",
        ("outstanding",),
        [(line.pk, _turned(line, back[line.lot_id])) for line in lines],
    )
    Posting.objects.filter(pk=posting.pk).update(**_state_left(posting, is_last=is_last))


def _turned(line: PostingLine, back: int) -> int:
    outstanding, sent = (to_raw(units, QUANTITY_SCALE) for units in (line.outstanding, line.sent))
    return after_void(outstanding=outstanding, sent=sent, back=back)


def _state_left(posting: Posting, *, is_last: bool) -> Mapping[str, object]:
    status, nobody = (
        Posting.Status,
        {
            "acknowledged_at": None,
            "acknowledged_by": None,
            "acknowledged_how": "",
            "batch": None,
            "erp_message": "",
            "rejected_at": None,
        },
    )
    if in_flight(posting):
        # Its batch is to be answered first; what was voided goes back after that.
        return {"status": status.UNACKNOWLEDGED}
    if posting.lines.exclude(outstanding=Decimal(0)).exists():
        return {"status": status.UNACKNOWLEDGED, **nobody}
    if posting.journal_through and posting.takes == Takes.JOURNAL:
        # The mirror is a journal that waits for the ERP, whatever its stock has done.
        return {"status": status.NOT_NEEDED, **nobody}
    if is_last:
        return {"status": status.VOIDED, **nobody}
    if posting.is_pending:
        how = "The ERP had followed all but the lines that were voided"
        return {"status": status.ACKNOWLEDGED, "acknowledged_at": timezone.now(), "acknowledged_how": how}
    return {"status": posting.status}
