"""Reads what a person types on the pages of an assessment; the rules themselves are the services'."""

from __future__ import annotations

from decimal import Decimal

from django import forms
from django.http import QueryDict

from core.models import Category, Entity, Location
from core.money import MONEY_SCALE, display_money, plain
from core.words import Reason
from writeoffs.valuation.models import AssessmentLine, Basis

CAUSES = [choice for choice in Reason.choices if choice[0] != Reason.COUNT_DIFFERENCE]


class StartForm(forms.Form):
    """As of which day, for whose books, over which part of the stock."""

    as_of = forms.DateField(
        label="As of",
        help_text="Stock, prices, demand and rates as they were known for this day.",
        widget=forms.DateInput(attrs={"type": "date"}),
    )
    basis = forms.ChoiceField(
        label="Basis",
        choices=Basis.choices,
        initial=Basis.LEADING,
        help_text="Only the leading basis is posted; group and tax give adjustment reports.",
    )
    categories = forms.ModelMultipleChoiceField(
        label="Categories",
        queryset=Category.objects.none(),
        required=False,
        help_text="None chosen: all of them.",
        widget=forms.CheckboxSelectMultiple,
    )
    locations = forms.ModelMultipleChoiceField(
        label="Locations",
        queryset=Location.objects.none(),
        required=False,
        help_text="None chosen: all of them.",
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(self, data: QueryDict | None = None, *, entity: Entity) -> None:
        super().__init__(data, initial={"as_of": entity.local_date()})
        self.entity = entity
        for name, model in (("categories", Category), ("locations", Location)):
            field = self.fields[name]
            assert isinstance(field, forms.ModelMultipleChoiceField)
            field.queryset = model.objects.filter(entity=entity)


class OverrideForm(forms.Form):
    """What is required of a lot instead, and why."""

    amount = forms.DecimalField(
        label="Required",
        min_value=Decimal(0),
        decimal_places=MONEY_SCALE,
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
    )
    cause = forms.ChoiceField(label="The loss is of", required=False)
    reason = forms.CharField(
        label="Why",
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="What you know that the run did not. It stands on the NRV report, with your name.",
    )

    def __init__(self, data: QueryDict | None = None, *, line: AssessmentLine) -> None:
        shown = line.governing
        initial = {"amount": plain(shown), "cause": line.cause, "reason": line.override_reason}
        super().__init__(data, initial=initial)
        currency = line.assessment.entity.currency
        self.fields["amount"].label = f"Required, {currency}"
        self.fields[
            "amount"
        ].help_text = (
            f"From 0 to the lot's cost of {display_money(line.cost, currency, line.assessment.entity.locale)}."
        )
        cause = self.fields["cause"]
        assert isinstance(cause, forms.ChoiceField)
        cause.choices = [("", "No reason"), *CAUSES] if not line.reason else CAUSES
