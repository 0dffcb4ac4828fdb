"""What is typed of an insurance claim and of its steps; the rules themselves are the services'."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms

from core.models import Entity, StoredFile
from core.money import MONEY_SCALE, RAW_LIMIT, from_raw, plain
from writeoffs.proposals.claim_models import Claim
from writeoffs.proposals.services.claims import StepInput
from writeoffs.proposals.services.papers import Paper


def _amount(label: str, **options: Any) -> forms.DecimalField:
    return forms.DecimalField(
        label=label,
        decimal_places=MONEY_SCALE,
        min_value=Decimal(0),
        max_value=from_raw(RAW_LIMIT, MONEY_SCALE),
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
        **options,
    )


class StepForm(forms.Form):
    """What happened to a claim."""

    status = forms.ChoiceField(label="The claim is now", choices=Claim.Status.choices)
    happened_on = forms.DateField(label="Since", widget=forms.DateInput(attrs={"type": "date"}))
    claimed = _amount("Claimed in all")
    settled = _amount("Paid by the insurer", required=False, help_text="Only where it has settled.")
    note = forms.CharField(
        label="What happened", max_length=500, help_text="The insurer's letter, who judged it so and why."
    )
    paper = forms.FileField(label="Letter", required=False, help_text="PDF, PNG, JPEG, xlsx, csv or txt; up to 25 MB.")
    last = forms.IntegerField(widget=forms.HiddenInput(), required=False)

    def __init__(self, *args: Any, entity: Entity, claim: Claim | None = None, **kwargs: Any) -> None:
        initial = {"happened_on": entity.local_date(), "status": claim.status if claim else Claim.Status.FILED}
        if claim is not None:
            initial["claimed"] = plain(claim.claimed)
        super().__init__(*args, **{**kwargs, "initial": {**initial, **kwargs.get("initial", {})}})
        for name in ("claimed", "settled"):
            self.fields[name].label = f"{self.fields[name].label}, {entity.currency}"

    def step(self) -> StepInput:
        data = self.cleaned_data
        file = data["paper"]
        paper = Paper(file.name or "file", file.read(StoredFile.MAX_BYTES + 1)) if file else None
        return StepInput(
            data["status"], data["happened_on"], data["claimed"], data["note"], data["settled"] or Decimal(0), paper
        )


class OpenForm(StepForm):
    """The claim itself, with its first step."""

    insurer = forms.CharField(label="Insurer", max_length=120)
    policy_number = forms.CharField(label="Policy number", max_length=60, required=False)

    field_order = ("insurer", "policy_number", "claimed", "status", "happened_on", "settled", "note", "paper")
