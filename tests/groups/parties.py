"""A group for tests: two companies, the people who keep it, and rates, made by the real services."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from core.changes import change_decide
from core.entity_groups import EntityGroup, ExchangeRate
from core.exchange import AVERAGE, CLOSING, RateGiven, rate_enter
from core.group_changes import GroupGiven, group_request
from core.models import ChangeRequest, Entity, Membership, User
from core.words import Role
from tests.conftest import Company, make_company

FEBRUARY_END, MARCH_END = dt.date(2026, 2, 28), dt.date(2026, 3, 31)
MARCH = (dt.date(2026, 3, 1), MARCH_END)


@dataclass
class Party:
    """parent keeps the group; keeper is controller of both companies, second approves in both, reader audits both."""

    group: EntityGroup
    parent: Company
    abroad: Company
    keeper: User
    second: User
    reader: User

    def closing(self, day: dt.date, rate: str, currency: str = "", **fields: object) -> ExchangeRate:
        return self.enter(CLOSING, day, day, rate, currency, **fields)

    def average(self, days: tuple[dt.date, dt.date], rate: str, currency: str = "", **fields: object) -> ExchangeRate:
        return self.enter(AVERAGE, *days, rate, currency, **fields)

    def enter(
        self, kind: str, first: dt.date, last: dt.date, rate: str, currency: str = "", **fields: object
    ) -> ExchangeRate:
        given = RateGiven(
            currency=currency or self.abroad.entity.currency,
            kind=kind,
            starts_on=first,
            ends_on=last,
            rate=Decimal(rate) if rate else None,
            **{"source": "Central bank", **fields},
        )
        return rate_enter(group=self.group, user=self.keeper, given=given)


def person(name: str, role: Role, *companies: Company) -> User:
    user = User.objects.create(email=f"{name.lower()}@group.example", full_name=name)
    for company in companies:
        Membership.objects.create(entity=company.entity, user=user, role=role)
    return user


def ask(parent: Entity, user: User, *entities: Entity, slug: str = "all", name: str = "All of us") -> ChangeRequest:
    given = GroupGiven(slug, name, parent.currency, 1, entities)
    return group_request(parent=parent, user=user, given=given, reason="One report")


def make_party(parent: Company, abroad: Company) -> Party:
    keeper, second = person("Kim", Role.CONTROLLER, parent, abroad), person("Sam", Role.APPROVER, parent, abroad)
    reader = person("Rae", Role.AUDITOR, parent, abroad)
    change_decide(change=ask(parent.entity, keeper, parent.entity, abroad.entity), user=second, approve=True)
    return Party(EntityGroup.objects.get(slug="all"), parent, abroad, keeper, second, reader)


def make_abroad(currency: str = "USD", **fields: object) -> Company:
    return make_company("abroad", currency=currency, **fields)
