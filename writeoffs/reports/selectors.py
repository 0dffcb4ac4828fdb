"""Gathers the facts of the reports, each with a constant number of queries whatever the data's size.

Invariant: nothing is decided here; what the figures mean is in statements/. Amounts come as Decimal, in the entity's
currency.
"""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import BooleanField, Case, Count, Q, QuerySet, Sum, Value, When
from django.utils.functional import cached_property

from core.models import Category, Entity
from core.words import Reason
from inventory.models import Movement
from writeoffs.ledger.models import FiscalPeriod, JournalEntry, JournalLine, Leg, Origin
from writeoffs.ledger.roles import LOSS_ROLES
from writeoffs.posting.corrections import LEGS
from writeoffs.proposals.models import Evidence, Kind, Proposal, ProposalLine, Status, Void
from writeoffs.reports.statements.impact import AccountFact
from writeoffs.reports.statements.losses import LossFact
from writeoffs.reports.statements.register import LineFact, RegisterLine, RegisterTotals, register_line
from writeoffs.reports.statements.rollforward import MovementFact
from writeoffs.reports.statements.spans import ADJUSTMENTS, MONTHS, PeriodFact, Span

ZERO = Decimal(0)
POSTED = (Status.POSTED, Status.VOIDED)
# Lines read at once where all are wanted.
PIECE = 2000


def periods_all(*, entity: Entity) -> list[PeriodFact]:
    """Every fiscal period of the entity, oldest first."""
    rows = FiscalPeriod.objects.filter(entity=entity).order_by("starts_on")
    return [
        PeriodFact(p.fiscal_year, p.number, p.starts_on, p.ends_on, p.status == FiscalPeriod.Status.CLOSED)
        for p in rows
    ]


# --- the impact ---------------------------------------------------------------------------------------------------


def _own_lines(entity: Entity) -> QuerySet[JournalLine]:
    return JournalLine.objects.filter(entry__entity=entity, entry__origin=Origin.OWN, entry__sealed=True)


def _of(span: Span, source_ref: str | None) -> Q:
    """The lines of one document where one is named, else those posted in the span."""
    if source_ref:
        return Q(entry__source_ref=source_ref)
    return dated(span, "entry__")


def dated(span: Span, entry: str = "") -> Q:
    """Entries of a span. entry: the way to the entry, "entry__" from its lines."""
    dates = Q(**{f"{entry}posted_on__gte": span.starts_on, f"{entry}posted_on__lte": span.ends_on})
    thirteen = Q(**{f"{entry}period__number": FiscalPeriod.ADJUSTMENT})
    return {MONTHS: dates & ~thirteen, ADJUSTMENTS: dates & thirteen}.get(span.part, dates)


def accounts_summed(*, entity: Entity, span: Span, source_ref: str | None = None) -> list[AccountFact]:
    """Own lines by account; those of mirror entries apart."""
    rows = (
        _own_lines(entity)
        .filter(_of(span, source_ref))
        .order_by()
        .values_list("role", "account__code", "account__name", _is_void())
        .annotate(debits=Sum("amount", filter=Q(amount__gt=ZERO)), credits=Sum("amount", filter=Q(amount__lt=ZERO)))
    )
    return [
        AccountFact(role, code, name, debit or ZERO, -(credit or ZERO), void=bool(void))
        for role, code, name, void, debit, credit in rows
    ]


def _is_void() -> Case:
    leg = Q(entry__leg=Leg.VOID)
    return Case(When(leg, then=Value(True)), default=Value(False), output_field=BooleanField())


@dataclass(frozen=True, slots=True)
class People:
    """Names of those who prepared, approved and posted what a report shows, each sorted."""

    prepared: tuple[str, ...]
    approved: tuple[str, ...]
    posted: tuple[str, ...]


def people_behind(*, entity: Entity, span: Span, source_ref: str | None = None) -> People:
    """Who prepared, approved and posted the own entries."""
    entries = JournalEntry.objects.filter(entity=entity, origin=Origin.OWN)
    entries = entries.filter(source_ref=source_ref) if source_ref else entries.filter(dated(span))
    rows = list(
        entries.order_by()
        .values_list("prepared_by__full_name", "approved_by__full_name", "posted_by__full_name")
        .distinct()
    )
    prepared, approved, posted = (tuple(sorted({row[n] for row in rows if row[n]})) for n in range(3))
    return People(prepared, approved, posted)


def losses_by_month(*, entity: Entity, months: Sequence[PeriodFact]) -> list[LossFact]:
    """Losses that own entries charged, by fiscal period and reason; gains and voids take away from them."""
    if not months:
        return []
    rows = (
        _own_lines(entity)
        .filter(role__in=LOSS_ROLES, entry__posted_on__gte=months[0].starts_on)
        .filter(entry__posted_on__lte=months[-1].ends_on)
        .order_by()
        .values_list("entry__period__fiscal_year", "entry__period__number", "reason")
        .annotate(amount=Sum("amount"))
    )
    # What is adjusted after the last month is drawn in it: the picture shows months.
    sums: dict[tuple[str, str], Decimal] = {}
    for year, number, reason, amount in rows:
        key = f"{year}-{min(number, 12):02d}", reason
        sums[key] = sums.get(key, ZERO) + amount
    return [LossFact(month, reason, amount) for (month, reason), amount in sums.items()]


REASONS: tuple[str, ...] = (*Reason.values, "")
REASON_LABELS: dict[str, str] = {**{code: str(label) for code, label in Reason.choices}, "": "No reason given"}

KIND_LABELS: dict[str, str] = {code: str(label) for code, label in Kind.choices}


def proposal_of(*, entity: Entity, number: str) -> Proposal | None:
    """The document behind a single-document impact."""
    return Proposal.objects.filter(entity=entity, number=number).first()


# --- the roll-forwards --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RollFacts:
    """What both roll-forwards are made of. The allowance stands positive, as what reduces inventory."""

    names: Mapping[int | None, str]
    gross: tuple[MovementFact, ...]
    allowance: tuple[MovementFact, ...]
    gl_gross: Mapping[int | None, Decimal]
    gl_allowance: Mapping[int | None, Decimal]


def adjusted_movements(*, entity: Entity, day: dt.date) -> Q:
    """The movements that the adjustment period of the day holds. Movements know days, not periods: their documents say
    it, of a void dated that day as of what it undoes."""
    numbers = Proposal.objects.filter(entity=entity, adjustment=True, posting_on=day, status__in=POSTED).values_list(
        "number", flat=True
    )
    refs = [f"proposal:{number}" for number in numbers]
    return Q(posted_on=day, source_ref__in=refs)


def roll_facts(*, entity: Entity, span: Span) -> RollFacts:
    """Movements up to the span's end by class and kind, and the ledger's balances at its end. Four queries."""
    adjusted = adjusted_movements(entity=entity, day=span.ends_on) if span.part else Q(pk__in=[])
    earlier = Q(posted_on__lt=span.starts_on)
    before = Case(
        When(earlier | (Q(posted_on=span.ends_on) & ~adjusted) if span.part == ADJUSTMENTS else earlier, Value(True)),
        default=Value(False),
        output_field=BooleanField(),
    )
    movements = Movement.objects.filter(entity=entity, posted_on__lte=span.ends_on)
    lines = JournalLine.objects.filter(entry__entity=entity, entry__sealed=True, entry__posted_on__lte=span.ends_on)
    if span.part == MONTHS:
        movements = movements.exclude(adjusted)
        thirteen = Q(entry__period__number=FiscalPeriod.ADJUSTMENT, entry__posted_on=span.ends_on)
        lines = lines.exclude(thirteen)
    rows = list(
        movements.order_by()
        .values_list("lot__item__category_id", "kind", before)
        .annotate(cost_sum=Sum("cost"), allowance_sum=Sum("allowance"))
    )
    balances = list(
        lines.filter(role__in=("INVENTORY", "INVENTORY_ALLOWANCE"))
        .order_by()
        .values_list("category_id", "role")
        .annotate(amount=Sum("amount"))
    )
    names: dict[int | None, str] = dict(Category.objects.filter(entity=entity).values_list("pk", "name"))
    names[None] = "No class"
    return RollFacts(
        names=names,
        gross=tuple(MovementFact(c, kind, bool(b), cost) for c, kind, b, cost, _ in rows),
        allowance=tuple(MovementFact(c, kind, bool(b), allowance) for c, kind, b, _, allowance in rows),
        gl_gross={c: amount for c, role, amount in balances if role == "INVENTORY"},
        gl_allowance={c: ZERO - amount for c, role, amount in balances if role == "INVENTORY_ALLOWANCE"},
    )


# --- the register -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RegisterFilter:
    """What the register is narrowed to; empty: everything."""

    reason: str = ""
    kind: str = ""
    location_id: int | None = None
    category_id: int | None = None
    number: str = ""


class RegisterLines:
    """The lines of a register, posted ones first, then the voids of the span; sliced without reading the rest.

    A document stands in the period of its posting date; its void, with signs turned, in the period of the void.
    """

    def __init__(
        self, *, entity: Entity, span: Span, narrow: RegisterFilter, periods: Sequence[PeriodFact] = ()
    ) -> None:
        self.entity, self.span, self.narrow, self.periods = entity, span, narrow, periods

    def _period(self, day: dt.date, *, adjustment: bool) -> str:
        own = (p.code for p in self.periods if p.starts_on <= day <= p.ends_on and p.is_adjustment is adjustment)
        return next(own, "")

    @cached_property
    def posted(self) -> QuerySet[ProposalLine]:
        dates = Q(proposal__posting_on__gte=self.span.starts_on, proposal__posting_on__lte=self.span.ends_on)
        if self.span.part:
            # A month has the year's last day without what was adjusted on it, an adjustment period has nothing else.
            thirteen = Q(proposal__adjustment=True, proposal__posting_on=self.span.ends_on)
            dates &= thirteen if self.span.part == ADJUSTMENTS else ~thirteen
        return self._lines().filter(dates)

    @cached_property
    def voided(self) -> QuerySet[ProposalLine]:
        """The lines that voids of this span undid, and no others of their documents."""
        days = Q(voided__void__posted_on__gte=self.span.starts_on, voided__void__posted_on__lte=self.span.ends_on)
        if self.span.part:
            # A void dated as its document, which the adjustment period holds, is held by it as well.
            last = self.span.ends_on
            thirteen = Q(proposal__adjustment=True, proposal__posting_on=last, voided__void__posted_on=last)
            days &= thirteen if self.span.part == ADJUSTMENTS else ~thirteen
        return self._lines().filter(days)

    def _lines(self) -> QuerySet[ProposalLine]:
        lines = ProposalLine.objects.filter(proposal__entity=self.entity, proposal__status__in=POSTED)
        if self.narrow.reason:
            lines = lines.filter(proposal__reason=self.narrow.reason)
        if self.narrow.kind:
            lines = lines.filter(proposal__kind=self.narrow.kind)
        if self.narrow.location_id:
            lines = lines.filter(lot__location_id=self.narrow.location_id)
        if self.narrow.category_id:
            lines = lines.filter(lot__item__category_id=self.narrow.category_id)
        if self.narrow.number:
            lines = lines.filter(proposal__number=self.narrow.number)
        return lines.order_by("proposal__posting_on", "proposal_id", "line_number")

    @cached_property
    def totals(self) -> RegisterTotals:
        """Of all lines, whatever is shown. Two queries."""
        sums = [
            lines.order_by().aggregate(
                lines=Count("pk"), loss=Sum("loss"), allowance=Sum("allowance", filter=~Q(quantity=ZERO))
            )
            for lines in (self.posted, self.voided)
        ]
        losses, used = ([row[name] or ZERO for row in sums] for name in ("loss", "allowance"))
        net_loss, allowance_used = losses[0] - losses[1], used[1] - used[0]
        return RegisterTotals(
            sum(row["lines"] for row in sums), net_loss + allowance_used, allowance_used, net_loss, sums[1]["lines"]
        )

    def __len__(self) -> int:
        return self.totals.lines

    count = __len__

    def __getitem__(self, place: slice) -> list[RegisterLine]:
        """Some lines, for a paginator. place: a slice with a start and a stop."""
        first, last = place.start or 0, len(self) if place.stop is None else place.stop
        posted = len(self) - self.totals.voids
        picked = [(line, False) for line in self._full(self.posted[min(first, posted) : min(last, posted)])]
        picked += [(line, True) for line in self._full(self.voided[max(first - posted, 0) : max(last - posted, 0)])]
        return list(self._register_lines(picked))

    def __iter__(self) -> Iterator[RegisterLine]:
        """Piece by piece, so that a file of many lines never stands in memory."""
        return itertools.chain.from_iterable(self[at : at + PIECE] for at in range(0, len(self), PIECE))

    def _full(self, lines: QuerySet[ProposalLine]) -> QuerySet[ProposalLine]:
        return lines.select_related("lot__location", "lot__item__category", "voided__void")

    def _register_lines(self, picked: Sequence[tuple[ProposalLine, bool]]) -> Iterator[RegisterLine]:
        # Few documents have many lines: their people are read once each, not with every line.
        people = Proposal.objects.select_related("created_by", "approved_by", "posted_by")
        proposals = people.in_bulk({line.proposal_id for line, _ in picked})
        evidence = _evidence_counts(set(proposals))
        entries = _entries_of(self.entity, {p.source_ref for p in proposals.values()})
        for line, void in picked:
            p, lot = proposals[line.proposal_id], line.lot
            undone = line.voided.void if void else None
            leg = _leg_of(p.kind, line.loss)
            day = undone.posted_on if undone else p.posting_on
            fact = LineFact(
                number=p.number,
                kind=KIND_LABELS[p.kind],
                event_on=p.event_on,
                found_on=p.found_on,
                posted_on=day,
                period=self._period(day, adjustment=p.adjustment and day == p.posting_on),
                sku=lot.item.sku,
                description=lot.item.description,
                lot_id=lot.pk,
                lot=lot.code,
                location=lot.location.code,
                category=lot.item.category.name,
                reason=REASON_LABELS[p.reason],
                quantity=line.quantity,
                unit_cost=lot.unit_cost,
                cost=line.cost,
                allowance=line.allowance,
                loss=line.loss,
                preparer=str(p.created_by),
                approver=str(p.approved_by or ""),
                poster=str(p.posted_by or ""),
                evidence=evidence.get(p.pk, 0),
                entry=entries.get((p.source_ref, leg, undone.number if undone else 0), ""),
            )
            yield register_line(fact, void=void, currency=self.entity.currency)


def _leg_of(kind: str, loss: Decimal) -> str:
    if kind == "COUNT_ADJUSTMENT":
        return Leg.COUNT_LOSS if loss > 0 else Leg.COUNT_GAIN
    return kind


def _evidence_counts(proposals: set[int]) -> dict[int, int]:
    rows = Evidence.objects.filter(proposal__in=proposals).order_by().values_list("proposal_id").annotate(Count("pk"))
    return dict(rows)


def _entries_of(entity: Entity, refs: set[str]) -> dict[tuple[str, str, int], str]:
    """(source_ref, leg, void) -> number of the first entry of that leg; void 0: as posted, else the mirror of it. A
    correction of an earlier year stands under the leg whose place it takes as well. Two queries."""
    entries = JournalEntry.objects.filter(entity=entity, source_ref__in=refs).order_by("chain_sequence")
    numbers = [ref.partition(":")[2] for ref in refs]
    voids = Void.objects.filter(proposal__entity=entity, proposal__number__in=numbers)
    void_of = {number: void for void, of in voids.values_list("number", "entries") for number in of}
    found: dict[tuple[str, str, int], str] = {}
    for entry in entries.select_related("reverses"):
        leg, void = (entry.reverses.leg, void_of.get(entry.number, -1)) if entry.reverses else (entry.leg, 0)
        for name in (leg, *(ordinary for ordinary, taken in LEGS.items() if taken == leg)):
            found.setdefault((entry.source_ref, name, void), entry.number)
    return found
