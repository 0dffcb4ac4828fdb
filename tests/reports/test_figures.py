"""The reports over books that the real services made: their figures, and what stands behind each."""

from __future__ import annotations

import html
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.posting.stock import make_lot
from tests.proposals.documents import draft, submitted
from tests.reports.books import APRIL, MARCH, opened, write_off
from tests.reports.conftest import Books, figure, figures_in, page_of, row_of
from writeoffs.ledger.models import JournalLine
from writeoffs.proposals import services
from writeoffs.reports.selectors import RegisterFilter, RegisterLines
from writeoffs.reports.statements.spans import range_span


def test_the_impact_of_march_is_its_losses_before_tax_and_no_cash(books: Books) -> None:
    page = page_of(books.get("impact/?period=2026-03&compare=none"))
    income = page.tables["Income statement"]
    assert row_of(income, "Write-downs of inventory")[1] == "(2,150.00)"
    assert row_of(income, "Shrinkage")[1] == "80.00"
    assert row_of(income, "Profit before tax")[1] == "(2,070.00)"
    assert row_of(income, "Current tax (by policy, not posted yet)")[1] == "517.50"
    assert row_of(income, "Net profit")[1] == "(1,552.50)"
    balance = page.tables["Balance sheet"]
    assert row_of(balance, "Net inventory")[1] == "(2,070.00)"
    assert row_of(balance, "Cash")[1] == "–"
    cash = page.tables["Cash flow, indirect"]
    assert [row[1] for row in cash[1:]] == ["(1,552.50)", "2,070.00", "–", "(517.50)", "–"]


def test_the_period_is_compared_with_the_one_before_in_amount_and_percent(books: Books) -> None:
    table = page_of(books.get("impact/?period=2026-03")).tables["Income statement"]
    assert table[0] == ["Line", "March 2026, EUR", "February 2026, EUR", "Change, EUR", "Change, %"]
    assert row_of(table, "Profit before tax")[1:] == ["(2,070.00)", "(180.00)", "(1,890.00)", "(1,050.0)"]


def test_a_void_stands_in_the_month_of_the_void_and_leaves_the_other_month_alone(books: Books) -> None:
    february = page_of(books.get("impact/?period=2026-02&compare=none")).tables["Income statement"]
    assert row_of(february, "Profit before tax")[1:] == ["(180.00)"]
    april = page_of(books.get("impact/?period=2026-04&compare=none")).tables["Income statement"]
    assert april[0][2] == "of which voids, EUR"
    assert row_of(april, "Profit before tax")[1:] == ["180.00", "180.00"]


@pytest.mark.parametrize(
    ("timing", "line"),
    [("DISPOSAL", "Deferred tax (by policy, not posted yet)"), ("NEVER", "Tax")],
)
def test_the_tax_line_follows_the_policy_of_the_entity(books: Books, timing: str, line: str) -> None:
    entity = books.company.entity
    type(entity).objects.filter(pk=entity.pk).update(tax_timing=timing)
    table = page_of(books.get("impact/?period=2026-03&compare=none")).tables["Income statement"]
    assert row_of(table, line)[1] == ("517.50" if timing == "DISPOSAL" else "–")


def test_one_document_has_an_impact_of_its_own(books: Books) -> None:
    number = books.made["expiry"].number
    page = books.get(f"impact/?proposal={number}")
    assert row_of(page_of(page).tables["Income statement"], "Profit before tax")[1] == "(1,950.00)"
    assert f"Financial impact of {number}" in page.content.decode()


def test_erp_entries_are_no_part_of_the_impact(books: Books) -> None:
    journal = page_of(books.get("impact/?period=FY2026")).tables["Journal by account"]
    assert [row[0] for row in journal[1:-1]] == [
        "1400 Inventory",
        "1490 Allowance for inventory",
        "5100 Inventory write-downs",
        "5200 Inventory shrinkage",
        "6500 Abnormal inventory losses",
    ]
    assert row_of(journal, "Total")[2] == row_of(journal, "Total")[3] == "2,662.00"


def test_the_roll_forward_closes_to_the_ledger_by_class(books: Books) -> None:
    response = books.get("rollforward/?period=2026-03")
    gross = page_of(response).tables["Gross inventory"]
    head = gross[0]
    for row in gross[1:]:
        cells = dict(zip(head, row, strict=True))
        assert cells["Difference, EUR"] == "–"
        assert cells["Closing, EUR"] == cells["GL balance, EUR"]
        moved = sum(figure(text) for text in row[2 : head.index("Closing, EUR")])
        assert figure(cells["Opening, EUR"]) + moved == figure(cells["Closing, EUR"])
    assert row_of(gross, "Total")[1] == "7,180.00"
    allowance = page_of(response).tables["Allowance"]
    assert row_of(allowance, "Total")[-3:] == ["248.00", "248.00", "–"]
    assert "Every class closes to the general ledger" in response.content.decode()


def test_a_difference_to_the_ledger_is_said_loudly_with_its_class_and_amount(books: Books) -> None:
    make_lot(books.company.entity, "GHOST", "1", "12.34", category="Lamps")
    response = books.get("rollforward/?period=2026-03")
    text = response.content.decode()
    assert 'role="alert"' in text
    assert (
        "Gross inventory of Lamps: the movements close at 2,012.34 EUR, the ledger at 2,000.00; 12.34 is unexplained"
        in text
    )
    assert row_of(page_of(response).tables["Gross inventory"], "Lamps")[-1] == "12.34"
    assert "Every class closes" not in text


def test_every_figure_of_the_roll_forward_leads_to_movements_that_add_up_to_it(books: Books) -> None:
    page = page_of(books.get("rollforward/?period=2026-03"))
    links = [(text, href) for text, href in page.links if "/movements/" in href or "/lines/" in href]
    assert len(links) > 20
    for text, href in links:
        behind = page_of(books.client.get(html.unescape(href)))
        if "/movements/" in href:
            total = row_of(behind.tables["Movements"], "Total")
            assert figure(text) in (figure(total[8]), figure(total[9])), (text, href)
        else:
            total = row_of(behind.tables["Journal lines"], "Total")
            assert abs(figure(total[9]) - figure(total[10])) == figure(text), (text, href)


def test_every_figure_of_the_impact_leads_to_lines_that_add_up_to_it(books: Books) -> None:
    page = page_of(books.get("impact/?period=2026-03&compare=none"))
    links = {(text, href) for text, href in page.links if "/reports/lines/" in href and figures_in(text)}
    assert len(links) > 12
    for text, href in links:
        total = row_of(page_of(books.client.get(html.unescape(href))).tables["Journal lines"], "Total")
        debit, credit = figure(total[9]), figure(total[10])
        assert abs(figure(text)) in (debit, credit, abs(debit - credit)), (text, href)


def test_the_register_shows_each_line_with_its_people_and_entry(books: Books) -> None:
    table = page_of(books.get("register/?period=2026-03")).tables["Write-off register"]
    cells = dict(zip(table[0], row_of(table, books.made["expiry"].number), strict=True))
    assert cells["Kind"] == "Write-off"
    assert cells["Item"] == "LAMP"
    assert (cells["Qty"], cells["Unit cost, EUR"]) == ("(50)", "40.00")
    assert (cells["Gross, EUR"], cells["Allowance used, EUR"], cells["Net loss, EUR"]) == (
        "2,000.00",
        "50.00",
        "1,950.00",
    )
    assert (cells["Prepared by"], cells["Approved by"], cells["Posted by"]) == (
        "Preparer north",
        "Approver north",
        "Controller north",
    )
    assert (cells["Period"], cells["Journal no."]) == ("2026-03", "2026-000003")
    gains = [row for row in table if row[0] == books.made["count"].number]
    assert [row[table[0].index("Journal no.")] for row in gains] == ["2026-000005", "2026-000006"]


def test_the_net_loss_of_the_register_is_the_loss_of_the_impact(books: Books) -> None:
    for period in ("2026-02", "2026-03", "2026-04", "FY2026"):
        register = page_of(books.get(f"register/?period={period}")).tables["Write-off register"]
        column = register[0].index("Net loss, EUR")
        income = page_of(books.get(f"impact/?period={period}&compare=none")).tables["Income statement"]
        assert figure(row_of(register, "Total")[column]) == -figure(row_of(income, "Profit before tax")[1])


def test_a_void_is_a_line_of_the_register_on_its_own_day_with_signs_turned(books: Books) -> None:
    table = page_of(books.get("register/?period=2026-04")).tables["Write-off register"]
    (row,) = table[1:-1]
    cells = dict(zip(table[0], row, strict=True))
    assert (cells["Kind"], cells["Posted"], cells["Net loss, EUR"]) == ("Void of write-off", "Apr 2, 2026", "(180.00)")
    entry = JournalLine.objects.filter(entry__leg="VOID").first()
    assert entry is not None
    assert cells["Journal no."] == entry.entry.number


@pytest.mark.parametrize(
    ("narrow", "rows", "net"),
    [
        ("reason=EXPIRY", 1, "1,950.00"),
        ("kind=COUNT_ADJUSTMENT", 2, "(80.00)"),
        ("reason=EXPIRY&kind=WRITE_DOWN", 0, ""),
    ],
)
def test_the_register_is_narrowed_by_the_address_and_so_are_its_totals(
    books: Books, narrow: str, rows: int, net: str
) -> None:
    response = books.get(f"register/?period=2026-03&{narrow}")
    table = page_of(response).tables.get("Write-off register", [])
    assert len(table[1:-1]) == rows
    if rows:
        assert row_of(table, "Total")[table[0].index("Net loss, EUR")] == net
    else:
        assert "Nothing was posted in March 2026" in response.content.decode()
    assert f"register.xlsx?period=2026-03&amp;{narrow.replace('&', '&amp;')}" in response.content.decode()


def test_slicing_the_register_across_posted_lines_and_voids_gives_them_in_order(books: Books) -> None:
    span = range_span(MARCH.replace(day=1), APRIL, "en")
    lines = RegisterLines(entity=books.company.entity, span=span, narrow=RegisterFilter())
    whole = list(lines)
    assert len(whole) == len(lines) == 5
    assert [line.void for line in whole] == [False, False, False, False, True]
    parts = [*lines[0:2], *lines[2:4], *lines[4:6]]
    assert parts == whole


def test_a_write_off_without_value_has_a_line_but_no_entry(books: Books) -> None:
    lot = make_lot(books.company.entity, "FREE", "10", "0", category="Lamps")
    number = write_off(books.company, lot, "10").number
    table = page_of(books.get("register/?period=2026-03")).tables["Write-off register"]
    cells = dict(zip(table[0], row_of(table, number), strict=True))
    assert (cells["Gross, EUR"], cells["Journal no."]) == ("–", "")


def test_the_chart_and_its_table_say_the_losses_by_month_and_reason(books: Books) -> None:
    response = books.get("impact/?period=2026-04")
    table = page_of(response).tables["Losses by month and reason"]
    assert row_of(table, "Feb 2026")[-1] == "180.00"
    assert row_of(table, "Apr 2026")[-1] == "(180.00)"
    assert row_of(table, "Total")[-1] == "2,070.00"
    text = response.content.decode()
    assert "<title>Mar 2026, Expiry: 1,950.00</title>" in text
    assert "style=" not in text


QUERIES = {
    "?period=2026-03": 17,
    "register/?period=2026-03": 20,
    "rollforward/?period=2026-03": 14,
    "impact/?period=2026-03": 15,
    "movements/?to=2026-12-31": 11,
    "lines/?to=2026-12-31": 11,
}


@pytest.mark.parametrize("path", QUERIES)
def test_a_page_takes_as_many_queries_with_much_data_as_with_little(books: Books, path: str) -> None:
    def count() -> int:
        with CaptureQueriesContext(
            connection,
        ) as found:
            books.get(path)
        return len(found)

    count()
    few = count()
    lots = [make_lot(books.company.entity, f"S{n}", "10", "2.50", category=f"Class {n % 5}") for n in range(15)]
    opened(books.company, *lots, source_ref="upload:2")
    for lot in lots:
        write_off(books.company, lot, "4")
    assert count() == few
    assert few <= QUERIES[path]


def test_the_impact_adds_up_after_a_rejected_and_an_open_proposal_which_change_nothing(books: Books) -> None:
    company = books.company
    lot = make_lot(company.entity, "MORE", "10", "100", category="Lamps")
    one, two = draft(company, lot, "1"), draft(company, lot, "2")
    submitted(company, one)
    two = submitted(company, two)
    services.proposal_reject(proposal=two, user=company["APPROVER"], comment="Still sold")
    table = page_of(books.get("impact/?period=2026-03&compare=none")).tables["Income statement"]
    assert figure(row_of(table, "Profit before tax")[1]) == Decimal(-2070)
