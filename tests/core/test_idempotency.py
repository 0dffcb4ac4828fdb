"""A step counts once: keys that clients make, keys that are derived, and the proof that they are what was kept."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import RequestFactory

from core import audit, guards, verify
from core.errors import BadInput, KeyUsed, WrongState
from core.idempotency import DERIVED, Answer, Asked, key_of, once
from core.keys import StepKey
from core.models import AuditEvent, Category, User
from tests.conftest import Company

pytestmark = pytest.mark.django_db
KEY = "4e7c8a52-6f0e-4c55-9d0c-3c0b8f0f8f61"


def add(company: Company, name: str, key: str = KEY, user: User | None = None, **asked: Any) -> Answer:
    """Adds a category; `asked` may say what else the step is about."""

    def step() -> Answer:
        category = Category.objects.create(entity=company.entity, name=name)
        audit.record(entity=company.entity, actor=None, kind="category.added", message=f"{name} was added.")
        return Answer(f"{name} was added.", {"category": category.pk})

    wanted = Asked(**{"action": "category.add", "subject": "category:new", "body": {"name": name}, **asked})
    return once(entity=company.entity, user=user or company["PREPARER"], key=key, asked=wanted, step=step)


def names() -> list[str]:
    return list(Category.objects.order_by("pk").values_list("name", flat=True))


def test_the_same_key_and_body_answer_what_happened_and_do_nothing_again(company: Company) -> None:
    first, second = add(company, "Food"), add(company, "Food")
    assert (first.repeated, second.repeated) == (False, True)
    assert (first.message, first.result) == (second.message, second.result)
    assert names() == ["Food"]
    assert AuditEvent.objects.filter(kind="category.added").count() == 1


def test_the_same_key_with_another_body_is_refused_with_what_it_did(company: Company) -> None:
    add(company, "Food")
    with pytest.raises(KeyUsed, match=r"by you .* was answered: “Food was added.” .* Open the page anew"):
        add(company, "Drink")
    assert names() == ["Food"]


@pytest.mark.parametrize("asked", [{"action": "category.drop"}, {"subject": "category:1"}])
def test_the_same_key_for_another_step_is_refused(company: Company, asked: dict[str, str]) -> None:
    add(company, "Food")
    with pytest.raises(KeyUsed):
        add(company, "Food", **asked)


def test_the_same_key_of_another_person_is_refused_and_names_the_first(company: Company) -> None:
    add(company, "Food")
    with pytest.raises(KeyUsed, match="by Preparer north on"):
        add(company, "Food", user=company["CONTROLLER"])


def test_the_same_key_in_another_company_is_another_key(company: Company, other_company: Company) -> None:
    add(company, "Food")
    assert not add(other_company, "Food", user=company["PREPARER"]).repeated


def test_a_refused_step_leaves_no_key_and_can_be_repeated_once_mended(company: Company) -> None:
    def refuse() -> Answer:
        Category.objects.create(entity=company.entity, name="Half")
        raise WrongState("Not now.")

    asked = Asked("category.add", "category:new", {"name": "Food"})
    with pytest.raises(WrongState):
        once(entity=company.entity, user=company["PREPARER"], key=KEY, asked=asked, step=refuse)
    assert names() == []
    assert not StepKey.objects.exists()
    assert not add(company, "Food").repeated


def test_a_step_inside_a_step_is_part_of_it(company: Company) -> None:
    def outer() -> Answer:
        return add(company, "Food", key="inner-key")

    asked = Asked("outer", "category:new")
    once(entity=company.entity, user=company["PREPARER"], key=KEY, asked=asked, step=outer)
    assert list(StepKey.objects.values_list("action", "key")) == [("outer", KEY)]


def test_without_a_key_the_step_and_its_content_are_the_key_while_it_stands(company: Company) -> None:
    there = Category.objects.filter(entity=company.entity, name="Food").exists
    assert not add(company, "Food", DERIVED, done_already=there).repeated
    assert add(company, "Food", DERIVED, done_already=there).repeated
    # Another content is another step, and so is the same once the record no longer stands there.
    assert not add(company, "Drink", DERIVED).repeated
    Category.objects.all().delete()
    assert not add(company, "Food", DERIVED, done_already=there).repeated
    assert StepKey.objects.filter(given=False).count() == 3


def test_a_call_from_code_has_a_key_and_is_judged_by_the_state_alone(company: Company) -> None:
    add(company, "Food", "")
    with pytest.raises(IntegrityError), transaction.atomic():
        add(company, "Food", "", done_already=lambda: True)
    assert StepKey.objects.get().given is False


@pytest.mark.parametrize("key", ["short", "with blank inside", "x" * 101, "ключ-ключ-ключ", "tab\tinside-it"])
def test_a_key_that_is_none_is_refused_in_words(key: str) -> None:
    with pytest.raises(BadInput, match=r"cannot be the key of a step\. Expected 8 to 100"):
        key_of(RequestFactory().post("/", {"step_key": key}))


def test_the_header_goes_before_the_form_and_none_is_derived() -> None:
    post = RequestFactory().post
    assert key_of(post("/", {"step_key": "of-the-form"}, headers={"Idempotency-Key": "of-the-head"})) == "of-the-head"
    assert key_of(post("/", {"step_key": "of-the-form"})) == "of-the-form"
    assert key_of(post("/")) == DERIVED
    parts = {key_of(post("/", {"step_key": "of-the-form"}), part=part) for part in ("WO-1", "WO-2")}
    assert len(parts) == 2


def complaints() -> list[str]:
    return [said for said in verify.complaints(verify.Tally()) if "key" in said]


def test_keys_as_they_were_kept_are_proved(company: Company) -> None:
    add(company, "Food")
    add(company, "Drink", DERIVED)
    assert complaints() == []


COLUMNS = {
    "key": "'other-key'",
    "given": "not given",
    "action": "'proposal.post'",
    "subject": "'proposal:WO-9'",
    "body": "'ff'",
    "message": "'Something else.'",
    "result": "'{\"category\": 99}'",
    "event": "event + 1",
    "created_at": "'2020-01-01 00:00:00+00:00'",
    "digest": "'ff'",
}


@pytest.mark.database
@pytest.mark.parametrize("column", [*COLUMNS, "actor_id", "entity_id"])
def test_every_column_of_a_key_is_proved(company: Company, other_company: Company, column: str) -> None:
    add(company, "Food")
    values = {"actor_id": company["AUDITOR"].pk, "entity_id": other_company.entity.pk, **COLUMNS}
    guards.drop()
    with connection.cursor() as cursor:
        cursor.execute(f"update core_stepkey set {column} = {values[column]}")
    said = complaints()
    assert said
    assert any(f"key {StepKey.objects.get().pk}" in one for one in said)


@pytest.mark.database
def test_a_key_that_is_gone_is_missed_and_one_that_was_slipped_in_stands_out(company: Company) -> None:
    add(company, "Food")
    guards.drop()
    row = StepKey.objects.get()
    StepKey.objects.all().delete()
    assert "The key of a step is missing" in complaints()[0]
    row.pk, row.key = None, "slipped-in"
    row.save(force_insert=True)
    assert "is not what was written" in complaints()[0]
