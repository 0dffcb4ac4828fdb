"""Every rule that one row of core can carry: said in words by full_clean, kept by the database under its name."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, models, transaction

from core.models import (
    Category,
    ChangeRequest,
    CostCentre,
    Counter,
    Entity,
    Location,
    Membership,
    StoredFile,
    User,
)
from tests.conftest import Company

pytestmark = [pytest.mark.django_db, pytest.mark.database]


def refused_by(constraint: models.BaseConstraint, record: models.Model) -> str:
    """What an IntegrityError has to name: SQLite names a unique key by its columns."""
    if connection.vendor == "sqlite" and isinstance(constraint, models.UniqueConstraint) and constraint.fields:
        table = record._meta.db_table
        columns = [record._meta.get_field(name).column for name in constraint.fields]
        return ", ".join(f"{table}.{column}" for column in columns)
    return constraint.name


def check_refused(record: models.Model, name: str, message: str) -> None:
    with pytest.raises(ValidationError):
        record.full_clean()
    # On its own as well: full_clean leaves a constraint out where a field's validator has spoken already.
    with pytest.raises(ValidationError) as invalid:
        record.validate_constraints()
    assert message in " ".join(invalid.value.messages)
    [constraint] = [c for c in record._meta.constraints if c.name == name]
    # A guard against SQLite's REPLACE speaks before the unique key does.
    named = f"{re.escape(refused_by(constraint, record))}|never replaced"
    with pytest.raises(IntegrityError, match=named), transaction.atomic():
        record.save()


Maker = Callable[[Company], models.Model]

CASES: dict[str, tuple[str, Maker, str]] = {
    "an e-mail in other letters": (
        "user_email_unique_any_case",
        lambda c: User(email=c["PREPARER"].email.upper(), full_name="X", password="!"),
        "A person with this e-mail address exists already.",
    ),
    "month 13": (
        "entity_fiscal_year_start_is_a_month",
        lambda c: Entity(slug="x", name="X", currency="EUR", fiscal_year_start=13),
        "The fiscal year starts in a month from 1 to 12.",
    ),
    "a tax rate of 25": (
        "entity_tax_rate_is_a_fraction",
        lambda c: Entity(slug="x", name="X", currency="EUR", tax_rate=Decimal(25)),
        "The tax rate is a fraction between 0 and 1",
    ),
    "a role twice": (
        "membership_once_per_role",
        lambda c: Membership(entity=c.entity, user=c["PREPARER"], role="PREPARER"),
        "This person has the role in this entity already.",
    ),
    "a category twice": (
        "category_name_once",
        lambda c: _twice(Category(entity=c.entity, name="Food")),
        "This entity has a category of that name already.",
    ),
    "a location twice": (
        "location_code_once",
        lambda c: _twice(Location(entity=c.entity, code="A")),
        "This entity has a location of that code already.",
    ),
    "a cost centre twice": (
        "cost_centre_code_once",
        lambda c: _twice(CostCentre(entity=c.entity, code="A")),
        "This entity has a cost centre of that code already.",
    ),
    "a series twice": (
        "counter_once_per_series",
        lambda c: _twice(Counter(entity=c.entity, series="x")),
        "already exists",
    ),
    "a file twice": (
        "stored_file_once",
        lambda c: _twice(
            StoredFile(
                entity=c.entity,
                sha256="0" * 64,
                name="a",
                content_type="text/csv",
                size=1,
                content=b"a",
                created_by=c["PREPARER"],
            )
        ),
        "already exists",
    ),
    "a change decided by who asked": (
        "change_request_second_person",
        lambda c: ChangeRequest(
            entity=c.entity,
            kind="x",
            subject="x",
            summary="x",
            reason="x",
            details={"a": 1},
            status="APPROVED",
            requested_by=c["CONTROLLER"],
            decided_by=c["CONTROLLER"],
        ),
        "A change is decided by a second person",
    ),
}


def _twice(record: models.Model) -> models.Model:
    record.save()
    record.pk = None
    record._state.adding = True
    return record


@pytest.mark.parametrize("case", CASES)
def test_a_rule_is_said_in_words_and_kept_by_the_database(company: Company, case: str) -> None:
    name, make, message = CASES[case]
    check_refused(make(company), name, message)


def test_the_same_change_waits_once(company: Company) -> None:
    def request() -> ChangeRequest:
        return ChangeRequest(
            entity=company.entity,
            kind="x",
            subject="period:1",
            summary="x",
            reason="x",
            details={"a": 1},
            requested_by=company["CONTROLLER"],
        )

    request().save()
    with pytest.raises(ValidationError, match="waits for a second person already"):
        request().full_clean(exclude=["decided_at", "decided_by"])
    with pytest.raises(IntegrityError), transaction.atomic():
        request().save()
    decided = request()
    decided.status = "REFUSED"
    decided.save()


@pytest.mark.parametrize("locale", ["english", "de-DE", "..", "xx"])
def test_a_locale_that_no_figure_can_be_written_in_is_refused(locale: str) -> None:
    entity = Entity(slug="west", name="West", currency="EUR", locale=locale)
    with pytest.raises(ValidationError, match=f"'{locale}' is not a locale like en, de or pt_BR"):
        entity.full_clean()


@pytest.mark.parametrize("locale", ["en", "de", "pt_BR", "zh_Hans_CN", "ar"])
def test_a_locale_that_is_one_is_taken(locale: str) -> None:
    Entity(slug="west", name="West", currency="EUR", locale=locale).full_clean()
