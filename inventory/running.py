"""The running figures of one lot while several changes of it are worked out. Pure; raw scaled integers.

Invariant: what is taken and what stays add up to what was there, by fiscal year of the write-down too.
"""

from __future__ import annotations

from typing import TypeAlias

from core.money import share_raw

Years: TypeAlias = dict[int, int]
"""Fiscal year of the charge -> write-down still attached (raw money)."""


class Books:
    """Quantity, cost, allowance and attached write-downs by year, as they stand or as they change."""

    __slots__ = ("allowance", "cost", "quantity", "years")

    def __init__(self, quantity: int = 0, cost: int = 0, allowance: int = 0, years: Years | None = None) -> None:
        self.quantity = quantity
        self.cost = cost
        self.allowance = allowance
        self.years: Years = dict(years or {})

    def share(self, quantity: int, exponent: int) -> Books:
        """What so many units carry of cost, allowance and write-downs; the last unit carries the rest. By year the
        shares are differences of cumulated shares, so that they add up exactly and none takes more than its year
        has."""
        whole = self.quantity
        years: Years = {}
        cumulated = taken = 0
        for year in sorted(self.years):
            cumulated += self.years[year]
            share = share_raw(cumulated, quantity, whole, exponent)
            years[year], taken = share - taken, share
        return Books(
            quantity,
            share_raw(self.cost, quantity, whole, exponent),
            share_raw(self.allowance, quantity, whole, exponent),
            years,
        )

    def take(self, quantity: int, exponent: int) -> Books:
        """Units leave with their share."""
        out = self.share(quantity, exponent)
        self.put(out, -1)
        return out

    def put(self, other: Books, sign: int = 1) -> None:
        self.quantity += sign * other.quantity
        self.cost += sign * other.cost
        self.allowance += sign * other.allowance
        for year, amount in other.years.items():
            self.years[year] = self.years.get(year, 0) + sign * amount

    def write_down(self) -> int:
        return sum(self.years.values())

    def by_year(self, sign: int = 1) -> tuple[tuple[int, int], ...]:
        """(fiscal year, amount), oldest first, without nil years."""
        return tuple((year, sign * amount) for year, amount in sorted(self.years.items()) if amount)


def oldest_first(years: Years, amount: int) -> Years:
    """Take `amount` off the oldest write-downs first, as negative changes by year."""
    out: Years = {}
    for year in sorted(years):
        part = min(amount, years[year])
        if part > 0:
            out[year] = -part
            amount -= part
    return out
