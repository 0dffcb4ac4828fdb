"""The margin that write-downs of before lent to sales (P19), under both methods."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal as D

import pytest
from django.test import Client
from django.urls import reverse

from core.models import User
from inventory.models import UnexplainedFall
from inventory.services import fall_explain
from tests.conftest import Company
from tests.inventory.erp_sheets import MARCH_END, moved
from tests.inventory.sheets import lot_row, take_in
from writeoffs.reports.margin import sold_facts
from writeoffs.reports.selectors import periods_all
from writeoffs.reports.statements.margin import margin_lines, margin_total
from writeoffs.reports.statements.spans import default_span

SignedIn = Callable[[User], Client]
pytestmark = pytest.mark.django_db
APRIL = MARCH_END.replace(month=4, day=30)


def march(company: Company) -> list[tuple[D, ...]]:
    periods = periods_all(entity=company.entity)
    span = default_span(periods, MARCH_END.date(), "en")
    facts = sold_facts(entity=company.entity, span=span)
    return [(line.revenue, line.original_cost, line.released, line.cogs, line.benefit) for line in margin_lines(facts)]


def test_half_of_a_written_down_lot_is_sold(company: Company) -> None:
    take_in(company, [lot_row(quantity=100, cost=90, allowance=3000, write_down_years="2025"), lot_row("B", "L2")])
    rows = [
        moved("SALE", 50, revenue=4000, settlement="RECEIVABLE"),
        moved("SALE", 1, "S2", sku="B", lot_code="L2", revenue=9, settlement="CASH"),
    ]
    take_in(company, rows, code="erp_movements", as_of=MARCH_END)
    assert march(company) == [(D(4000), D(4500), D(1500), D(3000), D(1500))]


def test_under_the_direct_method_the_original_cost_is_told(company: Company) -> None:
    company.entity.method = "DIRECT"
    company.entity.save()
    take_in(company, [lot_row(quantity=100, cost=60, original_unit_cost=90, write_down_years="2025")])
    take_in(company, [moved("SALE", 50, revenue=4000, settlement="CASH")], code="erp_movements", as_of=MARCH_END)
    assert march(company) == [(D(4000), D(4500), D(0), D(3000), D(1500))]


def test_the_report_shows_what_a_person_called_a_sale_and_that_its_revenue_is_missing(
    company: Company, signed_in: SignedIn
) -> None:
    take_in(company, [lot_row(quantity=100, cost=90, allowance=3000, write_down_years="2025")])
    take_in(company, [lot_row(quantity=50, cost=90)], as_of=MARCH_END)
    fall = UnexplainedFall.objects.get()
    fall_explain(entity=company.entity, fall=fall, explanation="SALE", note="", user=company["PREPARER"])
    client = signed_in(company["AUDITOR"])
    address = reverse("reports:margin", args=["north"])
    page = client.get(address, {"period": "2026-03"}).content.decode()
    assert "1 sale has no revenue" in page
    assert "1,500.00" in page
    csv = client.get(reverse("reports:margin_csv", args=["north"]), {"period": "2026-03"})
    assert "A,,50,0,4500,1500,3000,,1500" in csv.content.decode().replace('"', "")
    assert client.get(reverse("reports:margin_print", args=["north"]), {"period": "2026-03"}).status_code == 200
    assert signed_in(company["COUNTER"]).get(address).status_code == 403
    assert margin_total([]).benefit == 0
