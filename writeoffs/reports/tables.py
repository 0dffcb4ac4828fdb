"""A report as it is shown: tables of typed cells, once, for screen, print, PDF, xlsx and csv alike. Pure.

Invariant: every form of a report is made from the same cells, so that they cannot disagree; `Formats` turns a cell into
text for people, `plain_text` into text for machines.
"""

from __future__ import annotations

import datetime as dt
import enum
import functools
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from babel.dates import format_date

from core.money import currency_exponent, display, display_quantity, plain

# A rate is written with four decimals at least, as those who publish them do.
RATE_DECIMALS = 4


class Kind(enum.StrEnum):
    """What a column holds; all but TEXT and DATE are set to the right."""

    TEXT = "TEXT"
    DATE = "DATE"
    MONEY = "MONEY"
    QUANTITY = "QUANTITY"
    UNIT_COST = "UNIT_COST"
    PERCENT = "PERCENT"
    RATIO = "RATIO"
    COUNT = "COUNT"
    RATE = "RATE"


type_value = Decimal | dt.date | int | str | None


@dataclass(frozen=True, slots=True)
class Column:
    """label: the heading, with the currency where money stands below. room: share of the width that is left on paper
    once the columns without one have what they need."""

    label: str
    kind: Kind = Kind.TEXT
    room: float = 0

    @property
    def is_figure(self) -> bool:
        return self.kind not in (Kind.TEXT, Kind.DATE)


@dataclass(frozen=True, slots=True)
class Cell:
    """One value and where it leads. None is nothing at all (empty), nil is a dash. currency: of an amount that is not
    in the report's."""

    value: type_value = None
    url: str = ""
    currency: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """style: "", heading, subtotal, total, void, or warn for a row that somebody must look at."""

    cells: tuple[Cell, ...]
    style: str = ""


class LazyRows(Sequence[Row]):
    """Rows made one by one from what is read piece by piece, so that a file of 100,000 lines never stands in memory.

    found: iterated afresh each time; count: how many it gives.
    """

    def __init__(self, found: Iterable[Any], make: Callable[[Any], Row], count: int) -> None:
        self.found, self.make, self.length = found, make, count

    def __len__(self) -> int:
        return self.length

    def __iter__(self) -> Iterator[Row]:
        return map(self.make, self.found)

    def __getitem__(self, place: Any) -> Any:
        return list(self)[place]


@dataclass(frozen=True, slots=True)
class Table:
    """empty: what to say, and what to do next, where there are no rows. note: one sentence under the table."""

    slug: str
    title: str
    columns: tuple[Column, ...]
    rows: Sequence[Row]
    foot: tuple[Row, ...] = ()
    note: str = ""
    empty: str = ""


@dataclass(frozen=True, slots=True)
class Tile:
    """A figure at first sight. word says loss or gain, so that colour is not the only sign."""

    label: str
    value: Decimal | None
    url: str = ""
    tone: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Notice:
    """A sentence that must be seen. tone: good, warn or bad."""

    text: str
    tone: str = "warn"


@dataclass(frozen=True, slots=True)
class Signature:
    """A line to sign: who did it in the system, and what they did."""

    label: str
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """slug: of its address and file names. span, compared, narrowed: what it covers, in words. chart: the SVG for the
    screen; paper_chart: the same with its own style sheet."""

    slug: str
    title: str
    lead: str
    entity: str
    currency: str
    locale: str
    span: str
    generated: str
    tables: tuple[Table, ...]
    compared: str = ""
    narrowed: str = ""
    tiles: tuple[Tile, ...] = ()
    notices: tuple[Notice, ...] = ()
    signatures: tuple[Signature, ...] = ()
    notes: tuple[str, ...] = ()
    landscape: bool = True
    chart: str = field(default="", repr=False)
    paper_chart: str = field(default="", repr=False)
    chart_text: str = ""


@dataclass(frozen=True, slots=True)
class Formats:
    """Turns cells into text for people, by the entity's currency and locale."""

    currency: str
    locale: str

    def text(self, value: type_value, kind: Kind) -> str:
        if value is None or value == "":
            return ""
        if isinstance(value, dt.date):
            return _date(value, self.locale)
        if isinstance(value, Decimal):
            return self._decimal(value, kind)
        if isinstance(value, int):
            return display(Decimal(value), 0, self.locale)
        return value

    def money(self, value: Decimal | None) -> str:
        return self.text(value, Kind.MONEY)

    def _decimal(self, value: Decimal, kind: Kind) -> str:
        if kind is Kind.QUANTITY:
            return display_quantity(value, self.locale)
        if kind is Kind.PERCENT:
            return display(value, 1, self.locale)
        if kind is Kind.RATIO:
            return display(value, 2, self.locale)
        exponent = RATE_DECIMALS if kind is Kind.RATE else currency_exponent(self.currency)
        if kind in (Kind.UNIT_COST, Kind.RATE):
            digits = value.normalize().as_tuple().exponent
            exponent = max(exponent, -digits if isinstance(digits, int) else 0)
        return display(value, exponent, self.locale)


@functools.lru_cache(maxsize=4096)
def _date(day: dt.date, locale: str) -> str:
    return format_date(day, "medium", locale=locale)


def plain_text(value: type_value) -> str:
    """For files: ISO dates, 1234.5, no grouping."""
    if value is None:
        return ""
    if isinstance(value, Decimal):
        return plain(value)
    return value.isoformat() if isinstance(value, dt.date) else str(value)
