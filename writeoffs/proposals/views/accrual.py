"""Accrues shrinkage from the sales since the last count: what is due, then the draft."""

from __future__ import annotations

import datetime as dt

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from core.access import EntityRequest, for_entity
from core.errors import DomainError
from core.middleware import refused_in_form
from core.words import Reason, Role
from writeoffs.proposals import services
from writeoffs.proposals.forms import HeaderForm
from writeoffs.proposals.models import Kind
from writeoffs.proposals.views.common import header_taken


@require_http_methods(["GET", "HEAD", "POST"])
@for_entity(Role.PREPARER)
def proposal_accrual(request: EntityRequest) -> HttpResponse:
    """The event date is the day up to which sales count; ?as_of= shows another one."""
    entity, day = request.entity, _day(request.GET.get("as_of", ""), request.entity.local_date())
    initial = {"event_on": day, "found_on": day, "reason": Reason.COUNT_DIFFERENCE}
    form = HeaderForm(request.POST or None, entity=entity, kinds=(Kind.ACCRUAL.value,), initial=initial)
    status = 200
    if request.method == "POST" and header_taken(request, form):
        try:
            proposal = services.accrual_propose(entity=entity, user=request.user, header=form.header())
        except DomainError as error:
            status = refused_in_form(request, form, error)
        else:
            messages.success(request, f"{proposal.number} is a draft. Look at it, then submit it.")
            return redirect(proposal)
    context = {"form": form, "day": day, "due": services.accruals_due(entity=entity, as_of=day)}
    return render(request, "proposals/accrual.html", context, status=400 if form.errors and status == 200 else status)


def _day(text: str, otherwise: dt.date) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        return otherwise
