"""What is chosen on the export page: a span and a format; and what an ERP's layout asks for."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django import forms

from core.models import Entity
from writeoffs.ledger.layouts.base import Layout
from writeoffs.ledger.layouts.netsuite import DATES
from writeoffs.ledger.models import FiscalPeriod
from writeoffs.ledger.period_journal import FORMATS, Format, Span

_DAY = forms.DateInput(attrs={"type": "date", "class": "form-control"}, format="%Y-%m-%d")


class ExportForm(forms.Form):
    """A period, or days; both empty: everything."""

    period = forms.ModelChoiceField(
        FiscalPeriod.objects.none(),
        required=False,
        to_field_name="id",
        empty_label="Days, or everything",
        widget=forms.Select(attrs={"class": "form-select"}),
    )
    starts_on = forms.DateField(label="From", required=False, widget=_DAY)
    ends_on = forms.DateField(label="To", required=False, widget=_DAY)
    format = forms.ChoiceField(
        choices=[(one.code, one.label) for one in FORMATS.values()],
        widget=forms.Select(attrs={"class": "form-select"}),
    )

    def __init__(self, *args: Any, entity: Entity, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["period"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = FiscalPeriod.objects.filter(entity=entity).order_by("-starts_on", "-number")

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        starts_on: dt.date | None = data.get("starts_on")
        ends_on: dt.date | None = data.get("ends_on")
        if data.get("period") and (starts_on or ends_on):
            raise forms.ValidationError("Choose a period or days, not both. Clear one of them.")
        if starts_on and ends_on and ends_on < starts_on:
            self.add_error("ends_on", f"{ends_on} is before {starts_on}. Take that day or a later one.")
        return data

    def span(self) -> Span:
        data = self.cleaned_data
        return Span(data["period"], data["starts_on"], data["ends_on"])

    def chosen(self) -> Format:
        return FORMATS[self.cleaned_data["format"]]


def settings_form(layout: Layout, data: Any, *, initial: Mapping[str, str]) -> forms.Form:
    """A form of the layout's own fields, and why they change."""
    form = forms.Form(data, initial=dict(initial))
    for field in layout.fields:
        if layout.code == "netsuite" and field.name == "dates":
            form.fields[field.name] = forms.ChoiceField(
                label=field.label, choices=[(one, one) for one in DATES], help_text=field.help
            )
            continue
        form.fields[field.name] = forms.CharField(
            label=field.label, required=field.required, max_length=field.max_length, help_text=field.help
        )
    form.fields["why"] = forms.CharField(
        label="Why", max_length=2000, help_text="A second person reads it before they agree."
    )
    return form
