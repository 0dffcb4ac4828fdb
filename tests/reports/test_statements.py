"""The statements by themselves: facts in, figures out."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inventory.models import MovementKind
from writeoffs.reports.statements.impact import AccountFact, impact_statement
from writeoffs.reports.statements.losses import LossFact, loss_table
from writeoffs.reports.statements.register import LineFact, register_line, unit_cost_of
from writeoffs.reports.statements.rollforward import (
    ALLOWANCE_COLUMNS,
    GROSS_COLUMNS,
    MovementFact,
    RollColumn,
    roll_forward,
)
from writeoffs.valuation.rules.tax import TaxPolicy

DAY = dt.date(2026, 3, 16)
POLICY = TaxPolicy("RECOGNITION", Decimal("0.25"), "EUR")
LINE = LineFact(
    number="WO-2026-0001",
    kind="Write-off",
    event_on=DAY,
    found_on=DAY,
    posted_on=DAY,
    period="2026-03",
    sku="LAMP",
    description="",
    lot_id=1,
    lot="L1",
    location="MAIN",
    category="Lamps",
    reason="Expiry",
    quantity=Decimal(-50),
    unit_cost=Decimal(40),
    cost=Decimal(-2000),
    allowance=Decimal(-50),
    loss=Decimal(1950),
    preparer="P",
    approver="A",
    poster="C",
    evidence=0,
    entry="2026-000001",
)


# --- roll-forwards


@pytest.mark.parametrize("columns", [GROSS_COLUMNS, ALLOWANCE_COLUMNS], ids=["gross", "allowance"])
def test_no_kind_of_movement_stands_in_two_columns(columns: tuple[RollColumn, ...]) -> None:
    kinds = [kind for column in columns for kind in column.kinds]
    assert len(kinds) == len(set(kinds))
    assert set(kinds) <= set(MovementKind.values)


def test_every_kind_that_can_move_cost_or_allowance_has_its_column() -> None:
    assert {kind for column in GROSS_COLUMNS for kind in column.kinds} == set(MovementKind.values)
    assert {kind for column in ALLOWANCE_COLUMNS for kind in column.kinds} == set(MovementKind.values)


amounts = st.decimals(min_value=-(10**9), max_value=10**9, places=2)
facts = st.lists(
    st.builds(
        MovementFact,
        class_id=st.one_of(st.none(), st.integers(1, 4)),
        kind=st.sampled_from(MovementKind.values),
        before=st.booleans(),
        amount=amounts,
    ),
    max_size=40,
)


@pytest.mark.parametrize("columns", [GROSS_COLUMNS, ALLOWANCE_COLUMNS], ids=["gross", "allowance"])
@given(movements=facts)
def test_opening_and_movements_make_the_closing_of_every_class_and_of_the_total(
    columns: tuple[RollColumn, ...], movements: list[MovementFact]
) -> None:
    roll = roll_forward(columns=columns, names={1: "A", 2: "B", 3: "C", 4: "D"}, movements=movements, gl={})
    for row in (*roll.rows, roll.total):
        assert row.opening + sum(row.amounts) == row.closing
        assert row.difference == row.closing
    assert roll.total.closing == sum(fact.amount for fact in movements)


def test_the_worked_case_of_the_roll_forward_closes_at_its_figures() -> None:
    """P33: gross 226,500 and allowance 15,700."""
    gross = [
        MovementFact(1, "OPENING", True, Decimal(200_000)),
        MovementFact(1, "RECEIPT", False, Decimal(540_000)),
        MovementFact(1, "SALE", False, Decimal(-505_000)),
        MovementFact(1, "WRITE_OFF", False, Decimal(-9_000)),
        MovementFact(1, "COUNT", False, Decimal(-1_500)),
        MovementFact(1, "EXCHANGE", False, Decimal(2_000)),
    ]
    allowance = [
        MovementFact(1, "OPENING", True, Decimal(18_000)),
        MovementFact(1, "WRITE_DOWN", False, Decimal(11_000)),
        MovementFact(1, "REVERSAL", False, Decimal(-2_500)),
        MovementFact(1, "WRITE_OFF", False, Decimal(-7_000)),
        MovementFact(1, "RELEASE", False, Decimal(-4_000)),
        MovementFact(1, "EXCHANGE", False, Decimal(200)),
    ]
    names = {1: "Goods"}
    one = roll_forward(columns=GROSS_COLUMNS, names=names, movements=gross, gl={1: Decimal(226_500)})
    two = roll_forward(columns=ALLOWANCE_COLUMNS, names=names, movements=allowance, gl={1: Decimal(15_700)})
    assert (one.total.opening, one.total.closing, one.differing) == (200_000, 226_500, ())
    assert (two.total.opening, two.total.closing, two.differing) == (18_000, 15_700, ())
    assert [column.key for column in one.columns] == ["receipts", "issued", "written_off", "count", "exchange"]


def test_a_class_that_only_the_ledger_knows_is_shown_with_its_difference() -> None:
    roll = roll_forward(columns=GROSS_COLUMNS, names={7: "Ghost"}, movements=[], gl={7: Decimal(12)})
    assert [(row.name, row.difference) for row in roll.differing] == [("Ghost", Decimal(-12))]


def test_a_class_without_any_figure_is_left_out() -> None:
    nil = [MovementFact(1, "TRANSFER", False, Decimal(0))]
    assert roll_forward(columns=GROSS_COLUMNS, names={1: "A"}, movements=nil, gl={}).rows == ()


# --- register


def test_gross_is_allowance_used_and_net_loss_together() -> None:
    line = register_line(LINE, void=False, currency="EUR")
    assert (line.gross, line.allowance_used, line.net_loss) == (2000, 50, 1950)


def test_a_void_shows_the_same_figures_with_their_signs_turned() -> None:
    line = register_line(LINE, void=True, currency="EUR")
    assert (line.quantity, line.gross, line.allowance_used, line.net_loss) == (50, -2000, -50, -1950)


def test_a_write_down_makes_an_allowance_and_uses_none() -> None:
    fact = replace(LINE, quantity=Decimal(0), cost=Decimal(0), allowance=Decimal(200), loss=Decimal(200))
    line = register_line(fact, void=False, currency="EUR")
    assert (line.gross, line.allowance_used, line.net_loss) == (200, 0, 200)


def test_units_found_are_a_gain_at_cost() -> None:
    fact = replace(LINE, quantity=Decimal(2), cost=Decimal(90), allowance=Decimal(0), loss=Decimal(-90))
    line = register_line(fact, void=False, currency="EUR")
    assert (line.gross, line.allowance_used, line.net_loss) == (-90, 0, -90)


@pytest.mark.parametrize(
    ("quantity", "cost", "listed", "shown"),
    [("-7", "-8.64", "1.2345", "1.2345"), ("-7", "-8.64", "1.50", "1.234286"), ("0", "0", "1.50", "1.50")],
    ids=["the listed cost explains it", "a later list changed it", "no units moved"],
)
def test_unit_cost_is_the_listed_one_only_where_it_explains_the_cost(
    quantity: str, cost: str, listed: str, shown: str
) -> None:
    assert unit_cost_of(Decimal(quantity), Decimal(cost), Decimal(listed), "EUR") == Decimal(shown)


# --- impact


def loss(amount: int, *, void: bool = False) -> list[AccountFact]:
    debit, credit = (Decimal(0), Decimal(amount)) if void else (Decimal(amount), Decimal(0))
    return [
        AccountFact("WRITE_DOWN_EXPENSE", "5100", "Write-downs", debit, credit, void),
        AccountFact("INVENTORY", "1400", "Inventory", credit, debit, void),
    ]


def test_the_impact_of_a_loss_goes_through_profit_inventory_tax_and_leaves_cash() -> None:
    statement = impact_statement(current=loss(1000), prior=None, policy=POLICY)
    income = {line.key: line.current for line in statement.income_statement}
    assert (income["profit_before_tax"], income["CURRENT_TAX_EXPENSE"], income["net_profit"]) == (-1000, 250, -750)
    balance = {line.key: line.current for line in statement.balance_sheet}
    assert (balance["net_inventory"], balance["cash"], balance["CURRENT_TAX_PAYABLE"]) == (-1000, 0, 250)
    assert balance["net_assets"] == balance["result"] == -750
    cash = [line.current for line in statement.cash_flow]
    assert cash == [-750, 1000, 0, -250, 0]


def test_lines_with_tax_by_policy_are_marked_and_lead_nowhere() -> None:
    statement = impact_statement(current=loss(1000), prior=None, policy=POLICY)
    lines = {line.key: line for line in (*statement.income_statement, *statement.balance_sheet)}
    assert lines["CURRENT_TAX_EXPENSE"].computed
    assert lines["CURRENT_TAX_PAYABLE"].computed
    assert lines["net_profit"].roles == lines["net_assets"].roles == lines["CURRENT_TAX_EXPENSE"].roles == ()
    assert lines["profit_before_tax"].roles == ("WRITE_DOWN_EXPENSE",)


def test_a_void_takes_the_loss_back_in_a_column_of_its_own() -> None:
    statement = impact_statement(current=[*loss(1000), *loss(400, void=True)], prior=None, policy=POLICY)
    line = next(line for line in statement.income_statement if line.key == "profit_before_tax")
    assert (line.current, line.voids) == (-600, 400)
    assert [(row.code, row.debit, row.credit, row.of_which_voids) for row in statement.journal] == [
        ("1400", 400, 1000, 400),
        ("5100", 1000, 400, -400),
    ]
    assert statement.total_debit == statement.total_credit == 1400


def test_the_change_against_the_prior_period_is_given_in_amount_and_percent() -> None:
    statement = impact_statement(current=loss(1000), prior=loss(300), policy=POLICY)
    line = next(line for line in statement.income_statement if line.key == "profit_before_tax")
    assert (line.prior, line.change, line.percent) == (-300, -700, Decimal("-233.3"))
    nothing = impact_statement(current=loss(1000), prior=[], policy=POLICY)
    assert nothing.income_statement[0].percent is None
    assert nothing.income_statement[0].prior == 0


def test_a_span_without_entries_gives_statements_of_nil() -> None:
    statement = impact_statement(current=[], prior=None, policy=POLICY)
    every = (*statement.income_statement, *statement.balance_sheet, *statement.cash_flow)
    assert {line.current for line in every} == {Decimal(0)}
    assert statement.journal == ()


# --- losses by month and reason


def test_the_loss_table_leaves_out_reasons_without_a_figure_and_nets_voids() -> None:
    table = loss_table(
        [LossFact("2026-02", "FIRE", Decimal(5)), LossFact("2026-03", "FIRE", Decimal(-5))],
        months=["2026-02", "2026-03"],
        reasons=["EXPIRY", "FIRE"],
    )
    assert table.reasons == ("FIRE",)
    assert table.values == ((Decimal(5),), (Decimal(-5),))
    assert (table.by_month, table.by_reason, table.total) == ((5, -5), (0,), 0)
