"""Writes off or disposes of so many units of an item, at the cost that its cost formula says.

FIFO and LIFO say which lots the units leave, at those lots' own cost. A weighted average lets them leave the oldest
lots and brings every lot of the item to the average first, so that cost is only moved between them (ADR 0020). A lot
that is named on a proposal is specific identification and needs none of this (IAS 2.23).
"""

from __future__ import annotations

from decimal import Decimal

from django.db import transaction

from core.errors import BadInput, NotEnoughStock
from core.models import Entity, User
from core.money import MONEY_SCALE, QUANTITY_SCALE, display_quantity, share_raw, to_raw
from inventory.models import Item
from writeoffs.proposals.inputs import LineInput
from writeoffs.proposals.models import Kind, Proposal
from writeoffs.proposals.services.centres import with_default_centres
from writeoffs.proposals.services.create import Header, proposal_create
from writeoffs.valuation.cost_formulas import LayersOf, layers_of
from writeoffs.valuation.rules.formulas import AVERAGE, FIFO, LIFO, refuse_lifo

BY_ITEM = (FIFO, AVERAGE, LIFO)


@transaction.atomic
def proposal_create_by_item(
    *,
    entity: Entity,
    user: User,
    header: Header,
    item: Item,
    quantity: Decimal,
    formula: str,
    location_id: int | None = None,
) -> Proposal:
    """A draft of the lines that the formula says. location_id: only the lots there are its layers. LifoRefused under
    IFRS; NotEnoughStock; BadInput for another formula."""
    refuse_lifo(formula, entity.framework)
    if formula not in BY_ITEM:
        raise BadInput(
            f"{item}: choose FIFO, weighted average or (under US GAAP) LIFO. Specific lots are chosen in the stock "
            "list, and a standard cost is what the ERP lists."
        )
    if header.kind not in (Kind.WRITE_OFF, Kind.DISPOSAL) or (header.kind == Kind.DISPOSAL and formula == AVERAGE):
        raise BadInput("By item and quantity goods are written off. Choose the lots for every other kind.")
    layers = layers_of(item=item, location_id=location_id)
    leaving = to_raw(quantity, QUANTITY_SCALE)
    if leaving <= 0:
        raise BadInput(f"{item}: enter how many units leave, above nil.")
    if leaving > layers.quantity:
        held = sum((lot.quantity for lot in layers.lots), Decimal(0))
        raise NotEnoughStock(
            f"{item} has {display_quantity(held) if held else '0'} on hand; {display_quantity(quantity)} were to be "
            "written off. Reduce the quantity, or upload a newer stock list first."
        )
    lines = _averaged(layers, leaving, entity.exponent) if formula == AVERAGE else _in_order(layers, leaving, formula)
    return proposal_create(entity=entity, user=user, header=header, lines=with_default_centres(lines))


def _taken(layers: LayersOf, leaving: int, formula: str) -> list[int]:
    """What leaves each lot, in the lots' own order."""
    places = list(range(len(layers.layers)))
    taken = [0] * len(places)
    for place in reversed(places) if formula == LIFO else places:
        taken[place] = min(layers.layers[place].quantity, leaving)
        leaving -= taken[place]
    return taken


def _in_order(layers: LayersOf, leaving: int, formula: str) -> list[LineInput]:
    taken = _taken(layers, leaving, formula)
    return [
        LineInput(lot.pk, -units, note=f"{formula}: {place} of the item's layers")
        for place, (lot, units) in enumerate(zip(layers.lots, taken, strict=True), start=1)
        if units
    ]


def _averaged(layers: LayersOf, leaving: int, exponent: int) -> list[LineInput]:
    """A line a lot: what it carries once all lots stand at the average and the units have left. What stays is shared by
    cumulated quantity, so that the lines add up to the average cost of what left."""
    held = layers.quantity
    costs = [to_raw(lot.cost, MONEY_SCALE) for lot in layers.lots]
    stays = sum(costs) - share_raw(sum(costs), leaving, held, exponent)
    lines = []
    cumulated = given = 0
    for lot, layer, units in zip(layers.lots, layers.layers, _taken(layers, leaving, AVERAGE), strict=True):
        cumulated += layer.quantity - units
        upto = share_raw(stays, cumulated, held - leaving, exponent)
        allowance = to_raw(lot.allowance, MONEY_SCALE)
        kept = allowance - share_raw(allowance, units, layer.quantity, exponent)
        carrying, given = upto - given - kept, upto
        if units or carrying != to_raw(lot.carrying_amount, MONEY_SCALE):
            lines.append(LineInput(lot.pk, -units, carrying, note="Weighted average of the item's lots"))
    if any(line.new_carrying_amount is not None and line.new_carrying_amount < 0 for line in lines):
        raise BadInput(
            "At the average cost a lot's allowance would exceed its cost. Write off the lots that are meant instead, "
            "or reverse the write-down first."
        )
    return lines
