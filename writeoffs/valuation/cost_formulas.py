"""The cost formula of an item and the layers that it works on.

The lots of an item are its layers: each came in together, at one cost. Under FIFO or LIFO the formula says which of
them the units leave, whatever shelf they stood on; a lot that is named is specific identification (IAS 2.23). See ADR
0020.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import F

from core.models import Entity
from core.money import MONEY_SCALE, QUANTITY_SCALE, UNIT_COST_SCALE, to_raw
from inventory.models import Item, Lot
from writeoffs.valuation.policies import ValuationPolicy
from writeoffs.valuation.rules.formulas import Layer, Leaving, compared


@dataclass(frozen=True, slots=True)
class LayersOf:
    """An item's lots with stock, oldest first, and the same as layers (keys: the lots' ids)."""

    lots: tuple[Lot, ...]
    layers: tuple[Layer, ...]

    @property
    def quantity(self) -> int:
        return sum(layer.quantity for layer in self.layers)


def layers_of(*, item: Item, location_id: int | None = None) -> LayersOf:
    """By the day received, then by the order in which the books came to know the lots; those without a day first."""
    lots = Lot.objects.filter(item=item, quantity__gt=0).select_related("location")
    if location_id is not None:
        lots = lots.filter(location=location_id)
    found = tuple(lots.order_by(F("received_on").asc(nulls_first=True), "pk"))
    return LayersOf(
        found,
        tuple(
            Layer(
                str(lot.pk),
                to_raw(lot.quantity, QUANTITY_SCALE),
                to_raw(lot.cost, MONEY_SCALE) * 10 ** (QUANTITY_SCALE + UNIT_COST_SCALE - MONEY_SCALE),
            )
            for lot in found
        ),
    )


def formulas_compared(
    *, entity: Entity, layers: LayersOf, quantity: int, policy: ValuationPolicy | None, specific: str = ""
) -> list[Leaving]:
    """What would leave under each formula that the framework permits; at standard cost where the policy has a variance
    rate and all lots have one unit cost on the ERP's list."""
    standards = {to_raw(lot.unit_cost, UNIT_COST_SCALE) for lot in layers.lots}
    variance = policy.variance_rate if policy is not None else None
    return compared(
        layers=layers.layers,
        quantity=quantity,
        exponent=entity.exponent,
        framework=entity.framework,
        specific=specific,
        standard_cost=standards.pop() if variance is not None and len(standards) == 1 else None,
        variance_rate=to_raw(variance, 6) if variance is not None else 0,
    )
