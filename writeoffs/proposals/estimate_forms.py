"""What is typed of a loss without records: the figures of the chosen method, each with its source."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms

from core.models import Category, Entity, Location, StoredFile
from core.money import MONEY_SCALE, RATE_SCALE, RAW_LIMIT, from_raw
from core.papers import ACCEPTED, Paper
from writeoffs.proposals.estimate_models import ABNORMAL, LossEstimate
from writeoffs.proposals.services.estimates import EstimateInput, FigureInput
from writeoffs.valuation.rules.estimating import FIGURES, Asked

_DECIMAL = {"inputmode": "decimal", "autocomplete": "off", "class": "form-control num"}


def _number(label: str, places: int, least: Decimal = Decimal(0)) -> forms.DecimalField:
    return forms.DecimalField(
        label=label,
        required=False,
        decimal_places=places,
        min_value=least,
        max_value=from_raw(RAW_LIMIT, MONEY_SCALE),
        widget=forms.TextInput(attrs=_DECIMAL),
    )


class EstimateForm(forms.Form):
    """Where, when and what; then a row of fields for each figure of the method. `rows` gives them to the page."""

    variant = forms.ChoiceField(label="Variant", choices=LossEstimate.Variant.choices)
    reason = forms.ChoiceField(label="Reason", choices=[(one.value, one.label) for one in ABNORMAL])
    event_on = forms.DateField(label="Day of the loss", widget=forms.DateInput(attrs={"type": "date"}))
    location = forms.ModelChoiceField(
        Location.objects.none(), label="Location", required=False, empty_label="All together"
    )
    category = forms.ModelChoiceField(
        Category.objects.none(), label="Category", required=False, empty_label="All together"
    )
    what = forms.CharField(
        label="What happened, and why the records are gone",
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    paper = forms.FileField(
        label="Evidence",
        required=False,
        help_text=f"The police or fire report, the assessor's letter: {', '.join(ACCEPTED)}.",
        widget=forms.ClearableFileInput(attrs={"accept": ",".join(ACCEPTED)}),
    )
    replaces_why = forms.CharField(label="Why it replaces the other estimate", max_length=300)

    HEAD = ("variant", "reason", "event_on", "location", "category", "what", "paper", "replaces_why")

    def __init__(
        self, *args: Any, entity: Entity, method: str, replaces: LossEstimate | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.entity, self.method, self.replaces = entity, method, replaces
        for name, model in (("location", Location), ("category", Category)):
            self.fields[name].queryset = model.objects.filter(entity=entity)  # type: ignore[attr-defined]
        if method != LossEstimate.Method.RETAIL:
            del self.fields["variant"]
        if replaces is None:
            del self.fields["replaces_why"]
        for asked in FIGURES[method]:
            for name, field in self._made(asked).items():
                self.fields[name] = field

    def _made(self, asked: Asked) -> dict[str, forms.Field]:
        made: dict[str, forms.Field] = {}
        if asked.side in ("cost", "both"):
            made[f"{asked.code}_cost"] = _number(f"{asked.label}, at cost", MONEY_SCALE)
        if asked.side in ("retail", "both"):
            made[f"{asked.code}_retail"] = _number(f"{asked.label}, at selling prices", MONEY_SCALE)
        if asked.side == "rate":
            made[f"{asked.code}_rate"] = _number(asked.label, RATE_SCALE - 2, least=Decimal(-100))
        made[f"{asked.code}_source"] = forms.CharField(
            label=f"{asked.label}: source",
            required=False,
            max_length=200,
            widget=forms.TextInput(attrs={"class": "form-control"}),
        )
        return made

    def head(self) -> list[forms.BoundField]:
        return [self[name] for name in self.HEAD if name in self.fields]

    def rows(self) -> list[dict[str, Any]]:
        """asked, then the bound fields of its row; None where the figure has no such side."""
        return [
            {
                "asked": asked,
                **{
                    side: self[f"{asked.code}_{side}"] if f"{asked.code}_{side}" in self.fields else None
                    for side in ("cost", "retail", "rate", "source")
                },
            }
            for asked in FIGURES[self.method]
        ]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        for asked in FIGURES[self.method]:
            given = [data.get(f"{asked.code}_{side}") for side in ("cost", "retail", "rate")]
            source = f"{asked.code}_source"
            if any(value is not None for value in given) and not data.get(source) and source not in self.errors:
                self.add_error(source, "Say where the figure is from.")
            if asked.side == "both" and (given[0] is None) != (given[1] is None):
                empty = "cost" if given[0] is None else "retail"
                if f"{asked.code}_{empty}" not in self.errors:
                    self.add_error(f"{asked.code}_{empty}", "Give the figure at cost and at selling prices.")
        return data

    def estimate(self) -> EstimateInput:
        data, file = self.cleaned_data, self.cleaned_data["paper"]
        return EstimateInput(
            method=self.method,
            variant=data.get("variant", ""),
            reason=data["reason"],
            event_on=data["event_on"],
            location=data["location"],
            category=data["category"],
            what=data["what"],
            figures=[one for asked in FIGURES[self.method] if (one := self._figure(asked)) is not None],
            paper=Paper(file.name or "file", file.read(StoredFile.MAX_BYTES + 1)) if file else None,
            replaces=self.replaces,
            replaces_why=data.get("replaces_why", ""),
        )

    def _figure(self, asked: Asked) -> FigureInput | None:
        cost, retail, rate = (self.cleaned_data.get(f"{asked.code}_{side}") for side in ("cost", "retail", "rate"))
        if cost is None and retail is None and rate is None:
            return None
        source = self.cleaned_data[f"{asked.code}_source"]
        return FigureInput(asked.code, source, cost, retail, None if rate is None else rate / 100)


def initial_of(estimate: LossEstimate) -> dict[str, Any]:
    """What an estimate says, for the one that replaces it."""
    values: dict[str, Any] = {
        "variant": estimate.variant,
        "reason": estimate.reason,
        "event_on": estimate.event_on,
        "location": estimate.location,
        "category": estimate.category,
        "what": estimate.what,
    }
    for one in estimate.figures.all():
        values[f"{one.code}_source"] = one.source
        for side, value in (("cost", one.cost), ("retail", one.retail), ("rate", one.rate)):
            if value is not None:
                shown = value * 100 if side == "rate" else value
                values[f"{one.code}_{side}"] = f"{shown.normalize():f}" if shown else "0"
    return values


class ProposeForm(forms.Form):
    """When the estimated loss is posted."""

    posting_on = forms.DateField(label="Posting date", widget=forms.DateInput(attrs={"type": "date"}))
