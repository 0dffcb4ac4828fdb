"""A run is started on a page, and what it finds is proposed, posted and reported: the whole road without a browser."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest
from django.test import Client

from core.models import User
from inventory.models import Lot
from tests.conftest import Company
from tests.posting.stock import make_lot
from tests.proposals.documents import DAY, draft, posted
from writeoffs.proposals.models import Proposal
from writeoffs.valuation.giving import input_give
from writeoffs.valuation.models import Assessment, Price

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]


def price(company: Company, lot: Lot, nrv: str) -> Price:
    given = Price(item=lot.item, as_of=DAY, currency="EUR", nrv=Decimal(nrv), source="Price list")
    return input_give(entity=company.entity, user=company["PRICE_OWNER"], given=given)


def test_a_run_is_started_accepted_posted_and_reported(company: Company, signed_in: SignIn) -> None:
    lamp, desk = make_lot(company.entity, "LAMP"), make_lot(company.entity, "DESK", allowance="400")
    make_lot(company.entity, "ODD")
    price(company, lamp, "30")
    price(company, desk, "45")
    client, day = signed_in(company["PREPARER"]), DAY.isoformat()
    answer = client.post("/e/north/valuation/assessments/new/", {"as_of": day, "basis": "LEADING"}, follow=True)
    run = Assessment.objects.get()
    assert (run.required, run.carried, run.untested_count) == (1000, 400, 1)
    assert "1 untested" in answer.content.decode()
    sent = {"confirmed": "1", "event_on": day, "found_on": day, "posting_on": day, "note": ""}
    client.post(f"/e/north/proposals/from-assessment/{run.number}/?show=moves", sent)
    for proposal in Proposal.objects.order_by("pk"):
        posted(company, proposal)
    assert dict(Lot.objects.values_list("item__sku", "write_down")) == {"LAMP": 1000, "DESK": 0, "ODD": 0}
    again = client.post("/e/north/valuation/assessments/new/", {"as_of": day, "basis": "LEADING"}, follow=True)
    assert again.context["totals"].movement == 0
    report = client.get("/e/north/reports/nrv/").context["report"]
    assert report.tables[1].foot[0].cells[-3].value == 1000


def test_a_day_in_the_future_is_refused_on_the_form(company: Company, signed_in: SignIn) -> None:
    client = signed_in(company["CONTROLLER"])
    answer = client.post("/e/north/valuation/assessments/new/", {"as_of": "2999-01-01", "basis": "LEADING"})
    assert answer.status_code == 400
    assert "lies in the future" in answer.content.decode()
    assert not Assessment.objects.exists()


def test_only_those_who_may_start_open_the_form(company: Company, signed_in: SignIn) -> None:
    assert signed_in(company["APPROVER"]).get("/e/north/valuation/assessments/new/").status_code == 403
    assert signed_in(company["PREPARER"]).get("/e/north/valuation/assessments/new/").status_code == 200


def test_lots_that_are_gone_are_said_once(company: Company, signed_in: SignIn) -> None:
    lamp = make_lot(company.entity, "LAMP")
    price(company, lamp, "30")
    client, day = signed_in(company["PREPARER"]), DAY.isoformat()
    client.post("/e/north/valuation/assessments/new/", {"as_of": day, "basis": "LEADING"})
    posted(company, draft(company, lamp, "100"))
    client.post("/e/north/valuation/assessments/new/", {"as_of": day, "basis": "LEADING"})
    run = Assessment.objects.order_by("-pk").first()
    assert run is not None
    page = client.get(f"/e/north/valuation/assessments/{run.number}/compare/")
    assert [(c.code, c.lines, c.amount) for c in page.context["changes"]] == [("GONE", 1, Decimal(-1000))]
