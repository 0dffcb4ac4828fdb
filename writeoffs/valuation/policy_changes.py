"""Valuation policies: asked for by a controller, in force from their day once a second person agrees.

Invariants: a policy is only added; whoever asks does not decide; what a framework forbids is refused with its
paragraph; a policy that replaces another counts from no day of a closed period. The leading books follow the entity's
own framework, since entries are posted under it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Max

from core import audit
from core.changes import ChangeKind, change_request
from core.changes import register as register_change
from core.errors import BadInput, WrongState
from core.models import Category, ChangeRequest, Entity, User
from core.money import is_whole_unit, plain
from core.records import Record
from core.words import Framework, Role
from writeoffs.ledger.models import FiscalPeriod
from writeoffs.valuation.in_force import policies_as_of
from writeoffs.valuation.news import announce
from writeoffs.valuation.policies import AgeingBand, Basis, CostFormula, Level, ValuationPolicy
from writeoffs.valuation.rules.permitted import bands_refused, formula_refused, level_refused

KIND = "valuation.policy"
PREFIX = "valuation_policy"
# `record` of the event of the decision.
POLICY = Record(
    (ValuationPolicy, AgeingBand),
    [
        (
            "asked_by_id basis category_id cost_formula decided_at decided_by_id demand_months entity_id "
            "excess_months excess_recovery expired_rate expiring_days expiring_rate framework least level level_reason "
            "quarterly reason shrinkage_rate starts_on variance_rate version",
            "from_days policy_id rate to_days",
        )
    ],
)

Band = tuple[int, int | None, Decimal]


@dataclass(frozen=True, slots=True)
class PolicyAsked:
    """A policy as somebody wants it; what each figure means stands at ValuationPolicy. bands: (from days, to days or
    None, rate)."""

    starts_on: dt.date
    category: Category | None = None
    basis: str = Basis.LEADING
    framework: str = ""
    level: str = Level.ITEM
    level_reason: str = ""
    cost_formula: str = CostFormula.SPECIFIC
    variance_rate: Decimal | None = None
    excess_months: int | None = None
    demand_months: int = 12
    excess_recovery: Decimal = Decimal(0)
    expired_rate: Decimal | None = None
    expiring_days: int | None = None
    expiring_rate: Decimal | None = None
    shrinkage_rate: Decimal | None = None
    least: Decimal = Decimal(0)
    quarterly: bool = False
    bands: Sequence[Band] = ()

    @property
    def named(self) -> str:
        """ "All stock, leading" or "Food, tax"."""
        return f"{self.category or 'All stock'}, {Basis(self.basis).label.lower()}"

    @property
    def subject(self) -> str:
        """valuation_policy:LEADING/7: one change of each waits at a time."""
        return f"{PREFIX}:{self.basis}/{self.category.pk if self.category else 0}"

    @property
    def values(self) -> dict[str, Any]:
        """Everything that the policy says, without what it is for."""
        told = {name: getattr(self, name) for name in _VALUES}
        told["bands"] = sorted((first, last, rate) for first, last, rate in self.bands)
        return told


def asked_like(policy: ValuationPolicy, starts_on: dt.date) -> PolicyAsked:
    """A request that says the same from another day: what a form begins with."""
    values: dict[str, Any] = {name: getattr(policy, name) for name in _VALUES}
    bands = [(band.from_days, band.to_days, band.rate) for band in policy.bands.all()]
    return PolicyAsked(starts_on, policy.category, policy.basis, bands=bands, **values)


_VALUES = tuple(
    name for name in PolicyAsked.__dataclass_fields__ if name not in ("starts_on", "category", "basis", "bands")
)


# --- asking and deciding ----------------------------------------------------------------------------------------------


def policy_request(*, entity: Entity, user: User, asked: PolicyAsked, why: str, key: str = "") -> ChangeRequest:
    """Ask for a policy. NotAllowed; BadInput says what cannot be; WrongState where it stands so, or one waits."""
    policy_check(entity=entity, asked=asked)
    return change_request(
        entity=entity,
        kind=KIND,
        subject=asked.subject,
        summary=f"Value {asked.named} from {asked.starts_on.isoformat()}: {policy_said(asked)}"[:200],
        reason=why[:300],
        user=user,
        details={
            "starts_on": asked.starts_on.isoformat(),
            "category": asked.category.pk if asked.category else None,
            "basis": asked.basis,
            "values": _json(asked.values),
        },
        key=key,
    )


def _json(values: dict[str, Any]) -> dict[str, Any]:
    told = {name: plain(value) if isinstance(value, Decimal) else value for name, value in values.items()}
    told["bands"] = [[first, last, plain(rate)] for first, last, rate in values["bands"]]
    return told


def policy_check(*, entity: Entity, asked: PolicyAsked) -> None:
    """BadInput where the policy cannot be; WrongState where it stands already."""
    for choices, value, what in (
        (Basis.values, asked.basis, "basis"),
        (Level.values, asked.level, "level"),
        (CostFormula.values, asked.cost_formula, "cost formula"),
        (["", *Framework.values], asked.framework, "framework"),
    ):
        if value not in choices:
            raise BadInput(f"'{value}' is no {what}. Choose from the list.")
    if asked.category is not None and asked.category.entity_id != entity.pk:
        raise BadInput(f"{asked.category} is no category of {entity}. Choose from the list.")
    framework = asked.framework or entity.framework
    if asked.basis == Basis.LEADING and framework != entity.framework:
        raise BadInput(
            f"{entity} keeps its books under {Framework(entity.framework).label}, and the leading basis is what is "
            "posted. Take the group or the tax basis for another framework."
        )
    for sentence in (
        level_refused(framework, asked.level, asked.level_reason),
        formula_refused(framework, asked.cost_formula),
        bands_refused(asked.bands),
        *_figures_refused(entity, asked),
    ):
        if sentence:
            raise BadInput(f"{asked.named}: {sentence}")
    _replaces(entity, asked)


def _figures_refused(entity: Entity, asked: PolicyAsked) -> list[str]:
    rates = {
        "Expired": asked.expired_rate,
        "Expiring": asked.expiring_rate,
        "Shrinkage": asked.shrinkage_rate,
        "Recovered of an excess unit": asked.excess_recovery,
    }
    said = [
        f"{name}: {rate} is no fraction between 0 and 1. Write 25 % as 0.25."
        for name, rate in rates.items()
        if rate is not None and not 0 <= rate <= 1
    ]
    if (asked.expiring_days is None) != (asked.expiring_rate is None):
        said.append("goods that expire soon need both the number of days and the rate. Give both, or neither.")
    if asked.variance_rate is not None and asked.cost_formula != CostFormula.STANDARD:
        said.append("a variance rate belongs to standard cost. Take that formula, or leave the rate empty.")
    if not 1 <= asked.demand_months <= 60:
        said.append(f"demand is averaged over 1 to 60 months, not {asked.demand_months}.")
    if asked.excess_months is not None and not 1 <= asked.excess_months <= 120:
        said.append(f"excess is what lies beyond 1 to 120 months of demand, not {asked.excess_months}.")
    if asked.least < 0 or not is_whole_unit(asked.least, entity.currency):
        said.append(f"the least amount {plain(asked.least)} is no amount of {entity.currency}, nil or more.")
    if asked.level == Level.CATEGORY and len(asked.level_reason) > 300:
        said.append("the reason of the level is longer than 300 characters.")
    return said


def _replaces(entity: Entity, asked: PolicyAsked) -> None:
    standing = policies_as_of(entity=entity, as_of=asked.starts_on, basis=asked.basis)
    before = standing.get(asked.category.pk if asked.category else None)
    if before is None:
        return
    if asked_like(before, asked.starts_on).values == asked.values:
        raise WrongState(f"{asked.named}: this is the policy from {before.starts_on.isoformat()} on already.")
    closed = FiscalPeriod.objects.filter(
        entity=entity,
        status=FiscalPeriod.Status.CLOSED,
        starts_on__lte=asked.starts_on,
        ends_on__gte=asked.starts_on,
    ).first()
    if closed is not None:
        raise BadInput(
            f"{asked.named}: {asked.starts_on.isoformat()} lies in {closed}, which is closed, and another policy "
            "counted then. A change counts from an open period on (IAS 8.25): take its first day."
        )


def policy_apply(change: ChangeRequest, decider: User) -> None:
    """Make the policy; called by core.changes inside the deciding transaction."""
    entity, details = change.entity, change.details
    Entity.objects.select_for_update(no_key=True).get(pk=entity.pk)
    asked = _asked_of(change)
    policy_check(entity=entity, asked=asked)
    made = _write(change, decider, asked)
    audit.record(
        entity=entity,
        actor=decider,
        kind="valuation.policy",
        subject=change.subject,
        message=f"{decider} agreed with {change.requested_by}: {change.summary}.",
        data={
            "policy": made.pk,
            "version": made.version,
            "starts_on": details["starts_on"],
            "values": details["values"],
            "change": change.pk,
            "record": POLICY.digest(*policy_rows(made.pk)),
        },
    )
    announce(entity=entity, user=decider)


def policy_rows(key: int) -> tuple[Any, Any]:
    return ValuationPolicy.objects.filter(pk=key), AgeingBand.objects.filter(policy=key)


def _asked_of(change: ChangeRequest) -> PolicyAsked:
    details = change.details
    category = None
    if details["category"] is not None:
        category = Category.objects.filter(entity=change.entity, pk=details["category"]).first()
        if category is None:
            raise WrongState(f"{change.summary}: its category is not there any more. Refuse it and ask again.")
    values = dict(details["values"])
    for name in ("variance_rate", "excess_recovery", "expired_rate", "expiring_rate", "shrinkage_rate", "least"):
        values[name] = None if values[name] is None else Decimal(values[name])
    values["bands"] = [(first, last, Decimal(rate)) for first, last, rate in values["bands"]]
    return PolicyAsked(dt.date.fromisoformat(details["starts_on"]), category, details["basis"], **values)


@transaction.atomic
def _write(change: ChangeRequest, decider: User, asked: PolicyAsked) -> ValuationPolicy:
    same = ValuationPolicy.objects.filter(
        entity=change.entity, basis=asked.basis, category=asked.category, starts_on=asked.starts_on
    )
    values = asked.values
    bands = values.pop("bands")
    made = ValuationPolicy.objects.create(
        entity=change.entity,
        category=asked.category,
        basis=asked.basis,
        starts_on=asked.starts_on,
        version=(same.aggregate(last=Max("version"))["last"] or 0) + 1,
        reason=change.reason,
        asked_by=change.requested_by,
        decided_by=decider,
        **values,
    )
    AgeingBand.objects.bulk_create(
        AgeingBand(policy=made, from_days=first, to_days=last, rate=rate) for first, last, rate in bands
    )
    return made


# --- in words ---------------------------------------------------------------------------------------------------------


def percent(rate: Decimal) -> str:
    return f"{plain(rate * 100)} %"


def matrix_said(bands: Sequence[Band]) -> str:
    """ "0–180 days 0 %, 181 days and more 50 %"."""
    return ", ".join(
        f"{first} days and more {percent(rate)}" if last is None else f"{first}–{last} days {percent(rate)}"
        for first, last, rate in sorted(bands, key=lambda band: band[0])
    )


def policy_said(asked: PolicyAsked) -> str:
    """Everything but what is left at nothing, in a sentence's words."""
    said = [f"by {Level(asked.level).label.lower()}", CostFormula(asked.cost_formula).label.lower()]
    if asked.framework:
        said.append(Framework(asked.framework).label)
    if asked.variance_rate is not None:
        said.append(f"variance {percent(asked.variance_rate)}")
    if asked.excess_months is not None:
        said.append(f"excess beyond {asked.excess_months} months of demand over {asked.demand_months}")
    if asked.bands:
        said.append(f"ageing {matrix_said(asked.bands)}")
    if asked.expired_rate is not None:
        said.append(f"expired {percent(asked.expired_rate)}")
    if asked.expiring_days is not None and asked.expiring_rate is not None:
        said.append(f"expiring within {asked.expiring_days} days {percent(asked.expiring_rate)}")
    if asked.shrinkage_rate is not None:
        said.append(f"shrinkage {percent(asked.shrinkage_rate)} of sales")
    if asked.least:
        said.append(f"movements below {plain(asked.least)} left alone")
    if asked.quarterly:
        said.append("interim by quarter")
    return ", ".join(said)


def register() -> None:
    """Called once, when the app is ready."""
    register_change(
        ChangeKind(
            code=KIND,
            label="Change a valuation policy",
            requested_by=frozenset({Role.CONTROLLER}),
            decided_by=frozenset({Role.CONTROLLER, Role.APPROVER}),
            apply=policy_apply,
        )
    )
