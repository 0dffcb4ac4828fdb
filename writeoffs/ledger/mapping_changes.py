"""Changes of the map from role to account: asked for by a controller, carried out when a second one agrees.

Invariant: a rule changes only from what the request saw; every role that has been posted to keeps a default; a role of
the balance sheet leads to an account of the balance sheet. Before and after stand in the audit trail.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import transaction

from core import audit
from core.changes import ChangeKind, change_request
from core.changes import register as register_change
from core.errors import BadInput, WrongState
from core.models import Category, ChangeRequest, Entity, Location, User
from core.words import Reason, Role
from writeoffs.ledger.effects import BALANCE_SHEET
from writeoffs.ledger.models import Account, AccountMap
from writeoffs.ledger.roles import ROLES, Section

KIND = "accounts.map"
PREFIX = "account_map"
# What a list puts there names no reason, so a rule by reason would take stock off another account than it went to.
STOCK_ROLES = frozenset({"INVENTORY", "INVENTORY_ALLOWANCE", "SHRINKAGE_ACCRUAL", "ESTIMATED_LOSSES", "STOCK_CLEARING"})


@dataclass(frozen=True, slots=True)
class RuleAsked:
    """A rule as somebody wants it. account None: the override goes, so that the next rule down decides."""

    role: str
    account: Account | None
    location: Location | None = None
    category: Category | None = None
    reason: str = ""

    @property
    def is_default(self) -> bool:
        return self.location is None and self.category is None and not self.reason

    @property
    def conditions(self) -> str:
        said = (
            f"location {self.location}" if self.location else "",
            f"category {self.category}" if self.category else "",
            f"reason {Reason(self.reason).label.lower()}" if self.reason else "",
        )
        return ", ".join(part for part in said if part) or "default"

    @property
    def subject(self) -> str:
        """account_map:COGS/0/7/FIRE: one change of a rule waits at a time."""
        places = (self.location.pk if self.location else 0, self.category.pk if self.category else 0)
        return f"{PREFIX}:{self.role}/{places[0]}/{places[1]}/{self.reason}"


def rule_now(*, entity: Entity, asked: RuleAsked) -> AccountMap | None:
    """The rule of exactly these conditions, as it stands."""
    return (
        AccountMap.objects.filter(
            entity=entity, role=asked.role, location=asked.location, category=asked.category, reason=asked.reason
        )
        .select_related("account")
        .first()
    )


def rule_check(*, entity: Entity, asked: RuleAsked, before: AccountMap | None) -> None:
    """BadInput where the rule cannot be so."""
    info = ROLES.get(asked.role)
    if info is None or (asked.reason and asked.reason not in Reason.values):
        raise BadInput(f"'{asked.role}' with reason '{asked.reason}' is no role and reason. Choose from the lists.")
    if any(one is not None and one.entity_id != entity.pk for one in (asked.account, asked.location, asked.category)):
        raise BadInput(f"Account, location and category of a rule are {entity}'s own. Choose from the lists.")
    name = f"{info.label}, {asked.conditions}"
    if asked.account is None:
        if before is None:
            raise BadInput(f"{name}: there is no such override, so there is nothing to remove.")
        if asked.is_default:
            raise BadInput(f"{name}: a role keeps its default, or its entries could not be posted. Change it instead.")
        return
    if before is not None and before.account_id == asked.account.pk:
        raise BadInput(f"{name} leads to {asked.account} already. Choose another account.")
    if not asked.account.active:
        raise BadInput(f"{name}: {asked.account} is retired. Take an active account, or upload the chart with it.")
    if asked.reason and asked.role in STOCK_ROLES:
        raise BadInput(
            f"{info.label} has no rule by reason: what a stock list brings in names none, so the stock would leave "
            "another account than it went to. Override by location or category."
        )
    if (info.section in BALANCE_SHEET) != (Section(asked.account.section) in BALANCE_SHEET):
        sides = ("the balance sheet", "the income statement")
        wanted, given = sides if info.section in BALANCE_SHEET else sides[::-1]
        raise BadInput(
            f"{name}: the role belongs to {wanted}, {asked.account} to {given} "
            f"({asked.account.get_section_display().lower()}). Choose an account of {wanted}."
        )


def rule_request(*, entity: Entity, user: User, asked: RuleAsked, why: str) -> ChangeRequest:
    """Ask for a new rule, another account of a rule, or its removal. NotAllowed, BadInput, WrongState."""
    before = rule_now(entity=entity, asked=asked)
    rule_check(entity=entity, asked=asked, before=before)
    return change_request(
        entity=entity,
        kind=KIND,
        subject=asked.subject,
        summary=summary_of(asked, before)[:200],
        reason=why,
        user=user,
        details={
            "role": asked.role,
            "location": asked.location.pk if asked.location else None,
            "category": asked.category.pk if asked.category else None,
            "reason": asked.reason,
            "account": asked.account.code if asked.account else "",
            "before": before.account.code if before else "",
        },
    )


def summary_of(asked: RuleAsked, before: AccountMap | None) -> str:
    """ "Map Shrinkage, location MAIN to 5201 Shrinkage shops instead of 5200 Inventory shrinkage"."""
    name = f"{ROLES[asked.role].label}, {asked.conditions}"
    was = str(before.account) if before else ""
    if asked.account is None:
        return f"Remove the override of {name}: {was}"
    return f"Map {name} to {asked.account}" + (f" instead of {was}" if was else "")


def asked_of(*, entity: Entity, details: dict[str, Any]) -> RuleAsked:
    """The rule that a request names. WrongState where an account, location or category of it is gone."""
    account = Account.objects.filter(entity=entity, code=details["account"]).first() if details["account"] else None
    location = Location.objects.filter(entity=entity, pk=details["location"]).first() if details["location"] else None
    category = Category.objects.filter(entity=entity, pk=details["category"]).first() if details["category"] else None
    asked = RuleAsked(details["role"], account, location, category, details["reason"])
    for name, found in (("account", account), ("location", location), ("category", category)):
        if details[name] and found is None:
            raise WrongState(f"The {name} that this change names is not there any more. Refuse it and ask again.")
    return asked


def rule_apply(change: ChangeRequest, decider: User) -> None:
    """Make, change or remove the rule; called by core.changes inside the deciding transaction."""
    entity, details = change.entity, change.details
    asked = asked_of(entity=entity, details=details)
    before = rule_now(entity=entity, asked=asked)
    was = before.account.code if before else ""
    if was != details["before"]:
        raise WrongState(
            f"{change.summary}: the rule leads to {was or 'no account'} by now, not to "
            f"{details['before'] or 'no account'} as when it was asked. Refuse it and ask again."
        )
    rule_check(entity=entity, asked=asked, before=before)
    _write(entity, asked, before)
    audit.record(
        entity=entity,
        actor=decider,
        kind="accounts.mapped",
        subject=change.subject,
        message=f"{decider} agreed with {change.requested_by}: {summary_of(asked, before)}.",
        data={
            "rule": {"role": asked.role, "for": asked.conditions},
            "before": details["before"],
            "after": details["account"],
            "change": change.pk,
        },
    )


@transaction.atomic
def _write(entity: Entity, asked: RuleAsked, before: AccountMap | None) -> None:
    """rule_check has seen that the two fit each other."""
    if before is not None:
        rule = AccountMap.objects.filter(pk=before.pk, account=before.account)
        if asked.account is None:
            rule.delete()
        else:
            rule.update(account=asked.account)
    elif asked.account is not None:
        AccountMap.objects.create(
            entity=entity,
            role=asked.role,
            account=asked.account,
            location=asked.location,
            category=asked.category,
            reason=asked.reason,
        )


def register() -> None:
    """Called once, when the app is ready."""
    register_change(
        ChangeKind(
            code=KIND,
            label="Change the account of a role",
            requested_by=frozenset({Role.CONTROLLER}),
            decided_by=frozenset({Role.CONTROLLER, Role.APPROVER}),
            apply=rule_apply,
        )
    )
