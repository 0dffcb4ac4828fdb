"""A report's cells as text for people: what the screen, the print view and the PDF show alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from writeoffs.reports.tables import Cell, Column, Formats, Report, Row, Table

# Lines on paper; more are for a spreadsheet (typst takes seconds and hundreds of MB beyond).
PAPER_LINES = 5000


@dataclass(frozen=True, slots=True)
class ShownCell:
    text: str
    url: str
    css: str


@dataclass(frozen=True, slots=True)
class ShownRow:
    cells: tuple[ShownCell, ...]
    style: str


@dataclass(frozen=True, slots=True)
class ShownTable:
    """columns: (label, css class). cut: how many rows were left out."""

    table: Table
    columns: tuple[tuple[str, str], ...]
    rows: tuple[ShownRow, ...]
    foot: tuple[ShownRow, ...]
    cut: int = 0


def shown_tables(report: Report, *, limit: int | None = None) -> list[ShownTable]:
    """Every table with its texts; at most `limit` rows of each."""
    formats = Formats(report.currency, report.locale)
    tables = []
    for table in report.tables:
        rows = table.rows if limit is None else table.rows[:limit]
        tables.append(
            ShownTable(
                table=table,
                columns=tuple((column.label, _css(column)) for column in table.columns),
                rows=tuple(_row(formats, table.columns, row) for row in rows),
                foot=tuple(_row(formats, table.columns, row) for row in table.foot),
                cut=len(table.rows) - len(rows),
            )
        )
    return tables


def _row(formats: Formats, columns: tuple[Column, ...], row: Row) -> ShownRow:
    return ShownRow(
        tuple(
            ShownCell(_formats_of(formats, cell).text(cell.value, column.kind), cell.url, _css(column))
            for cell, column in zip(row.cells, columns, strict=True)
        ),
        row.style,
    )


def _formats_of(formats: Formats, cell: Cell) -> Formats:
    return Formats(cell.currency, formats.locale) if cell.currency else formats


def _css(column: Column) -> str:
    if column.is_figure:
        return "num"
    return "wide wider" if column.room > 2 else "wide" if column.room > 1 else ""


def cut_sentence(tables: list[ShownTable], limit: int) -> str:
    """What paper says where it leaves lines out."""
    cut = sum(table.cut for table in tables)
    if not cut:
        return ""
    return f"The first {limit:,} lines are shown; {cut:,} more stand in the xlsx file. The totals are of all."


def typeset_data(report: Report) -> dict[str, Any]:
    """What the typst template prints."""
    tables = shown_tables(report, limit=PAPER_LINES)
    formats = Formats(report.currency, report.locale)
    return {
        "title": report.title,
        "entity": report.entity,
        "currency": report.currency,
        "span": report.span,
        "compared": report.compared,
        "narrowed": report.narrowed,
        "landscape": report.landscape,
        "generated": report.generated,
        # The file's own date: the same report of the same moment is the same file.
        "made_at": int(timezone.now().timestamp()),
        "lang": report.locale.replace("-", "_").split("_")[0],
        "chart": report.paper_chart,
        "chart_text": report.chart_text,
        "notices": [notice.text for notice in report.notices],
        "notes": [*report.notes, *filter(None, [cut_sentence(tables, PAPER_LINES)])],
        "tiles": [{"label": tile.label, "text": formats.money(tile.value), "note": tile.note} for tile in report.tiles],
        "signatures": [{"label": s.label, "names": ", ".join(s.names)} for s in report.signatures],
        "tables": [_typeset_table(table) for table in tables],
    }


def _typeset_table(shown: ShownTable) -> dict[str, Any]:
    return {
        "slug": shown.table.slug,
        "title": shown.table.title,
        "note": shown.table.note,
        "empty": shown.table.empty,
        "columns": [
            {"label": label, "figure": css == "num", "room": column.room}
            for (label, css), column in zip(shown.columns, shown.table.columns, strict=True)
        ],
        "rows": [{"style": row.style, "cells": [cell.text for cell in row.cells]} for row in shown.rows],
        "foot": [{"style": row.style, "cells": [cell.text for cell in row.cells]} for row in shown.foot],
    }
