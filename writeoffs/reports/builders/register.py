"""The write-off register as a report.

Scrap, insurance and VAT have no columns yet: no leg posts them, and a column that can only be nil would read as a
statement that there were none.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Sequence

from writeoffs.reports.builders.base import Frame, signatures
from writeoffs.reports.selectors import People
from writeoffs.reports.statements.register import RegisterLine, RegisterTotals
from writeoffs.reports.tables import Cell, Column, Kind, LazyRows, Report, Row, Signature, Table, Tile

TITLE = "Write-off register"


def register_report(
    frame: Frame,
    *,
    lines: Iterable[RegisterLine],
    totals: RegisterTotals,
    people: People,
    narrowed: str = "",
    notes: tuple[str, ...] = (),
) -> Report:
    """lines: those shown, all or a page of them; totals: of all."""
    signed: tuple[Signature, ...] = signatures(people)
    return Report(
        slug="register",
        title=TITLE,
        lead="Every write-off, write-down, count adjustment and recovery of the period, line by line.",
        entity=frame.entity.name,
        currency=frame.entity.currency,
        locale=frame.entity.locale,
        span=frame.span.label,
        narrowed=narrowed,
        generated=frame.generated(),
        tables=(_table(frame, lines, totals),),
        tiles=_tiles(frame, totals),
        signatures=signed,
        notes=notes,
    )


def _tiles(frame: Frame, totals: RegisterTotals) -> tuple[Tile, ...]:
    count = frame.formats.text(totals.lines, Kind.COUNT) if totals.lines else "no"
    lines = "1 line" if totals.lines == 1 else f"{count} lines"
    voids = f", of which {totals.voids} undo a document" if totals.voids else ""
    return (
        Tile(frame.heading("Gross loss"), totals.gross, note=lines + voids),
        Tile(frame.heading("Allowance used"), totals.allowance_used),
        Tile(
            frame.heading("Net loss"),
            totals.net_loss,
            tone="loss" if totals.net_loss > 0 else "gain" if totals.net_loss < 0 else "",
            url=frame.links.impact(**frame.period_params),
            note="what profit before tax bears",
        ),
    )


def _columns(frame: Frame) -> tuple[Column, ...]:
    money, date = Kind.MONEY, Kind.DATE
    return (
        Column("No."),
        Column("Kind", room=1),
        Column("Event", date),
        Column("Found", date),
        Column("Posted", date),
        Column("Period"),
        Column("Item", room=2),
        Column("Lot", room=1),
        Column("Location", room=1),
        Column("Reason", room=1),
        Column("Qty", Kind.QUANTITY),
        Column(frame.heading("Unit cost"), Kind.UNIT_COST),
        Column(frame.heading("Gross"), money),
        Column(frame.heading("Allowance used"), money),
        Column(frame.heading("Net loss"), money),
        Column("Prepared by", room=1),
        Column("Approved by", room=1),
        Column("Posted by", room=1),
        Column("Evidence", Kind.COUNT),
        Column("Journal no."),
    )


def _table(frame: Frame, lines: Iterable[RegisterLine], totals: RegisterTotals) -> Table:
    foot = (
        *(Cell() for _ in range(9)),
        Cell("Total"),
        Cell(),
        Cell(),
        Cell(totals.gross),
        Cell(totals.allowance_used),
        Cell(totals.net_loss),
        *(Cell() for _ in range(5)),
    )
    make = functools.partial(_row, frame)
    # A page or a sheet of paper comes as a list; a file is written as it is read.
    rows: Sequence[Row] = (
        [make(line) for line in lines] if isinstance(lines, list) else LazyRows(lines, make, totals.lines)
    )
    return Table(
        slug="register",
        title=TITLE,
        columns=_columns(frame),
        rows=rows,
        foot=(Row((Cell("Total"), *foot[1:9], Cell(), *foot[10:]), "total"),),
        note="Gross = allowance used + net loss. A void shows the document again, signs turned, on its own day.",
        empty=f"Nothing was posted in {frame.span.label}. Choose another period, or propose what has lost its value.",
    )


def _row(frame: Frame, line: RegisterLine) -> Row:
    fact, links = line.fact, frame.links
    document = links.document(f"proposal:{fact.number}")
    return Row(
        (
            Cell(fact.number, document),
            Cell(f"Void of {fact.kind.lower()}" if line.void else fact.kind),
            Cell(fact.event_on),
            Cell(fact.found_on),
            Cell(fact.posted_on),
            Cell(fact.period),
            Cell(f"{fact.sku} {fact.description}".strip()),
            Cell(fact.lot, links.lot(fact.lot_id)),
            Cell(fact.location),
            Cell(fact.reason),
            Cell(line.quantity),
            Cell(line.unit_cost),
            Cell(line.gross),
            Cell(line.allowance_used),
            Cell(line.net_loss),
            Cell(fact.preparer),
            Cell(fact.approver),
            Cell(fact.poster),
            Cell(fact.evidence, document if fact.evidence else ""),
            Cell(fact.entry, links.entry(fact.entry)),
        ),
        "void" if line.void else "",
    )
