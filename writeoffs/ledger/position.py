"""Where an amount stands in income statement and balance sheet, and their totals. Pure.

Invariant: every amount stands in exactly one line, so that the lines of a balanced set of amounts add up to nil, and
assets = liabilities + equity + result whatever the chart is like.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from writeoffs.ledger.roles import Liquidity, Section

ZERO = Decimal(0)


class Place(enum.StrEnum):
    """A line of the statements. UNSAID_*: nobody has said how soon it turns into money; UNPLACED: in no section."""

    REVENUE = "REVENUE"
    COST_OF_SALES = "COST_OF_SALES"
    OTHER = "OTHER"
    TAX = "TAX"
    INVENTORY = "INVENTORY"
    QUICK = "QUICK"
    CURRENT = "CURRENT"
    NON_CURRENT = "NON_CURRENT"
    UNSAID_ASSETS = "UNSAID_ASSETS"
    CURRENT_LIABILITIES = "CURRENT_LIABILITIES"
    LATER_LIABILITIES = "LATER_LIABILITIES"
    UNSAID_LIABILITIES = "UNSAID_LIABILITIES"
    EQUITY = "EQUITY"
    UNPLACED = "UNPLACED"


INCOME = (Place.REVENUE, Place.COST_OF_SALES, Place.OTHER, Place.TAX)
ASSETS = (Place.INVENTORY, Place.QUICK, Place.CURRENT, Place.NON_CURRENT, Place.UNSAID_ASSETS)
LIABILITIES = (Place.CURRENT_LIABILITIES, Place.LATER_LIABILITIES, Place.UNSAID_LIABILITIES)
_ASSETS: dict[str, Place] = {
    Liquidity.QUICK: Place.QUICK,
    Liquidity.CURRENT: Place.CURRENT,
    Liquidity.NON_CURRENT: Place.NON_CURRENT,
}
_LIABILITIES: dict[str, Place] = {
    Liquidity.QUICK: Place.CURRENT_LIABILITIES,
    Liquidity.CURRENT: Place.CURRENT_LIABILITIES,
    Liquidity.NON_CURRENT: Place.LATER_LIABILITIES,
}
_SECTIONS: dict[str, Place] = {
    Section.REVENUE: Place.REVENUE,
    Section.COST_OF_SALES: Place.COST_OF_SALES,
    Section.OTHER: Place.OTHER,
    Section.TAX: Place.TAX,
    Section.EQUITY: Place.EQUITY,
}


def place_of(section: str, liquidity: str, *, inventory: bool = False) -> Place:
    """inventory: whether stock or its allowance stands there; then it is inventory, wherever the chart has it."""
    if inventory:
        return Place.INVENTORY
    if section == Section.ASSET:
        return _ASSETS.get(liquidity, Place.UNSAID_ASSETS)
    if section == Section.LIABILITY:
        return _LIABILITIES.get(liquidity, Place.UNSAID_LIABILITIES)
    return _SECTIONS.get(section, Place.UNPLACED)


@dataclass(frozen=True, slots=True)
class Item:
    """A part of one line: an account's balance, or what our entries have on it. amount: debit +, credit -. role: of our
    entry, "" on a trial balance. computed: by policy and not posted."""

    place: Place
    amount: Decimal
    code: str = ""
    role: str = ""
    cash: bool = False
    computed: bool = False


@dataclass(frozen=True, slots=True)
class Position:
    """The lines of some items. Profit figures: income +, expense -; assets: debit +; liabilities and equity: credit
    +."""

    amounts: dict[Place, Decimal]
    cash: Decimal = ZERO

    def of(self, *places: Place) -> Decimal:
        """Debit +, credit -."""
        return sum((self.amounts.get(place, ZERO) for place in places), ZERO)

    @property
    def revenue(self) -> Decimal:
        return ZERO - self.of(Place.REVENUE)

    @property
    def cost_of_sales(self) -> Decimal:
        """As a positive amount, as the ratios take it."""
        return self.of(Place.COST_OF_SALES)

    @property
    def gross_profit(self) -> Decimal:
        return ZERO - self.of(Place.REVENUE, Place.COST_OF_SALES)

    @property
    def profit_before_tax(self) -> Decimal:
        return self.gross_profit - self.of(Place.OTHER)

    @property
    def tax(self) -> Decimal:
        return ZERO - self.of(Place.TAX)

    @property
    def net_profit(self) -> Decimal:
        return ZERO - self.of(*INCOME)

    @property
    def inventory(self) -> Decimal:
        return self.of(Place.INVENTORY)

    @property
    def quick_assets(self) -> Decimal:
        return self.of(Place.QUICK)

    @property
    def current_assets(self) -> Decimal:
        return self.of(Place.INVENTORY, Place.QUICK, Place.CURRENT)

    @property
    def assets(self) -> Decimal:
        return self.of(*ASSETS)

    @property
    def current_liabilities(self) -> Decimal:
        return ZERO - self.of(Place.CURRENT_LIABILITIES)

    @property
    def liabilities(self) -> Decimal:
        return ZERO - self.of(*LIABILITIES)

    @property
    def equity(self) -> Decimal:
        """Without the result of the year, which stands in a line of its own."""
        return ZERO - self.of(Place.EQUITY)

    @property
    def is_unsaid(self) -> bool:
        """Whether some assets or liabilities are neither current nor non-current, so that no ratio can be given."""
        return any(self.amounts.get(p) for p in (Place.UNSAID_ASSETS, Place.UNSAID_LIABILITIES, Place.UNPLACED))


def position(*groups: Iterable[Item], less: Iterable[Item] = ()) -> Position:
    """The lines of all items, less those of `less`."""
    amounts: dict[Place, Decimal] = {}
    cash = ZERO
    for sign, items in ((1, (item for group in groups for item in group)), (-1, less)):
        for item in items:
            amounts[item.place] = amounts.get(item.place, ZERO) + sign * item.amount
            cash += sign * item.amount if item.cash else ZERO
    return Position(amounts, cash)
