"""The one transaction that turns a decided document into movements, entries, quarantine and what the ERP has yet to do.

Invariant: everything of one posting stands on one date and under one source_ref, or nothing does. Lock order: period,
lots by id, number counters, chain heads. A document of 10,000 lines takes as many statements as one of one line.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from django.db import connection
from django.utils import timezone

from core.errors import BadInput, WrongState
from core.models import Entity, User
from core.money import QUANTITY_SCALE, from_raw
from core.sets import rows_insert, rows_update
from core.words import Framework
from inventory.models import MovementKind, QuarantineEntry
from inventory.movements import MovementRow, movements_append
from writeoffs.ledger.journal import PlannedEntry, entries_write, period_lock
from writeoffs.ledger.mapping import AccountResolver, Facts, Rule
from writeoffs.ledger.models import FiscalPeriod, JournalEntry
from writeoffs.posting import plans
from writeoffs.posting.charges import Charge, charge_entries
from writeoffs.posting.corrections import Correction, corrected
from writeoffs.posting.feeds import feed_of
from writeoffs.posting.lots import fiscal_year_of, lot_states, quarantine_states
from writeoffs.posting.models import Posting, Takes
from writeoffs.posting.plans import Change, LotState, Part, QuarantineState
from writeoffs.posting.reversals import reversal
from writeoffs.posting.running import date_check
from writeoffs.posting.shrinkage import absorbed

_MOVEMENT_KIND = {
    "WRITE_OFF": MovementKind.WRITE_OFF,
    "WRITE_DOWN": MovementKind.WRITE_DOWN,
    "COUNT_ADJUSTMENT": MovementKind.COUNT,
    "RECOVERY": MovementKind.RECOVERY,
    "DISPOSAL": MovementKind.DISPOSAL,
    "REVERSAL": MovementKind.REVERSAL,
}
# What takes goods out of quarantine -> what they are once none is left.
LEAVES_QUARANTINE: dict[str, str] = {
    "RECOVERY": QuarantineEntry.Status.RECOVERED,
    "DISPOSAL": QuarantineEntry.Status.DISPOSED,
}


class Instruction(NamedTuple):
    """What a document says about one lot, raw. quantity: signed as the lot will see it, 0 in a write-down; of a
    disposal out of quarantine as the register sees it."""

    lot_id: int
    quantity: int = 0
    new_carrying_amount: int | None = None
    quarantine_id: int | None = None
    cost_centre_id: int | None = None


@dataclass(frozen=True, slots=True)
class Document:
    """What is to be posted. kind: of posting; TAX, ACCRUAL, CLAIM, ESTIMATE and PROVISION have charges and no
    instructions. title: for people, in the entries; correction: how, where it corrects a material error of an earlier
    fiscal year; adjustment: whether it is posted into the year's period 13; second_approver: whether it has the one
    that a soft-closed period asks for."""

    entity: Entity
    source_ref: str
    kind: str
    reason: str
    posted_on: dt.date
    title: str
    instructions: Sequence[Instruction]
    quarantine_goods: bool = True
    correction: Correction | None = None
    charges: Sequence[Charge] = ()
    adjustment: bool = False
    second_approver: bool = False


@dataclass(frozen=True, slots=True)
class Prepared:
    """A document worked out against the lots as they stand; with a period, both are locked until the transaction
    ends."""

    document: Document
    changes: Sequence[Change]
    period: FiscalPeriod | None = None

    def entries(self) -> list[PlannedEntry]:
        document = self.document
        parts = plans.parts_summed(
            (
                (change.lot, change.quantity > 0, change.cost, change.allowance, instruction.cost_centre_id)
                for change, instruction in zip(self.changes, document.instructions, strict=True)
            ),
            reason=document.reason,
        )
        return entries_planned(
            kind=document.kind,
            parts=parts,
            title=document.title,
            correction=document.correction,
            charges=document.charges,
        )


def entries_planned(
    *,
    kind: str,
    parts: Sequence[Part],
    title: str,
    correction: Correction | None = None,
    charges: Sequence[Charge] = (),
) -> list[PlannedEntry]:
    """The entries that summed parts and charges of a document will make: what a page shows before anything is
    decided."""
    entries = [
        *corrected(plans.entries_of(kind, parts, title=title), correction),
        *charge_entries(charges, title=title),
    ]
    return absorbed(kind, entries)


def accounts_for(*, mapping: AccountResolver, entries: Iterable[PlannedEntry]) -> Mapping[Facts, Rule]:
    """(role, category, reason, location) -> the rule of the map, of every line of the entries. UnmappedRole names the
    roles without an account."""
    return mapping.accounts_of(
        {(line.role, line.category_id, line.reason, line.location_id) for entry in entries for line in entry.lines}
    )


def posting_preview(document: Document) -> Prepared:
    """Work the document out against the lots as they stand, without a lock. DomainError names the lot that stops it."""
    return Prepared(document, _changes(document, lock=False))


def posting_prepare(document: Document) -> Prepared:
    """Lock the open period and the lots and work the document out, inside the transaction that will post it."""
    if not connection.in_atomic_block:
        raise RuntimeError("A posting is prepared only inside the transaction that books it.")
    period = period_lock(
        entity=document.entity,
        posted_on=document.posted_on,
        adjustment=document.adjustment,
        second_approver=document.second_approver,
    )
    return Prepared(document, _changes(document, lock=True), period)


def _changes(document: Document, *, lock: bool) -> list[Change]:
    entity = document.entity
    states = lot_states(entity=entity, lot_ids=(i.lot_id for i in document.instructions), lock=lock)
    standing = {}
    if document.kind in LEAVES_QUARANTINE:
        chosen = [i.quarantine_id for i in document.instructions if i.quarantine_id is not None]
        standing = quarantine_states(entity=entity, quarantine_ids=chosen, states=states, lock=lock)
    # A write-down is tracked by the year that it belongs to: of a correction, the year of the event.
    correction = document.correction
    fiscal_year = correction.fiscal_year if correction else fiscal_year_of(entity, document.posted_on)
    changes = [_change(document, instruction, states, standing, fiscal_year) for instruction in document.instructions]
    date_check(entity=entity, posted_on=document.posted_on, changes=changes)
    return changes


def _change(
    document: Document,
    instruction: Instruction,
    states: Mapping[int, LotState],
    standing: Mapping[int, QuarantineState],
    fiscal_year: int,
) -> Change:
    entity, lot = document.entity, states.get(instruction.lot_id)
    exponent = entity.exponent
    if lot is None:
        raise BadInput(f"{document.source_ref}: a line names a lot that {entity} does not have. Remove the line.")
    match document.kind:
        case "WRITE_OFF":
            return plans.write_off(
                lot, -instruction.quantity, exponent=exponent, carrying=instruction.new_carrying_amount
            )
        case "COUNT_ADJUSTMENT":
            return plans.count_adjustment(lot, instruction.quantity, exponent=exponent)
        case "WRITE_DOWN":
            return plans.write_down(
                lot,
                _amount_asked(lot, instruction),
                method=entity.method,
                fiscal_year=fiscal_year,
                exponent=exponent,
            )
        case "REVERSAL":
            return reversal(
                lot,
                _amount_asked(lot, instruction),
                method=entity.method,
                us_gaap=entity.framework == Framework.US_GAAP,
                fiscal_year=fiscal_year,
                exponent=exponent,
            )
        case "DISPOSAL" if instruction.quarantine_id is not None:
            return plans.disposal_of_standing(_standing(document, instruction, lot, standing), -instruction.quantity)
        case "DISPOSAL":
            return plans.write_off(lot, -instruction.quantity, exponent=exponent, done="disposed of")
        case "RECOVERY":
            return plans.recovery(
                _standing(document, instruction, lot, standing),
                instruction.quantity,
                exponent=exponent,
                us_gaap=entity.framework == Framework.US_GAAP,
                fiscal_year=fiscal_year,
            )
        case unknown:
            raise ValueError(f"unknown kind of document: {unknown}")


def _standing(
    document: Document, instruction: Instruction, lot: LotState, standing: Mapping[int, QuarantineState]
) -> QuarantineState:
    """The goods of the line as they stand in quarantine. WrongState where they are gone; BadInput before they came."""
    state = standing.get(instruction.quarantine_id or 0)
    if state is None:
        raise WrongState(f"Lot {lot.label}: nothing of it stands in quarantine any more. Remove the line.")
    if document.posted_on < state.since:
        raise BadInput(
            f"Lot {lot.label} stands in quarantine since {state.since.isoformat()} ({state.document}); it "
            f"cannot leave it on {document.posted_on.isoformat()}. Take {state.since.isoformat()} or a later "
            "posting date."
        )
    return state


def _amount_asked(lot: LotState, instruction: Instruction) -> int:
    if instruction.new_carrying_amount is None:
        raise BadInput(f"Lot {lot.label}: say which carrying amount it has from now on.")
    return instruction.new_carrying_amount


def posting_book(
    *,
    prepared: Prepared,
    posted_by: User,
    prepared_by: User,
    approved_by: User,
    evidence: Sequence[str] = (),
    mapping: AccountResolver | None = None,
) -> tuple[Posting, list[JournalEntry]]:
    """Make movements, entries, quarantine and posting of a prepared document. evidence: SHA-256 digests of its papers;
    mapping: the accounts that were decided on.

    Raises what period_lock and entries_write raise; nothing is kept then, since the caller's transaction
    ends.
    """
    document, period = prepared.document, prepared.period
    if period is None:
        raise RuntimeError("A posting is booked only as posting_prepare gave it.")
    entity = document.entity
    movements = movements_append(
        entity=entity,
        posted_on=document.posted_on,
        source_ref=document.source_ref,
        rows=[movement_row(change, _MOVEMENT_KIND[document.kind]) for change in prepared.changes],
    )
    entries = entries_write(
        entity=entity,
        period=period,
        posted_on=document.posted_on,
        source_ref=document.source_ref,
        entries=prepared.entries(),
        posted_by=posted_by,
        prepared_by=prepared_by,
        approved_by=approved_by,
        evidence=evidence,
        mapping=mapping,
    )
    if document.kind == "WRITE_OFF" and document.quarantine_goods:
        _quarantine_enter(document, prepared.changes)
    if document.kind in LEAVES_QUARANTINE:
        _quarantine_leave(document)
    return _posting_create(prepared, movements, posted_by), entries


def movement_row(change: Change, kind: str) -> MovementRow:
    return MovementRow(
        change.lot.lot_id,
        kind,
        change.quantity,
        change.cost,
        change.allowance,
        change.write_down,
        change.by_year,
    )


def _posting_create(prepared: Prepared, movements: tuple[int, int], posted_by: User) -> Posting:
    """movements: the first and last sequence of what was just booked; their units become the lines by INSERT..SELECT.
    outstanding is the opposite of what left: until the ERP follows, its list shows book + outstanding."""
    document, moved = prepared.document, any(change.quantity for change in prepared.changes)
    # A lot that moves once needs no sum, which on PostgreSQL is numeric.
    lots = {change.lot.lot_id for change in prepared.changes}
    units, by_lot = "sum(quantity)", "group by lot_id order by min(sequence)"
    if len(lots) == len(prepared.changes):
        units, by_lot = "quantity", "order by sequence"
    posting = Posting.objects.create(
        entity=document.entity,
        source_ref=document.source_ref,
        posted_on=document.posted_on,
        posted_at=timezone.now(),
        posted_by=posted_by,
        status=Posting.Status.UNACKNOWLEDGED if moved else Posting.Status.NOT_NEEDED,
        kind=document.kind,
        # Where no unit moves (goods at nil value that leave quarantine), there is no stock adjustment to take.
        takes=feed_of(entity=document.entity, kind=document.kind) if moved else Takes.JOURNAL,
    )
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into posting_postingline (posting_id, lot_id, quantity, outstanding) "
            f"select %s, lot_id, {units}, -{units} from inventory_movement "
            f"where entity_id = %s and sequence between %s and %s and quantity <> 0 {by_lot}",
            [posting.pk, document.entity.pk, *movements],
        )
    return posting


def _quarantine_enter(document: Document, changes: Sequence[Change]) -> None:
    since, standing = document.posted_on.isoformat(), QuarantineEntry.Status.STANDING.value
    rows_insert(
        "inventory_quarantineentry",
        (
            *("entity_id", "lot_id", "source_ref", "reason", "since"),
            *("quantity", "cost", "allowance", "quantity_left", "status"),
        ),
        [
            (
                *(document.entity.pk, change.lot.lot_id, document.source_ref, document.reason, since),
                *(-change.quantity, -change.cost, -change.allowance, -change.quantity, standing),
            )
            for change in changes
            if change.quantity
        ],
    )


def _quarantine_leave(document: Document) -> None:
    """What took the last units names what became of them."""
    taken = {i.quarantine_id: abs(i.quantity) for i in document.instructions if i.quarantine_id is not None}
    left = QuarantineEntry.objects.filter(pk__in=taken).values_list("pk", "quantity_left")
    rows_update(
        "inventory_quarantineentry",
        ("quantity_left",),
        [(pk, int(quantity.scaleb(QUANTITY_SCALE)) - taken[pk]) for pk, quantity in left],
    )
    QuarantineEntry.objects.filter(pk__in=taken, quantity_left=from_raw(0, QUANTITY_SCALE)).update(
        status=LEAVES_QUARANTINE[document.kind]
    )
