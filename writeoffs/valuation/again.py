"""What an assessment would require today of some of its lots: its day and the rules, with what is known now.

Invariants: judged are all lots that bear on the asked ones (those of their items, of the products that a material goes
into, of the group that a policy compares as one) and no others, so that each figure is the one that a whole run would
give; nothing is kept. A constant number of queries, whatever the number of lots.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import Model, Q, QuerySet

from core.models import Entity
from inventory.models import Item
from writeoffs.valuation import known
from writeoffs.valuation.commitments import commitments_judge, commitments_read
from writeoffs.valuation.giving import said
from writeoffs.valuation.inputs import (
    ConditionMark,
    Contract,
    Demand,
    Input,
    MaterialUse,
    Price,
    PriceRate,
    PurchaseCommitment,
)
from writeoffs.valuation.kinds_of_input import KIND_OF
from writeoffs.valuation.loading import Scope, known_as_of, policy_facts, stock_as_of
from writeoffs.valuation.models import Assessment, Level, ValuationPolicy
from writeoffs.valuation.rules.assessing import Assessed, Known, Line, assess

NAMED = 10


@dataclass(frozen=True, slots=True)
class Changed:
    """Something that was given or decided since a run. text: a sentence. price, item_id: of a price of a whole item."""

    text: str
    given: Model
    item_id: int | None = None


def anything_since(assessment: Assessment) -> bool:
    """Whether anything that counts on the assessment's day is newer than the assessment. Mostly one query: rows are
    added in the order in which they were known, so where the last of each kind is older, all are."""
    return _last_is_newer(assessment) and any(rows.exists() for rows in _newer(assessment, None))


def _last_is_newer(assessment: Assessment) -> bool:
    models = (Price, Contract, PurchaseCommitment, Demand, MaterialUse, ConditionMark, PriceRate, ValuationPolicy)
    parts = [
        f"exists (select 1 from (select {moment} as known from {model._meta.db_table} where entity_id = %s "
        "order by id desc limit 1) n where n.known > %s)"
        for model in models
        for moment in ("decided_at" if model is ValuationPolicy else "entered_at",)
    ]
    since = connection.ops.adapt_datetimefield_value(assessment.created_at)
    with connection.cursor() as cursor:
        cursor.execute(f"select {' or '.join(parts)}", [assessment.entity_id, since] * len(models))
        return bool(cursor.fetchone()[0])


def changes_since(*, assessment: Assessment, items: Collection[int] | None) -> tuple[list[Changed], int]:
    """What is newer than the assessment and may bear on the items (None: all), the newest first; and how many more."""
    found: list[Any] = []
    count = 0
    for rows in _newer(assessment, items):
        count += rows.count()
        found += rows[:NAMED]
    found.sort(key=lambda given: _moment(given), reverse=True)
    shown = [_changed(given, assessment.entity) for given in found[:NAMED]]
    return shown, count - len(shown)


def required_again(*, assessment: Assessment, items: Collection[int] | None) -> dict[int, Line]:
    """Lot -> what the rules find of it now, as of the assessment's day. items: as bearing_on gives them."""
    found, _ = _judged(assessment, items)
    return {line.lot.lot_id: line for line in found.lines}


def provisions_again(*, assessment: Assessment, items: Collection[int] | None) -> dict[tuple[str, int], int]:
    """(reference, item) -> raw: what purchase commitments of the items require now, as of the assessment's day."""
    found, facts = _judged(assessment, items)
    entity, day = assessment.entity, assessment.as_of
    every = commitments_read(entity=entity, day=day, basis=assessment.basis)
    own = [one for one in every if items is None or one.item_id in items]
    lines = commitments_judge(assessment, own, facts, found).lines
    named = dict(
        PurchaseCommitment.objects.filter(pk__in=[line.committed.commitment_id for line in lines]).values_list(
            "pk", "reference"
        )
    )
    return {(named[line.committed.commitment_id], line.committed.item_id): line.required for line in lines}


def _judged(assessment: Assessment, items: Collection[int] | None) -> tuple[Assessed, Known]:
    entity, day, basis = assessment.entity, assessment.as_of, assessment.basis
    stock = stock_as_of(entity=entity, day=day, scope=Scope(frozenset(), frozenset()), basis=basis, items=items)
    categories = {lot.item_id: lot.category_id for lot in stock.lots}
    facts, _ = known_as_of(entity=entity, day=day, basis=basis, categories=categories, items=items)
    return assess(stock.lots, facts, entity.exponent), facts


def bearing_on(*, assessment: Assessment, items: Mapping[int, int], levels: Collection[str]) -> set[int] | None:
    """The items whose lots decide what is required of these (item -> class); None: all. levels: at which they were
    compared."""
    entity, day = assessment.entity, assessment.as_of
    default, policies, _ = policy_facts(entity=entity, day=day, basis=assessment.basis)
    compared = {*levels, *(policies.get(category, default).level for category in items.values())}
    if Level.TOTAL in compared:
        return None
    found = set(items)
    if Level.CATEGORY in compared:
        found |= set(Item.objects.filter(category__in=set(items.values())).values_list("pk", flat=True))
    return found | {
        product for _, material, product, _ in known.uses_as_of(entity=entity, as_of=day) if material in found
    }


# --- what is newer ---------------------------------------------------------------------------------------------------


def _newer(assessment: Assessment, items: Collection[int] | None) -> Sequence[QuerySet[Any]]:
    """A queryset a kind of input. A later version of a contract may have taken it out of force, so any counts."""
    day = assessment.as_of

    def of(model: type[Input], counts: Q, path: str = "item") -> QuerySet[Any]:
        rows = model._default_manager.filter(counts, entity=assessment.entity, entered_at__gt=assessment.created_at)
        return rows if items is None or not path else rows.filter(**{f"{path}__in": items})

    until = Q(as_of__lte=day)
    policies = ValuationPolicy.objects.filter(
        entity=assessment.entity, basis=assessment.basis, starts_on__lte=day, decided_at__gt=assessment.created_at
    )
    return (
        of(Price, until).select_related("item", "lot__item", "lot__location", "entered_by").order_by("-pk"),
        of(Contract, Q(starts_on__lte=day, ends_on__gte=day) | Q(version__gt=1))
        .select_related("item", "entered_by")
        .order_by("-pk"),
        of(PurchaseCommitment, Q(starts_on__lte=day, ends_on__gte=day) | Q(version__gt=1))
        .select_related("item", "entered_by")
        .order_by("-pk"),
        of(Demand, Q(month__lte=day)).select_related("item", "entered_by").order_by("-pk"),
        of(MaterialUse, until, "material").select_related("material", "product", "entered_by").order_by("-pk"),
        of(ConditionMark, until, "lot__item")
        .select_related("lot__item", "lot__location", "entered_by")
        .order_by("-pk"),
        of(PriceRate, until, "").select_related("entered_by").order_by("-pk"),
        policies.select_related("category", "decided_by").order_by("-pk"),
    )


def _moment(given: Any) -> Any:
    return given.decided_at if isinstance(given, ValuationPolicy) else given.entered_at


def _changed(given: Any, entity: Entity) -> Changed:
    day = entity.local_date(_moment(given)).isoformat()
    if isinstance(given, ValuationPolicy):
        why = f"Policy for {given}, version {given.version}: {given.reason}"
        return Changed(f"{why}; decided by {given.decided_by} on {day}.", given)
    why = f" ({given.reason})" if given.reason else ""
    what = f"{KIND_OF[type(given)].noun} of {given}"
    text = f"{what[0].upper()}{what[1:]}: {said(given)}, from {given.source}{why}"
    of_item = given.item_id if isinstance(given, Price) and given.lot_id is None else None
    return Changed(f"{text}; given by {given.entered_by} on {day}.", given, of_item)
