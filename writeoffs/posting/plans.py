"""What a posting will do, worked out before anything is done. Pure: no Django model, no query.

All amounts are raw scaled integers (quantity 10^4, unit cost 10^6, money 10^4) and signed as the lot sees them.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LotState:
    """A lot as it stands. write_downs: (fiscal year of the charge, amount still attached), oldest first."""

    lot_id: int
    label: str
    quantity: int
    unit_cost: int
    cost: int
    allowance: int
    write_downs: tuple[tuple[int, int], ...] = ()
    location_id: int | None = None
    category_id: int | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """What happens to one lot. loss: what profit bears (gain negative) = -(cost - allowance)."""

    lot: LotState
    quantity: int
    cost: int
    allowance: int
    write_down: int
    by_year: tuple[tuple[int, int], ...]
    loss: int
