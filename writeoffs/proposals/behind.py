"""What has changed behind a proposal since it was prepared: the inputs of its assessment, its lots, the accounts.

Invariant: a change makes a proposal stale only where the quantity, amount or account recomputed from it is another than
what stands on it; any other change is told and leaves the proposal as it is. Nothing is kept here: what was approved
stays on the lines, and what is now is worked out beside it, in a constant number of queries.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from django.db.models import QuerySet

from core.errors import DomainError, StaleContent
from core.models import AuditEvent, Entity
from core.money import MONEY_SCALE, display_money, from_raw, to_raw
from core.words import Framework
from inventory.models import Movement
from writeoffs.posting.book import posting_preview
from writeoffs.posting.lots import fiscal_year_of, lot_states
from writeoffs.posting.plans import LotState
from writeoffs.proposals import content
from writeoffs.proposals.assessed import AcceptedLine, Asked, Taken, outcome_of
from writeoffs.proposals.assessed_lines import COLUMNS, accepted_line
from writeoffs.proposals.content import RawLine
from writeoffs.proposals.models import ChargeKind, Kind, Proposal, Status
from writeoffs.valuation.again import (
    Changed,
    anything_since,
    bearing_on,
    changes_since,
    provisions_again,
    required_again,
)
from writeoffs.valuation.commitment_models import CommitmentLine, standing_of
from writeoffs.valuation.giving import said
from writeoffs.valuation.models import Assessment, AssessmentLine, Level, Price
from writeoffs.valuation.rules.assessing import TESTED, Line

OPEN = (Status.DRAFT, Status.SUBMITTED, Status.APPROVED)
NAMED = 3


@dataclass(frozen=True, slots=True)
class Moved:
    """A lot, or a purchase commitment, of which another amount is required than was. was, now: raw, required of it in
    all."""

    label: str
    was: int
    now: int
    why: str = ""


@dataclass(frozen=True, slots=True)
class Behind:
    """assessment: from which it was made, where that is concerned. moved, lots, accounts: what makes it stale, by its
    kind; told: what has changed, whether that changes an amount or not; more: and so many others."""

    assessment: Assessment | None = None
    moved: Sequence[Moved] = ()
    lots: Sequence[str] = ()
    accounts: Sequence[str] = ()
    told: Sequence[str] = ()
    more: int = 0
    entity: Entity | None = field(default=None, repr=False)

    @property
    def stale(self) -> bool:
        return bool(self.moved or self.lots or self.accounts)

    def __bool__(self) -> bool:
        return self.stale or bool(self.told)

    @property
    def required(self) -> list[tuple[str, str, str, str]]:
        """(lot, required when it was assessed, now, why) of each lot that moved, amounts in words."""
        return [(one.label, self._money(one.was), self._money(one.now), one.why) for one in self.moved]

    def sentence(self) -> str:
        """ "lot LAMP / L1 at MAIN required 500.00 EUR when it was assessed, 700.00 EUR now"; the first three."""
        found = [
            f"{label} required {was} when it was assessed, {now} now{f' ({why})' if why else ''}"
            for label, was, now, why in self.required[:NAMED]
        ]
        more = len(self.moved) - len(found)
        return "; ".join(found) + (f" and {more:,} more" if more > 0 else "")

    def _money(self, raw: int) -> str:
        entity, amount = self.entity, from_raw(raw, MONEY_SCALE)
        if not raw:
            return "nothing"
        return f"{display_money(amount, entity.currency, entity.locale)} {entity.currency}" if entity else str(amount)


def refuse_other_requirement(proposal: Proposal, lines: Sequence[RawLine]) -> None:
    """StaleContent where what its assessment knew has changed so that another amount is required of a lot of it."""
    found = assessment_behind(proposal, lines)
    if not found.moved or found.assessment is None:
        return
    again = f"another assessment as of {found.assessment.as_of.isoformat()}"
    step = (
        f"Edit the lines, or discard it and start {again}."
        if proposal.status == Status.DRAFT
        else f"Return it to the preparer, who edits the lines, or discards it and starts {again}."
    )
    raise StaleContent(
        f"{proposal.number}: what was known for {found.assessment} has changed: {found.sentence()}. {step}"
    )


def behind(proposal: Proposal) -> Behind:
    """Everything that has changed behind an open proposal, for its page."""
    if proposal.status not in OPEN:
        return Behind()
    lines = content.lines_read(proposal)
    found = assessment_behind(proposal, lines)
    if proposal.status == Status.DRAFT:
        return found
    lots, told = _lots_behind(proposal, lines)
    return replace(found, lots=lots, accounts=_accounts_behind(proposal), told=[*found.told, *told])


# --- the assessment --------------------------------------------------------------------------------------------------


def assessment_behind(proposal: Proposal, lines: Sequence[RawLine]) -> Behind:
    """What is newer than the assessment of the proposal, and the lots of which another amount is required by it."""
    if not proposal.made_from:
        return Behind()
    number = proposal.made_from.partition(":")[2]
    assessment = Assessment.objects.select_related("entity").filter(entity=proposal.entity_id, number=number).first()
    if assessment is None or not anything_since(assessment):
        return Behind()
    if proposal.kind == Kind.PROVISION:
        return _provisions_behind(proposal, assessment)
    rows = AssessmentLine.objects.filter(assessment=assessment, proposal_ref=proposal.source_ref)
    accepted = {row[1]: accepted_line(row, assessment) for row in rows.values_list(*COLUMNS)}
    facts = {row[0]: row[1:] for row in rows.values_list("lot_id", "lot__item_id", "lot__item__category_id", "level")}
    items = bearing_on(
        assessment=assessment,
        items={item: category for item, category, _ in facts.values()},
        levels={level for _, _, level in facts.values()},
    )
    changed, more = changes_since(assessment=assessment, items=items)
    if not changed:
        return Behind()
    again = required_again(assessment=assessment, items=items)
    moved = _moved(proposal, lines, accepted, again, _price_causes(rows, changed))
    return Behind(assessment, moved, told=[one.text for one in changed], more=more, entity=proposal.entity)


def _provisions_behind(proposal: Proposal, assessment: Assessment) -> Behind:
    """The same of the purchase commitments that a document provides for."""
    charges = list(proposal.charges.filter(commitment__isnull=False).select_related("commitment__item"))
    of = {(c.commitment.reference, c.commitment.item_id): c for c in charges if c.commitment is not None}
    items = {c.commitment.item_id: c.commitment.item.category_id for c in charges if c.commitment is not None}
    bearing = bearing_on(assessment=assessment, items=items, levels=())
    changed, more = changes_since(assessment=assessment, items=bearing)
    if not changed or not of:
        return Behind()
    again = provisions_again(assessment=assessment, items=bearing)
    standing = standing_of(entity=proposal.entity)
    moved = []
    for line in CommitmentLine.objects.filter(assessment=assessment).select_related("commitment__item").order_by("pk"):
        subject = (line.commitment.reference, line.commitment.item_id)
        charge, then = of.get(subject), to_raw(line.required, MONEY_SCALE)
        # A commitment that is gone altogether requires nothing any more.
        now = again.get(subject, 0)
        if charge is None or now == then:
            continue
        sign = 1 if charge.kind == ChargeKind.PROVISION else -1
        stands = standing[subject].amount if subject in standing else 0
        if sign * to_raw(charge.amount, MONEY_SCALE) != now - stands:
            moved.append(Moved(str(line.commitment), then, now))
    return Behind(assessment, moved, told=[one.text for one in changed], more=more, entity=proposal.entity)


def _moved(
    proposal: Proposal,
    lines: Sequence[RawLine],
    accepted: Mapping[int, AcceptedLine],
    again: Mapping[int, Line],
    causes: Mapping[int, str],
) -> list[Moved]:
    """The lines whose amount, worked out anew from the lots as they stand, is another than the run gave and than stands
    on the line: one that was edited to what is required now is up to date."""
    entity = proposal.entity
    states = lot_states(entity=entity, lot_ids=[line.lot_id for line in lines])
    year = fiscal_year_of(entity, proposal.posting_on)
    asked = Asked(entity.exponent, entity.framework == Framework.US_GAAP, year, proposal.kind == Kind.WRITE_OFF)
    found = []
    for line in lines:
        then, now = accepted.get(line.lot_id), again.get(line.lot_id)
        if then is None or now is None or then.overridden_by is not None:
            continue
        new, state = _now(then, now), states[line.lot_id]
        was, is_now = _figures(then, state, asked), _figures(new, state, asked)
        stands = (proposal.kind, line.quantity, line.new_carrying_amount)
        if is_now not in (was, stands):
            found.append(Moved(f"lot {state.label}", then.governing, new.governing, causes.get(line.lot_id, "")))
    return found


def _now(then: AcceptedLine, now: Line) -> AcceptedLine:
    """The same line as the rules find it now."""
    lot = now.lot
    return replace(
        then,
        tested=now.outcome == TESTED,
        governs=now.governs,
        reason=now.reason or then.reason,
        quantity=lot.quantity,
        cost=lot.cost,
        governing=min(now.required, max(0, lot.cost)),
        by_item=now.policy.level == Level.ITEM and not now.contract_quantity,
    )


def _figures(line: AcceptedLine, state: LotState, asked: Asked) -> tuple[object, ...] | None:
    """Kind, quantity and carrying amount that the line proposes of the lot as it stands; None: nothing."""
    outcome = outcome_of(line, state, asked)
    if not isinstance(outcome, Taken):
        return None
    return outcome.kind, outcome.input.quantity, outcome.input.new_carrying_amount


def _price_causes(rows: QuerySet[AssessmentLine], changed: Sequence[Changed]) -> dict[int, str]:
    """Lot -> "net realisable value 35 (EUR), now net realisable value 33 (EUR)", of the lots whose item has a price
    that is among the changes."""
    now = {one.item_id: one.given for one in reversed(changed) if one.item_id is not None}
    if not now:
        return {}
    found: dict[int, tuple[int | None, Price]] = {}
    for lot_id, item_id, price_id in rows.filter(lot__item__in=now).values_list("lot_id", "lot__item_id", "price_id"):
        given = now[item_id]
        if isinstance(given, Price) and given.pk != price_id:
            found[lot_id] = (price_id, given)
    old = Price.objects.select_related("item").in_bulk({key for key, _ in found.values() if key is not None})
    return {
        lot_id: f"{said(old[key]) if key is not None else 'no price'}, now {said(given)}"
        for lot_id, (key, given) in found.items()
    }


# --- lots and accounts -----------------------------------------------------------------------------------------------


def _submitted(proposal: Proposal) -> Mapping[str, object]:
    """What the last submission kept of the moment that its digest was bound."""
    events = AuditEvent.objects.filter(
        entity=proposal.entity_id, kind="proposal.submitted", subject=proposal.source_ref
    ).order_by("-sequence")
    data: Mapping[str, object] | None = events.values_list("data", flat=True).first()
    return data or {}


def _lots_behind(proposal: Proposal, lines: Sequence[RawLine]) -> tuple[list[str], list[str]]:
    """Sentences on lots that give other amounts now; and on those that moved and give the same."""
    last = _submitted(proposal).get("movement")
    if not lines or not isinstance(last, int):
        return [], []
    moves = Movement.objects.filter(
        entity=proposal.entity_id, sequence__gt=last, lot__in=[line.lot_id for line in lines]
    )
    count = moves.values("lot").distinct().count()
    if not count:
        return [], []
    try:
        changes = posting_preview(content.document_of(proposal, content.instructions_of(lines))).changes
    except DomainError as error:
        return [error.message], []
    found = content.differences(proposal.entity, lines, changes)
    same = count - len(found)
    if same <= 0:
        return found, []
    lots = "1 lot has" if same == 1 else f"{same:,} lots have"
    return found, [f"{lots} moved since it was submitted; the amounts here are the same."]


def _accounts_behind(proposal: Proposal) -> list[str]:
    """Accounts that it would post to now and did not when it was submitted."""
    bound = _submitted(proposal).get("accounts")
    if not isinstance(bound, list):
        return []
    named = content.accounts_named(proposal)
    was = {(row[0], *row[2:]): row[1] for row in bound}
    return [
        f"{row[0]}: account {was.get((row[0], *row[2:]), 'none')} when it was submitted, {row[1]} now"
        for row in named
        if row not in bound
    ]
