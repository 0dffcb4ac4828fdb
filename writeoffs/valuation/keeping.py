"""Keeps what a run found: a line a lot, held against the run before, the totals, and what was assumed.

Invariant: lines are only ever written here, in one statement, inside the transaction that ends the run.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from django.db import connection

from core.sets import rows_insert
from inventory.models import Item
from writeoffs.valuation.assessment_proofs import COLUMNS, TABLE, FoundDigest
from writeoffs.valuation.loading import Stock
from writeoffs.valuation.models import Assessment, AssessmentLine
from writeoffs.valuation.rules.assessing import OUT, UNTESTED, Assessed, Known, Line

# What people add later, empty at first.
_LATER = ("override_reason", "override_cause", "proposal_ref")
FLAG = 200
# What is remembered of a lot: required, quantity, original cost, price, policy.
Before: TypeAlias = tuple[int, int, int, int | None, int | None]
_NEW, _GROWN, _SHRUNK, _SAME = (
    getattr(AssessmentLine.Change, name).value for name in ("NEW", "GROWN", "SHRUNK", "SAME")
)
_SAME_AS_BEFORE = (_SAME, 0, "")
FINISHED = (Assessment.Status.DONE, Assessment.Status.PROPOSED)


def lines_keep(assessment: Assessment, found: Assessed, stock: Stock, before: Mapping[int, Before]) -> FoundDigest:
    """One INSERT of all lines within the scope, and their digest. Call it inside the transaction that ends the run."""
    digest, number = FoundDigest(), assessment.pk
    # By lot: keys that come in their order cost a database half.
    lines = sorted(_kept(found, stock), key=lambda line: line.lot.lot_id)
    rows_insert(TABLE, ("assessment_id", *COLUMNS, *_LATER), digest.passing(_rows(number, lines, before)))
    return digest


def _kept(found: Assessed, stock: Stock) -> Iterable[Line]:
    if not stock.outside:
        return found.lines
    return [line for line in found.lines if line.lot.lot_id not in stock.outside]


def _rows(number: int, lines: Iterable[Line], before: Mapping[int, Before]) -> Iterator[tuple[Any, ...]]:
    for line in lines:
        lot, policy, required, flag = line.lot, line.policy, line.required, line.flags
        if required > lot.cost:
            # Of a lot that is not valued: more is attached than it costs.
            required = max(0, lot.cost)
        change, amount, why = _change(line, required, before.get(lot.lot_id)) if before else (_NEW, required, "")
        yield (
            number,
            lot.lot_id,
            policy.policy_id,
            line.price_id,
            line.outcome,
            line.governs,
            line.reason,
            policy.level,
            policy.cost_formula,
            lot.quantity,
            lot.cost,
            lot.carried,
            line.nrv_unit,
            line.market_unit,
            line.contract_quantity,
            line.contract_value,
            line.nrv_value,
            lot.age,
            line.ageing_need,
            line.excess_quantity,
            line.excess_need,
            line.expiry_need,
            line.nrv_need,
            required,
            flag if len(flag) <= FLAG else flag[: FLAG - 1] + "…",
            change,
            amount,
            why,
            "",
            "",
            "",
        )


def _change(line: Line, required: int, before: Before | None) -> tuple[str, int, str]:
    """Against the run before: how, by how much, and why."""
    if before is None:
        return _NEW, required, ""
    was, quantity, cost, price_id, policy_id = before
    delta = required - was
    if not delta:
        return _SAME_AS_BEFORE
    lot = line.lot
    causes = []
    if quantity != lot.quantity:
        causes.append("quantity")
    elif cost != lot.cost:
        causes.append("cost")
    if price_id != line.price_id:
        causes.append("price")
    if policy_id != line.policy.policy_id:
        causes.append("policy")
    why = ", ".join(causes) or "age, demand, contracts or the group"
    return _GROWN if delta > 0 else _SHRUNK, delta, why.capitalize()


def previous_of(assessment: Assessment) -> Assessment | None:
    """The last finished run of the same basis and scope whose day is no later."""
    found = Assessment.objects.filter(
        entity=assessment.entity_id,
        basis=assessment.basis,
        scope=assessment.scope,
        as_of__lte=assessment.as_of,
        finished_at__isnull=False,
    )
    left_out = (Assessment.Status.FAILED, Assessment.Status.DISCARDED)
    return found.exclude(pk=assessment.pk).exclude(status__in=left_out).order_by("-as_of", "-pk").first()


def before_of(previous: Assessment | None) -> dict[int, Before]:
    """What the run before required of each lot."""
    if previous is None:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            f"select lot_id, required, quantity, cost, price_id, policy_id from {TABLE} where assessment_id = %s",
            [previous.pk],
        )
        return {row[0]: row[1:] for row in cursor.fetchall()}


# --- totals and what was assumed -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Totals:
    """Of the lines within the scope. by_level: of all stock; empty where the scope is a part of it."""

    lines: int
    valued: int
    untested: int
    cost: int
    carried: int
    required: int
    by_level: Mapping[str, int]


def totals_of(found: Assessed, stock: Stock) -> Totals:
    lines = valued = untested = cost = carried = required = 0
    for line in _kept(found, stock):
        lines += 1
        if line.outcome == OUT:
            continue
        valued += 1
        untested += line.outcome == UNTESTED
        cost += line.lot.cost
        carried += line.lot.carried
        required += line.required
    by_level = {} if stock.outside else found.by_level
    return Totals(lines, valued, untested, cost, carried, required, by_level)


def assumed(assessment: Assessment, found: Assessed, known: Known, stock: Stock) -> list[str]:
    """What was taken for granted or left out, in sentences that name the first items. One query."""
    day = assessment.as_of.isoformat()
    lines = _kept(found, stock)
    groups: dict[str, list[Line]] = {"demand": [], "undated": [], "untested": [], "out": []}
    for line in lines:
        if line.outcome == OUT:
            groups["out"].append(line)
            continue
        if line.policy.excess_months is not None and line.lot.item_id not in known.demand:
            groups["demand"].append(line)
        if line.policy.matrix is not None and line.lot.age is None:
            groups["undated"].append(line)
        if line.outcome == UNTESTED:
            groups["untested"].append(line)
    skus = _skus(groups.values())
    said = [
        sentence.format(lots=_lots(len(own)), day=day, named=_named(own, skus))
        for key, sentence in _SENTENCES.items()
        if (own := groups[key])
    ]
    if stock.outside:
        said.append(
            "All stock was judged, since demand, contracts and groups are of all of it; the lines of the chosen part "
            "were kept. The levels are compared in a run over all stock."
        )
    return said


_SENTENCES = {
    "demand": "{lots} without any demand up to {day}, not tested for excess: {named}. Enter their demand, nil months "
    "too.",
    "undated": "{lots} without a receipt date, not aged: {named}.",
    "untested": "{lots} with neither a price nor a policy that judges them, untested, so that they keep what they "
    "carry: {named}.",
    "out": "{lots} not valued, for negative stock, without a cost or without units: {named}.",
}
_NAMED = 3


def _lots(count: int) -> str:
    return "1 lot" if count == 1 else f"{count:,} lots"


def _skus(groups: Iterable[Sequence[Line]]) -> dict[int, str]:
    wanted = {item for lines in groups for item in _first_items(lines)}
    return dict(Item.objects.filter(pk__in=wanted).values_list("pk", "sku")) if wanted else {}


def _first_items(lines: Sequence[Line]) -> Collection[int]:
    """The first few items of the lines."""
    found: dict[int, None] = {}
    for line in lines:
        found.setdefault(line.lot.item_id)
        if len(found) == _NAMED:
            break
    return found.keys()


def _named(lines: Sequence[Line], skus: Mapping[int, str]) -> str:
    items = {line.lot.item_id for line in lines}
    more = len(items) - _NAMED
    names = ", ".join(skus.get(item, "") for item in _first_items(lines))
    return f"{names} and {more:,} more item{'' if more == 1 else 's'}" if more > 0 else names
