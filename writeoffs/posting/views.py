"""What has been posted and what the ERP has yet to follow: the list, the two files of each, the confirmation."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST, require_safe

from core.access import EntityRequest, for_entity
from core.errors import BadInput, WrongState
from core.middleware import record_refusal
from core.requests import next_path
from core.words import Role
from writeoffs.posting import selectors
from writeoffs.posting.acknowledge import ACKNOWLEDGED_BY, posting_acknowledge
from writeoffs.posting.batches import HandedOut, posting_hand_out
from writeoffs.posting.exports import document_number
from writeoffs.posting.models import Posting, Takes

PER_PAGE = 50
_TABS = sorted(Posting.Status.choices, key=lambda choice: choice[0] != Posting.Status.REJECTED)


@require_safe
@for_entity()
def posting_list(request: EntityRequest) -> HttpResponse:
    """What the ERP rejected first of all, then what it has not followed: that is what somebody still has to do."""
    counts = selectors.status_counts(entity=request.entity)
    first = Posting.Status.REJECTED if counts.get(Posting.Status.REJECTED) else Posting.Status.UNACKNOWLEDGED
    status = request.GET.get("status", first)
    status = status if status in (*Posting.Status.values, "") else first
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
        "tabs": [(value, label, counts.get(value, 0)) for value, label in _TABS],
        "rejected_count": counts.get(Posting.Status.REJECTED, 0),
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
        posting = posting_acknowledge(
            entity=request.entity,
            source_ref=posting.source_ref,
            user=request.user,
            how=request.POST.get("how", ""),
        )
    except (BadInput, WrongState) as error:
        record_refusal(request, error)
        messages.error(request, error.message)
    else:
        later = " What was voided since goes back with the next batch." if posting.is_pending else ""
        messages.success(request, f"{document_number(posting)}: confirmed, the ERP has it.{later}")
    return HttpResponseRedirect(next_path(request, reverse("postings:list", args=[request.entity.slug])))


def handed_out(file: HandedOut) -> HttpResponse:
    response = HttpResponse(file.content, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{file.name}"'
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "no-store"
    return response


@require_GET
@for_entity()
def journal_file(request: EntityRequest, posting_id: int) -> HttpResponse:
    return handed_out(posting_hand_out(posting=_posting(request, posting_id), takes=Takes.JOURNAL, user=request.user))


@require_GET
@for_entity()
def adjustment_file(request: EntityRequest, posting_id: int) -> HttpResponse:
    return handed_out(
        posting_hand_out(posting=_posting(request, posting_id), takes=Takes.ADJUSTMENT, user=request.user)
    )
