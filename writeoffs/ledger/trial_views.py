"""The ERP's trial balance as it was taken in, account by account."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.db.models import Q, Sum
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from core.access import EntityRequest, for_entity
from writeoffs.ledger.forms import BalanceFilterForm
from writeoffs.ledger.models import TrialBalance, TrialBalanceLine

PER_PAGE = 100


@require_GET
@for_entity()
def trial_balance(request: EntityRequest, pk: int) -> HttpResponse:
    """Its lines by code, narrowed by text or section; the totals are of all that the filter finds."""
    found = get_object_or_404(
        TrialBalance.objects.select_related("period", "upload__created_by", "committed_by"),
        entity=request.entity,
        pk=pk,
    )
    form = BalanceFilterForm(request.GET)
    lines = TrialBalanceLine.objects.filter(trial_balance=found).select_related("account").order_by("code")
    text, section, codes = form.narrow()
    if codes:
        lines = lines.filter(code__in=codes)
    if text:
        lines = lines.filter(Q(code__icontains=text) | Q(name__icontains=text))
    if section:
        lines = lines.filter(section="" if section == "NONE" else section)
    totals = lines.order_by().aggregate(
        debit=Sum("balance", filter=Q(balance__gt=0)), credit=Sum("balance", filter=Q(balance__lt=0))
    )
    versions = TrialBalance.objects.filter(period=found.period).order_by("-version").select_related("committed_by")
    context = {
        "balance": found,
        "form": form,
        "narrowed": bool(text or section or codes),
        "page_obj": Paginator(lines, PER_PAGE).get_page(request.GET.get("page")),
        "debit": totals["debit"] or 0,
        "credit": -(totals["credit"] or 0),
        "has_opening": TrialBalanceLine.objects.filter(trial_balance=found, opening__isnull=False).exists(),
        "versions": list(versions),
    }
    return render(request, "ledger/trial_balance.html", context)
