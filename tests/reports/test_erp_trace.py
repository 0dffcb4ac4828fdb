"""Every line of a movements sheet's entries leads to the rows of the sheet that add up to it."""

from __future__ import annotations

import pytest

from tests.conftest import Company
from tests.inventory.erp_sheets import MARCH_END, moved
from tests.inventory.sheets import lot_row, take_in
from writeoffs.ledger.models import JournalLine
from writeoffs.reports.trace import trace_of

pytestmark = pytest.mark.django_db


def test_every_line_is_what_its_rows_add_up_to(company: Company) -> None:
    take_in(company, [lot_row(allowance=5, write_down_years="2025", quantity=20), lot_row("B", "L2", cost=3)])
    rows = [
        moved("SALE", 4, revenue=10, settlement="CASH"),
        moved("CUSTOMER_RETURN", 1, revenue=3, settlement="RECEIVABLE"),
        moved("TRANSFER", 3, to_location="WH2"),
        moved("SCRAP", 2),
        moved("PRODUCTION_OUT", 2, sku="B", lot_code="L2"),
        moved("RECEIPT", 2, sku="B", lot_code="L3", cost=8),
    ]
    take_in(company, rows, code="erp_movements", as_of=MARCH_END)
    take_in(company, [lot_row("A", "L1", quantity=2)], as_of=MARCH_END.replace(month=4, day=30))
    explaining = [moved("SALE", 1, "X1", day="2026-04-05", revenue=9, settlement="CASH")]
    take_in(company, explaining, code="erp_movements", as_of=MARCH_END.replace(month=4, day=30))
    lines = JournalLine.objects.filter(entry__entity=company.entity)
    assert lines.filter(entry__leg="EXPLAINED").exists()
    for line in lines.select_related("entry__reverses"):
        trace = trace_of(entity=company.entity, line=line)
        assert (line.entry.leg, line.role, trace.rest) == (line.entry.leg, line.role, 0)
        assert sum(row.amount for row in trace.rows(trace.found)) == line.amount


def test_every_line_of_history_is_what_its_movements_add_up_to(company: Company) -> None:
    rows = [
        moved("OPENING", 10, cost=100, allowance=20, category="Tools"),
        moved("SALE", 5),
        moved("CHARGE", "", allowance=4),
    ]
    take_in(company, rows, code="erp_movements", as_of=MARCH_END, options={"history": "history"})
    for line in JournalLine.objects.select_related("entry__reverses"):
        assert trace_of(entity=company.entity, line=line).rest == 0
