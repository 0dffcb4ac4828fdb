"""The cost centres: listed for every reader, kept by controllers."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from core.access import EntityRequest, for_entity, require_role
from core.errors import DomainError
from core.form_fields import OfferedField
from core.middleware import refused_in_form
from core.models import Category, CostCentre, Entity, Location
from core.words import Role
from writeoffs.ledger.cost_centres import cost_centre_save, cost_centres_listed

PER_PAGE = 100


class CostCentreForm(forms.Form):
    """One cost centre, and where it is the default of a line."""

    code = forms.CharField(label="Code", max_length=30, help_text="As your ledger has it. It never changes.")
    name = forms.CharField(label="Name", max_length=120, required=False)
    active = forms.BooleanField(
        label="Active", required=False, initial=True, help_text="A retired cost centre takes no new line."
    )
    locations = OfferedField(
        label="Bears what is lost at",
        queryset=Location.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="Lines of lots at these locations name it, unless somebody chooses another.",
    )
    categories = OfferedField(
        label="Bears what is lost of",
        queryset=Category.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="The same by category, where the location names nobody.",
    )

    def __init__(self, *args: Any, entity: Entity, centre: CostCentre | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, model in (("locations", Location), ("categories", Category)):
            field = self.fields[name]
            assert isinstance(field, forms.ModelMultipleChoiceField)
            field.queryset = model._default_manager.filter(entity=entity)
        if centre is not None:
            self.fields["code"].disabled = True


@require_safe
@for_entity()
def cost_centres(request: EntityRequest) -> HttpResponse:
    page = Paginator(cost_centres_listed(entity=request.entity), PER_PAGE).get_page(request.GET.get("page"))
    may_keep = Role.CONTROLLER in request.entity_roles
    return render(request, "ledger/cost_centres.html", {"page_obj": page, "may_keep": may_keep})


@require_http_methods(["GET", "HEAD", "POST"])
@for_entity()
def cost_centre(request: EntityRequest, pk: int | None = None) -> HttpResponse:
    """A new one, or the one to change."""
    require_role(request, Role.CONTROLLER, what="Keeping cost centres")
    centre = None if pk is None else get_object_or_404(CostCentre, entity=request.entity, pk=pk)
    initial = {}
    if centre is not None:
        initial = {
            "code": centre.code,
            "name": centre.name,
            "active": centre.active,
            "locations": centre.locations.all(),
            "categories": centre.categories.all(),
        }
    form = CostCentreForm(request.POST or None, entity=request.entity, centre=centre, initial=initial)
    status = 200
    if request.method == "POST" and form.is_valid():
        try:
            saved = cost_centre_save(entity=request.entity, user=request.user, centre=centre, **form.cleaned_data)
        except DomainError as error:
            status = refused_in_form(request, form, error)
        else:
            messages.success(request, f"Cost centre {saved.code} is saved.")
            return redirect("ledger:cost_centres", request.entity.slug)
    elif form.errors:
        status = 400
    return render(request, "ledger/cost_centre.html", {"form": form, "centre": centre}, status=status)
