"""The tie-out of a period to the ERP's trial balance, and asking a second person to accept what is left."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_POST

from core.access import EntityRequest, for_entity
from core.errors import DomainError
from core.middleware import record_refusal
from core.words import Role
from writeoffs.ledger.models import FiscalPeriod, TrialBalance
from writeoffs.ledger.trial_balance import trial_balance_of
from writeoffs.posting.tie_facts import accept_request, tie_out_of

MAY_ASK = frozenset({Role.CONTROLLER, Role.PREPARER})


@require_GET
@for_entity()
def tie_outs(request: EntityRequest) -> HttpResponse:
    """Every period that has begun, with the trial balance that counts."""
    periods = list(
        FiscalPeriod.objects.filter(entity=request.entity, starts_on__lte=request.entity.local_date()).order_by(
            "-starts_on", "-number"
        )
    )
    latest: dict[int, TrialBalance] = {}
    for balance in (
        TrialBalance.objects.filter(entity=request.entity).select_related("committed_by").order_by("version")
    ):
        latest[balance.period_id] = balance
    rows = [(period, latest.get(period.pk)) for period in periods if period.number <= 12 or period.pk in latest]
    context = {"rows": rows, "may_upload": bool(request.entity_roles & MAY_ASK)}
    return render(request, "desk/tie_outs.html", context)


def _period(request: EntityRequest, code: str) -> FiscalPeriod:
    year, _, number = code.partition("-")
    if not all(part.isascii() and part.isdecimal() and len(part) <= 4 for part in (year, number)):
        raise Http404
    period = get_object_or_404(FiscalPeriod, entity=request.entity, fiscal_year=year, number=number)
    period.entity = request.entity
    return period


@require_GET
@for_entity()
def tie_out(request: EntityRequest, code: str) -> HttpResponse:
    return _page(request, _period(request, code))


def _page(
    request: EntityRequest, period: FiscalPeriod, refused: DomainError | None = None, reason: str = ""
) -> HttpResponse:
    balance = trial_balance_of(period=period)
    context: dict[str, Any] = {
        "period": period,
        "balance": balance,
        "may_ask": bool(request.entity_roles & MAY_ASK),
        "refused": refused.message if refused else "",
        "reason": reason,
        "account": request.POST.get("account", ""),
    }
    if balance is not None:
        balance.entity = request.entity
        context["tie"] = tie_out_of(entity=request.entity, period=period, balance=balance)
    return render(request, "desk/tie_out.html", context, status=refused.status if refused else 200)


@require_POST
@for_entity()
def tie_out_accept(request: EntityRequest, code: str) -> HttpResponse:
    """Ask for it; another person decides under Changes."""
    period, reason = _period(request, code), request.POST.get("reason", "")
    try:
        change = accept_request(period=period, code=request.POST.get("account", ""), reason=reason, user=request.user)
    except DomainError as error:
        record_refusal(request, error)
        return _page(request, period, error, reason)
    messages.success(request, f"Asked: {change.summary}. A second person decides under Changes.")
    return redirect("desk:tie_out", request.entity.slug, code)
