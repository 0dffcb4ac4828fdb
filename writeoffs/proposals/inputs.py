"""What a line of a proposal is made from."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LineInput:
    """A line to be made, raw; quantity as the lot will see it."""

    lot_id: int
    quantity: int = 0
    new_carrying_amount: int | None = None
    count_line_id: int | None = None
    quarantine_id: int | None = None
    cost_centre_id: int | None = None
    note: str = ""
