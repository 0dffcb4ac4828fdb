"""What the ERP takes of each kind, and the batches of files that are made for it."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import CharField, Count, IntegerField, OuterRef, Q, Subquery, Value
from django.db.models.functions import Cast, Coalesce, Concat
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST, require_safe

from core.access import EntityRequest, for_entity, require_role
from core.errors import DomainError, NotAllowed
from core.idempotency import key_of
from core.middleware import record_refusal
from core.models import ChangeRequest
from core.words import Role
from writeoffs.posting.batches import MADE_BY, batch_hand_out, batch_make, batches_waiting
from writeoffs.posting.feeds import KIND, feed_request, feeds_of
from writeoffs.posting.models import ErpBatch, ErpCharge, ErpHandout, Posting
from writeoffs.posting.views import handed_out

PER_PAGE = 50
# What of a batch has no answer yet; a journal without units keeps its state until then.
_OPEN = (Posting.Status.UNACKNOWLEDGED, Posting.Status.NOT_NEEDED)


@require_http_methods(["GET", "HEAD", "POST"])
@for_entity()
def feeds(request: EntityRequest) -> HttpResponse:
    """Each kind with its source; a controller asks for the other one."""
    status, asked, why = 200, "", ""
    if request.method == "POST":
        require_role(request, Role.CONTROLLER, what="Changing what the ERP takes")
        asked, why = request.POST.get("kind", ""), request.POST.get("why", "")
        try:
            change = feed_request(
                entity=request.entity, user=request.user, kind=asked, takes=request.POST.get("takes", ""), why=why
            )
        except NotAllowed:
            raise
        except DomainError as error:
            record_refusal(request, error)
            messages.error(request, error.message)
            status = error.status
        else:
            messages.success(request, f"Asked: {change.summary}. A second person decides under Changes.")
            return redirect("postings:feeds", request.entity.slug)
    waiting = ChangeRequest.objects.filter(entity=request.entity, kind=KIND, status=ChangeRequest.Status.OPEN)
    context = {
        "feeds": feeds_of(entity=request.entity),
        "waiting": waiting.select_related("requested_by"),
        "may_ask": Role.CONTROLLER in request.entity_roles,
        "asked": asked,
        "why": why,
    }
    return render(request, "postings/feeds.html", context, status=status)


@require_safe
@for_entity()
def batches(request: EntityRequest) -> HttpResponse:
    """What waits for a batch, and the batches that were made, newest first."""
    subject = Concat(Value("batch:"), Cast(OuterRef("pk"), CharField()), output_field=CharField())
    taken = ErpHandout.objects.filter(entity=request.entity, subject=subject).order_by().values("subject")
    found = (
        ErpBatch.objects.filter(entity=request.entity)
        .select_related("made_by")
        .defer("rows")
        .annotate(
            charge_count=Count("charges", distinct=True),
            open_count=Count("postings", filter=Q(postings__status__in=_OPEN), distinct=True)
            + Count("charges", filter=Q(charges__status=ErpCharge.Status.SENT), distinct=True),
            taken=Coalesce(Subquery(taken.annotate(n=Count("pk")).values("n"), output_field=IntegerField()), 0),
        )
        .order_by("-sequence")
    )
    context = {
        "waiting": batches_waiting(entity=request.entity),
        "page_obj": Paginator(found, PER_PAGE).get_page(request.GET.get("page")),
        "may_make": bool(request.entity_roles & MADE_BY),
    }
    return render(request, "postings/batches.html", context)


@require_POST
@for_entity(Role.CONTROLLER, Role.PREPARER)
def batch_new(request: EntityRequest) -> HttpResponse:
    try:
        batch = batch_make(
            entity=request.entity,
            user=request.user,
            kind=request.POST.get("kind", ""),
            takes=request.POST.get("takes", ""),
            key=key_of(request),
        )
    except DomainError as error:
        record_refusal(request, error)
        messages.error(request, error.message)
    else:
        held = [f"{batch.posting_count} postings"] if batch.posting_count else []
        beside = batch.charges.count()
        held += [f"{beside} entries beside stock adjustments"] if beside else []
        messages.success(request, f"Batch {batch.number} holds {' and '.join(held)}. Take its file below.")
    return HttpResponseRedirect(reverse("postings:batches", args=[request.entity.slug]))


@require_GET
@for_entity()
def batch_file(request: EntityRequest, batch_id: int) -> HttpResponse:
    batch = get_object_or_404(ErpBatch.objects.select_related("entity"), entity=request.entity, pk=batch_id)
    return handed_out(batch_hand_out(batch=batch, user=request.user))
