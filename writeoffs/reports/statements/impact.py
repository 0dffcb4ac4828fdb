"""The financial impact of a span or of one document. Pure.

Invariant: every figure is a sum of journal lines, but for the tax, which is computed by policy and marked so.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from core.money import MONEY_SCALE, divide_half_away, from_raw, to_raw
from writeoffs.ledger.effects import effects
from writeoffs.ledger.roles import LOSS_ROLES, NET_INVENTORY_ROLES, ROLES, Section
from writeoffs.reports.statements.restated import CorrectionFact
from writeoffs.valuation.rules.tax import Impact, TaxPolicy, impact, tax_effect

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class AccountFact:
    """Sums of one account's own lines in a span. void: lines of mirror entries that undo a document."""

    role: str
    code: str
    name: str
    debit: Decimal
    credit: Decimal
    void: bool = False

    @property
    def net(self) -> Decimal:
        return self.debit - self.credit


@dataclass(frozen=True, slots=True)
class JournalRow:
    """One account of the summarised journal, voids included in debit and credit; net: debit +, credit -."""

    role: str
    code: str
    name: str
    debit: Decimal
    credit: Decimal
    of_which_voids: Decimal

    @property
    def net(self) -> Decimal:
        return self.debit - self.credit


@dataclass(frozen=True, slots=True)
class StatementLine:
    """One line. roles: whose lines are behind it. computed: by policy, not posted. style: "", subtotal or total.
    corrections, prior_corrections: what each correction of an error does to the line, in the order in which they were
    given."""

    key: str
    label: str
    current: Decimal
    voids: Decimal
    prior: Decimal | None
    roles: tuple[str, ...] = ()
    computed: bool = False
    style: str = ""
    corrections: tuple[Decimal, ...] = ()
    prior_corrections: tuple[Decimal, ...] = ()

    @property
    def restated(self) -> Decimal:
        return self.current + sum(self.corrections, ZERO)

    @property
    def prior_restated(self) -> Decimal | None:
        return None if self.prior is None else self.prior + sum(self.prior_corrections, ZERO)

    @property
    def change(self) -> Decimal | None:
        """Between restated figures, which are those as reported where nothing is corrected."""
        return None if self.prior_restated is None else self.restated - self.prior_restated

    @property
    def percent(self) -> Decimal | None:
        """Change in percent of the prior figure's size, one decimal; None without a prior figure."""
        if not self.prior_restated or self.change is None:
            return None
        base = abs(to_raw(self.prior_restated, MONEY_SCALE))
        return from_raw(divide_half_away(to_raw(self.change, MONEY_SCALE) * 1000, base), 1)


@dataclass(frozen=True, slots=True)
class ImpactStatement:
    """What a span's own entries did. whole: their effects with the tax by policy."""

    journal: tuple[JournalRow, ...]
    income_statement: tuple[StatementLine, ...]
    balance_sheet: tuple[StatementLine, ...]
    cash_flow: tuple[StatementLine, ...]
    impact: Impact
    prior: Impact | None

    @property
    def total_debit(self) -> Decimal:
        return sum((row.debit for row in self.journal), ZERO)

    @property
    def total_credit(self) -> Decimal:
        return sum((row.credit for row in self.journal), ZERO)


@dataclass(frozen=True, slots=True)
class _Columns:
    """The impacts that a statement's line is read from."""

    current: Impact
    voids: Impact
    prior: Impact | None
    corrections: tuple[Impact, ...] = ()
    prior_corrections: tuple[Impact, ...] = ()
    tables: tuple[dict[str, Decimal], ...] = field(init=False)

    def __post_init__(self) -> None:
        tables = tuple(dict(i.whole.by_role) if i else {} for i in self.impacts)
        object.__setattr__(self, "tables", tables)

    @property
    def impacts(self) -> tuple[Impact | None, ...]:
        return (self.current, self.voids, self.prior, *self.corrections, *self.prior_corrections)

    def roles(self, sections: Iterable[Section]) -> list[str]:
        """The roles of some sections that have a figure in any column, in the order of the chart."""
        wanted = set(sections)
        return [r for r, info in ROLES.items() if info.section in wanted and any(r in t for t in self.tables)]

    def computed(self, role: str) -> bool:
        return any(role in i.computed_roles for i in (self.current, self.prior) if i)

    def line(self, role: str, sign: int) -> StatementLine:
        computed = self.computed(role)
        values = [table.get(role, ZERO) * sign + ZERO for table in self.tables]
        return self.made(role, ROLES[role].label, values, () if computed else (role,), computed=computed)

    def total(self, key: str, label: str, path: str, roles: tuple[str, ...], style: str = "subtotal") -> StatementLine:
        """A figure of Effects by its dotted name, in each column; roles: whose lines stand behind it."""
        values = [_read(i, path) if i else ZERO for i in self.impacts]
        return self.made(key, label, values, self.linked(roles), style=style)

    def linked(self, roles: Sequence[str]) -> tuple[str, ...]:
        """A figure with tax by policy in it has no lines that add up to it."""
        return () if any(self.computed(role) for role in roles) else tuple(roles)

    def made(
        self,
        key: str,
        label: str,
        values: Sequence[Decimal],
        roles: tuple[str, ...],
        *,
        computed: bool = False,
        style: str = "",
    ) -> StatementLine:
        """values: in the order of `impacts`."""
        current, voids, prior, *corrections = values
        own = len(self.corrections)
        shown = prior if self.prior else None
        return StatementLine(
            *(key, label, current, voids, shown, roles, computed, style),
            corrections=tuple(corrections[:own]),
            prior_corrections=tuple(corrections[own:]),
        )


def _read(of: Impact, path: str) -> Decimal:
    value: object = of.whole
    for name in path.split("."):
        value = getattr(value, name)
    assert isinstance(value, Decimal)
    return value


def impact_statement(
    *,
    current: Sequence[AccountFact],
    prior: Sequence[AccountFact] | None,
    policy: TaxPolicy,
    corrections: Sequence[CorrectionFact] = (),
    prior_corrections: Sequence[CorrectionFact] = (),
) -> ImpactStatement:
    """current: the span's own lines by account; prior: those of the span compared with, None for no comparison.
    corrections, prior_corrections: of errors whose events lie in either span; their tax is the posted one, so that
    policy adds none."""
    columns = _Columns(
        current=impact(((f.role, f.net) for f in current), policy=policy),
        voids=impact(((f.role, f.net) for f in current if f.void), policy=policy),
        prior=None if prior is None else impact(((f.role, f.net) for f in prior), policy=policy),
        corrections=tuple(_restating(c, policy) for c in corrections),
        prior_corrections=() if prior is None else tuple(_restating(c, policy) for c in prior_corrections),
    )
    return ImpactStatement(
        journal=_journal(current),
        income_statement=tuple(_income_lines(columns)),
        balance_sheet=tuple(_balance_lines(columns)),
        cash_flow=tuple(_cash_lines(columns)),
        impact=columns.current,
        prior=columns.prior,
    )


def _restating(correction: CorrectionFact, policy: TaxPolicy) -> Impact:
    booked = effects(correction.restated)
    return Impact(booked=booked, tax=tax_effect(loss=ZERO, policy=policy), whole=booked)


def _journal(facts: Sequence[AccountFact]) -> tuple[JournalRow, ...]:
    rows: dict[tuple[str, str], JournalRow] = {}
    for f in sorted(facts, key=lambda f: (f.code, f.role)):
        old = rows.get((f.code, f.role)) or JournalRow(f.role, f.code, f.name, ZERO, ZERO, ZERO)
        voids = old.of_which_voids + (f.net if f.void else ZERO)
        rows[f.code, f.role] = JournalRow(f.role, f.code, f.name, old.debit + f.debit, old.credit + f.credit, voids)
    return tuple(rows.values())


def _income_lines(columns: _Columns) -> Iterable[StatementLine]:
    gross = columns.roles((Section.REVENUE, Section.COST_OF_SALES))
    other = columns.roles((Section.OTHER,))
    tax = columns.roles((Section.TAX,))
    yield from (columns.line(role, -1) for role in gross)
    yield columns.total("gross_profit", "Gross profit", "gross_profit", tuple(gross))
    yield from (columns.line(role, -1) for role in other)
    yield columns.total("profit_before_tax", "Profit before tax", "profit_before_tax", (*gross, *other))
    if tax:
        yield from (columns.line(role, -1) for role in tax)
    else:
        yield columns.total("tax", "Tax", "tax", (), style="")
    yield columns.total("net_profit", "Net profit", "profit_after_tax", (*gross, *other, *tax), style="total")


def _balance_lines(columns: _Columns) -> Iterable[StatementLine]:
    stock = [r for r in columns.roles((Section.ASSET,)) if r in NET_INVENTORY_ROLES]
    rest = [r for r in columns.roles((Section.ASSET, Section.LIABILITY)) if r not in NET_INVENTORY_ROLES | {"CASH"}]
    equity = columns.roles((Section.EQUITY,))
    yield from (columns.line(role, 1) for role in stock)
    yield columns.total("net_inventory", "Net inventory", "net_inventory", tuple(stock))
    yield columns.total("cash", "Cash", "cash", ("CASH",), style="")
    yield from (columns.line(role, 1) for role in rest)
    yield _net_assets(columns, (*stock, *rest))
    yield from (columns.line(role, -1) for role in equity)
    income = columns.roles((Section.REVENUE, Section.COST_OF_SALES, Section.OTHER, Section.TAX))
    yield columns.total("result", "Result of the period", "profit_after_tax", tuple(income), style="")


def _net_assets(columns: _Columns, roles: Sequence[str]) -> StatementLine:
    """Assets less liabilities: what equity has gained or lost."""
    behind = (*roles, "CASH")
    values = [sum((table.get(role, ZERO) for role in behind), ZERO) for table in columns.tables]
    return columns.made("net_assets", "Net assets", values, columns.linked(behind), style="total")


def _cash_lines(columns: _Columns) -> Iterable[StatementLine]:
    income = columns.roles((Section.REVENUE, Section.COST_OF_SALES, Section.OTHER, Section.TAX))
    losses = [role for role in income if role in LOSS_ROLES]
    balances = columns.roles((Section.ASSET, Section.LIABILITY))
    stock = [role for role in balances if role in NET_INVENTORY_ROLES]
    rest = [role for role in balances if role not in NET_INVENTORY_ROLES | {"CASH"}]
    equity = columns.roles((Section.EQUITY,))
    parts = (
        ("cf_profit", "Net profit", "profit", income),
        ("cf_losses", "Inventory losses added back", "losses_added_back", losses),
        ("cf_inventories", "Change in inventories", "change_in_inventories", (*stock, *losses)),
        ("cf_other", "Change in other balances", "change_in_other_balances", rest),
        *((("cf_equity", "Taken straight to equity", "equity_only_items", equity),) if equity else ()),
    )
    for key, label, name, roles in parts:
        yield columns.total(key, label, f"cash_flow.{name}", tuple(roles), style="")
    yield columns.total("cf_cash", "Change in cash", "cash_flow.cash", ("CASH",), style="total")
