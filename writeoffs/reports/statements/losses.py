"""Losses by month and reason: what the chart draws and its table says. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class LossFact:
    """Losses of one reason in one month, positive; gains and voids negative."""

    month: str
    reason: str
    loss: Decimal


@dataclass(frozen=True, slots=True)
class LossTable:
    """months x reasons: values[month][reason], in the order given; reasons without any figure are left out."""

    months: tuple[str, ...]
    reasons: tuple[str, ...]
    values: tuple[tuple[Decimal, ...], ...]

    @property
    def by_month(self) -> tuple[Decimal, ...]:
        return tuple(sum(row, ZERO) for row in self.values)

    @property
    def by_reason(self) -> tuple[Decimal, ...]:
        return tuple(sum((row[n] for row in self.values), ZERO) for n in range(len(self.reasons)))

    @property
    def total(self) -> Decimal:
        return sum(self.by_month, ZERO)


def loss_table(facts: Iterable[LossFact], *, months: Sequence[str], reasons: Sequence[str]) -> LossTable:
    """months, reasons: codes in the order shown; facts of other months or reasons are refused by KeyError."""
    table: dict[str, dict[str, Decimal]] = {month: dict.fromkeys(reasons, ZERO) for month in months}
    for fact in facts:
        table[fact.month][fact.reason] += fact.loss
    shown = tuple(r for r in reasons if any(table[m][r] for m in months))
    return LossTable(tuple(months), shown, tuple(tuple(table[m][r] for r in shown) for m in months))
