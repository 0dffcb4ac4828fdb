"""Gathers what another basis of valuation (group, tax) carries beyond the books: by category, and lot by lot, each by
the fiscal year of the charge."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Q, QuerySet

from core.money import MONEY_SCALE, QUANTITY_SCALE, from_raw, to_raw
from core.words import Framework
from writeoffs.ledger.calendar import fiscal_year_of
from writeoffs.valuation.assessment_filters import with_movement
from writeoffs.valuation.bases import (
    attached_after,
    carried_after,
    charges_of,
    leading_by_year,
    recorded_before,
    units_of,
)
from writeoffs.valuation.models import Assessment, AssessmentLine

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Adjustment:
    """What one lot or category carries under the books and under the basis. by_year: fiscal year of the charge ->
    basis less leading; the years add up to the difference."""

    name: str
    lots: int
    cost: Decimal
    leading: Decimal
    basis: Decimal
    by_year: Mapping[int, Decimal]

    @property
    def difference(self) -> Decimal:
        return self.basis - self.leading


def valued_lines(assessment: Assessment, narrow: Q) -> QuerySet[AssessmentLine]:
    """The lines that the adjustment is made of, by SKU."""
    lines = AssessmentLine.objects.filter(narrow, assessment=assessment)
    return (
        with_movement(lines.exclude(outcome=AssessmentLine.Outcome.OUT))
        .select_related("lot__item__category", "lot__location")
        .order_by("lot__item__sku", "lot__code", "pk")
    )


def differences_by_year(assessment: Assessment, lines: QuerySet[AssessmentLine]) -> dict[int, dict[int, int]]:
    """Lot -> fiscal year -> raw: what the basis carries beyond the books. As recorded; before that, as recording it now
    would give it."""
    leading = leading_by_year(assessment)
    own = _own_years(assessment, lines)
    found: dict[int, dict[int, int]] = {}
    for lot_id in own.keys() | leading.keys():
        years: defaultdict[int, int] = defaultdict(int)
        for year, amount in own.get(lot_id, ()):
            years[year] += amount
        for year, amount in leading.get(lot_id, ()):
            years[year] -= amount
        found[lot_id] = {year: amount for year, amount in years.items() if amount}
    return found


def _own_years(assessment: Assessment, lines: QuerySet[AssessmentLine]) -> dict[int, tuple[tuple[int, int], ...]]:
    if assessment.status == Assessment.Status.RECORDED:
        return charges_of(assessment)
    previous, year = recorded_before(assessment), fiscal_year_of(assessment.entity, assessment.as_of)
    before: Mapping[int, tuple[tuple[int, int], ...]]
    before, held = leading_by_year(assessment), units_of(assessment)
    if previous is not None:
        before, held = carried_after(previous, assessment.as_of)
    chosen: Any = lines
    found = chosen.order_by().values_list("lot_id", "quantity", "now")
    return {
        lot: attached_after(
            before.get(lot, ()),
            held=held.get(lot, 0),
            holds=to_raw(quantity, QUANTITY_SCALE),
            required=to_raw(required, MONEY_SCALE),
            fiscal_year=year,
            us_gaap=assessment.framework == Framework.US_GAAP,
            exponent=assessment.entity.exponent,
        )
        for lot, quantity, required in found
    }


def adjustments_by_category(
    lines: QuerySet[AssessmentLine], differences: Mapping[int, Mapping[int, int]]
) -> list[Adjustment]:
    """A row a category, by name."""
    sums: dict[str, list[Decimal]] = {}
    years: dict[str, defaultdict[int, int]] = {}
    chosen: Any = lines
    rows = chosen.order_by().values_list("lot_id", "cost", "carried", "now", "lot__item__category__name")
    for lot, cost, carried, now, name in rows:
        own = sums.setdefault(name, [ZERO, ZERO, ZERO, ZERO])
        for place, amount in enumerate((Decimal(1), cost, carried, now)):
            own[place] += amount
        each = years.setdefault(name, defaultdict(int))
        for year, raw in differences.get(lot, {}).items():
            each[year] += raw
    return [
        Adjustment(name, int(own[0]), own[1], own[2], own[3], _money(years[name]))
        for name, own in sorted(sums.items(), key=lambda item: item[0].casefold())
    ]


def _money(years: Mapping[int, int]) -> dict[int, Decimal]:
    return {year: from_raw(raw, MONEY_SCALE) for year, raw in years.items()}


def adjustment_of(line: AssessmentLine, differences: Mapping[int, Mapping[int, int]]) -> Adjustment:
    return Adjustment(
        f"{line.lot.item.sku} {line.lot.item.description}".strip(),
        1,
        line.cost,
        line.carried,
        line.governing,
        _money(differences.get(line.lot_id, {})),
    )


def total_of(rows: Sequence[Adjustment]) -> Adjustment:
    years: defaultdict[int, Decimal] = defaultdict(lambda: ZERO)
    for row in rows:
        for year, amount in row.by_year.items():
            years[year] += amount
    return Adjustment(
        "Total",
        sum(row.lots for row in rows),
        sum((row.cost for row in rows), ZERO),
        sum((row.leading for row in rows), ZERO),
        sum((row.basis for row in rows), ZERO),
        dict(years),
    )
