"""The journal as csv and xlsx: a row a line, exactly the entries that were filtered.

Invariant: dates are ISO, numbers plain, no cell is a live formula; a file is written as a stream, a million lines need
no memory.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import IO

import xlsxwriter

from core.csvfiles import csv_lines
from core.errors import BadInput
from core.money import spreadsheet_format
from writeoffs.ledger.models import JournalLine

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
# What a worksheet holds, less the heading.
XLSX_ROWS = 1_048_575
HEADER = (
    *("entry", "date", "period", "origin", "leg", "line", "account", "account_name", "role", "debit", "credit"),
    *("currency", "location", "category", "cost_centre", "reason", "description", "document"),
    *("prepared_by", "approved_by", "posted_by", "hash"),
)
Value = str | int | Decimal | None


def _row(line: JournalLine) -> tuple[Value, ...]:
    entry = line.entry
    return (
        *(entry.number, entry.posted_on.isoformat(), entry.period.code, entry.get_origin_display()),
        *(entry.get_leg_display(), line.line_number, line.account.code, line.account.name, line.role),
        *(line.debit or None, line.credit or None, entry.currency),
        line.location.code if line.location else "",
        line.category.name if line.category else "",
        line.cost_centre.code if line.cost_centre else "",
        *(line.get_reason_display(), entry.description, entry.source_ref),
        *(str(person) if person else "" for person in (entry.prepared_by, entry.approved_by, entry.posted_by)),
        entry.hash,
    )


def journal_csv(lines: Iterable[JournalLine]) -> Iterator[str]:
    return csv_lines(HEADER, (_row(line) for line in lines))


def journal_xlsx(lines: Iterable[JournalLine], *, count: int, currency: str) -> IO[bytes]:
    """An open file at its start. BadInput where a worksheet cannot hold that many lines."""
    if count > XLSX_ROWS:
        raise BadInput(f"{count:,} lines do not fit one worksheet, which holds {XLSX_ROWS:,}. Filter, or take the csv.")
    # Closed by the response that streams it.
    file = tempfile.TemporaryFile()  # noqa: SIM115
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    book = xlsxwriter.Workbook(file, options)
    bold = book.add_format({"bold": True, "bottom": 1})
    money = book.add_format({"num_format": spreadsheet_format(currency)})
    sheet = book.add_worksheet("Journal")
    sheet.freeze_panes(1, 1)
    sheet.set_column(0, len(HEADER) - 1, 16)
    for column, name in enumerate(HEADER):
        sheet.write_string(0, column, name, bold)
    for at, line in enumerate(lines, start=1):
        for column, value in enumerate(_row(line)):
            if isinstance(value, Decimal):
                sheet.write_number(at, column, float(value), money)
            elif isinstance(value, int):
                sheet.write_number(at, column, value)
            elif value:
                sheet.write_string(at, column, value)
    book.close()
    file.seek(0)
    return file
