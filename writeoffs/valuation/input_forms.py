"""Forms of the inputs: what is typed into a list's filter, and one figure as somebody gives or withdraws it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.forms.models import fields_for_model

from core.models import Category, Entity, Location, StoredFile, User
from core.papers import ACCEPTED, Paper
from inventory.models import Item, Lot
from writeoffs.valuation.inputs import Input
from writeoffs.valuation.kinds_of_input import InputKind

# The fields of each kind in the order of its form; SKU, lot and location are typed, since there may be thousands.
_FIELDS: dict[str, tuple[str, ...]] = {
    "price": (
        *("sku", "lot_code", "location", "as_of", "currency", "selling_price", "cost_to_complete", "cost_to_sell"),
        *("nrv", "replacement_cost", "normal_profit", "excess_recoverable", "offered_on", "recovers_in_year"),
    ),
    "contract": (
        *("reference", "sku", "customer", "quantity", "price", "currency", "starts_on", "ends_on"),
        *("cost_to_complete", "cost_to_sell"),
    ),
    "commitment": ("reference", "sku", "supplier", "quantity", "price", "currency", "starts_on", "ends_on"),
    "use": ("material", "product", "as_of"),
    "demand": ("sku", "month", "quantity"),
    "condition": ("sku", "lot_code", "location", "kind", "as_of", "lifted", "note"),
    "sales": ("location", "category", "starts_on", "ends_on", "revenue"),
    "rate": ("currency", "as_of", "rate"),
}
_HELP = {
    "selling_price": "Per unit, as are all figures here.",
    "nrv": "Instead of selling price and costs. It may be negative.",
    "excess_recoverable": "What a unit beyond demand still fetches.",
    "offered_on": "When the goods were really offered at this price.",
    "recovers_in_year": "A fall that is expected to be made good within the fiscal year.",
    "month": "Any day of the month.",
    "lot_code": "Empty: the price is of every lot of the item.",
    "rate": "Units of the company's currency for one of this.",
    "cost_to_complete": "Empty: nil, or that of the item's price.",
    "cost_to_sell": "Empty: nil, or that of the item's price.",
}
_SKUS = {"sku": "item", "material": "material", "product": "product"}


class FilterForm(forms.Form):
    """What of a kind of input a page shows."""

    q = forms.CharField(label="Search", required=False, max_length=100)
    category = forms.ModelChoiceField(Category.objects.none(), required=False, empty_label="All")
    by = forms.ModelChoiceField(User.objects.none(), required=False, empty_label="Anybody", label="Given by")
    as_of = forms.DateField(label="As of", required=False, widget=forms.DateInput(attrs={"type": "date"}))

    def __init__(self, *args: Any, entity: Entity, kind: InputKind, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["category"].queryset = Category.objects.filter(entity=entity)  # type: ignore[attr-defined]
        people = User.objects.filter(memberships__entity=entity).distinct()
        self.fields["by"].queryset = people  # type: ignore[attr-defined]
        if kind.code == "rate":
            del self.fields["category"]
        for field in self.fields.values():
            field.widget.attrs["class"] = "form-select" if isinstance(field.widget, forms.Select) else "form-control"


class InputForm(forms.Form):
    """One input of a kind. `given` makes the record that the service is asked to keep."""

    source = forms.CharField(max_length=200, help_text="Where the figure is from: price list 2026-03, offer 4711.")
    evidence = forms.FileField(
        required=False,
        help_text=f"The paper that shows it: {', '.join(ACCEPTED)}.",
        widget=forms.ClearableFileInput(attrs={"accept": ",".join(ACCEPTED)}),
    )
    reason = forms.CharField(
        label="Why it replaces another", required=False, max_length=200, help_text="Only where a figure stands already."
    )

    def __init__(self, *args: Any, entity: Entity, kind: InputKind, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.entity, self.kind = entity, kind
        own = {name: self._made(name) for name in _FIELDS[kind.code]}
        self.fields = {**own, **self.fields}
        for name, field in self.fields.items():
            field.help_text = _HELP.get(name, field.help_text)
            if isinstance(field, forms.DateField):
                field.widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
        if "currency" in self.fields and kind.code != "rate":
            self.fields["currency"].initial = entity.currency

    def _made(self, name: str) -> forms.Field:
        if name in _SKUS:
            return forms.CharField(label="SKU" if name == "sku" else name.capitalize(), max_length=60)
        if name == "location" and self.kind.code == "sales":
            places = Location.objects.filter(entity=self.entity)
            return forms.ModelChoiceField(places, required=False, empty_label="All together")
        if name == "category":
            groups = Category.objects.filter(entity=self.entity)
            return forms.ModelChoiceField(groups, required=False, empty_label="All together")
        if name in ("lot_code", "location"):
            label = "Lot" if name == "lot_code" else "Location of the lot"
            return forms.CharField(label=label, required=self.kind.code == "condition", max_length=60)
        field: forms.Field = fields_for_model(self.kind.model, fields=[name])[name]
        return field

    def clean_month(self) -> Any:
        return self.cleaned_data["month"].replace(day=1)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        for typed, name in _SKUS.items():
            if typed in self.fields and typed in data:
                data[name] = self._item(typed, data[typed])
        if "lot_code" in self.fields and data.get("item") is not None:
            data["lot"] = self._lot(data["item"], data.get("lot_code", ""), data.get("location", ""))
        return data

    def _item(self, typed: str, sku: str) -> Item | None:
        item = Item.objects.filter(entity=self.entity, sku=sku.strip()).first()
        if item is None:
            self.add_error(typed, f"No item of {self.entity} has the SKU '{sku}'. Look it up under Stock.")
        return item

    def _lot(self, item: Item, code: str, place: str) -> Lot | None:
        if not code and not place:
            return None
        lot = Lot.objects.filter(entity=self.entity, item=item, code=code, location__code=place).first()
        if lot is None:
            self.add_error("lot_code", f"{item} has no lot '{code}' at '{place}'. Look it up under Stock.")
        return lot

    def given(self, evidence: StoredFile | None) -> Input:
        """The record as it was typed; the service fills in the rest."""
        names = {name.removesuffix("_id") for name in self.kind.columns}
        values = {name: self.cleaned_data[name] for name in names if name in self.cleaned_data}
        data = self.cleaned_data
        return self.kind.model(**values, source=data["source"], reason=data["reason"], evidence=evidence)

    def paper(self) -> Paper | None:
        file = self.cleaned_data.get("evidence")
        # One byte past the limit is enough to know that it is too large.
        return Paper(file.name or "file", file.read(StoredFile.MAX_BYTES + 1)) if file else None


def initial_of(kind: InputKind, given: Input) -> dict[str, Any]:
    """What stands, to be replaced: the form begins with it."""
    values: dict[str, Any] = {}
    for name in _FIELDS[kind.code]:
        if name in _SKUS and hasattr(given, _SKUS[name]):
            values[name] = getattr(given, _SKUS[name]).sku
        elif name not in ("sku", "lot_code") and not (name == "location" and kind.code != "sales"):
            value = getattr(given, name)
            values[name] = value.normalize() if isinstance(value, Decimal) and value else value
    lot = getattr(given, "lot", None)
    if lot is not None:
        values |= {"sku": lot.item.sku, "lot_code": lot.code, "location": lot.location.code}
    return values | {"source": given.source}


class WithdrawForm(forms.Form):
    reason = forms.CharField(label="Why it is withdrawn", max_length=200)
