"""The life of a fiscal period: open, soft-closed (every posting wants a second approver), closed, re-opened by two.

Invariant: a period changes its state by compare-and-set while its row is locked, so that nothing is posted into it
meanwhile (a posting locks the same row first). Rooms above register what has to be done before a close, and what a
close freezes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from core import audit, changes
from core.access import roles_in
from core.errors import NotAllowed, WrongState
from core.idempotency import Answer, Asked, once
from core.models import ChangeRequest, User
from core.words import Role
from writeoffs.ledger.calendar import period_of as period_of
from writeoffs.ledger.models import FiscalPeriod
from writeoffs.ledger.packs import pack_freeze, rows_told

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
    """Months are closed in their order; the adjustment period stays open beside them and closes after its year's."""
    before = Q(fiscal_year=period.fiscal_year) if period.is_adjustment else Q(starts_on__lt=period.starts_on)
    earlier = list(
        FiscalPeriod.objects.filter(
            before, entity_id=period.entity_id, number__lt=FiscalPeriod.ADJUSTMENT, status__in=FiscalPeriod.TAKING
        ).order_by("starts_on")
    )
    if not earlier:
        return CloseCheck("Earlier periods are closed", 0, "Every earlier period is closed.")
    first = f"{earlier[0]} is the first." if len(earlier) > 1 else f"It is {earlier[0]}."
    return CloseCheck("Earlier periods are closed", len(earlier), f"{len(earlier)} still open. {first}")


def period_soft_close(*, period: FiscalPeriod, user: User, key: str = "") -> FiscalPeriod:
    """From now on every posting into the period wants a second approver. NotAllowed but for a CONTROLLER; WrongState
    where it is not open. key: of the press."""

    def step() -> Answer:
        closed = _soft_close(period, user)
        return Answer(f"{closed} is soft-closed. Every posting into it needs a second approver from now on.")

    asked = Asked(
        "period.soft_close",
        f"period:{period.code}",
        done_already=FiscalPeriod.objects.filter(pk=period.pk, status=FiscalPeriod.Status.SOFT_CLOSED).exists,
    )
    once(entity=period.entity, user=user, key=key, asked=asked, step=step)
    return FiscalPeriod.objects.select_related("entity").get(pk=period.pk)


@transaction.atomic
def _soft_close(period: FiscalPeriod, user: User) -> FiscalPeriod:
    if Role.CONTROLLER not in roles_in(period.entity, user):
        raise NotAllowed(f"Soft-closing {period} needs the role controller in {period.entity}.")
    locked = FiscalPeriod.objects.select_for_update().select_related("entity").get(pk=period.pk)
    changed = FiscalPeriod.objects.filter(pk=locked.pk, status=FiscalPeriod.Status.OPEN).update(
        status=FiscalPeriod.Status.SOFT_CLOSED, soft_closed_at=timezone.now(), soft_closed_by=user
    )
    if changed != 1:
        raise WrongState(f"{locked} is {locked.get_status_display().lower()} already. Nothing was changed.")
    locked.refresh_from_db()
    audit.record(
        entity=locked.entity,
        actor=user,
        kind="period.soft_closed",
        subject=f"period:{locked.code}",
        message=f"{user} soft-closed {locked}: every posting into it needs a second approver.",
    )
    return locked


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
    checks = period_checks(period=locked)
    left = [check for check in checks if check.blocks and check.open]
    if left:
        points = " ".join(f"{check.label}: {check.detail}" for check in left)
        raise WrongState(f"{locked} cannot be closed yet. {points}")
    closed = FiscalPeriod.objects.filter(pk=locked.pk, status__in=FiscalPeriod.TAKING).update(
        status=FiscalPeriod.Status.CLOSED, closed_at=timezone.now(), closed_by=user
    )
    if closed != 1:
        raise WrongState(f"{locked} is closed already. Nothing was changed.")
    locked = FiscalPeriod.objects.select_related("entity", "closed_by").get(pk=locked.pk)
    pack = pack_freeze(period=locked, checks=[(check.label, check.open, check.detail) for check in checks])
    days = {"starts_on": locked.starts_on.isoformat(), "ends_on": locked.ends_on.isoformat()}
    audit.record(
        entity=locked.entity,
        actor=user,
        kind="period.closed",
        subject=f"period:{locked.code}",
        message=f"{user} closed {locked}.",
        data={
            **days,
            "pack": pack.pk,
            "digest": pack.digest,
            **rows_told(pack, printed=False),
        },
    )
    return locked


def period_reopen_request(*, period: FiscalPeriod, user: User, reason: str, key: str = "") -> ChangeRequest:
    """Ask a second person to re-open a closed or soft-closed period. WrongState where it is open. key: of the press."""
    return changes.change_once(
        entity=period.entity,
        user=user,
        key=key,
        asked=changes.change_asked(period.entity, REOPEN, f"period:{period.code}", {"reason": reason.strip()}),
        step=lambda: _reopen_request(period, user, reason),
    )


def _reopen_request(period: FiscalPeriod, user: User, reason: str) -> ChangeRequest:
    if period.status == FiscalPeriod.Status.OPEN:
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
    shut = (FiscalPeriod.Status.CLOSED, FiscalPeriod.Status.SOFT_CLOSED)
    reopened = FiscalPeriod.objects.filter(entity=change.entity, pk=change.details["period"], status__in=shut).update(
        status=FiscalPeriod.Status.OPEN, reopened_at=timezone.now()
    )
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
