"""Insurance claims: the list, one claim with what may be recognised and what is booked, and its next step."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from core.access import EntityRequest, for_entity
from core.errors import DomainError
from core.middleware import refused_in_form
from core.papers import paper_download
from core.words import Role
from writeoffs.proposals import services
from writeoffs.proposals.claim_forms import OpenForm, StepForm
from writeoffs.proposals.claim_models import Claim, ClaimStep
from writeoffs.proposals.claims import loss_of, standing_of
from writeoffs.proposals.models import Proposal
from writeoffs.proposals.views.common import proposal_or_404

PER_PAGE = 50


@require_safe
@for_entity()
def claim_list(request: EntityRequest) -> HttpResponse:
    """The newest first; ?status= narrows."""
    status = request.GET.get("status", "")
    claims = Claim.objects.filter(entity=request.entity).select_related("proposal", "entity")
    if status in Claim.Status.values:
        claims = claims.filter(status=status)
    context = {
        "page_obj": Paginator(claims, PER_PAGE).get_page(request.GET.get("page")),
        "statuses": Claim.Status.choices,
        "status": status,
    }
    return render(request, "claims/list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@for_entity(Role.PREPARER)
def claim_open(request: EntityRequest, number: str) -> HttpResponse:
    """File a claim for a posted loss."""
    proposal = proposal_or_404(request, number)
    form = OpenForm(request.POST or None, request.FILES or None, entity=request.entity)
    status = 400 if form.errors else 200
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            claim, document = services.claim_open(
                proposal=proposal,
                user=request.user,
                insurer=data["insurer"],
                policy_number=data["policy_number"],
                step=form.step(),
            )
        except DomainError as error:
            status = refused_in_form(request, form, error)
        else:
            messages.success(request, _said(claim, document))
            return redirect(claim)
    context = {"form": form, "proposal": proposal, "loss": loss_of(proposal)}
    return render(request, "claims/open.html", context, status=status)


def _said(claim: Claim, document: Proposal | None) -> str:
    booked = (
        f"{document.number} is a draft of what changes; submit it." if document else "Nothing has to be booked by it."
    )
    return f"Claim {claim} is {claim.get_status_display().lower()}. {booked}"


def _claim(request: EntityRequest, number: str) -> Claim:
    claims = Claim.objects.select_related("entity", "proposal__entity", "opened_by")
    return get_object_or_404(claims, entity=request.entity, number=number)


@require_http_methods(["GET", "HEAD", "POST"])
@for_entity()
def claim_detail(request: EntityRequest, number: str) -> HttpResponse:
    """What may be recognised, what is booked, its steps; for a preparer the next one."""
    claim = _claim(request, number)
    may_step = Role.PREPARER in request.entity_roles and claim.status != Claim.Status.SETTLED
    steps = list(claim.steps.select_related("by", "document").order_by("-number"))
    form = StepForm(
        request.POST or None,
        request.FILES or None,
        entity=request.entity,
        claim=claim,
        initial={"last": steps[0].number if steps else 0},
    )
    status = 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            try:
                claim, document = services.claim_step(
                    claim=claim, user=request.user, step=form.step(), last=form.cleaned_data["last"]
                )
            except DomainError as error:
                status = refused_in_form(request, form, error)
            else:
                messages.success(request, _said(claim, document))
                return redirect(claim)
    context = {
        "claim": claim,
        "standing": standing_of(claim),
        "steps": steps,
        "form": form,
        "may_step": may_step,
        "may_book": Role.PREPARER in request.entity_roles,
    }
    return render(request, "claims/detail.html", context, status=status)


@require_POST
@for_entity(Role.PREPARER)
def claim_book(request: EntityRequest, number: str) -> HttpResponse:
    """Prepare what no document books yet."""
    document = services.claim_book(claim=_claim(request, number), user=request.user)
    messages.success(request, f"{document.number} is a draft of what is due. Look at it, then submit it.")
    return redirect(document)


@require_safe
@for_entity()
def claim_paper(request: EntityRequest, number: str, step: int) -> HttpResponse:
    """The insurer's letter, as a download."""
    found = get_object_or_404(ClaimStep, claim=_claim(request, number), number=step)
    if found.file_id is None:
        raise Http404
    return paper_download(found.file_id, found.file_name)
