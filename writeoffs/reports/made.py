"""Each report from its facts to its cells: the one way to it, for the pages and for the pack that a close freezes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from babel.dates import format_skeleton

from writeoffs.reports import correcting, selectors
from writeoffs.reports.builders.base import Frame
from writeoffs.reports.builders.corrections import loss_notes
from writeoffs.reports.builders.impact import impact_report
from writeoffs.reports.builders.register import register_report
from writeoffs.reports.builders.rollforward import rollforward_report
from writeoffs.reports.charges import charges_posted
from writeoffs.reports.erp import balance_of_span, erp_statements
from writeoffs.reports.present import PAPER_LINES
from writeoffs.reports.standing import standing_notices
from writeoffs.reports.statements.impact import impact_statement
from writeoffs.reports.statements.losses import LossTable, loss_table
from writeoffs.reports.statements.register import RegisterLine
from writeoffs.reports.statements.restated import corrections_of
from writeoffs.reports.statements.spans import PeriodFact, months_until, range_span
from writeoffs.reports.tables import Report
from writeoffs.valuation.tax_rules import policy_at


def register_of(
    frame: Frame,
    lines: selectors.RegisterLines,
    *,
    page: list[RegisterLine] | None = None,
    narrowed: str = "",
    paper: bool = False,
) -> Report:
    """page: the lines to show, all of them where it is None; paper: as many as paper takes, and a note says so."""
    shown = page if page is not None else lines[0:PAPER_LINES] if paper else lines
    notes = loss_notes(frame, correcting.corrections_all(entity=frame.entity))
    if paper and len(lines) > PAPER_LINES:
        kept = f"The first {PAPER_LINES:,} of {len(lines):,} lines are shown"
        notes += (f"{kept}; the xlsx file has all; totals are of all.",)
    return register_report(
        frame,
        lines=shown,
        totals=lines.totals,
        people=selectors.people_behind(entity=frame.entity, span=frame.span),
        narrowed=narrowed,
        notes=notes,
        charges=charges_posted(entity=frame.entity, span=frame.span, narrow=lines.narrow),
    )


def rollforward_of(frame: Frame) -> Report:
    return rollforward_report(
        frame,
        facts=selectors.roll_facts(entity=frame.entity, span=frame.span),
        people=selectors.people_behind(entity=frame.entity, span=frame.span),
        corrections=correcting.corrections_all(entity=frame.entity),
    )


def impact_of(frame: Frame, periods: Sequence[PeriodFact], *, number: str = "", with_chart: bool = True) -> Report:
    """number: of the one document that is shown instead of the days."""
    entity, source_ref = frame.entity, f"proposal:{number}" if number else None
    current = selectors.accounts_summed(entity=entity, span=frame.span, source_ref=source_ref)
    prior = None
    if frame.compared and not number:
        prior = selectors.accounts_summed(entity=entity, span=frame.compared)
    policy = policy_at(entity=entity, day=frame.span.ends_on)
    chosen = losses_of(frame, periods) if with_chart and not number else None
    balance = balance_of_span(entity=entity, span=frame.span) if with_chart and not number else None
    corrections = [] if number else correcting.corrections_all(entity=entity)
    erp = erp_statements(balance=balance, policy=policy) if balance else None
    if erp:
        # The statements before and after cover the days of the trial balance, which may begin earlier.
        covered = range_span(erp.starts_on, erp.ends_on, entity.locale)
        more = standing_notices(entity=entity, spans=[frame.span, frame.compared, covered])
        frame = replace(frame, standing=more)
    return impact_report(
        frame,
        statement=impact_statement(
            current=current,
            prior=prior,
            policy=policy,
            corrections=corrections_of(frame.span, corrections),
            prior_corrections=corrections_of(frame.compared, corrections),
        ),
        corrections=corrections,
        people=selectors.people_behind(entity=entity, span=frame.span, source_ref=source_ref),
        losses=chosen[0] if chosen else None,
        month_labels=chosen[1] if chosen else (),
        months=chosen[2] if chosen else (),
        number=number,
        erp=erp,
    )


def losses_of(frame: Frame, periods: Sequence[PeriodFact]) -> tuple[LossTable, list[str], list[PeriodFact]]:
    """The chart's table, the labels of its months, and the months."""
    months = months_until(frame.span, periods)
    facts = selectors.losses_by_month(entity=frame.entity, months=months)
    table = loss_table(facts, months=[p.code for p in months], reasons=selectors.REASONS)
    labels = [format_skeleton("yyMMM", p.starts_on, locale=frame.entity.locale) for p in months]
    return table, labels, months
