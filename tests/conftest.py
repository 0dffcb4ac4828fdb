"""What every test needs: a company with its chart, its periods and a person for each role."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.test import Client

from core import guards
from core.models import Entity, Membership, User
from core.words import Role
from writeoffs.ledger.models import Account, AccountMap, FiscalPeriod
from writeoffs.ledger.roles import ROLES


@pytest.fixture(scope="session")
def django_db_setup(request: pytest.FixtureRequest, django_test_environment: None, django_db_blocker: Any) -> None:
    """pytest-django's, in its place: a copy of the template instead of a migration in every process."""
    with django_db_blocker.unblock():
        request.getfixturevalue("tests_database")


@pytest.fixture(autouse=True)
def _guards_stand_aside_for_the_flush(request: pytest.FixtureRequest) -> Iterator[None]:
    """A transactional test's tables are emptied at its end, which the guards refuse: they go just before, and the
    flush's own post_migrate puts them and the Zero row back."""
    marker = request.node.get_closest_marker("django_db")
    asked = {"transactional_db", "live_server", "django_db_reset_sequences"} & set(request.fixturenames)
    if not asked and not (marker and marker.kwargs.get("transaction")):
        yield
        return
    # Set up before this fixture, hence torn down after it.
    request.getfixturevalue("transactional_db")
    yield
    guards.drop()


@dataclass
class Company:
    """An entity and the person who holds each role in it."""

    entity: Entity
    people: dict[str, User]

    def __getitem__(self, role: str) -> User:
        return self.people[role]


def make_company(slug: str = "north", years: tuple[int, ...] = (2025, 2026, 2027), **fields: object) -> Company:
    """Calendar-year periods, all open; every role mapped to its proposed account; one user per role."""
    entity = Entity.objects.create(
        **{"slug": slug, "name": f"{slug.capitalize()} Trading", "currency": "EUR", **fields}
    )
    people = {
        role.value: User(email=f"{role.value.lower()}@{slug}.example", full_name=f"{role.label} {slug}")
        for role in Role
    }
    User.objects.bulk_create(people.values())
    Membership.objects.bulk_create(Membership(entity=entity, user=user, role=role) for role, user in people.items())
    accounts = Account.objects.bulk_create(
        Account(entity=entity, code=info.account[0], name=info.account[1], section=info.section)
        for info in ROLES.values()
    )
    AccountMap.objects.bulk_create(
        AccountMap(entity=entity, role=role, account=account) for role, account in zip(ROLES, accounts, strict=True)
    )
    FiscalPeriod.objects.bulk_create(
        FiscalPeriod(
            entity=entity,
            fiscal_year=year,
            number=month,
            starts_on=dt.date(year, month, 1),
            ends_on=dt.date(year + month // 12, month % 12 + 1, 1) - dt.timedelta(days=1),
        )
        for year in years
        for month in range(1, 13)
    )
    return Company(entity, people)


@pytest.fixture(autouse=True)
def jobs_inline(settings: Any) -> None:
    """Background work is done at once; tests of the worker itself switch this off."""
    settings.JOBS_INLINE = True


@pytest.fixture
def company(db: None) -> Company:
    return make_company()


@pytest.fixture
def other_company(db: None) -> Company:
    return make_company("south")


@pytest.fixture
def signed_in() -> Callable[[User], Client]:
    """A client signed in as the person, without the sign-in page (that has tests of its own)."""

    def sign_in(user: User) -> Client:
        client = Client()
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        return client

    return sign_in
