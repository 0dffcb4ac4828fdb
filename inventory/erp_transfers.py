"""A transfer that a stock list has shown already, as a fall of one lot and a rise of another. Pure; raw integers.

Invariants: the fall and the receipt that the list made are taken back and stand as a transfer, so that units change
nowhere; allowance and write-downs by fiscal year go to where the units are; cost follows what the list shows there, but
for what was written down directly.
"""

from __future__ import annotations

from core.money import value_raw
from inventory.erp_plan import Place
from inventory.refresh import Move
from inventory.running import Books


def shown_transfer(
    giving: Place, receiving: Place, moved: Books, came: Books, exponent: int
) -> tuple[Books, tuple[Move, ...]]:
    """What changes in the receiving lot, and the movements. moved: units of the fall with their share of what it took;
    came: as many units of the rise, at the cost at which they came in."""
    change = _change(moved, giving.unit_cost, exponent)
    moves = (
        giving.move("ISSUE", moved),
        giving.move("TRANSFER", moved, -1),
        receiving.move("TRANSFER", moved),
        receiving.move("RECEIPT", came, -1),
    )
    rest = came.cost + change.cost - moved.cost
    return change, (*moves, receiving.move("REVALUATION", Books(0, rest))) if rest else moves


def _change(moved: Books, unit_cost: int, exponent: int) -> Books:
    """The list shows the units at their full cost. Of what was written down directly the lower cost comes along, as far
    as the giving lot's unit cost did not follow it."""
    direct = max(moved.write_down() - moved.allowance, 0)
    to_follow = max(value_raw(moved.quantity, unit_cost, exponent) - moved.cost, 0)
    return Books(0, -min(to_follow, direct), moved.allowance, moved.years)
