"""Rows as csv: the one place that decides how a cell of a file of ours is written.

Invariant: dates are ISO, numbers plain with a point, and no cell can be read as a formula. Rows are
written as a stream.
"""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal

from core.money import plain

Cell = str | int | Decimal | dt.date | None
# What makes a spreadsheet program take a text for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def safe_text(text: str) -> str:
    """Text that a spreadsheet takes as text: a leading =, +, -, @, tab or return would make it a formula."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def cell(value: Cell) -> str:
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, dt.date):
        return value.isoformat()
    return "" if value is None else safe_text(str(value))


class _Echo:
    """A file that gives back what is written, so that rows can be streamed."""

    def write(self, text: str) -> str:
        return text


def csv_lines(header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Iterator[str]:
    """The heading, unless it is empty, and a line a row, each with its ending."""
    writer = csv.writer(_Echo(), lineterminator="\r\n")
    if header:
        yield writer.writerow(header)
    for row in rows:
        yield writer.writerow([cell(value) for value in row])
