"""Margin from stock that had been written down before it was sold. Pure.

What a write-down took to expense earlier lowers the cost of sales now: the margin is higher by the write-down that left
with the units, under both methods (IAS 2.34; ASC 330-10-35-14; SEC SAB Topic 5.BB asks that it be told apart).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class SoldFact:
    """Sales of an item, returns taken off. cost: as the lots carried it; allowance, write_down: what left with the
    units. revenue: of the sales for which the ERP gave one, priced: what those carried; without: how many had none."""

    item_id: int
    sku: str
    description: str
    quantity: Decimal
    revenue: Decimal
    cost: Decimal
    allowance: Decimal
    write_down: Decimal
    priced: Decimal
    without: int = 0


@dataclass(frozen=True, slots=True)
class MarginLine:
    """One item, or the total. original_cost: before any write-down. cogs = original_cost - benefit. margin: of the
    sales whose revenue is known; None where it is known of none."""

    sku: str
    description: str
    quantity: Decimal | None
    revenue: Decimal
    original_cost: Decimal
    released: Decimal
    cogs: Decimal
    benefit: Decimal
    priced: Decimal
    without: int

    @property
    def margin(self) -> Decimal | None:
        return self.revenue - self.priced if self.revenue or self.priced else None


def margin_lines(facts: Iterable[SoldFact]) -> list[MarginLine]:
    """The items of which a write-down left, the largest benefit first. Under the direct method the lots' cost had
    fallen, so what is attached beyond the allowance belongs to the original cost."""
    lines = [
        MarginLine(
            fact.sku,
            fact.description,
            fact.quantity,
            fact.revenue,
            fact.cost + fact.write_down - fact.allowance,
            fact.allowance,
            fact.cost - fact.allowance,
            fact.write_down,
            fact.priced,
            fact.without,
        )
        for fact in facts
        if fact.write_down
    ]
    return sorted(lines, key=lambda line: (-line.benefit, line.sku))


def margin_total(lines: Iterable[MarginLine]) -> MarginLine:
    own = list(lines)

    def total(name: str) -> Decimal:
        return sum((getattr(line, name) for line in own), ZERO)

    return MarginLine(
        sku="",
        description="",
        quantity=None,
        revenue=total("revenue"),
        original_cost=total("original_cost"),
        released=total("released"),
        cogs=total("cogs"),
        benefit=total("benefit"),
        priced=total("priced"),
        without=sum(line.without for line in own),
    )
