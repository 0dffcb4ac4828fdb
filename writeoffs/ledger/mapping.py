"""Which account a line goes to: one rule a role by default, overridden by location, category and reason.

Invariant: the rules of an entity are read in one query, and every line is resolved from them without another; equal
facts always give the same account. The most specific rule wins: one with more conditions before one with fewer, and of
those with as many, location before category before reason. No two rules have the same conditions (the database refuses
the second), so there is always one winner.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from core.errors import UnmappedRole
from core.models import Entity
from core.words import Reason
from writeoffs.ledger.models import AccountMap
from writeoffs.ledger.roles import ROLES

# Location, category, reason: whether a rule names it. In the order in which rules are asked; the last is the default.
PRECEDENCE: tuple[tuple[bool, bool, bool], ...] = (
    (True, True, True),
    (True, True, False),
    (True, False, True),
    (False, True, True),
    (True, False, False),
    (False, True, False),
    (False, False, True),
    (False, False, False),
)

Facts: TypeAlias = tuple[str, int | None, str, int | None]


@dataclass(frozen=True, slots=True)
class Rule:
    """One row of the map. location_id, category_id None and reason "": whatever the line says."""

    id: int
    role: str
    account_id: int
    code: str
    name: str
    location_id: int | None = None
    category_id: int | None = None
    reason: str = ""
    location: str = ""
    category: str = ""

    @property
    def account(self) -> str:
        return f"{self.code} {self.name}"

    @property
    def is_default(self) -> bool:
        return self.location_id is None and self.category_id is None and not self.reason

    @property
    def conditions(self) -> str:
        """ "location MAIN, category Food": what the rule asks of a line; empty for the default."""
        said = (
            f"location {self.location}" if self.location_id is not None else "",
            f"category {self.category}" if self.category_id is not None else "",
            f"reason {Reason(self.reason).label.lower()}" if self.reason else "",
        )
        return ", ".join(part for part in said if part)

    @property
    def why(self) -> str:
        """Why a line goes to this account, for people."""
        return f"Override for {self.conditions}" if self.conditions else "Default of the role"


class AccountResolver:
    """The rules of one entity, ready to answer. Pure once made."""

    def __init__(self, entity: str, rules: Iterable[Rule]) -> None:
        self.entity = entity
        self._rules: dict[str, dict[tuple[int | None, int | None, str], Rule]] = {}
        for rule in rules:
            self._rules.setdefault(rule.role, {})[rule.location_id, rule.category_id, rule.reason] = rule

    def resolve(
        self, role: str, category_id: int | None = None, reason: str = "", location_id: int | None = None
    ) -> Rule | None:
        """The rule that wins, which names the account and says why; None where no rule fits."""
        of_role = self._rules.get(role)
        if of_role is None:
            return None
        if len(of_role) == 1 and (None, None, "") in of_role:
            return of_role[None, None, ""]
        for by_location, by_category, by_reason in PRECEDENCE:
            found = of_role.get(
                (
                    location_id if by_location else None,
                    category_id if by_category else None,
                    reason if by_reason else "",
                )
            )
            if found is not None:
                return found
        return None

    def accounts_of(self, facts: Iterable[Facts]) -> Mapping[Facts, Rule]:
        """(role, category, reason, location) -> rule. UnmappedRole names every role without an account and where to
        map it."""
        found: dict[Facts, Rule] = {}
        missing: set[str] = set()
        for one in facts:
            rule = self.resolve(*one)
            if rule is None:
                missing.add(one[0])
            else:
                found[one] = rule
        if missing:
            names = ", ".join(role_said(role) for role in sorted(missing))
            raise UnmappedRole(
                f"{self.entity} maps no account to: {names}. A controller maps it under Journal, Accounts, Mapping; "
                "then repeat the step."
            )
        return found


def role_said(role: str) -> str:
    """ "Write-downs of inventory (WRITE_DOWN_EXPENSE)"."""
    return f"{ROLES[role].label} ({role})" if role in ROLES else role


def rules_of(*, entity: Entity) -> list[Rule]:
    """Every rule of the entity, by role, the default of a role first; one query."""
    return [
        Rule(*row)
        for row in AccountMap.objects.filter(entity=entity)
        .order_by("role", "location__code", "category__name", "reason", "pk")
        .values_list(
            *("pk", "role", "account_id", "account__code", "account__name", "location_id", "category_id", "reason"),
            *("location__code", "category__name"),
        )
    ]


def resolver_of(*, entity: Entity) -> AccountResolver:
    """All that a page or a posting needs to know about the entity's accounts, in one query."""
    return AccountResolver(str(entity), rules_of(entity=entity))
