"""Ageing, excess over demand, expiry: what stands in for NRV where an item has no evidence of its own. Pure, raw.

Policy, not the standards' own measure: it estimates NRV of many items at once (supports IAS 2.28-30; ASC 330-10-35-1B)
and never replaces the NRV test where there is evidence.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass

from core.money import MONEY_SCALE, divide_half_away, rate_raw


@dataclass(frozen=True, slots=True)
class Matrix:
    """Rates (10^6) by age in days: starts[n] is the first day of band n."""

    starts: tuple[int, ...]
    rates: tuple[int, ...]

    def rate(self, age: int) -> int:
        """An age before the first band loses nothing."""
        place = bisect_right(self.starts, age)
        return self.rates[place - 1] if place else 0


def ageing_need(cost: int, age: int, matrix: Matrix, exponent: int) -> int:
    """cost x the rate of the band that the age falls in."""
    return rate_raw(cost, matrix.rate(age), exponent)


def excess_units(on_hand: int, units: int, in_months: int, kept_months: int) -> int:
    """max(0, on hand - monthly demand x months kept), quantity 10^4; units: demand of so many months. A part of the
    last digit counts as demanded."""
    kept = -(-units * kept_months // in_months)
    return max(0, on_hand - kept)


def excess_need(units: int, cost: int, quantity: int, fetched: int, per: int, exponent: int) -> int:
    """units x (cost - recoverable) of a lot, between nil and the cost of those units. fetched / per: what a raw unit of
    quantity still fetches, raw money, exact; no less than nil."""
    unit: int = 10 ** (MONEY_SCALE - exponent)
    lost = units * (cost * per - max(0, fetched) * quantity)
    return divide_half_away(lost, quantity * per * unit) * unit if lost > 0 else 0


def expiry_need(
    cost: int, days_left: int, *, expired_rate: int | None, within: int | None, expiring_rate: int | None, exponent: int
) -> int | None:
    """cost x the rate of what is expired, or expires within so many days; None where policy says nothing of it."""
    if days_left < 0:
        return None if expired_rate is None else rate_raw(cost, expired_rate, exponent)
    if within is None or expiring_rate is None:
        return None if expired_rate is None else 0
    return rate_raw(cost, expiring_rate, exponent) if days_left <= within else 0
