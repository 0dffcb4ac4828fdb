"""What is typed of a charge, and the cost centre for all lines; the rules themselves are charges.py's."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.db.models import Q

from core.models import Category, CostCentre, Location
from core.money import MONEY_SCALE, RAW_LIMIT, from_raw
from writeoffs.posting.charges import SETTLED
from writeoffs.proposals.charges import CARRIERS
from writeoffs.proposals.entry_only import is_entry_only
from writeoffs.proposals.models import Certainty, ChargeKind, Proposal, ProposalCharge, Settlement
from writeoffs.proposals.services.charges import ChargeInput


def centre_choices(field: forms.Field, proposal: Proposal, kept: CostCentre | None = None) -> None:
    """The entity's active cost centres, and the one that stands there already."""
    assert isinstance(field, forms.ModelChoiceField)
    offered = Q(active=True) | Q(pk=kept.pk) if kept else Q(active=True)
    field.queryset = CostCentre.objects.filter(offered, entity=proposal.entity)


class ChargeForm(forms.Form):
    """One charge of a write-off, or of a document without lots."""

    kind = forms.ChoiceField(label="What it is", choices=ChargeKind.choices)
    amount = forms.DecimalField(
        label="Amount",
        decimal_places=MONEY_SCALE,
        min_value=Decimal(0),
        max_value=from_raw(RAW_LIMIT, MONEY_SCALE),
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
        help_text="Without a sign. It is posted on the proposal's posting date.",
    )
    settlement = forms.ChoiceField(
        label="Settled",
        choices=[("", "–"), *Settlement.choices],
        required=False,
        help_text="For disposal cost and scrap proceeds: in cash, or on account (payables, receivables).",
    )
    certainty = forms.ChoiceField(
        label="How certain the insurer's payment is",
        choices=[("", "–"), *Certainty.choices],
        required=False,
    )
    cost_centre = forms.ModelChoiceField(
        label="Cost centre", queryset=CostCentre.objects.none(), required=False, empty_label="None"
    )
    location = forms.ModelChoiceField(
        label="Location", queryset=Location.objects.none(), required=False, empty_label="None"
    )
    category = forms.ModelChoiceField(
        label="Category", queryset=Category.objects.none(), required=False, empty_label="None"
    )
    note = forms.CharField(label="Note", max_length=200, required=False)

    def __init__(self, *args: Any, proposal: Proposal, charge: ProposalCharge | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["amount"].label = f"Amount, {proposal.entity.currency}"
        booked = {
            "IFRS": "For an insurance claim: under IFRS it is booked only when virtually certain.",
            "US_GAAP": "For an insurance claim: under US GAAP it is booked when probable, up to the loss.",
        }
        self.fields["certainty"].help_text = booked[proposal.entity.framework]
        centre_choices(self.fields["cost_centre"], proposal, charge.cost_centre if charge else None)
        self._offer(proposal)

    def _offer(self, proposal: Proposal) -> None:
        """Only what the kind of document can say: of its charges, of their settlement and certainty, of a place."""
        kinds = CARRIERS.get(proposal.kind, ())
        if kinds:
            kind = self.fields["kind"]
            assert isinstance(kind, forms.ChoiceField)
            kind.choices = [(one.value, one.label) for one in kinds]
        if SETTLED.isdisjoint(kinds):
            del self.fields["settlement"]
        if ChargeKind.INSURANCE not in kinds:
            del self.fields["certainty"]
        if not is_entry_only(proposal):
            del self.fields["location"], self.fields["category"]
            return
        for name, places in (("location", Location.objects), ("category", Category.objects)):
            field = self.fields[name]
            assert isinstance(field, forms.ModelChoiceField)
            field.queryset = places.filter(entity=proposal.entity)

    def charge(self) -> ChargeInput:
        data = self.cleaned_data
        return ChargeInput(
            data["kind"],
            data["amount"],
            data.get("settlement", ""),
            data.get("certainty", ""),
            data["cost_centre"],
            data["note"],
            data.get("location"),
            data.get("category"),
        )


class CentreForm(forms.Form):
    """The cost centre that all lines get."""

    cost_centre = forms.ModelChoiceField(
        label="Cost centre of all lines", queryset=CostCentre.objects.none(), required=False, empty_label="None"
    )

    def __init__(self, *args: Any, proposal: Proposal, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        centre_choices(self.fields["cost_centre"], proposal)
        self.fields["cost_centre"].widget.attrs["class"] = "form-select"
