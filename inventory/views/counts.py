"""Count sheets: what was counted, what differs, and what it is worth. Who only counts sees their own sheets, blind."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import FileResponse, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from core.access import EntityRequest, for_entity
from core.words import READERS, Role
from inventory.exports import count_csv, count_xlsx
from inventory.models import CountSheet
from inventory.selectors import count_figures, count_lines, lots_moved_since
from inventory.views.stock import XLSX

PAGE = 50


def _sheets(request: EntityRequest) -> QuerySet[CountSheet]:
    """The sheets that this person may see."""
    sheets = CountSheet.objects.filter(entity=request.entity).select_related("created_by", "upload")
    return sheets if request.entity_roles & set(READERS) else sheets.filter(created_by=request.user)


@require_safe
@for_entity(*READERS, Role.COUNTER)
def count_list(request: EntityRequest) -> HttpResponse:
    context = {
        "page_obj": Paginator(_sheets(request), PAGE).get_page(request.GET.get("page")),
        "blind": not request.entity_roles & set(READERS),
        "may_upload": bool(request.entity_roles & {Role.COUNTER, Role.PREPARER, Role.CONTROLLER}),
    }
    return render(request, "counts/list.html", context)


@require_safe
@for_entity(*READERS, Role.COUNTER)
def count_detail(request: EntityRequest, number: str) -> HttpResponse:
    """The differences, the largest first, or with ?lines=all every counted row."""
    sheet = get_object_or_404(_sheets(request), number=number)
    blind = not request.entity_roles & set(READERS)
    every = blind or request.GET.get("lines") == "all"
    page = Paginator(count_lines(sheet=sheet, only_differences=not every), PAGE).get_page(request.GET.get("page"))
    proposals = [] if blind else list(sheet.proposals.order_by("id"))
    own = [proposal.source_ref for proposal in proposals]
    context = {
        "sheet": sheet,
        "figures": None if blind else count_figures(sheet=sheet),
        "page_obj": page,
        "every": every,
        "blind": blind,
        "moved": set() if blind else lots_moved_since(sheet=sheet, lines=page.object_list, own=own),
        "proposals": proposals,
        "may_propose": Role.PREPARER in request.entity_roles and sheet.status == CountSheet.Status.OPEN,
    }
    return render(request, "counts/detail.html", context)


@require_safe
@for_entity()
def count_export(request: EntityRequest, number: str, extension: str) -> HttpResponseBase:
    sheet = get_object_or_404(_sheets(request), number=number)
    lines = count_lines(sheet=sheet, only_differences=request.GET.get("lines") != "all")
    name = f"{sheet.number}.{extension}"
    if extension == "csv":
        response = StreamingHttpResponse(count_csv(lines), content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = f'attachment; filename="{name}"'
        return response
    return FileResponse(count_xlsx(lines), as_attachment=True, filename=name, content_type=XLSX)
