"""Which assessment a report is of, and what it is narrowed to. All of it stands in the address."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.db.models import Q

from core.models import Category, Entity, Location
from writeoffs.reports.forms import _Styled
from writeoffs.valuation.models import Assessment, AssessmentLine


class AssessmentForm(_Styled):
    """assessment: its number, the newest where the address names none; category, location, governs: of its lots."""

    assessment = forms.ChoiceField(required=False)
    category = forms.ModelChoiceField(Category.objects.none(), required=False, empty_label="All")
    location = forms.ModelChoiceField(Location.objects.none(), required=False, empty_label="All")
    governs = forms.ChoiceField(required=False, label="What governs")

    def __init__(self, data: Any, *, entity: Entity, found: Sequence[Assessment], fields: Sequence[str] = ()) -> None:
        given = data.copy()
        if found and not given.get("assessment"):
            given["assessment"] = found[0].number
        super().__init__(given)
        self.found = {assessment.number: assessment for assessment in found}
        field = self.fields["assessment"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(a.number, f"{a.number}, {a.as_of.isoformat()}, {a.get_basis_display()}") for a in found]
        governs = self.fields["governs"]
        assert isinstance(governs, forms.ChoiceField)
        governs.choices = [("", "All"), *AssessmentLine.Governs.choices]
        for name, model in (("category", Category), ("location", Location)):
            choice = self.fields[name]
            assert isinstance(choice, forms.ModelChoiceField)
            choice.queryset = model.objects.filter(entity=entity)
        for name in set(self.fields) - {"assessment", *(fields or self.fields)}:
            del self.fields[name]
        self.style()

    @property
    def chosen(self) -> Assessment | None:
        """The assessment asked for; the newest where the address names one that is not there."""
        named = self.found.get(str(self.data.get("assessment", "")))
        return named or next(iter(self.found.values()), None)

    def narrow(self) -> Q:
        """On the lines of an assessment; everything where the address says nothing usable."""
        if not self.is_valid():
            return Q()
        given, found = self.cleaned_data, Q()
        if given.get("category"):
            found &= Q(lot__item__category=given["category"])
        if given.get("location"):
            found &= Q(lot__location=given["location"])
        if given.get("governs"):
            found &= Q(governs=given["governs"])
        return found

    def words(self) -> str:
        """What it is narrowed to, for the heading on paper."""
        if not self.is_valid():
            return ""
        labels = dict(AssessmentLine.Governs.choices)
        chosen = ((name, self.cleaned_data.get(name)) for name in self.fields if name != "assessment")
        return ", ".join(f"{name} {labels.get(value, value)}" for name, value in chosen if value)
