"""The chart of accounts that the product proposes."""

from __future__ import annotations

import pytest

from core.models import Entity
from writeoffs.ledger.chart import chart_create, roles_unmapped
from writeoffs.ledger.models import Account, AccountMap
from writeoffs.ledger.roles import ROLES


@pytest.fixture
def entity(db: None) -> Entity:
    return Entity.objects.create(slug="bare", name="Bare", currency="EUR")


def test_a_new_entity_gets_an_account_for_every_role(entity: Entity) -> None:
    assert len(roles_unmapped(entity=entity)) == len(ROLES)
    chart_create(entity=entity)
    assert roles_unmapped(entity=entity) == []
    assert AccountMap.objects.get(entity=entity, role="INVENTORY").account.code == "1400"


def test_what_is_mapped_already_stays(entity: Entity) -> None:
    own = Account.objects.create(entity=entity, code="14-100", name="Stock", section="ASSET")
    AccountMap.objects.create(entity=entity, role="INVENTORY", account=own)
    Account.objects.create(entity=entity, code="5000", name="Their cost of sales", section="COST_OF_SALES")
    chart_create(entity=entity)
    chart_create(entity=entity)
    assert AccountMap.objects.get(entity=entity, role="INVENTORY").account == own
    assert AccountMap.objects.get(entity=entity, role="COGS").account.name == "Their cost of sales"
    assert AccountMap.objects.filter(entity=entity).count() == len(ROLES)
