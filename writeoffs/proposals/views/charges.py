"""Adds, changes and removes a draft's charges; sets one cost centre for all its lines."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from core.access import EntityRequest, for_entity
from core.errors import BadInput, DomainError
from core.middleware import refused_in_form
from core.money import plain
from core.words import Role
from writeoffs.proposals import services
from writeoffs.proposals.charge_forms import CentreForm, ChargeForm
from writeoffs.proposals.charges import ChargeRefused
from writeoffs.proposals.models import Proposal, ProposalCharge
from writeoffs.proposals.views.common import proposal_or_404


@require_http_methods(["GET", "HEAD", "POST"])
@for_entity(Role.PREPARER)
def charge_add(request: EntityRequest, number: str) -> HttpResponse:
    proposal = proposal_or_404(request, number)
    form = ChargeForm(request.POST or None, proposal=proposal, initial={"kind": request.GET.get("kind", "")})
    return _page(request, proposal, form, None)


@require_http_methods(["GET", "HEAD", "POST"])
@for_entity(Role.PREPARER)
def charge_edit(request: EntityRequest, number: str, charge_number: int) -> HttpResponse:
    proposal = proposal_or_404(request, number)
    charge = _charge(proposal, charge_number)
    initial = {
        "kind": charge.kind,
        "amount": plain(charge.amount),
        "settlement": charge.settlement,
        "certainty": charge.certainty,
        "cost_centre": charge.cost_centre,
        "location": charge.location,
        "category": charge.category,
        "note": charge.note,
    }
    form = ChargeForm(request.POST or None, proposal=proposal, charge=charge, initial=initial)
    return _page(request, proposal, form, charge)


def _page(request: EntityRequest, proposal: Proposal, form: ChargeForm, charge: ProposalCharge | None) -> HttpResponse:
    """The form, or what became of it."""
    status = 200
    if request.method == "POST" and form.is_valid():
        try:
            if charge is None:
                services.charge_add(proposal=proposal, user=request.user, charge=form.charge())
            else:
                services.charge_edit(charge=charge, user=request.user, to=form.charge())
        except DomainError as error:
            field = error.field if isinstance(error, ChargeRefused) else None
            status = refused_in_form(request, form, error, field=field)
        else:
            messages.success(request, f"{proposal.number}: the charge is saved.")
            return redirect(f"{proposal.get_absolute_url()}#charges")
    elif form.errors:
        status = 400
    context = {"form": form, "proposal": proposal, "charge": charge}
    return render(request, "proposals/charge.html", context, status=status)


@require_POST
@for_entity(Role.PREPARER)
def charge_remove(request: EntityRequest, number: str, charge_number: int) -> HttpResponse:
    proposal = proposal_or_404(request, number)
    charge = _charge(proposal, charge_number)
    services.charge_remove(charge=charge, user=request.user)
    messages.success(request, f"{charge.get_kind_display()} is off {proposal.number}.")
    return redirect(f"{proposal.get_absolute_url()}#charges")


@require_POST
@for_entity(Role.PREPARER)
def lines_cost_centre(request: EntityRequest, number: str) -> HttpResponse:
    proposal = proposal_or_404(request, number)
    form = CentreForm(request.POST, proposal=proposal)
    if not form.is_valid():
        raise BadInput(f"That is no cost centre of {request.entity}. Choose one from the list on {proposal.number}.")
    centre = form.cleaned_data["cost_centre"]
    services.lines_cost_centre_set(proposal=proposal, user=request.user, cost_centre=centre)
    messages.success(request, f"{proposal.number}: all lines have {f'cost centre {centre}' if centre else 'none'} now.")
    return redirect(f"{proposal.get_absolute_url()}#lines")


def _charge(proposal: Proposal, number: int) -> ProposalCharge:
    charges = ProposalCharge.objects.select_related("proposal", "cost_centre", "location", "category")
    return get_object_or_404(charges, proposal=proposal, number=number)
