"""The registry of guards: put up, taken down, found missing, suspended with a reason."""

from __future__ import annotations

import pytest
from django.core.checks import run_checks
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction

from core import audit, guards
from core.models import AuditEvent, Entity, User

pytestmark = [pytest.mark.django_db, pytest.mark.database]


@pytest.fixture
def event() -> AuditEvent:
    entity = Entity.objects.create(slug="north", name="North", currency="EUR")
    return audit.record(entity=entity, actor=None, kind="test", message="Something happened.")


def rewrite(event: AuditEvent) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("update core_auditevent set message = 'Nothing happened.' where id = %s", [event.pk])


def test_every_declared_guard_stands_after_migrate() -> None:
    assert guards.declared()
    assert guards.missing() == []
    assert run_checks(databases=["default"], tags=["database"]) == []


def test_a_missing_guard_is_an_error_that_names_it_and_the_next_step(event: AuditEvent) -> None:
    trigger = next(name for name in guards.standing() if "auditevent_update" in name)
    with connection.cursor() as cursor:
        on = "" if connection.vendor == "sqlite" else " on core_auditevent"
        cursor.execute(f"drop trigger {trigger}{on}")
    [error] = [e for e in run_checks(databases=["default"], tags=["database"]) if e.id == "core.E001"]
    assert "'auditevent_update' does not stand on the table core_auditevent" in error.msg
    assert error.hint == "Run: manage.py migrate"
    assert [g.name for g in guards.install()] == ["auditevent_update"]
    with pytest.raises(IntegrityError, match="never updated"):
        rewrite(event)


def test_a_guard_of_an_older_wording_counts_as_missing_and_is_replaced() -> None:
    rule = guards.SQLite("before update", "select 1;")
    rule_pg = guards.PostgreSQL("before update", "return new;")
    old = guards.Guard("test_rule", "core_job", "nothing", sqlite=rule, postgresql=rule_pg)
    with connection.cursor() as cursor:
        for statement in old.statements(connection.vendor):
            cursor.execute(statement)
    assert old.trigger(connection.vendor) in guards.standing()
    guards.install()
    assert old.trigger(connection.vendor) not in guards.standing()


def test_two_guards_cannot_share_a_name() -> None:
    taken = guards.declared()[0]
    with pytest.raises(ValueError, match=f"Two guards are called '{taken.name}'"):
        guards.register(guards.Guard(taken.name, "core_job", "something else"))


def test_a_name_that_postgresql_would_cut_is_refused() -> None:
    with pytest.raises(ValueError, match="at most 48"):
        guards.register(guards.Guard("x" * 49, "core_job", "something"))


def test_migrate_puts_missing_guards_up_though_the_check_fails() -> None:
    guards.drop()
    assert guards.missing()
    call_command("migrate", verbosity=0, skip_checks=False)
    assert guards.missing() == []


def test_suspended_guards_let_a_row_be_mended_and_leave_the_reason_in_the_audit_trail(event: AuditEvent) -> None:
    with guards.suspended("the message named the wrong company"):
        rewrite(event)
    assert guards.missing() == []
    with pytest.raises(IntegrityError):
        rewrite(event)
    kept = AuditEvent.objects.get(kind="guards.suspended")
    assert kept.chain == "system"
    assert "the message named the wrong company" in kept.message


def test_guards_are_not_suspended_without_a_reason() -> None:
    with pytest.raises(ValueError, match="only for a reason"), guards.suspended(" "):
        pass


def test_a_suspension_that_fails_leaves_the_guards_standing(event: AuditEvent) -> None:
    User.objects.create(email="a@b.example", full_name="A")
    with pytest.raises(IntegrityError), guards.suspended("to try"):
        User.objects.create(email="A@b.example", full_name="A")
    assert guards.missing() == []
    assert not AuditEvent.objects.filter(kind="guards.suspended").exists()
