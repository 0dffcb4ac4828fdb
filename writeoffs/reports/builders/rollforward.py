"""The roll-forwards of gross inventory and allowance as one report, each figure leading to the movements behind it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal

from writeoffs.reports.builders.base import Frame, signatures
from writeoffs.reports.builders.corrections import balance_notes
from writeoffs.reports.selectors import People, RollFacts
from writeoffs.reports.statements.restated import CorrectionFact
from writeoffs.reports.statements.rollforward import (
    ALLOWANCE_COLUMNS,
    GROSS_COLUMNS,
    RollForward,
    RollRow,
    roll_forward,
)
from writeoffs.reports.statements.spans import ADJUSTMENTS, BOTH, MONTHS
from writeoffs.reports.tables import Cell, Column, Kind, Notice, Report, Row, Table, Tile

TITLE = "Inventory and allowance roll-forward"


def rollforward_report(
    frame: Frame, *, facts: RollFacts, people: People, corrections: Sequence[CorrectionFact] = ()
) -> Report:
    gross = roll_forward(columns=GROSS_COLUMNS, names=facts.names, movements=facts.gross, gl=facts.gl_gross)
    allowance = roll_forward(
        columns=ALLOWANCE_COLUMNS, names=facts.names, movements=facts.allowance, gl=facts.gl_allowance
    )
    return Report(
        slug="rollforward",
        title=TITLE,
        lead="From opening to closing balance by class, and what the general ledger says at the end.",
        entity=frame.entity.name,
        currency=frame.entity.currency,
        locale=frame.entity.locale,
        span=frame.span.label,
        generated=frame.generated(),
        tables=(
            _table(frame, "gross", "Gross inventory", "INVENTORY", gross),
            _table(frame, "allowance", "Allowance", "INVENTORY_ALLOWANCE", allowance),
        ),
        tiles=_tiles(frame, gross, allowance),
        notices=(*frame.standing, *_notices(frame, (("Gross inventory", gross), ("Allowance", allowance)))),
        signatures=signatures(people),
        notes=(
            "The allowance is shown as a positive amount; in the ledger it stands in credit.",
            *balance_notes(frame, corrections),
        ),
    )


def _tiles(frame: Frame, gross: RollForward, allowance: RollForward) -> tuple[Tile, ...]:
    return (
        Tile(frame.heading("Gross inventory"), gross.total.closing),
        Tile(frame.heading("Allowance"), allowance.total.closing),
        Tile(frame.heading("Carrying amount"), gross.total.closing - allowance.total.closing),
        Tile(
            frame.heading("Difference to the ledger"),
            gross.total.difference - allowance.total.difference,
            tone="loss" if gross.differing or allowance.differing else "",
            note="the stock and the ledger differ" if gross.differing or allowance.differing else "the two agree",
        ),
    )


def _notices(frame: Frame, rolls: Sequence[tuple[str, RollForward]]) -> tuple[Notice, ...]:
    """One sentence for each class that does not close to the ledger; one that all is well where none."""
    text = frame.formats.text
    found = [
        Notice(
            f"{name} of {row.name}: the movements close at {text(row.closing, Kind.MONEY)} {frame.entity.currency}, "
            f"the ledger at {text(row.gl, Kind.MONEY)}; {text(row.difference, Kind.MONEY)} is unexplained. Open both "
            "figures below, and have the records proved under Audit before the period is closed.",
            "bad",
        )
        for name, roll in rolls
        for row in roll.differing
    ]
    if not found and any(roll.rows for _, roll in rolls):
        found = [Notice("Every class closes to the general ledger: the difference is nil.", "good")]
    return tuple(found)


def _table(frame: Frame, slug: str, title: str, role: str, roll: RollForward) -> Table:
    labels = ("Opening", *(column.label for column in roll.columns), "Closing", "GL balance", "Difference")
    return Table(
        slug=slug,
        title=title,
        columns=(Column("Class", room=2), *(Column(frame.heading(label), Kind.MONEY) for label in labels)),
        rows=[_row(frame, role, roll, row) for row in roll.rows],
        foot=(_row(frame, role, roll, roll.total, total=True),) if roll.rows else (),
        empty=(
            f"No movement by the end of {frame.span.label}. Upload the opening stock list first."
            if slug == "gross"
            else f"No allowance by the end of {frame.span.label}: nothing was written down under the allowance method."
        ),
    )


def _row(frame: Frame, role: str, roll: RollForward, row: RollRow, *, total: bool = False) -> Row:
    span, links, class_id = frame.span, frame.links, row.class_id

    def behind(amount: Decimal, kinds: Sequence[str], first: dt.date | None, last: dt.date, part: str) -> Cell:
        url = links.movements(starts_on=first, ends_on=last, kinds=kinds, class_id=class_id, part=part)
        return Cell(amount, url if amount else "")

    # An adjustment period opens with what its day held before it, and closes with all of the day.
    thirteen = span.part == ADJUSTMENTS
    before = (span.ends_on, MONTHS) if thirteen else (span.starts_on - dt.timedelta(days=1), BOTH)
    closing = BOTH if thirteen else span.part
    ledger = links.lines(ends_on=span.ends_on, roles=(role,), class_id=None if total else class_id or 0, part=closing)
    cells = (
        Cell(row.name),
        behind(row.opening, (), None, *before),
        *(
            behind(amount, column.kinds, span.starts_on, span.ends_on, span.part)
            for column, amount in zip(roll.columns, row.amounts, strict=True)
        ),
        behind(row.closing, (), None, span.ends_on, closing),
        Cell(row.gl, ledger if row.gl else ""),
        Cell(row.difference),
    )
    return Row(cells, "total" if total else "warn" if row.difference else "")
