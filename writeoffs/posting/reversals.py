"""The reversal of a write-down, worked out before anything is done. Pure: no Django model, no query.

Invariant: what comes back is never more than the write-down still attached to the units on hand; of several years'
charges the latest is taken back first (docs/adr/0019-reversals.md), so that a write-down and its reversal restore every
figure, by fiscal year too. Amounts are raw, as in plans.py.
"""

from __future__ import annotations

from core.errors import BadInput, WrongState
from core.money import MONEY_SCALE, display, from_raw
from core.words import Method
from writeoffs.posting.plans import Change, LotState, refuse_target

# What the refusals of US GAAP name.
NEW_COST_BASIS = "ASC 330-10-35-14"
SAME_YEAR = "ASC 270-10-45-6"


def attached(lot: LotState) -> int:
    """The write-down still attached to the units on hand."""
    return sum(amount for _, amount in lot.write_downs)


def reversible(lot: LotState, *, us_gaap: bool, fiscal_year: int) -> int:
    """The most that a reversal posted in that fiscal year can bring back: all that is attached (IAS 2.33); under US
    GAAP what that year charged (ASC 270-10-45-6)."""
    if lot.quantity <= 0:
        return 0
    return dict(lot.write_downs).get(fiscal_year, 0) if us_gaap else attached(lot)


def reversal(
    lot: LotState, new_carrying_amount: int, *, method: str, us_gaap: bool, fiscal_year: int, exponent: int
) -> Change:
    """Stock stays, its carrying amount rises to the given one (IAS 2.33; ASC 270-10-45-6).

    BadInput where it would not rise, or would rise by more than is attached; WrongState under US GAAP for what an
    earlier fiscal year wrote down.
    """
    carrying = lot.cost - lot.allowance
    if lot.quantity <= 0:
        raise BadInput(f"Lot {lot.label} has nothing on hand, so nothing of it can be reversed. Remove the line.")
    refuse_target(lot, new_carrying_amount, exponent)
    amount, most = new_carrying_amount - carrying, attached(lot)
    if most <= 0:
        raise BadInput(
            f"Lot {lot.label} carries no write-down, so there is nothing to reverse: it is worth its cost of "
            f"{_said(carrying, exponent)} at most. Remove the line."
        )
    if amount <= 0:
        raise BadInput(
            f"Lot {lot.label} carries {_said(carrying, exponent)}; a reversal to "
            f"{_said(new_carrying_amount, exponent)} would not raise it. Enter a higher amount, or remove the line."
        )
    this_year = reversible(lot, us_gaap=us_gaap, fiscal_year=fiscal_year)
    if amount > this_year and us_gaap:
        raise WrongState(_new_cost_basis(lot, carrying, this_year, fiscal_year, exponent))
    if amount > most:
        raise BadInput(
            f"Lot {lot.label}: {_said(most, exponent)} of write-down is still attached to the units on hand, so its "
            f"carrying amount rises to {_said(carrying + most, exponent)} at most (IAS 2.33). Enter that, or less."
        )
    cost = _of_cost(lot, amount, method)
    taken = ((fiscal_year, -amount),) if us_gaap else _taken(lot, amount)
    return Change(lot, 0, cost, cost - amount, -amount, taken, -amount)


def _of_cost(lot: LotState, amount: int, method: str) -> int:
    """The part that raises cost: what a write-down under the direct method took off it. A lot may carry both, where
    the method has changed; what the entity's own method did comes back first."""
    direct = attached(lot) - lot.allowance
    return min(amount, max(0, direct)) if method == Method.DIRECT else max(0, amount - lot.allowance)


def _taken(lot: LotState, amount: int) -> tuple[tuple[int, int], ...]:
    """(fiscal year, what of its charge comes back, negative), the latest charge first, in the order of the years."""
    taken, left = [], amount
    for year, charged in reversed(lot.write_downs):
        share = min(left, charged)
        if share > 0:
            taken.append((year, -share))
            left -= share
    return tuple(reversed(taken))


def _new_cost_basis(lot: LotState, carrying: int, this_year: int, fiscal_year: int, exponent: int) -> str:
    step = (
        f"Enter {_said(carrying + this_year, exponent)} or less: {_said(this_year, exponent)} of what fiscal year "
        f"{fiscal_year} wrote down is still attached."
        if this_year
        else "Remove the line; the gain shows as margin when the goods are sold."
    )
    return (
        f"Lot {lot.label} was written down in an earlier fiscal year. Under US GAAP that amount is its new cost basis "
        f"and does not come back ({NEW_COST_BASIS}); only a decline of the same fiscal year is recovered, up to what "
        f"it charged ({SAME_YEAR}). {step}"
    )


def _said(raw: int, exponent: int) -> str:
    return f"{0:.{exponent}f}" if raw == 0 else display(from_raw(raw, MONEY_SCALE), exponent)
