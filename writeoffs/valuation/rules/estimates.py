"""What ageing, excess over demand and expiry say of an item's lots, and which of all figures governs. Pure.

Ageing and excess are compared for the item as a whole, and the need of the larger stays with the lots that gave it.
Expiry is of a lot: it is never less than what its own lot has lost. Excess units are the expired ones first, then the
oldest, so that the same units are not lost twice.
"""

from __future__ import annotations

from collections.abc import Sequence

from core.money import MONEY_SCALE, QUANTITY_SCALE, RATE_SCALE, UNIT_COST_SCALE
from writeoffs.valuation.rules import provisions
from writeoffs.valuation.rules.facts import UNTESTED, Known, Line, PolicyFacts
from writeoffs.valuation.rules.worth import PAR

# Raw money of a raw unit of quantity, at a unit figure and a rate, is their product over this.
_PER_UNIT = PAR * 10 ** (QUANTITY_SCALE + UNIT_COST_SCALE - MONEY_SCALE)
UNDATED = "No receipt date: not aged."
NO_DEMAND = "No demand is known: not tested for excess."
_ASKS_MORE = "Ageing or excess asks for more than NRV: override with a reason if it holds."
_EXPIRY_MORE = "Expiry asks for more than NRV: price the lot itself, or override with a reason."


def estimate(item_id: int, lines: Sequence[Line], known: Known, exponent: int) -> None:
    """ageing_need, excess_need and expiry_need of every line that the policy tests."""
    policy = lines[0].policy
    matrix, expiry = policy.matrix, policy.expired_rate is not None or policy.expiring_rate is not None
    for line in lines:
        lot = line.lot
        if matrix is not None:
            if lot.age is None:
                line.say(UNDATED)
            else:
                line.ageing_need = provisions.ageing_need(lot.cost, lot.age, matrix, exponent)
        if expiry and lot.days_left is not None:
            line.expiry_need = provisions.expiry_need(
                lot.cost,
                lot.days_left,
                expired_rate=policy.expired_rate,
                within=policy.expiring_days,
                expiring_rate=policy.expiring_rate,
                exponent=exponent,
            )
    if policy.excess_months is not None:
        demand = known.demand.get(item_id)
        if demand is None:
            for line in lines:
                line.say(NO_DEMAND)
        else:
            _excess(item_id, lines, demand, policy, known, exponent)


def _excess(
    item_id: int, lines: Sequence[Line], demand: tuple[int, int], policy: PolicyFacts, known: Known, exponent: int
) -> None:
    units, months = demand
    on_hand = sum([line.lot.quantity for line in lines])
    excess = provisions.excess_units(on_hand, units, months, policy.excess_months or 0)
    of_item, of_lots = known.prices.get(item_id), known.lot_prices
    for line in _expired_first(lines):
        lot = line.lot
        line.excess_quantity = taken = min(excess, lot.quantity)
        line.excess_need = 0
        if not taken:
            continue
        excess -= taken
        price = (of_lots.get(lot.lot_id) if of_lots else None) or of_item
        if price is not None and price.excess_recoverable is not None and price.rate is not None:
            fetched, per = price.excess_recoverable * price.rate, _PER_UNIT
        else:
            fetched, per = lot.cost * policy.excess_recovery, lot.quantity * 10**RATE_SCALE
        line.excess_need = provisions.excess_need(taken, lot.cost, lot.quantity, fetched, per, exponent)


def _expired_first(lines: Sequence[Line]) -> Sequence[Line]:
    if any(line.lot.days_left is not None and line.lot.days_left < 0 for line in lines):
        return sorted(lines, key=lambda line: line.lot.days_left is None or line.lot.days_left >= 0)
    return lines


def govern(lines: Sequence[Line]) -> None:
    """Item-specific evidence governs where it exists, and a larger estimate is told, not booked; elsewhere the
    estimates; a lot with neither is untested and keeps what it carries."""
    rest = []
    for line in lines:
        need = line.nrv_need
        if need is None:
            rest.append(line)
            continue
        line.computed = need
        if (line.expiry_need or 0) > need:
            line.say(_EXPIRY_MORE)
        elif (line.ageing_need or 0) > need or (line.excess_need or 0) > need:
            line.say(_ASKS_MORE)
    if rest:
        _govern_estimates(rest)


def _govern_estimates(lines: Sequence[Line]) -> None:
    ageing = sum([line.ageing_need or 0 for line in lines])
    excess = sum([line.excess_need or 0 for line in lines])
    code = "EXCESS" if excess > ageing else "AGEING"
    for line in lines:
        need, other = (line.excess_need, line.ageing_need) if code == "EXCESS" else (line.ageing_need, line.excess_need)
        governs = code
        if need is None and other is not None:
            # An undated lot is not aged: its own excess stands for it.
            need, governs = other, "AGEING" if code == "EXCESS" else "EXCESS"
        if line.expiry_need is not None and line.expiry_need >= (need or 0):
            need, governs = line.expiry_need, "EXPIRY"
        if need is None:
            line.outcome, line.computed = UNTESTED, line.lot.carried
            continue
        line.computed = min(need, line.lot.cost)
        line.governs = governs if need else "NONE"
