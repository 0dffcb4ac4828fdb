"""The tax bridge (report 8): from book loss to what tax deducts, and the deferred tax asset from opening to closing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from writeoffs.proposals.tax_charges import ChargeRow
from writeoffs.reports.builders.base import Frame
from writeoffs.reports.charges import ChargeFact
from writeoffs.reports.selectors import REASON_LABELS
from writeoffs.reports.tables import Cell, Column, Kind, Report, Row, Table, Tile
from writeoffs.valuation.rules.tax_bridge import BridgeRow

TITLE, BEFORE = "Tax bridge", "Before our books"
ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class BridgeLine:
    """A row of the bridge with the names of its lot, and the papers that its rule names; of a charge what it is and
    its document."""

    row: BridgeRow | ChargeRow
    item: str
    lot: str
    location: str
    papers: str


def tax_bridge_report(frame: Frame, *, lines: Sequence[BridgeLine], input_tax: Sequence[ChargeFact]) -> Report:
    """input_tax: what documents of the days repaid, signs of voids turned."""
    repaid = sum((fact.amount for fact in input_tax), ZERO)
    rows = [line.row for line in lines]
    return Report(
        slug="tax_bridge",
        title=TITLE,
        lead="From the losses of the books to those of tax: deducted now, later or never, and the deferred tax asset.",
        entity=frame.entity.name,
        currency=frame.entity.currency,
        locale=frame.entity.locale,
        span=frame.span.label,
        generated=frame.generated(),
        tables=(_table(frame, lines), *([_input_tax(frame, input_tax)] if input_tax else [])),
        tiles=(
            Tile(frame.heading("Book loss"), _sum(rows, "book_loss")),
            Tile(frame.heading("Deductible now"), _sum(rows, "deductible")),
            Tile(
                frame.heading("Current tax saved"), _sum(rows, "current"), note="by the tax rules, whatever is booked"
            ),
            Tile(frame.heading("Deferred tax asset"), _sum(rows, "closing_asset"), note="at the end"),
            Tile(frame.heading("Input tax repaid"), repaid),
        ),
        notices=frame.standing,
        notes=(
            "Book loss = deductible + permanent difference + movement of the temporary difference.",
            "What a loss cost and brought beside the stock (scrap proceeds, disposal cost, input tax repaid, "
            "insurance) is taxed or deducted in the period that books it, by the rule of its reason.",
            "The asset is the difference at the rate, as far as it will be used (IAS 12.24; ASC 740-10-30-5).",
        ),
    )


def _sum(rows: Sequence[BridgeRow | ChargeRow], name: str) -> Decimal:
    return sum((getattr(row, name) for row in rows), ZERO)


_MONEY = (
    ("Book loss", "book_loss"),
    ("Deductible now", "deductible"),
    ("Permanent difference", "permanent"),
    ("Temporary difference", "closing_difference"),
    ("Opening asset", "opening_asset"),
    ("Movement", "movement"),
    ("Closing asset", "closing_asset"),
    ("Not recoverable", "unrecognised"),
    ("Current tax saved", "current"),
)


def _table(frame: Frame, lines: Sequence[BridgeLine]) -> Table:
    columns = (
        Column("Item", room=2),
        Column("Lot or document", room=1),
        Column("Location"),
        Column("Reason", room=1),
        Column("Evidence asked", room=2),
        Column("Rate, %"),
        *(Column(frame.heading(words), Kind.MONEY) for words, _ in _MONEY),
    )
    rows = [line.row for line in lines]
    return Table(
        slug="tax_bridge",
        title=TITLE,
        columns=columns,
        rows=[_row(frame, line) for line in lines],
        foot=(
            Row((Cell("Total"), *(Cell() for _ in range(5)), *(Cell(_sum(rows, name)) for _, name in _MONEY)), "total"),
        ),
        empty=f"No loss of {frame.span.label} or before it meets tax. Choose another period.",
    )


def _row(frame: Frame, line: BridgeLine) -> Row:
    row = line.row
    return Row(
        (
            Cell(line.item),
            Cell(line.lot, _link(frame, row)),
            Cell(line.location),
            Cell(REASON_LABELS[row.reason] if row.reason else BEFORE),
            Cell(line.papers),
            Cell(f"{(row.rate * 100).normalize():f}"),
            *(Cell(getattr(row, name)) for _, name in _MONEY),
        )
    )


def _link(frame: Frame, row: BridgeRow | ChargeRow) -> str:
    if isinstance(row, BridgeRow):
        return frame.links.lot(row.lot_id)
    return frame.links.document(f"proposal:{row.document}")


def _input_tax(frame: Frame, facts: Sequence[ChargeFact]) -> Table:
    return Table(
        slug="input_tax",
        title="Input tax repaid",
        columns=(
            Column("No."),
            Column("Kind"),
            Column("Posted", Kind.DATE),
            Column(frame.heading("Input tax"), Kind.MONEY),
            Column("Journal no."),
        ),
        rows=[
            Row(
                (
                    Cell(fact.number, frame.links.document(f"proposal:{fact.number}")),
                    Cell("Void" if fact.void else "Repaid"),
                    Cell(fact.posted_on),
                    Cell(fact.amount),
                    Cell(fact.entry, frame.links.entry(fact.entry)),
                ),
                "void" if fact.void else "",
            )
            for fact in facts
        ],
        foot=(Row((Cell("Total"), Cell(), Cell(), Cell(sum((f.amount for f in facts), ZERO)), Cell()), "total"),),
    )
