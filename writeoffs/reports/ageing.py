"""Gathers the facts of ageing and excess: an assessment's items with what they hold by age, their demand and their last
receipt and issue.

Invariant: a page takes a constant number of queries; a file reads items in pieces, each with its own facts.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import Count, F, Max, Q, Sum

from core.models import Entity
from core.money import MONEY_SCALE, QUANTITY_SCALE, from_raw
from core.sets import among, ids
from writeoffs.valuation.known import demand_as_of
from writeoffs.valuation.models import AgeingBand, Assessment, AssessmentLine, ValuationPolicy

ZERO = Decimal(0)
MONTHS = 12
PIECE = 1000
# (from, to) of a band in days; to None: and more. None alone: the age is not known.
type_band = tuple[int, int | None] | None
# Kinds of movement by which goods are used or sold.
_ISSUES = ("SALE", "ISSUE", "PRODUCTION")


@dataclass(frozen=True, slots=True)
class ItemAge:
    """One item. buckets: band -> (quantity, cost). demand: units in the last twelve months, None where none is known.
    ageing_need, excess_need: None where not tested."""

    item_id: int
    sku: str
    description: str
    quantity: Decimal
    cost: Decimal
    ageing_need: Decimal | None
    excess_quantity: Decimal | None
    excess_need: Decimal | None
    carried: Decimal
    last_receipt: dt.date | None
    last_issue: dt.date | None = None
    demand: Decimal | None = None
    buckets: Mapping[type_band, tuple[Decimal, Decimal]] = field(default_factory=dict)

    @property
    def months_on_hand(self) -> Decimal | None:
        return self.quantity * MONTHS / self.demand if self.demand else None


def bands_of(assessment: Assessment) -> tuple[list[type_band], dict[type_band, set[Decimal]]]:
    """The bands that the run's policies have, youngest first, and the rates of each; unknown age last, if any is."""
    policies = AssessmentLine.objects.filter(assessment=assessment, policy__isnull=False).values("policy")
    rates: dict[type_band, set[Decimal]] = defaultdict(set)
    for first, last, rate in AgeingBand.objects.filter(policy__in=policies).values_list("from_days", "to_days", "rate"):
        rates[first, last].add(rate)
    ordered: list[type_band] = sorted(rates, key=lambda band: (band[0], band[1] or 10**9) if band else (0, 0))
    unaged = AssessmentLine.objects.filter(assessment=assessment, age_days__isnull=True)
    if ordered and unaged.exclude(outcome=AssessmentLine.Outcome.OUT).exists():
        ordered.append(None)
    return ordered, rates


def policies_of(assessment: Assessment) -> list[ValuationPolicy]:
    """The policies that the run followed, with their bands."""
    used = AssessmentLine.objects.filter(assessment=assessment, policy__isnull=False).values("policy")
    return list(
        ValuationPolicy.objects.filter(pk__in=used).select_related("category", "decided_by").prefetch_related("bands")
    )


def items_found(assessment: Assessment, narrow: Q) -> Any:
    """An item a row, by SKU."""
    lines = AssessmentLine.objects.filter(narrow, assessment=assessment).exclude(outcome=AssessmentLine.Outcome.OUT)
    named: dict[str, Any] = {
        "item": F("lot__item_id"),
        "sku": F("lot__item__sku"),
        "description": F("lot__item__description"),
    }
    return lines.order_by().values(**named).annotate(**_SUMS).order_by("lot__item__sku", "lot__item_id")


_SUMS: dict[str, Any] = {
    "sum_quantity": Sum("quantity"),
    "sum_cost": Sum("cost"),
    "sum_ageing": Sum("ageing_need"),
    "sum_excess_quantity": Sum("excess_quantity"),
    "sum_excess": Sum("excess_need"),
    "sum_carried": Sum("carried"),
    "received": Max("lot__received_on"),
}


@dataclass(frozen=True, slots=True)
class AgeTotals:
    """Of all items in the filter. buckets: band -> (quantity, cost)."""

    items: int
    quantity: Decimal
    cost: Decimal
    ageing_need: Decimal
    excess_need: Decimal
    carried: Decimal
    buckets: Mapping[type_band, tuple[Decimal, Decimal]]


def age_totals(assessment: Assessment, narrow: Q) -> AgeTotals:
    lines = AssessmentLine.objects.filter(narrow, assessment=assessment).exclude(outcome=AssessmentLine.Outcome.OUT)
    sums = lines.order_by().aggregate(items=Count("lot__item", distinct=True), **_SUMS)
    names = ("sum_quantity", "sum_cost", "sum_ageing", "sum_excess", "sum_carried")
    quantity, cost, ageing, excess, carried = (sums[name] or ZERO for name in names)
    found = lines.values_list("pk", flat=True)
    buckets = _buckets(assessment, list(found), by_item=False).get(0, {})
    return AgeTotals(sums["items"], quantity, cost, ageing, excess, carried, buckets)


class ItemAges:
    """The items of an assessment, sliced for a page and iterated in pieces for a file."""

    def __init__(self, assessment: Assessment, narrow: Q) -> None:
        self.assessment, self.narrow = assessment, narrow
        self.found = items_found(assessment, narrow)
        self._demand: dict[int, Decimal] | None = None

    def __len__(self) -> int:
        return int(self.found.count())

    def __getitem__(self, place: slice) -> list[ItemAge]:
        return self._with_facts(list(self.found[place]))

    def __iter__(self) -> Iterator[ItemAge]:
        first = 0
        while rows := list(self.found[first : first + PIECE]):
            yield from self._with_facts(rows)
            first += PIECE

    def _with_facts(self, rows: Sequence[dict[str, Any]]) -> list[ItemAge]:
        chosen = [row["item"] for row in rows]
        own = AssessmentLine.objects.filter(self.narrow, assessment=self.assessment, lot__item__in=chosen)
        buckets = _buckets(self.assessment, list(own.values_list("pk", flat=True)), by_item=True)
        issued, demand = _issued(self.assessment, chosen), self._demanded()
        return [
            ItemAge(
                row["item"],
                row["sku"],
                row["description"],
                row["sum_quantity"] or ZERO,
                row["sum_cost"] or ZERO,
                row["sum_ageing"],
                row["sum_excess_quantity"],
                row["sum_excess"],
                row["sum_carried"] or ZERO,
                row["received"],
                issued.get(row["item"]),
                demand.get(row["item"]),
                buckets.get(row["item"], {}),
            )
            for row in rows
        ]

    def _demanded(self) -> dict[int, Decimal]:
        if self._demand is None:
            self._demand = demand_known(self.assessment)
        return self._demand


def demand_known(assessment: Assessment) -> dict[int, Decimal]:
    """Item -> units in the last twelve months, as they were known when the run was made."""
    entity: Entity = assessment.entity
    rows = demand_as_of(entity=entity, as_of=assessment.as_of, months=MONTHS, known_at=assessment.created_at)
    return {item: from_raw(total, QUANTITY_SCALE) for item, total, *_ in rows}


_BUCKETS = """
    select {item}, b.from_days, b.to_days, case when l.age_days is null then 1 else 0 end,
        sum(l.quantity), sum(l.cost)
    from valuation_assessmentline l join inventory_lot o on o.id = l.lot_id
    left join valuation_ageingband b on b.policy_id = l.policy_id and l.age_days >= b.from_days
        and (b.to_days is null or l.age_days <= b.to_days)
    where l.assessment_id = %s and {lines} and l.outcome <> 'OUT'
    group by {group}b.from_days, b.to_days, case when l.age_days is null then 1 else 0 end
"""


def _buckets(
    assessment: Assessment, lines: Sequence[int], *, by_item: bool
) -> dict[int, dict[type_band, tuple[Decimal, Decimal]]]:
    """Item (0 for all together) -> band -> quantity and cost. An age outside every band stands in none."""
    found: dict[int, dict[type_band, tuple[Decimal, Decimal]]] = defaultdict(dict)
    sql = _BUCKETS.format(
        item="o.item_id" if by_item else "0", group="o.item_id, " if by_item else "", lines=among("l.id")
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, [assessment.pk, ids(lines)])
        for item, first, last, unknown, quantity, cost in cursor.fetchall():
            if first is None and not unknown:
                continue
            band: type_band = None if unknown else (first, last)
            found[item][band] = (from_raw(int(quantity), QUANTITY_SCALE), from_raw(int(cost), MONEY_SCALE))
    return found


def _issued(assessment: Assessment, items: Sequence[int]) -> dict[int, dt.date]:
    """Item -> the last day on or before the assessment's on which units were sold or used."""
    kinds = ", ".join(f"'{kind}'" for kind in _ISSUES)
    with connection.cursor() as cursor:
        cursor.execute(
            "select o.item_id, max(m.posted_on) from inventory_movement m join inventory_lot o on o.id = m.lot_id "
            f"where m.entity_id = %s and m.posted_on <= %s and m.kind in ({kinds}) and m.quantity < 0 "
            f"and {among('o.item_id')} "
            "group by o.item_id",
            [assessment.entity_id, assessment.as_of.isoformat(), ids(items)],
        )
        return {
            item: day if isinstance(day, dt.date) else dt.date.fromisoformat(day) for item, day in cursor.fetchall()
        }
