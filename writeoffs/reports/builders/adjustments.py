"""The adjustment of another basis of valuation: what group or tax books carry beyond ours, by category and lot, each by
fiscal year of the charge. It is reported, never posted."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping, Sequence

from writeoffs.reports.adjustments import Adjustment, adjustment_of, total_of
from writeoffs.reports.assessments import RunPeople
from writeoffs.reports.builders.base import Frame
from writeoffs.reports.builders.nrv import covered, signed
from writeoffs.reports.tables import Cell, Column, Kind, LazyRows, Notice, Report, Row, Table, Tile
from writeoffs.valuation.models import Assessment, AssessmentLine

TITLE = "Adjustments of other bases"


def adjustments_report(
    frame: Frame,
    *,
    assessment: Assessment,
    lines: Iterable[AssessmentLine],
    count: int,
    by_category: Sequence[Adjustment],
    differences: Mapping[int, Mapping[int, int]],
    people: RunPeople,
    narrowed: str = "",
    cut: int = 0,
) -> Report:
    """lines: those shown; by_category: of all. differences: lot -> fiscal year of the charge -> raw."""
    total = total_of(by_category)
    years = sorted(total.by_year)
    basis = str(assessment.get_basis_display()).lower()
    return Report(
        slug="adjustments",
        title=TITLE,
        lead=f"What the {basis} basis carries beyond the books. It is never posted.",
        entity=frame.entity.name,
        currency=frame.entity.currency,
        locale=frame.entity.locale,
        span=covered(frame, assessment),
        narrowed=narrowed,
        generated=frame.generated(),
        tables=(
            _by_category(frame, basis, by_category, total, years),
            _lots(frame, assessment, lines, count, total, differences, years),
        ),
        tiles=(
            Tile(frame.heading("Carried in the books"), total.leading),
            Tile(frame.heading(f"Required under the {basis} basis"), total.basis),
            Tile(frame.heading("Difference"), total.difference, note=f"{basis} less books"),
        ),
        notices=_notices(assessment),
        signatures=signed(people),
        notes=((f"{cut:,} more lots are in the xlsx file; totals are of all.",) if cut > 0 else ()),
    )


def _notices(assessment: Assessment) -> tuple[Notice, ...]:
    if assessment.status == Assessment.Status.RECORDED:
        return (Notice(f"{assessment} is recorded; its charges by fiscal year stand.", "good"),)
    return (Notice(f"{assessment} is not recorded yet: the fiscal years are those that recording it now would give."),)


def _headings(frame: Frame, basis: str, years: Sequence[int]) -> tuple[Column, ...]:
    words = ("Cost", "Books", basis.capitalize(), "Difference", *(f"of charges of {year}" for year in years))
    return tuple(Column(frame.heading(each), Kind.MONEY) for each in words)


def _figures(row: Adjustment, years: Sequence[int]) -> tuple[Cell, ...]:
    return (
        *map(Cell, (row.cost, row.leading, row.basis, row.difference)),
        *(Cell(row.by_year.get(year)) for year in years),
    )


def _by_category(
    frame: Frame, basis: str, rows: Sequence[Adjustment], total: Adjustment, years: Sequence[int]
) -> Table:
    return Table(
        slug="by_category",
        title="By category",
        columns=(Column("Category", room=2), Column("Lots", Kind.COUNT), *_headings(frame, basis, years)),
        rows=[Row((Cell(row.name), Cell(row.lots), *_figures(row, years))) for row in rows],
        foot=(Row((Cell("Total"), Cell(total.lots), *_figures(total, years)), "total"),),
        note="Above nil the basis carries a larger write-down than the books.",
        empty="The assessment values no lot.",
    )


def _lots(
    frame: Frame,
    assessment: Assessment,
    lines: Iterable[AssessmentLine],
    count: int,
    total: Adjustment,
    differences: Mapping[int, Mapping[int, int]],
    years: Sequence[int],
) -> Table:
    make = functools.partial(_row, frame, assessment, differences, years)
    rows: Sequence[Row] = [make(line) for line in lines] if isinstance(lines, list) else LazyRows(lines, make, count)
    basis = str(assessment.get_basis_display()).lower()
    return Table(
        slug="lots",
        title="Lots",
        columns=(
            Column("Item", room=2),
            Column("Lot", room=1),
            Column("Location"),
            Column("Category", room=1),
            *_headings(frame, basis, years),
        ),
        rows=rows,
        foot=(Row((Cell("Total"), Cell(), Cell(), Cell(), *_figures(total, years)), "total"),),
        empty="No lot fits. Choose another assessment, or take a condition away.",
    )


def _row(
    frame: Frame,
    assessment: Assessment,
    differences: Mapping[int, Mapping[int, int]],
    years: Sequence[int],
    line: AssessmentLine,
) -> Row:
    lot, page = line.lot, frame.links.assessment_line(assessment.number, line.pk)
    row = adjustment_of(line, differences)
    return Row(
        (
            Cell(row.name, page),
            Cell(lot.code or "–", frame.links.lot(lot.pk)),
            Cell(lot.location.code),
            Cell(lot.item.category.name),
            *_figures(row, years),
        )
    )
