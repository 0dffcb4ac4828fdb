"""Builds the demo companies step by step, each step taken by the person whose it is, through the product's services."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal

from django.db import transaction

from core.errors import WrongState
from core.models import Entity, Membership, User
from core.words import Framework, Method
from writeoffs.desk.demo.people import PASSWORD, PEOPLE
from writeoffs.ledger.models import Account, AccountMap, FiscalPeriod
from writeoffs.ledger.roles import ROLES

Say = Callable[[str], None]


def demo_build(*, say: Say) -> None:
    """WrongState where the database holds a company already."""
    if Entity.objects.exists():
        raise WrongState(f"'{Entity.objects.first()}' is in this database already; the demo is built in an empty one.")
    with transaction.atomic():
        people = _people()
        _north(people)
    say("people and companies")


def _people() -> dict[str, User]:
    made = {}
    for person in PEOPLE:
        made[person.key] = User.objects.create_user(
            person.email, PASSWORD, full_name=person.name, is_staff=person.is_staff
        )
    return made


def _north(people: dict[str, User]) -> Entity:
    entity = Entity.objects.create(
        slug="nordwind",
        name="Nordwind Trading GmbH",
        currency="EUR",
        framework=Framework.IFRS,
        method=Method.ALLOWANCE,
        tax_rate=Decimal("0.30"),
        time_zone="Europe/Berlin",
        is_demo=True,
    )
    for person in PEOPLE:
        for role in person.north:
            Membership.objects.create(entity=entity, user=people[person.key], role=role)
    _books(entity, 2026)
    return entity


def _books(entity: Entity, year: int) -> None:
    for role, info in ROLES.items():
        code, name = info.account
        account = Account.objects.create(entity=entity, code=code, name=name, section=info.section)
        AccountMap.objects.create(entity=entity, role=role, account=account)
    for month in range(1, 13):
        start = dt.date(year, month, 1)
        end = (start + dt.timedelta(days=31)).replace(day=1) - dt.timedelta(days=1)
        FiscalPeriod.objects.create(entity=entity, fiscal_year=year, number=month, starts_on=start, ends_on=end)
