"""Writes off so many units of an item: compares the cost formulas, then makes the draft."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from core.access import EntityRequest, for_entity
from core.errors import DomainError
from core.middleware import record_refusal
from core.models import Entity, Location
from core.money import MONEY_SCALE, QUANTITY_SCALE, RAW_LIMIT, from_raw, to_raw
from core.words import Framework, Role
from inventory.models import Item
from writeoffs.proposals import services
from writeoffs.proposals.forms import HeaderForm
from writeoffs.proposals.models import Kind
from writeoffs.proposals.services.by_item import BY_ITEM
from writeoffs.proposals.views.common import header_taken
from writeoffs.valuation.cost_formulas import formulas_compared, layers_of
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
    """With ?sku= and ?quantity= the page compares what the formulas would take; the press makes the draft."""
    asked = {name: request.GET[name] for name in ("sku", "quantity", "location", "formula") if request.GET.get(name)}
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
            record_refusal(request, error)
            form.add_error(None, error.message)
            status = error.status
        else:
            messages.success(request, f"{proposal.number} is a draft. Look at its lots, then submit it.")
            return redirect(proposal)
    elif request.method == "POST":
        form.is_valid()
        status = 400 if {"sku", "quantity"} & set(form.errors) else 200
        if status == 200:
            form = ByItemForm(entity=request.entity, initial=request.POST.dict())
    status = 400 if form.errors and status == 200 else status
    context = {"form": form, **_compared(request.entity, request.POST if request.method == "POST" else request.GET)}
    return render(request, "proposals/by_item.html", context, status=status)


def _default(entity: Entity, asked: dict[str, str]) -> dict[str, str]:
    """The policy's own formula, where it is one by item."""
    item = Item.objects.select_related("category").filter(entity=entity, sku=asked.get("sku", "")).first()
    policy = policy_for(entity=entity, category=item.category, as_of=entity.local_date()) if item else None
    return {"formula": policy.cost_formula if policy is not None and policy.cost_formula in BY_ITEM else FIFO}


def _compared(entity: Entity, given: QueryDict) -> dict[str, object]:
    """What each formula would take, where item and quantity can be read; a constant number of queries."""
    item = Item.objects.select_related("category").filter(entity=entity, sku=given.get("sku", "").strip()).first()
    quantity = _number(given.get("quantity", ""))
    if item is None or quantity is None:
        return {"item": item}
    place = given.get("location", "")
    layers = layers_of(item=item, location_id=int(place) if place.isdecimal() and len(place) < 19 else None)
    leaving = to_raw(quantity, QUANTITY_SCALE)
    if leaving > layers.quantity:
        return {"item": item, "held": from_raw(layers.quantity, QUANTITY_SCALE), "short": True}
    policy = policy_for(entity=entity, category=item.category, as_of=entity.local_date())
    found = formulas_compared(entity=entity, layers=layers, quantity=leaving, policy=policy)
    return {
        "item": item,
        "held": from_raw(layers.quantity, QUANTITY_SCALE),
        "layers": layers.lots,
        "policy": policy,
        "compared": [
            (CostFormula(one.formula).label, from_raw(one.cost, MONEY_SCALE), from_raw(one.stays, MONEY_SCALE))
            for one in found
        ],
    }


def _number(text: str) -> Decimal | None:
    try:
        number = forms.DecimalField(
            decimal_places=QUANTITY_SCALE, min_value=Decimal("0.0001"), max_value=from_raw(RAW_LIMIT, QUANTITY_SCALE)
        ).clean(text)
    except forms.ValidationError:
        return None
    return number if isinstance(number, Decimal) else None
