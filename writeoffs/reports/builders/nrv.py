"""The NRV test (IAS 2.9, 2.28-33; ASC 330-10-35): every lot of an assessment with its price, its source and what is
required of it, and the same by category."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Sequence
from decimal import Decimal

from writeoffs.reports.assessments import NrvTotals, RunPeople
from writeoffs.reports.builders.base import Frame
from writeoffs.reports.tables import Cell, Column, Kind, LazyRows, Notice, Report, Row, Signature, Table, Tile
from writeoffs.valuation.models import Assessment, AssessmentLine

TITLE = "NRV test"


def nrv_report(
    frame: Frame,
    *,
    assessment: Assessment,
    lines: Iterable[AssessmentLine],
    totals: NrvTotals,
    by_category: Sequence[tuple[str, NrvTotals]],
    people: RunPeople,
    narrowed: str = "",
    cut: int = 0,
) -> Report:
    """lines: those shown, all or a page of them; totals and by_category: of all. cut: how many paper leaves out."""
    notes = (f"{cut:,} more lots are in the xlsx file; totals are of all.",) if cut > 0 else ()
    return Report(
        slug="nrv",
        title=TITLE,
        lead="Cost against net realisable value, lot by lot: what is required, what is carried, and the movement.",
        entity=frame.entity.name,
        currency=frame.entity.currency,
        locale=frame.entity.locale,
        span=covered(frame, assessment),
        narrowed=narrowed,
        generated=frame.generated(),
        tables=(_summary(frame, by_category, totals), _table(frame, assessment, lines, totals)),
        tiles=_tiles(frame, totals),
        notices=_notices(assessment, totals),
        signatures=signed(people),
        notes=(*notes, *assessment.assumptions),
    )


def covered(frame: Frame, assessment: Assessment) -> str:
    """ "AS-2026-0001, 31 Mar 2026, leading basis"."""
    day = frame.formats.text(assessment.as_of, Kind.DATE)
    return f"{assessment.number}, {day}, {str(assessment.get_basis_display()).lower()} basis"


def signed(people: RunPeople) -> tuple[Signature, ...]:
    return (
        Signature("Prepared by", people.prepared),
        Signature("Overridden by", people.overrode),
        Signature("Approved by", people.approved),
    )


def _notices(assessment: Assessment, totals: NrvTotals) -> tuple[Notice, ...]:
    found = []
    if totals.untested:
        found.append(
            Notice(f"{totals.untested:,} of {totals.lines:,} lots are untested: nothing says what they fetch.")
        )
    if assessment.status == Assessment.Status.DONE:
        found.append(Notice(f"Nothing of {assessment} has been proposed yet; its movements are not in the books."))
    return tuple(found)


def _tiles(frame: Frame, totals: NrvTotals) -> tuple[Tile, ...]:
    count = frame.formats.text(totals.lines, Kind.COUNT)
    return (
        Tile(frame.heading("Cost"), totals.cost, note=f"{count} lots"),
        Tile(frame.heading("Required allowance"), totals.required),
        Tile(frame.heading("Carried"), totals.carried),
        Tile(
            frame.heading("Movement"),
            totals.movement,
            tone="loss" if totals.movement > 0 else "gain" if totals.movement < 0 else "",
            note="required less carried",
        ),
        Tile(frame.heading("Lower value"), totals.lower, note="cost less required"),
    )


def _summary(frame: Frame, rows: Sequence[tuple[str, NrvTotals]], totals: NrvTotals) -> Table:
    headings = ("Cost", "NRV of tested lots", "Lower value", "Required", "Carried", "Movement")
    return Table(
        slug="by_category",
        title="By category",
        columns=(
            Column("Category", room=2),
            Column("Lots", Kind.COUNT),
            Column("Untested", Kind.COUNT),
            *(Column(frame.heading(words), Kind.MONEY) for words in headings),
        ),
        rows=[Row((Cell(name), *_figures(each))) for name, each in rows],
        foot=(Row((Cell("Total"), *_figures(totals)), "total"),),
        empty="The assessment holds no lot.",
    )


def _figures(totals: NrvTotals) -> tuple[Cell, ...]:
    return (
        Cell(totals.lines),
        Cell(totals.untested),
        *map(Cell, (totals.cost, totals.fetches, totals.lower, totals.required, totals.carried, totals.movement)),
    )


def _columns(frame: Frame, *, market: bool) -> tuple[Column, ...]:
    money, unit, heading = Kind.MONEY, Kind.UNIT_COST, frame.heading
    return (
        Column("Item", room=2),
        Column("Lot", room=1),
        Column("Group", room=1),
        Column("Qty", Kind.QUANTITY),
        Column(heading("Cost"), money),
        Column("Price", unit),
        Column("Price in"),
        Column("Price source", room=2),
        Column("Price from", Kind.DATE),
        Column("Completion", unit),
        Column("Selling cost", unit),
        Column(heading("NRV per unit"), unit),
        Column("Contract qty", Kind.QUANTITY),
        Column(heading("Contract value"), money),
        *((Column("Replacement", unit), Column("Ceiling", unit), Column("Floor", unit)) if market else ()),
        *((Column(heading("Market per unit"), unit),) if market else ()),
        Column("Level"),
        Column("Governs", room=1),
        Column(heading("Lower value"), money),
        Column(heading("Required"), money),
        Column(heading("Carried"), money),
        Column(heading("Movement"), money),
        Column("Remark", room=2),
    )


def _table(frame: Frame, assessment: Assessment, lines: Iterable[AssessmentLine], totals: NrvTotals) -> Table:
    market = bool(totals.markets)
    make = functools.partial(_row, frame, assessment, market)
    rows: Sequence[Row] = (
        [make(line) for line in lines] if isinstance(lines, list) else LazyRows(lines, make, totals.lines)
    )
    gap = 15 + (4 if market else 0)
    foot = (
        *(Cell("Total"), Cell(), Cell(), Cell(), Cell(totals.cost)),
        *(Cell() for _ in range(gap - 4)),
        *map(Cell, (totals.lower, totals.required, totals.carried, totals.movement)),
        Cell(),
    )
    return Table(
        slug="nrv",
        title="Lots",
        columns=_columns(frame, market=market),
        rows=rows,
        foot=(Row(foot, "total"),),
        note="Lower value = cost less required. Movement = required less carried: above nil a write-down, below nil a "
        "reversal. Prices and their costs stand in the currency that they were given in.",
        empty="No lot fits. Choose another assessment, or take a condition away.",
    )


def _row(frame: Frame, assessment: Assessment, market: bool, line: AssessmentLine) -> Row:
    price, lot = line.price, line.lot
    shown = (price.selling_price if price.nrv is None else price.nrv) if price is not None else None
    lower: Decimal = line.cost - line.governing
    page = frame.links.assessment_line(assessment.number, line.pk)
    costs = (price.cost_to_complete, price.cost_to_sell) if price is not None else (None, None)
    return Row(
        (
            Cell(f"{lot.item.sku} {lot.item.description}".strip(), page),
            Cell(f"{lot.code or '–'} {lot.location.code}", frame.links.lot(lot.pk)),
            Cell(lot.item.category.name),
            Cell(line.quantity),
            Cell(line.cost),
            Cell(shown),
            Cell(price.currency if price is not None else ""),
            Cell(price.source if price is not None else ""),
            Cell(price.as_of if price is not None else None),
            *map(Cell, costs),
            Cell(line.nrv_unit),
            Cell(line.contract_quantity or None),
            Cell(line.contract_value),
            *(_market(frame, line) if market else ()),
            Cell(str(line.get_level_display())),
            Cell(str(line.get_governs_display())),
            Cell(lower),
            Cell(line.governing, page),
            Cell(line.carried),
            Cell(line.movement),
            Cell(_remark(line)),
        )
    )


def _market(frame: Frame, line: AssessmentLine) -> tuple[Cell, ...]:
    """Replacement cost, ceiling (NRV) and floor (NRV less a normal profit), as far as they stand in our currency."""
    price = line.price
    if price is None or price.currency != frame.entity.currency:
        return Cell(), Cell(line.nrv_unit), Cell(), Cell(line.market_unit)
    floor = None
    if line.nrv_unit is not None and price.normal_profit is not None:
        floor = line.nrv_unit - price.normal_profit
    return Cell(price.replacement_cost), Cell(line.nrv_unit), Cell(floor), Cell(line.market_unit)


def _remark(line: AssessmentLine) -> str:
    said = []
    if line.override is not None:
        said.append(f"Overridden: {line.override_reason}")
    if line.outcome != AssessmentLine.Outcome.TESTED:
        said.append(str(line.get_outcome_display()))
    return "; ".join(filter(None, (*said, line.flag)))
