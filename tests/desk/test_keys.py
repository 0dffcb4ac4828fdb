"""Closing and re-opening by key."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.core.management import call_command
from django.test import Client

from core.keys import StepKey
from core.models import AuditEvent, ChangeRequest, User
from tests.conftest import Company
from writeoffs.ledger.models import FiscalPeriod

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]
CLOSE, REOPEN = "/e/north/periods/2025-01/close/", "/e/north/periods/2025-01/reopen/"
SAID = "January 2025 is closed. Nothing is posted into it any more."


def january(company: Company) -> FiscalPeriod:
    return FiscalPeriod.objects.get(entity=company.entity, fiscal_year=2025, number=1)


def closings() -> int:
    return AuditEvent.objects.filter(kind="period.closed").count()


def test_a_period_is_closed_once_by_key(company: Company, signed_in: SignIn) -> None:
    client = signed_in(company["CONTROLLER"])
    for _ in range(2):
        answer = client.post(CLOSE, {"step_key": "close-january"}, follow=True)
        assert answer.status_code == 200
        assert SAID in answer.content.decode()
    assert closings() == 1
    assert client.post("/e/north/periods/2025-02/close/", {"step_key": "close-january"}).status_code == 409


def test_another_press_is_told_that_it_is_closed_already(company: Company, signed_in: SignIn) -> None:
    client = signed_in(company["CONTROLLER"])
    client.post(CLOSE, {"step_key": "close-january"})
    answer = client.post(CLOSE, {"step_key": "again-january"})
    assert answer.status_code == 409
    assert "closed already" in answer.content.decode()


def test_without_a_key_a_repetition_is_known_until_the_period_is_open_again(
    company: Company, signed_in: SignIn
) -> None:
    asker, decider = signed_in(company["CONTROLLER"]), signed_in(company["APPROVER"])
    for _ in range(2):
        assert SAID in asker.post(CLOSE, follow=True).content.decode()
    assert closings() == 1
    for _ in range(2):
        assert asker.post(REOPEN, {"reason": "A late invoice"}).status_code == 302
    change = ChangeRequest.objects.get()
    for _ in range(2):
        assert decider.post(f"/e/north/changes/{change.pk}/decide/", {"decision": "approve"}).status_code == 302
    assert january(company).status == FiscalPeriod.Status.OPEN
    asker.post(CLOSE)
    assert january(company).status == FiscalPeriod.Status.CLOSED
    assert closings() == 2
    assert StepKey.objects.filter(action="period.close").count() == 2
    call_command("verify")


def test_a_change_is_asked_for_and_decided_once_by_key(company: Company, signed_in: SignIn) -> None:
    asker, decider = signed_in(company["CONTROLLER"]), signed_in(company["APPROVER"])
    asker.post(CLOSE)
    ask = {"reason": "A late invoice", "step_key": "reopen-january"}
    assert [asker.post(REOPEN, ask).status_code for _ in range(2)] == [302, 302]
    assert asker.post(REOPEN, {**ask, "reason": "Another"}).status_code == 409
    decide = f"/e/north/changes/{ChangeRequest.objects.get().pk}/decide/"
    yes = {"decision": "approve", "step_key": "yes-reopen-it"}
    assert [decider.post(decide, yes).status_code for _ in range(2)] == [302, 302]
    assert decider.post(decide, {**yes, "decision": "refuse"}).status_code == 409
    assert AuditEvent.objects.filter(kind="change.approved").count() == 1
