"""What stands behind a report's figure: the movements of a roll-forward, the journal lines of an impact.

Invariant: the totals of a drill-down are those of all that it is narrowed to: they equal the figure that led to it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Count, Q, QuerySet, Sum

from core.models import Entity
from inventory.models import Movement
from writeoffs.ledger.models import FiscalPeriod, JournalLine
from writeoffs.reports.selectors import adjusted_movements
from writeoffs.reports.statements.spans import ADJUSTMENTS, MONTHS

ZERO = Decimal(0)
# Lots whose write-down is still attached on the last day.
LOWERED = "lowered"


@dataclass(frozen=True, slots=True)
class Narrow:
    """What a drill-down is narrowed to; empty or None: not at all. class_id: a category, 0 for lines without one.
    part: of what is dated its last day, a fiscal year's last: as in a Span. lots: LOWERED or all."""

    starts_on: dt.date | None = None
    ends_on: dt.date | None = None
    kinds: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    account: str = ""
    origin: str = ""
    reason: str | None = None
    leg: str = ""
    class_id: int | None = None
    source_ref: str = ""
    part: str = ""
    lots: str = ""


class Streamed:
    """A query's rows, read anew and piece by piece whenever they are iterated."""

    def __init__(self, found: QuerySet[Any]) -> None:
        self.found = found

    def __iter__(self) -> Iterator[Any]:
        return self.found.iterator(chunk_size=2000)


@dataclass(frozen=True, slots=True)
class MovementTotals:
    count: int
    quantity: Decimal
    cost: Decimal
    allowance: Decimal


@dataclass(frozen=True, slots=True)
class LineTotals:
    count: int
    debit: Decimal
    credit: Decimal

    @property
    def net(self) -> Decimal:
        return self.debit - self.credit


def movements_behind(*, entity: Entity, narrow: Narrow) -> QuerySet[Movement]:
    """Movements in their own order."""
    found = Movement.objects.filter(entity=entity).select_related("lot__item__category", "lot__location")
    if narrow.starts_on:
        found = found.filter(posted_on__gte=narrow.starts_on)
    if narrow.ends_on:
        found = found.filter(posted_on__lte=narrow.ends_on)
    if narrow.kinds:
        found = found.filter(kind__in=narrow.kinds)
    if narrow.class_id is not None:
        found = found.filter(lot__item__category_id=narrow.class_id)
    if narrow.source_ref:
        found = found.filter(source_ref=narrow.source_ref)
    if narrow.part and narrow.ends_on:
        adjusted = adjusted_movements(entity=entity, day=narrow.ends_on)
        found = found.filter(adjusted if narrow.part == ADJUSTMENTS else ~adjusted)
    if narrow.lots == LOWERED:
        found = found.filter(lot__in=lots_lowered(_until(entity, narrow)))
    return found.order_by("sequence")


def _until(entity: Entity, narrow: Narrow) -> QuerySet[Movement]:
    """Everything up to the last day, whatever else the drill-down is narrowed to."""
    until = Movement.objects.filter(entity=entity)
    if narrow.ends_on is None:
        return until
    until = until.filter(posted_on__lte=narrow.ends_on)
    return until.exclude(adjusted_movements(entity=entity, day=narrow.ends_on)) if narrow.part == MONTHS else until


def lots_lowered(until: QuerySet[Movement]) -> QuerySet[Any, Any]:
    """The lots whose write-down is still attached after all of these movements."""
    moved = until.order_by().exclude(write_down=ZERO).values("lot").annotate(attached=Sum("write_down"))
    return moved.filter(attached__gt=ZERO).values("lot")


def movement_totals(movements: QuerySet[Movement]) -> MovementTotals:
    sums = movements.order_by().aggregate(
        count=Count("pk"), quantity=Sum("quantity"), cost=Sum("cost"), allowance=Sum("allowance")
    )
    return MovementTotals(sums["count"], *(sums[name] or ZERO for name in ("quantity", "cost", "allowance")))


def lines_behind(*, entity: Entity, narrow: Narrow) -> QuerySet[JournalLine]:
    """Journal lines in the order of the journal."""
    found = JournalLine.objects.filter(entry__entity=entity, entry__sealed=True)
    found = found.select_related("entry", "account", "location", "category", "cost_centre")
    if narrow.starts_on:
        found = found.filter(entry__posted_on__gte=narrow.starts_on)
    if narrow.ends_on:
        found = found.filter(entry__posted_on__lte=narrow.ends_on)
    if narrow.roles:
        found = found.filter(role__in=narrow.roles)
    if narrow.account:
        found = found.filter(account__code=narrow.account)
    if narrow.origin:
        found = found.filter(entry__origin=narrow.origin)
    if narrow.reason is not None:
        found = found.filter(reason=narrow.reason)
    if narrow.leg:
        found = found.filter(entry__leg=narrow.leg)
    if narrow.class_id is not None:
        found = found.filter(category_id=narrow.class_id) if narrow.class_id else found.filter(category__isnull=True)
    if narrow.source_ref:
        found = found.filter(entry__source_ref=narrow.source_ref)
    if narrow.part and narrow.ends_on:
        adjusted = Q(entry__period__number=FiscalPeriod.ADJUSTMENT, entry__posted_on=narrow.ends_on)
        found = found.filter(adjusted if narrow.part == ADJUSTMENTS else ~adjusted)
    return found.order_by("entry__chain_sequence", "line_number")


def line_totals(lines: QuerySet[JournalLine]) -> LineTotals:
    sums = lines.order_by().aggregate(
        count=Count("pk"),
        debit=Sum("amount", filter=Q(amount__gt=ZERO)),
        credit=Sum("amount", filter=Q(amount__lt=ZERO)),
    )
    return LineTotals(sums["count"], sums["debit"] or ZERO, -(sums["credit"] or ZERO))
