"""What the check of a stock list says, row by row, before anything is kept."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from inventory.models import Item, Lot, StagedLot
from tests.conftest import Company
from tests.inventory.sheets import MARCH, check, lot_row, take_in, upload_of

WEEK = dt.timedelta(days=7)
pytestmark = pytest.mark.django_db


def complaints(company: Company, rows: list[dict[str, Any]], **fields: Any) -> list[tuple[str, str, int | None, str]]:
    """(level, code, row, message) of each complaint."""
    _, issues = check(upload_of(company, "stock_list", **fields), rows)
    return [(level, code, row, message) for level, code, row, _, _, message in issues.kept]


def the_only(company: Company, rows: list[dict[str, Any]], **fields: Any) -> tuple[str, str, int | None, str]:
    (complaint,) = complaints(company, rows, **fields)
    return complaint


def test_a_clean_list_has_nothing_to_complain_of(company: Company) -> None:
    assert complaints(company, [lot_row("A", "L1"), lot_row("A", "L2"), lot_row("B", "L1", "WH2")]) == []


def test_a_lot_that_stands_twice_is_an_error_that_names_both_rows(company: Company) -> None:
    level, code, row, message = the_only(company, [lot_row(), lot_row("B"), lot_row()])

    assert (level, code, row) == ("ERROR", "the_same_lot_twice", 4)
    assert "Rows 2 and 4 are both lot 'L1' of A at WH1" in message


def test_a_negative_unit_cost_is_an_error(company: Company) -> None:
    level, code, row, message = the_only(company, [lot_row(cost="-0.5")])

    assert (level, code, row) == ("ERROR", "negative_cost", 2)
    assert "-0.5 is below zero" in message


def test_a_negative_quantity_is_loaded_with_a_warning(company: Company) -> None:
    assert the_only(company, [lot_row(quantity="-3.5")])[:2] == ("WARNING", "negative_quantity")
    assert StagedLot.objects.get().quantity == -35000


def test_a_zero_cost_and_a_missing_cost_are_told_apart(company: Company) -> None:
    made = complaints(company, [lot_row("A", cost=0), lot_row("B", cost=None)])

    assert [(level, code) for level, code, _, _ in made] == [("WARNING", "zero_cost"), ("WARNING", "missing_cost")]


def test_a_missing_cost_leaves_the_one_that_the_books_know(company: Company) -> None:
    take_in(company, [lot_row(cost=7)])
    complaint = the_only(company, [lot_row(cost=None)], as_of=MARCH + WEEK)

    assert "The books' 7 stays" in complaint[3]


def test_a_row_without_a_category_goes_to_uncategorised_with_a_warning(company: Company) -> None:
    made = complaints(company, [lot_row("A", category=""), lot_row("A", "L2", category="")])

    assert [code for _, code, _, _ in made] == ["uncategorised", "uncategorised"]


def test_one_item_has_one_unit_of_measure(company: Company) -> None:
    level, code, row, message = the_only(
        company, [lot_row(unit_of_measure="kg"), lot_row(lot="L2", unit_of_measure="unit")]
    )

    assert (level, code, row) == ("ERROR", "another_unit_of_measure", 3)
    assert "row 2 says 'kg'" in message


def test_the_unit_of_measure_of_the_books_holds_for_later_lists(company: Company) -> None:
    take_in(company, [lot_row(unit_of_measure="kg")])
    assert "the books say 'kg'" in the_only(company, [lot_row(unit_of_measure="g")], as_of=MARCH + WEEK)[3]


def test_the_first_category_and_description_of_an_item_are_kept(company: Company) -> None:
    made = complaints(
        company,
        [
            lot_row(description="Flange"),
            lot_row(lot="L2", category="Food"),
            lot_row(lot="L3", description="Flansch"),
        ],
    )

    assert [(level, code, row) for level, code, row, _ in made] == [
        ("WARNING", "another_category", 3),
        ("WARNING", "another_description", 4),
    ]
    assert "row 2 says 'Tools', which is kept" in made[0][3]


def test_a_lot_that_expires_before_it_was_received_is_an_error(company: Company) -> None:
    made = the_only(company, [lot_row(received_on="2026-01-10", expires_on="2025-01-10")])

    assert made[:3] == ("ERROR", "dates_in_the_wrong_order", 2)


def test_a_lot_received_after_the_list_is_pointed_out(company: Company) -> None:
    assert the_only(company, [lot_row(received_on="2026-03-02")])[:2] == ("WARNING", "received_after_the_list")


@pytest.mark.parametrize("column", ["sku", "lot_code", "location", "description", "category"])
def test_names_that_look_like_formulas_are_kept_as_text_with_a_warning(company: Company, column: str) -> None:
    made = the_only(company, [{**lot_row(), column: "=1+1"}])

    assert made[:2] == ("WARNING", "looks_like_a_formula")


def test_a_lot_worth_more_than_can_be_kept_is_an_error(company: Company) -> None:
    assert the_only(company, [lot_row(quantity=1_000_000, cost=1_000_000)])[:2] == ("ERROR", "too_large")


def test_the_value_is_each_lot_rounded_half_up_and_added(company: Company) -> None:
    summary, _ = check(
        upload_of(company, "stock_list"),
        [lot_row("A", quantity=1, cost="0.005"), lot_row("B", quantity=-1, cost="0.005"), lot_row("C", cost="0.0004")],
    )

    assert (summary.rows, summary.quantity, summary.value) == (3, 10 * 10**4, 0)
    assert list(StagedLot.objects.order_by("row").values_list("cost", flat=True)) == [100, -100, 0]


def test_the_unit_of_the_currency_decides_the_rounding(company: Company) -> None:
    company.entity.currency = "JPY"
    company.entity.save()
    summary, _ = check(upload_of(company, "stock_list"), [lot_row(quantity=1, cost="10.5")])

    assert summary.value == 11 * 10**4


def test_the_preview_of_a_later_list_says_what_it_changes(company: Company) -> None:
    take_in(company, [lot_row("A", "L1"), lot_row("A", "L2"), lot_row("A", "L3"), lot_row("A", "L4")])
    summary, _ = check(
        upload_of(company, "stock_list", as_of=MARCH + WEEK),
        [lot_row("A", "L1"), lot_row("A", "L2", quantity=12), lot_row("A", "L3", cost=3), lot_row("B", "L9")],
    )

    figures = dict(summary.figures)
    assert figures["New"] == "1 lot, quantity 10, 20.00 EUR"
    assert figures["Changed"] == "2 lots"
    assert figures["Gone"] == "1 lot, quantity 10, 20.00 EUR"
    assert figures["Unchanged"] == "1 lot"
    assert figures["Revalued"] == "1 lot, 10.00 EUR"
    assert summary.commit_label == "Take over 4 changes"
    assert "1 lot worth 20.00 EUR are missing" in summary.notes[0]


def test_a_list_of_some_locations_says_nothing_of_the_others(company: Company) -> None:
    take_in(company, [lot_row("A", "L1", "WH1"), lot_row("A", "L2", "WH2")])
    summary, _ = check(
        upload_of(company, "stock_list", as_of=MARCH + WEEK, options={"scope": "locations"}),
        [lot_row("A", "L1", "WH1")],
    )

    assert dict(summary.figures)["Gone"] == "0"


def test_write_downs_on_a_later_list_are_left_out_and_it_is_said_once(company: Company) -> None:
    take_in(company, [lot_row("A", "L1"), lot_row("A", "L2")])
    made = the_only(
        company,
        [lot_row("A", "L1", allowance=5), lot_row("A", "L2", allowance=5)],
        as_of=MARCH + WEEK,
    )

    assert made[:3] == ("WARNING", "opening_columns_left_out", None)


def test_another_entitys_items_are_not_known_here(company: Company, other_company: Company) -> None:
    take_in(other_company, [lot_row()])
    summary, _ = check(upload_of(company, "stock_list"), [lot_row()])

    assert dict(summary.figures)["New items"] == "1"
    assert summary.commit_label == "Add 1 lot"


def test_the_check_asks_the_database_a_constant_number_of_times(
    company: Company, django_assert_num_queries: Any
) -> None:
    from core.sheets.kinds import Chunk, Issues, kind

    take_in(company, [lot_row(f"S{n}", f"L{n}") for n in range(50)])
    sheet = kind("stock_list")
    upload = upload_of(company, "stock_list", as_of=MARCH + WEEK)
    with django_assert_num_queries(5):
        context = sheet.begin(upload)
    chunk = Chunk([2], {"sku": ["S1"], "lot_code": ["L1"], "location": ["WH1"], "quantity": [1], "unit_cost": [1]})
    with django_assert_num_queries(0):
        sheet.check_chunk(context, chunk, Issues())


def test_nothing_but_staging_is_written_by_a_check(company: Company) -> None:
    check(upload_of(company, "stock_list"), [lot_row()])

    assert not Item.objects.exists()
    assert not Lot.objects.exists()
