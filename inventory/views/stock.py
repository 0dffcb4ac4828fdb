"""The stock list, its export, and a lot's own page."""

from __future__ import annotations

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import FileResponse, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.functional import cached_property
from django.views.decorators.http import require_safe

from core.access import EntityRequest, for_entity
from core.errors import BadInput
from core.models import Entity
from core.requests import sort_headings
from core.words import Role
from inventory.exports import lots_csv, lots_xlsx
from inventory.filters import DEFAULT_SORT, LotFilter
from inventory.models import Lot
from inventory.selectors import lot_history, lot_totals, lot_write_downs, lots_filtered, lots_page

PAGE = 50
HEADINGS = (
    ("sku", "Item", False),
    ("location", "Location", False),
    ("received_on", "Received", False),
    ("expires_on", "Expires", False),
    ("quantity", "Quantity", True),
    ("unit_cost", "Unit cost", True),
    ("cost", "Cost", True),
    ("allowance", "Allowance", True),
)
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class LotPaginator(Paginator[Lot]):
    """Knows the count from the filter's totals already, and fetches a page in the quick way."""

    def __init__(self, lots: QuerySet[Lot], entity: Entity, count: int) -> None:
        super().__init__(lots, PAGE)
        self.lots, self.entity, self.known = lots, entity, count

    @cached_property
    def count(self) -> int:
        return self.known

    def page(self, number: int | str) -> Page[Lot]:
        number = self.validate_number(number)
        rows = lots_page(lots=self.lots, entity=self.entity, first=(number - 1) * PAGE, count=PAGE)
        return Page(rows, number, self)


@require_safe
@for_entity()
def stock_list(request: EntityRequest) -> HttpResponse:
    """One line a lot; the totals are those of the whole filter, not of the page."""
    filters = LotFilter(request.GET, entity=request.entity)
    status, refused = 200, ""
    try:
        lots = lots_filtered(entity=request.entity, params=request.GET)
    except BadInput as error:
        lots, status, refused = Lot.objects.none(), error.status, error.message
    totals = lot_totals(lots=lots)
    chosen = {name: value for name, value in request.GET.items() if value and name not in ("page", "sort")}
    context = {
        "filter": filters,
        "refused": refused,
        "page_obj": LotPaginator(lots, request.entity, totals.lots).get_page(request.GET.get("page")),
        "totals": totals,
        "headings": sort_headings(HEADINGS, request.GET.get("sort", DEFAULT_SORT)),
        "filtered": bool(chosen),
        "today": request.entity.local_date(),
        "may_propose": Role.PREPARER in request.entity_roles,
        "may_upload": bool(request.entity_roles & {Role.PREPARER, Role.CONTROLLER}),
    }
    return render(request, "stock/list.html", context, status=status)


@require_safe
@for_entity()
def stock_export(request: EntityRequest, extension: str) -> HttpResponseBase:
    """Exactly what the same query string shows on the page, all pages of it, in the stock list's own columns."""
    lots = lots_filtered(entity=request.entity, params=request.GET)
    name = f"stock-{request.entity.slug}-{request.entity.local_date().isoformat()}.{extension}"
    if extension == "csv":
        response = StreamingHttpResponse(lots_csv(lots), content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = f'attachment; filename="{name}"'
        return response
    return FileResponse(lots_xlsx(lots), as_attachment=True, filename=name, content_type=XLSX)


@require_safe
@for_entity()
def lot_detail(request: EntityRequest, pk: int) -> HttpResponse:
    """A lot and everything that ever happened to it."""
    lot = get_object_or_404(Lot.objects.select_related("item__category", "location"), entity=request.entity, pk=pk)
    context = {
        "lot": lot,
        "history": lot_history(lot=lot),
        "write_downs": lot_write_downs(lot=lot),
        "quarantine": lot.quarantine.order_by("since", "id"),
        "counts": lot.count_lines.select_related("sheet").order_by("-sheet_id")[:20],
        "today": request.entity.local_date(),
    }
    return render(request, "stock/lot.html", context)
