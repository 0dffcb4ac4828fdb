"""What has been posted and what the ERP has yet to follow: the list, the two files, the confirmation."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from core.access import EntityRequest, for_entity
from core.errors import BadInput, WrongState
from core.middleware import record_refusal
from core.requests import next_path
from core.words import Reason, Role
from writeoffs.posting import selectors
from writeoffs.posting.acknowledge import ACKNOWLEDGED_BY, posting_acknowledge
from writeoffs.posting.exports import adjustment_csv, document_number, journal_csv
from writeoffs.posting.models import Posting

PER_PAGE = 50


@require_safe
@for_entity()
def posting_list(request: EntityRequest) -> HttpResponse:
    """Unacknowledged ones first of all: they are what somebody still has to do."""
    status = request.GET.get("status", Posting.Status.UNACKNOWLEDGED)
    status = status if status in (*Posting.Status.values, "") else Posting.Status.UNACKNOWLEDGED
    counts = selectors.status_counts(entity=request.entity)
    page = Paginator(selectors.postings_listed(entity=request.entity, status=status), PER_PAGE).get_page(
        request.GET.get("page")
    )
    shown = list(page.object_list)
    entries = selectors.entries_behind(entity=request.entity, postings=shown)
    amounts = selectors.amounts_behind(entity=request.entity, postings=shown)
    rows = [
        {
            "posting": posting,
            "number": document_number(posting),
            "entries": entries[posting.source_ref],
            "amount": amounts.get(posting.source_ref),
        }
        for posting in shown
    ]
    context = {
        "page_obj": page,
        "rows": rows,
        "status": status,
        "tabs": [(value, label, counts.get(value, 0)) for value, label in Posting.Status.choices],
        "all_count": sum(counts.values()),
        "may_acknowledge": bool(request.entity_roles & ACKNOWLEDGED_BY),
    }
    return render(request, "postings/list.html", context)


def _posting(request: EntityRequest, posting_id: int) -> Posting:
    return get_object_or_404(Posting.objects.select_related("entity"), entity=request.entity, pk=posting_id)


@require_POST
@for_entity(Role.CONTROLLER, Role.PREPARER)
def posting_confirm(request: EntityRequest, posting_id: int) -> HttpResponse:
    """The person's word that the ERP has it."""
    posting = _posting(request, posting_id)
    try:
        posting_acknowledge(
            entity=request.entity,
            source_ref=posting.source_ref,
            user=request.user,
            how=request.POST.get("how", ""),
        )
    except (BadInput, WrongState) as error:
        record_refusal(request, error)
        messages.error(request, error.message)
    else:
        messages.success(request, f"{document_number(posting)}: confirmed, the ERP has it.")
    return HttpResponseRedirect(next_path(request, reverse("postings:list", args=[request.entity.slug])))


def _file(name: str, text: str) -> HttpResponse:
    # The mark tells a spreadsheet program that the file is UTF-8.
    response = HttpResponse(("\ufeff" + text).encode(), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["X-Content-Type-Options"] = "nosniff"
    return response


@require_safe
@for_entity()
def journal_file(request: EntityRequest, posting_id: int) -> HttpResponse:
    posting = _posting(request, posting_id)
    return _file(f"{document_number(posting)}-journal.csv", journal_csv(posting))


@require_safe
@for_entity()
def adjustment_file(request: EntityRequest, posting_id: int) -> HttpResponse:
    posting = _posting(request, posting_id)
    reason = selectors.reason_of(posting)
    text = adjustment_csv(posting, Reason(reason).label if reason else "")
    return _file(f"{document_number(posting)}-stock-adjustment.csv", text)
