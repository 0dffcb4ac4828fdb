"""The worklist of falls: units that a newer stock list no longer shows and nobody has explained."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from core.access import EntityRequest, for_entity
from core.words import Role
from inventory.models import UnexplainedFall
from inventory.selectors import falls
from inventory.services import fall_explain

PAGE = 50
EXPLAINERS = (Role.PREPARER, Role.CONTROLLER)


class ExplainForm(forms.Form):
    explanation = forms.ChoiceField(
        choices=[choice for choice in UnexplainedFall.Explanation.choices if choice[0]],
        error_messages={
            "required": "Choose what happened to the units.",
            "invalid_choice": "Choose one of the explanations offered.",
        },
    )
    note = forms.CharField(max_length=200, required=False)


@require_safe
@for_entity()
def fall_list(request: EntityRequest) -> HttpResponse:
    explained = request.GET.get("show") == "explained"
    context = {
        "page_obj": Paginator(falls(entity=request.entity, explained=explained), PAGE).get_page(
            request.GET.get("page")
        ),
        "explained": explained,
        "choices": [choice for choice in UnexplainedFall.Explanation.choices if choice[0]],
        "may_explain": bool(request.entity_roles & set(EXPLAINERS)),
    }
    return render(request, "stock/falls.html", context)


@require_POST
@for_entity(*EXPLAINERS)
def fall_explain_view(request: EntityRequest, pk: int) -> HttpResponse:
    fall = get_object_or_404(UnexplainedFall, entity=request.entity, pk=pk)
    form = ExplainForm(request.POST)
    if form.is_valid():
        fall_explain(
            entity=request.entity,
            fall=fall,
            explanation=form.cleaned_data["explanation"],
            note=form.cleaned_data["note"],
            user=request.user,
        )
        messages.success(request, f"{fall.movement.lot.item} / {fall.movement.lot}: explained.")
    else:
        for errors in form.errors.values():
            messages.error(request, f"{fall.movement.lot.item} / {fall.movement.lot}: {errors[0]}")
    return redirect("stock:falls", request.entity.slug)
