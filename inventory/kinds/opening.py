"""What an opening list says of earlier write-downs: allowance, original unit cost and the fiscal years of the charges.
Pure.

Invariant: the amounts by fiscal year add up to the write-down still attached to the lot, to the last unit of the
currency.
"""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal, InvalidOperation

from core.money import MONEY_SCALE, divide_half_away, from_raw, plain, to_raw, value_raw

_YEAR = re.compile(r"(?:19|20)\d\d")


class OpeningError(ValueError):
    """column: the sheet's column that is wrong; the text says what and what was expected."""

    def __init__(self, column: str, message: str) -> None:
        super().__init__(message)
        self.column = column


def fiscal_year_of(day: dt.date, starts_in_month: int) -> int:
    """The fiscal year of a date, named after the calendar year in which it ends."""
    return day.year + 1 if starts_in_month > 1 and day.month >= starts_in_month else day.year


def opening_values(
    *,
    quantity: int,
    unit_cost: int,
    allowance: int | None,
    original_unit_cost: int | None,
    years: str,
    direct: bool,
    last_year: int,
    exponent: int,
    listed: int | None = None,
) -> tuple[int, int, int, str]:
    """(cost, allowance, write-down, "2024=300;2025=280" raw) of a lot; raw integers in and out. listed: what the list
    says the lot cost, where that is not quantity x unit cost (bought in another currency).

    With an allowance, cost is the original cost and the allowance stands beside it. Without one, an original unit cost
    above the listed one tells of a direct write-down: cost is what the list says, and the write-down is remembered.
    """
    listed = value_raw(quantity, unit_cost, exponent) if listed is None else listed
    original = listed if original_unit_cost is None else value_raw(quantity, original_unit_cost, exponent)
    kept = allowance or 0
    _refuse_odd(quantity, listed, original, allowance, direct, exponent)
    cost, write_down = (original, kept) if kept else (listed, original - listed)
    by_year = _by_year(years, write_down, last_year, exponent)
    return cost, kept, write_down, ";".join(f"{year}={amount}" for year, amount in by_year)


def _refuse_odd(quantity: int, listed: int, original: int, allowance: int | None, direct: bool, exponent: int) -> None:
    kept = allowance or 0
    if kept < 0:
        raise OpeningError("allowance", "an allowance is nil or more; it is the part of cost already written down.")
    if kept % 10 ** (MONEY_SCALE - exponent):
        raise OpeningError(
            "allowance",
            f"has more decimals than the currency. Expected at most {exponent}, like {_rounded(kept, exponent)}.",
        )
    if kept and direct:
        raise OpeningError(
            "allowance",
            "the entity writes down directly and keeps no allowance. Give the original unit cost instead, "
            "or change the method first.",
        )
    if kept > max(original, 0):
        raise OpeningError("allowance", f"is more than the lot's cost of {_money(original)}.")
    if original < listed and quantity > 0:
        raise OpeningError(
            "original_unit_cost", "is below the unit cost; an original cost is the one before write-downs."
        )
    if kept and original != listed and original - kept != listed:
        raise OpeningError(
            "original_unit_cost",
            f"original cost {_money(original)} less allowance {_money(kept)} is {_money(original - kept)}, "
            f"but quantity x unit cost is {_money(listed)}. Expected the two to agree.",
        )


def _by_year(text: str, write_down: int, last_year: int, exponent: int) -> list[tuple[int, int]]:
    if not write_down:
        return []
    example = f"Expected the fiscal year of the charge, like {last_year - 1}, or '2024=300.00; 2025=280.00'."
    if not text:
        raise OpeningError("write_down_years", f"is empty, but {_money(write_down)} was written down. {example}")
    if _YEAR.fullmatch(text):
        parts = [(int(text), write_down)]
    else:
        parts = sorted(_part(part, example) for part in text.split(";") if part.strip())
    for year, amount in parts:
        if year > last_year:
            raise OpeningError("write_down_years", f"{year} is after the list's own fiscal year {last_year}.")
        if amount % 10 ** (MONEY_SCALE - exponent):
            raise OpeningError(
                "write_down_years", f"{_money(amount)} has more decimals than the currency: at most {exponent}."
            )
    if len({year for year, _ in parts}) != len(parts):
        raise OpeningError("write_down_years", "names a fiscal year twice. Add its amounts up.")
    total = sum(amount for _, amount in parts)
    if total != write_down:
        raise OpeningError("write_down_years", f"adds up to {_money(total)}; {_money(write_down)} was written down.")
    return parts


def _part(text: str, example: str) -> tuple[int, int]:
    year, _, amount = (piece.strip() for piece in text.partition("="))
    try:
        raw = to_raw(Decimal(amount), MONEY_SCALE)
    except (InvalidOperation, ValueError, OverflowError) as error:
        raise OpeningError("write_down_years", f"'{text.strip()}' cannot be read. {example}") from error
    if not _YEAR.fullmatch(year) or raw <= 0:
        raise OpeningError("write_down_years", f"'{text.strip()}' cannot be read. {example}")
    return int(year), raw


def parse_years(staged: str) -> list[tuple[int, int]]:
    """The fiscal years and raw amounts behind a staged "2024=3000000;2025=2800000"."""
    return [(int(year), int(raw)) for year, raw in (part.split("=") for part in staged.split(";"))]


def _money(raw: int) -> str:
    return plain(from_raw(raw, MONEY_SCALE))


def _rounded(raw: int, exponent: int) -> str:
    """The amount as the currency could hold it."""
    unit = 10 ** (MONEY_SCALE - exponent)
    return _money(divide_half_away(raw, unit) * unit)
