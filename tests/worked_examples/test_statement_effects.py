"""The statements of the worked cases: each case's own journal must give its own profit, balance sheet and cash flow."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from writeoffs.ledger.effects import Effects, effects
from writeoffs.valuation.rules.tax import TaxPolicy, impact, tax_effect

CASES = json.loads((Path(__file__).parent / "worked_examples.json").read_text())["cases"]
BY_ID = {case["id"]: case for case in CASES}
SUMS = {"gross_profit_effect", "profit_before_tax_effect", "profit_after_tax_effect", "net_inventory_change"}


def pairs_of(case: dict[str, Any], *, period: str | None = None) -> list[tuple[str, Decimal]]:
    return [
        (line["account"], Decimal(line["debit"]) - Decimal(line["credit"]))
        for line in case["expected"]["journal"]
        if period is None or line.get("period") == period
    ]


def figures(expected: dict[str, str]) -> dict[str, Decimal]:
    return {name: Decimal(text) for name, text in expected.items()}


def by_role(pairs: tuple[tuple[str, Decimal], ...]) -> dict[str, Decimal]:
    return dict(pairs)


def every_case(test: Any) -> Any:
    return pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])(test)


def of(case: dict[str, Any]) -> Effects:
    return effects(pairs_of(case))


def test_there_are_thirty_five_cases() -> None:
    assert len(BY_ID) == 35


@every_case
def test_the_journal_gives_the_income_statement_of_the_case(case: dict[str, Any]) -> None:
    result, expected = of(case), figures(case["expected"]["income_statement"])
    assert result.gross_profit == expected["gross_profit_effect"]
    assert result.profit_before_tax == expected["profit_before_tax_effect"]
    assert result.profit_after_tax == expected["profit_after_tax_effect"]
    assert by_role(result.income_statement) == {role: v for role, v in expected.items() if role not in SUMS}


@every_case
def test_the_journal_gives_the_balance_sheet_of_the_case(case: dict[str, Any]) -> None:
    result, expected = of(case), figures(case["expected"]["balance_sheet"])
    assert result.net_inventory == expected["net_inventory_change"]
    assert by_role(result.balance_sheet) == {role: v for role, v in expected.items() if role not in SUMS}


@every_case
def test_the_journal_gives_the_cash_flow_of_the_case(case: dict[str, Any]) -> None:
    flow, expected = of(case).cash_flow, figures(case["expected"]["cash_flow"])
    assert flow.profit == expected["profit_after_tax_effect"]
    assert flow.losses_added_back == expected["add_back_inventory_losses"]
    assert flow.change_in_inventories == expected["change_in_inventories_excluding_losses"]
    assert flow.change_in_other_balances == expected["change_in_other_balances"]
    assert flow.equity_only_items == expected.get("equity_only_items", 0)
    assert flow.cash == expected["net_cash_change"]


def test_tax_of_a_loss_deducted_at_disposal_is_the_deferred_tax_asset_of_case_p28() -> None:
    year_1 = [pair for pair in pairs_of(BY_ID["P28"], period="Y1") if "TAX" not in pair[0]]
    result = impact(year_1, policy=TaxPolicy("DISPOSAL", Decimal("0.21"), "USD"))
    assert result.tax.lines == (("DEFERRED_TAX_ASSET", Decimal(6300)), ("DEFERRED_TAX_EXPENSE", Decimal(-6300)))
    assert (result.whole.profit_after_tax, result.whole.cash) == (Decimal(-23700), 0)
    assert result.computed_roles == {"DEFERRED_TAX_ASSET", "DEFERRED_TAX_EXPENSE"}


def test_tax_of_a_loss_deducted_at_recognition_is_the_current_tax_of_case_p29() -> None:
    journal = [pair for pair in pairs_of(BY_ID["P29"]) if "TAX" not in pair[0]]
    result = impact(journal, policy=TaxPolicy("RECOGNITION", Decimal("0.21"), "USD"))
    expected = BY_ID["P29"]["expected"]
    assert dict(result.whole.income_statement)["CURRENT_TAX_EXPENSE"] == Decimal(630)
    assert dict(result.whole.balance_sheet)["CURRENT_TAX_PAYABLE"] == Decimal(630)
    assert result.whole.profit_after_tax == Decimal(expected["income_statement"]["profit_after_tax_effect"])
    assert result.whole.cash_flow.change_in_other_balances == Decimal(expected["cash_flow"]["change_in_other_balances"])
    assert result.whole.cash == 0


def test_tax_that_the_journal_books_itself_is_not_computed_a_second_time() -> None:
    result = impact(pairs_of(BY_ID["P29"]), policy=TaxPolicy("RECOGNITION", Decimal("0.21"), "USD"))
    assert result.tax.lines == ()
    assert result.whole == result.booked


def test_a_loss_that_is_never_deductible_is_a_permanent_difference_without_tax() -> None:
    result = tax_effect(loss=Decimal("1234.56"), policy=TaxPolicy("NEVER", Decimal("0.25"), "EUR"))
    assert (result.total, result.lines, result.permanent_difference) == (0, (), Decimal("1234.56"))


@pytest.mark.parametrize(
    ("loss", "currency", "tax"),
    [("0.02", "EUR", "0.01"), ("-0.02", "EUR", "-0.01"), ("6", "JPY", "2"), ("0.010", "KWD", "0.003")],
)
def test_tax_is_rounded_once_half_away_from_nil_to_the_currency(loss: str, currency: str, tax: str) -> None:
    result = tax_effect(loss=Decimal(loss), policy=TaxPolicy("RECOGNITION", Decimal("0.25"), currency))
    assert result.current == Decimal(tax)


def test_a_gain_costs_tax_by_the_same_policy() -> None:
    gain = [("INVENTORY", Decimal(100)), ("SHRINKAGE_EXPENSE", Decimal(-100))]
    result = impact(gain, policy=TaxPolicy("RECOGNITION", Decimal("0.25"), "EUR"))
    assert (result.whole.profit_after_tax, result.tax.current, result.whole.cash) == (75, -25, 0)


def test_a_role_that_does_not_exist_is_named() -> None:
    with pytest.raises(KeyError, match="GOODWILL"):
        effects([("GOODWILL", Decimal(1))])
