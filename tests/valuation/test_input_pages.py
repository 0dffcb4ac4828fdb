"""The pages of the inputs: who may open and give, what they show, and what a refused form says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.test.utils import CaptureQueriesContext

from core.models import AuditEvent, User
from tests.conftest import Company
from tests.valuation.giving import a_lot, a_price, an_item
from writeoffs.valuation.inputs import Contract, Demand, Price
from writeoffs.valuation.kinds_of_input import KINDS

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]
AT = "/e/north/valuation/inputs/"
GOOD = {"sku": "A-1", "as_of": "2026-03-31", "currency": "EUR", "selling_price": "12.50", "source": "List"}


@pytest.mark.parametrize("code", KINDS)
def test_every_kind_has_its_list_and_its_form(code: str, company: Company, signed_in: SignIn) -> None:
    client = signed_in(company["CONTROLLER"])
    page = client.get(f"{AT}{code}/")
    assert page.status_code == 200
    assert f"No {KINDS[code].plural} yet" in page.content.decode()
    assert client.get(f"{AT}{code}/?as_of=2026-03-31&q=x").status_code == 200
    assert client.get(f"{AT}{code}/?as_of=never").status_code == 400
    assert client.get(f"{AT}{code}/new/").status_code == 200
    assert client.post(f"{AT}{code}/new/", {}).status_code == 400


def test_a_price_is_given_shown_replaced_and_withdrawn(company: Company, signed_in: SignIn) -> None:
    an_item(company)
    client = signed_in(company["PRICE_OWNER"])
    paper = SimpleUploadedFile("list.pdf", b"%PDF-1.7 prices", "application/pdf")
    made = client.post(f"{AT}price/new/", {**GOOD, "evidence": paper}, follow=True)
    text = made.content.decode()
    assert "The price of A-1 from 2026-03-31 is kept: selling price 12.5 (EUR)." in text
    assert "list.pdf" in text
    one = Price.objects.get()
    assert client.get(f"{AT}price/{one.pk}/paper/").content == b"%PDF-1.7 prices"

    again = client.post(f"{AT}price/new/", {**GOOD, "selling_price": "11"})
    assert again.status_code == 400
    assert "Say why another one replaces it" in again.content.decode()
    form = client.get(f"{AT}price/new/?like={one.pk}").content.decode()
    assert 'value="A-1"' in form
    client.post(f"{AT}price/new/", {**GOOD, "selling_price": "11", "reason": "Misread"})
    other = Price.objects.get(version=2)
    assert other.evidence_id == one.evidence_id
    detail = client.get(f"{AT}price/{one.pk}/").content.decode()
    assert "Replaced" in detail
    assert "Misread" in detail

    assert client.post(f"{AT}price/{other.pk}/withdraw/", {"reason": ""}).status_code == 400
    gone = client.post(f"{AT}price/{other.pk}/withdraw/", {"reason": "Of another item"}, follow=True)
    assert "Withdrawn" in gone.content.decode()
    assert "No prices yet" in client.get(f"{AT}price/").content.decode()


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"sku": "Z"}, "has the SKU &#x27;Z&#x27;"),
        ({"lot_code": "L9"}, "has no lot &#x27;L9&#x27;"),
        ({"selling_price": "12,5o"}, "Enter a number"),
        ({"selling_price": ""}, "A price gives a selling price"),
        ({"evidence": SimpleUploadedFile("x.pdf", b"MZ", "application/pdf")}, "does not contain one"),
    ],
)
def test_a_form_that_cannot_be_kept_says_why(
    fields: dict[str, Any], sentence: str, company: Company, signed_in: SignIn
) -> None:
    an_item(company)
    page = signed_in(company["PRICE_OWNER"]).post(f"{AT}price/new/", {**GOOD, **fields})
    assert page.status_code == 400
    assert sentence in page.content.decode()
    assert not Price.objects.exists()


def test_a_doubtful_figure_is_kept_with_a_word_of_it(company: Company, signed_in: SignIn) -> None:
    a_lot(company)
    client = signed_in(company["CONTROLLER"])
    page = client.post(f"{AT}price/new/", {**GOOD, "cost_to_sell": "20"}, follow=True)
    assert "is -7.5, below nil" in page.content.decode()
    agreed = {
        "reference": "C",
        "sku": "A-1",
        "quantity": "5",
        "price": "2",
        "currency": "USD",
        "source": "C",
        "starts_on": "2026-01-01",
        "ends_on": "2026-12-31",
    }
    page = client.post(f"{AT}contract/new/", agreed, follow=True)
    assert "is for 5 units, 0 are on hand" in page.content.decode()
    assert "There is no rate from USD to EUR" in page.content.decode()
    client.post(f"{AT}demand/new/", {"sku": "A-1", "month": "2026-03-17", "quantity": "5", "source": "ERP"})
    assert Demand.objects.get().month.day == 1
    assert Contract.objects.count() == 1


def test_who_may_open_and_who_may_give(company: Company, other_company: Company, signed_in: SignIn) -> None:
    price, theirs = a_price(company), a_price(other_company)
    assert Client().get(f"{AT}price/").status_code == 302
    for role, opens in (("COUNTER", 403), ("AUDITOR", 200), ("ADMIN", 403)):
        assert signed_in(company[role]).get(f"{AT}price/{price.pk}/").status_code == opens
    auditor = signed_in(company["AUDITOR"])
    assert "Give a price" not in auditor.get(f"{AT}price/").content.decode()
    assert auditor.get(f"{AT}price/new/").status_code == 403
    assert signed_in(company["PREPARER"]).post(f"{AT}price/new/", GOOD).status_code == 403
    assert auditor.post(f"{AT}price/{price.pk}/withdraw/", {"reason": "x"}).status_code == 403
    assert Price.objects.count() == 2
    for address in (f"price/{theirs.pk}/", f"price/{theirs.pk}/paper/", "nothing/", "price/999999999999999999999/"):
        assert auditor.get(f"{AT}{address}").status_code == 404
    assert signed_in(other_company["AUDITOR"]).get(f"{AT}price/").status_code == 404
    assert AuditEvent.objects.filter(kind="refused").exists()


def test_a_list_asks_as_often_for_many_as_for_one(company: Company, signed_in: SignIn) -> None:
    from django.db import connection

    client = signed_in(company["AUDITOR"])
    counts = []
    for _ in range(2):
        for place in range(4):
            a_price(company, sku=f"S-{Price.objects.count()}-{place}")
        with CaptureQueriesContext(
            connection,
        ) as asked:
            assert client.get(f"{AT}price/").status_code == 200
        counts.append(len(asked))
    assert counts[0] == counts[1]
