"""How good past estimates of net realisable value were: what was estimated of the units that have gone since, against
what they fetched. Pure; raw integers (quantity 10^4, unit figures 10^6, money 10^4).

Invariant: a unit counts once and only as far as the run valued it; what an estimate says of units still on hand is no
part of either side.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from core.money import MONEY_SCALE, QUANTITY_SCALE, from_raw, share_raw, value_raw

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a run thought of one lot. nrv_unit: net, in the entity's currency; costs_unit: to complete and to sell,
    which a sale's revenue does not show."""

    lot_id: int
    category: str
    name: str
    quantity: int
    nrv_unit: int
    costs_unit: int


@dataclass(frozen=True, slots=True)
class Fetched:
    """What some units of a lot brought after the run. net: no costs are to be taken off any more (scrap proceeds less
    disposal cost)."""

    lot_id: int
    quantity: int
    amount: int
    net: bool


@dataclass(frozen=True, slots=True)
class TestRow:
    """error: fetched less estimated; above nil the estimate was too low. missed: the same of every lot without its
    sign."""

    name: str
    lots: int
    units: Decimal
    estimated: Decimal
    fetched: Decimal
    missed: Decimal
    lot_id: int = 0

    @property
    def error(self) -> Decimal:
        return self.fetched - self.estimated

    @property
    def percent(self) -> Decimal | None:
        return self.error * 100 / self.estimated if self.estimated else None

    @property
    def missed_percent(self) -> Decimal | None:
        return self.missed * 100 / self.estimated if self.estimated else None

    @property
    def bias(self) -> str:
        if not self.error:
            return "none"
        return "too low" if self.error > 0 else "too high"


@dataclass(frozen=True, slots=True)
class BackTest:
    """By category, by lot (the largest miss first), and of all."""

    categories: Sequence[TestRow]
    lots: Sequence[TestRow]
    total: TestRow


def back_test(estimates: Iterable[Estimate], fetched: Iterable[Fetched], *, exponent: int) -> BackTest:
    """Lots of which nothing has gone are left out."""
    brought: defaultdict[int, list[Fetched]] = defaultdict(list)
    for each in fetched:
        if each.quantity > 0:
            brought[each.lot_id].append(each)
    lots, groups = [], defaultdict(list)
    for estimate in estimates:
        row = _lot(estimate, brought.get(estimate.lot_id, ()), exponent)
        if row is not None:
            lots.append(row)
            groups[estimate.category].append(row)
    categories = [_sum(name, rows) for name, rows in sorted(groups.items(), key=lambda item: item[0].casefold())]
    return BackTest(categories, sorted(lots, key=lambda row: (-row.missed, row.name)), _sum("Total", lots))


def _lot(estimate: Estimate, fetched: Sequence[Fetched], exponent: int) -> TestRow | None:
    """Units beyond those that the run valued came in later: they take their share of what was fetched along."""
    gone = sum(each.quantity for each in fetched)
    units = min(gone, estimate.quantity)
    if units <= 0:
        return None
    amount = sum(
        each.amount - (0 if each.net else value_raw(each.quantity, estimate.costs_unit, exponent)) for each in fetched
    )
    estimated, got = value_raw(units, estimate.nrv_unit, exponent), share_raw(amount, units, gone, exponent)
    thought, fetches, missed = (from_raw(raw, MONEY_SCALE) for raw in (estimated, got, abs(got - estimated)))
    return TestRow(estimate.name, 1, from_raw(units, QUANTITY_SCALE), thought, fetches, missed, lot_id=estimate.lot_id)


def _sum(name: str, rows: Sequence[TestRow]) -> TestRow:
    return TestRow(
        name,
        sum(row.lots for row in rows),
        sum((row.units for row in rows), ZERO),
        sum((row.estimated for row in rows), ZERO),
        sum((row.fetched for row in rows), ZERO),
        sum((row.missed for row in rows), ZERO),
    )
