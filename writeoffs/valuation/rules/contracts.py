"""Units that a firm contract has sold already are judged at its price, the rest at the market's (IAS 2.31). Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from writeoffs.valuation.rules.worth import exact


@dataclass(frozen=True, slots=True)
class Sold:
    """quantity: units of a contract, 10^4; unit: net per unit, 10^6; rate: 10^10."""

    quantity: int
    unit: int
    rate: int


def allotted(contracts: Sequence[Sold], lots: Sequence[int]) -> tuple[list[list[Sold]], int]:
    """Contracts, those that end first before the others, over lots (quantities on hand, in the order in which they
    leave). Gives the parts of each lot, and how many contracted units no lot holds."""
    parts: list[list[Sold]] = [[] for _ in lots]
    left, place = list(lots), 0
    short = 0
    for contract in contracts:
        wanted = contract.quantity
        while wanted and place < len(left):
            if not left[place]:
                place += 1
                continue
            taken = min(wanted, left[place])
            parts[place].append(Sold(taken, contract.unit, contract.rate))
            left[place] -= taken
            wanted -= taken
        short += wanted
    return parts, short


def contracted_worth(parts: Sequence[Sold]) -> Fraction:
    """What the contracted units fetch in all, raw money, exact."""
    return sum((exact(part.quantity, part.unit, part.rate) for part in parts), Fraction(0))


def lower_of(
    cost: int, quantity: int, parts: Sequence[Sold], rest: tuple[int, int] | None
) -> tuple[Fraction, Fraction]:
    """(lower value, what all units fetch) of a lot, raw money, exact. Each contract's units and the rest are compared
    with their own share of cost: a gain on one offsets no loss on another. rest: (unit, rate) of the market; None where
    nothing is known of it, so that the rest stays at cost."""
    lower = fetched = Fraction(0)
    sold = 0
    for part in parts:
        own = Fraction(cost * part.quantity, quantity)
        worth = exact(part.quantity, part.unit, part.rate)
        lower += min(own, worth)
        fetched += worth
        sold += part.quantity
    if sold < quantity:
        own = Fraction(cost * (quantity - sold), quantity)
        worth = own if rest is None else exact(quantity - sold, *rest)
        lower += min(own, worth)
        fetched += worth
    return lower, fetched
