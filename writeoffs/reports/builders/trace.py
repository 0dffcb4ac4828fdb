"""What stands behind one journal line, as a report: its rows add up to the line."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from writeoffs.ledger.roles import ROLES
from writeoffs.reports.builders.base import Frame
from writeoffs.reports.selectors import REASON_LABELS
from writeoffs.reports.tables import Cell, Column, Kind, LazyRows, Report, Row, Table, Tile
from writeoffs.reports.trace import Trace, TraceRow


def trace_report(frame: Frame, *, trace: Trace, rows: Iterable[TraceRow], count: int, document: str) -> Report:
    """rows: those shown, a page or all; count: of all; document: the name of what was posted."""
    line, entry = trace.line, trace.line.entry
    money = Kind.MONEY
    columns = (
        Column("Line"),
        Column("Item", room=2),
        Column("Lot"),
        Column("Location"),
        Column("Class"),
        Column("Qty", Kind.QUANTITY),
        Column(frame.heading("Cost"), money),
        Column(frame.heading("Allowance"), money),
        Column(frame.heading("On the account"), money),
    )
    rest = (Row((Cell(trace.rest_said), *(Cell() for _ in range(7)), Cell(trace.rest))),) if trace.rest else ()
    foot = (*rest, Row((Cell("Journal line"), *(Cell() for _ in range(7)), Cell(line.amount)), "total"))
    table = Table(
        slug="trace",
        title=f"Line {line.line_number} of entry {entry.number}",
        columns=columns,
        rows=_rows(frame, rows, count),
        foot=foot,
        empty=f"{trace.rest_said}: {frame.formats.text(trace.rest, money)}.",
    )
    named = [
        ROLES[line.role].label,
        str(line.location or ""),
        str(line.category or ""),
        REASON_LABELS[line.reason] if line.reason else "",
        f"cost centre {line.cost_centre}" if line.cost_centre else "",
    ]
    entity = frame.entity
    return Report(
        slug="trace",
        title=f"Entry {entry.number}, {line.account}",
        lead=f"What {document} did that this line sums: {', '.join(name for name in named if name)}.",
        entity=entity.name,
        currency=entity.currency,
        locale=entity.locale,
        span=str(entry.period),
        generated=frame.generated(),
        tables=(table,),
        tiles=(
            Tile("Rows", None, note=frame.formats.text(count, Kind.COUNT)),
            Tile(frame.heading("They add up to"), trace.total),
            Tile(
                frame.heading("Journal line"),
                line.amount,
                url=frame.links.entry(entry.number),
                note=f"of entry {entry.number}; debit +, credit in parentheses",
            ),
        ),
        notices=frame.standing,
        notes=("Amounts are as the account sees them: debit positive, credit in parentheses.",),
    )


def _rows(frame: Frame, rows: Iterable[TraceRow], count: int) -> Sequence[Row]:
    def make(row: TraceRow) -> Row:
        return Row(
            (
                Cell(row.what),
                Cell(row.item),
                Cell(row.lot, frame.links.lot(row.lot_id) if row.lot_id else ""),
                Cell(row.location),
                Cell(row.category),
                Cell(row.quantity),
                Cell(row.cost),
                Cell(row.allowance),
                Cell(row.amount),
            )
        )

    return [make(row) for row in rows] if isinstance(rows, list) else LazyRows(rows, make, count)
