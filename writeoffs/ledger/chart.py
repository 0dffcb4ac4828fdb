"""An entity's chart of accounts and the map from role to account.

Invariant: a role is mapped to one account of the same entity; what is mapped already is never changed here.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.db import transaction

from core import audit
from core.access import roles_in
from core.errors import NotAllowed
from core.models import Entity, User
from core.words import Role
from writeoffs.ledger.models import Account, AccountMap, JournalLine
from writeoffs.ledger.roles import ROLES


@transaction.atomic
def chart_create(*, entity: Entity, user: User | None = None) -> list[AccountMap]:
    """Give every role without an account the one that the product proposes, making accounts that are not there yet.
    `user`: the controller who asks; None when a company is set up. A role that has been posted to is left out: its
    account is changed by two people (mapping_changes)."""
    if user is not None and Role.CONTROLLER not in roles_in(entity, user):
        raise NotAllowed(f"Mapping accounts needs the role controller in {entity}.")
    mapped = _roles_mapped(entity) | (roles_posted(entity=entity) if user is not None else set())
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
    made = AccountMap.objects.bulk_create(
        AccountMap(entity=entity, role=role, account=by_code[info.account[0]]) for role, info in wanted.items()
    )
    if made:
        named = ", ".join(f"{ROLES[one.role].label} to {one.account}" for one in made)
        audit.record(
            entity=entity,
            actor=user,
            kind="accounts.mapped",
            message=f"{user or 'Whoever set the company up'} mapped {named}.",
            data=accounts_told(entity, {one.account.code for one in made}),
        )
    return made


def accounts_told(entity: Entity, codes: Collection[str]) -> dict[str, dict[str, list[Any]]]:
    """What the audit event of a step says of the accounts that it made or changed; verify compares (verifiers.py)."""
    found = Account.objects.filter(entity=entity).order_by("code")
    return {"chart": {one.code: account_said(one) for one in found if one.code in codes}}


def account_said(account: Account) -> list[Any]:
    return [account.name, account.section, account.active, account.liquidity]


def roles_posted(*, entity: Entity) -> set[str]:
    """The roles that journal lines of the entity carry."""
    return set(JournalLine.objects.filter(entry__entity=entity).order_by().values_list("role", flat=True).distinct())


def roles_unmapped(*, entity: Entity) -> list[str]:
    """The roles that an entry may need and that have no account yet, in the order of the chart."""
    mapped = _roles_mapped(entity)
    return [role for role in ROLES if role not in mapped]


def _roles_mapped(entity: Entity) -> set[str]:
    """The roles that have an account by default, whatever overrides there are."""
    default = AccountMap.objects.filter(entity=entity, location__isnull=True, category__isnull=True, reason="")
    return set(default.values_list("role", flat=True))
