"""What every report tells of corrected errors: the disclosure, the columns of restated figures, and notes."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from core.words import Framework
from writeoffs.reports.builders.base import Frame
from writeoffs.reports.statements.restated import CorrectionFact, balances_of, corrections_of
from writeoffs.reports.tables import Cell, Column, Kind, Row, Table

ZERO = Decimal(0)
# Corrections with a column of their own; more than these share one.
COLUMNS = 3


def correction_headings(frame: Frame, corrections: Sequence[CorrectionFact]) -> tuple[Column, ...]:
    """A column a correction, one for all where there are many, and the restated figure."""
    if not corrections:
        return ()
    names = [f"Correction of {c.number}" for c in corrections]
    if len(names) > COLUMNS:
        names = [f"{len(names)} corrections"]
    return tuple(Column(frame.heading(name), Kind.MONEY) for name in (*names, "Restated"))


def correction_cells(
    frame: Frame, corrections: Sequence[CorrectionFact], amounts: Sequence[Decimal], of: Decimal
) -> list[Cell]:
    """amounts: what each correction does to the line; of: the line as reported."""
    if not corrections:
        return []
    total = sum(amounts, ZERO)
    if len(corrections) > COLUMNS:
        return [Cell(total), Cell(of + total)]
    documents = [frame.links.document(f"proposal:{c.number}") for c in corrections]
    own = [Cell(amount, url if amount else "") for amount, url in zip(amounts, documents, strict=True)]
    return [*own, Cell(of + total)]


def disclosure_table(frame: Frame, corrections: Sequence[CorrectionFact]) -> Table:
    """Nature, amount, period and the effect on opening retained earnings of each correction."""
    money, date = Kind.MONEY, Kind.DATE
    us_gaap = frame.entity.framework == Framework.US_GAAP
    rule = "ASC 250-10-50-7 to 50-9" if us_gaap else "IAS 8.49"
    return Table(
        slug="corrections",
        title="Corrections of prior-period errors",
        columns=(
            Column("No."),
            Column("Nature of the error", room=3),
            Column("Event", date),
            Column("Year"),
            Column("Posted", date),
            Column(frame.heading("Before tax"), money),
            Column(frame.heading("Tax"), money),
            Column(frame.heading("Net inventory"), money),
            Column(frame.heading("Opening retained earnings"), money),
        ),
        rows=[_disclosed(frame, correction) for correction in corrections],
        note=(
            "Posted to retained earnings in an open period: the year corrected is restated, with its profit before "
            f"tax and tax, and the retained earnings with which the year after it opens ({rule}). "
            "Voided lines are taken off."
        ),
    )


def _disclosed(frame: Frame, correction: CorrectionFact) -> Row:
    nature = f"{correction.kind}, {correction.reason_label.lower()}: {correction.why}"
    return Row(
        (
            Cell(correction.number, frame.links.document(f"proposal:{correction.number}")),
            Cell(nature),
            Cell(correction.event_on),
            Cell(str(correction.year)),
            Cell(correction.posted_on),
            Cell(correction.before_tax),
            Cell(correction.tax),
            Cell(correction.inventory),
            Cell(correction.equity),
        )
    )


def loss_notes(frame: Frame, corrections: Sequence[CorrectionFact]) -> tuple[str, ...]:
    """For the register of a span that was restated: its own lines stay as reported."""
    return tuple(
        f"{c.number} corrects an error of {c.event_on.isoformat()} in this period: restated, its net loss is "
        f"{_said(frame, ZERO - c.before_tax)} more. It stands in the register of its posting date, "
        f"{c.posted_on.isoformat()}."
        for c in corrections_of(frame.span, corrections)
    )


def balance_notes(frame: Frame, corrections: Sequence[CorrectionFact]) -> tuple[str, ...]:
    """For the roll-forward of a span whose closing balance was restated."""
    return tuple(
        f"{c.number}, posted on {c.posted_on.isoformat()}, corrects an error of {c.event_on.isoformat()}: restated, "
        f"the closing carrying amount of inventory is {_said(frame, ZERO - c.inventory)} lower."
        for c in balances_of(frame.span, corrections)
    )


def _said(frame: Frame, amount: Decimal) -> str:
    return f"{frame.formats.text(amount, Kind.MONEY)} {frame.entity.currency}"
