"""Accepts lines of an assessment: what will be proposed, what is left out and why, then the drafts."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from core.access import EntityRequest, for_entity
from core.errors import DomainError
from core.middleware import record_refusal
from core.money import MONEY_SCALE, from_raw
from core.words import Reason, Role
from writeoffs.proposals import services
from writeoffs.proposals.forms import AssessedForm
from writeoffs.proposals.models import Kind
from writeoffs.proposals.views.common import header_taken
from writeoffs.valuation.assessment_filters import lines_filtered
from writeoffs.valuation.models import Assessment

NAMED = 25


def _chosen(request: EntityRequest) -> QueryDict:
    """The assessment page's own query string; lots ticked on its page come along in the body."""
    params = request.GET.copy()
    if request.POST.get("scope") != "filter" and "line" in request.POST:
        params.setlist("line", request.POST.getlist("line"))
    return params


@require_http_methods(["GET", "HEAD", "POST"])
@for_entity(Role.PREPARER)
def proposal_from_assessment(request: EntityRequest, number: str) -> HttpResponse:
    """Says what the accepted lines come to as the lots stand; confirmed, makes a draft for each kind, reason and
    place."""
    found = Assessment.objects.select_related("entity")
    assessment = get_object_or_404(found, entity=request.entity, number=number)
    params = _chosen(request)
    lines = lines_filtered(assessment=assessment, params=params)
    confirmed = request.method == "POST" and "confirmed" in request.POST
    form = AssessedForm(request.POST if confirmed else None, assessment=assessment)
    refused = None
    if confirmed and header_taken(request, form):
        try:
            made, plan = services.proposals_from_assessment(
                assessment=assessment,
                lines=lines,
                user=request.user,
                header=form.header(),
                write_off_expired=form.cleaned_data["write_off_expired"],
            )
        except DomainError as error:
            record_refusal(request, error)
            form.add_error(None, error.message)
            refused = error
        else:
            numbers = ", ".join(proposal.number for proposal in made)
            messages.success(request, f"Made from {assessment}: {numbers}. Look at each, then submit it.")
            if plan.left:
                messages.info(request, services.left_said(plan))
            return redirect(made[0] if len(made) == 1 else _made_from(request, assessment))
    plan = services.assessed_plan(
        assessment=assessment,
        lines=lines,
        posting_on=form.posting_day,
        write_off_expired=bool(form["write_off_expired"].value()),
    )
    context = {
        "form": form,
        "assessment": assessment,
        "plan": plan,
        "batches": [
            (Kind(b.kind).label, Reason(b.reason).label, b.location, len(b.lines), _money(b.amount), b.followed)
            for b in plan.batches
        ],
        "left": [(why.value, len(outs), outs[:NAMED], len(outs) - NAMED) for why, outs in plan.left_by_why()],
        "ticked": params.getlist("line"),
        "query_string": request.GET.urlencode(),
    }
    status = refused.status if refused is not None else 400 if form.errors else 200
    return render(request, "proposals/from_assessment.html", context, status=status)


def _money(raw: int) -> object:
    return from_raw(raw, MONEY_SCALE)


def _made_from(request: EntityRequest, assessment: Assessment) -> str:
    """The list of what was made from the assessment."""
    return f"{reverse('proposals:list', args=[request.entity.slug])}?q={assessment.number}"
