"""Journal listing and GL tie-out: every line of the period, and what ties stock, ledger and ERP at its end."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
import time_machine

from core import changes
from tests.ledger.trial import taken_in
from tests.reports.conftest import Books, figure, page_of, pdf_text, rows_of_csv, workbook
from writeoffs.ledger.models import FiscalPeriod, JournalLine
from writeoffs.posting.tie_facts import accept_request

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def in_april() -> object:
    with time_machine.travel(dt.datetime(2026, 4, 3, 9, tzinfo=dt.UTC)) as traveller:
        yield traveller


def trial(books: Books, inventory: str = "7360") -> None:
    rest = -(float(inventory) - 100)
    taken_in(books.company, [f"1400,I,{inventory},,,", "1490,A,-100,,,", f"3000,E,{rest:.2f},,,"])


def test_every_line_of_the_period_is_listed_and_the_sides_are_equal(books: Books) -> None:
    table = page_of(books.get("listing/?period=2026-03")).tables["Journal listing"]
    count = JournalLine.objects.filter(entry__posted_on__range=(dt.date(2026, 3, 1), dt.date(2026, 3, 31))).count()
    assert len(table) == count + 2
    total = table[-1]
    assert total[0] == "Total"
    assert total[4] == total[5] != "–"


def test_the_listing_is_narrowed_by_origin_on_screen_and_in_files(books: Books) -> None:
    every = page_of(books.get("listing/?period=2026-01")).tables["Journal listing"]
    assert len(every) > 2
    own = books.get("listing/?period=2026-01&origin=OWN").content.decode()
    assert "No entry in January 2026" in own
    rows = rows_of_csv(books.get("listing.csv?period=2026-01&origin=OWN"))
    assert not any(row and row[0].startswith("2026-0") for row in rows)


def test_without_a_trial_balance_our_two_books_are_tied(books: Books) -> None:
    response = books.get("listing/?period=2026-03")
    assert "trial balance of March 2026 is not here yet" in response.content.decode()
    table = page_of(response).tables["Subledger against ledger"]
    assert table[0] == ["Account", "Our ledger, EUR", "Our stock, EUR", "State"]
    for row in table[1:]:
        assert (row[1], row[3]) == (row[2], "Agrees")


def test_with_a_trial_balance_the_difference_is_told_line_by_line(books: Books) -> None:
    trial(books, "7400")
    response = books.get("listing/?period=2026-03")
    tables = page_of(response).tables
    inventory = next(row for row in tables["Subledger against ledger"] if row[0].startswith("1400"))
    _, erp, ledger, stock, difference, explained, unexplained, state = inventory
    assert (erp, ledger, state, unexplained) == ("7,400.00", stock, "Unexplained", "40.00")
    assert figure(erp) - figure(ledger) == figure(difference) == figure(explained) + figure(unexplained)
    lines = [row for row in tables["The difference, line by line"] if row[0].startswith("1400")]
    assert sum(figure(row[-1]) for row in lines[:-1]) == figure(lines[-1][-1]) == figure(difference)
    assert "40.00 EUR is unexplained" in response.content.decode()


def test_what_was_accepted_is_shown_with_its_reason(books: Books) -> None:
    trial(books, "7400")
    period = FiscalPeriod.objects.get(entity=books.company.entity, fiscal_year=2026, number=3)
    change = accept_request(period=period, code="1400", reason="In transit", user=books.company["CONTROLLER"])
    changes.change_decide(change=change, user=books.company["APPROVER"], approve=True)
    text = books.get("listing/?period=2026-03").content.decode()
    assert "Accepted by Approver north: In transit" in text
    assert "Reconciled: every difference" in text


def test_every_form_says_the_same(books: Books) -> None:
    trial(books, "7400")
    sheets = workbook(books.get("listing.xlsx?period=2026-03"))
    assert list(sheets) == ["Subledger against ledger", "The difference, line by line", "Journal listing"]
    assert "Unexplained" in pdf_text(books.get("listing.pdf?period=2026-03"))
    assert any("The difference, line by line" in row for row in rows_of_csv(books.get("listing.csv?period=2026-03")))
    assert "7,400.00" in books.get("listing/print/?period=2026-03").content.decode()


def test_a_span_that_ends_inside_a_period_lists_lines_only(books: Books) -> None:
    tables = page_of(books.get("listing/?from=2026-03-01&to=2026-03-20")).tables
    assert list(tables) == ["Journal listing"]


def test_every_link_of_the_tie_out_opens(books: Books) -> None:
    trial(books, "7400")
    page = page_of(books.get("listing/?period=2026-03"))
    inside = [href for _, href in page.links if href.startswith("/e/north/") and "logout" not in href]
    for href in {href for href in inside if any(part in href for part in ("trial-bal", "lines", "rollf", "tie-out"))}:
        assert books.client.get(href).status_code == 200, href


def test_the_page_takes_as_many_queries_whatever_there_is(
    books: Books, django_assert_max_num_queries: Callable[..., object]
) -> None:
    trial(books)
    with django_assert_max_num_queries(40):
        books.get("listing/?period=2026-03")
