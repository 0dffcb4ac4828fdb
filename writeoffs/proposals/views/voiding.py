"""Asks for a void and decides it."""

from __future__ import annotations

from django.contrib import messages
from django.db.models import Max
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from core.access import EntityRequest, for_entity
from core.errors import DomainError, KeyUsed, NotAllowed, SegregationOfDuties
from core.idempotency import key_of
from core.middleware import record_refusal
from core.models import ChangeRequest
from core.words import Role
from writeoffs.proposals import selectors, services
from writeoffs.proposals.entry_only import is_entry_only
from writeoffs.proposals.forms import VoidForm
from writeoffs.proposals.models import Proposal, Status
from writeoffs.proposals.services.void import KIND, gross_of, lines_chosen, void_date_offered
from writeoffs.proposals.views.common import proposal_or_404

# Lines offered to tick; of a longer document the rest is chosen by number.
TICKED = 200


@require_http_methods(["GET", "HEAD", "POST"])
@for_entity(Role.CONTROLLER, Role.PREPARER)
def void_request(request: EntityRequest, number: str) -> HttpResponse:
    proposal = proposal_or_404(request, number)
    offer = void_date_offered(proposal)
    ticked = request.POST.getlist("line")
    form = VoidForm(request.POST or None, initial={"posted_on": offer})
    if is_entry_only(proposal):
        form.whole_alone()
    status = 400 if form.errors else 200
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            services.void_request(
                proposal=proposal,
                user=request.user,
                reason=data["reason"],
                posted_on=data["posted_on"],
                lines=form.chosen(ticked, last=proposal.lines.aggregate(last=Max("line_number"))["last"] or 0),
                key=key_of(request),
            )
        except DomainError as error:
            record_refusal(request, error)
            form.add_error(None, error.message)
            status = error.status
        else:
            messages.success(request, f"Asked: void {proposal.number}. An approver decides it.")
            return redirect(proposal)
    context = {"form": form, "proposal": proposal, "ticked": ticked, **_standing(proposal)}
    return render(request, "proposals/void.html", context, status=status)


def _standing(proposal: Proposal) -> dict[str, object]:
    """The lines that can still be voided: the first to tick, and what all come to."""
    lines = selectors.proposal_lines(proposal)
    standing = lines.filter(voided__isnull=True)
    shown = list(standing[:TICKED])
    count = standing.count()
    return {
        "lines": shown,
        "entry_only": is_entry_only(proposal),
        "standing": count,
        "unlisted": count - len(shown),
        "gross": proposal.gross_loss if is_entry_only(proposal) else gross_of(lines_chosen(proposal, None)),
        "voids": selectors.voids_of(proposal),
    }


@require_POST
@for_entity(Role.APPROVER)
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
        messages.success(request, _decided(proposal, approve=approve))
    return redirect(proposal)


def _decided(proposal: Proposal, *, approve: bool) -> str:
    if not approve:
        return f"{proposal.number} stays posted; the request is refused."
    proposal.refresh_from_db()
    if proposal.status == Status.VOIDED:
        return f"{proposal.number} is voided; the mirror entry is posted."
    return f"{proposal.number} is partly voided; the mirror entry of those lines is posted."
