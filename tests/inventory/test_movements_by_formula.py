"""Rows of a movements sheet that name no lot take the cost formula of the item's class (P23), or say why not."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal as D
from typing import Any

import pytest

from core import verify
from core.changes import change_decide
from core.models import Category
from inventory.models import ErpMovement, Lot
from tests.conftest import Company
from tests.inventory.erp_sheets import MARCH_END, moved
from tests.inventory.sheets import check, lot_row, take_in, upload_of
from writeoffs.ledger.models import JournalLine
from writeoffs.valuation.policy_changes import PolicyAsked, policy_request

pytestmark = pytest.mark.django_db


def policy(company: Company, formula: str, category: Category | None = None) -> None:
    asked = PolicyAsked(dt.date(2026, 1, 1), category=category, cost_formula=formula)
    change = policy_request(entity=company.entity, user=company["CONTROLLER"], asked=asked, why="Interchangeable goods")
    change_decide(change=change, user=company["APPROVER"], approve=True)


def stocked(company: Company, **framework: str) -> Company:
    """30 at 10.00, 50 at 12.40 and 20 at 13.00, the oldest taken in last and named last."""
    for name, value in framework.items():
        setattr(company.entity, name, value)
    company.entity.save()
    rows = [("K3", 20, 13, "2026-02-20"), ("K2", 50, "12.40", "2026-02-10"), ("K1", 30, 10, "2026-02-01")]
    lots = [lot_row(lot=code, quantity=units, cost=cost, received_on=day) for code, units, cost, day in rows]
    take_in(company, lots)
    return company


def sold(units: Any = 40, **more: Any) -> dict[str, Any]:
    return moved("SALE", units, lot_code="", revenue=1000, settlement="CASH", **more)


def left(company: Company) -> list[tuple[D, D]]:
    return list(Lot.objects.filter(entity=company.entity).order_by("code").values_list("quantity", "cost"))


def cost_of_sales() -> D:
    return sum((line.amount for line in JournalLine.objects.filter(role="COGS")), D(0))


def complaints(company: Company, *rows: dict[str, Any]) -> list[str]:
    upload = upload_of(company, "erp_movements", as_of=MARCH_END)
    _, issues = check(upload, list(rows))
    return [str(issue[-1]) for issue in issues.kept]


@pytest.mark.parametrize(
    ("formula", "framework", "cost", "stays"),
    [
        ("FIFO", "IFRS", D(424), [(D(0), D(0)), (D(40), D(496)), (D(20), D(260))]),
        ("LIFO", "US_GAAP", D(508), [(D(30), D(300)), (D(30), D(372)), (D(0), D(0))]),
    ],
)
def test_a_sale_without_a_lot_leaves_the_lots_that_the_formula_says(
    company: Company, formula: str, framework: str, cost: D, stays: list[tuple[D, D]]
) -> None:
    stocked(company, framework=framework)
    policy(company, formula)
    take_in(company, [sold()], code="erp_movements", as_of=MARCH_END)
    assert cost_of_sales() == cost
    assert left(company) == stays
    told = ErpMovement.objects.order_by("part")
    assert [(one.row, one.part) for one in told] == [(2, 1), (2, 2)]
    assert sum(one.revenue for one in told) == D(1000)
    # The sheets of a test tell the audit trail nothing; everything else has to agree.
    assert [said for said in verify.complaints(verify.Tally()) if "audit trail" not in said] == []


def test_the_class_goes_by_its_own_formula_and_lots_made_by_the_sheet_are_layers(company: Company) -> None:
    stocked(company)
    policy(company, "AVERAGE")
    policy(company, "FIFO", Category.objects.get(entity=company.entity))
    came = moved("RECEIPT", 10, lot_code="K4", cost=150, day="2026-03-04")
    take_in(company, [came, sold(105)], code="erp_movements", as_of=MARCH_END)
    assert left(company) == [(D(0), D(0)), (D(0), D(0)), (D(0), D(0)), (D(5), D(75))]
    assert cost_of_sales() == D(300 + 620 + 260 + 75)


def test_what_no_formula_can_say_names_the_reason_and_the_step(company: Company) -> None:
    stocked(company)
    [said] = complaints(company, sold())
    assert "names no lot, the item has several, and no valuation policy says which formula holds" in said
    policy(company, "SPECIFIC")
    assert "lots are identified one by one" in complaints(company, sold())[0]
    policy(company, "AVERAGE")
    [said] = complaints(company, sold())
    assert "its class goes by weighted average" in said
    assert "Give the lot. Losses at the average are written off by item and quantity." in said
    # Whoever has seen the goods knows their lot.
    assert "is not in the books" in complaints(company, moved("SCRAP", 1, lot_code=""))[0]


def test_too_many_units_and_another_cost_of_the_erp_are_said(company: Company) -> None:
    stocked(company)
    policy(company, "FIFO")
    assert "the lots there hold 100 on 2026-03-05" in complaints(company, sold(101))[0]
    [said] = complaints(company, sold(cost=430))
    assert "the units cost 424, not 430" in said
    assert complaints(company, sold(cost=424)) == []
    assert left(company)[0] == (D(30), D(300))


def test_a_document_is_taken_in_once_whichever_lots_it_left(company: Company) -> None:
    stocked(company)
    policy(company, "FIFO")
    take_in(company, [sold()], code="erp_movements", as_of=MARCH_END)
    assert "was taken in before" in complaints(company, sold())[0]
    assert "was taken in before" in complaints(company, sold() | {"lot_code": "K2"})[0]
