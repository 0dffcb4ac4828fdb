"""The back-test as a report: by category, and the lots that were missed the most."""

from __future__ import annotations

import datetime as dt

from writeoffs.reports.builders.base import Frame
from writeoffs.reports.builders.nrv import covered
from writeoffs.reports.statements.back_test import BackTest, TestRow
from writeoffs.reports.tables import Cell, Column, Kind, Report, Row, Table, Tile
from writeoffs.valuation.models import Assessment

TITLE = "Back-test of NRV estimates"
LOTS = 200


def back_test_report(
    frame: Frame, *, assessment: Assessment, test: BackTest, until: dt.date, narrowed: str = ""
) -> Report:
    """until: up to which day what was fetched is counted."""
    return Report(
        slug="back_test",
        title=TITLE,
        lead="What a run estimated of the units that have gone since, against what they fetched.",
        entity=frame.entity.name,
        currency=frame.entity.currency,
        locale=frame.entity.locale,
        span=f"{covered(frame, assessment)}, fetched until {frame.formats.text(until, Kind.DATE)}",
        narrowed=narrowed,
        generated=frame.generated(),
        tables=(_categories(frame, test), _lots(frame, test)),
        tiles=(
            Tile(frame.heading("Estimated"), test.total.estimated, note=f"{test.total.lots:,} lots"),
            Tile(frame.heading("Fetched"), test.total.fetched),
            Tile(
                frame.heading("Error"),
                test.total.error,
                tone="loss" if test.total.error < 0 else "gain" if test.total.error > 0 else "",
                note=f"the estimates were {test.total.bias}" if test.total.error else "no bias",
            ),
        ),
        notes=(
            "Estimated = NRV per unit of the run x units gone since. Fetched = revenue of their sales less the costs "
            "to complete and to sell of the run's own price, and scrap proceeds less disposal cost. Sales count where "
            "a movements sheet gives their revenue.",
        ),
    )


def _columns(frame: Frame, first: str) -> tuple[Column, ...]:
    return (
        Column(first, room=2),
        Column("Lots", Kind.COUNT),
        Column("Units gone", Kind.QUANTITY),
        *(Column(frame.heading(words), Kind.MONEY) for words in ("Estimated", "Fetched", "Error")),
        Column("Error, %", Kind.PERCENT),
        Column("Missed, %", Kind.PERCENT),
        Column("Estimates were"),
    )


def _row(row: TestRow, style: str = "", url: str = "") -> Row:
    return Row(
        (
            Cell(row.name, url),
            Cell(row.lots),
            Cell(row.units),
            *map(Cell, (row.estimated, row.fetched, row.error, row.percent, row.missed_percent)),
            Cell(row.bias),
        ),
        style,
    )


def _categories(frame: Frame, test: BackTest) -> Table:
    return Table(
        slug="by_category",
        title="By category",
        columns=_columns(frame, "Category"),
        rows=[_row(row) for row in test.categories],
        foot=(_row(test.total, "total"),) if test.categories else (),
        note="Error % is the bias: what too high and too low leave together. Missed % takes each lot without its sign.",
        empty="Nothing that this run valued has gone since, as far as movements sheets give revenue.",
    )


def _lots(frame: Frame, test: BackTest) -> Table:
    shown = test.lots[:LOTS]
    return Table(
        slug="lots",
        title="Lots missed the most",
        columns=_columns(frame, "Lot"),
        rows=[_row(row, url=frame.links.lot(row.lot_id)) for row in shown],
        note=f"The first {LOTS} of {len(test.lots):,} lots." if len(test.lots) > LOTS else "",
        empty="No lot has gone since.",
    )
