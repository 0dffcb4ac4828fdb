"""The form of a valuation policy: what is chosen, and a row for each ageing band."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms

from core.models import Category, Entity
from core.money import plain
from core.words import Framework
from writeoffs.valuation.policies import Basis, CostFormula, Level
from writeoffs.valuation.policy_changes import PolicyAsked

# Bands beyond those that stand; more are asked for by changing again.
EMPTY = 4


def _rate(label: str, help_text: str) -> forms.DecimalField:
    return forms.DecimalField(
        label=label, required=False, min_value=0, max_value=1, max_digits=7, decimal_places=6, help_text=help_text
    )


class PolicyForm(forms.Form):
    """Everything of a policy but its bands; rates are fractions."""

    category = forms.ModelChoiceField(Category.objects.none(), required=False, empty_label="All that have none")
    basis = forms.ChoiceField(choices=Basis.choices, help_text="Only the leading basis is posted.")
    starts_on = forms.DateField(
        label="In force from", widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    framework = forms.ChoiceField(
        choices=[("", "The company's own"), *Framework.choices],
        required=False,
        help_text="Another one only for the group or the tax basis.",
    )
    level = forms.ChoiceField(choices=Level.choices, help_text="For what cost and net realisable value are compared.")
    level_reason = forms.CharField(
        label="Why the items cannot be judged apart",
        required=False,
        max_length=300,
        help_text="Under IFRS a category needs this (IAS 2.29): one product line, similar purpose, sold in one area.",
    )
    cost_formula = forms.ChoiceField(choices=CostFormula.choices)
    variance_rate = _rate("Variance of standard cost", "0.03 where actual cost is 3 % above standard.")
    excess_months = forms.IntegerField(
        label="Excess beyond months of demand", required=False, min_value=1, max_value=120, help_text="Empty: no test."
    )
    demand_months = forms.IntegerField(label="Demand averaged over months", min_value=1, max_value=60, initial=12)
    excess_recovery = _rate("Recovered of an excess unit's cost", "Where its price says nothing. Empty: nothing.")
    expired_rate = _rate("Loss when expired", "1 for all of it. Empty: no test.")
    expiring_days = forms.IntegerField(label="Expires soon: within days", required=False, min_value=1, max_value=3650)
    expiring_rate = _rate("Loss when it expires soon", "0.5 for half of it.")
    shrinkage_rate = _rate("Shrinkage accrued, of sales", "0.012 for 1.2 % of sales between counts.")
    least = forms.DecimalField(
        label="Leave movements below this alone", required=False, min_value=0, max_digits=15, decimal_places=4
    )
    quarterly = forms.BooleanField(label="Interim reports by quarter (ASC 270)", required=False)
    why = forms.CharField(
        label="Why", max_length=300, widget=forms.Textarea(attrs={"rows": 3}), help_text="A second person reads it."
    )

    def __init__(self, *args: Any, entity: Entity, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["category"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = Category.objects.filter(entity=entity)


class BandForm(forms.Form):
    """One ageing band; an empty row is none."""

    from_days = forms.IntegerField(label="From days", required=False, min_value=0, max_value=100_000)
    to_days = forms.IntegerField(
        label="To days", required=False, min_value=0, max_value=100_000, help_text="Empty: and more."
    )
    rate = _rate("Part of cost lost", "0.25 for 25 %.")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.widget.attrs["class"] = "form-control"

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        given = [name for name in ("from_days", "to_days", "rate") if data.get(name) is not None]
        if given and not self.errors:
            for name in ("from_days", "rate"):
                if data.get(name) is None:
                    self.add_error(name, "Give it, or clear the whole row.")
        return data


type_bands = forms.BaseFormSet[BandForm]


def bands_form(data: Any = None, asked: PolicyAsked | None = None) -> type_bands:
    """Rows of what stands, and some empty ones."""
    initial = [] if asked is None else _initial_bands(asked)
    factory = forms.formset_factory(BandForm, extra=EMPTY, max_num=30)
    made: type_bands = factory(data, initial=initial if data is None else None, prefix="band")
    return made


def _initial_bands(asked: PolicyAsked) -> list[dict[str, Any]]:
    return [{"from_days": first, "to_days": last, "rate": plain(rate)} for first, last, rate in asked.bands]


def initial_of(asked: PolicyAsked) -> dict[str, Any]:
    values = {"category": asked.category, "basis": asked.basis, "starts_on": asked.starts_on, **asked.values}
    return {name: plain(value) if isinstance(value, Decimal) else value for name, value in values.items()}


def asked_of(form: PolicyForm, rows: type_bands) -> PolicyAsked:
    """What was typed, as a request."""
    data = {name: value for name, value in form.cleaned_data.items() if name != "why"}
    for name in ("excess_recovery", "least"):
        data[name] = data[name] or Decimal(0)
    bands = [
        (row["from_days"], row["to_days"], row["rate"])
        for row in (each.cleaned_data for each in rows.forms)
        if row.get("from_days") is not None
    ]
    return PolicyAsked(**data, bands=bands)
