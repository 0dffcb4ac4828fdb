"""Drill-downs as reports: the movements or the journal lines behind a figure, with their totals."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from inventory.models import Movement, MovementKind
from writeoffs.ledger.models import JournalLine, Leg, Origin
from writeoffs.ledger.roles import ROLES
from writeoffs.reports.behind import LineTotals, MovementTotals
from writeoffs.reports.builders.base import Frame
from writeoffs.reports.selectors import REASON_LABELS
from writeoffs.reports.tables import Cell, Column, Kind, LazyRows, Report, Row, Table, Tile

# Looked up, since get_..._display() takes as long as all the rest of a row.
KINDS = {kind.value: str(kind.label) for kind in MovementKind}
ORIGINS = {origin.value: str(origin.label) for origin in Origin}
LEGS = {leg.value: str(leg.label) for leg in Leg}


def movements_report(frame: Frame, *, movements: Iterable[Movement], totals: MovementTotals, words: str) -> Report:
    money = Kind.MONEY
    columns = (
        Column("No.", Kind.COUNT),
        Column("Posted", Kind.DATE),
        Column("Kind"),
        Column("Item", room=2),
        Column("Lot"),
        Column("Location"),
        Column("Class"),
        Column("Qty", Kind.QUANTITY),
        Column(frame.heading("Cost"), money),
        Column(frame.heading("Allowance"), money),
        Column("Document"),
    )
    foot = (Cell("Total"), *(Cell() for _ in range(6)), *map(Cell, (totals.quantity, totals.cost, totals.allowance)))
    table = Table(
        slug="movements",
        title="Movements",
        columns=columns,
        rows=_rows(functools.partial(_movement_row, frame), movements, totals.count),
        foot=(Row((*foot, Cell()), "total"),),
        empty="No movement is like that. Widen the days or the class above.",
    )
    tiles = (
        Tile("Movements", None, note=frame.formats.text(totals.count, Kind.COUNT)),
        Tile(frame.heading("Cost"), totals.cost),
        Tile(frame.heading("Allowance"), totals.allowance),
    )
    return _report(frame, "movements", "Movements", table, words, tiles)


def lines_report(frame: Frame, *, lines: Iterable[JournalLine], totals: LineTotals, words: str) -> Report:
    money = Kind.MONEY
    columns = (
        Column("Entry"),
        Column("Posted", Kind.DATE),
        Column("Origin"),
        Column("Leg"),
        Column("Account", room=2),
        Column("Role", room=1),
        Column("Location"),
        Column("Class"),
        Column("Reason"),
        Column(frame.heading("Debit"), money),
        Column(frame.heading("Credit"), money),
        Column("Document"),
        Column("Cost centre"),
    )
    foot = (Cell("Total"), *(Cell() for _ in range(8)), Cell(totals.debit), Cell(totals.credit), Cell(), Cell())
    table = Table(
        slug="lines",
        title="Journal lines",
        columns=columns,
        rows=_rows(functools.partial(_line_row, frame), lines, totals.count),
        foot=(Row(foot, "total"),),
        empty="No journal line is like that. Widen the days or the roles above.",
    )
    tiles = (
        Tile("Lines", None, note=frame.formats.text(totals.count, Kind.COUNT)),
        Tile(frame.heading("Debit"), totals.debit),
        Tile(frame.heading("Credit"), totals.credit),
        Tile(frame.heading("Net"), totals.net, note="debit +, credit in parentheses"),
    )
    return _report(frame, "lines", "Journal lines", table, words, tiles)


def _rows(make: Callable[[Any], Row], found: Iterable[Any], count: int) -> Sequence[Row]:
    """A page's rows at once; those of a file as they are read."""
    return [make(one) for one in found] if isinstance(found, list) else LazyRows(found, make, count)


def _report(frame: Frame, slug: str, title: str, table: Table, words: str, tiles: tuple[Tile, ...]) -> Report:
    entity = frame.entity
    return Report(
        slug=slug,
        title=title,
        lead=f"Shown: {words}.",
        entity=entity.name,
        currency=entity.currency,
        locale=entity.locale,
        span=words,
        generated=frame.generated(),
        tables=(table,),
        tiles=tiles,
        notices=frame.standing,
    )


def _movement_row(frame: Frame, m: Movement) -> Row:
    lot = m.lot
    return Row(
        (
            Cell(m.sequence),
            Cell(m.posted_on),
            Cell(KINDS[m.kind]),
            Cell(f"{lot.item.sku} {lot.item.description}".strip()),
            Cell(lot.code, frame.links.lot(lot.pk)),
            Cell(lot.location.code),
            Cell(lot.item.category.name),
            Cell(m.quantity),
            Cell(m.cost),
            Cell(m.allowance),
            Cell(document_words(m.source_ref), frame.links.document(m.source_ref)),
        ),
        "void" if m.kind == "VOID" else "",
    )


def _line_row(frame: Frame, line: JournalLine) -> Row:
    entry = line.entry
    behind = frame.links.trace(entry.number, line.line_number)
    return Row(
        (
            Cell(entry.number, frame.links.entry(entry.number)),
            Cell(entry.posted_on),
            Cell(ORIGINS[entry.origin]),
            Cell(LEGS[entry.leg]),
            Cell(str(line.account)),
            Cell(ROLES[line.role].label),
            Cell(line.location.code if line.location else ""),
            Cell(line.category.name if line.category else ""),
            Cell(REASON_LABELS[line.reason] if line.reason else ""),
            Cell(line.debit, behind if line.debit else ""),
            Cell(line.credit, behind if line.credit else ""),
            Cell(document_words(entry.source_ref), frame.links.document(entry.source_ref)),
            Cell(line.cost_centre.code if line.cost_centre else ""),
        ),
        "void" if entry.leg == "VOID" else "",
    )


def document_words(source_ref: str) -> str:
    """proposal:WO-2026-0001 -> WO-2026-0001; upload:17 -> Upload 17."""
    prefix, _, rest = source_ref.partition(":")
    return rest if prefix == "proposal" else f"{prefix.capitalize()} {rest}"
