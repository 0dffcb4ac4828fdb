"""Gathers how stock was valued: the policies in force at the end of some days, and those that came in within them."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from core.models import Entity
from writeoffs.valuation.in_force import policies_as_of
from writeoffs.valuation.models import ValuationPolicy
from writeoffs.valuation.policies import Basis
from writeoffs.valuation.policy_changes import asked_like, policy_said


@dataclass(frozen=True, slots=True)
class PolicyFact:
    """One policy in words. before: what it replaced, None where it was the first for its stock and basis."""

    key: int
    basis: str
    stock: str
    starts_on: dt.date
    says: str
    before: str | None
    reason: str
    asked_by: str
    decided_by: str
    decided_on: dt.date


@dataclass(frozen=True, slots=True)
class PolicyFacts:
    """in_force: at the end of the days; changes: that came into force within them, the oldest first."""

    in_force: tuple[PolicyFact, ...]
    changes: tuple[PolicyFact, ...]


def policy_facts(*, entity: Entity, starts_on: dt.date, ends_on: dt.date) -> PolicyFacts:
    """Of every basis; a constant number of queries."""
    in_force = []
    for basis in Basis.values:
        standing = policies_as_of(entity=entity, as_of=ends_on, basis=basis).values()
        ordered = sorted(standing, key=lambda policy: (policy.category is not None, str(policy.category)))
        in_force += [_fact(entity, policy, None) for policy in ordered]
    rows = (
        ValuationPolicy.objects.filter(entity=entity, starts_on__lte=ends_on)
        .select_related("category", "asked_by", "decided_by")
        .prefetch_related("bands")
        .order_by("starts_on", "version")
    )
    latest: dict[tuple[str, int | None], ValuationPolicy] = {}
    changes = []
    for policy in rows:
        subject = (policy.basis, policy.category_id)
        if policy.starts_on >= starts_on:
            changes.append(_fact(entity, policy, latest.get(subject)))
        latest[subject] = policy
    return PolicyFacts(tuple(in_force), tuple(changes))


def _fact(entity: Entity, policy: ValuationPolicy, before: ValuationPolicy | None) -> PolicyFact:
    return PolicyFact(
        key=policy.pk,
        basis=policy.get_basis_display(),
        stock=str(policy.category or "All stock"),
        starts_on=policy.starts_on,
        says=policy_said(asked_like(policy, policy.starts_on)),
        before=None if before is None else policy_said(asked_like(before, before.starts_on)),
        reason=policy.reason,
        asked_by=str(policy.asked_by),
        decided_by=str(policy.decided_by),
        decided_on=entity.local_date(policy.decided_at),
    )
