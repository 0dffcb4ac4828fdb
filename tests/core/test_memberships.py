"""Roles are held up against the audit trail: what was slipped in or taken away behind the program's back is named."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection

from core.memberships import memberships, memberships_found, memberships_grant
from core.models import AuditEvent, Entity, Membership, User
from core.verify import Tally
from core.words import Role

pytestmark = [pytest.mark.django_db, pytest.mark.database]
SINCE = dt.date(2026, 1, 5)


@pytest.fixture
def entity() -> Entity:
    return Entity.objects.create(slug="north", name="North Trading", currency="EUR")


@pytest.fixture
def ada() -> User:
    return User.objects.create(email="ada@north.example", full_name="Ada Obi")


def found() -> list[str]:
    return list(memberships(Tally()))


def run(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        assert cursor.rowcount == 1


def test_roles_that_were_given_are_true(entity: Entity, ada: User) -> None:
    memberships_grant(entity=entity, given=[(ada, Role.APPROVER, SINCE), (ada, Role.COUNTER, SINCE)])
    [event] = AuditEvent.objects.filter(kind="memberships.granted")
    assert event.message == "Whoever set the company up gave roles in North Trading: Ada Obi approver, Ada Obi counter."
    assert found() == []


CHANGES = {
    "a role slipped in": (
        "insert into core_membership (entity_id, user_id, role, since) select entity_id, user_id, 'CONTROLLER', since "
        "from core_membership",
        "North Trading: Ada Obi has the role controller, but no audit event gave it.",
    ),
    "a role taken away": (
        "delete from core_membership",
        "North Trading: Ada Obi was given the role approver, which is gone, but no audit event took it.",
    ),
    "another role": (
        "update core_membership set role = 'CONTROLLER'",
        "North Trading: Ada Obi has the role controller, but no audit event gave it.",
    ),
    "another day": (
        "update core_membership set since = '2025-01-05'",
        "North Trading: Ada Obi has the role approver since 2025-01-05; the audit trail says 2026-01-05.",
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_role_changed_behind_the_programs_back_is_named(entity: Entity, ada: User, change: str) -> None:
    memberships_grant(entity=entity, given=[(ada, Role.APPROVER, SINCE)])
    statement, complaint = CHANGES[change]
    run(statement)
    assert complaint in found()


def test_what_stood_before_is_written_down_once(entity: Entity, ada: User) -> None:
    Membership.objects.create(entity=entity, user=ada, role=Role.COUNTER)
    assert found() == []
    memberships_found()
    Membership.objects.create(entity=entity, user=ada, role=Role.APPROVER)
    memberships_found()
    assert found() == ["North Trading: Ada Obi has the role approver, but no audit event gave it."]
    [event] = AuditEvent.objects.filter(kind="memberships.found")
    assert event.message == "Roles that stood in North Trading when the program began to tell of each: 1."
