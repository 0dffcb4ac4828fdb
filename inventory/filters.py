"""The stock list's filters. The same query string filters the page, the totals, the export and a proposal from it.

Invariant: a filter set never leaves the entity that it was made for, and "today" is the entity's own calendar day.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import django_filters
from django import forms
from django.db.models import Q, QuerySet
from django.http import QueryDict

from core.models import Category, Entity, Location
from core.money import MoneyField, QuantityField, UnitCostField
from inventory.models import Lot

EXACT_FILTERS = {
    field: {"filter_class": django_filters.NumberFilter} for field in (QuantityField, MoneyField, UnitCostField)
}

SORTS: dict[str, tuple[str, ...]] = {
    "sku": ("item__sku", "code", "location_id"),
    "location": ("location__code", "item__sku", "code"),
    "quantity": ("quantity", "id"),
    "unit_cost": ("unit_cost", "id"),
    "cost": ("cost", "id"),
    "allowance": ("allowance", "id"),
    "received_on": ("received_on", "id"),
    "expires_on": ("expires_on", "id"),
}
DEFAULT_SORT = "sku"


class LotFilter(django_filters.FilterSet):  # type: ignore[misc]
    """Parameters: q, location, category, expiry, expires_before, sale, age, stock, cost. A value that cannot be used
    filters nothing out of sight: the form is not valid then, and the page says so."""

    q = django_filters.CharFilter(label="SKU, description or lot", method="by_text", max_length=100)
    location = django_filters.ModelChoiceFilter(label="Location", queryset=Location.objects.none(), empty_label="All")
    category = django_filters.ModelChoiceFilter(
        label="Category", field_name="item__category", queryset=Category.objects.none(), empty_label="All"
    )
    expiry = django_filters.ChoiceFilter(
        label="Expiry",
        empty_label="Any",
        method="by_expiry",
        choices=(
            ("expired", "Expired"),
            ("30", "Expires within 30 days"),
            ("90", "Expires within 90 days"),
            ("none", "No expiry date"),
        ),
    )
    expires_before = django_filters.DateFilter(
        label="Expires before",
        field_name="expires_on",
        lookup_expr="lt",
        widget=forms.DateInput(attrs={"type": "date"}),
    )
    sale = django_filters.ChoiceFilter(
        label="End of sale",
        empty_label="Any",
        method="by_end_of_sale",
        choices=(("passed", "End of sale passed"), ("ahead", "End of sale ahead"), ("none", "No end of sale")),
    )
    age = django_filters.ChoiceFilter(
        label="Age",
        empty_label="Any",
        method="by_age",
        choices=(
            ("90", "Received more than 90 days ago"),
            ("180", "Received more than 180 days ago"),
            ("365", "Received more than a year ago"),
            ("730", "Received more than two years ago"),
        ),
    )
    stock = django_filters.ChoiceFilter(
        label="On hand",
        empty_label="Any",
        method="by_stock",
        choices=(("on_hand", "On hand only"), ("nil", "Nothing on hand"), ("negative", "Negative")),
    )
    cost = django_filters.ChoiceFilter(
        label="Cost",
        empty_label="Any",
        method="by_cost",
        choices=(("zero", "Unit cost is zero"), ("written_down", "Written down")),
    )

    class Meta:
        model = Lot
        fields: list[str] = []
        filter_overrides = EXACT_FILTERS

    def __init__(self, data: QueryDict | None, *, entity: Entity, **kwargs: Any) -> None:
        self.today = entity.local_date()
        super().__init__(data, queryset=Lot.objects.filter(entity=entity), **kwargs)
        self.filters["location"].queryset = Location.objects.filter(entity=entity)
        self.filters["category"].queryset = Category.objects.filter(entity=entity)
        for field in self.form.fields.values():
            select = isinstance(field.widget, forms.Select)
            field.widget.attrs["class"] = "form-select" if select else "form-control"

    def by_text(self, lots: QuerySet[Lot], name: str, value: str) -> QuerySet[Lot]:
        return lots.filter(
            Q(item__sku__icontains=value) | Q(item__description__icontains=value) | Q(code__icontains=value)
        )

    def by_expiry(self, lots: QuerySet[Lot], name: str, value: str) -> QuerySet[Lot]:
        if value == "none":
            return lots.filter(expires_on__isnull=True)
        if value == "expired":
            return lots.filter(expires_on__lt=self.today)
        return lots.filter(expires_on__range=(self.today, self.today + dt.timedelta(days=int(value))))

    def by_end_of_sale(self, lots: QuerySet[Lot], name: str, value: str) -> QuerySet[Lot]:
        if value == "none":
            return lots.filter(end_of_sale_on__isnull=True)
        return (
            lots.filter(end_of_sale_on__lt=self.today)
            if value == "passed"
            else lots.filter(end_of_sale_on__gte=self.today)
        )

    def by_age(self, lots: QuerySet[Lot], name: str, value: str) -> QuerySet[Lot]:
        return lots.filter(received_on__lt=self.today - dt.timedelta(days=int(value)))

    def by_stock(self, lots: QuerySet[Lot], name: str, value: str) -> QuerySet[Lot]:
        nil = Decimal(0)
        if value == "nil":
            return lots.filter(quantity=nil)
        return lots.filter(quantity__gt=nil) if value == "on_hand" else lots.filter(quantity__lt=nil)

    def by_cost(self, lots: QuerySet[Lot], name: str, value: str) -> QuerySet[Lot]:
        return lots.filter(unit_cost=Decimal(0)) if value == "zero" else lots.filter(write_down__gt=Decimal(0))


def sort_order(params: QueryDict) -> tuple[str, ...]:
    """The order_by of the `sort` parameter ("cost", or "-cost" for the largest first); the SKU where it is unknown."""
    wanted = params.get("sort", DEFAULT_SORT)
    fields = SORTS.get(wanted.removeprefix("-"), SORTS[DEFAULT_SORT])
    return tuple(f"-{field}" for field in fields) if wanted.startswith("-") else fields
