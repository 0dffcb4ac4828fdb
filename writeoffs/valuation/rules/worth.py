"""What units fetch: net realisable value per unit and per line, in the entity's currency. Pure, raw integers.

Quantity 10^4, unit figures 10^6, money 10^4, rates 10^10 (1:1 is PAR). Invariant: a unit figure is never rounded,
neither by its currency nor by its rate; only the line's total is, once, half away from zero (IAS 2.6-7, 2.28; IAS
21.25).
"""

from __future__ import annotations

from fractions import Fraction

from core.money import EXCHANGE_SCALE, MONEY_SCALE, QUANTITY_SCALE, UNIT_COST_SCALE, divide_half_away

PAR = 10**EXCHANGE_SCALE
_PLACES = QUANTITY_SCALE + UNIT_COST_SCALE + EXCHANGE_SCALE
# By the currency's exponent: what a product is divided by, and a unit of the currency in raw money.
_BY = tuple(10 ** (_PLACES - exponent) for exponent in range(MONEY_SCALE + 1))
_STEP = tuple(10 ** (MONEY_SCALE - exponent) for exponent in range(MONEY_SCALE + 1))


def net_unit(
    *, nrv: int | None, selling_price: int | None, cost_to_complete: int | None, cost_to_sell: int | None
) -> int | None:
    """NRV of a unit: as given, or selling price less the costs to complete and to sell (IAS 2.6); None without either.
    It may be negative: units that cost money to be rid of."""
    if nrv is not None:
        return nrv
    if selling_price is None:
        return None
    return selling_price - (cost_to_complete or 0) - (cost_to_sell or 0)


def worth_raw(quantity: int, unit: int, rate: int, exponent: int) -> int:
    """Raw money of quantity x unit figure x rate, rounded once to the currency's unit."""
    value: int = divide_half_away(quantity * unit * rate, _BY[exponent]) * _STEP[exponent]
    return value


def exact(quantity: int, unit: int, rate: int) -> Fraction:
    """The same in raw money without rounding, where several parts make one total."""
    return Fraction(quantity * unit * rate, 10 ** (_PLACES - MONEY_SCALE))


def rounded(amount: Fraction, exponent: int) -> int:
    """Raw money of an exact amount, rounded once to the currency's unit."""
    unit: int = 10 ** (MONEY_SCALE - exponent)
    return divide_half_away(amount.numerator, amount.denominator * unit) * unit


def translated(unit: int, rate: int) -> int:
    """A unit figure in the entity's currency for people to read, at its six decimals."""
    return unit if rate == PAR else divide_half_away(unit * rate, PAR)
