"""Tax rules: those in force, their history, and how to ask for another."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from core.access import EntityRequest, for_entity, require_role
from core.errors import DomainError
from core.middleware import refused_in_form
from core.models import ChangeRequest, Entity, Location
from core.words import Reason, Role
from writeoffs.valuation.tax_models import TaxRule
from writeoffs.valuation.tax_rules import KIND, RuleAsked, rule_request


def _percent(label: str, **options: Any) -> forms.DecimalField:
    return forms.DecimalField(
        label=f"{label}, %",
        min_value=Decimal(0),
        max_value=Decimal(100),
        decimal_places=4,
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
        **options,
    )


class RuleForm(forms.Form):
    """A rule as a person says it: rates in percent, papers a line each."""

    jurisdiction = forms.CharField(label="Jurisdiction", max_length=60, help_text="Germany, Illinois.")
    reason = forms.ChoiceField(label="Reason", choices=[("", "All reasons"), *Reason.choices], required=False)
    location = forms.ModelChoiceField(
        label="Location", queryset=Location.objects.none(), required=False, empty_label="All locations"
    )
    starts_on = forms.DateField(label="In force from", widget=forms.DateInput(attrs={"type": "date"}))
    timing = forms.ChoiceField(label="Losses are deductible", choices=TaxRule.Timing.choices)
    rate = _percent("Income tax rate")
    recoverable = _percent(
        "Recoverable part of deferred tax",
        initial=100,
        help_text="Below 100 where it will not all be used (IAS 12.24).",
    )
    offer_days = forms.IntegerField(
        label="Offered at the lower price within days",
        min_value=0,
        max_value=3650,
        required=False,
        help_text="Of the inventory date: 30 under Treas. Reg. 1.471-2(c). Empty: not asked.",
    )
    input_tax = forms.ChoiceField(label="Input tax", choices=TaxRule.InputTax.choices)
    input_rate = _percent("Input tax rate", required=False)
    evidence = forms.CharField(
        label="Papers that prove it, one a line",
        required=False,
        max_length=1300,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="Police report, Count sheet before and after, Certificate of destruction, Dated price list or offer.",
    )
    why = forms.CharField(label="Why", max_length=300, help_text="The law, and what has changed.")

    def __init__(self, *args: Any, entity: Entity, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["location"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = Location.objects.filter(entity=entity)

    def asked(self) -> RuleAsked:
        data = self.cleaned_data
        return RuleAsked(
            data["jurisdiction"],
            data["timing"],
            data["rate"] / 100,
            data["starts_on"],
            data["reason"],
            data["location"],
            data["recoverable"] / 100,
            data["offer_days"],
            data["input_tax"],
            (data["input_rate"] or Decimal(0)) / 100,
            data["evidence"].splitlines(),
        )


@require_safe
@for_entity()
def tax_rules(request: EntityRequest) -> HttpResponse:
    """All versions, the newest of each reason and place first."""
    entity = request.entity
    context = {
        "rules": TaxRule.objects.filter(entity=entity).select_related("location", "asked_by", "decided_by"),
        "waiting": ChangeRequest.objects.filter(
            entity=entity, kind=KIND, status=ChangeRequest.Status.OPEN
        ).select_related("requested_by"),
        "rate": entity.tax_rate * 100,
        "may_ask": Role.CONTROLLER in request.entity_roles,
    }
    return render(request, "valuation/tax_rules.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@for_entity()
def tax_rule_ask(request: EntityRequest) -> HttpResponse:
    """Ask for a rule; a second person decides under Changes."""
    require_role(request, Role.CONTROLLER, what="Setting a tax rule")
    entity = request.entity
    initial = {
        "starts_on": entity.local_date(),
        "rate": (entity.tax_rate * 100).normalize(),
        "timing": entity.tax_timing,
    }
    form = RuleForm(request.POST or None, entity=entity, initial=initial)
    status = 400 if form.errors else 200
    if request.method == "POST" and form.is_valid():
        try:
            change = rule_request(entity=entity, user=request.user, asked=form.asked(), why=form.cleaned_data["why"])
        except DomainError as error:
            status = refused_in_form(request, form, error)
        else:
            messages.success(request, f"Asked: {change.summary}. A second person decides under Changes.")
            return redirect("valuation:tax_rules", entity.slug)
    return render(request, "valuation/tax_rule.html", {"form": form}, status=status)
