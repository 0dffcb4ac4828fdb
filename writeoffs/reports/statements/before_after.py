"""Income statement, balance sheet, ratios and operating cash flow before and after our own entries. Pure.

Invariant: before + our entries = after, and trial balance + what the ERP lacked = after, on every line; the balance
sheet balances in every column. A ratio without a denominator, or with an account of which nobody has said how soon it
turns into money, is not given.

Sources: turnover = cost of sales / average net inventory, days of inventory = days / turnover, each with and without
our entries; cash flow in gross presentation (losses added back in full, inventories change without them, IAS 7.20(b))
and in net presentation (nothing added back), which come to the same cash.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from core.money import MONEY_SCALE, divide_half_away, from_raw, to_raw
from writeoffs.ledger.position import ASSETS, INCOME, LIABILITIES, Item, Place, Position, position

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Facts:
    """trial: the ERP's balances. missing: ours that it lacked. effect: ours in the days covered. days: how many those
    are. opening_inventory: net, None where unknown. losses: inventory losses that our entries charged."""

    trial: tuple[Item, ...]
    missing: tuple[Item, ...]
    effect: tuple[Item, ...]
    days: int
    opening_inventory: Decimal | None
    losses: Decimal


@dataclass(frozen=True, slots=True)
class Line:
    """One line; codes: the accounts of the trial balance behind it, roles: those of our entries; empty where the figure
    is no sum of posted lines."""

    key: str
    label: str
    trial: Decimal
    missing: Decimal
    effect: Decimal
    style: str = ""
    codes: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()

    @property
    def after(self) -> Decimal:
        return self.trial + self.missing

    @property
    def before(self) -> Decimal:
        return self.after - self.effect


@dataclass(frozen=True, slots=True)
class Ratio:
    """before, after: two decimals, rounded half away from nil once; None where it cannot be given."""

    key: str
    label: str
    before: Decimal | None
    after: Decimal | None

    @property
    def change(self) -> Decimal | None:
        return None if self.before is None or self.after is None else self.after - self.before


@dataclass(frozen=True, slots=True)
class CashLine:
    key: str
    label: str
    gross: Decimal
    net: Decimal
    style: str = ""


@dataclass(frozen=True, slots=True)
class BeforeAfter:
    """cash_flow: empty where the opening inventory is unknown. unsaid: amounts that keep the liquidity ratios away."""

    income: tuple[Line, ...]
    balance: tuple[Line, ...]
    ratios: tuple[Ratio, ...]
    cash_flow: tuple[CashLine, ...]
    is_unsaid: bool
    has_opening: bool


def before_after(facts: Facts) -> BeforeAfter:
    trial, missing, effect = position(facts.trial), position(facts.missing), position(facts.effect)
    after = position(facts.trial, facts.missing)
    before = position(facts.trial, facts.missing, less=facts.effect)
    lines = _Lines(facts, trial, missing, effect)
    return BeforeAfter(
        income=tuple(_income(lines)),
        balance=tuple(_balance(lines)),
        ratios=tuple(_ratios(facts, before, after)),
        cash_flow=tuple(_cash(facts, after)),
        is_unsaid=before.is_unsaid or after.is_unsaid,
        has_opening=facts.opening_inventory is not None,
    )


@dataclass(frozen=True, slots=True)
class _Lines:
    facts: Facts
    trial: Position
    missing: Position
    effect: Position

    def line(self, key: str, label: str, places: Sequence[Place], sign: int, style: str = "") -> Line:
        trial, missing, effect = (ZERO + sign * each.of(*places) for each in (self.trial, self.missing, self.effect))
        return Line(key, label, trial, missing, effect, style, self._codes(places), self._roles(places))

    def total(self, key: str, label: str, name: str, places: Sequence[Place], style: str = "subtotal") -> Line:
        trial, missing, effect = (getattr(each, name) for each in (self.trial, self.missing, self.effect))
        return Line(key, label, trial, missing, effect, style, self._codes(places), self._roles(places))

    def _codes(self, places: Sequence[Place]) -> tuple[str, ...]:
        return tuple(item.code for item in self.facts.trial if item.place in places and item.amount)

    def _roles(self, places: Sequence[Place]) -> tuple[str, ...]:
        """The roles whose lines add up to the figure: none where a role has lines elsewhere too, or tax by policy."""
        inside = [item for item in self.facts.effect if item.place in places]
        elsewhere = {item.role for item in self.facts.effect if item.place not in places}
        roles = {item.role for item in inside}
        if roles & elsewhere or any(item.computed for item in inside):
            return ()
        return tuple(sorted(roles))

    def has(self, *places: Place) -> bool:
        return any(each.amounts.get(place) for each in (self.trial, self.missing, self.effect) for place in places)


def _income(lines: _Lines) -> Iterable[Line]:
    gross = (Place.REVENUE, Place.COST_OF_SALES)
    yield lines.line("revenue", "Revenue", (Place.REVENUE,), -1)
    yield lines.line("cost_of_sales", "Cost of sales", (Place.COST_OF_SALES,), -1)
    yield lines.total("gross_profit", "Gross profit", "gross_profit", gross)
    yield lines.line("other", "Other income and expense", (Place.OTHER,), -1)
    yield lines.total("profit_before_tax", "Profit before tax", "profit_before_tax", (*gross, Place.OTHER))
    yield lines.line("tax", "Tax", (Place.TAX,), -1)
    yield lines.total("net_profit", "Net profit", "net_profit", INCOME, "total")


def _balance(lines: _Lines) -> Iterable[Line]:
    current = (Place.INVENTORY, Place.QUICK, Place.CURRENT)
    yield lines.line("inventory", "Net inventory", (Place.INVENTORY,), 1)
    yield lines.line("quick", "Cash and receivables", (Place.QUICK,), 1)
    yield lines.line("other_current", "Other current assets", (Place.CURRENT,), 1)
    yield lines.total("current_assets", "Current assets", "current_assets", current)
    yield lines.line("non_current", "Non-current assets", (Place.NON_CURRENT,), 1)
    if lines.has(Place.UNSAID_ASSETS):
        yield lines.line("unsaid_assets", "Assets, not said whether current", (Place.UNSAID_ASSETS,), 1)
    yield lines.total("assets", "Assets", "assets", ASSETS, "total")
    yield lines.line("current_liabilities", "Current liabilities", (Place.CURRENT_LIABILITIES,), -1)
    yield lines.line("later_liabilities", "Non-current liabilities", (Place.LATER_LIABILITIES,), -1)
    if lines.has(Place.UNSAID_LIABILITIES):
        yield lines.line("unsaid_liabilities", "Liabilities, not said whether current", (Place.UNSAID_LIABILITIES,), -1)
    yield lines.line("equity", "Equity brought forward", (Place.EQUITY,), -1)
    yield lines.line("result", "Result of these days", INCOME, -1)
    if lines.has(Place.UNPLACED):
        yield lines.line("unplaced", "Accounts without a section", (Place.UNPLACED,), -1)
    everything = (*LIABILITIES, Place.EQUITY, *INCOME, Place.UNPLACED)
    yield lines.line("liabilities_and_equity", "Liabilities and equity", everything, -1, "total")


def _ratios(facts: Facts, before: Position, after: Position) -> Iterable[Ratio]:
    columns = (before, after)

    def both(key: str, label: str, *pairs: tuple[Decimal, Decimal] | None) -> Ratio:
        return Ratio(key, label, *(None if pair is None else _divided(*pair) for pair in pairs))

    yield both("gross_margin", "Gross margin, %", *((p.gross_profit * 100, p.revenue) for p in columns))
    said = not (before.is_unsaid or after.is_unsaid)
    for key, label, name in (
        ("current", "Current ratio", "current_assets"),
        ("quick", "Quick ratio", "quick_assets"),
    ):
        pairs = ((getattr(p, name), p.current_liabilities) if said else None for p in columns)
        yield both(key, label, *pairs)
    opening = facts.opening_inventory
    averages = [None if opening is None else opening + p.inventory for p in columns]
    turns = [None if sum2 is None else (2 * p.cost_of_sales, sum2) for p, sum2 in zip(columns, averages, strict=True)]
    yield both("turnover", "Inventory turnover", *turns)
    days = [
        None if sum2 is None else (facts.days * sum2, 2 * p.cost_of_sales)
        for p, sum2 in zip(columns, averages, strict=True)
    ]
    yield both("days", "Days of inventory", *days)


def _divided(numerator: Decimal, denominator: Decimal) -> Decimal | None:
    """Two decimals; None where the denominator is nil or negative, since the ratio would mean nothing."""
    if denominator <= 0:
        return None
    raw = divide_half_away(to_raw(numerator, MONEY_SCALE) * 100, to_raw(denominator, MONEY_SCALE))
    return from_raw(raw, 2)


def _cash(facts: Facts, after: Position) -> Iterable[CashLine]:
    if facts.opening_inventory is None:
        return
    profit, losses = after.profit_before_tax, facts.losses
    change = after.inventory - facts.opening_inventory
    yield CashLine("profit", "Profit before tax", profit, profit)
    yield CashLine("add_back", "Inventory losses added back", losses, ZERO)
    yield CashLine("inventories", "Change in inventories", ZERO - (change + losses), ZERO - change)
    cash = profit - change
    yield CashLine("operating_cash", "Cash before other balances and tax", cash, cash, "total")
