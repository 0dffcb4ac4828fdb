"""A report as xlsx and csv: the same cells as on screen, as numbers and dates that a spreadsheet can work with.

Invariant: no cell of ours is ever read as a formula: texts are written as texts in xlsx, and quoted in csv where they
begin like one.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import xlsxwriter
from django.utils import timezone

from core.money import currency_exponent, spreadsheet_format
from writeoffs.reports.tables import Cell, Column, Kind, Report, Row, Table, plain_text

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
# A spreadsheet's number keeps 15 significant digits; a longer amount is written as text, so that none is lost.
SPREADSHEET_DIGITS = 15


def report_csv(report: Report) -> bytes:
    """One table: its heading and rows. Several: blocks with their titles, an empty line between. UTF-8 with a mark."""
    out = io.StringIO()
    writer = csv.writer(out)
    several = len(report.tables) > 1
    for number, table in enumerate(report.tables):
        if several:
            if number:
                writer.writerow([])
            writer.writerow([table.title])
        writer.writerow([column.label for column in table.columns])
        for row in (*table.rows, *table.foot):
            writer.writerow([_csv_text(cell) for cell in row.cells])
    return out.getvalue().encode("utf-8-sig")


def _csv_text(cell: Cell) -> str:
    text = plain_text(cell.value)
    return f"'{text}" if isinstance(cell.value, str) and text.startswith(FORMULA_STARTS) else text


def report_xlsx(report: Report) -> bytes:
    """A sheet for each table, with what it covers on top, a frozen heading and the totals under it."""
    out = io.BytesIO()
    options = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "in_memory": False,
    }
    book = xlsxwriter.Workbook(out, options)
    title = f"{report.title}, {report.entity}, {report.span}"
    # Said, since it would be the machine's own clock otherwise: the same report of the same moment is the same file.
    book.set_properties({"title": title, "created": timezone.now().replace(tzinfo=None, microsecond=0)})
    formats = _Styles(book, report.currency)
    for table in report.tables:
        _write_table(book, formats, report, table)
    book.close()
    return out.getvalue()


class _Styles:
    """The workbook's formats, made once: by kind of column and weight of row."""

    def __init__(self, book: Any, currency: str) -> None:
        self.book = book
        self.foreign: dict[tuple[str, bool], Any] = {}
        money, digits = spreadsheet_format(currency), currency_exponent(currency)
        self.numbers = {
            Kind.MONEY: _signed(money),
            Kind.QUANTITY: "#,##0.####;(#,##0.####);–",
            Kind.UNIT_COST: f"{money}####" if digits else "#,##0.######",
            Kind.PERCENT: "0.0;(0.0);–",
            Kind.RATIO: "0.00;(0.00);–",
            Kind.COUNT: "#,##0;(#,##0);–",
            Kind.DATE: "yyyy-mm-dd",
            Kind.RATE: "0.0000######",
        }
        self.title = book.add_format({"bold": True, "font_size": 14})
        self.muted = book.add_format({"font_color": "#5d646e"})
        self.head = {
            figure: book.add_format(
                {
                    "bold": True,
                    "bottom": 1,
                    "text_wrap": True,
                    "valign": "bottom",
                    "align": "right" if figure else "left",
                }
            )
            for figure in (True, False)
        }
        self.body = {
            (kind, strong): book.add_format(
                {"num_format": self.numbers.get(kind, "@"), **({"bold": True, "top": 1} if strong else {})}
            )
            for kind in Kind
            for strong in (True, False)
        }

    def of(self, cell: Cell, kind: Kind, *, strong: bool) -> Any:
        """The format of a cell; an amount in another currency has that one's decimals."""
        if not cell.currency or kind is not Kind.MONEY:
            return self.body[kind, strong]
        key = cell.currency, strong
        if key not in self.foreign:
            look = {"bold": True, "top": 1} if strong else {}
            self.foreign[key] = self.book.add_format({"num_format": _signed(spreadsheet_format(cell.currency)), **look})
        return self.foreign[key]


def _signed(number: str) -> str:
    return f"{number};({number});–"


def _write_table(book: Any, styles: _Styles, report: Report, table: Table) -> None:
    sheet = book.add_worksheet(table.title[:31])
    covers = " · ".join(filter(None, (report.span, report.compared and f"compared with {report.compared}")))
    for number, column in enumerate(table.columns):
        sheet.set_column(number, number, _width(column))
    sheet.write_string(0, 0, f"{report.title}: {table.title}", styles.title)
    sheet.write_string(1, 0, f"{report.entity} · {covers} · {report.currency}", styles.muted)
    about = " · ".join(filter(None, (report.narrowed, f"made {report.generated}")))
    sheet.write_string(2, 0, about, styles.muted)
    sheet.write_string(3, 0, " ".join(n.text for n in report.notices if n.tone != "good"), styles.muted)
    for number, column in enumerate(table.columns):
        sheet.write_string(4, number, column.label, styles.head[column.is_figure])
    sheet.freeze_panes(5, 1)
    at = _write_rows(sheet, styles, table.columns, table.rows, 5)
    at = _write_rows(sheet, styles, table.columns, table.foot, at)
    if table.note:
        sheet.write_string(at + 1, 0, table.note, styles.muted)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(4)
    sheet.set_footer("&L&A&RPage &P of &N")


def _width(column: Column) -> int:
    if column.room > 1:
        return 34
    return 18 if column.is_figure else 16


def _write_rows(sheet: Any, styles: _Styles, columns: tuple[Column, ...], rows: Iterable[Row], at: int) -> int:
    for row in rows:
        strong = row.style in ("subtotal", "total")
        for number, (cell, column) in enumerate(zip(row.cells, columns, strict=True)):
            _write_cell(sheet, at, number, cell.value, styles.of(cell, column.kind, strong=strong))
        at += 1
    return at


def _write_cell(sheet: Any, row: int, column: int, value: Any, style: Any) -> None:
    if value is None or value == "":
        return
    if isinstance(value, Decimal):
        if len(value.normalize().as_tuple().digits) > SPREADSHEET_DIGITS:
            sheet.write_string(row, column, plain_text(value), style)
        else:
            sheet.write_number(row, column, value, style)
    elif isinstance(value, dt.date):
        sheet.write_datetime(row, column, value, style)
    elif isinstance(value, int):
        sheet.write_number(row, column, value, style)
    else:
        sheet.write_string(row, column, value, style)
