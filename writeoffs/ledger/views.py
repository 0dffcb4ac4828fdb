"""The journal, its entries and the accounts: to be read by everyone who reads the entity's business."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.http import FileResponse, Http404, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_POST

from core import refs
from core.access import EntityRequest, for_entity, require_role
from core.words import Role
from writeoffs.ledger import selectors
from writeoffs.ledger.chart import chart_create, roles_unmapped
from writeoffs.ledger.exports import XLSX, journal_csv, journal_xlsx
from writeoffs.ledger.forms import DatesForm, EntryFilterForm
from writeoffs.ledger.models import Account
from writeoffs.ledger.roles import ROLES
from writeoffs.ledger.sums import sums_added
from writeoffs.ledger.verifiers import content_now

PER_PAGE = 50


@require_GET
@for_entity()
def entries(request: EntityRequest) -> HttpResponse:
    form = EntryFilterForm(request.GET, entity=request.entity)
    narrow = form.narrow()
    found = selectors.entries_found(entity=request.entity, narrow=narrow)
    page = Paginator(found.select_related("period", "posted_by"), PER_PAGE).get_page(request.GET.get("page"))
    debits = selectors.entries_debits(page.object_list)
    return render(
        request,
        "ledger/entries.html",
        {
            "form": form,
            "narrow": narrow,
            "page_obj": page,
            "rows": [(entry, debits.get(entry.pk)) for entry in page.object_list],
            "totals": selectors.entries_totals(found),
        },
    )


@require_GET
@for_entity()
def entries_export(request: EntityRequest, form: str) -> HttpResponseBase:
    """Exactly what the list with the same address shows, a row a line."""
    narrow = EntryFilterForm(request.GET, entity=request.entity).narrow()
    lines = selectors.lines_found(selectors.entries_found(entity=request.entity, narrow=narrow))
    name = f"journal-{request.entity.slug}.{form}"
    if form == "csv":
        response = StreamingHttpResponse(journal_csv(lines.iterator(chunk_size=2000)), content_type="text/csv")
        response["Content-Disposition"] = f'attachment; filename="{name}"'
        return response
    file = journal_xlsx(lines.iterator(chunk_size=2000), count=lines.count(), currency=request.entity.currency)
    return FileResponse(file, as_attachment=True, filename=name, content_type=XLSX)


@require_GET
@for_entity()
def entry(request: EntityRequest, number: str) -> HttpResponse:
    found = selectors.entry_by_number(entity=request.entity, number=number)
    if found is None or found.number != number:
        raise Http404
    found.entity = request.entity
    lines = list(found.lines.all())
    return render(
        request,
        "ledger/entry.html",
        {
            "entry": found,
            "lines": lines,
            "behind": refs.url_for(request.entity, found.source_ref),
            "total": (total := sum((line.debit for line in lines), selectors.ZERO)),
            "part_of": selectors.part_reversed(found, total),
            "has_cost_centres": any(line.cost_centre_id for line in lines),
            "before": selectors.entry_beside(found, -1),
            "after": selectors.entry_beside(found, 1),
            "reversals": list(selectors.reversals_of(found)),
            "is_as_posted": content_now(found, lines) == found.hash,
        },
    )


@require_GET
@for_entity()
def accounts(request: EntityRequest) -> HttpResponse:
    rows = selectors.accounts_listed(entity=request.entity)
    unmapped = [(role, ROLES[role]) for role in roles_unmapped(entity=request.entity)]
    return render(
        request,
        "ledger/accounts.html",
        {
            "rows": rows,
            "totals": sums_added(row.sums for row in rows),
            "unmapped": unmapped,
            "may_map": Role.CONTROLLER in request.entity_roles,
        },
    )


@require_POST
@for_entity()
def accounts_propose(request: EntityRequest) -> HttpResponse:
    """Give every role without an account the one that the product proposes."""
    require_role(request, Role.CONTROLLER, what="Mapping accounts")
    chart_create(entity=request.entity, user=request.user)
    return redirect("ledger:accounts", request.entity.slug)


@require_GET
@for_entity()
def account(request: EntityRequest, code: str) -> HttpResponse:
    found = get_object_or_404(Account, entity=request.entity, code=code)
    found.entity = request.entity
    form = DatesForm(request.GET or None)
    form.is_valid()
    values = form.cleaned_data if form.is_bound else {}
    ledger = selectors.account_ledger(account=found, starts_on=values.get("starts_on"), ends_on=values.get("ends_on"))
    page = Paginator(ledger.lines, PER_PAGE).get_page(request.GET.get("page"))
    return render(
        request,
        "ledger/account.html",
        {
            "account": found,
            "form": form,
            "ledger": ledger,
            "page_obj": page,
            "rows": selectors.with_balances(ledger, page.object_list),
            "roles": selectors.roles_of(found),
        },
    )
