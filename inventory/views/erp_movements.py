"""What the ERP's movements sheets told, row by row."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from core.access import EntityRequest, for_entity
from inventory.erp_words import ErpKind
from inventory.models import ErpMovement

PAGE = 50


@require_safe
@for_entity()
def movement_list(request: EntityRequest) -> HttpResponse:
    """The newest first; ?kind= and ?upload= narrow it."""
    kind, upload = request.GET.get("kind", ""), request.GET.get("upload", "")
    rows = ErpMovement.objects.filter(entity=request.entity).select_related(
        "lot__item", "lot__location", "to_lot__location", "upload"
    )
    if kind in ErpKind.values:
        rows = rows.filter(kind=kind)
    if upload.isdecimal() and len(upload) < 19:
        rows = rows.filter(upload=int(upload))
    told = ErpMovement.objects.filter(entity=request.entity).order_by().values_list("kind", flat=True).distinct()
    there = set(told)
    context = {
        "page_obj": Paginator(rows.order_by("-happened_on", "-pk"), PAGE).get_page(request.GET.get("page")),
        "kinds": [(kind.value, kind.label) for kind in ErpKind if kind.value in there],
        "kind": kind if kind in ErpKind.values else "",
    }
    return render(request, "stock/movements.html", context)
