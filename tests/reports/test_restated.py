"""A material error of an earlier year: that year restated, this year's profit untouched, the correction disclosed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal

import pytest
from django.test import Client

from tests.conftest import Company
from tests.posting.stock import make_lot
from tests.proposals.documents import draft, posted
from tests.reports.books import APRIL, MARCH, opened, void, write_off
from tests.reports.conftest import Books, page_of, row_of
from writeoffs.proposals import services
from writeoffs.proposals.models import Finding, Proposal
from writeoffs.reports.statements.restated import CorrectionFact, balances_of, corrections_of, disclosed
from writeoffs.reports.statements.spans import range_span

LAST_YEAR = dt.date(2025, 11, 20)
FACT = CorrectionFact(
    *("WO-2026-0001", "Write-off", "EXPIRY", "Expiry", "Missed", 2025, LAST_YEAR, MARCH),
    (("CURRENT_TAX_PAYABLE", Decimal(100)), ("INVENTORY", Decimal(-400)), ("RETAINED_EARNINGS", Decimal(300))),
)


@pytest.fixture
def corrected(company: Company, signed_in: Callable[..., Client]) -> Books:
    """Ten lamps at 40.00 were spoilt in November 2025 and missed; five more expired in March 2026."""
    lot = make_lot(company.entity, category="Lamps")
    opened(company, lot)
    error = draft(
        company,
        lot,
        event_on=LAST_YEAR,
        finding=Finding.ERROR,
        material=True,
        finding_why="The order to scrap them lay in the file.",
    )
    made: dict[str, Proposal] = {"error": posted(company, error), "expiry": write_off(company, lot, "5")}
    return Books(company, made, signed_in(company["AUDITOR"]))


def test_the_year_of_the_event_is_restated_beside_what_was_reported(corrected: Books) -> None:
    number = corrected.made["error"].number
    page = page_of(corrected.get("impact/?period=FY2025&compare=none"))
    income = page.tables["Income statement"]
    assert income[0] == ["Line", "Fiscal year 2025, as reported, EUR", f"Correction of {number}, EUR", "Restated, EUR"]
    assert row_of(income, "Write-downs of inventory")[1:] == ["–", "(400.00)", "(400.00)"]
    assert row_of(income, "Profit before tax")[1:] == ["–", "(400.00)", "(400.00)"]
    assert row_of(income, "Current tax")[1:] == ["–", "100.00", "100.00"]
    assert row_of(income, "Net profit")[1:] == ["–", "(300.00)", "(300.00)"]
    balance = page.tables["Balance sheet"]
    assert row_of(balance, "Net inventory")[1:] == ["–", "(400.00)", "(400.00)"]
    assert row_of(balance, "Net assets")[1:] == ["–", "(300.00)", "(300.00)"]


def test_this_years_profit_is_untouched_and_retained_earnings_bear_it(corrected: Books) -> None:
    page = page_of(corrected.get("impact/?period=FY2026&compare=none"))
    assert row_of(page.tables["Income statement"], "Profit before tax")[1:] == ["(200.00)"]
    assert row_of(page.tables["Income statement"], "Current tax (by policy, not posted yet)")[1:] == ["50.00"]
    balance = page.tables["Balance sheet"]
    assert row_of(balance, "Net inventory")[1:] == ["(600.00)"]
    assert row_of(balance, "Retained earnings")[1:] == ["(300.00)"]
    assert row_of(balance, "Net assets")[1:] == ["(450.00)"]
    cash = page.tables["Cash flow, indirect"]
    assert row_of(cash, "Taken straight to equity")[1:] == ["(300.00)"]
    assert row_of(cash, "Change in cash")[1:] == ["–"]


def test_the_comparison_column_of_the_next_year_is_restated(corrected: Books) -> None:
    income = page_of(corrected.get("impact/?period=FY2026")).tables["Income statement"]
    assert income[0][2:5] == [
        "Fiscal year 2025, as reported, EUR",
        f"Correction of {corrected.made['error'].number}, EUR",
        "Restated, EUR",
    ]
    assert row_of(income, "Profit before tax")[1:] == ["(200.00)", "–", "(400.00)", "(400.00)", "200.00", "50.0"]


def test_the_correction_is_disclosed_with_nature_amount_and_opening_effect(corrected: Books) -> None:
    rows = page_of(corrected.get("impact/?period=FY2026&compare=none")).tables["Corrections of prior-period errors"]
    [row] = rows[1:]
    assert row[1] == "Write-off, expiry: The order to scrap them lay in the file."
    assert row[3] == "2025"
    assert row[5:] == ["(400.00)", "100.00", "(400.00)", "(300.00)"]
    april = page_of(corrected.get("impact/?period=2026-04&compare=none")).tables
    assert "Corrections of prior-period errors" not in april


def test_register_and_roll_forward_of_that_year_tell_of_it(corrected: Books) -> None:
    number = corrected.made["error"].number
    register = corrected.get("register/?period=2025-11").content.decode()
    assert f"{number} corrects an error of 2025-11-20 in this period: restated, its net loss is 400.00 EUR" in register
    rolled = corrected.get("rollforward/?period=FY2025").content.decode()
    assert "the closing carrying amount of inventory is 400.00 EUR lower" in rolled
    assert "corrects an error" not in corrected.get("rollforward/?period=2026-03").content.decode()


def test_a_correction_stands_in_the_register_of_its_posting_with_its_entry(corrected: Books) -> None:
    table = page_of(corrected.get("register/?period=2026-03")).tables["Write-off register"]
    [row] = [row for row in table if row[0] == corrected.made["error"].number]
    assert row[-1] == "2026-000002"


def test_a_voided_correction_restates_nothing_any_more(corrected: Books) -> None:
    void(corrected.company, corrected.made["error"], APRIL)
    page = page_of(corrected.get("impact/?period=FY2025&compare=none"))
    assert page.tables["Income statement"][0] == ["Line", "Fiscal year 2025, EUR"]
    assert "Corrections of prior-period errors" not in page.tables


def test_a_register_shows_only_the_voided_lines(company: Company, signed_in: Callable[..., Client]) -> None:
    lots = [make_lot(company.entity, f"S{n}", "10", "40") for n in range(3)]
    opened(company, *lots)
    proposal = draft(company, lots[0], "1")
    for lot in lots[1:]:
        proposal = services.line_add(proposal=proposal, user=company["PREPARER"], lot=lot, quantity=Decimal(1))
    proposal = posted(company, proposal)
    change = services.void_request(
        proposal=proposal, user=company["PREPARER"], reason="Wrong lot", posted_on=APRIL, lines=[2]
    )
    services.void_decide(change=change, user=company["APPROVER"], approve=True)
    books = Books(company, {}, signed_in(company["AUDITOR"]))
    table = page_of(books.get("register/?period=2026-04")).tables["Write-off register"]
    assert [(row[1], row[6][:2], row[-1]) for row in table if row[0] == proposal.number] == [
        ("Void of write-off", "S1", "2026-000003")
    ]
    impact = page_of(books.get("impact/?period=2026-04&compare=none")).tables["Income statement"]
    assert row_of(impact, "Profit before tax")[1:] == ["40.00", "40.00"]
    assert "the two agree" in books.get("rollforward/?period=2026-04").content.decode()


def test_what_the_year_would_have_booked_balances_and_has_no_equity() -> None:
    assert dict(FACT.restated) == {
        "WRITE_DOWN_EXPENSE": 400,
        "CURRENT_TAX_EXPENSE": -100,
        "CURRENT_TAX_PAYABLE": 100,
        "INVENTORY": -400,
    }
    assert (FACT.before_tax, FACT.tax, FACT.equity, FACT.inventory) == (-400, 100, -300, -400)


def test_a_span_is_restated_by_its_own_errors_and_its_closing_by_earlier_ones() -> None:
    november = range_span(dt.date(2025, 11, 1), dt.date(2025, 11, 30), "en")
    december = range_span(dt.date(2025, 12, 1), dt.date(2025, 12, 31), "en")
    both_years = range_span(dt.date(2025, 1, 1), dt.date(2026, 12, 31), "en")
    assert corrections_of(november, [FACT]) == (FACT,)
    assert corrections_of(december, [FACT]) == ()
    assert balances_of(december, [FACT]) == (FACT,)
    assert corrections_of(both_years, [FACT]) == ()
    assert disclosed(december, None, [FACT]) == ()
    assert disclosed(december, november, [FACT]) == (FACT,)
    assert disclosed(both_years, None, [FACT]) == (FACT,)
