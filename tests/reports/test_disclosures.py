"""The disclosures: figures out of the ledger, each behind its link, tied to the other reports; in every form."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal as D
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from inventory.models import Lot
from tests.reports.conftest import Books, figures_in, page_of, pdf_text, row_of, workbook
from writeoffs.valuation.giving import input_give
from writeoffs.valuation.models import ConditionMark

pytestmark = pytest.mark.django_db
YEAR = "disclosures/?period=FY2026"


def told(books: Books, query: str = "period=FY2026") -> dict[str, Any]:
    report = books.get(f"disclosures/?{query}").context["report"]
    return {table.slug: table for table in report.tables}


def values(table: Any) -> dict[str, list[Any]]:
    return {row.cells[0].value: [cell.value for cell in row.cells[1:]] for row in (*table.rows, *table.foot)}


def test_the_figures_of_the_year(books: Books) -> None:
    tables = told(books)
    classes = values(tables["classes"])
    # Cost, allowance, carrying amount, a year before, change, of it written down, the write-down.
    assert classes["Bulbs"] == [D("1188"), D("198.00"), D("990.00"), D(0), D("990.00"), D("990.00"), D("198.00")]
    assert classes["Total"][2] == D("5190")
    kinds = values(tables["kinds"])
    assert kinds["Total"][0] == sum(row[0] for name, row in kinds.items() if name != "Total")
    assert values(tables["reasons"])["Total"] == kinds["Total"]
    assert {row.cells[4].value for row in tables["ties"].rows} == {D(0)}


def test_each_amount_opens_lines_that_add_up_to_it(books: Books) -> None:
    page = books.get(YEAR)
    checked = 0
    for table in page.context["report"].tables:
        for row in (*table.rows, *table.foot):
            for cell in row.cells:
                if not isinstance(cell.value, D) or not cell.url or "assessments" in cell.url:
                    continue
                behind = books.client.get(cell.url).context["report"]
                totals = {c.value for r in behind.tables[0].foot for c in r.cells if isinstance(c.value, D)}
                debit_less_credit = {a - b for a in totals for b in totals}
                assert {abs(value) for value in totals | debit_less_credit} & {abs(cell.value)}, (row.cells[0], cell)
                checked += 1
    assert checked > 15


def test_what_was_written_down_is_told_with_its_circumstances(books: Books) -> None:
    [row] = told(books)["documents"].rows
    made = books.made["down"]
    assert [row.cells[0].value, row.cells[4].value] == [made.number, made.net_loss]
    assert row.cells[9].value == made.evidence.count()
    # A month that has nothing to tell says so.
    assert "Nothing was written down" in told(books, "period=2026-01")["documents"].empty


def test_every_form_tells_the_same(books: Books) -> None:
    page = books.get(YEAR)
    figures = figures_in(" ".join(page_of(page).tables["Losses by kind"][-1]))
    assert figures
    assert figures <= figures_in(books.get("disclosures/print/?period=FY2026").content.decode())
    assert figures <= figures_in(pdf_text(books.get("disclosures.pdf?period=FY2026")))
    total = row_of(workbook(books.get("disclosures.xlsx?period=FY2026"))["Losses by kind"], "Total")
    assert D(str(total[1])) == told(books)["kinds"].foot[0].cells[1].value
    assert b"Losses by kind" in books.get("disclosures.csv?period=FY2026").content


def test_the_number_of_queries_does_not_grow(books: Books) -> None:
    with CaptureQueriesContext(
        connection,
    ) as first:
        books.get("disclosures/?period=2026-01")
    with CaptureQueriesContext(connection) as second:
        books.get(YEAR)
    # Documents are looked for once there are any, and their people's words with them.
    assert len(second) <= len(first) + 3
    assert len(second) < 60


def test_us_gaap_names_its_own_paragraphs(books: Books) -> None:
    entity = books.company.entity
    entity.framework = "US_GAAP"
    entity.save()
    assert "S-X 12-09" in told(books)["allowance"].note


def test_readers_alone_open_it(books: Books, signed_in: Any) -> None:
    assert signed_in(books.company["COUNTER"]).get("/e/north/reports/disclosures/").status_code == 403
    assert signed_in(books.company["PREPARER"]).get("/e/south/reports/disclosures/").status_code == 404


def test_pledged_stock_is_told_until_it_is_released(books: Books) -> None:
    entity, user = books.company.entity, books.company["CONTROLLER"]
    lot = Lot.objects.get(item__sku="CHAIR")
    for day, lifted in ((dt.date(2026, 3, 1), False), (dt.date(2026, 5, 1), True)):
        mark = ConditionMark(lot=lot, kind="PLEDGED", as_of=day, lifted=lifted, source="Loan 4711", reason="Repaid")
        input_give(entity=entity, user=user, given=mark)
    classes = told(books, "period=2026-04")["classes"]
    assert values(classes)["Total"][-1] == lot.carrying_amount
    assert classes.columns[-1].label == "Pledged, EUR"
    assert "No lot is marked as pledged" in told(books, "period=2026-05")["classes"].note
