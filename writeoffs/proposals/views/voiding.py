"""Asks for a void and decides it."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from core.access import EntityRequest, for_entity
from core.errors import DomainError, KeyUsed, NotAllowed, SegregationOfDuties
from core.idempotency import key_of
from core.middleware import record_refusal
from core.models import ChangeRequest
from core.words import Role
from writeoffs.proposals import policy, services
from writeoffs.proposals.forms import VoidForm
from writeoffs.proposals.services.void import KIND
from writeoffs.proposals.views.common import proposal_or_404


@require_http_methods(["GET", "HEAD", "POST"])
@for_entity(Role.CONTROLLER, Role.PREPARER)
def void_request(request: EntityRequest, number: str) -> HttpResponse:
    proposal = proposal_or_404(request, number)
    offer = policy.posting_date_default(entity=request.entity, found_on=proposal.posting_on)
    form = VoidForm(request.POST or None, initial={"posted_on": offer})
    status = 400 if form.errors else 200
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            services.void_request(
                proposal=proposal,
                user=request.user,
                reason=data["reason"],
                posted_on=data["posted_on"],
                key=key_of(request),
            )
        except DomainError as error:
            record_refusal(request, error)
            form.add_error(None, error.message)
            status = error.status
        else:
            messages.success(request, f"Asked: void {proposal.number}. An approver or controller decides it.")
            return redirect(proposal)
    return render(request, "proposals/void.html", {"form": form, "proposal": proposal}, status=status)


@require_POST
@for_entity(Role.CONTROLLER, Role.APPROVER)
def void_decide(request: EntityRequest, number: str) -> HttpResponse:
    proposal = proposal_or_404(request, number)
    # The newest, decided or not: who presses again is answered what happened, not that there is no such page.
    change = ChangeRequest.objects.filter(entity=request.entity, kind=KIND, subject=proposal.source_ref).first()
    if change is None:
        raise Http404
    approve = request.POST.get("decision") == "approve"
    try:
        services.void_decide(
            change=change,
            user=request.user,
            approve=approve,
            comment=request.POST.get("comment", ""),
            key=key_of(request),
        )
    except (NotAllowed, SegregationOfDuties, KeyUsed):
        raise
    except DomainError as error:
        record_refusal(request, error)
        messages.error(request, error.message)
    else:
        said = "is voided; the mirror entry is posted" if approve else "stays posted; the request is refused"
        messages.success(request, f"{proposal.number} {said}.")
    return redirect(proposal)
