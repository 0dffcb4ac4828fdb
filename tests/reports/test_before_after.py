"""Statements before and after in the financial impact: figures, their links, and what they need."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
import time_machine
from hypothesis import given
from hypothesis import strategies as st

from tests.ledger.trial import taken_in
from tests.reports.conftest import Books, figure, page_of, workbook
from writeoffs.ledger.position import Item, Place
from writeoffs.reports.statements.before_after import Facts, before_after

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def in_april() -> object:
    with time_machine.travel(dt.datetime(2026, 4, 3, 9, tzinfo=dt.UTC)) as traveller:
        yield traveller


TRIAL = [
    "1400,Inventory,7360,7000,,",
    "1490,Allowance,-100,-100,,",
    "1000,Cash,1000,,,",
    "0500,Plant,5000,,asset,non-current",
    "2000,Payables,-2000,,,",
    "4000,Revenue,-20000,,,",
    "5000,Cost of sales,12000,,,",
    "6000,Rent,3000,,other,",
    "3000,Equity,-6260,,,",
]


def cells(books: Books, title: str, path: str = "impact/?period=2026-03&compare=none") -> dict[str, list[str]]:
    return {row[0]: row[1:] for row in page_of(books.get(path)).tables[title][1:]}


def test_before_plus_our_entries_is_after_on_every_line(books: Books) -> None:
    taken_in(books.company, TRIAL)
    for title in ("Income, before and after", "Balance sheet, before and after"):
        for label, row in cells(books, title).items():
            before, effect, after, trial, missing = (figure(text) for text in row)
            assert before + effect == after, label
            assert trial + missing == after, label


def test_the_balance_sheet_balances_in_every_column(books: Books) -> None:
    taken_in(books.company, TRIAL)
    found = cells(books, "Balance sheet, before and after")
    assert found["Assets"] == found["Liabilities and equity"]
    assert found["Assets"][3] == "13,260.00"


def test_the_figures_are_those_of_the_books(books: Books) -> None:
    """Flood 4 x 45 in February, expiry, write-down and count in March: none of it taken by the ERP."""
    taken_in(books.company, TRIAL)
    income = cells(books, "Income, before and after")
    assert income["Revenue"] == ["20,000.00", "–", "20,000.00", "20,000.00", "–"]
    assert income["Gross profit"][0] == "8,000.00"
    assert income["Other income and expense"][:3] == ["(3,000.00)", "(180.00)", "(3,180.00)"]
    booked = {
        row[0]: figure(row[1])
        for row in page_of(books.get("impact/?period=FY2026&compare=none")).tables["Income statement"][1:]
    }
    assert figure(income["Gross profit"][1]) == booked["Gross profit"]


def test_every_linked_figure_leads_to_lines_that_add_up_to_it(books: Books) -> None:
    taken_in(books.company, TRIAL)
    response = books.get("impact/?period=2026-03&compare=none")
    page = page_of(response)
    followed = 0
    for text, href in page.links:
        if "/trial-balances/" in href:
            shown = page_of(books.client.get(href)).tables
            [table] = [rows for caption, rows in shown.items() if caption == "Balances of the ERP by account"]
            total = figure(table[-1][-2]) - figure(table[-1][-1])
            assert abs(total) == abs(figure(text)), (text, href)
            followed += 1
    assert followed >= 8


def test_what_the_ratios_need_is_said_where_it_is_missing(books: Books) -> None:
    taken_in(books.company, [*TRIAL[2:], "0999,Odd asset,7260,,asset,"])
    ratios = cells(books, "Ratios, before and after")
    assert ratios["Current ratio"][:2] == ["not known", "not known"]
    assert ratios["Inventory turnover"][:2] == ["not known", "not known"]
    assert "Cash flow in two presentations" not in page_of(books.get("impact/?period=2026-03")).tables
    text = books.get("impact/?period=2026-03").content.decode()
    assert "Say for every asset and liability whether it is current" in text
    assert "With an opening column" in text


def test_the_opening_comes_from_the_year_before_where_the_sheet_has_none(books: Books) -> None:
    taken_in(
        books.company,
        ["1400,Inventory,6000,,,", "3000,Equity,-6000,,,"],
        as_of=dt.datetime(2025, 12, 31, 20, tzinfo=dt.UTC),
    )
    taken_in(books.company, [row.replace(",7360,7000,", ",7360,,").replace(",-100,-100,", ",-100,,") for row in TRIAL])
    cash = cells(books, "Cash flow in two presentations")
    closing = figure(cells(books, "Balance sheet, before and after")["Net inventory"][2])
    assert figure(cash["Change in inventories"][1]) == 6000 - closing
    assert cash["Cash before other balances and tax"][0] == cash["Cash before other balances and tax"][1]


def test_a_span_without_a_trial_balance_shows_our_entries_alone(books: Books) -> None:
    taken_in(books.company, TRIAL)
    assert "Income, before and after" not in page_of(books.get("impact/?period=2026-02")).tables
    assert "Income, before and after" in page_of(books.get("impact/?period=FY2026")).tables
    assert "Income, before and after" not in page_of(books.get("impact/?from=2026-03-01&to=2026-03-31")).tables


def test_the_xlsx_has_the_same_statements(books: Books) -> None:
    taken_in(books.company, TRIAL)
    sheets = workbook(books.get("impact.xlsx?period=2026-03"))
    assert {"Income, before and after", "Balance sheet, before and after", "Ratios, before and after"} <= set(sheets)


amounts = st.decimals(min_value=-(10**9), max_value=10**9, places=4)
items = st.lists(st.builds(Item, place=st.sampled_from(Place), amount=amounts), max_size=12).map(tuple)


@given(trial=items, missing=items, effect=items, opening=st.none() | amounts, losses=amounts)
def test_whatever_the_books_the_parts_add_up(
    trial: tuple[Item, ...],
    missing: tuple[Item, ...],
    effect: tuple[Item, ...],
    opening: Decimal | None,
    losses: Decimal,
) -> None:
    found = before_after(Facts(trial, missing, effect, 90, opening, losses))
    for line in (*found.income, *found.balance):
        assert line.before + line.effect == line.after == line.trial + line.missing
    by_key = {line.key: line for line in (*found.income, *found.balance)}
    net = sum(item.amount for item in (*trial, *missing))
    assert by_key["assets"].after - by_key["liabilities_and_equity"].after == net
    for line in found.cash_flow[-1:]:
        assert line.gross == line.net == sum(one.gross for one in found.cash_flow[:-1])
        assert line.net == sum(one.net for one in found.cash_flow[:-1])
