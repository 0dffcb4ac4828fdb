"""Every worked case, through the product: `make cases` tells them one by one, this makes each of them a test."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.cases import every_kind  # noqa: F401
from tests.cases.compare import differences, legs_differ, legs_expected
from tests.cases.given import Case, Given, NotUnderstood, cases_of, plain_figure
from tests.cases.run import run, told

HERE = Path(__file__).parent
CASES, METHODS, TEXTBOOK = (cases_of(HERE / f"{name}.json") for name in ("worked_examples", "methods", "textbook"))


@pytest.mark.django_db
@pytest.mark.parametrize("case", [*CASES, *METHODS, *TEXTBOOK], ids=lambda case: case.id)
def test_the_product_gives_what_the_case_expects(case: Case) -> None:
    assert run(case) == ""


def test_there_are_thirty_five_cases_and_a_textbook_of_every_kind_but_the_statements() -> None:
    assert len(CASES) == 35
    kinds = {case.inputs["kind"] for case in CASES}
    assert kinds - {case.inputs["kind"] for case in TEXTBOOK} == {"cashflow", "ratios", "sale"}


def entry(debit: str, credit: str, amount: str, **more: Any) -> list[dict[str, Any]]:
    return [
        {"entry": 1, "account": debit, "debit": amount, "credit": "0.00", **more},
        {"entry": 1, "account": credit, "debit": "0.00", "credit": amount, **more},
    ]


def test_a_case_that_expects_something_else_is_told_by_its_first_difference() -> None:
    """The comparison itself: a wrong figure, a missing key, another leg."""
    assert list(differences({"a": "1.00"}, {"a": 2}, "x")) == ["x.a: expected 1.00, the product gives 2"]
    assert list(differences({"a": "1.00"}, {}, "x")) == ["x.a: expected 1.00, the product gives none"]
    assert list(differences({"a": []}, {}, "x")) == ["x.a: expected [], the product gives none"]
    assert not list(differences({"a": "1.00", "a_note": "said for people"}, {"a": 1}, "x"))
    assert not list(
        differences({"a": "USD 1,000.00", "b_pct": "40 %", "c": "0.4"}, {"a": 1000, "b_pct": 40, "c": "40%"}, "x")
    )
    assert not list(differences({"COGS": "0.00"}, {}, "income_statement"))
    journal = entry("COGS", "INVENTORY", "5.00")
    other = [{**line, "debit": line["debit"].replace("5", "6")} for line in journal]
    assert "expected [COGS Dr 5.00" in legs_differ(legs_expected(journal), legs_expected(other))
    assert not legs_differ(legs_expected(journal), legs_expected(journal))


def test_legs_may_be_one_entry_and_pass_through_what_is_owed_but_are_never_netted() -> None:
    two = legs_expected(entry("COGS", "INVENTORY", "5.00")) + legs_expected(entry("CASH", "REVENUE", "9.00"))
    one = legs_expected(entry("COGS", "INVENTORY", "5.00") + entry("CASH", "REVENUE", "9.00"))
    assert not legs_differ(one, two)
    owed = legs_expected(entry("RECEIVABLE", "REVENUE", "9.00")) + legs_expected(entry("CASH", "RECEIVABLE", "9.00"))
    assert not legs_differ(legs_expected(entry("CASH", "REVENUE", "9.00")), owed)
    short, over = entry("SHRINKAGE_EXPENSE", "INVENTORY", "9.00"), entry("INVENTORY", "SHRINKAGE_EXPENSE", "4.00")
    net = legs_expected(entry("SHRINKAGE_EXPENSE", "INVENTORY", "5.00"))
    assert legs_differ(net, legs_expected(short) + legs_expected(over))
    later = legs_expected(entry("COGS", "INVENTORY", "5.00", period="Y2"))
    assert legs_differ(legs_expected(entry("COGS", "INVENTORY", "5.00", period="Y1")), later)


@pytest.mark.parametrize(
    ("written", "plain"),
    [
        *(("1,234.50", "1234.50"), ("$1,200", "1200"), ("(500.00)", "-500.00"), ("25%", "0.25"), ("12.5 %", "0.125")),
        *(("EUR 100", "100"), ("-$5.00", "-5.00"), ("0-180", "0-180"), ("731+", "731+"), ("2026-01-05", "2026-01-05")),
        *(("K1", "K1"), ("001", "001"), ("", "")),
    ],
)
def test_a_figure_is_read_as_people_write_it(written: str, plain: str) -> None:
    assert plain_figure(written) == plain


def test_what_is_missing_unread_or_no_figure_is_named() -> None:
    given = Given({"lines": [{"sku": "A", "book": "many"}], "more": {"a": 1}, "note": "for people", "none": None})
    (line,) = given["lines"]
    assert line["sku"] == "A"
    assert list(given.unread()) == ["inputs.lines[1].book", "inputs.more"]
    with pytest.raises(NotUnderstood, match=r"inputs.lines\[1\].book: 'many' is no figure"):
        line.figure("book")
    with pytest.raises(NotUnderstood, match=r"inputs.rate is missing"):
        given.figure("rate")
    with pytest.raises(NotUnderstood, match="'maybe' is not one of NO, YES"):
        Given({"status": "maybe"}).word("status", {"YES": "Y", "NO": "N"})


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"inputs": {"kind": "hedge"}}, "inputs.kind: 'hedge' is not one of approval,"),
        ({"standard": "HGB"}, "standard: 'HGB' is neither IFRS nor US_GAAP"),
        ({"inputs": {"kind": "writeoff", "quantity": "1", "fair_value": "2"}}, "inputs.unit_cost is missing"),
        ({"expected": {"net_note": "nothing but a note"}}, "expected says nothing that could be compared"),
        ({}, "inputs.fair_value: nothing in a case of kind writeoff is told by it"),
    ],
)
def test_a_case_that_is_not_understood_is_told_by_the_key(change: dict[str, Any], said: str) -> None:
    inputs = {"kind": "writeoff", "quantity": "1", "unit_cost": "3", "fair_value": "2"}
    parts: dict[str, Any] = {"standard": "IFRS", "inputs": inputs, "expected": {"journal": []}, **change}
    assert told(Case("X", "", **parts)).startswith(f"not understood: {said}")


@pytest.mark.django_db
def test_a_key_that_the_product_does_not_give_is_a_difference_and_a_refusal_is_a_line() -> None:
    inputs = {"kind": "writeoff", "quantity": "1", "unit_cost": "3"}
    assert (
        told(Case("X", "", "IFRS", inputs, {"fair_value": "3.00"}))
        == "fair_value: expected 3.00, the product gives none"
    )
    assert told(Case("X", "", "IFRS", {**inputs, "write_off_quantity": "2"}, {"journal": []})).startswith(
        "the product refuses: "
    )
