"""Cost formulas: what leaves, and what stays, when units leave layers of cost. Pure; raw scaled integers.

Quantities are raw (10^4), unit costs raw (10^6), money raw (10^4). The value of what leaves is summed unrounded over
the layers and rounded once; what stays is what was there less what left, so that nothing is lost between the two.
Sources: IAS 2.21 (standard cost), 2.23-24 (specific identification of what is not interchangeable), 2.25 (FIFO or
weighted average; LIFO is not permitted), 2.26 (one formula for goods of one nature); ASC 330-10-30-9.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.errors import BadInput, NotEnoughStock
from core.money import MONEY_SCALE, QUANTITY_SCALE, RATE_SCALE, UNIT_COST_SCALE, divide_half_away, from_raw, plain
from core.words import Framework

SPECIFIC, FIFO, AVERAGE, STANDARD, LIFO = "SPECIFIC", "FIFO", "AVERAGE", "STANDARD", "LIFO"
FORMULAS = (SPECIFIC, FIFO, AVERAGE, STANDARD, LIFO)


class LifoRefused(BadInput):
    """LIFO where the framework does not know it."""


@dataclass(frozen=True, slots=True)
class Layer:
    """Units that came in together, oldest first in a sequence of layers. key: of the lot, or any name. value: what they
    cost in all, at 10^10 (quantity x unit cost, or money x 10^6)."""

    key: str
    quantity: int
    value: int

    @classmethod
    def at(cls, key: str, quantity: int, unit_cost: int) -> Layer:
        return cls(key, quantity, quantity * unit_cost)


@dataclass(frozen=True, slots=True)
class Taken:
    """What leaves one layer. cost: its share of the rounded total, so that the parts add up to it."""

    key: str
    quantity: int
    cost: int


@dataclass(frozen=True, slots=True)
class Leaving:
    """What leaves. parts: by layer where the formula knows it (not of an average or standard cost)."""

    formula: str
    quantity: int
    cost: int
    stays: int
    parts: tuple[Taken, ...] = ()


def _rounded(value: int, exponent: int, divisor: int = 1) -> int:
    """Raw money of a value at 10^10 (quantity x unit cost), divided and rounded once to the currency's unit."""
    unit: int = 10 ** (MONEY_SCALE - exponent)
    return divide_half_away(value, 10 ** (QUANTITY_SCALE + UNIT_COST_SCALE - MONEY_SCALE) * unit * divisor) * unit


def refuse_lifo(formula: str, framework: str) -> None:
    """LifoRefused under IFRS: IAS 2.25 permits FIFO and weighted average alone."""
    if formula == LIFO and framework != Framework.US_GAAP:
        raise LifoRefused(
            "LIFO is not permitted under IFRS (IAS 2.25). Choose FIFO or weighted average, or specific lots for goods "
            "that are not interchangeable (IAS 2.23)."
        )


def cost_leaving(
    *,
    formula: str,
    layers: Sequence[Layer],
    quantity: int,
    exponent: int,
    framework: str,
    specific: str = "",
    standard_cost: int | None = None,
    variance_rate: int = 0,
) -> Leaving:
    """The cost of `quantity` units under a formula. layers: oldest first. specific: the key of the layer that leaves,
    under specific identification. standard_cost: per unit; variance_rate (10^6): what actual cost is above standard,
    spread over what leaves and what stays (IAS 2.21: standard cost is used where it approximates cost).

    NotEnoughStock where the layers hold fewer units, LifoRefused, BadInput where the formula lacks an input.
    """
    refuse_lifo(formula, framework)
    if quantity <= 0:
        raise BadInput("A quantity above nil leaves. Enter how many units.")
    chosen = [layer for layer in layers if formula != SPECIFIC or layer.key == specific]
    held = sum(layer.quantity for layer in chosen)
    if quantity > held:
        what = f"Lot {specific} holds" if formula == SPECIFIC else "The layers hold"
        raise NotEnoughStock(f"{what} {_units(held)}; {_units(quantity)} were to leave. Reduce the quantity.")
    value = sum(layer.value for layer in layers)
    whole = _rounded(value, exponent)
    if formula in (AVERAGE, STANDARD):
        cost = _blended(formula, layers, quantity, exponent, standard_cost, variance_rate)
        if formula == STANDARD:
            whole = _blended(formula, layers, held, exponent, standard_cost, variance_rate)
        return Leaving(formula, quantity, whole if quantity == held else cost, 0 if quantity == held else whole - cost)
    ordered = list(reversed(chosen)) if formula == LIFO else chosen
    parts = _by_layer(ordered, quantity, exponent)
    cost = sum(part.cost for part in parts)
    return Leaving(formula, quantity, cost, whole - cost, parts)


def _by_layer(layers: Sequence[Layer], quantity: int, exponent: int) -> tuple[Taken, ...]:
    """Layer after layer until enough has left; the parts are differences of cumulated, rounded values."""
    parts: list[Taken] = []
    value = given = 0
    for layer in layers:
        part = min(layer.quantity, quantity)
        if part <= 0:
            continue
        quantity -= part
        # A layer that is taken in part is the last one, so that whole values are summed and one fraction is rounded.
        upto = _rounded(value * layer.quantity + part * layer.value, exponent, layer.quantity)
        value += layer.value
        parts.append(Taken(layer.key, part, upto - given))
        given = upto
    return tuple(parts)


def _blended(
    formula: str, layers: Sequence[Layer], quantity: int, exponent: int, standard_cost: int | None, variance_rate: int
) -> int:
    if formula == AVERAGE:
        held = sum(layer.quantity for layer in layers)
        value = sum(layer.value for layer in layers)
        return _rounded(quantity * value, exponent, held)
    if standard_cost is None:
        raise BadInput("Standard cost needs the standard cost of a unit. Enter it, or choose another formula.")
    one = 10**RATE_SCALE
    return _rounded(quantity * standard_cost * (one + variance_rate), exponent, one)


def compared(
    *,
    layers: Sequence[Layer],
    quantity: int,
    exponent: int,
    framework: str,
    specific: str = "",
    standard_cost: int | None = None,
    variance_rate: int = 0,
) -> list[Leaving]:
    """What would leave under each formula that the framework permits and for which the inputs are there."""
    found = []
    for formula in FORMULAS:
        if (
            (formula == LIFO and framework != Framework.US_GAAP)
            or (formula == SPECIFIC and not specific)
            or (formula == STANDARD and standard_cost is None)
        ):
            continue
        units = quantity
        if formula == SPECIFIC:
            units = min(quantity, sum(layer.quantity for layer in layers if layer.key == specific))
        found.append(
            cost_leaving(
                formula=formula,
                layers=layers,
                quantity=units,
                exponent=exponent,
                framework=framework,
                specific=specific,
                standard_cost=standard_cost,
                variance_rate=variance_rate,
            )
        )
    return found


def _units(raw: int) -> str:
    return plain(from_raw(raw, QUANTITY_SCALE))
