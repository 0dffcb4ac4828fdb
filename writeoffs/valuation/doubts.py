"""What a person should look at in an input that is kept all the same."""

from __future__ import annotations

from decimal import Decimal

from django.db.models import Sum

from core.models import Entity
from core.money import plain
from inventory.models import Lot
from writeoffs.valuation.inputs import Contract, Input, Price, PriceRate, PurchaseCommitment


def doubts(entity: Entity, given: Input) -> list[str]:
    """Sentences, at most three queries."""
    if given.withdrawn:
        return []
    said = []
    if isinstance(given, Price) and given.net is not None and given.net < 0:
        said.append(
            f"The net realisable value of {given} is {plain(given.net)}, below nil. The allowance never passes cost, "
            "so what is beyond is no loss on stock."
        )
    if isinstance(given, Price | Contract | PurchaseCommitment) and given.currency != entity.currency:
        day = given.as_of if isinstance(given, Price) else given.starts_on
        if not PriceRate.objects.filter(entity=entity, currency=given.currency, as_of__lte=day).exists():
            said.append(
                f"There is no rate from {given.currency} to {entity.currency} for {day.isoformat()} or earlier. Until "
                "one is given under Rates, an assessment leaves the item untested."
            )
    if isinstance(given, Contract):
        held = Lot.objects.filter(entity=entity, item=given.item_id).aggregate(all=Sum("quantity"))["all"] or Decimal(0)
        if given.quantity > held:
            said.append(
                f"{given} is for {plain(given.quantity)} units, {plain(held)} are on hand. Only units "
                "on hand are valued by it."
            )
    return said
