"""Fiscal periods: opened by the year, closed with nothing left to do, re-opened only by two people.

Invariants: a fiscal year is twelve months without gap or overlap, named after the calendar year in which it ends; a
period is closed by compare-and-set while its row is locked, so that nothing is posted into it meanwhile (a posting
locks the same row first). Rooms above register what has to be done before a close.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from core import audit, changes
from core.access import roles_in
from core.errors import BadInput, NotAllowed, PeriodClosed, WrongState
from core.idempotency import Answer, Asked, once
from core.models import ChangeRequest, Entity, User
from core.words import Role
from writeoffs.ledger.models import FiscalPeriod

REOPEN = "period.reopen"


@dataclass(frozen=True, slots=True)
class CloseCheck:
    """One line of the checklist. open: how much is left to do (0: done). detail: a sentence with the figures. url:
    where it is mended. blocks: whether the period cannot be closed with it."""

    label: str
    open: int
    detail: str
    url: str = ""
    blocks: bool = True


Checker = Callable[[FiscalPeriod], Iterable[CloseCheck]]
_CHECKERS: list[Checker] = []


def register_checker(checker: Checker) -> None:
    """A room above says what has to be done before a period closes; called once per room, in ready()."""
    if checker not in _CHECKERS:
        _CHECKERS.append(checker)


def period_checks(*, period: FiscalPeriod) -> list[CloseCheck]:
    """The whole checklist of a period, done or not, in the order of registration."""
    return [_earlier_periods(period), *(check for checker in _CHECKERS for check in checker(period))]


def _earlier_periods(period: FiscalPeriod) -> CloseCheck:
    earlier = list(
        FiscalPeriod.objects.filter(
            entity_id=period.entity_id, starts_on__lt=period.starts_on, status=FiscalPeriod.Status.OPEN
        ).order_by("starts_on")
    )
    if not earlier:
        return CloseCheck("Earlier periods are closed", 0, "Every earlier period is closed.")
    first = f"{earlier[0]} is the first." if len(earlier) > 1 else f"It is {earlier[0]}."
    return CloseCheck("Earlier periods are closed", len(earlier), f"{len(earlier)} still open. {first}")


def period_close(*, period: FiscalPeriod, user: User, key: str = "") -> FiscalPeriod:
    """Close a period for good. NotAllowed but for a CONTROLLER; WrongState where it is closed already or something that
    has to be done first is open (the message names each). key: of the press; the same one closes nothing again."""

    def step() -> Answer:
        closed = _close(period, user)
        return Answer(f"{closed} is closed. Nothing is posted into it any more.")

    asked = Asked(
        "period.close",
        f"period:{period.code}",
        done_already=FiscalPeriod.objects.filter(pk=period.pk, status=FiscalPeriod.Status.CLOSED).exists,
    )
    once(entity=period.entity, user=user, key=key, asked=asked, step=step)
    return FiscalPeriod.objects.select_related("entity").get(pk=period.pk)


@transaction.atomic
def _close(period: FiscalPeriod, user: User) -> FiscalPeriod:
    if Role.CONTROLLER not in roles_in(period.entity, user):
        raise NotAllowed(f"Closing {period} needs the role controller in {period.entity}.")
    locked = FiscalPeriod.objects.select_for_update().select_related("entity").get(pk=period.pk)
    left = [check for check in period_checks(period=locked) if check.blocks and check.open]
    if left:
        points = " ".join(f"{check.label}: {check.detail}" for check in left)
        raise WrongState(f"{locked} cannot be closed yet. {points}")
    closed = FiscalPeriod.objects.filter(pk=locked.pk, status=FiscalPeriod.Status.OPEN).update(
        status=FiscalPeriod.Status.CLOSED, closed_at=timezone.now(), closed_by=user
    )
    if closed != 1:
        raise WrongState(f"{locked} is closed already. Nothing was changed.")
    locked.refresh_from_db()
    audit.record(
        entity=locked.entity,
        actor=user,
        kind="period.closed",
        subject=f"period:{locked.code}",
        message=f"{user} closed {locked}.",
        data={"starts_on": locked.starts_on.isoformat(), "ends_on": locked.ends_on.isoformat()},
    )
    return locked


def period_reopen_request(*, period: FiscalPeriod, user: User, reason: str, key: str = "") -> ChangeRequest:
    """Ask a second person to re-open a closed period. WrongState where it is open. key: of the press."""
    return changes.change_once(
        entity=period.entity,
        user=user,
        key=key,
        asked=changes.change_asked(period.entity, REOPEN, f"period:{period.code}", {"reason": reason.strip()}),
        step=lambda: _reopen_request(period, user, reason),
    )


def _reopen_request(period: FiscalPeriod, user: User, reason: str) -> ChangeRequest:
    if period.status != FiscalPeriod.Status.CLOSED:
        raise WrongState(f"{period} is open; there is nothing to re-open.")
    return changes.change_request(
        entity=period.entity,
        kind=REOPEN,
        subject=f"period:{period.code}",
        summary=f"Re-open {period}",
        details={"period": period.pk},
        reason=reason,
        user=user,
    )


def _reopen(change: ChangeRequest, decider: User) -> None:
    """Carried out by core.changes, in the transaction of the second person's decision."""
    reopened = FiscalPeriod.objects.filter(
        entity=change.entity, pk=change.details["period"], status=FiscalPeriod.Status.CLOSED
    ).update(status=FiscalPeriod.Status.OPEN, reopened_at=timezone.now())
    if reopened != 1:
        raise WrongState(f"{change.summary}: the period is open already. Refuse this request.")


def register_changes() -> None:
    """A period is re-opened by a controller's request and another person's decision."""
    changes.register(
        changes.ChangeKind(
            code=REOPEN,
            label="Re-opening a period",
            requested_by=frozenset({Role.CONTROLLER}),
            decided_by=frozenset({Role.CONTROLLER, Role.APPROVER}),
            apply=_reopen,
        )
    )


@transaction.atomic
def fiscal_year_open(*, entity: Entity, fiscal_year: int, user: User | None = None) -> list[FiscalPeriod]:
    """Make the twelve open periods of a fiscal year. `user`: the controller who asks; None when a company is set up.
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


def first_open_date(*, entity: Entity, on_or_after: dt.date = dt.date.min) -> dt.date | None:
    """The earliest date, from `on_or_after` on, that an open period takes; None where there is none."""
    start = (
        FiscalPeriod.objects.filter(entity=entity, status=FiscalPeriod.Status.OPEN, ends_on__gte=on_or_after)
        .order_by("starts_on")
        .values_list("starts_on", flat=True)
        .first()
    )
    return max(start, on_or_after) if start else None


def posting_date_default(*, entity: Entity, found_on: dt.date) -> dt.date:
    """The later of found date and first open date. PeriodClosed where no open period follows; nothing is redated
    later."""
    day = first_open_date(entity=entity, on_or_after=found_on)
    if day is None:
        raise PeriodClosed(
            f"No period from {found_on.isoformat()} on is open in {entity}. A controller opens the fiscal year first."
        )
    return day
