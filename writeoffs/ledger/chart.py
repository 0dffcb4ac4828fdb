"""An entity's chart of accounts and the map from role to account.

Invariant: a role is mapped to one account of the same entity; what is mapped already is never changed here.
"""

from __future__ import annotations

from django.db import transaction

from core.models import Entity
from writeoffs.ledger.models import Account, AccountMap
from writeoffs.ledger.roles import ROLES


@transaction.atomic
def chart_create(*, entity: Entity) -> list[AccountMap]:
    """Give every role without an account the one that the product proposes, making accounts that are not there yet."""
    mapped = set(AccountMap.objects.filter(entity=entity).values_list("role", flat=True))
    wanted = {role: info for role, info in ROLES.items() if role not in mapped}
    Account.objects.bulk_create(
        [
            Account(entity=entity, code=code, name=name, section=info.section)
            for info in wanted.values()
            for code, name in [info.account]
        ],
        ignore_conflicts=True,
    )
    by_code = {account.code: account for account in Account.objects.filter(entity=entity)}
    return AccountMap.objects.bulk_create(
        AccountMap(entity=entity, role=role, account=by_code[info.account[0]]) for role, info in wanted.items()
    )


def roles_unmapped(*, entity: Entity) -> list[str]:
    """The roles that an entry may need and that have no account yet, in the order of the chart."""
    mapped = set(AccountMap.objects.filter(entity=entity).values_list("role", flat=True))
    return [role for role in ROLES if role not in mapped]
