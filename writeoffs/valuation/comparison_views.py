"""The page that sets the choices of measurement side by side: cost formulas and levels of comparison."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from core.access import EntityRequest, for_entity
from core.words import Role
from writeoffs.valuation.comparison import (
    ComparisonForm,
    Formulas,
    formulas_of,
    items_worth_comparing,
    levels_of,
    runs_of,
)
from writeoffs.valuation.rules.formulas import AVERAGE, FIFO, LIFO


@require_safe
@for_entity()
def comparison(request: EntityRequest) -> HttpResponse:
    """With ?sku= and ?quantity= the formulas for so many units; the levels of the run of ?assessment=, else the last
    one."""
    entity = request.entity
    runs = runs_of(entity)
    form = ComparisonForm(request.GET, entity=entity, runs=runs)
    given = form.cleaned_data if form.is_valid() else {}
    run = next((one for one in runs if one.number == given.get("assessment")), runs[0] if runs else None)
    location = given.get("location")
    formulas = Formulas(None)
    if given.get("sku") and given.get("quantity"):
        formulas = formulas_of(
            entity=entity,
            sku=given["sku"],
            quantity=given["quantity"],
            location_id=location.pk if location else None,
        )
    context = {
        "form": form,
        "run": run,
        "levels": levels_of(run) if run is not None else [],
        "formulas": formulas,
        "suggested": [] if formulas.item else items_worth_comparing(entity),
        "by_item": (FIFO, AVERAGE, LIFO) if Role.PREPARER in request.entity_roles else (),
    }
    return render(request, "valuation/comparison.html", context, status=400 if form.errors else 200)
