"""What stands behind one journal line: the proposal lines, charges or stock list movements that it sums.

Invariant: the amounts of all rows and the rest, where one is told, add up to the line exactly. A constant number of
queries whatever the line sums.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Q, QuerySet, Sum

from core.models import Entity
from inventory.erp_words import ErpKind
from inventory.models import ErpMovement, Movement
from writeoffs.ledger.models import JournalEntry, JournalLine, Leg
from writeoffs.ledger.selectors import number_parsed
from writeoffs.posting import charges as charge_legs
from writeoffs.posting.erp_entries import LEGS
from writeoffs.posting.refs import FALL, MOVEMENTS, prefix
from writeoffs.posting.shrinkage import RELEASES
from writeoffs.proposals import entry_only
from writeoffs.proposals.charges import OWN_PLACE
from writeoffs.proposals.models import ChargeKind, Kind, Proposal, ProposalCharge, ProposalLine, Void

ZERO = Decimal(0)
GAINS = frozenset({"COUNT_GAIN", "CORRECT_GAIN"})
CORRECTIONS = frozenset({"CORRECTION", "CORRECT_GAIN"})
STOCK = frozenset({"INVENTORY", "INVENTORY_ALLOWANCE"})


@dataclass(frozen=True, slots=True)
class TraceRow:
    """One row behind the line. what: the document's own line; amount: debit +, credit -."""

    what: str
    item: str
    lot: str
    lot_id: int | None
    location: str
    category: str
    quantity: Decimal | None
    cost: Decimal | None
    allowance: Decimal | None
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Trace:
    """found: what the line sums, to be sliced. factors: what of cost, allowance and revenue the role sees. sign: -1 for
    a mirror. total: of all of found."""

    line: JournalLine
    found: QuerySet[Any]
    factors: tuple[int, ...]
    sign: int
    total: Decimal

    @property
    def rest(self) -> Decimal:
        """What the rows do not explain: the tax on a correction, or lots that stand elsewhere by now."""
        amount: Decimal = self.line.amount
        return amount - self.total

    @property
    def rest_said(self) -> str:
        entry = self.line.entry.reverses or self.line.entry
        if prefix(entry.source_ref) == FALL:
            return "What movements sheets had explained of it before"
        if entry.leg == Leg.COUNT_LOSS and self.line.role == "SHRINKAGE_EXPENSE":
            return "Accrued before, and used by the count"
        if entry.leg in CORRECTIONS:
            return "Income tax on the correction"
        return "Lots that stand in another location or class by now"

    def rows(self, some: Iterable[Any]) -> list[TraceRow]:
        """The rows of some of what was found."""
        return [self._row(one) for one in some]

    def _row(self, one: Any) -> TraceRow:
        if isinstance(one, ProposalCharge):
            what = f"{one.get_kind_display()} {one.number}" + (f": {one.note}" if one.note else "")
            amount = self.sign * self.factors[0] * one.amount
            return TraceRow(what, "", "", None, "", "", None, None, None, amount)
        lot = one.lot
        what = _named(one)
        return TraceRow(
            what,
            f"{lot.item.sku} {lot.item.description}".strip(),
            lot.code,
            lot.pk,
            lot.location.code,
            lot.item.category.name,
            self.sign * one.quantity + ZERO,
            self.sign * one.cost + ZERO,
            self.sign * one.allowance + ZERO,
            self._amount(one.cost, one.allowance, getattr(one, "revenue", None) or ZERO),
        )

    def _amount(self, *amounts: Decimal) -> Decimal:
        parts = (factor * amount for factor, amount in zip(self.factors, amounts, strict=False))
        return self.sign * sum(parts, ZERO) + ZERO


def _named(one: Any) -> str:
    if isinstance(one, ProposalLine):
        return f"Line {one.line_number}"
    if isinstance(one, ErpMovement):
        return f"Document {one.document}" + (f", line {one.line}" if one.line else "")
    return f"Movement {one.sequence}"


def line_of(*, entity: Entity, number: str, line_number: int) -> JournalLine | None:
    """The line with all that its page shows; None where there is none."""
    parsed = number_parsed(number)
    if parsed is None:
        return None
    lines = JournalLine.objects.select_related(
        "entry__reverses", "entry__period", "account", "location", "category", "cost_centre"
    )
    found = lines.filter(
        entry__entity=entity, entry__fiscal_year=parsed[0], entry__sequence=parsed[1], line_number=line_number
    ).first()
    return found if found is not None and found.entry.number == number else None


def trace_of(*, entity: Entity, line: JournalLine) -> Trace:
    """What the line sums. A mirror's line sums what its original's did, signs turned, of the lines that it undid."""
    entry = line.entry
    original, sign = (entry.reverses, -1) if entry.reverses else (entry, 1)
    if original.source_ref.startswith("proposal:"):
        if original.leg in ChargeKind.values:
            return _of_charges(entity, line, original, sign, kind=original.leg)
        if line.role in RELEASES:
            return _of_charges(entity, line, original, sign, kind=RELEASES[line.role])
        return _of_lines(entity, line, original, sign)
    if prefix(original.source_ref) == MOVEMENTS and not _of_transfers(original):
        return _of_sheet_rows(line, original, sign)
    if prefix(original.source_ref) == FALL:
        explained = Movement.objects.filter(
            entity=entity, unexplained_fall__pk=int(original.source_ref.partition(":")[2])
        )
        explained = explained.select_related("lot__item__category", "lot__location")
        return _summed(line, explained, (-1, 0) if line.role == "COGS" else (1, 0), sign)
    return _of_movements(entity, line, original, sign)


def _of_transfers(original: JournalEntry) -> bool:
    """Whether movements stand behind an entry of a sheet rather than its rows: of transfers, and of what a list had
    booked of one as a fall and a receipt."""
    if original.leg not in (Leg.RECEIPT, Leg.ISSUE, Leg.REVALUATION, Leg.RELEASE):
        return original.leg == Leg.TRANSFER
    return ErpMovement.objects.filter(
        entity_id=original.entity_id, source_ref=original.source_ref, to_cost__isnull=False
    ).exists()


def _of_sheet_rows(line: JournalLine, original: JournalEntry, sign: int) -> Trace:
    """The rows of a movements sheet behind a line of one of its days (posting/erp_entries.py, read backwards)."""
    found = ErpMovement.objects.filter(
        entity_id=original.entity_id,
        source_ref=original.source_ref,
        lot__location=line.location_id,
        lot__item__category=line.category_id,
    )
    factors: tuple[int, ...]
    if original.leg == Leg.REVENUE:
        found = found.exclude(revenue__isnull=True)
        if line.role != "REVENUE":
            found = found.filter(settlement=line.role)
        factors = (0, 0, -1 if line.role == "REVENUE" else 1)
    elif original.leg == Leg.EXPLAINED:
        found = found.filter(fall__isnull=False, kind=ErpKind.SALE)
        factors = (-1, 0) if line.role == "COGS" else (1, 0)
    elif original.leg == Leg.RELEASE:
        found = found.filter(fall__isnull=True).exclude(kind=ErpKind.TRANSFER).exclude(allowance=ZERO)
        factors = (0, -1) if line.role == "INVENTORY_ALLOWANCE" else (0, 1)
    else:
        kinds = [kind for kind, (leg, _) in LEGS.items() if leg == original.leg]
        found = found.filter(fall__isnull=True, kind__in=kinds).exclude(cost=ZERO)
        factors = (1, 0) if line.role == "INVENTORY" else (-1, 0)
    found = found.order_by("row", "part").select_related("lot__item__category", "lot__location")
    return _summed(line, found, factors, sign)


def _factors(role: str, leg: str) -> tuple[int, int]:
    """What of cost and allowance a line of the role sees: plans.lines_of and stock_list._entries, read backwards."""
    if role == "INVENTORY":
        return 1, 0
    if role == "INVENTORY_ALLOWANCE":
        return 0, -1
    if role == "STOCK_CLEARING":
        return (-1, 1) if leg in (Leg.OPENING, Leg.HISTORY) else (-1, 0)
    return (0, 1) if leg == Leg.RELEASE else (-1, 1)


def _of_lines(entity: Entity, line: JournalLine, original: JournalEntry, sign: int) -> Trace:
    number = original.source_ref.partition(":")[2]
    proposal = Proposal.objects.get(entity=entity, number=number)
    found = ProposalLine.objects.filter(proposal=proposal)
    if original.leg not in CORRECTIONS or line.role in STOCK:
        found = found.filter(
            lot__location=line.location_id, lot__item__category=line.category_id, cost_centre=line.cost_centre_id
        )
    if proposal.kind == Kind.COUNT_ADJUSTMENT:
        gains = original.leg in GAINS
        found = found.filter(quantity__gt=ZERO) if gains else found.filter(quantity__lte=ZERO)
    if sign < 0:
        voids = [void.pk for void in Void.objects.filter(proposal=proposal) if line.entry.number in void.entries]
        found = found.filter(voided__void__in=voids)
    factors = _factors(line.role, original.leg)
    found = _moving(found, factors).order_by("line_number")
    return _summed(line, found.select_related("lot__item__category", "lot__location"), factors, sign)


def _of_movements(entity: Entity, line: JournalLine, original: JournalEntry, sign: int) -> Trace:
    found = Movement.objects.filter(
        entity=entity,
        source_ref=original.source_ref,
        lot__location=line.location_id,
        lot__item__category=line.category_id,
    )
    if original.leg == Leg.RELEASE:
        found = found.exclude(kind=Leg.TRANSFER)
    elif original.leg != Leg.HISTORY:
        found = found.filter(kind=original.leg)
    factors = _factors(line.role, original.leg)
    found = _moving(found, factors).order_by("sequence")
    return _summed(line, found.select_related("lot__item__category", "lot__location"), factors, sign)


def _moving(found: QuerySet[Any], factors: tuple[int, int]) -> QuerySet[Any]:
    """Without the rows that the line's role does not see at all."""
    if not factors[1]:
        return found.exclude(cost=ZERO)
    return found if factors[0] else found.exclude(allowance=ZERO)


def _summed(line: JournalLine, found: QuerySet[Any], factors: tuple[int, ...], sign: int) -> Trace:
    seen = ("cost", "allowance", "revenue")[: len(factors)]
    sums = found.order_by().aggregate(**{name: Sum(name) for name in seen})
    total = sum((factor * (sums[name] or ZERO) for factor, name in zip(factors, seen, strict=True)), ZERO)
    return Trace(line, found, factors, sign, sign * total + ZERO)


def _of_charges(entity: Entity, line: JournalLine, original: JournalEntry, sign: int, *, kind: str) -> Trace:
    leg = charge_legs.LEGS[kind]
    number = original.source_ref.partition(":")[2]
    side = 1 if sign * line.amount > ZERO else -1
    roles = leg.debit if side > 0 else leg.credit
    settlements = [settlement for settlement, role in roles.items() if role == line.role]
    found = ProposalCharge.objects.filter(
        proposal__entity=entity,
        proposal__number=number,
        kind=kind,
        settlement__in=settlements,
        cost_centre=line.cost_centre_id,
    ).order_by("number")
    # Of a document without lots each charge names its own place; elsewhere all follow the lots.
    found = found.filter(
        ~Q(Q(proposal__kind__in=entry_only.CHARGES) | Q(kind__in=OWN_PLACE))
        | Q(location=line.location_id, category=line.category_id)
    )
    total = found.order_by().aggregate(total=Sum("amount"))["total"] or ZERO
    return Trace(line, found, (side, 0), sign, sign * side * total + ZERO)
