"""What people type about groups: a rate, and which companies a group has."""

from __future__ import annotations

import calendar
from typing import Any

from django import forms
from django.utils.text import slugify

from core.entity_groups import EntityGroup, ExchangeRate
from core.exchange import AVERAGE, CLOSING, RateGiven
from core.form_fields import OfferedField
from core.group_changes import GroupGiven
from core.models import Entity
from core.money import EXCHANGE_SCALE

MONTHS = [(number, calendar.month_name[number]) for number in range(1, 13)]


def _styled(form: forms.Form) -> None:
    for field in form.fields.values():
        widget = field.widget
        if isinstance(widget, forms.CheckboxInput | forms.CheckboxSelectMultiple):
            widget.attrs["class"] = "form-check-input"
        else:
            widget.attrs["class"] = "form-select" if isinstance(widget, forms.Select) else "form-control"


def _date(label: str, *, required: bool = True) -> forms.DateField:
    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    return forms.DateField(label=label, required=required, widget=widget)


class RateForm(forms.Form):
    """One rate. The days of a closing rate are one: its first day is not asked for."""

    currency = forms.ChoiceField(label="From")
    kind = forms.ChoiceField(choices=ExchangeRate.Kind.choices)
    starts_on = _date("First day (of an average)", required=False)
    ends_on = _date("Day, or last day of an average")
    rate = forms.DecimalField(decimal_places=EXCHANGE_SCALE, max_digits=15, required=False)
    withdraw = forms.BooleanField(label="There is no such rate: withdraw the one that stands", required=False)
    source = forms.CharField(max_length=120, help_text="Who published it, and when: ECB reference rate, 31 March 2026.")
    reason = forms.CharField(
        label="Why it replaces another", max_length=200, required=False, help_text="Only where these days have a rate."
    )
    sure = forms.BooleanField(label="The value is meant, although it is far from the one before", required=False)

    def __init__(self, data: Any = None, *, group: EntityGroup, currencies: list[str], **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        field = self.fields["currency"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(code, code) for code in currencies]
        self.fields["rate"].label = f"{group.currency} for one unit"
        self.fields["rate"].help_text = f"How many {group.currency} one unit of the other currency is worth: 0.9215."
        _styled(self)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("rate") is None and not cleaned.get("withdraw") and "rate" not in self.errors:
            self.add_error("rate", "Give the rate, or withdraw the one that stands.")
        if cleaned.get("rate") is not None and cleaned.get("withdraw"):
            self.add_error("withdraw", "Either give a rate or withdraw the one that stands.")
        if cleaned.get("kind") == AVERAGE and not cleaned.get("starts_on") and "starts_on" not in self.errors:
            self.add_error("starts_on", "An average needs its first day.")
        return cleaned

    def given(self) -> RateGiven:
        data = self.cleaned_data
        first = data["ends_on"] if data["kind"] == CLOSING else data["starts_on"]
        return RateGiven(
            currency=data["currency"],
            kind=data["kind"],
            starts_on=first,
            ends_on=data["ends_on"],
            rate=None if data["withdraw"] else data["rate"],
            source=data["source"],
            reason=data["reason"],
            sure=data["sure"],
        )


class GroupForm(forms.Form):
    """A group as it shall be. Of one that exists, address, currency and parent stay."""

    name = forms.CharField(max_length=120)
    parent = forms.ModelChoiceField(
        Entity.objects.none(),
        label="Kept by",
        empty_label=None,
        help_text="Its controllers enter the rates; its audit trail and its second person see every change.",
    )
    currency = forms.CharField(max_length=3, min_length=3, help_text="What the group reports in: EUR. It stays.")
    fiscal_year_start = forms.TypedChoiceField(label="Fiscal year starts in", choices=MONTHS, coerce=int)
    entities = OfferedField(Entity.objects.none(), label="Companies", widget=forms.CheckboxSelectMultiple)
    reason = forms.CharField(max_length=500, widget=forms.Textarea(attrs={"rows": 3}))

    def __init__(self, data: Any = None, *, kept: Any, group: EntityGroup | None = None, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        self.group = group
        for name in ("parent", "entities"):
            field = self.fields[name]
            assert isinstance(field, forms.ModelChoiceField)
            field.queryset = kept
        if group:
            del self.fields["parent"], self.fields["currency"]
        _styled(self)

    def given(self) -> GroupGiven:
        data = self.cleaned_data
        return GroupGiven(
            slug=self.group.slug if self.group else slugify(data["name"])[:40] or "group",
            name=data["name"],
            currency=self.group.currency if self.group else data["currency"].upper(),
            fiscal_year_start=data["fiscal_year_start"],
            entities=list(data["entities"]),
        )

    @property
    def keeper(self) -> Entity:
        return self.group.parent if self.group else self.cleaned_data["parent"]
