"""The audit trail: chained without gaps, whoever appends at once; sign-ins kept; quick to prove."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.test import Client

from core import audit, guards
from core.models import AuditEvent, ChainHead, Entity, User
from tests.conftest import Company
from tests.plugins.database import ServerDatabase

PASSWORD = "correct horse battery staple"


@pytest.fixture
def entity(db: None) -> Entity:
    return Entity.objects.create(slug="north", name="North Trading", currency="EUR")


def test_events_follow_each_other_in_a_chain(entity: Entity) -> None:
    first = audit.record(entity=entity, actor=None, kind="test", message="One.")
    second = audit.record(entity=entity, actor=None, kind="test", message="Two.", data={"amount": "1.50", "n": [1, 2]})
    assert (first.sequence, first.previous_hash) == (1, "")
    assert (second.sequence, second.previous_hash) == (2, first.hash)
    head = ChainHead.objects.get(chain=f"entity:{entity.pk}")
    assert (head.sequence, head.hash) == (2, second.hash)


@pytest.mark.database
def test_an_event_read_back_gives_the_hash_that_was_stored(entity: Entity) -> None:
    data = {"umlaut": "Größe", "nested": {"b": 1, "a": [None, True, 1.5]}, "empty": {}}
    event = audit.record(entity=entity, actor=None, kind="test", message='"Quoted" – and dashed.', data=data)
    assert audit.event_hash(AuditEvent.objects.get(pk=event.pk)) == event.hash
    assert audit.chain_verify(event.chain).complaint == ""


def test_each_entity_has_a_chain_of_its_own(entity: Entity) -> None:
    other = Entity.objects.create(slug="south", name="South", currency="EUR")
    audit.record(entity=entity, actor=None, kind="test", message="One.")
    event = audit.record(entity=other, actor=None, kind="test", message="Elsewhere.")
    assert (event.chain, event.sequence) == (f"entity:{other.pk}", 1)


def test_a_chain_without_events_is_whole(entity: Entity) -> None:
    proof = audit.chain_verify(audit.entity_chain(entity))
    assert (proof.events, proof.head, proof.complaint) == (0, "", "")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("update core_auditevent set message = 'x' where sequence = 2", 'event 2 ("x") is not what was written'),
        ("update core_auditevent set hash = previous_hash where sequence = 2", 'event 2 ("Event 2.") is not what was'),
        ("update core_auditevent set previous_hash = 'f' where sequence = 3", 'event 3 ("Event 3.") does not follow'),
        ("delete from core_auditevent where sequence = 1", "event 1 is missing"),
        ("delete from core_auditevent where sequence = 4", "event 4 is missing; the chain's head says that 4"),
        ("update core_chainhead set hash = 'f'", "but the chain's head says f"),
        ("update core_chainhead set sequence = 3", "the hash of the last event is"),
    ],
)
def test_a_broken_chain_names_the_place(entity: Entity, change: str, said: str) -> None:
    for number in range(1, 5):
        audit.record(entity=entity, actor=None, kind="test", message=f"Event {number}.")
    guards.drop()
    with connection.cursor() as cursor:
        cursor.execute(change)
    guards.install()
    complaint = audit.chain_verify(audit.entity_chain(entity)).complaint
    assert complaint.startswith("Audit trail of North Trading: ")
    assert said in complaint


def test_an_event_behind_the_head_is_found(entity: Entity) -> None:
    events = [audit.record(entity=entity, actor=None, kind="test", message=f"Event {n}.") for n in (1, 2)]
    guards.drop()
    ChainHead.objects.filter(chain=events[0].chain).update(sequence=1, hash=events[0].hash)
    guards.install()
    assert "events behind the chain's head" in audit.chain_verify(events[0].chain).complaint


def test_a_place_in_a_chain_is_taken_once(entity: Entity) -> None:
    event = audit.record(entity=entity, actor=None, kind="test", message="One.")
    twin = AuditEvent(
        chain=event.chain, sequence=1, entity=entity, at=event.at, kind="test", message="Twin.", hash=event.hash
    )
    with pytest.raises(ValidationError):
        twin.full_clean(exclude=["previous_hash"])
    with pytest.raises(IntegrityError), transaction.atomic():
        twin.save()


def test_an_event_of_a_refused_transaction_leaves_no_gap(entity: Entity) -> None:
    audit.record(entity=entity, actor=None, kind="test", message="One.")
    with transaction.atomic():
        audit.record(entity=entity, actor=None, kind="test", message="Rolled back.")
        transaction.set_rollback(True)
    assert audit.record(entity=entity, actor=None, kind="test", message="Two.").sequence == 2
    assert audit.chain_verify(audit.entity_chain(entity)).complaint == ""


@pytest.mark.database
def test_many_events_are_appended_and_proved_in_a_moment(
    entity: Entity, django_assert_max_num_queries: Callable[[int], AbstractContextManager[object]]
) -> None:
    events = [audit.NewEvent(None, "test", f"Event {number}.", data={"n": number}) for number in range(2000)]
    # SQLite takes a thousand values a statement.
    with django_assert_max_num_queries(40):
        audit.record_many(entity=entity, events=events)
    started = time.process_time()
    proof = audit.chain_verify(audit.entity_chain(entity))
    # Thirty times what it takes, so that only a change of its order fails here.
    assert time.process_time() - started < 1
    assert (proof.events, proof.complaint) == (2000, "")


def test_a_data_model_or_amount_is_kept_as_text(entity: Entity) -> None:
    event = audit.record(entity=entity, actor=None, kind="test", message="x", data={"loss": Decimal("12.50")})
    assert AuditEvent.objects.get(pk=event.pk).data == {"loss": "12.50"}


# Sign-ins ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def anna(db: None) -> User:
    return User.objects.create_user("anna@north.example", PASSWORD, full_name="Anna Berg")


def sign_in_events() -> list[tuple[str, str, str]]:
    events = AuditEvent.objects.filter(chain=audit.SIGN_IN_CHAIN).order_by("sequence")
    return [(event.kind, str(event.actor or ""), event.message) for event in events]


def test_signing_in_and_out_is_kept(anna: User, client: Client) -> None:
    client.post("/accounts/login/", {"login": anna.email, "password": PASSWORD}, REMOTE_ADDR="192.0.2.7")
    client.post("/accounts/logout/", REMOTE_ADDR="192.0.2.7")
    assert sign_in_events() == [
        ("sign-in", "Anna Berg", "Anna Berg signed in."),
        ("sign-out", "Anna Berg", "Anna Berg signed out."),
    ]
    assert AuditEvent.objects.filter(kind="sign-in").get().data == {"address": "192.0.2.7"}
    assert audit.chain_verify(audit.SIGN_IN_CHAIN).complaint == ""


def test_a_failed_sign_in_names_the_person_but_not_as_the_one_who_acted(anna: User, client: Client) -> None:
    client.post("/accounts/login/", {"login": anna.email, "password": "wrong"})
    assert ("sign-in-failed", "", "A sign-in as anna@north.example failed.") in sign_in_events()


def test_what_was_typed_is_not_kept_where_it_is_nobodys_address(anna: User, client: Client) -> None:
    client.post("/accounts/login/", {"login": "hunter2@typed.example", "password": "wrong"})
    assert sign_in_events()
    assert not any("hunter2" in message for _, _, message in sign_in_events())


# Several processes ---------------------------------------------------------------------------------------------------

APPEND = """
from core import audit
from core.models import Entity
entity = Entity.objects.get(slug="north")
for number in range(25):
    audit.record(entity=entity, actor=None, kind="test", message=f"Event {number}.")
"""


@pytest.fixture
def database(server_database: ServerDatabase) -> Iterator[ServerDatabase]:
    with server_database.in_process():
        Entity.objects.create(slug="north", name="North Trading", currency="EUR")
    return server_database


@pytest.mark.database
def test_processes_that_append_at_once_make_one_chain(database: ServerDatabase) -> None:
    processes = [database.start("shell", "-v", "0", "-c", APPEND) for _ in range(4)]
    said = [process.communicate(timeout=120)[0] for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0, 0], said
    with database.in_process():
        proof = audit.chain_verify(audit.entity_chain(Entity.objects.get(slug="north")))
    assert (proof.events, proof.complaint) == (100, "")


def test_a_company_of_the_tests_has_whole_chains(company: Company) -> None:
    assert all(not audit.chain_verify(chain).complaint for chain in audit.chains())
