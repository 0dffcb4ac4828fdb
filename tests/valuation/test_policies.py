"""Valuation policies: two people, dated, what is refused, which one counts, and the pages."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from core import guards
from core.changes import change_decide
from core.errors import BadInput, DomainError, NotAllowed, SegregationOfDuties, WrongState
from core.models import AuditEvent, Category, ChangeRequest, User
from core.words import Framework
from tests.conftest import Company, make_company
from writeoffs.ledger.models import FiscalPeriod
from writeoffs.valuation.in_force import policies_as_of, policy_for
from writeoffs.valuation.policies import AgeingBand, ValuationPolicy
from writeoffs.valuation.policy_changes import PolicyAsked, policy_request
from writeoffs.valuation.verifiers import policies

pytestmark = [pytest.mark.django_db, pytest.mark.database]
SignIn = Callable[[User], Client]
JANUARY = dt.date(2026, 1, 1)
MATRIX = ((0, 180, Decimal(0)), (181, 365, Decimal("0.25")), (366, None, Decimal(1)))
AT = "/e/north/valuation/policies/"


def ask(company: Company, starts_on: dt.date = JANUARY, by: str = "CONTROLLER", **values: Any) -> ChangeRequest:
    asked = PolicyAsked(starts_on, **values)
    return policy_request(entity=company.entity, user=company[by], asked=asked, why="Yearly review")


def decided(company: Company, starts_on: dt.date = JANUARY, **values: Any) -> ValuationPolicy:
    change = ask(company, starts_on, **values)
    change_decide(change=change, user=company["APPROVER"], approve=True)
    return ValuationPolicy.objects.order_by("-pk")[0]


def test_a_policy_is_made_when_a_second_person_agrees(company: Company) -> None:
    change = ask(company, bands=MATRIX, excess_months=12, expired_rate=Decimal(1))
    assert not ValuationPolicy.objects.exists()
    with pytest.raises(SegregationOfDuties):
        change_decide(change=change, user=company["CONTROLLER"], approve=True)
    change_decide(change=change, user=company["APPROVER"], approve=True)
    policy = ValuationPolicy.objects.get()
    assert (policy.asked_by, policy.decided_by) == (company["CONTROLLER"], company["APPROVER"])
    assert (policy.version, policy.excess_months, policy.expired_rate, policy.reason) == (1, 12, 1, "Yearly review")
    assert list(policy.bands.values_list("from_days", "to_days", "rate")) == list(MATRIX)
    event = AuditEvent.objects.get(kind="valuation.policy")
    assert "excess beyond 12 months of demand over 12, ageing 0–180 days 0 %, 181–365 days 25 %" in event.message
    assert list(policies(Counter())) == []


def test_the_policy_of_a_category_goes_before_that_of_all_stock(company: Company) -> None:
    food = Category.objects.create(entity=company.entity, name="Food")
    every, own = decided(company), decided(company, category=food, expired_rate=Decimal(1))
    later = decided(company, dt.date(2026, 6, 1), excess_months=6)
    tax = decided(company, basis="TAX", framework=Framework.US_GAAP, level="TOTAL")
    entity = company.entity
    found = {day: policy_for(entity=entity, category=None, as_of=day) for day in (dt.date(2025, 1, 1), JANUARY)}
    assert list(found.values()) == [None, every]
    assert policy_for(entity=entity, category=food, as_of=dt.date(2026, 7, 1)) == own
    assert policies_as_of(entity=entity, as_of=dt.date(2026, 7, 1)) == {None: later, food.pk: own}
    assert policies_as_of(entity=entity, as_of=JANUARY, basis="TAX") == {None: tax}
    again = decided(company, dt.date(2026, 6, 1), excess_months=7)
    assert (again.version, policies_as_of(entity=entity, as_of=dt.date(2026, 6, 1))[None]) == (2, again)


@pytest.mark.parametrize(
    ("values", "error", "complaint"),
    [
        ({"level": "TOTAL"}, BadInput, "IAS 2.29"),
        ({"level": "CATEGORY"}, BadInput, "IAS 2.29"),
        ({"cost_formula": "LIFO"}, BadInput, "IAS 2.25"),
        ({"framework": "US_GAAP"}, BadInput, "keeps its books under IFRS"),
        ({"level": "PILE"}, BadInput, "'PILE' is no level"),
        ({"bands": ((0, 180, Decimal(0)), (182, None, Decimal(1)))}, BadInput, "Band 2"),
        ({"expiring_days": 30}, BadInput, "both the number of days and the rate"),
        ({"variance_rate": Decimal("0.1")}, BadInput, "belongs to standard cost"),
        ({"excess_months": 0}, BadInput, "beyond 1 to 120 months"),
        ({"demand_months": 0}, BadInput, "over 1 to 60 months"),
        ({"expired_rate": Decimal(2)}, BadInput, "no fraction between 0 and 1"),
        ({"least": Decimal("0.001")}, BadInput, "no amount of EUR"),
        ({"by": "PREPARER"}, NotAllowed, "only a controller"),
    ],
)
def test_a_policy_that_cannot_be_is_refused(
    values: dict[str, Any], error: type[DomainError], complaint: str, company: Company
) -> None:
    with pytest.raises(error, match=complaint):
        ask(company, **values)
    assert not ChangeRequest.objects.exists()


def test_a_category_under_ifrs_with_its_reason_and_everything_under_us_gaap(company: Company) -> None:
    reason = "One product line, made on one machine and sold in one area"
    assert decided(company, level="CATEGORY", level_reason=reason).level_reason == reason
    west = make_company("west", framework=Framework.US_GAAP)
    assert decided(west, level="TOTAL", cost_formula="LIFO").cost_formula == "LIFO"


def test_the_same_again_and_a_change_in_a_closed_period_are_refused(company: Company, other_company: Company) -> None:
    FiscalPeriod.objects.filter(entity=company.entity, number=2, fiscal_year=2026).update(status="CLOSED")
    decided(company)
    with pytest.raises(WrongState, match="this is the policy from 2026-01-01 on already"):
        ask(company, dt.date(2026, 5, 1))
    with pytest.raises(BadInput, match="which is closed, and another policy counted"):
        ask(company, dt.date(2026, 2, 10), excess_months=6)
    theirs = Category.objects.create(entity=other_company.entity, name="Theirs")
    with pytest.raises(BadInput, match="is no category of North"):
        ask(company, category=theirs)


def test_verify_sees_a_policy_that_was_changed(company: Company) -> None:
    policy = decided(company, bands=MATRIX)
    connection.check_constraints()
    guards.drop()
    AgeingBand.objects.filter(policy=policy, from_days=181).update(rate=Decimal("0.1"))
    assert list(policies(Counter())) == [
        f"North Trading: the valuation policy {policy.pk} (All stock from 2026-01-01) is not what two people agreed to."
    ]


FORM = {
    "basis": "LEADING",
    "starts_on": "2026-12-01",
    "level": "ITEM",
    "cost_formula": "SPECIFIC",
    "demand_months": "12",
    "why": "Review",
    "excess_months": "9",
    "band-TOTAL_FORMS": "2",
    "band-INITIAL_FORMS": "0",
    "band-0-from_days": "0",
    "band-0-to_days": "180",
    "band-0-rate": "0",
    "band-1-from_days": "181",
    "band-1-rate": "0.5",
}


def test_the_pages_show_what_is_in_force_and_ask_for_more(company: Company, signed_in: SignIn) -> None:
    client = signed_in(company["CONTROLLER"])
    assert "No policy under this basis" in client.get(AT).content.decode()
    policy = decided(company, bands=MATRIX, excess_months=12)
    page = client.get(AT).content.decode()
    assert "excess beyond 12 months" in page
    assert "Only with a documented IAS 2.29 reason" in page
    detail = client.get(f"{AT}{policy.pk}/").content.decode()
    assert "181–365 days" in detail
    assert "In force" in detail
    form = client.get(f"{AT}change/").content.decode()
    assert 'value="365"' in form
    done = client.post(f"{AT}change/", FORM, follow=True).content.decode()
    assert "Asked: Value All stock, leading from 2026-12-01: by item" in done
    assert "Waiting for a second person" in done
    change_decide(change=ChangeRequest.objects.get(status="OPEN"), user=company["APPROVER"], approve=True)
    assert ValuationPolicy.objects.get(excess_months=9).bands.count() == 2
    assert "to come" in client.get(AT).content.decode() or dt.date.today() >= dt.date(2026, 12, 1)


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"level": "TOTAL"}, "IAS 2.29"),
        ({"band-1-from_days": "183"}, "leaves a gap"),
        ({"band-1-rate": ""}, "Give it, or clear the whole row"),
        ({"why": ""}, "This field is required"),
    ],
)
def test_a_refused_form_says_why(fields: dict[str, str], sentence: str, company: Company, signed_in: SignIn) -> None:
    page = signed_in(company["CONTROLLER"]).post(f"{AT}change/", {**FORM, **fields})
    assert page.status_code == 400
    assert sentence in page.content.decode()


def test_who_may_open_and_ask(company: Company, other_company: Company, signed_in: SignIn) -> None:
    policy = decided(company)
    assert Client().get(AT).status_code == 302
    assert signed_in(company["COUNTER"]).get(AT).status_code == 403
    auditor = signed_in(company["AUDITOR"])
    assert "Change a policy" not in auditor.get(AT).content.decode()
    assert auditor.get(f"{AT}change/").status_code == 403
    assert signed_in(other_company["AUDITOR"]).get(f"/e/south/valuation/policies/{policy.pk}/").status_code == 404
