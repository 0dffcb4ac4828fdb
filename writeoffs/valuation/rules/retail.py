"""Stock that no record tells of: what it must have cost, from retail prices or from the usual margin. Pure, raw.

Money 10^4, rates 10^6. The retail method: IAS 2.22; ASC 330-10-30-13 and, as lower of cost and market, 35-1C. The gross
profit method is an estimate for interim periods and for losses without records (ASC 270-10-45-6(a)), never for a year
end. Every result is rounded once, half away from zero, to the currency's unit.
"""

from __future__ import annotations

from dataclasses import dataclass

from core.errors import BadInput
from core.money import MONEY_SCALE, RATE_SCALE, divide_half_away

ONE = 10**RATE_SCALE


@dataclass(frozen=True, slots=True)
class Goods:
    """Goods at cost and at retail."""

    cost: int
    retail: int


@dataclass(frozen=True, slots=True)
class Estimated:
    """at_retail: what should be there at selling prices (None where only the margin is known); cost: at cost."""

    cost: int
    at_retail: int | None = None


def retail_estimate(
    *,
    opening: Goods,
    purchases: Goods,
    sales: int,
    exponent: int,
    mark_ups: int = 0,
    mark_downs: int = 0,
    usual_losses: int = 0,
    lower_of_cost_and_market: bool = True,
    fifo: bool = False,
) -> Estimated:
    """What stands at the end. mark_ups, mark_downs: net of their cancellations; usual_losses: ordinary shrinkage and
    discounts to staff, at retail. lower_of_cost_and_market: markdowns stay out of the ratio of cost to retail, so that
    it is lower (the conventional method); without it they count, which gives cost. fifo: what is left is of the newest
    purchases, at their ratio; only what is more than they were is opening stock, at its own.

    BadInput where nothing was for sale at retail, or more was sold than was there.
    """
    cost = opening.cost + purchases.cost
    retail = opening.retail + purchases.retail + mark_ups
    left = retail - mark_downs - sales - usual_losses
    base = retail if lower_of_cost_and_market else retail - mark_downs
    if fifo:
        cost, base = purchases.cost, base - opening.retail
    if base <= 0:
        raise BadInput("Nothing was for sale at retail prices, so there is no ratio of cost to it. Enter the goods.")
    if left < 0:
        raise BadInput(
            "Sales, markdowns and usual losses are more than all goods at retail prices. Look for purchases or markups "
            "that are missing."
        )
    if fifo and left > base:
        if left - base > opening.retail:
            raise BadInput("More is left than was ever for sale. Look at the markups and markdowns.")
        numerator = cost * opening.retail + (left - base) * opening.cost
        return Estimated(_rounded(numerator, opening.retail, exponent), left)
    return Estimated(_rounded(left * cost, base, exponent), left)


def gross_profit_estimate(
    *, opening: int, purchases: int, sales: int, margin: int, exponent: int, of_cost: bool = False
) -> Estimated:
    """opening + purchases - sales x (1 - margin), all but sales at cost. margin: gross profit as a part of sales, 10^6;
    of_cost: as a part of cost, so that sales / (1 + margin) is what was sold.

    BadInput for a margin of one or more, or where more was sold than was there.
    """
    if margin >= ONE and not of_cost:
        raise BadInput("A margin is a part of sales below 1: 0.4 for 40 %.")
    if margin <= -ONE:
        raise BadInput("Goods that are sold for nothing, or less, have no margin to estimate by.")
    if of_cost:
        return _left((opening + purchases) * (ONE + margin) - sales * ONE, ONE + margin, exponent)
    return _left((opening + purchases) * ONE - sales * (ONE - margin), ONE, exponent)


def _left(left: int, per: int, exponent: int) -> Estimated:
    if left < 0:
        raise BadInput(
            "By this margin, what was sold cost more than all that was there. Look for purchases that are missing, or "
            "take a higher margin."
        )
    return Estimated(_rounded(left, per, exponent))


def loss_without_records(estimated: Estimated, *, saved: int) -> int:
    """What is lost: the estimate less what was saved, at cost; nil at least."""
    return max(0, estimated.cost - saved)


def margin_of_markup(markup: int) -> int:
    """The margin on sales of a markup on cost (10^6): 50 % on cost is a third of sales."""
    return divide_half_away(markup * ONE, ONE + markup)


def _rounded(numerator: int, denominator: int, exponent: int) -> int:
    unit: int = 10 ** (MONEY_SCALE - exponent)
    return divide_half_away(numerator, denominator * unit) * unit
