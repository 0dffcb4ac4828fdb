"""Approval limits: what stands, who would be asked for an amount, and how to ask for others."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from core.access import EntityRequest, for_entity, require_role
from core.errors import DomainError
from core.middleware import refused_in_form
from core.models import ChangeRequest, User
from core.words import Role
from writeoffs.proposals.limit_forms import AskForm, WhenForm, inputs_of, rows_form
from writeoffs.proposals.limits import asked_for, band_said, bands_of, limits_at, titles_of
from writeoffs.proposals.models import ApprovalBand, ApprovalLimits
from writeoffs.proposals.services.limits import KIND, limits_request


@require_safe
@for_entity()
def limits(request: EntityRequest) -> HttpResponse:
    """The version in force today, and those before it; an amount that somebody tries stands in the address."""
    standing = limits_at(entity=request.entity, day=request.entity.local_date())
    form = AskForm(request.GET if "amount" in request.GET else None, entity=request.entity)
    bands = (
        ApprovalBand.objects.filter(limits=standing)
        .select_related("title", "category", "location")
        .order_by("location", "category", "reason", "title__rank")
        if standing
        else ApprovalBand.objects.none()
    )
    return render(
        request,
        "proposals/limits.html",
        {
            "standing": standing,
            "titles": titles_of(standing) if standing else [],
            "bands": [(band, band_said(band)) for band in bands],
            "versions": ApprovalLimits.objects.filter(entity=request.entity).select_related("asked_by", "decided_by"),
            "waiting": ChangeRequest.objects.filter(
                entity=request.entity, kind=KIND, status=ChangeRequest.Status.OPEN
            ).select_related("requested_by"),
            "form": form,
            "tried": _tried(form, standing),
            "may_ask": Role.CONTROLLER in request.entity_roles,
        },
    )


def _tried(form: AskForm, standing: ApprovalLimits | None) -> dict[str, Any] | None:
    """Who would be asked for the amount typed; None where nothing was tried or it cannot be read."""
    if standing is None or not form.is_bound or not form.is_valid():
        return None
    data = form.cleaned_data
    place = (data["category"].pk if data["category"] else None, data["location"].pk if data["location"] else None)
    asked = asked_for(bands_of(standing), gross=data["amount"], reason=data["reason"], places=[place])
    people = User.objects.filter(pk__in=asked.holders(), is_active=True)
    return {"asked": asked, "people": people}


@require_http_methods(["GET", "HEAD", "POST"])
@for_entity()
def limits_ask(request: EntityRequest) -> HttpResponse:
    """Ask for other limits; the form starts with those that stand."""
    require_role(request, Role.CONTROLLER, what="Changing the approval limits")
    entity, posted = request.entity, request.POST if request.method == "POST" else None
    form = WhenForm(posted, initial={"starts_on": entity.local_date()})
    rows = rows_form(entity, posted, limits_at(entity=entity, day=entity.local_date()))
    status = 200
    if posted is not None:
        status = 400
        if form.is_valid() and rows.is_valid():
            titles, bands = inputs_of(rows)
            try:
                change = limits_request(
                    entity=entity,
                    user=request.user,
                    titles=titles,
                    bands=bands,
                    starts_on=form.cleaned_data["starts_on"],
                    why=form.cleaned_data["why"],
                )
            except DomainError as error:
                status = refused_in_form(request, form, error)
            else:
                messages.success(request, f"Asked: {change.summary}. A second person decides under Changes.")
                return redirect("proposals:limits", entity.slug)
    return render(request, "proposals/limits_ask.html", {"form": form, "rows": rows}, status=status)
