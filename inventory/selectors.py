"""Reads the stock for pages, exports and the rooms above: filtered lots, their totals, a lot's history, counts.

Invariant: every selector is bound to one entity and makes a constant number of queries, whatever the data's size.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Count, QuerySet, Sum
from django.http import QueryDict

from core.errors import BadInput
from core.models import Entity
from inventory.filters import LotFilter, sort_order
from inventory.models import Lot


@dataclass(frozen=True, slots=True)
class LotTotals:
    """What a set of lots adds up to, in one query."""

    lots: int
    quantity: Decimal
    cost: Decimal
    allowance: Decimal

    @property
    def carrying(self) -> Decimal:
        return self.cost - self.allowance


def lots_filtered(*, entity: Entity, params: QueryDict) -> QuerySet[Lot]:
    """The lots behind a stock list's query string, in its order: the ones ticked (repeated `lot`), else all in the filter.

    BadInput where a filter's value cannot be used, so that a mistyped link never proposes the whole warehouse.
    """
    filters = LotFilter(params, entity=entity)
    if not filters.is_valid():
        names = ", ".join(f"'{params.get(name, '')}' for {name}" for name in filters.errors)
        raise BadInput(f"The stock list cannot be filtered by {names}. Clear the filter and choose again.")
    lots: QuerySet[Lot] = filters.qs.select_related("item__category", "location").order_by(*sort_order(params))
    ticked = params.getlist("lot")
    if not ticked:
        return lots
    if not all(number.isdecimal() and len(number) < 19 for number in ticked):
        raise BadInput("One of the lots ticked is unknown. Go back to the stock list and tick it again.")
    return lots.filter(pk__in=[int(number) for number in ticked])


def lot_totals(*, lots: QuerySet[Lot]) -> LotTotals:
    """Lots, quantity, cost and allowance of a set, in one aggregate."""
    nil = Decimal(0)
    sums = lots.order_by().aggregate(
        lots=Count("id"), quantity=Sum("quantity"), cost=Sum("cost"), allowance=Sum("allowance")
    )
    return LotTotals(sums["lots"], sums["quantity"] or nil, sums["cost"] or nil, sums["allowance"] or nil)
