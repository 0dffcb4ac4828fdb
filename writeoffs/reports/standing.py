"""What a reader has to know of the periods behind a report: that they may still change, and that they were re-opened.

Invariant: a re-opening stands on every later report whose days touch the period, for good; "provisional" stands there
only while a period of the report can still take entries.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import Q

from core.models import ChangeRequest, Entity
from writeoffs.ledger.models import FiscalPeriod
from writeoffs.ledger.periods import REOPEN
from writeoffs.reports.statements.spans import ADJUSTMENT, ADJUSTMENTS, MONTHS, Span, date_text
from writeoffs.reports.tables import Notice

# So many periods are named; of more, the first and how many.
NAMED = 3


def standing_notices(*, entity: Entity, spans: Sequence[Span | None]) -> tuple[Notice, ...]:
    """Of every period that one of the spans touches. Two queries."""
    touched = Q(pk=None)
    for span in filter(None, spans):
        touched |= _touched(span)
    periods = list(FiscalPeriod.objects.filter(touched, entity=entity).order_by("starts_on", "number"))
    provisional = _provisional([p for p in periods if p.status != FiscalPeriod.Status.CLOSED])
    return (*([Notice(provisional)] if provisional else []), *map(Notice, _reopened(entity, periods)))


def _touched(span: Span) -> Q:
    days = Q(starts_on__lte=span.ends_on, ends_on__gte=span.starts_on)
    if span.part == MONTHS:
        return days & Q(number__lt=ADJUSTMENT)
    return days & Q(number=ADJUSTMENT) if span.part == ADJUSTMENTS else days


def _provisional(unclosed: Sequence[FiscalPeriod]) -> str:
    if not unclosed:
        return ""
    if len(unclosed) > NAMED:
        first = f"{unclosed[0]} is the first ({unclosed[0].get_status_display().lower()})"
        return f"Provisional: {len(unclosed)} periods of this report are not closed; {first}."
    *others, last = (f"{p} ({p.get_status_display().lower()})" for p in unclosed)
    named = f"{', '.join(others)} and {last}" if others else last
    return f"Provisional: {named} {'is' if len(unclosed) == 1 else 'are'} not closed, so the figures can still change."


def _reopened(entity: Entity, periods: Sequence[FiscalPeriod]) -> list[str]:
    of = {f"period:{period.code}": period for period in periods}
    decided = (
        ChangeRequest.objects.filter(entity=entity, kind=REOPEN, status=ChangeRequest.Status.APPROVED, subject__in=of)
        .select_related("requested_by", "decided_by")
        .order_by("decided_at", "pk")
    )
    return [_said(entity, of[change.subject], change) for change in decided]


def _said(entity: Entity, period: FiscalPeriod, change: ChangeRequest) -> str:
    day = date_text(entity.local_date(change.decided_at), entity.locale)
    said = f"{period} was re-opened on {day} by {change.requested_by} and {change.decided_by}: {change.reason.strip()}"
    return said if said.endswith((".", "!", "?")) else f"{said}."
