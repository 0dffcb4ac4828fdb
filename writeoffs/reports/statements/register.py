"""The write-off register. Pure.

Invariant: gross = allowance used + net loss on every line; a void shows the same figures with their signs turned.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from core.money import (
    MONEY_SCALE,
    QUANTITY_SCALE,
    UNIT_COST_SCALE,
    divide_half_away,
    from_raw,
    line_value,
    to_raw,
)

# Added to a product, it turns a negative nil into nil.
ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class LineFact:
    """A posted proposal's line and its document. quantity, cost, allowance: as the lot saw them; loss: profit's."""

    number: str
    kind: str
    event_on: dt.date
    found_on: dt.date
    posted_on: dt.date
    period: str
    sku: str
    description: str
    lot_id: int
    lot: str
    location: str
    category: str
    reason: str
    quantity: Decimal
    unit_cost: Decimal
    cost: Decimal
    allowance: Decimal
    loss: Decimal
    preparer: str
    approver: str
    poster: str
    evidence: int
    entry: str


@dataclass(frozen=True, slots=True)
class RegisterLine:
    """gross = allowance used + net loss. Of a void all figures have turned their sign."""

    fact: LineFact
    void: bool
    quantity: Decimal
    unit_cost: Decimal
    gross: Decimal
    allowance_used: Decimal
    net_loss: Decimal


@dataclass(frozen=True, slots=True)
class RegisterTotals:
    """Sums of all lines of the register, whatever the page shows. voids: how many of the lines undo a document."""

    lines: int = 0
    gross: Decimal = ZERO
    allowance_used: Decimal = ZERO
    net_loss: Decimal = ZERO
    voids: int = 0


def register_line(fact: LineFact, *, void: bool, currency: str) -> RegisterLine:
    """Units that leave take their allowance with them; a write-down uses none, it makes some."""
    used = ZERO - fact.allowance if fact.quantity else ZERO
    sign = -1 if void else 1
    return RegisterLine(
        fact=fact,
        void=void,
        quantity=ZERO + sign * fact.quantity,
        unit_cost=unit_cost_of(fact.quantity, fact.cost, fact.unit_cost, currency),
        gross=ZERO + sign * (fact.loss + used),
        allowance_used=ZERO + sign * used,
        net_loss=ZERO + sign * fact.loss,
    )


def unit_cost_of(quantity: Decimal, cost: Decimal, listed: Decimal, currency: str) -> Decimal:
    """The listed unit cost where it explains the cost, else cost / quantity: a list that came later must not change
    what an old register says."""
    if not quantity or line_value(quantity, listed, currency) == cost:
        return listed
    raw = to_raw(cost, MONEY_SCALE) * 10 ** (UNIT_COST_SCALE + QUANTITY_SCALE - MONEY_SCALE)
    units = to_raw(quantity, QUANTITY_SCALE)
    return from_raw(divide_half_away(raw if units > 0 else -raw, abs(units)), UNIT_COST_SCALE)
