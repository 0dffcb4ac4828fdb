"""Builds the demo companies: people, companies and books, then the story of each, step by step at its own time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal

from allauth.account.models import EmailAddress
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group
from django.db import transaction

from core.errors import WrongState
from core.groups import USER_ADMINISTRATORS
from core.memberships import memberships_grant
from core.models import Category, Entity, Location, User
from core.words import Framework, Method, Role
from writeoffs.desk.demo import disposal, group, limits, north, south
from writeoffs.desk.demo.clock import TODAY, Clock
from writeoffs.desk.demo.goods import CATALOGUE, LOCATIONS
from writeoffs.desk.demo.office import Office
from writeoffs.desk.demo.people import PASSWORD, PEOPLE
from writeoffs.ledger.calendar import fiscal_year_open
from writeoffs.ledger.chart import chart_create

Say = Callable[[str], None]


def demo_build(*, say: Say) -> None:
    """WrongState where the database holds a company already."""
    there = Entity.objects.first()
    if there is not None:
        raise WrongState(f"'{there}' is in this database already; the demo is built in an empty one.")
    jobs_inline = settings.JOBS_INLINE
    # The builder is its own worker: each upload is checked and committed before the next step.
    settings.JOBS_INLINE = True
    try:
        _build(say)
    finally:
        settings.JOBS_INLINE = jobs_inline


def _build(say: Say) -> None:
    clock = Clock(dt.date(2026, 1, 5))
    with clock.running():
        with transaction.atomic():
            people = _people()
            nordwind, southgate = _nordwind(people), _southgate(people)
        say("People and companies are there.")
        north.story(Office(nordwind, people, clock), say)
    # The second company's year runs beside the first one's; chains are per company, so each keeps its own order.
    clock = Clock(dt.date(2026, 7, 2))
    with clock.running():
        south.story(Office(southgate, people, clock), say)
        clock.go_to(TODAY, 16)
        group.story(nordwind, southgate, people, clock, say)
        disposal.story(Office(nordwind, people, clock))
        limits.story(nordwind, people)


def _people() -> dict[str, User]:
    made = {}
    # Hashed once: it is the same public one for all, and slow by design.
    password = make_password(PASSWORD)
    for person in PEOPLE:
        user = User.objects.create_user(person.email, None, full_name=person.name, is_staff=person.is_staff)
        user.password = password
        user.save(update_fields=["password"])
        EmailAddress.objects.create(user=user, email=person.email, verified=True, primary=True)
        if person.is_staff:
            user.groups.add(Group.objects.get(name=USER_ADMINISTRATORS))
        made[person.key] = user
    return made


def _nordwind(people: dict[str, User]) -> Entity:
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
    _set_up(entity, {person.key: person.north for person in PEOPLE}, people, (2025, 2026, 2027))
    Location.objects.bulk_create(Location(entity=entity, code=code, name=name) for code, name in LOCATIONS.items())
    Category.objects.bulk_create(Category(entity=entity, name=name) for name in CATALOGUE)
    return entity


def _southgate(people: dict[str, User]) -> Entity:
    entity = Entity.objects.create(
        slug="southgate",
        name="Southgate Supply Inc.",
        currency="USD",
        framework=Framework.US_GAAP,
        method=Method.DIRECT,
        fiscal_year_start=7,
        tax_rate=Decimal("0.25"),
        time_zone="America/Chicago",
        is_demo=True,
    )
    _set_up(entity, {person.key: person.south for person in PEOPLE}, people, (2026, 2027))
    return entity


def _set_up(
    entity: Entity, roles: dict[str, tuple[Role, ...]], people: dict[str, User], years: tuple[int, ...]
) -> None:
    since = dt.date(2026, 1, 5)
    memberships_grant(entity=entity, given=[(people[key], role, since) for key, held in roles.items() for role in held])
    chart_create(entity=entity)
    for year in years:
        fiscal_year_open(entity=entity, fiscal_year=year)
