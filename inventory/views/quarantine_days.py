"""After how many days goods in quarantine are overdue: what holds, and the form that asks for another number."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from core.access import EntityRequest, for_entity, require_role
from core.errors import DomainError
from core.idempotency import key_of
from core.middleware import refused_in_form
from core.models import ChangeRequest
from core.words import Role
from inventory.quarantine_days import KIND, MOST, days_request


class DaysForm(forms.Form):
    days = forms.IntegerField(
        label="Overdue after, days",
        min_value=1,
        max_value=MOST,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )
    why = forms.CharField(label="Why, for the second person", max_length=2000)


@require_http_methods(["GET", "HEAD", "POST"])
@for_entity()
def quarantine_days(request: EntityRequest) -> HttpResponse:
    """What holds; a controller asks for another number."""
    entity = request.entity
    form = DaysForm(request.POST or None, initial={"days": entity.quarantine_days})
    status = 400 if form.errors else 200
    if request.method == "POST":
        require_role(request, Role.CONTROLLER, what="Changing when quarantine is overdue")
        if form.is_valid():
            given: dict[str, Any] = form.cleaned_data
            try:
                change = days_request(
                    entity=entity, user=request.user, days=given["days"], why=given["why"], key=key_of(request)
                )
            except DomainError as error:
                status = refused_in_form(request, form, error)
            else:
                messages.success(request, f"Asked: {change.summary}. A second person decides under Changes.")
                return redirect("stock:quarantine-days", entity.slug)
    waiting = ChangeRequest.objects.filter(entity=entity, kind=KIND, status=ChangeRequest.Status.OPEN)
    context = {
        "form": form,
        "waiting": waiting.select_related("requested_by"),
        "may_ask": Role.CONTROLLER in request.entity_roles,
    }
    return render(request, "stock/quarantine_days.html", context, status=status)
