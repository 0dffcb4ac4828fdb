"""Reads the stock for pages, exports and the rooms above: filtered lots, their totals, a lot's history, counts.

Invariant: every selector is bound to one entity and makes a constant number of queries, whatever the data's size.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Sum, Value
from django.db.models.functions import Abs, Coalesce
from django.http import QueryDict

from core.errors import BadInput
from core.models import Entity
from core.money import MONEY_SCALE, QUANTITY_SCALE, from_raw, share_raw, to_raw
from inventory.filters import LotFilter, sort_order
from inventory.models import (
    CountLine,
    CountSheet,
    Lot,
    Movement,
    MovementKind,
    QuarantineEntry,
    StagedCheck,
    UnexplainedFall,
    WriteDownMovement,
)


@dataclass(frozen=True, slots=True)
class LotTotals:
    """What a set of lots adds up to, in one query."""

    lots: int
    quantity: Decimal
    cost: Decimal
    allowance: Decimal

    @property
    def carrying(self) -> Decimal:
        return self.cost - self.allowance


def lots_filtered(*, entity: Entity, params: QueryDict) -> QuerySet[Lot]:
    """The lots behind a stock list's query string, in its order: those ticked (repeated `lot`), else all in the filter.

    BadInput where a filter's value cannot be used, so that a mistyped link never proposes the whole warehouse.
    """
    filters = LotFilter(params, entity=entity)
    if not filters.is_valid():
        names = ", ".join(f"'{params.get(name, '')}' for {name}" for name in filters.errors)
        raise BadInput(f"The stock list cannot be filtered by {names}. Clear the filter and choose again.")
    lots: QuerySet[Lot] = filters.qs.select_related("item__category", "location").order_by(*sort_order(params))
    ticked = params.getlist("lot")
    if not ticked:
        return lots
    if not all(number.isdecimal() and len(number) < 19 for number in ticked):
        raise BadInput("One of the lots ticked is unknown. Go back to the stock list and tick it again.")
    return lots.filter(pk__in=[int(number) for number in ticked])


def lots_page(*, lots: QuerySet[Lot], entity: Entity, first: int, count: int) -> list[Lot]:
    """The lots first .. first + count of a filtered set. Ids are sorted alone and the rows fetched afterwards: to sort
    100,000 joined rows for the sake of 50 costs far more."""
    if any(str(field).removeprefix("-") == "item__sku" for field in lots.query.order_by[:1]):
        # True of every lot, and it lets the database walk the items' own index in the order of their SKUs.
        lots = lots.filter(item__entity=entity)
    ids = list(lots.values_list("pk", flat=True)[first : first + count])
    rows = Lot.objects.filter(pk__in=ids).select_related("item__category", "location")
    found = {lot.pk: lot for lot in rows}
    return [found[pk] for pk in ids if pk in found]


def lot_totals(*, lots: QuerySet[Lot]) -> LotTotals:
    """Lots, quantity, cost and allowance of a set, in one aggregate."""
    nil = Decimal(0)
    sums = lots.order_by().aggregate(
        lots=Count("id"), quantity=Sum("quantity"), cost=Sum("cost"), allowance=Sum("allowance")
    )
    return LotTotals(sums["lots"], sums["quantity"] or nil, sums["cost"] or nil, sums["allowance"] or nil)


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """A movement and what the lot holds after it."""

    movement: Movement
    quantity: Decimal
    cost: Decimal
    allowance: Decimal

    @property
    def carrying(self) -> Decimal:
        return self.cost - self.allowance


def lot_history(*, lot: Lot) -> list[HistoryRow]:
    """The lot's movements in their order, each with the running balances."""
    quantity = cost = allowance = Decimal(0)
    rows = []
    for movement in lot.movements.order_by("sequence"):
        quantity += movement.quantity
        cost += movement.cost
        allowance += movement.allowance
        rows.append(HistoryRow(movement, quantity, cost, allowance))
    return rows


def lot_write_downs(*, lot: Lot) -> list[tuple[int, Decimal]]:
    """(fiscal year of the charge, write-down still attached), oldest first."""
    years = (
        WriteDownMovement.objects.filter(lot=lot)
        .values("fiscal_year")
        .annotate(total=Sum("amount"))
        .order_by("fiscal_year")
    )
    return [(row["fiscal_year"], row["total"]) for row in years if row["total"]]


@dataclass(frozen=True, slots=True)
class QuarantineTotals:
    """What quarantine entries still stand for: cost and allowance of the units that are left."""

    entries: int
    cost: Decimal
    allowance: Decimal


def quarantine_overdue(*, entity: Entity, today: dt.date | None = None) -> QuerySet[QuarantineEntry]:
    """What has stood in quarantine for more than the entity's days as of today at the entity's place, oldest first."""
    until = (today or entity.local_date()) - dt.timedelta(days=entity.quarantine_days)
    return QuarantineEntry.objects.filter(entity=entity, status=QuarantineEntry.Status.STANDING, since__lt=until)


def quarantine_left(*, amount: Decimal, quantity: Decimal, left: Decimal, exponent: int) -> Decimal:
    """The part of an entry's cost or allowance that the units left would come back with: the whole less the cumulated
    share of what was recovered, rounded as a recovery rounds it."""
    taken = to_raw(quantity - left, QUANTITY_SCALE)
    share = share_raw(to_raw(amount, MONEY_SCALE), taken, to_raw(quantity, QUANTITY_SCALE), exponent)
    return amount - from_raw(share, MONEY_SCALE)


def quarantine_worth(*, entry: QuarantineEntry, exponent: int) -> tuple[Decimal, Decimal]:
    """(cost, allowance) of the units left. Allowance and carrying amount are shared, and cost is both together, as a
    recovery does it, so that rounding never leaves more allowance than cost."""
    parts = [
        quarantine_left(amount=amount, quantity=entry.quantity, left=entry.quantity_left, exponent=exponent)
        for amount in (entry.allowance, entry.cost - entry.allowance)
    ]
    return parts[0] + parts[1], parts[0]


def quarantine_totals(*, entries: QuerySet[QuarantineEntry], exponent: int) -> QuarantineTotals:
    """Whole entries summed by the database, partly recovered ones rounded one by one: two queries."""
    nil, whole = Decimal(0), Q(quantity_left=F("quantity"))
    plain = entries.order_by()
    sums = plain.aggregate(
        entries=Count("id"), cost=Sum("cost", filter=whole), allowance=Sum("allowance", filter=whole)
    )
    partly = plain.filter(quantity_left__gt=nil).exclude(whole).select_related(None)
    worth = [quarantine_worth(entry=entry, exponent=exponent) for entry in partly]
    return QuarantineTotals(
        sums["entries"],
        (sums["cost"] or nil) + sum((cost for cost, _ in worth), nil),
        (sums["allowance"] or nil) + sum((allowance for _, allowance in worth), nil),
    )


def falls(*, entity: Entity, explained: bool) -> QuerySet[UnexplainedFall]:
    """The worklist of falls, or what has been explained of it; the newest first."""
    found = UnexplainedFall.objects.filter(entity=entity).select_related(
        "movement__lot__item", "movement__lot__location", "upload", "explained_by"
    )
    none = UnexplainedFall.Explanation.NONE
    found = found.exclude(explanation=none) if explained else found.filter(explanation=none)
    return found.order_by("-movement__posted_on", "id")


@dataclass(frozen=True, slots=True)
class CountFigures:
    """What a count found. Values at carrying amount; short is negative. not_counted: lots on hand at the sheet's
    locations that it does not name, as the books stand now. twice: how many were counted a second time."""

    counted: int
    matched: int
    short: int
    short_value: Decimal
    over: int
    over_value: Decimal
    not_counted: int
    not_counted_value: Decimal
    twice: int = 0

    @property
    def differences(self) -> int:
        return self.short + self.over

    @property
    def net_value(self) -> Decimal:
        return self.short_value + self.over_value


def count_figures(*, sheet: CountSheet) -> CountFigures:
    """The figures of one sheet, in two queries."""
    nil = Decimal(0)
    short, over = Q(difference__lt=nil), Q(difference__gt=nil)
    sums = sheet.lines.aggregate(
        counted=Count("id"),
        short=Count("id", filter=short),
        short_value=Sum("value", filter=short),
        over=Count("id", filter=over),
        over_value=Sum("value", filter=over),
        twice=Count("second_count"),
    )
    left = (
        Lot.objects.filter(entity_id=sheet.entity_id, location__in=sheet.lines.values("lot__location"))
        .exclude(quantity=nil)
        .exclude(pk__in=sheet.lines.values("lot"))
        .aggregate(lots=Count("id"), cost=Sum("cost"), allowance=Sum("allowance"))
    )
    return CountFigures(
        counted=sums["counted"],
        matched=sums["counted"] - sums["short"] - sums["over"],
        short=sums["short"],
        short_value=sums["short_value"] or nil,
        over=sums["over"],
        over_value=sums["over_value"] or nil,
        not_counted=left["lots"],
        not_counted_value=(left["cost"] or nil) - (left["allowance"] or nil),
        twice=sums["twice"],
    )


def count_lines(*, sheet: CountSheet, only_differences: bool) -> QuerySet[CountLine]:
    """The sheet's lines, the largest differences by value first; with all lines, the sheet's own order."""
    lines = sheet.lines.select_related("lot__item", "lot__location")
    if only_differences:
        return lines.exclude(difference=Decimal(0)).order_by(Abs("value").desc(), "row")
    return lines.order_by("row")


def lots_moved_since(*, sheet: CountSheet, lines: Iterable[CountLine], own: Iterable[str] = ()) -> set[int]:
    """The lots of these lines whose units have moved after the day on which they were counted, or after the sheet's
    book quantities were frozen, whatever the day. own: source_ref of what posted the sheet's own differences."""
    # Frozen means that no counted lot had moved after this movement: the commit saw to that.
    frozen = StagedCheck.objects.filter(upload_id=sheet.upload_id).values_list("last_movement", flat=True).first()
    later = Q(posted_on__gt=Coalesce(OuterRef("counted_on"), Value(sheet.counted_on)))
    if frozen is not None:
        later |= Q(sequence__gt=frozen)
    moved = (
        Movement.objects.filter(later, lot=OuterRef("lot"))
        .exclude(kind=MovementKind.OPENING)
        .exclude(quantity=Decimal(0))
        .exclude(source_ref__in=list(own))
    )
    counted = CountLine.objects.filter(sheet=sheet, pk__in=[line.pk for line in lines])
    return set(counted.filter(Exists(moved)).values_list("lot_id", flat=True))
