"""The tax entries of a period: what losses give, what is booked, and the document that books the rest."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from core.access import EntityRequest, for_entity
from core.words import Reason, Role
from writeoffs.ledger.models import FiscalPeriod
from writeoffs.proposals import services
from writeoffs.proposals.tax_due import tax_due
from writeoffs.proposals.views.common import proposal_or_404

PER_PAGE = 100


def _periods(request: EntityRequest) -> list[FiscalPeriod]:
    """Those that have begun, the newest first."""
    today = request.entity.local_date()
    found = FiscalPeriod.objects.filter(entity=request.entity, starts_on__lte=today)
    return list(found.order_by("-starts_on", "-number"))


def _chosen(request: EntityRequest, periods: list[FiscalPeriod], code: str) -> FiscalPeriod:
    if not code:
        months = [period for period in periods if not period.is_adjustment]
        if not months:
            raise Http404
        return months[0]
    found = next((period for period in periods if period.code == code), None)
    if found is None:
        raise Http404
    return found


@require_safe
@for_entity()
def tax_entries(request: EntityRequest) -> HttpResponse:
    """One period, the current month where none is chosen."""
    periods = _periods(request)
    if not periods:
        return render(request, "tax/entries.html", {"periods": []})
    period = _chosen(request, periods, request.GET.get("period", ""))
    day = min(period.ends_on, request.entity.local_date())
    due = tax_due(entity=request.entity, starts_on=period.starts_on, ends_on=day)
    page = Paginator(due.bridge.every, PER_PAGE).get_page(request.GET.get("page"))
    reasons = {str(value): str(label) for value, label in Reason.choices}
    context = {
        "periods": periods,
        "period": period,
        "day": day,
        "due": due,
        "charges": [(kind.label, amount) for kind, amount in due.charges],
        "page_obj": page,
        "rows": [
            (row, due.bridge.lots.get(getattr(row, "lot_id", 0)), reasons.get(row.reason, "Before our books"))
            for row in page
        ],
        "sides": (("Current tax saved", due.current), ("Deferred tax asset, movement", due.deferred)),
        "may_prepare": Role.PREPARER in request.entity_roles,
    }
    return render(request, "tax/entries.html", context)


@require_POST
@for_entity(Role.PREPARER)
def tax_prepare(request: EntityRequest) -> HttpResponse:
    period = _chosen(request, _periods(request), request.POST.get("period", ""))
    proposal = services.tax_prepare(entity=request.entity, user=request.user, period=period)
    messages.success(
        request, f"{proposal.number} is a draft of the tax entries of {period}. Look at it, then submit it."
    )
    return redirect(proposal)


@require_POST
@for_entity(Role.PREPARER)
def input_tax_add(request: EntityRequest, number: str) -> HttpResponse:
    proposal = services.input_tax_add(proposal=proposal_or_404(request, number), user=request.user)
    messages.success(request, f"{proposal.number}: the input tax stands among its charges.")
    return redirect(f"{proposal.get_absolute_url()}#charges")
