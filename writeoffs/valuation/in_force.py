"""Which policies count on a day.

Invariant: of the versions of one class and basis that have started, the latest day's highest version counts; a class
without one of its own goes by that of all stock.
"""

from __future__ import annotations

import datetime as dt

from core.models import Category, Entity
from inventory.erp_layers import Formula
from writeoffs.valuation.policies import Basis, ValuationPolicy


def policies_as_of(*, entity: Entity, as_of: dt.date, basis: str = Basis.LEADING) -> dict[int | None, ValuationPolicy]:
    """Category (None: all that have none of their own) -> the policy that counts on the day. Two queries."""
    rows = (
        ValuationPolicy.objects.filter(entity=entity, basis=basis, starts_on__lte=as_of)
        .select_related("category", "asked_by", "decided_by")
        .prefetch_related("bands")
        .order_by("starts_on", "version")
    )
    return {policy.category_id: policy for policy in rows}


def formulas_dated(entity: Entity) -> list[Formula]:
    """The cost formulas of the leading basis in the order in which they count. One query."""
    rows = ValuationPolicy.objects.filter(entity=entity, basis=Basis.LEADING).order_by("starts_on", "version")
    names = ("starts_on", "category_id", "cost_formula")
    return [Formula(day.isoformat(), category, code) for day, category, code in rows.values_list(*names)]


def policy_for(
    *, entity: Entity, category: Category | None, as_of: dt.date, basis: str = Basis.LEADING
) -> ValuationPolicy | None:
    """The policy of the category, else that of all stock; None where neither counts on the day."""
    standing = policies_as_of(entity=entity, as_of=as_of, basis=basis)
    own = standing.get(category.pk) if category else None
    return own or standing.get(None)
