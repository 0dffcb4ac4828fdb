"""Cost formulas and levels of comparison on one page (P09 to P12, P23)."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal as D

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from core.models import User
from inventory.models import Lot
from tests.conftest import Company
from tests.posting.stock import make_lot
from writeoffs.valuation.assess import assessment_start
from writeoffs.valuation.giving import input_give
from writeoffs.valuation.loading import Scope, stock_as_of
from writeoffs.valuation.models import ConditionMark

SignedIn = Callable[[User], Client]
pytestmark = pytest.mark.django_db
AT = "/e/north/valuation/comparison/"


@pytest.fixture
def bolts(company: Company) -> Company:
    """P23: 30 at 10.00, 50 at 12.40, 20 at 13.00."""
    for code, quantity, cost in (("K1", "30", "10"), ("K2", "50", "12.40"), ("K3", "20", "13")):
        make_lot(company.entity, "BOLT", quantity, cost, code=code)
    return company


def test_both_comparisons_stand_on_one_page(bolts: Company, signed_in: SignedIn) -> None:
    entity = bolts.entity
    run = assessment_start(entity=entity, user=bolts["PREPARER"], as_of=entity.local_date())
    page = signed_in(bolts["PREPARER"]).get(AT, {"sku": "BOLT", "quantity": "40"})
    formulas, levels = page.context["formulas"], page.context["levels"]
    assert [(line.code, line.leaves, line.stays) for line in formulas.lines] == [
        ("FIFO", D(424), D(756)),
        ("AVERAGE", D(472), D(708)),
    ]
    assert [level.label for level in levels] == ["Item", "Category", "Total inventory"]
    assert [level.permitted for level in levels] == [True, True, False]
    assert levels[0].in_force
    text = page.content.decode()
    assert run.number in text
    assert reverse("proposals:by_item", args=["north"]) + "?sku=BOLT&amp;quantity=40&amp;formula=FIFO" in text
    # Who may not write off is not offered it.
    assert "Write off so" not in signed_in(bolts["AUDITOR"]).get(AT, {"sku": "BOLT", "quantity": "40"}).content.decode()


def test_the_old_address_of_the_formulas_leads_here(bolts: Company, signed_in: SignedIn) -> None:
    client = signed_in(bolts["PREPARER"])
    old = reverse("proposals:by_item", args=["north"])
    answer = client.get(old, {"sku": "BOLT", "quantity": "40"})
    assert answer["Location"] == f"{AT}?sku=BOLT&quantity=40"
    form = client.get(old, {"sku": "BOLT", "quantity": "40", "formula": "AVERAGE"})
    assert form.status_code == 200
    assert form.context["form"].initial["formula"] == "AVERAGE"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"sku": "NUT"}, "No item has the SKU"),
        ({"sku": "BOLT", "quantity": "12,5o"}, "is no number of units"),
        ({"assessment": "AS-1999-0001"}, "Select a valid choice"),
    ],
)
def test_what_cannot_be_compared_is_said(
    bolts: Company, signed_in: SignedIn, given: dict[str, str], words: str
) -> None:
    answer = signed_in(bolts["AUDITOR"]).get(AT, given)
    assert answer.status_code == 400
    assert words in answer.content.decode()


def test_empty_books_and_too_many_units_say_what_to_do(
    bolts: Company, other_company: Company, signed_in: SignedIn
) -> None:
    client = signed_in(bolts["AUDITOR"])
    assert "fewer than that" in client.get(AT, {"sku": "BOLT", "quantity": "101"}).content.decode()
    with CaptureQueriesContext(connection) as first:
        assert "3 layers" in client.get(AT).content.decode()
    for number in range(8):
        make_lot(bolts.entity, "BOLT", "1", "9", code=f"Z{number}")
    with CaptureQueriesContext(connection) as second:
        client.get(AT)
    assert len(second) == len(first)
    other = signed_in(other_company["AUDITOR"])
    assert "No assessment yet" in other.get(AT.replace("north", "south")).content.decode()
    assert other.get(AT).status_code == 404
    assert signed_in(bolts["COUNTER"]).get(AT).status_code == 403


def test_a_pledge_says_nothing_of_what_the_goods_are_worth(bolts: Company) -> None:
    entity = bolts.entity
    day = entity.local_date()
    for lot, kind in zip(Lot.objects.order_by("pk"), ("PLEDGED", "DAMAGED"), strict=False):
        given = ConditionMark(lot=lot, kind=kind, as_of=day, source="Loan 4711")
        input_give(entity=entity, user=bolts["CONTROLLER"], given=given)
    stock = stock_as_of(entity=entity, day=day, scope=Scope())
    assert sorted(lot.condition for lot in stock.lots) == ["", "", "DAMAGED"]
