"""Margin from stock written down before, item by item: how much of the margin earlier periods have borne."""

from __future__ import annotations

from collections.abc import Sequence

from writeoffs.reports.builders.base import Frame, signatures
from writeoffs.reports.selectors import People
from writeoffs.reports.statements.margin import MarginLine, margin_total
from writeoffs.reports.tables import Cell, Column, Kind, Notice, Report, Row, Table, Tile

TITLE = "Margin from stock written down before"


def margin_report(frame: Frame, *, lines: Sequence[MarginLine], people: People, cut: int = 0) -> Report:
    """lines: all of them. cut: how many the table shows at most, 0 for all; totals are of all."""
    total = margin_total(lines)
    shown = lines[:cut] if cut else lines
    left = len(lines) - len(shown)
    return Report(
        slug="margin",
        title=TITLE,
        lead="What was sold of stock written down before, and how much of its margin earlier periods have borne.",
        entity=frame.entity.name,
        currency=frame.entity.currency,
        locale=frame.entity.locale,
        span=frame.span.label,
        generated=frame.generated(),
        tables=(_table(frame, shown, total),),
        tiles=(
            Tile(frame.heading("Revenue"), total.revenue),
            Tile(frame.heading("Cost of sales"), total.cogs),
            Tile(frame.heading("Margin"), total.margin),
            Tile(
                frame.heading("of it from write-downs before"),
                total.benefit,
                note="cost of sales would have been higher by this",
            ),
        ),
        notices=(*frame.standing, *_without_revenue(total)),
        signatures=signatures(people),
        notes=(
            "Original cost is before any write-down; cost of sales is what the goods carried when they were sold "
            "(IAS 2.34). The margin benefit is the write-down that left with them.",
            *((f"{left:,} more items are in the xlsx file; totals are of all.",) if left else ()),
        ),
    )


def _without_revenue(total: MarginLine) -> tuple[Notice, ...]:
    if not total.without:
        return ()
    what = "sale has" if total.without == 1 else "sales have"
    return (
        Notice(
            f"{total.without:,} {what} no revenue: the ERP's movements sheet gave none, or a person explained the fall "
            "of a stock list. They are in cost and benefit, and left out of the margin."
        ),
    )


def _table(frame: Frame, lines: Sequence[MarginLine], total: MarginLine) -> Table:
    money = ("Revenue", "Original cost", "Allowance released", "Cost of sales", "Margin", "Margin benefit")
    return Table(
        slug="margin",
        title=TITLE,
        columns=(
            Column("Item"),
            Column("Description", room=2),
            Column("Qty", Kind.QUANTITY),
            *(Column(frame.heading(name), Kind.MONEY) for name in money),
        ),
        rows=[_row(line) for line in lines],
        foot=(_row(total, name="Total"),) if lines else (),
        empty=f"Nothing that had been written down was sold in {frame.span.label}. Sales come by the ERP's movements "
        "sheet.",
    )


def _row(line: MarginLine, name: str = "") -> Row:
    return Row(
        (
            Cell(name or line.sku),
            Cell(line.description),
            Cell(line.quantity),
            *(
                Cell(amount)
                for amount in (line.revenue, line.original_cost, line.released, line.cogs, line.margin, line.benefit)
            ),
        ),
        "total" if name else "",
    )
