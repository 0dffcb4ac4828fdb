"""Losses by month and reason: the chart and the table that says the same in figures."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from core.money import display
from writeoffs.ledger.roles import LOSS_ROLES
from writeoffs.reports.builders.base import Frame
from writeoffs.reports.chart import PAPER_STYLE, Chart, Series, stacked_columns
from writeoffs.reports.selectors import REASON_LABELS, REASONS
from writeoffs.reports.statements.losses import LossTable
from writeoffs.reports.statements.spans import PeriodFact
from writeoffs.reports.tables import Cell, Column, Kind, Row, Table

TITLE = "Losses by month and reason"


@dataclass(frozen=True, slots=True)
class Drawn:
    """The SVG for the screen, for paper (with its own style), and the sentence that says what it shows."""

    screen: str
    paper: str
    description: str


def loss_chart(frame: Frame, losses: LossTable, labels: Sequence[str], key: str = "losses") -> Drawn:
    """labels: of the months, short enough for the axis."""
    description = _description(frame, losses, labels)
    chart = Chart(
        key=key,
        title=f"{TITLE}, {frame.entity.currency}",
        description=description,
        columns=tuple(labels),
        series=tuple(
            Series(REASON_LABELS[reason], min(REASONS.index(reason) + 1, 9), tuple(row[n] for row in losses.values))
            for n, reason in enumerate(losses.reasons)
        ),
        empty="No loss was posted in these months.",
    )

    def text(amount: Decimal) -> str:
        return frame.formats.text(amount, Kind.MONEY)

    short = functools.partial(_short, frame.entity.locale)
    return Drawn(
        stacked_columns(chart, text=text, short=short),
        stacked_columns(chart, text=text, short=short, style=PAPER_STYLE),
        description,
    )


def _short(locale: str, amount: Decimal) -> str:
    return display(amount, 0, locale)


def _description(frame: Frame, losses: LossTable, labels: Sequence[str]) -> str:
    """What a reader who does not see the chart should know of it."""
    if not losses.reasons:
        return "No loss was posted in these months."
    text = frame.formats.text
    top = max(range(len(labels)), key=lambda n: losses.by_month[n])
    most = max(range(len(losses.reasons)), key=lambda n: losses.by_reason[n])
    return (
        f"{len(labels)} months from {labels[0]} to {labels[-1]}: losses of {text(losses.total, Kind.MONEY)} "
        f"{frame.entity.currency} in all, most in {labels[top]} ({text(losses.by_month[top], Kind.MONEY)}), "
        f"mostly {REASON_LABELS[losses.reasons[most]].lower()} ({text(losses.by_reason[most], Kind.MONEY)})."
    )


def losses_table(frame: Frame, losses: LossTable, labels: Sequence[str], months: Sequence[PeriodFact]) -> Table:
    """The chart's figures: a row for each month, each leading to the lines behind it."""
    roles = sorted(LOSS_ROLES)

    def cell(value: Decimal, first: PeriodFact, last: PeriodFact, reason: str = "") -> Cell:
        url = frame.links.lines(
            starts_on=first.starts_on, ends_on=last.ends_on, roles=roles, origin="OWN", reason=reason
        )
        return Cell(value, url if value else "")

    reasons = [Column(frame.heading(REASON_LABELS[reason]), Kind.MONEY) for reason in losses.reasons]
    rows = [
        Row(
            (
                Cell(label),
                *(cell(v, month, month, reason) for reason, v in zip(losses.reasons, values, strict=True)),
                cell(total, month, month),
            )
        )
        for label, month, values, total in zip(labels, months, losses.values, losses.by_month, strict=True)
    ]
    sums = zip(losses.reasons, losses.by_reason, strict=True)
    whole = [cell(value, months[0], months[-1], reason) for reason, value in sums]
    foot = Row((Cell("Total"), *whole, cell(losses.total, months[0], months[-1])), "total")
    return Table(
        slug="losses",
        title=TITLE,
        columns=(Column("Month"), *reasons, Column(frame.heading("Total"), Kind.MONEY)),
        rows=rows,
        foot=(foot,),
        note="Losses +, gains and voids in parentheses.",
    )
