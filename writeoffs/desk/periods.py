"""Periods and the changes that need a second person: lists, checklist, close, re-open, decide."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, Max, QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_POST

from core import changes as second_person
from core.access import EntityRequest, for_entity
from core.errors import BadInput, DomainError
from core.idempotency import key_of
from core.middleware import record_refusal
from core.models import ChangeRequest, Entity
from core.sentences import ended
from core.words import Role
from writeoffs.desk.pack_views import packs_context
from writeoffs.ledger.calendar import fiscal_year_open
from writeoffs.ledger.models import FiscalPeriod
from writeoffs.ledger.periods import (
    REOPEN,
    period_checks,
    period_close,
    period_reopen_request,
    period_soft_close,
)

PER_PAGE = 25


@require_GET
@for_entity()
def periods(request: EntityRequest) -> HttpResponse:
    return _periods_page(request)


def _periods_page(request: EntityRequest, refused: DomainError | None = None) -> HttpResponse:
    found = list(
        FiscalPeriod.objects.filter(entity=request.entity)
        .select_related("closed_by", "soft_closed_by")
        .annotate(entry_count=Count("entries"))
        .order_by("-starts_on", "-number")
    )
    years: dict[int, list[FiscalPeriod]] = {}
    for period in found:
        years.setdefault(period.fiscal_year, []).append(period)
    open_periods = [p for p in found if p.status in FiscalPeriod.TAKING and not p.is_adjustment]
    context = {
        "years": list(years.items()),
        "open_count": len(open_periods),
        "next_to_close": open_periods[-1] if open_periods else None,
        "may_close": Role.CONTROLLER in request.entity_roles,
        "next_year": _next_year(request.entity),
        "refused": refused.message if refused else "",
    }
    return render(request, "desk/periods.html", context, status=refused.status if refused else 200)


def _next_year(entity: Entity) -> int:
    last = FiscalPeriod.objects.filter(entity=entity).aggregate(last=Max("fiscal_year"))["last"]
    if last is not None:
        return int(last) + 1
    today = entity.local_date()
    return today.year + (1 if entity.fiscal_year_start > 1 and today.month >= entity.fiscal_year_start else 0)


@require_POST
@for_entity()
def year_open(request: EntityRequest) -> HttpResponse:
    try:
        text = request.POST.get("fiscal_year", "")
        if not _is_small_number(text):
            raise BadInput(f"'{text[:20]}' is not a fiscal year. Expected something like {_next_year(request.entity)}.")
        made = fiscal_year_open(entity=request.entity, fiscal_year=int(text), user=request.user)
    except DomainError as error:
        record_refusal(request, error)
        return _periods_page(request, error)
    messages.success(request, f"Fiscal year {made[0].fiscal_year} is open: {made[0]} to {made[-1]}.")
    return redirect("desk:periods", request.entity.slug)


def _is_small_number(text: str) -> bool:
    """Plain digits, and few enough for a year: "²" is a digit to Python and no number."""
    return text.isascii() and text.isdecimal() and len(text) <= 4


def _period(request: EntityRequest, code: str) -> FiscalPeriod:
    year, _, number = code.partition("-")
    if not (_is_small_number(year) and _is_small_number(number)):
        raise Http404
    found = get_object_or_404(
        FiscalPeriod.objects.select_related("closed_by", "soft_closed_by"),
        entity=request.entity,
        fiscal_year=year,
        number=number,
    )
    found.entity = request.entity
    return found


@require_GET
@for_entity()
def period(request: EntityRequest, code: str) -> HttpResponse:
    return _period_page(request, _period(request, code))


def _period_page(
    request: EntityRequest, shown: FiscalPeriod, refused: DomainError | None = None, reason: str = ""
) -> HttpResponse:
    is_open = shown.status in FiscalPeriod.TAKING
    checks = period_checks(period=shown)
    subject = f"period:{shown.code}"
    context: dict[str, Any] = {
        "period": shown,
        "is_open": is_open,
        "is_soft": shown.status == FiscalPeriod.Status.SOFT_CLOSED,
        "checks": checks,
        "blocking": sum(1 for check in checks if check.blocks and check.open),
        "entry_count": shown.entries.count(),
        "may_close": Role.CONTROLLER in request.entity_roles,
        "changes": ChangeRequest.objects.filter(entity=request.entity, kind=REOPEN, subject=subject).select_related(
            "requested_by", "decided_by"
        ),
        "waiting": ChangeRequest.objects.filter(
            entity=request.entity, kind=REOPEN, subject=subject, status=ChangeRequest.Status.OPEN
        ).exists(),
        "reason": reason,
        "refused": refused.message if refused else "",
        **packs_context(shown),
    }
    return render(request, "desk/period.html", context, status=refused.status if refused else 200)


@require_POST
@for_entity()
def period_close_view(request: EntityRequest, code: str) -> HttpResponse:
    shown = _period(request, code)
    try:
        period_close(period=shown, user=request.user, key=key_of(request))
    except DomainError as error:
        record_refusal(request, error)
        return _period_page(request, _period(request, code), error)
    messages.success(request, f"{shown} is closed. Nothing is posted into it any more.")
    return redirect("desk:period", request.entity.slug, code)


@require_POST
@for_entity()
def period_soft_close_view(request: EntityRequest, code: str) -> HttpResponse:
    shown = _period(request, code)
    try:
        period_soft_close(period=shown, user=request.user, key=key_of(request))
    except DomainError as error:
        record_refusal(request, error)
        return _period_page(request, _period(request, code), error)
    messages.success(request, f"{shown} is soft-closed. Every posting into it needs a second approver from now on.")
    return redirect("desk:period", request.entity.slug, code)


@require_POST
@for_entity()
def period_reopen_view(request: EntityRequest, code: str) -> HttpResponse:
    shown, reason = _period(request, code), request.POST.get("reason", "")
    try:
        period_reopen_request(period=shown, user=request.user, reason=reason, key=key_of(request))
    except DomainError as error:
        record_refusal(request, error)
        return _period_page(request, shown, error, reason)
    messages.success(request, f"Asked to re-open {shown}. A second person decides under Changes.")
    return redirect("desk:period", request.entity.slug, code)


@require_GET
@for_entity()
def changes(request: EntityRequest) -> HttpResponse:
    return _changes_page(request)


def _changes_page(request: EntityRequest, refused: DomainError | None = None) -> HttpResponse:
    every = ChangeRequest.objects.filter(entity=request.entity).select_related(
        "requested_by", "seconded_by", "decided_by"
    )
    decided = every.exclude(status=ChangeRequest.Status.OPEN).order_by("-decided_at", "-pk")
    context = {
        "waiting": [(change, _why_not(request, change)) for change in _open(every)],
        "page_obj": Paginator(decided, PER_PAGE).get_page(request.GET.get("page")),
        "refused": refused.message if refused else "",
    }
    return render(request, "desk/changes.html", context, status=refused.status if refused else 200)


def _said(change: ChangeRequest, approve: bool) -> str:
    if change.status == ChangeRequest.Status.OPEN:
        return f"You agreed: {ended(change.summary)} It waits for one more person."
    return f"{'Approved' if approve else 'Refused'}: {ended(change.summary)}"


def _open(every: QuerySet[ChangeRequest]) -> QuerySet[ChangeRequest]:
    return every.filter(status=ChangeRequest.Status.OPEN).order_by("requested_at")


def _why_not(request: EntityRequest, change: ChangeRequest) -> str:
    """Why this person cannot decide the change; empty where they can. The service judges again."""
    kind = second_person.kind_of(change)
    if change.requested_by_id == request.user.pk:
        return "You asked for it, so a second person decides."
    if change.seconded_by_id == request.user.pk:
        return "You have agreed; it waits for one more person."
    if not request.entity_roles & kind.decided_by:
        names = " or ".join(sorted(role.label.lower() for role in kind.decided_by))
        return f"Waits for a {names} other than {change.requested_by}."
    refused = kind.refuses(change, request.user)
    return refused.message if refused else ""


@require_POST
@for_entity()
def change_decide(request: EntityRequest, pk: int) -> HttpResponse:
    change = get_object_or_404(ChangeRequest, entity=request.entity, pk=pk)
    approve = request.POST.get("decision") == "approve"
    try:
        second_person.change_decide(
            change=change,
            user=request.user,
            approve=approve,
            comment=request.POST.get("comment", "").strip(),
            key=key_of(request),
        )
    except DomainError as error:
        record_refusal(request, error)
        return _changes_page(request, error)
    messages.success(request, _said(change, approve))
    return redirect("desk:changes", request.entity.slug)
