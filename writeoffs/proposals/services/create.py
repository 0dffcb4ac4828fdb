"""Makes proposals: by hand, from chosen lots, from a count's differences, from the quarantine register."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db import connection, transaction
from django.db.models import QuerySet

from core import audit
from core.access import roles_in
from core.errors import BadInput, NotAllowed, StaleContent, WrongState
from core.models import Entity, User
from core.money import MONEY_SCALE, QUANTITY_SCALE, divide_half_away, from_raw, to_raw
from core.numbers import numbers_take
from core.sets import rows_insert
from core.words import Framework, Reason, Role
from inventory.models import CountSheet, Lot, QuarantineEntry
from writeoffs.posting.book import Instruction, posting_preview
from writeoffs.posting.lots import fiscal_year_of, lot_states
from writeoffs.posting.plans import LotState
from writeoffs.posting.reversals import NEW_COST_BASIS, SAME_YEAR, reversible
from writeoffs.posting.shrinkage import Scope, accrued, used_by
from writeoffs.proposals import content, policy
from writeoffs.proposals.counted import (
    Moved,
    differences_moved,
    differences_posted,
    named,
    refuse_proposed_elsewhere,
    sheet_told,
)
from writeoffs.proposals.entry_only import WITHOUT_REASON, borne_sql, is_entry_only
from writeoffs.proposals.estimate_models import ABNORMAL, estimates_before
from writeoffs.proposals.inputs import LineInput as LineInput
from writeoffs.proposals.models import (
    LEAVING,
    ChargeKind,
    Finding,
    Kind,
    Proposal,
    ProposalCharge,
    ProposalLine,
    Status,
)
from writeoffs.proposals.services.centres import with_default_centres

PREFIX: dict[str, str] = {
    Kind.WRITE_OFF: "WO",
    Kind.WRITE_DOWN: "WD",
    Kind.COUNT_ADJUSTMENT: "CA",
    Kind.RECOVERY: "RC",
    Kind.DISPOSAL: "DS",
    Kind.REVERSAL: "RV",
    Kind.TAX: "TX",
    Kind.ACCRUAL: "AC",
    Kind.CLAIM: "CL",
    Kind.ESTIMATE: "EL",
    Kind.PROVISION: "PV",
}

# What counts find, and what is accrued until they do.
COUNTED = frozenset({Kind.COUNT_ADJUSTMENT.value, Kind.ACCRUAL.value})


@dataclass(frozen=True, slots=True)
class Header:
    """What a person says about a proposal as a whole. finding, material, finding_why: of a loss found late only."""

    kind: str
    reason: str
    event_on: dt.date
    found_on: dt.date
    posting_on: dt.date
    note: str = ""
    quarantine_goods: bool = True
    finding: str = ""
    material: bool | None = None
    finding_why: str = ""
    adjustment: bool = False


class HeaderRefused(BadInput):
    """A value of the header that cannot be: field names it, as the forms do."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


def header_check(*, entity: Entity, header: Header) -> None:
    """HeaderRefused or PeriodClosed where the dates or the reason do not fit."""
    for field, name, day in (
        ("event_on", "event date", header.event_on),
        ("found_on", "found date", header.found_on),
        ("posting_on", "posting date", header.posting_on),
    ):
        refused = policy.day_refusal(entity=entity, name=name, day=day)
        if refused:
            raise HeaderRefused(field, refused)
    if header.found_on < header.event_on:
        raise HeaderRefused(
            "found_on",
            f"The found date {header.found_on.isoformat()} lies before the event date {header.event_on.isoformat()}. "
            "A loss cannot be found before it happened.",
        )
    if header.posting_on < header.found_on:
        raise HeaderRefused(
            "posting_on",
            f"The posting date {header.posting_on.isoformat()} lies before the found date "
            f"{header.found_on.isoformat()}. "
            "Take the found date or a later one.",
        )
    _reason_check(header)
    finding_check(header)
    policy.posting_date_check(
        entity=entity, posting_on=header.posting_on, found_on=header.found_on, adjustment=header.adjustment
    )


def _reason_check(header: Header) -> None:
    if not header.reason and header.kind not in WITHOUT_REASON:
        raise HeaderRefused("reason", "Say why the goods lost value: choose a reason.")
    if (header.kind in COUNTED) != (header.reason == Reason.COUNT_DIFFERENCE):
        raise HeaderRefused(
            "reason",
            "A count adjustment and a shrinkage accrual have the reason count difference, and no other kind has it. "
            "Choose the other.",
        )
    if header.kind == Kind.ESTIMATE and header.reason not in ABNORMAL:
        raise HeaderRefused(
            "reason",
            "A loss is estimated where its records are gone: choose fire, flood, theft or abnormal damage.",
        )


def finding_check(header: Header) -> None:
    """HeaderRefused where a finding is said in part only. That a loss found late has one is asked at submission."""
    if not header.finding and (header.material is not None or header.finding_why.strip()):
        raise HeaderRefused("finding", "Say whether the loss found late is a change in estimate or an error.")
    if header.finding and header.finding not in Finding.values:
        raise HeaderRefused("finding", f"'{header.finding}' is no finding. Choose change in estimate or error.")
    if header.finding and header.material is None:
        raise HeaderRefused("material", "Say whether the loss found late is material.")
    if header.finding and not header.finding_why.strip():
        raise HeaderRefused(
            "finding_why", "Say why: what was known when, and how you judged that it is material or not."
        )


@transaction.atomic
def proposal_create(
    *,
    entity: Entity,
    user: User,
    header: Header,
    lines: Sequence[LineInput] = (),
    count_sheet: CountSheet | None = None,
    made_from: str = "",
    also_prepared_by: Sequence[int] = (),
) -> Proposal:
    """A draft with its number, its lines and their amounts. NotAllowed, BadInput, PeriodClosed, NotEnoughStock."""
    if Role.PREPARER not in roles_in(entity, user):
        raise NotAllowed(f"A proposal is prepared by a preparer; you have no such role in {entity}.")
    header_check(entity=entity, header=header)
    year = fiscal_year_of(entity, entity.local_date())
    prefix = PREFIX[header.kind]
    number = numbers_take(entity=entity, series=f"proposal:{prefix}:{year}")
    proposal = Proposal.objects.create(
        entity=entity,
        number=f"{prefix}-{year}-{number:04d}",
        kind=header.kind,
        reason=header.reason,
        event_on=header.event_on,
        found_on=header.found_on,
        posting_on=header.posting_on,
        adjustment=header.adjustment,
        note=header.note.strip(),
        quarantine_goods=header.kind == Kind.WRITE_OFF and header.quarantine_goods,
        finding=header.finding,
        material=header.material,
        finding_why=header.finding_why.strip(),
        count_sheet=count_sheet,
        made_from=made_from,
        also_prepared_by=list(also_prepared_by),
        created_by=user,
    )
    lines_write(proposal, lines)
    audit.record(
        entity=entity,
        actor=user,
        kind="proposal.created",
        subject=proposal.source_ref,
        message=f"{user} prepared {proposal.number}: {content.amount_said(proposal)}, "
        f"{proposal.about}, "
        f"{proposal.line_count} lines.",
        data={"lines": proposal.line_count, "gross_loss": proposal.gross_loss, **sheet_told(proposal)},
    )
    return proposal


def lines_write(proposal: Proposal, lines: Sequence[LineInput]) -> None:
    """Add lines behind the last one, with their amounts as the lots stand now, in sets; totals move along."""
    last = ProposalLine.objects.filter(proposal=proposal).order_by("-line_number").values_list("line_number", flat=True)
    start = (last.first() or 0) + 1
    instructions = [
        Instruction(line.lot_id, line.quantity, line.new_carrying_amount, line.quarantine_id, line.cost_centre_id)
        for line in lines
    ]
    changes = posting_preview(content.document_of(proposal, instructions)).changes if lines else []
    rows_insert(
        "proposals_proposalline",
        (
            *("proposal_id", "line_number", "lot_id", "quantity", "new_carrying_amount", "cost", "allowance"),
            *("write_down", "loss", "count_line_id", "quarantine_id", "cost_centre_id", "note"),
        ),
        [
            (
                *(proposal.pk, start + place, line.lot_id, line.quantity, line.new_carrying_amount, change.cost),
                *(change.allowance, change.write_down, change.loss, line.count_line_id, line.quarantine_id),
                *(line.cost_centre_id, line.note[:200]),
            )
            for place, (line, change) in enumerate(zip(lines, changes, strict=True))
        ],
    )
    totals_set(proposal)


def totals_set(proposal: Proposal) -> None:
    """Line count, gross and net loss from the stored lines, of a document without lots from its charges; one query."""
    select = (
        f"select 0, coalesce(sum(amount), 0), coalesce(sum(amount * {borne_sql()}), 0) from proposals_proposalcharge"
        if is_entry_only(proposal)
        else "select count(*), coalesce(sum(case when abs(cost) > abs(loss) then abs(cost) else abs(loss) end), 0), "
        "coalesce(sum(loss), 0) from proposals_proposalline"
    )
    with connection.cursor() as cursor:
        cursor.execute(f"{select} where proposal_id = %s", [proposal.pk])
        count, gross, net = cursor.fetchone()
    proposal.line_count = count
    proposal.gross_loss = from_raw(int(gross), MONEY_SCALE)
    proposal.net_loss = from_raw(int(net), MONEY_SCALE)
    Proposal.objects.filter(pk=proposal.pk).update(
        line_count=proposal.line_count, gross_loss=proposal.gross_loss, net_loss=proposal.net_loss
    )


@transaction.atomic
def proposal_create_from_stock(
    *, entity: Entity, user: User, header: Header, lots: QuerySet[Lot], percent: Decimal = Decimal(0)
) -> tuple[Proposal, int]:
    """A write-off of all that the lots hold, a write-down of each to `percent` of its carrying amount (0: to nil), or a
    reversal of `percent` of what of its write-down can come back (100: all).

    Lots that have nothing to lose, or nothing to come back, are left out; the second value says how many. BadInput
    where none is left.
    """
    chosen = list(lots.order_by("pk").values_list("pk", flat=True))
    states = lot_states(entity=entity, lot_ids=chosen)
    share, most = to_raw(percent, 4), 100 * 10**4
    if not 0 <= share <= most or (header.kind != Kind.REVERSAL and share == most):
        raise BadInput(
            f"{percent} % is not between 0 and 100. Enter which part of the carrying amount stays, 0 is nil; of a "
            "reversal, which part of the write-down comes back."
        )
    year = fiscal_year_of(entity, header.posting_on)
    asked = (_line_from_stock(entity, header.kind, states[lot_id], share, year) for lot_id in chosen)
    lines = [line for line in asked if line is not None]
    if not lines:
        raise BadInput(_none_left(entity, header.kind, len(chosen)))
    proposal = proposal_create(entity=entity, user=user, header=header, lines=with_default_centres(lines))
    return proposal, len(chosen) - len(lines)


def _line_from_stock(entity: Entity, kind: str, state: LotState, share: int, year: int) -> LineInput | None:
    """share: percent, scale 4. None where the lot has nothing that the kind could take."""
    carrying = state.cost - state.allowance
    if state.quantity <= 0:
        return None
    if kind == Kind.WRITE_OFF:
        return LineInput(state.lot_id, -state.quantity)
    if kind == Kind.REVERSAL:
        most = reversible(state, us_gaap=entity.framework == Framework.US_GAAP, fiscal_year=year)
        target = carrying + _part(most, share, entity.exponent)
        return LineInput(state.lot_id, 0, target) if target > carrying else None
    target = _part(carrying, share, entity.exponent)
    return LineInput(state.lot_id, 0, target) if kind == Kind.WRITE_DOWN and target < carrying else None


def _none_left(entity: Entity, kind: str, chosen: int) -> str:
    if kind == Kind.REVERSAL:
        why = (
            f"of a write-down of this fiscal year attached; what an earlier year wrote down is the new cost basis "
            f"({NEW_COST_BASIS}, {SAME_YEAR})"
            if entity.framework == Framework.US_GAAP
            else "of a write-down attached"
        )
        return f"None of the {chosen} lots chosen has anything {why}. Choose lots that were written down."
    return (
        f"None of the {chosen} lots chosen has anything to {'write off' if kind == Kind.WRITE_OFF else 'lose'}. "
        "Go back to the stock list and choose lots with stock on hand."
    )


def _part(carrying: int, share: int, exponent: int) -> int:
    """share: percent, scale 4. Rounded once, to the currency's unit."""
    unit: int = 10 ** (MONEY_SCALE - exponent)
    return divide_half_away(carrying * share, 100 * 10**4 * unit) * unit


@transaction.atomic
def proposal_create_from_count(
    *, entity: Entity, user: User, sheet: CountSheet, posting_on: dt.date | None = None, note: str = ""
) -> Proposal:
    """All differences of a count sheet that are not posted yet as one count adjustment; the sheet can be proposed once
    at a time.

    Lots that have moved since the count are left out, and the note names them: they need counting again. StaleContent
    where all have; WrongState where another count's adjustment of the same lots is still open.
    """
    if not sheet.difference_count:
        raise WrongState(f"Count {sheet.number} has no differences, so there is nothing to propose.")
    sheet_take(sheet, f"The differences of count {sheet.number} are proposed already.")
    posted = differences_posted(sheet)
    moved = _moved_since(sheet, posted)
    note = " ".join(filter(None, (note or f"Differences of count {sheet.number}.", _left_out(moved))))
    header = count_header(entity, sheet, Kind.COUNT_ADJUSTMENT, posting_on=posting_on, note=note)
    lines = _difference_lines(sheet, without=posted | {lot.count_line_id for lot in moved})
    lines = with_default_centres(lines)
    proposal = proposal_create(entity=entity, user=user, header=header, lines=lines, count_sheet=sheet)
    _accrual_use(proposal, sheet)
    return proposal


def sheet_take(sheet: CountSheet, taken: str) -> None:
    """A count is proposed once at a time. WrongState where it is already; taken: says so."""
    changed = CountSheet.objects.filter(pk=sheet.pk, entity=sheet.entity_id, status=CountSheet.Status.OPEN).update(
        status=CountSheet.Status.PROPOSED
    )
    if changed != 1:
        raise WrongState(f"{taken} Open that proposal instead.")


def count_header(entity: Entity, sheet: CountSheet, kind: Kind, *, posting_on: dt.date | None, note: str) -> Header:
    """Of a document that a count calls for: found on the day of the count."""
    found_on = sheet.counted_on
    offered = policy.posting_date_default(entity=entity, found_on=found_on)
    return Header(
        kind=kind,
        reason=Reason.COUNT_DIFFERENCE,
        event_on=found_on,
        found_on=found_on,
        posting_on=posting_on or offered or found_on,
        note=note,
    )


def _accrual_use(proposal: Proposal, sheet: CountSheet) -> None:
    """What was accrued for the stock that was counted is used before anything is expensed."""
    if (
        Proposal.objects.filter(count_sheet=sheet)
        .exclude(pk=proposal.pk)
        .exclude(status__in=(Status.REJECTED, Status.VOIDED))
        .exists()
    ):
        return  # The count's first proposal has used it.
    used = _set_aside(sheet)
    ProposalCharge.objects.bulk_create(
        ProposalCharge(
            proposal=proposal,
            number=number,
            kind=kind,
            amount=from_raw(amount, MONEY_SCALE),
            location_id=location,
            category_id=category,
            note=f"Share of count {sheet.number} in what was {how}",
        )
        for number, (kind, how, (location, category), amount) in enumerate(used, start=1)
    )


def _set_aside(sheet: CountSheet) -> list[tuple[ChargeKind, str, Scope, int]]:
    """What the count uses of accrued shrinkage, and of losses that were estimated for days up to it."""
    entity = sheet.entity
    accrual, estimated = accrued(entity=entity), estimates_before(entity=entity, day=sheet.counted_on)
    return [
        *((ChargeKind.SHRINKAGE_RELEASE, "accrued", *used) for used in used_by(sheet, accrual)),
        *((ChargeKind.ESTIMATE_RELEASE, "estimated as lost", *used) for used in used_by(sheet, estimated)),
    ]


def _moved_since(sheet: CountSheet, posted: set[int]) -> list[Moved]:
    """The lots to leave out: their differences may be in the books by now."""
    refuse_proposed_elsewhere(sheet)
    moved = [lot for lot in differences_moved(sheet) if lot.count_line_id not in posted]
    if len(moved) + len(posted) == sheet.difference_count:
        raise StaleContent(
            f"Count {sheet.number}: stock has moved since: {named(moved)}. Its differences may be in the books by now, "
            "so have the lots counted again."
        )
    return moved


def _left_out(moved: list[Moved]) -> str:
    return f"Left out, to be counted again: {named(moved)}." if moved else ""


def _difference_lines(sheet: CountSheet, *, without: set[int]) -> list[LineInput]:
    with connection.cursor() as cursor:
        cursor.execute(
            "select lot_id, difference, id from inventory_countline where sheet_id = %s and difference <> 0 "
            "order by id",
            [sheet.pk],
        )
        return [
            LineInput(lot_id, difference, None, line_id)
            for lot_id, difference, line_id in cursor.fetchall()
            if line_id not in without
        ]


@transaction.atomic
def proposal_create_from_quarantine(
    *, entity: Entity, user: User, header: Header, entries: QuerySet[QuarantineEntry]
) -> Proposal:
    """A recovery or disposal of all that the chosen quarantine entries still hold; they must share one reason, the
    write-off's."""
    standing = list(
        entries.filter(entity=entity, status=QuarantineEntry.Status.STANDING).order_by("pk").select_related("lot__item")
    )
    if not standing:
        raise BadInput("None of the goods chosen stands in quarantine any more. Go back and choose again.")
    reasons = {entry.reason for entry in standing}
    if reasons != {header.reason}:
        names = ", ".join(sorted(Reason(reason).label.lower() for reason in reasons))
        raise BadInput(
            f"The goods chosen were written off for: {names}. A document posts to the accounts of one reason: "
            "choose goods of one reason, and make a proposal for each."
        )
    sign = -1 if header.kind in LEAVING else 1
    lines = [
        LineInput(entry.lot_id, sign * to_raw(entry.quantity_left, QUANTITY_SCALE), quarantine_id=entry.pk)
        for entry in standing
    ]
    return proposal_create(entity=entity, user=user, header=header, lines=with_default_centres(lines))
