"""Writes lots and counts as files that a sheet program can open and our own upload can read again.

Invariant: the columns bear the names of the sheets they come from; text that looks like a formula is never one; figures
keep every digit; memory does not grow with the number of rows.
"""

from __future__ import annotations

import csv
import datetime as dt
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import IO, Any

import xlsxwriter
from django.db.models import QuerySet

from core.money import plain
from inventory.models import CountLine, Lot

LOT_COLUMNS = (
    ("sku", "item__sku"),
    ("description", "item__description"),
    ("category", "item__category__name"),
    ("lot_code", "code"),
    ("location", "location__code"),
    ("quantity", "quantity"),
    ("unit_cost", "unit_cost"),
    ("unit_of_measure", "item__unit_of_measure"),
    ("received_on", "received_on"),
    ("expires_on", "expires_on"),
    ("end_of_sale_on", "end_of_sale_on"),
    ("cost", "cost"),
    ("allowance", "allowance"),
)
COUNT_COLUMNS = (
    ("sku", "lot__item__sku"),
    ("lot_code", "lot__code"),
    ("location", "lot__location__code"),
    ("counted_quantity", "counted_quantity"),
    ("counted_on", "counted_on"),
    ("note", "note"),
    ("book_quantity", "book_quantity"),
    ("difference", "difference"),
    ("value", "value"),
    ("count_1", "first_count"),
    ("count_2", "second_count"),
)
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_CHUNK = 5_000
# A sheet program keeps 15 digits of a number; what has more is written as text rather than rounded in silence.
_EXACT_DIGITS = 15


def escaped(text: str) -> str:
    """Text for a csv cell: an apostrophe keeps a sheet program from taking it for a formula."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def _rows(found: QuerySet[Any], columns: Sequence[tuple[str, str]]) -> Iterator[tuple[Any, ...]]:
    return found.values_list(*(path for _, path in columns)).iterator(chunk_size=_CHUNK)


def lots_csv(lots: QuerySet[Lot]) -> Iterator[str]:
    return _csv([name for name, _ in LOT_COLUMNS], _rows(lots, LOT_COLUMNS))


def lots_xlsx(lots: QuerySet[Lot]) -> IO[bytes]:
    return _xlsx("Stock", [name for name, _ in LOT_COLUMNS], _rows(lots, LOT_COLUMNS))


def count_csv(lines: QuerySet[CountLine]) -> Iterator[str]:
    return _csv([name for name, _ in COUNT_COLUMNS], _rows(lines, COUNT_COLUMNS))


def count_xlsx(lines: QuerySet[CountLine]) -> IO[bytes]:
    return _xlsx("Count", [name for name, _ in COUNT_COLUMNS], _rows(lines, COUNT_COLUMNS))


class _Echo:
    """A file whose write gives the line back, for the csv writer to stream."""

    def write(self, line: str) -> str:
        return line


def _csv(names: Sequence[str], rows: Iterable[tuple[Any, ...]]) -> Iterator[str]:
    writer = csv.writer(_Echo())
    # The mark lets sheet programs read the file as UTF-8.
    yield "\ufeff" + str(writer.writerow(names))
    for row in rows:
        yield str(writer.writerow([_text(value) for value in row]))


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, Decimal):
        return plain(value)
    return value.isoformat() if isinstance(value, dt.date) else escaped(value)


def _xlsx(title: str, names: Sequence[str], rows: Iterable[tuple[Any, ...]]) -> IO[bytes]:
    """A temporary file, rewound; it vanishes when it is closed."""
    out = tempfile.TemporaryFile()  # noqa: SIM115 -- the response closes it
    book = xlsxwriter.Workbook(
        out, {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "in_memory": False}
    )
    sheet = book.add_worksheet(title)
    bold, day = book.add_format({"bold": True}), book.add_format({"num_format": "yyyy-mm-dd"})
    sheet.freeze_panes(1, 1)
    for column, name in enumerate(names):
        sheet.write_string(0, column, name, bold)
    for number, row in enumerate(rows, 1):
        for column, value in enumerate(row):
            if value is None or value == "":
                continue
            if isinstance(value, Decimal):
                if len(value.normalize().as_tuple().digits) <= _EXACT_DIGITS:
                    sheet.write_number(number, column, float(value))
                else:
                    sheet.write_string(number, column, plain(value))
            elif isinstance(value, dt.date):
                sheet.write_datetime(number, column, dt.datetime(value.year, value.month, value.day), day)  # noqa: DTZ001
            else:
                sheet.write_string(number, column, value)
    book.close()
    out.seek(0)
    return out
