"""Exact quantities, unit costs, money and rates: the fields, the one rounding rule, reading and display.

Stored as scaled integers (bigint), Decimal in Python, never float. Products are made in Python integers only and
rounded half away from zero, once, on each line's total; a raw value stays within +-10**15 so that sums fit a bigint.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from babel.core import Locale
from babel.numbers import get_currency_precision
from django import forms
from django.core import exceptions
from django.db import models
from django.db.models import Q
from django.db.models.expressions import Combinable, register_combinable_fields

if TYPE_CHECKING:
    _Field = models.Field[Any, Any]
else:
    _Field = models.Field

QUANTITY_SCALE = 4
UNIT_COST_SCALE = 6
MONEY_SCALE = 4
RATE_SCALE = 6
EXCHANGE_SCALE = 10
RAW_LIMIT = 10**15


class ScaledField(_Field):
    """A Decimal of fixed scale kept as a bigint. Value: Decimal; refuses what the scale cannot hold exactly."""

    scale = 0
    description = "Exact decimal kept as a scaled integer"

    def get_internal_type(self) -> str:
        return "BigIntegerField"

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Decimal | None:
        # PostgreSQL sums bigints to numeric, hence int().
        return None if value is None else from_raw(int(value), self.scale)

    def to_python(self, value: Any) -> Decimal | None:
        if value is None or isinstance(value, Decimal):
            return value
        if isinstance(value, int | str):
            try:
                return Decimal(value)
            except InvalidOperation:
                pass
        raise exceptions.ValidationError(f"'{value}' is not a number.", code="invalid")

    def get_prep_value(self, value: Any) -> Any:
        value = super().get_prep_value(value)
        if value is None or hasattr(value, "resolve_expression"):
            return value
        decimal = self.to_python(value)
        return None if decimal is None else to_raw(decimal, self.scale)

    def validate(self, value: Any, model_instance: Any) -> None:
        super().validate(value, model_instance)
        if value is None:
            return
        try:
            raw = to_raw(value, self.scale)
        except ValueError as error:
            raise exceptions.ValidationError(str(error), code="invalid") from error
        if abs(raw) > RAW_LIMIT:
            limit = from_raw(RAW_LIMIT, self.scale)
            raise exceptions.ValidationError(f"{value} is too large; the limit is {limit:,f}.", code="too_large")

    def value_to_string(self, obj: Any) -> str:
        return str(self.value_from_object(obj))

    def formfield(self, **kwargs: Any) -> Any:
        limit = from_raw(RAW_LIMIT, self.scale)
        defaults: dict[str, Any] = {
            "form_class": forms.DecimalField,
            "decimal_places": self.scale,
            "max_value": limit,
            "min_value": -limit,
        }
        return super().formfield(**{**defaults, **kwargs})


class QuantityField(ScaledField):
    scale = QUANTITY_SCALE


class UnitCostField(ScaledField):
    scale = UNIT_COST_SCALE


class MoneyField(ScaledField):
    scale = MONEY_SCALE


class RateField(ScaledField):
    scale = RATE_SCALE


class ExchangeRateField(ScaledField):
    """Units of one currency for one unit of another: JPY to EUR is 0.0061230000. Up to 100,000."""

    scale = EXCHANGE_SCALE


for _connector in (Combinable.ADD, Combinable.SUB):
    for _type in (QuantityField, UnitCostField, MoneyField):
        register_combinable_fields(_type, _connector, _type, _type)


def bounded(model: str, **fields: type[ScaledField]) -> list[models.CheckConstraint]:
    """Named constraints that keep each raw value within +-10**15 (a quantity or money up to 100 billion)."""
    return [
        models.CheckConstraint(
            name=f"{model}_{field}_in_range",
            condition=Q(
                **{
                    f"{field}__gte": from_raw(-RAW_LIMIT, kind.scale),
                    f"{field}__lte": from_raw(RAW_LIMIT, kind.scale),
                }
            ),
            violation_error_message=f"The {field.replace('_', ' ')} is larger than can be kept exactly.",
        )
        for field, kind in fields.items()
    ]


def to_raw(value: Decimal, scale: int) -> int:
    """The scaled integer of `value`; ValueError where digits would be lost."""
    scaled = value.scaleb(scale)
    raw = int(scaled)
    if raw != scaled:
        raise ValueError(f"{value} has more than {scale} decimals.")
    return raw


def from_raw(raw: int, scale: int) -> Decimal:
    """The Decimal of a scaled integer, with exactly `scale` decimals."""
    return Decimal(raw).scaleb(-scale)


def divide_half_away(numerator: int, denominator: int) -> int:
    """numerator / denominator rounded half away from zero; the denominator is positive."""
    quotient, remainder = divmod(abs(numerator), denominator)
    if 2 * remainder >= denominator:
        quotient += 1
    return -quotient if numerator < 0 else quotient


@functools.cache
def currency_exponent(currency: str) -> int:
    """Digits after the point of the currency's smallest unit: EUR 2, JPY 0, KWD 3 (CLDR)."""
    return min(get_currency_precision(currency), MONEY_SCALE)


def value_raw(quantity: int, unit_cost: int, exponent: int) -> int:
    """Raw money of raw quantity x raw unit cost, rounded once to the currency's unit."""
    unrounded = QUANTITY_SCALE + UNIT_COST_SCALE
    value: int = divide_half_away(quantity * unit_cost, 10 ** (unrounded - exponent)) * 10 ** (MONEY_SCALE - exponent)
    return value


def foreign_value_raw(quantity: int, unit_cost: int, rate: int, exponent: int) -> int:
    """Raw money of raw quantity x raw unit cost in another currency x raw exchange rate, rounded once."""
    unrounded = QUANTITY_SCALE + UNIT_COST_SCALE + EXCHANGE_SCALE
    product = quantity * unit_cost * rate
    value: int = divide_half_away(product, 10 ** (unrounded - exponent)) * 10 ** (MONEY_SCALE - exponent)
    return value


def foreign_unit_raw(unit_cost: int, rate: int) -> int:
    """A raw unit cost of another currency in one's own, rounded to the scale of unit costs: shown and compared; money
    is worked out from what was given."""
    return divide_half_away(unit_cost * rate, 10**EXCHANGE_SCALE)


def share_raw(total: int, part: int, whole: int, exponent: int) -> int:
    """The share of raw money `total` that part/whole units carry; all of it when nothing stays behind."""
    if part == whole:
        return total
    if whole == 0:
        return 0
    unit: int = 10 ** (MONEY_SCALE - exponent)
    sign = -1 if whole < 0 else 1
    return divide_half_away(sign * total * part, sign * whole * unit) * unit


def rate_raw(amount: int, rate: int, exponent: int) -> int:
    """Raw money of raw amount x raw rate (scale 6), rounded once to the currency's unit."""
    unit: int = 10 ** (MONEY_SCALE - exponent)
    return divide_half_away(amount * rate, 10**RATE_SCALE * unit) * unit


def exchanged(terms: Iterable[tuple[Decimal, Decimal]], currency: str) -> Decimal:
    """The sum of amount x exchange rate in money of `currency`, exact until it is rounded once, half away from zero."""
    total = sum(to_raw(amount, MONEY_SCALE) * to_raw(rate, EXCHANGE_SCALE) for amount, rate in terms)
    unit: int = 10 ** (MONEY_SCALE - currency_exponent(currency))
    return from_raw(divide_half_away(total, 10**EXCHANGE_SCALE * unit) * unit, MONEY_SCALE)


def line_value(quantity: Decimal, unit_cost: Decimal, currency: str) -> Decimal:
    """Quantity x unit cost in money of `currency`, rounded half away from zero to its unit."""
    raw = value_raw(to_raw(quantity, QUANTITY_SCALE), to_raw(unit_cost, UNIT_COST_SCALE), currency_exponent(currency))
    return from_raw(raw, MONEY_SCALE)


def share(total: Decimal, part: Decimal, whole: Decimal, currency: str) -> Decimal:
    """The share of `total` that part of whole units carries, rounded once; the last takes what is left."""
    raw = share_raw(
        to_raw(total, MONEY_SCALE),
        to_raw(part, QUANTITY_SCALE),
        to_raw(whole, QUANTITY_SCALE),
        currency_exponent(currency),
    )
    return from_raw(raw, MONEY_SCALE)


def at_rate(amount: Decimal, rate: Decimal, currency: str) -> Decimal:
    """Amount x rate, rounded half away from zero to the currency's unit."""
    raw = rate_raw(to_raw(amount, MONEY_SCALE), to_raw(rate, RATE_SCALE), currency_exponent(currency))
    return from_raw(raw, MONEY_SCALE)


def is_whole_unit(amount: Decimal, currency: str) -> bool:
    """Whether the amount is a multiple of the currency's smallest unit."""
    unit: int = 10 ** (MONEY_SCALE - currency_exponent(currency))
    return to_raw(amount, MONEY_SCALE) % unit == 0


def spreadsheet_format(currency: str) -> str:
    """A spreadsheet's format for amounts of the currency: #,##0.00 for EUR, #,##0 for JPY, #,##0.000 for KWD."""
    digits = currency_exponent(currency)
    return "#,##0" + (f".{'0' * digits}" if digits else "")


@functools.cache
def _separators(locale: str) -> tuple[str, str]:
    symbols = Locale.parse(locale, sep="-" if "-" in locale else "_").number_symbols["latn"]
    return symbols["group"], symbols["decimal"]


def display(value: Decimal, decimals: int, locale: str = "en") -> str:
    """For people: 1,234.00; (1,234.00) when negative; a dash when nil. Separators are the locale's."""
    if value == 0:
        return "–"
    group, point = _separators(locale)
    text = f"{abs(value):,.{decimals}f}"
    if (group, point) != (",", "."):
        text = text.replace(",", "\0").replace(".", point).replace("\0", group)
    return f"({text})" if value < 0 else text


def display_money(value: Decimal, currency: str, locale: str = "en") -> str:
    """Money in the currency's own decimals, without its code: that stands in the heading."""
    return display(value, currency_exponent(currency), locale)


def display_quantity(value: Decimal, locale: str = "en") -> str:
    """A quantity with as many decimals as it has, at most four."""
    normal = value.normalize()
    exponent = normal.as_tuple().exponent
    return display(value, max(0, -exponent if isinstance(exponent, int) else 0), locale)


def plain(value: Decimal) -> str:
    """For files: 1234.5, -3, 0; no grouping, no exponent, no trailing zeros."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
