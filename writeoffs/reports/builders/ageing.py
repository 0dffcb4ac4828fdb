"""Ageing and excess (IAS 2.28; ASC 330-10-35): what each item holds by age, the rates of the matrix, the demand of
twelve months and what lies beyond it."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from writeoffs.reports.ageing import AgeTotals, ItemAge, type_band
from writeoffs.reports.assessments import RunPeople
from writeoffs.reports.builders.base import Frame
from writeoffs.reports.builders.nrv import covered, signed
from writeoffs.reports.tables import Cell, Column, Kind, LazyRows, Notice, Report, Row, Table, Tile
from writeoffs.valuation.models import Assessment, ValuationPolicy

TITLE = "Ageing and excess"


def ageing_report(
    frame: Frame,
    *,
    assessment: Assessment,
    items: Iterable[ItemAge],
    totals: AgeTotals,
    bands: Sequence[type_band],
    rates: Mapping[type_band, set[Decimal]],
    policies: Sequence[ValuationPolicy],
    people: RunPeople,
    narrowed: str = "",
    cut: int = 0,
) -> Report:
    """items: those shown, all or a page of them; totals: of all. bands: the columns; rates: those of each band."""
    return Report(
        slug="ageing",
        title=TITLE,
        lead="What each item holds by age, what the matrix takes off it, and what lies beyond its demand.",
        entity=frame.entity.name,
        currency=frame.entity.currency,
        locale=frame.entity.locale,
        span=covered(frame, assessment),
        narrowed=narrowed,
        generated=frame.generated(),
        tables=(_table(frame, items, totals, bands, rates), _policies(frame, policies)),
        tiles=(
            Tile(frame.heading("Cost"), totals.cost, note=f"{totals.items:,} items"),
            Tile(frame.heading("Ageing need"), totals.ageing_need),
            Tile(frame.heading("Excess need"), totals.excess_need),
            Tile(frame.heading("Allowance carried"), totals.carried),
        ),
        notices=() if bands else (Notice("No ageing matrix was in force, so nothing is judged by its age."),),
        signatures=signed(people),
        notes=(
            *((f"{cut:,} more items are in the xlsx file; totals are of all.",) if cut > 0 else ()),
            "The larger of ageing and excess need governs where no price says what the lot fetches; where one does, "
            "that price governs. The NRV test says which.",
        ),
    )


def band_said(band: type_band) -> str:
    """ "0–180", "366 and more", "Age unknown"."""
    if band is None:
        return "Age unknown"
    first, last = band
    return f"{first:,}–{last:,} days" if last is not None else f"{first:,} days and more"


def _percent(rate: Decimal) -> str:
    return f"{(rate * 100).normalize():f} %"


def _columns(frame: Frame, bands: Sequence[type_band], rates: Mapping[type_band, set[Decimal]]) -> tuple[Column, ...]:
    aged = []
    for band in bands:
        own = rates.get(band, set())
        # Policies of several categories may take other rates; those stand in the table below then.
        rate = f" ({_percent(next(iter(own)))})" if len(own) == 1 else ""
        aged += [
            Column(f"{band_said(band)}, qty", Kind.QUANTITY),
            Column(f"{band_said(band)}{rate}, {frame.entity.currency}", Kind.MONEY),
        ]
    return (
        Column("Item", room=2),
        Column("Qty", Kind.QUANTITY),
        Column(frame.heading("Cost"), Kind.MONEY),
        *aged,
        Column(frame.heading("Ageing need"), Kind.MONEY),
        Column("12-month demand", Kind.QUANTITY),
        Column("Months on hand", Kind.RATIO),
        Column("Excess qty", Kind.QUANTITY),
        Column(frame.heading("Excess need"), Kind.MONEY),
        Column(frame.heading("Allowance"), Kind.MONEY),
        Column("Last receipt", Kind.DATE),
        Column("Last issue", Kind.DATE),
    )


def _table(
    frame: Frame,
    items: Iterable[ItemAge],
    totals: AgeTotals,
    bands: Sequence[type_band],
    rates: Mapping[type_band, set[Decimal]],
) -> Table:
    make = functools.partial(_row, bands)
    rows: Sequence[Row] = (
        [make(item) for item in items] if isinstance(items, list) else LazyRows(items, make, totals.items)
    )
    foot = (
        Cell("Total"),
        Cell(),
        Cell(totals.cost),
        *(cell for band in bands for cell in _bucket(totals.buckets, band)),
        Cell(totals.ageing_need),
        *(Cell(), Cell(), Cell()),
        Cell(totals.excess_need),
        Cell(totals.carried),
        *(Cell(), Cell()),
    )
    return Table(
        slug="ageing",
        title=TITLE,
        columns=_columns(frame, bands, rates),
        rows=rows,
        foot=(Row(foot, "total"),),
        note="Ageing need = cost x rate of its band. Excess = units beyond the demand of the policy's months.",
        empty="No item fits. Choose another assessment, or take a condition away.",
    )


def _bucket(buckets: Mapping[type_band, tuple[Decimal, Decimal]], band: type_band) -> tuple[Cell, Cell]:
    quantity, cost = buckets.get(band, (None, None))
    return Cell(quantity), Cell(cost)


def _row(bands: Sequence[type_band], item: ItemAge) -> Row:
    return Row(
        (
            Cell(f"{item.sku} {item.description}".strip()),
            Cell(item.quantity),
            Cell(item.cost),
            *(cell for band in bands for cell in _bucket(item.buckets, band)),
            Cell(item.ageing_need),
            Cell(item.demand),
            Cell(item.months_on_hand),
            Cell(item.excess_quantity),
            Cell(item.excess_need),
            Cell(item.carried),
            Cell(item.last_receipt),
            Cell(item.last_issue),
        )
    )


def _policies(frame: Frame, policies: Sequence[ValuationPolicy]) -> Table:
    """How it was judged: the matrix and the months of each policy that the run followed, and who decided on it."""
    return Table(
        slug="policies",
        title="Policies followed",
        columns=(
            Column("For", room=1),
            Column("Valid from", Kind.DATE),
            Column("Ageing matrix", room=3),
            Column("Excess beyond, months", Kind.COUNT),
            Column("Demand over, months", Kind.COUNT),
            Column("Why", room=2),
            Column("Decided by", room=1),
        ),
        rows=[
            Row(
                (
                    Cell(policy.category.name if policy.category is not None else "All stock"),
                    Cell(policy.starts_on),
                    Cell(
                        "; ".join(
                            f"{band_said((band.from_days, band.to_days))}: {_percent(band.rate)}"
                            for band in policy.bands.all()
                        )
                        or "none"
                    ),
                    Cell(policy.excess_months),
                    Cell(policy.demand_months),
                    Cell(policy.reason),
                    Cell(str(policy.decided_by)),
                )
            )
            for policy in policies
        ],
        empty="No policy was in force: nothing is judged by age or demand. Set one under Valuation.",
    )
