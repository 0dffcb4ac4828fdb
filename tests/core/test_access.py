"""Who may open what: anonymous, wrong role, other entity, right role; and what is kept of a refusal."""

from collections.abc import Callable

import pytest
from django.test import Client

from core.models import AuditEvent, User
from tests.conftest import Company

SignIn = Callable[[User], Client]


def test_an_anonymous_visitor_is_sent_to_sign_in(company: Company, client: Client) -> None:
    response = client.get(f"/e/{company.entity.slug}/stock/")
    assert response.status_code == 302
    assert response["Location"].startswith("/accounts/login/?next=")


def test_another_entity_answers_as_if_it_did_not_exist(
    company: Company, other_company: Company, signed_in: SignIn
) -> None:
    client = signed_in(company["CONTROLLER"])
    assert client.get(f"/e/{other_company.entity.slug}/stock/").status_code == 404
    assert client.get("/e/nowhere/stock/").status_code == 404


@pytest.mark.parametrize("role", ["COUNTER", "ADMIN"])
def test_a_role_without_business_rights_is_refused_and_the_refusal_is_kept(
    company: Company, signed_in: SignIn, role: str
) -> None:
    response = signed_in(company[role]).get(f"/e/{company.entity.slug}/stock/")
    assert response.status_code == 403
    assert "needs the role" in response.content.decode()
    event = AuditEvent.objects.get(kind="refused")
    assert event.actor == company[role]
    assert event.entity == company.entity


def test_a_reader_opens_the_page(company: Company, signed_in: SignIn) -> None:
    assert signed_in(company["AUDITOR"]).get(f"/e/{company.entity.slug}/stock/").status_code == 200
