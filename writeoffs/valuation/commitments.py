"""Firm purchases in an assessment: loads what is in force, judges it, keeps a line each, and says what is not covered.

Invariants: five queries at most, whatever the number; lines are written in one statement, in the transaction that ends
the run. Only the leading basis is judged, since provisions are posted by it alone.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import QuerySet

from core.models import Entity
from core.money import (
    MONEY_SCALE,
    QUANTITY_SCALE,
    UNIT_COST_SCALE,
    display_money,
    display_quantity,
    from_raw,
)
from core.records import Record
from inventory.models import Item
from writeoffs.valuation import known as inputs
from writeoffs.valuation.commitment_models import CommitmentLine, Standing, standing_of
from writeoffs.valuation.inputs import PurchaseCommitment
from writeoffs.valuation.models import Assessment, Basis
from writeoffs.valuation.rules.commitments import Committal, Committed, judge, short_loss
from writeoffs.valuation.rules.contracts import Sold
from writeoffs.valuation.rules.evidence import below_cost
from writeoffs.valuation.rules.facts import OUT, UNTESTED, Assessed, Known, Line
from writeoffs.valuation.rules.worth import PAR

FLAG, _NAMED = 200, 3
# `commitments` of the event of a run's end.
LINES = Record(
    (CommitmentLine,),
    [
        [
            "assessment_id carried commitment_id contract_quantity contract_value cost flag governs outcome provided "
            "quantity required unit used_price_id worth"
        ]
    ],
)


@dataclass(frozen=True, slots=True)
class Judged:
    """lines: within the scope. told: sentences on contracts that nothing covers and on what was not tested."""

    lines: Sequence[Committal]
    told: Sequence[str]


def commitments_read(*, entity: Entity, day: dt.date, basis: str) -> list[Committed]:
    """Every commitment in force on the day, those that end first before the others, and every one that is not any more
    but has a provision. Four queries."""
    if basis != Basis.LEADING:
        return []
    rates = {currency: int(rate) for currency, rate, _ in inputs.rates_as_of(entity=entity, as_of=day)}
    rates[entity.currency] = PAR
    standing = standing_of(entity=entity, day=day)
    rows = inputs.commitments_as_of(entity=entity, as_of=day)
    categories = _categories({row[1] for row in rows} | {item for _, item in standing})
    found = []
    for pk, item, reference, quantity, price, currency, _, _ in rows:
        own = standing.pop((reference, item), Standing(pk, 0, 0))
        found.append(
            Committed(
                *(pk, item, categories[item], int(quantity), int(price), rates.get(currency), currency),
                *(own.amount, own.quantity),
            )
        )
    gone = [
        Committed(own.commitment_id, item, categories[item], 0, 0, PAR, "", own.amount, own.quantity, in_force=False)
        for (_, item), own in standing.items()
        if own.amount
    ]
    return [*found, *gone]


def _categories(items: Iterable[int]) -> dict[int, int]:
    return dict(Item.objects.filter(pk__in=sorted(items)).values_list("pk", "category_id"))


def commitments_judge(assessment: Assessment, every: Sequence[Committed], known: Known, found: Assessed) -> Judged:
    """The lines of the scope (its classes; of a part by location none, since nothing has come in), and what to say."""
    if assessment.basis != Basis.LEADING or not (every or known.contracts):
        return Judged((), ())
    entity = assessment.entity
    wanted = {one.item_id for one in every} | known.contracts.keys()
    by_item: dict[int, list[Line]] = {}
    products = {product for item in wanted for product in known.uses.get(item, ())}
    for line in found.lines:
        if line.outcome != OUT and (line.lot.item_id in wanted or line.lot.item_id in products):
            by_item.setdefault(line.lot.item_id, []).append(line)
    on_hand = {item: sum(line.lot.quantity for line in lines) for item, lines in by_item.items()}
    materials = {item: () for item in wanted if item in known.uses and item not in by_item}
    below = below_cost({**materials, **by_item}, known) if known.uses else {}
    lines, open_sales = judge(every, known, on_hand, below, entity.exponent)
    scope = assessment.scope
    kept = [
        line
        for line in lines
        if not scope.get("locations")
        and (not scope.get("categories") or line.committed.category_id in scope["categories"])
    ]
    told = [*_open_said(entity, open_sales, known), *_untested_said(kept)]
    return Judged(kept, told)


def _open_said(entity: Entity, open_sales: dict[int, list[Sold]], known: Known) -> list[str]:
    """Firm sales that neither stock nor commitments cover: how many units, and what they lose at replacement cost."""
    if not open_sales:
        return []
    skus = dict(Item.objects.filter(pk__in=open_sales).order_by("sku").values_list("pk", "sku"))
    named = [f"{sku} {_units(open_sales[item])} units" for item, sku in skus.items()]
    more = f" and {len(named) - _NAMED:,} more items" if len(named) > _NAMED else ""
    lost = sum(
        short_loss(parts, price.replacement_cost, price.rate, entity.exponent)
        for item, parts in open_sales.items()
        if (price := known.prices.get(item)) is not None and price.rate and price.replacement_cost is not None
    )
    amount = f"{display_money(from_raw(lost, MONEY_SCALE), entity.currency, entity.locale)} {entity.currency}"
    beyond = (
        f" At replacement cost they lose {amount}, which no stock bears: see whether it is an onerous contract (IAS "
        "37.66)."
        if lost
        else " There is no stock to value for them yet."
    )
    said = f"Firm sales are for more than is on hand and on order: {', '.join(named[:_NAMED])}{more}.{beyond}"
    return [said]


def _units(parts: Sequence[Sold]) -> str:
    return display_quantity(from_raw(sum(part.quantity for part in parts), QUANTITY_SCALE))


def _untested_said(lines: Sequence[Committal]) -> list[str]:
    untested = [line for line in lines if line.outcome == UNTESTED]
    if not untested:
        return []
    commitments = PurchaseCommitment.objects.filter(pk__in=[line.committed.commitment_id for line in untested])
    names = [str(one) for one in commitments.select_related("item").order_by("reference")]
    more = f" and {len(names) - _NAMED:,} more" if len(names) > _NAMED else ""
    count = "1 purchase commitment" if len(names) == 1 else f"{len(names):,} purchase commitments"
    return [f"{count} without a price or a rate, untested: {'; '.join(names[:_NAMED])}{more}."]


def commitments_keep(assessment: Assessment, judged: Judged, known: Known) -> str:
    """Keep the lines; gives their digest. Call it inside the transaction that ends the run."""
    CommitmentLine.objects.bulk_create([_line(assessment, line, known) for line in judged.lines], batch_size=500)
    return LINES.digest(lines_of(assessment))


def lines_of(assessment: Assessment) -> QuerySet[CommitmentLine]:
    return CommitmentLine.objects.filter(assessment=assessment)


def _line(assessment: Assessment, line: Committal, known: Known) -> CommitmentLine:
    committed = line.committed
    price = known.prices.get(committed.item_id)
    return CommitmentLine(
        assessment=assessment,
        commitment_id=committed.commitment_id,
        used_price_id=price.price_id if price is not None else None,
        outcome=line.outcome,
        governs=line.governs,
        quantity=_quantity(committed.quantity),
        cost=_money(line.cost),
        contract_quantity=_quantity(line.contract_quantity),
        contract_value=None if line.contract_value is None else _money(line.contract_value),
        unit=None if line.unit is None else from_raw(line.unit, UNIT_COST_SCALE),
        worth=None if line.worth is None else _money(line.worth),
        provided=_quantity(committed.provided),
        carried=_money(committed.carried),
        required=_money(line.required),
        flag=line.flags if len(line.flags) <= FLAG else f"{line.flags[: FLAG - 1]}…",
    )


def _money(raw: int) -> Decimal:
    return from_raw(raw, MONEY_SCALE)


def _quantity(raw: int) -> Decimal:
    return from_raw(raw, QUANTITY_SCALE)
