"""A group is asked for by a controller of every company and agreed to by a second person who may read them all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from core.changes import change_decide
from core.entity_groups import EntityGroup, EntityGroupMember
from core.errors import BadInput, NotAllowed, SegregationOfDuties, WrongState
from core.exchange_proof import entity_groups
from core.group_access import groups_of
from core.models import AuditEvent, ChangeRequest, Membership
from core.words import Role
from tests.conftest import Company, make_company
from tests.groups.parties import Party, ask, person

pytestmark = [pytest.mark.django_db, pytest.mark.database]


def test_a_second_person_who_reads_every_company_makes_the_group(company: Company, other_company: Company) -> None:
    keeper = person("Kim", Role.CONTROLLER, company, other_company)
    change = ask(company.entity, keeper, company.entity, other_company.entity)
    assert not EntityGroup.objects.exists()
    with pytest.raises(SegregationOfDuties):
        change_decide(change=change, user=keeper, approve=True)
    with pytest.raises(NotAllowed, match="somebody who may read every company"):
        change_decide(change=change, user=company["APPROVER"], approve=True)
    assert not EntityGroup.objects.exists()
    change_decide(change=change, user=person("Sam", Role.APPROVER, company, other_company), approve=True)
    group = EntityGroup.objects.get()
    assert set(group.entities.all()) == {company.entity, other_company.entity}
    assert AuditEvent.objects.get(kind="group.changed").entity == company.entity


def test_only_a_controller_of_every_company_asks(company: Company, other_company: Company) -> None:
    both = company.entity, other_company.entity
    with pytest.raises(NotAllowed, match="You are none of South Trading"):
        ask(company.entity, company["CONTROLLER"], *both)
    with pytest.raises(NotAllowed):
        ask(company.entity, person("Rae", Role.AUDITOR, company, other_company), *both)
    keeper = person("Kim", Role.CONTROLLER, company, other_company)
    with pytest.raises(BadInput, match="two companies or more"):
        ask(company.entity, keeper, company.entity)
    with pytest.raises(BadInput, match="keeps the group, so it belongs to it"):
        ask(make_company("west").entity, keeper, *both)
    with pytest.raises(BadInput, match="slug"):
        ask(company.entity, keeper, *both, slug="no slug")
    assert not ChangeRequest.objects.exists()


def test_a_company_leaves_by_two_people_and_the_currency_stays(party: Party) -> None:
    third = make_company("west")
    for user in (party.keeper, party.second):
        Membership.objects.create(entity=third.entity, user=user, role=Role.CONTROLLER)
    north, abroad = party.parent.entity, party.abroad.entity
    with pytest.raises(WrongState, match="is so already"):
        ask(north, party.keeper, north, abroad)
    change_decide(change=ask(north, party.keeper, north, third.entity), user=party.second, approve=True)
    assert set(party.group.entities.all()) == {north, third.entity}
    assert not groups_of(party.reader).exists()
    assert groups_of(party.keeper).count() == 1
    with pytest.raises(BadInput, match="the address of another group"):
        ask(third.entity, party.keeper, north, third.entity)
    assert list(entity_groups(Counter())) == []


def test_a_group_that_one_may_not_see_is_not_changed_through_its_address(party: Party) -> None:
    north, third = party.parent.entity, make_company("west").entity
    controller = party.parent["CONTROLLER"]
    Membership.objects.create(entity=third, user=controller, role=Role.CONTROLLER)
    assert not groups_of(controller).exists()
    with pytest.raises(BadInput, match="the address of another group"):
        ask(north, controller, north, third)


def test_who_may_not_read_one_company_any_more_sees_the_group_no_more(party: Party) -> None:
    assert list(groups_of(party.reader)) == [party.group]
    Membership.objects.filter(user=party.reader, entity=party.abroad.entity).delete()
    assert not groups_of(party.reader).exists()
    for role in (Role.COUNTER, Role.ADMIN):
        Membership.objects.create(user=party.reader, entity=party.abroad.entity, role=role)
    assert not groups_of(party.reader).exists()


@pytest.mark.parametrize(
    "sql",
    [
        "update core_entitygroup set name = 'Another'",
        "update core_entitygroup set currency = 'CHF'",
        "update core_entitygroup set fiscal_year_start = 4",
        "delete from core_entitygroupmember where id = (select max(id) from core_entitygroupmember)",
    ],
)
def test_verify_names_a_group_that_two_people_did_not_agree_to(sql: str, party: Party) -> None:
    assert list(entity_groups(Counter())) == []
    with connection.cursor() as cursor:
        cursor.execute(sql)
    [complaint] = entity_groups(Counter())
    assert f"Group {party.group.pk}" in complaint


def test_the_pages_take_a_group_from_asking_to_seeing(
    company: Company, other_company: Company, signed_in: Callable[..., Client]
) -> None:
    keeper = person("Kim", Role.CONTROLLER, company, other_company)
    second = person("Sam", Role.CONTROLLER, company, other_company)
    client = signed_in(keeper)
    assert "No group yet" in client.get("/g/").content.decode()
    given = {"name": "All of us", "parent": company.entity.pk, "currency": "eur", "fiscal_year_start": 4}
    sent = {**given, "entities": [company.entity.pk, other_company.entity.pk], "reason": "The bank asks"}
    assert client.post("/g/new/", {**sent, "currency": "XQQ"}).status_code == 400
    assert client.post("/g/new/", {**sent, "entities": [company.entity.pk]}).status_code == 400
    assert client.post("/g/new/", {**sent, "entities": ["9" * 30]}).status_code == 400
    outsider = make_company("west").entity
    assert client.post("/g/new/", {**sent, "entities": [company.entity.pk, outsider.pk]}).status_code == 400
    assert "A second person decides" in client.post("/g/new/", sent, follow=True).content.decode()
    change = ChangeRequest.objects.get()
    decide = reverse("desk:change_decide", args=["north", change.pk])
    assert signed_in(second).post(decide, {"decision": "approve"}).status_code == 302
    group = EntityGroup.objects.get()
    assert (group.slug, group.currency, group.fiscal_year_start) == ("all-of-us", "EUR", 4)
    text = client.get("/g/all-of-us/").content.decode()
    assert "South Trading" in text
    assert EntityGroupMember.objects.count() == 2
    assert "All of us" in client.get("/").content.decode()
    response = client.get("/g/all-of-us/companies/")
    assert response.status_code == 200
    assert client.get("/g/").status_code == 200


@pytest.mark.parametrize("slug", ["all", "nothing"])
def test_a_stranger_finds_no_group(slug: str, party: Party, signed_in: Callable[..., Client]) -> None:
    client = signed_in(make_company("west")["CONTROLLER"])
    for name in ("overview", "rates", "rate", "companies", "rollforward", "rollforward_pdf", "rollforward_csv"):
        assert client.get(reverse(f"groups:{name}", args=[slug])).status_code == 404
    assert "All of us" not in client.get("/g/").content.decode()
