"""The audit page: who may open it, what it finds, and the button that proves the chain."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
import time_machine
from django.db import connection
from django.test import Client

from core import audit, guards
from core.models import User
from core.words import Role
from tests.conftest import Company

SignIn = Callable[[User], Client]
PAGE, PROVE = "/e/north/audit/", "/e/north/audit/prove/"


@pytest.fixture
def trail(company: Company) -> Company:
    for day, kind, role, subject in (
        (1, "proposal.submitted", "PREPARER", "proposal:WO-1"),
        (2, "proposal.approved", "APPROVER", "proposal:WO-1"),
        (3, "period.closed", "CONTROLLER", "period:2026-03"),
    ):
        with time_machine.travel(dt.datetime(2026, 4, day, 12, tzinfo=dt.UTC), tick=False):
            audit.record(
                entity=company.entity,
                actor=company[role],
                kind=kind,
                subject=subject,
                message=f"{company[role]} did {kind} on {subject}.",
            )
    return company


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("address", [PAGE, PROVE])
def test_auditors_and_controllers_open_it_and_nobody_else(
    trail: Company, signed_in: SignIn, role: Role, address: str
) -> None:
    client = signed_in(trail[role])
    answer = client.get(address) if address == PAGE else client.post(address)
    assert answer.status_code == (200 if role in (Role.AUDITOR, Role.CONTROLLER) else 403)


def test_a_stranger_is_sent_to_sign_in(trail: Company, client: Client) -> None:
    assert client.get(PAGE).status_code == 302


def test_another_company_answers_as_if_there_were_nothing(
    trail: Company, other_company: Company, signed_in: SignIn
) -> None:
    client = signed_in(other_company["AUDITOR"])
    assert client.get(PAGE).status_code == 404
    assert client.post(PROVE).status_code == 404


def found(client: Client, query: str) -> list[str]:
    return [event.kind for event in client.get(f"{PAGE}?{query}").context["page_obj"]]


def test_events_are_found_by_record_person_day_and_kind(trail: Company, signed_in: SignIn) -> None:
    client = signed_in(trail["AUDITOR"])
    assert found(client, "") == ["period.closed", "proposal.approved", "proposal.submitted"]
    assert found(client, "q=WO-1") == ["proposal.approved", "proposal.submitted"]
    assert found(client, f"person={trail['APPROVER'].pk}") == ["proposal.approved"]
    assert found(client, "kind=period.closed") == ["period.closed"]
    assert found(client, "starts_on=2026-04-02&ends_on=2026-04-02") == ["proposal.approved"]
    assert found(client, "q=nothing") == []


def test_a_day_is_the_companys_own(trail: Company, signed_in: SignIn) -> None:
    trail.entity.time_zone = "Pacific/Auckland"
    trail.entity.save()
    assert found(signed_in(trail["AUDITOR"]), "starts_on=2026-04-03&ends_on=2026-04-03") == ["proposal.approved"]


def test_an_event_is_one_sentence_and_links_its_record(trail: Company, signed_in: SignIn) -> None:
    text = signed_in(trail["AUDITOR"]).get(PAGE).content.decode()
    assert "Controller north did period.closed on period:2026-03." in text
    assert 'href="/e/north/periods/2026-03/"' in text


def test_an_event_of_another_company_is_not_shown(trail: Company, other_company: Company, signed_in: SignIn) -> None:
    audit.record(entity=other_company.entity, actor=None, kind="test", message="Elsewhere.")
    assert "Elsewhere." not in signed_in(trail["AUDITOR"]).get(PAGE).content.decode()


@pytest.mark.parametrize("query", ["starts_on=x", "ends_on=9999-12-31", "person=0", "kind=nonsense", "page=99"])
def test_a_search_that_makes_no_sense_is_answered(trail: Company, signed_in: SignIn, query: str) -> None:
    assert signed_in(trail["AUDITOR"]).get(f"{PAGE}?{query}").status_code == 200


def test_prove_recomputes_the_chain_and_shows_its_head(trail: Company, signed_in: SignIn) -> None:
    head = audit.ChainHead.objects.get(chain=audit.entity_chain(trail.entity))
    client = signed_in(trail["AUDITOR"])
    assert "Prove 3 events" in client.get(PAGE).content.decode()
    text = client.post(PROVE).content.decode()
    assert "Every chain was recomputed from its first link to its head; nothing is wrong." in text
    assert head.hash in text


def test_prove_names_the_event_that_was_changed(trail: Company, signed_in: SignIn) -> None:
    guards.drop()
    with connection.cursor() as cursor:
        cursor.execute("update core_auditevent set message = 'Nobody did anything.' where kind = 'proposal.approved'")
    guards.install()
    text = signed_in(trail["CONTROLLER"]).post(PROVE).content.decode()
    assert "The trail is broken." in text
    assert "event 2 (&quot;Nobody did anything.&quot;) is not what was written" in text


def test_the_page_takes_a_constant_number_of_queries(
    trail: Company, signed_in: SignIn, django_assert_max_num_queries: Callable
) -> None:
    for number in range(60):
        audit.record(entity=trail.entity, actor=trail["PREPARER"], kind="test", message=f"Event {number}.")
    client = signed_in(trail["AUDITOR"])
    with django_assert_max_num_queries(12):
        assert len(client.get(PAGE).context["page_obj"]) == 50
