"""The filters of the ledger's pages; they stand in the address, so that a filtered page is a link."""

from __future__ import annotations

from typing import Any

from django import forms

from core.models import Entity
from writeoffs.ledger.models import FiscalPeriod, Leg, Origin
from writeoffs.ledger.selectors import EntryFilter
from writeoffs.ledger.trial_models import SECTIONS


class EntryFilterForm(forms.Form):
    """Period, origin, leg and text. What does not fit is left out of the filter, and the form says so."""

    period = forms.ModelChoiceField(
        FiscalPeriod.objects.none(), required=False, empty_label="Any", to_field_name="starts_on"
    )
    origin = forms.ChoiceField(choices=[("", "Any"), *Origin.choices], required=False)
    leg = forms.ChoiceField(choices=[("", "Any"), *Leg.choices], required=False)
    q = forms.CharField(label="Number, text or document", required=False, max_length=120)

    def __init__(self, *args: Any, entity: Entity, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        periods = FiscalPeriod.objects.filter(entity=entity).order_by("-starts_on")
        self.fields["period"].queryset = periods  # type: ignore[attr-defined]
        for name, field in self.fields.items():
            field.widget.attrs["class"] = "form-control" if name == "q" else "form-select"

    def narrow(self) -> EntryFilter:
        self.is_valid()
        values = self.cleaned_data
        return EntryFilter(
            values.get("period"), values.get("origin") or "", values.get("leg") or "", (values.get("q") or "").strip()
        )


class DatesForm(forms.Form):
    """From and to, both optional."""

    starts_on = forms.DateField(label="From", required=False, widget=forms.DateInput(attrs={"type": "date"}))
    ends_on = forms.DateField(label="To", required=False, widget=forms.DateInput(attrs={"type": "date"}))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.widget.attrs["class"] = "form-control"


class BalanceFilterForm(forms.Form):
    """What a trial balance is narrowed to; `account` comes from a figure's link: exact codes, joined by commas."""

    q = forms.CharField(label="Account or name", required=False, max_length=120)
    section = forms.ChoiceField(
        choices=[("", "Any"), *SECTIONS, ("NONE", "No section")],
        required=False,
    )
    account = forms.CharField(required=False, max_length=2000, widget=forms.HiddenInput())

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            field.widget.attrs["class"] = "form-select" if name == "section" else "form-control"

    def narrow(self) -> tuple[str, str, list[str]]:
        """(text, section, account codes)."""
        self.is_valid()
        values = self.cleaned_data
        text = (values.get("q") or "").strip()
        codes = [] if text else (values.get("account") or "").split(",")
        return text, values.get("section") or "", [code for code in codes if code]
