"""Workbooks (xlsx, xls, ods) through calamine: the head for the columns page, or all rows in chunks, column by
column."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any, BinaryIO

from python_calamine import (
    CalamineError,
    CalamineSheet,
    CalamineWorkbook,
    PasswordError,
    SheetTypeEnum,
    SheetVisibleEnum,
)

from core.sheets.child import archive
from core.sheets.child.protocol import Refused, write_frame

HEAD = 50
CHUNK = 10_000


def read(request: dict[str, Any], form: str, out: BinaryIO) -> None:
    path, name = request["path"], request["name"]
    book = _open(path, name)
    sheets = [m.name for m in book.sheets_metadata if _visible(m)] or list(book.sheet_names)
    sheet = request.get("sheet") or (sheets[0] if sheets else "")
    if sheet not in book.sheet_names:
        raise Refused(f"'{name}' has no sheet '{sheet}'. It has: {', '.join(sheets)}.")
    if request["mode"] == "head":
        short = archive.head_copy(path, sheet, name) if form == "xlsx" else None
        found = _sheet(_open(short, name) if short else book, sheet, name)
        rows = found.to_python(nrows=HEAD)
        start = found.start or (0, 0)
        plain_rows = [[plain(v) for v in row] for row in rows]
        if not any(v != "" for row in plain_rows for v in row):
            plain_rows = []
        _check_width(found, request)
        write_frame(out, ("head", {"sheets": sheets, "sheet": sheet, "first_row": start[0] + 1, "rows": plain_rows}))
        return
    scan = {"xlsx": archive.scan_xlsx, "ods": archive.scan_ods}.get(form)
    seen = scan(path, sheet, name) if scan else archive.Scan()
    found = _sheet(book, sheet, name)
    _check_width(found, request)
    _chunks(found, seen, request, out)
    write_frame(out, ("end", {"formulas_not_calculated": seen.formulas_not_calculated, "ragged": []}))


def _visible(meta: Any) -> bool:
    return bool(meta.visible == SheetVisibleEnum.Visible and meta.typ == SheetTypeEnum.WorkSheet)


def _open(source: Any, name: str) -> CalamineWorkbook:
    try:
        return CalamineWorkbook.from_object(source)
    except PasswordError as error:
        raise Refused(archive.PROTECTED.format(name=name)) from error
    except (CalamineError, OSError, ValueError) as error:
        raise Refused(archive.DAMAGED.format(name=name)) from error


def _sheet(book: CalamineWorkbook, sheet: str, name: str) -> CalamineSheet:
    try:
        return book.get_sheet_by_name(sheet)
    except PasswordError as error:
        raise Refused(archive.PROTECTED.format(name=name)) from error
    except (CalamineError, OSError, ValueError) as error:
        raise Refused(archive.DAMAGED.format(name=name)) from error


def _check_width(sheet: CalamineSheet, request: dict[str, Any]) -> None:
    if sheet.width > request["max_columns"]:
        raise Refused(
            f"Sheet '{sheet.name}' is {sheet.width:,} columns wide; at most {request['max_columns']} can be read. "
            "Delete the "
            "empty columns to the right of the table and upload it again."
        )


def plain(value: Any) -> Any:
    """A cell as marshal can carry it: dates as ISO text, with the time only where it is not midnight."""
    if isinstance(value, dt.datetime):
        return value.date().isoformat() if value.time() == dt.time.min else value.isoformat(" ")
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    return str(value) if isinstance(value, dt.timedelta) else value


_NOT_PLAIN = frozenset((dt.date, dt.datetime, dt.time, dt.timedelta))


def _chunks(sheet: CalamineSheet, seen: archive.Scan, request: dict[str, Any], out: BinaryIO) -> None:
    """All rows behind the header. Row numbers are the sheet's own; rows without any value are left out."""
    rows = sheet.to_python()
    first_row, first_column = sheet.start or (0, 0)
    skip = request["header_row"] - first_row
    if len(rows) - skip > request["max_rows"]:
        raise Refused(
            f"Sheet '{sheet.name}' has {len(rows) - skip:,} rows; at most {request['max_rows']:,} can be read at once. "
            "Split the list by location and upload the parts."
        )
    for (row, column), text in seen.errors.items():
        if 0 <= row - first_row < len(rows) and 0 <= column - first_column < len(rows[0]):
            rows[row - first_row][column - first_column] = text
    write_frame(out, ("begin", max(0, len(rows) - skip)))
    wanted: list[int] = request["columns"]
    # Taken from the end and given back at once, so that the child never holds the rows twice.
    for at in range(skip, len(rows), CHUNK):
        part = rows[at : at + CHUNK]
        numbers = list(range(first_row + at + 1, first_row + at + 1 + len(part)))
        rows[at : at + CHUNK] = [[]] * len(part)
        numbers, part = without_empty(numbers, part)
        if part:
            write_frame(out, ("rows", numbers, columns_of(part, wanted)))


def without_empty(numbers: list[int], rows: list[list[Any]]) -> tuple[list[int], list[list[Any]]]:
    # A row whose first cell is filled is not empty; only the others are looked at in full.
    if all(row[0] != "" for row in rows):
        return numbers, rows
    kept = [i for i, row in enumerate(rows) if row[0] != "" or any(v != "" for v in row)]
    return [numbers[i] for i in kept], [rows[i] for i in kept]


def columns_of(rows: Sequence[Sequence[Any]], wanted: Sequence[int]) -> list[list[Any]]:
    """The wanted columns of equally long rows, their cells plain; a column that the sheet lacks is empty."""
    every = list(zip(*rows, strict=True))
    columns: list[list[Any]] = []
    for number in wanted:
        column = every[number] if number < len(every) else ("",) * len(rows)
        if _NOT_PLAIN.isdisjoint(map(type, column)):
            columns.append(list(column))
        else:
            # Few distinct dates stand for many cells: each is written out once.
            table = {v: plain(v) for v in set(column)}
            columns.append([table[v] for v in column])
    return columns
