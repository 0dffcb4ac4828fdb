"""The fiscal calendar: years of twelve months and an adjustment period, and which period takes a date.

Invariants: a fiscal year is twelve months without gap or overlap, named after the calendar year in which it ends, and
its period 13, which is its last day once more. A date belongs to its month unless the adjustment period is asked for.
"""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from core import audit
from core.access import roles_in
from core.errors import BadInput, NotAllowed, WrongState
from core.models import Entity, User
from core.words import Role
from writeoffs.ledger.models import FiscalPeriod


def months_of(entity: Entity) -> QuerySet[FiscalPeriod]:
    """The entity's periods without the adjustment periods."""
    return FiscalPeriod.objects.filter(entity=entity, number__lt=FiscalPeriod.ADJUSTMENT)


def fiscal_year_of(entity: Entity, day: dt.date) -> int:
    """The fiscal year of a date, named after the calendar year in which it ends."""
    start = entity.fiscal_year_start
    return day.year + 1 if start > 1 and day.month >= start else day.year


def period_of(*, entity: Entity, day: dt.date, adjustment: bool = False, lock: bool = False) -> FiscalPeriod | None:
    """The month that holds the day, or with `adjustment` the period 13 of the year that ends on it; None where there
    is none. lock: its row, until the transaction ends."""
    periods = FiscalPeriod.objects.filter(entity=entity, starts_on__lte=day, ends_on__gte=day)
    if lock:
        periods = periods.select_for_update()
    if adjustment:
        return periods.filter(number=FiscalPeriod.ADJUSTMENT).first()
    return periods.filter(number__lt=FiscalPeriod.ADJUSTMENT).first()


def adjustments_open(entity: Entity) -> QuerySet[FiscalPeriod]:
    """The adjustment periods that take postings by now: those of fiscal years that have ended."""
    ended = FiscalPeriod.objects.filter(entity=entity, number=FiscalPeriod.ADJUSTMENT, ends_on__lte=entity.local_date())
    return ended.filter(status__in=FiscalPeriod.TAKING)


def no_period(entity: Entity, day: dt.date, adjustment: bool) -> str:
    """What is missing where `period_of` gives None."""
    if adjustment:
        return (
            f"{day.isoformat()} is not the last day of a fiscal year of {entity}, which the adjustment period is dated"
        )
    return f"{entity} has no fiscal period for this date"


def first_open_date(*, entity: Entity, on_or_after: dt.date = dt.date.min) -> dt.date | None:
    """The earliest date, from `on_or_after` on, that an open month takes without more ado; None where there is none."""
    start = (
        months_of(entity)
        .filter(status=FiscalPeriod.Status.OPEN, ends_on__gte=on_or_after)
        .order_by("starts_on")
        .values_list("starts_on", flat=True)
        .first()
    )
    return max(start, on_or_after) if start else None


@transaction.atomic
def fiscal_year_open(*, entity: Entity, fiscal_year: int, user: User | None = None) -> list[FiscalPeriod]:
    """Make the thirteen open periods of a fiscal year. `user`: the controller who asks; None when a company is set up.
    WrongState where it overlaps periods that are there or leaves a gap between years; BadInput for an unlikely year."""
    if user is not None and Role.CONTROLLER not in roles_in(entity, user):
        raise NotAllowed(f"Opening a fiscal year needs the role controller in {entity}.")
    if not 1990 <= fiscal_year <= 2100:
        raise BadInput(f"{fiscal_year} is not a fiscal year. Expected something like {timezone.now().year}.")
    # Two who open a year at once: the second waits here and then finds the first one's periods.
    Entity.objects.select_for_update(no_key=True).get(pk=entity.pk)
    starts = _month_starts(entity.fiscal_year_start, fiscal_year)
    first, last = starts[0], starts[12] - dt.timedelta(days=1)
    there = FiscalPeriod.objects.filter(entity=entity)
    clash = there.filter(starts_on__lte=last, ends_on__gte=first).order_by("starts_on").first()
    if clash is not None:
        raise WrongState(f"Fiscal year {fiscal_year}: {clash} is there already. Nothing was opened.")
    beside = there.filter(ends_on=first - dt.timedelta(days=1)) | there.filter(starts_on=starts[12])
    if there.exists() and not beside.exists():
        raise WrongState(f"Fiscal year {fiscal_year} would leave a gap. Open the years between first.")
    periods = FiscalPeriod.objects.bulk_create(
        FiscalPeriod(
            entity=entity,
            fiscal_year=fiscal_year,
            number=number,
            starts_on=start,
            ends_on=starts[number] - dt.timedelta(days=1),
        )
        for number, start in enumerate(starts[:12], start=1)
    )
    FiscalPeriod.objects.create(
        entity=entity, fiscal_year=fiscal_year, number=FiscalPeriod.ADJUSTMENT, starts_on=last, ends_on=last
    )
    audit.record(
        entity=entity,
        actor=user,
        kind="period.year_opened",
        subject=f"period:{periods[0].code}",
        message=f"Fiscal year {fiscal_year} was opened: {first.isoformat()} to {last.isoformat()}.",
    )
    return periods


def _month_starts(start_month: int, fiscal_year: int) -> list[dt.date]:
    """The first days of the year's twelve months and of the month after; the year is the one in which it ends."""
    first_year = fiscal_year if start_month == 1 else fiscal_year - 1
    months = [start_month - 1 + offset for offset in range(13)]
    return [dt.date(first_year + month // 12, month % 12 + 1, 1) for month in months]
