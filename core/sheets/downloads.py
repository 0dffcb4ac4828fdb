"""Workbooks that the upload pages hand out: an empty template, and the rows with their complaints.

Invariant: texts are written as texts: nothing in a file of ours is a live formula or link.
"""

from __future__ import annotations

import io
from collections import defaultdict
from typing import Any

import xlsxwriter

from core.files import file_content
from core.models import Upload, UploadIssue
from core.sheets.kinds import Cell, SheetKind
from core.sheets.reader import Ending, file_on_disk, rows_read

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_OPTIONS = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}


def template_workbook(kind: SheetKind) -> bytes:
    """Our columns with one example row, and a second sheet that explains them. Text columns are formatted as text, so
    that codes keep their leading zeros."""
    file = io.BytesIO()
    book = xlsxwriter.Workbook(file, _OPTIONS)
    bold, text = book.add_format({"bold": True, "bottom": 1}), book.add_format({"num_format": "@"})
    sheet = book.add_worksheet(kind.title[:31])
    help_sheet = book.add_worksheet("Help")
    sheet.freeze_panes(1, 0)
    help_sheet.freeze_panes(1, 0)
    for number, title in enumerate(("Column", "Meaning", "Needed", "Holds", "Example", "Help")):
        help_sheet.write_string(0, number, title, bold)
    for number, column in enumerate(kind.columns):
        sheet.set_column(number, number, max(14, len(column.name) + 2), text if column.cell is Cell.TEXT else None)
        sheet.write_string(0, number, column.name, bold)
        if column.cell in (Cell.TEXT, Cell.DATE) or not column.example:
            sheet.write_string(1, number, column.example)
        else:
            sheet.write_number(1, number, float(column.example))
        needed = "always" if column.required else "if you have it"
        for place, words in enumerate(
            (
                column.name,
                column.label,
                needed,
                column.cell.value.replace("_", " ").lower(),
                column.example,
                column.help,
            )
        ):
            help_sheet.write_string(number + 1, place, words)
    help_sheet.set_column(0, 4, 18)
    help_sheet.set_column(5, 5, 70)
    book.close()
    return file.getvalue()


def complaints_workbook(upload: Upload) -> bytes:
    """The sheet's own rows that were complained of, as they stand, with the complaints behind them: mend, send
    again."""
    said: dict[int | None, list[str]] = defaultdict(list)
    for row, level, message in (
        UploadIssue.objects.filter(upload=upload).order_by("level", "id").values_list("row", "level", "message")
    ):
        said[row].append(f"{level.capitalize()}: {message}")
    file = io.BytesIO()
    book = xlsxwriter.Workbook(file, {**_OPTIONS, "constant_memory": True, "in_memory": False})
    bold = book.add_format({"bold": True, "bottom": 1})
    sheet = book.add_worksheet("Complaints")
    sheet.freeze_panes(1, 0)
    header = [*upload.header, "Sheet row", "Complaints"]
    for number, name in enumerate(header):
        sheet.write_string(0, number, name, bold)
    at = 1
    for message in said.pop(None, []):
        sheet.write_string(at, len(header) - 1, message)
        at += 1
    with file_on_disk(file_content(upload.file_id)) as path:
        for rows, columns in rows_read(
            path,
            upload.file_name,
            sheet=upload.sheet_name,
            header_row=upload.formats["header_row"],
            width=len(upload.header),
            columns=list(range(len(upload.header))),
            ending=Ending(),
        ):
            for place, row in enumerate(rows):
                if row in said:
                    _write_row(sheet, at, [column[place] for column in columns], row, said[row])
                    at += 1
    book.close()
    return file.getvalue()


def _write_row(sheet: Any, at: int, cells: list[Any], row: int, complaints: list[str]) -> None:
    for number, cell in enumerate(cells):
        if isinstance(cell, bool):
            sheet.write_boolean(at, number, cell)
        elif isinstance(cell, float):
            sheet.write_number(at, number, cell)
        elif cell:
            sheet.write_string(at, number, cell)
    sheet.write_number(at, len(cells), row)
    sheet.write_string(at, len(cells) + 1, "\n".join(complaints)[:32_000])
