"""An estimated loss worked out step by step, as an auditor reads it: from named figures to the amount. Pure, raw.

The steps and the result come of one function, so that what a page shows is what was booked. Money 10^4, rates 10^6.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from core.errors import BadInput
from core.money import RATE_SCALE, divide_half_away
from writeoffs.valuation.rules.retail import (
    Estimated,
    Goods,
    gross_profit_estimate,
    loss_without_records,
    retail_estimate,
)

GROSS_PROFIT, RETAIL = "GROSS_PROFIT", "RETAIL"
CONVENTIONAL, AVERAGE, FIFO = "CONVENTIONAL", "AVERAGE", "FIFO"
Side = Literal["cost", "retail", "both", "rate"]


@dataclass(frozen=True, slots=True)
class Asked:
    """A figure that a method takes. side: at cost, at retail, both, or a rate. needed: without it nothing is said."""

    code: str
    label: str
    side: Side
    needed: bool = False
    help: str = ""


_SAVED = (
    Asked("SAVED", "Sound goods that were saved", "cost", help="Counted, at what they cost."),
    Asked("SALVAGE", "What damaged goods still fetch", "cost", help="Counted, at selling price less costs to sell."),
)
FIGURES: dict[str, tuple[Asked, ...]] = {
    GROSS_PROFIT: (
        Asked("OPENING", "Opening stock", "cost", needed=True, help="The last stock that was counted or audited."),
        Asked(
            "PURCHASES", "Purchases", "cost", needed=True, help="Received until the loss, goods on the way left out."
        ),
        Asked("PURCHASE_RETURNS", "Purchase returns", "cost"),
        Asked("FREIGHT_IN", "Freight in", "cost"),
        Asked("SALES", "Sales", "retail", needed=True, help="Delivered until the loss."),
        Asked("SALES_RETURNS", "Sales returns", "retail"),
        Asked(
            "MARGIN", "Gross margin of sales, %", "rate", help="Of the years before, by line of goods if it differs."
        ),
        Asked(
            "MARKUP", "or markup on cost, %", "rate", help="Instead of the margin: 50 % on cost is a third of sales."
        ),
        *_SAVED,
    ),
    RETAIL: (
        Asked("OPENING", "Opening stock", "both", needed=True, help="The last stock that was counted or audited."),
        Asked(
            "PURCHASES", "Purchases", "both", needed=True, help="Received until the loss, goods on the way left out."
        ),
        Asked("PURCHASE_RETURNS", "Purchase returns", "both"),
        Asked("FREIGHT_IN", "Freight in", "cost"),
        Asked("MARK_UPS", "Markups", "retail", help="Above the first selling price."),
        Asked("MARK_UP_CANCELLATIONS", "Markups taken back", "retail"),
        Asked("MARK_DOWNS", "Markdowns", "retail", help="Below the first selling price."),
        Asked("MARK_DOWN_CANCELLATIONS", "Markdowns taken back", "retail"),
        Asked("SALES", "Sales", "retail", needed=True, help="Delivered until the loss."),
        Asked("SALES_RETURNS", "Sales returns", "retail"),
        Asked("STAFF_DISCOUNTS", "Discounts to staff", "retail"),
        Asked("NORMAL_SHRINKAGE", "Usual shrinkage", "retail", help="What always goes missing until a loss like this."),
        *_SAVED,
    ),
}


@dataclass(frozen=True, slots=True)
class Figure:
    """cost, retail: raw money; rate: 10^6."""

    cost: int = 0
    retail: int = 0
    rate: int | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """A line of the calculation. code: of the figure that it takes, "" for what is worked out. rate: 10^6, to read."""

    label: str
    cost: int | None = None
    retail: int | None = None
    rate: int | None = None
    code: str = ""
    total: bool = False


@dataclass(frozen=True, slots=True)
class Worked:
    """estimated: the stock that was there, at cost; at_retail: at selling prices, None by the gross profit method;
    saved: what of it is left; loss: the difference, nil at least."""

    steps: tuple[Step, ...]
    estimated: int
    at_retail: int | None
    saved: int
    loss: int


def worked(*, method: str, variant: str, figures: Mapping[str, Figure], exponent: int) -> Worked:
    """BadInput where a figure is missing or negative, or where what was sold was never there."""
    _whole(method, figures)
    if method == RETAIL:
        return _retail(variant, figures, exponent)
    return _gross_profit(figures, exponent)


def _whole(method: str, figures: Mapping[str, Figure]) -> None:
    asked = {one.code: one for one in FIGURES[method]}
    for code, figure in figures.items():
        if code not in asked:
            raise BadInput(f"'{code}' is no figure of this method.")
        if figure.cost < 0 or figure.retail < 0:
            raise BadInput(f"{asked[code].label}: enter it without a sign; returns and cancellations stand apart.")
    for one in asked.values():
        if one.needed and one.code not in figures:
            raise BadInput(f"{one.label}: this figure is missing; enter 0 where there was none, and its source.")
    if method == GROSS_PROFIT and ("MARGIN" in figures) == ("MARKUP" in figures):
        raise BadInput("Give the gross margin of sales or the markup on cost, one of them, with its source.")


def _of(figures: Mapping[str, Figure], code: str) -> Figure:
    return figures.get(code) or Figure()


def _net(figures: Mapping[str, Figure], code: str, less: str) -> tuple[int, int]:
    one, other = _of(figures, code), _of(figures, less)
    return one.cost - other.cost, one.retail - other.retail


def _taken(figures: Mapping[str, Figure], method: str, code: str, *, less: bool = False) -> list[Step]:
    """The line of a figure, none where it was not given."""
    figure = figures.get(code)
    if figure is None:
        return []
    asked = next(one for one in FIGURES[method] if one.code == code)
    sign = -1 if less else 1
    label = f"less {asked.label[0].lower()}{asked.label[1:]}" if less else asked.label
    cost = sign * figure.cost if asked.side in ("cost", "both") else None
    retail = sign * figure.retail if asked.side in ("retail", "both") else None
    return [Step(label, cost, retail, figure.rate, code)]


def _ends(figures: Mapping[str, Figure], method: str, estimated: int) -> tuple[list[Step], int, int]:
    saved = _of(figures, "SAVED").cost + _of(figures, "SALVAGE").cost
    if saved > estimated:
        raise BadInput(
            "What was saved is worth more than all that should have been there. Look for purchases that are missing."
        )
    loss = loss_without_records(Estimated(estimated), saved=saved)
    steps = [
        Step("Stock that was there, estimated at cost", cost=estimated, total=True),
        *_taken(figures, method, "SAVED", less=True),
        *_taken(figures, method, "SALVAGE", less=True),
        Step("Estimated loss", cost=loss, total=True),
    ]
    return steps, saved, loss


def _gross_profit(figures: Mapping[str, Figure], exponent: int) -> Worked:
    method = GROSS_PROFIT
    purchases, _ = _net(figures, "PURCHASES", "PURCHASE_RETURNS")
    purchases += _of(figures, "FREIGHT_IN").cost
    _, sales = _net(figures, "SALES", "SALES_RETURNS")
    code = "MARGIN" if "MARGIN" in figures else "MARKUP"
    margin = figures[code].rate or 0
    opening = figures["OPENING"].cost
    found = gross_profit_estimate(
        opening=opening, purchases=purchases, sales=sales, margin=margin, exponent=exponent, of_cost=code == "MARKUP"
    )
    all_goods = opening + purchases
    ends, saved, loss = _ends(figures, method, found.cost)
    formula = "1 - margin" if code == "MARGIN" else "1 / (1 + markup)"
    steps = (
        *_taken(figures, method, "OPENING"),
        *_taken(figures, method, "PURCHASES"),
        *_taken(figures, method, "PURCHASE_RETURNS", less=True),
        *_taken(figures, method, "FREIGHT_IN"),
        Step("Goods available for sale", cost=all_goods, total=True),
        *_taken(figures, method, "SALES"),
        *_taken(figures, method, "SALES_RETURNS", less=True),
        Step("Net sales", retail=sales, total=True),
        *_taken(figures, method, code),
        Step(f"less cost of what was sold: net sales x ({formula})", cost=found.cost - all_goods),
        *ends,
    )
    return Worked(steps, found.cost, None, saved, loss)


def _retail(variant: str, figures: Mapping[str, Figure], exponent: int) -> Worked:
    opening = Goods(figures["OPENING"].cost, figures["OPENING"].retail)
    cost, retail = _net(figures, "PURCHASES", "PURCHASE_RETURNS")
    purchases = Goods(cost + _of(figures, "FREIGHT_IN").cost, retail)
    _, mark_ups = _net(figures, "MARK_UPS", "MARK_UP_CANCELLATIONS")
    _, mark_downs = _net(figures, "MARK_DOWNS", "MARK_DOWN_CANCELLATIONS")
    _, sales = _net(figures, "SALES", "SALES_RETURNS")
    usual = _of(figures, "STAFF_DISCOUNTS").retail + _of(figures, "NORMAL_SHRINKAGE").retail
    found = retail_estimate(
        opening=opening,
        purchases=purchases,
        sales=sales,
        exponent=exponent,
        mark_ups=mark_ups,
        mark_downs=mark_downs,
        usual_losses=usual,
        lower_of_cost_and_market=variant == CONVENTIONAL,
        fifo=variant == FIFO,
    )
    ends, saved, loss = _ends(figures, RETAIL, found.cost)
    whole = Goods(opening.cost + purchases.cost, opening.retail + purchases.retail + mark_ups)
    middle = _ratio(variant, opening, whole, mark_downs)
    steps = (
        *_taken(figures, RETAIL, "OPENING"),
        *_taken(figures, RETAIL, "PURCHASES"),
        *_taken(figures, RETAIL, "PURCHASE_RETURNS", less=True),
        *_taken(figures, RETAIL, "FREIGHT_IN"),
        *_taken(figures, RETAIL, "MARK_UPS"),
        *_taken(figures, RETAIL, "MARK_UP_CANCELLATIONS", less=True),
        *([Step("Goods and markups", whole.cost, whole.retail, total=True)] if variant != CONVENTIONAL else []),
        *(middle if variant == CONVENTIONAL else []),
        *_taken(figures, RETAIL, "MARK_DOWNS", less=True),
        *_taken(figures, RETAIL, "MARK_DOWN_CANCELLATIONS"),
        *(middle if variant != CONVENTIONAL else []),
        *_taken(figures, RETAIL, "SALES", less=True),
        *_taken(figures, RETAIL, "SALES_RETURNS"),
        *_taken(figures, RETAIL, "STAFF_DISCOUNTS", less=True),
        *_taken(figures, RETAIL, "NORMAL_SHRINKAGE", less=True),
        Step("Stock that was there, at selling prices", retail=found.at_retail, total=True),
        *ends,
    )
    return Worked(steps, found.cost, found.at_retail, saved, loss)


def _ratio(variant: str, opening: Goods, whole: Goods, mark_downs: int) -> list[Step]:
    """The base of the ratio, and the ratio itself to read; the amounts are worked out from the base, not from it."""
    if variant == CONVENTIONAL:
        return [
            Step("Goods available, before markdowns", whole.cost, whole.retail, total=True),
            Step("Ratio of cost to selling price", rate=_part(whole.cost, whole.retail)),
        ]
    base = Goods(whole.cost, whole.retail - mark_downs)
    steps = [Step("Goods available, after markdowns", base.cost, base.retail, total=True)]
    if variant == FIFO:
        base = Goods(base.cost - opening.cost, base.retail - opening.retail)
        steps.append(Step("of these purchases, from which what is left comes first", base.cost, base.retail))
    return [*steps, Step("Ratio of cost to selling price", rate=_part(base.cost, base.retail))]


def _part(cost: int, retail: int) -> int:
    return divide_half_away(cost * 10**RATE_SCALE, retail)
