"""An assessment's lines as files: what the same query string shows on the page, all pages of it, every figure kept."""

from __future__ import annotations

import csv
import datetime as dt
import tempfile
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import IO, Any

import xlsxwriter
from django.db.models import QuerySet

from core.money import plain
from writeoffs.valuation.models import AssessmentLine

COLUMNS = (
    ("sku", "lot__item__sku"),
    ("description", "lot__item__description"),
    ("category", "lot__item__category__name"),
    ("lot_code", "lot__code"),
    ("location", "lot__location__code"),
    ("outcome", "outcome"),
    ("what_governs", "governs"),
    ("reason", "reason"),
    ("level", "level"),
    ("quantity", "quantity"),
    ("cost", "cost"),
    ("price_source", "price__source"),
    ("price_valid_from", "price__as_of"),
    ("nrv_per_unit", "nrv_unit"),
    ("market_per_unit", "market_unit"),
    ("contract_quantity", "contract_quantity"),
    ("contract_value", "contract_value"),
    ("fetches", "nrv_value"),
    ("nrv_need", "nrv_need"),
    ("age_days", "age_days"),
    ("ageing_need", "ageing_need"),
    ("excess_quantity", "excess_quantity"),
    ("excess_need", "excess_need"),
    ("expiry_need", "expiry_need"),
    ("worked_out", "required"),
    ("override", "override"),
    ("override_reason", "override_reason"),
    ("required", "now"),
    ("carried", "carried"),
    ("movement", "move"),
    ("remark", "flag"),
    ("change", "change"),
    ("change_amount", "change_amount"),
    ("change_why", "change_why"),
    ("proposal", "proposal_ref"),
)
_NAMES = [name for name, _ in COLUMNS]
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_CHUNK = 5_000
_EXACT_DIGITS = 15


def _rows(lines: QuerySet[AssessmentLine]) -> Iterator[tuple[Any, ...]]:
    """lines: as assessment_filters.with_movement gives them."""
    for *values, reference in lines.values_list(*(path for _, path in COLUMNS)).iterator(chunk_size=_CHUNK):
        yield (*values, reference.partition(":")[2])


class _Echo:
    """A file whose write gives the line back, for the csv writer to stream."""

    def write(self, line: str) -> str:
        return line


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, Decimal):
        return plain(value)
    text = value.isoformat() if isinstance(value, dt.date) else str(value)
    return f"'{text}" if isinstance(value, str) and text.startswith(_FORMULA) else text


def lines_csv(lines: QuerySet[AssessmentLine]) -> Iterator[str]:
    writer = csv.writer(_Echo())
    # The mark lets sheet programs read the file as UTF-8.
    yield "\ufeff" + str(writer.writerow(_NAMES))
    for row in _rows(lines):
        yield str(writer.writerow([_text(value) for value in row]))


def lines_xlsx(title: str, lines: QuerySet[AssessmentLine]) -> IO[bytes]:
    """A temporary file, rewound; it vanishes when it is closed."""
    out = tempfile.TemporaryFile()  # noqa: SIM115 -- the response closes it
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "in_memory": False}
    book = xlsxwriter.Workbook(out, options)
    sheet = book.add_worksheet(title[:31])
    bold, day = book.add_format({"bold": True}), book.add_format({"num_format": "yyyy-mm-dd"})
    sheet.freeze_panes(1, 1)
    for column, name in enumerate(_NAMES):
        sheet.write_string(0, column, name, bold)
    _write(sheet, day, _rows(lines))
    book.close()
    out.seek(0)
    return out


def _write(sheet: Any, day: Any, rows: Iterable[tuple[Any, ...]]) -> None:
    for number, row in enumerate(rows, 1):
        for column, value in enumerate(row):
            if value is None or value == "":
                continue
            if isinstance(value, int) or _is_exact(value):
                sheet.write_number(number, column, value)
            elif isinstance(value, dt.date):
                sheet.write_datetime(number, column, dt.datetime(value.year, value.month, value.day), day)  # noqa: DTZ001
            else:
                sheet.write_string(number, column, plain(value) if isinstance(value, Decimal) else str(value))


def _is_exact(value: Any) -> bool:
    """Whether a sheet program keeps every digit of the figure."""
    return isinstance(value, Decimal) and len(value.normalize().as_tuple().digits) <= _EXACT_DIGITS
