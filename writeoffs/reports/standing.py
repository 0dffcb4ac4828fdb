"""What a reader has to know of the periods behind a report: that they may still change, and that they were re-opened.

Invariant: a re-opening stands on every later report whose days touch the period, for good; "provisional" stands there
only while a period of the report can still take entries.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from django.db.models import Q

from core.models import ChangeRequest, Entity
from core.sentences import ended
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
    return _notices(entity, list(FiscalPeriod.objects.filter(touched, entity=entity).order_by("starts_on", "number")))


def standing_of(*, entity: Entity, period: FiscalPeriod) -> tuple[Notice, ...]:
    """Of one period. One query."""
    return _notices(entity, [period])


def standing_of_group(*, members: Sequence[Entity], span: Span) -> tuple[Notice, ...]:
    """Of every company of a group, each under its name. Two queries, however many companies there are."""
    found = FiscalPeriod.objects.filter(_touched(span), entity__in=members).order_by("starts_on", "number")
    of_entity: defaultdict[int, list[FiscalPeriod]] = defaultdict(list)
    for period in found:
        of_entity[period.entity_id].append(period)
    reopened = _reopened(of_entity)
    return tuple(
        Notice(f"{entity}: {said}")
        for entity in members
        for said in _sentences(entity, of_entity[entity.pk], reopened[entity.pk])
    )


def _notices(entity: Entity, periods: Sequence[FiscalPeriod]) -> tuple[Notice, ...]:
    reopened = _reopened({entity.pk: periods})[entity.pk]
    return tuple(map(Notice, _sentences(entity, periods, reopened)))


def _sentences(
    entity: Entity, periods: Sequence[FiscalPeriod], reopened: Sequence[tuple[FiscalPeriod, ChangeRequest]]
) -> list[str]:
    provisional = _provisional([p for p in periods if p.status != FiscalPeriod.Status.CLOSED])
    return [*([provisional] if provisional else []), *(_said(entity, period, change) for period, change in reopened)]


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


def _reopened(
    of_entity: Mapping[int, Sequence[FiscalPeriod]],
) -> defaultdict[int, list[tuple[FiscalPeriod, ChangeRequest]]]:
    """Entity -> its periods among those given that two people re-opened, in the order of the decisions."""
    of = {(pk, f"period:{period.code}"): period for pk, periods in of_entity.items() for period in periods}
    decided = (
        ChangeRequest.objects.filter(
            entity__in=of_entity,
            kind=REOPEN,
            status=ChangeRequest.Status.APPROVED,
            subject__in={subject for _, subject in of},
        )
        .select_related("requested_by", "decided_by")
        .order_by("decided_at", "pk")
    )
    found: defaultdict[int, list[tuple[FiscalPeriod, ChangeRequest]]] = defaultdict(list)
    for change in decided:
        period = of.get((change.entity_id, change.subject))
        if period is not None:
            found[change.entity_id].append((period, change))
    return found


def _said(entity: Entity, period: FiscalPeriod, change: ChangeRequest) -> str:
    day = date_text(entity.local_date(change.decided_at), entity.locale)
    return ended(f"{period} was re-opened on {day} by {change.requested_by} and {change.decided_by}: {change.reason}")
