"""Writes off so many units of an item: compares the cost formulas, then makes the draft."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from core.access import EntityRequest, for_entity
from core.errors import DomainError
from core.middleware import refused_in_form
from core.models import Entity, Location
from core.money import QUANTITY_SCALE, RAW_LIMIT, from_raw
from core.words import Framework, Role
from inventory.models import Item
from writeoffs.proposals import services
from writeoffs.proposals.forms import HeaderForm
from writeoffs.proposals.models import Kind
from writeoffs.proposals.services.by_item import BY_ITEM
from writeoffs.proposals.views.common import header_taken
from writeoffs.valuation.comparison import Formulas, formulas_of
from writeoffs.valuation.in_force import policy_for
from writeoffs.valuation.models import CostFormula
from writeoffs.valuation.rules.formulas import FIFO, LIFO


class ByItemForm(HeaderForm):
    """The item, how many units, and the formula that says what they cost."""

    sku = forms.CharField(label="SKU", max_length=60)
    location = forms.ModelChoiceField(
        label="Location",
        queryset=Location.objects.none(),
        required=False,
        empty_label="All locations",
        help_text="Where it is chosen, only the lots there are the item's layers.",
    )
    quantity = forms.DecimalField(
        label="Quantity",
        decimal_places=QUANTITY_SCALE,
        min_value=Decimal("0.0001"),
        max_value=from_raw(RAW_LIMIT, QUANTITY_SCALE),
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
    )
    formula = forms.ChoiceField(label="Cost formula")
    field_order = (
        *("sku", "location", "quantity", "formula", "reason", "event_on", "found_on", "posting_on", "adjustment"),
        *("finding", "material", "finding_why", "note", "quarantine_goods"),
    )

    def __init__(self, data: QueryDict | None = None, *, entity: Entity, initial: dict[str, Any] | None = None) -> None:
        super().__init__(data, entity=entity, kinds=(Kind.WRITE_OFF.value,), initial=initial)
        offered = [f for f in BY_ITEM if f != LIFO or entity.framework == Framework.US_GAAP]
        formula, location = self.fields["formula"], self.fields["location"]
        assert isinstance(formula, forms.ChoiceField)
        assert isinstance(location, forms.ModelChoiceField)
        formula.choices = [(value, CostFormula(value).label) for value in offered]
        location.queryset = Location.objects.filter(entity=entity).order_by("code")

    def clean_sku(self) -> str:
        sku: str = self.cleaned_data["sku"].strip()
        self.item = Item.objects.filter(entity=self.entity, sku=sku).first()
        if self.item is None:
            raise forms.ValidationError(f"No item has the SKU '{sku}'. Check it against the stock list.")
        return sku


@require_http_methods(["GET", "HEAD", "POST"])
@for_entity(Role.PREPARER)
def proposal_by_item(request: EntityRequest) -> HttpResponse:
    """The press makes the draft, or compares what the formulas would take. With ?sku= and ?quantity= and no formula the
    address is that of the comparison, which stands in the valuation room beside the levels."""
    asked = {name: request.GET[name] for name in ("sku", "quantity", "location", "formula") if request.GET.get(name)}
    if request.method != "POST" and {"sku", "quantity"} <= set(asked) and "formula" not in asked:
        return redirect(f"{reverse('valuation:comparison', args=[request.entity.slug])}?{urlencode(asked)}")
    form = ByItemForm(request.POST or None, entity=request.entity, initial={**_default(request.entity, asked), **asked})
    status = 200
    if request.method == "POST" and "compare" not in request.POST and header_taken(request, form):
        data = form.cleaned_data
        try:
            assert form.item is not None
            proposal = services.proposal_create_by_item(
                entity=request.entity,
                user=request.user,
                header=form.header(),
                item=form.item,
                quantity=data["quantity"],
                formula=data["formula"],
                location_id=data["location"].pk if data["location"] else None,
            )
        except DomainError as error:
            status = refused_in_form(request, form, error)
        else:
            messages.success(request, f"{proposal.number} is a draft. Look at its lots, then submit it.")
            return redirect(proposal)
    elif request.method == "POST":
        form.is_valid()
        status = 400 if {"sku", "quantity"} & set(form.errors) else 200
        if status == 200:
            form = ByItemForm(entity=request.entity, initial=request.POST.dict())
    status = 400 if form.errors and status == 200 else status
    compared = _compared(request.entity, request.POST) if request.method == "POST" else Formulas(None)
    return render(request, "proposals/by_item.html", {"form": form, "formulas": compared}, status=status)


def _default(entity: Entity, asked: dict[str, str]) -> dict[str, str]:
    """The policy's own formula, where it is one by item."""
    item = Item.objects.select_related("category").filter(entity=entity, sku=asked.get("sku", "")).first()
    policy = policy_for(entity=entity, category=item.category, as_of=entity.local_date()) if item else None
    return {"formula": policy.cost_formula if policy is not None and policy.cost_formula in BY_ITEM else FIFO}


def _compared(entity: Entity, given: QueryDict) -> Formulas:
    place = given.get("location", "")
    return formulas_of(
        entity=entity,
        sku=given.get("sku", ""),
        quantity=given.get("quantity", ""),
        location_id=int(place) if place.isdecimal() and len(place) < 19 else None,
    )
