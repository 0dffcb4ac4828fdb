"""The real stock list through the services to the period report: figures that were known before the product was."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.http import QueryDict

from inventory.selectors import lots_filtered
from tests.conftest import Company, make_company
from tests.posting.test_stock_list_adventureworks import FILE, OPENED, committed
from tests.proposals.documents import header, posted
from tests.reports.conftest import Books, page_of, pdf_text, row_of, workbook
from writeoffs.proposals import services

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.shared_data,
    pytest.mark.usefixtures("jobs_inline"),
    pytest.mark.skipif(not FILE.exists(), reason="the real stock list lies outside the project"),
]
DAY = dt.date(2026, 3, 5)


@pytest.fixture
def ended(signed_in: Any) -> Books:
    """147 lots past their end of sale, written off for obsolescence."""
    company: Company = make_company("bikes", currency="USD")
    committed(company, OPENED)
    made, skipped = services.proposal_create_from_stock(
        entity=company.entity,
        user=company["PREPARER"],
        header=header(reason="OBSOLESCENCE", event_on=DAY, found_on=DAY, posting_on=DAY),
        lots=lots_filtered(entity=company.entity, params=QueryDict("sale=passed")),
    )
    assert skipped == 1
    return Books(company, {"ended": posted(company, made)}, signed_in(company["AUDITOR"]))


def test_the_impact_of_the_month_is_the_loss_before_tax_with_inventory_down_and_cash_unchanged(ended: Books) -> None:
    page = page_of(ended.get("impact/?period=2026-03&compare=none"))
    income, balance = page.tables["Income statement"], page.tables["Balance sheet"]
    assert row_of(income, "Profit before tax")[1] == "(8,442,979.27)"
    assert row_of(income, "Current tax (by policy, not posted yet)")[1] == "2,110,744.82"
    assert row_of(income, "Net profit")[1] == "(6,332,234.45)"
    assert row_of(balance, "Net inventory")[1] == "(8,442,979.27)"
    assert row_of(balance, "Cash")[1] == "–"
    assert row_of(page.tables["Cash flow, indirect"], "Change in cash")[1] == "–"


def test_the_files_say_the_same(ended: Books) -> None:
    text = pdf_text(ended.get("impact.pdf?period=2026-03"))
    assert "(8,442,979.27)" in text
    assert "2,110,744.82" in text
    rows = workbook(ended.get("impact.xlsx?period=2026-03&compare=none"))["Income statement"]
    assert row_of(rows, "Profit before tax")[1] == -8442979.27


def test_the_register_has_147_lines_and_the_roll_forward_closes_to_the_ledger(ended: Books) -> None:
    register = workbook(ended.get("register.xlsx?period=2026-03"))["Write-off register"]
    lines = [row for row in register if str(row[0]).startswith("WO-")]
    assert len(lines) == 147
    assert row_of(register, "Total")[14] == 8442979.27
    response = ended.get("rollforward/?period=2026-03")
    gross = page_of(response).tables["Gross inventory"]
    total = dict(zip(gross[0], row_of(gross, "Total"), strict=True))
    assert total["Opening stock loaded, USD"] == "20,092,679.15"
    assert total["Written off, USD"] == "(8,442,979.27)"
    assert total["Closing, USD"] == total["GL balance, USD"] == "11,649,699.88"
    assert "Every class closes to the general ledger" in response.content.decode()


def test_the_register_of_147_lines_is_printed_with_all_of_them(ended: Books) -> None:
    text = pdf_text(ended.get("register.pdf?period=2026-03"))
    assert text.count(ended.made["ended"].number) == 147
    assert "8,442,979.27" in text
