"""Item, category and total level: what a group's gains may offset, and how its shortfall is spread. Pure, raw money.

At item level nothing offsets anything (IAS 2.29; ASC 330-10-35-8). At a higher level the write-down is what cost of the
group exceeds its NRV by (35-9..11), spread over the loss-making lots alone, by their own losses.
"""

from __future__ import annotations

from collections.abc import Sequence

from core.money import MONEY_SCALE, divide_half_away


def group_short(gap: int, lost: int) -> int:
    """What a group is written down by. gap: sum of cost less sum of NRV; lost: what its lots lose one by one, which the
    group never loses more than: what several contracts lose is offset by no other lot."""
    return min(max(0, gap), lost)


def spread(amount: int, weights: Sequence[int], exponent: int) -> list[int]:
    """`amount` over lots by their weights (nil or more), in whole units of the currency, exactly; no lot gets more than
    its weight where the amount is no more than all of them. Shares are differences of cumulated shares."""
    total = sum(weights)
    if total <= 0:
        return [0] * len(weights)
    unit: int = 10 ** (MONEY_SCALE - exponent)
    shares, seen, given = [], 0, 0
    for weight in weights:
        seen += weight
        upto = amount if seen == total else divide_half_away(amount * seen, total * unit) * unit
        shares.append(upto - given)
        given = upto
    return _within(shares, weights, amount, total)


def _within(shares: list[int], weights: Sequence[int], amount: int, total: int) -> list[int]:
    """Rounding may give a lot a unit more than it lost: it goes to lots that can take it."""
    if amount > total:
        return shares
    over = 0
    for place, (share, weight) in enumerate(zip(shares, weights, strict=True)):
        if share > weight:
            over += share - weight
            shares[place] = weight
    for place, weight in enumerate(weights):
        if not over:
            break
        room = min(over, weight - shares[place])
        shares[place] += room
        over -= room
    return shares
