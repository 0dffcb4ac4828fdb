"""The write-off register as a report: its lines, and what write-offs cost and brought beside the stock.

Scrap, insurance and VAT belong to a document and not to one of its lots, so they stand in a table of their own.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Sequence
from decimal import Decimal

from writeoffs.proposals.models import ChargeKind
from writeoffs.reports.builders.base import Frame, signatures
from writeoffs.reports.charges import ChargeFact
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
    charges: Sequence[ChargeFact] = (),
) -> Report:
    """lines: those shown, all or a page of them; totals: of all. charges: all of them."""
    signed: tuple[Signature, ...] = signatures(people)
    return Report(
        slug="register",
        title=TITLE,
        lead="Every write-off, write-down, reversal, count adjustment and recovery of the period, line by line.",
        entity=frame.entity.name,
        currency=frame.entity.currency,
        locale=frame.entity.locale,
        span=frame.span.label,
        narrowed=narrowed,
        generated=frame.generated(),
        tables=(_table(frame, lines, totals), *([_charges(frame, charges)] if charges else [])),
        tiles=_tiles(frame, totals),
        notices=frame.standing,
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


# The register's words for the kinds of charge, in the order of its columns.
_CHARGES = {
    "PROCEEDS": "Scrap",
    "INSURANCE": "Insurance",
    "INPUT_TAX": "VAT",
    "DISPOSAL_COST": "Disposal cost",
    "TAX": "Income tax",
}
# Those of documents without lots, in the column of their own kind or with the sign turned in that of its opposite; a
# column is shown where something stands in it.
_MORE = {
    "DEFERRED_TAX": "Deferred tax",
    "SHRINKAGE_ACCRUAL": "Shrinkage accrued",
    "INSURANCE_SETTLED": "Insurance received",
    "ESTIMATED_LOSS": "Estimated loss",
    "PROVISION": "Purchase commitments",
}
_OPPOSITES = {
    "TAX_DUE": "TAX",
    "DEFERRED_TAX_UNWOUND": "DEFERRED_TAX",
    "SHRINKAGE_RELEASE": "SHRINKAGE_ACCRUAL",
    "INSURANCE_DENIED": "INSURANCE",
    "ESTIMATE_RELEASE": "ESTIMATED_LOSS",
    "PROVISION_REVERSED": "PROVISION",
    "PROVISION_USED": "PROVISION",
}


def _in_column(fact: ChargeFact) -> tuple[str, Decimal]:
    """The column of a charge and its amount there."""
    opposite = _OPPOSITES.get(fact.kind)
    return (opposite, -fact.amount) if opposite else (fact.kind, fact.amount)


def _charges(frame: Frame, charges: Sequence[ChargeFact]) -> Table:
    """A row a leg, its amount in the column of its kind; scrap, insurance and income tax reduce the loss."""
    money = Kind.MONEY
    placed = [(fact, *_in_column(fact)) for fact in charges]
    filled = {kind for _, kind, _ in placed}
    shown = {**_CHARGES, **{kind: words for kind, words in _MORE.items() if kind in filled}}
    columns = (
        Column("No."),
        Column("Kind", room=1),
        Column("Posted", Kind.DATE),
        *(Column(frame.heading(words), money) for words in shown.values()),
        Column("Journal no."),
    )
    totals = {kind: sum((amount for _, own, amount in placed if own == kind), Decimal(0)) for kind in shown}
    return Table(
        slug="charges",
        title="Charges and recoveries",
        columns=columns,
        rows=[
            Row(
                (
                    Cell(fact.number, frame.links.document(f"proposal:{fact.number}")),
                    Cell(f"Void of {_named(fact.kind).lower()}" if fact.void else _named(fact.kind)),
                    Cell(fact.posted_on),
                    *(Cell(amount if own == kind else None) for kind in shown),
                    Cell(fact.entry, frame.links.entry(fact.entry)),
                ),
                "void" if fact.void else "",
            )
            for fact, own, amount in placed
        ],
        foot=(Row((Cell("Total"), Cell(), Cell(), *map(Cell, totals.values()), Cell()), "total"),),
        note="Each is an entry of its own, never netted against the loss. Scrap, insurance and income tax reduce it.",
    )


def _named(kind: str) -> str:
    return {**_CHARGES, **_MORE}.get(kind) or ChargeKind(kind).label


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
