"""Goods written off that still stand in the warehouse, at nil value."""

from __future__ import annotations

import datetime as dt

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from core.access import EntityRequest, for_entity
from core.words import Reason, Role
from inventory.models import QuarantineEntry
from inventory.selectors import quarantine_overdue, quarantine_totals, quarantine_worth

PAGE = 50


@require_safe
@for_entity()
def quarantine_list(request: EntityRequest) -> HttpResponse:
    """What awaits disposal, oldest first; with ?status=all, what has left the register too; overdue, what has stood too
    long."""
    chosen = request.GET.get("status", "")
    entries = QuarantineEntry.objects.filter(entity=request.entity).select_related("lot__item", "lot__location")
    overdue = quarantine_overdue(entity=request.entity)
    if chosen == "overdue":
        entries = entries.filter(pk__in=overdue.order_by().values("pk"))
    elif chosen != "all":
        entries = entries.filter(status=QuarantineEntry.Status.STANDING)
    exponent = request.entity.exponent
    page = Paginator(entries, PAGE).get_page(request.GET.get("page"))
    context = {
        "page_obj": page,
        "lines": [(entry, *quarantine_worth(entry=entry, exponent=exponent)) for entry in page.object_list],
        "totals": quarantine_totals(entries=entries, exponent=exponent),
        "chosen": chosen,
        "overdue": overdue.count(),
        "overdue_days": request.entity.quarantine_days,
        "overdue_before": request.entity.local_date() - dt.timedelta(days=request.entity.quarantine_days),
        "reasons": dict(Reason.choices),
        "today": request.entity.local_date(),
        "may_propose": Role.PREPARER in request.entity_roles,
    }
    return render(request, "stock/quarantine.html", context)
