"""The filters of an assessment's lines. The same query string filters the page, the totals, the files and a proposal.

Invariant: a filter never leaves its assessment, and a value that cannot be used refuses instead of choosing all.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import django_filters
from django import forms
from django.db.models import Case, F, Q, QuerySet, Value, When
from django.db.models.functions import Abs, Coalesce
from django.http import QueryDict

from core.errors import BadInput
from core.models import Category, Location
from core.money import MoneyField
from core.words import Reason
from writeoffs.valuation.models import Assessment, AssessmentLine

NIL = Value(Decimal(0), output_field=MoneyField())

SORTS: dict[str, tuple[str, ...]] = {
    "sku": ("lot__item__sku", "lot__code", "id"),
    "location": ("lot__location__code", "id"),
    "quantity": ("quantity", "id"),
    "cost": ("cost", "id"),
    "carried": ("carried", "id"),
    "required": ("now", "id"),
    "movement": ("move", "id"),
    "size": ("size", "id"),
}
# The largest movement first: what a controller looks at.
DEFAULT_SORT = "-size"


def with_movement(lines: QuerySet[AssessmentLine]) -> QuerySet[AssessmentLine]:
    """Each line with `now` (required after the override), `move` (less what is carried), `up` and `down` of it."""
    return lines.annotate(
        now=Coalesce("override", "required", output_field=MoneyField()),
        move=Coalesce("override", "required", output_field=MoneyField()) - F("carried"),
        up=Case(When(move__gt=Decimal(0), then=F("move")), default=NIL, output_field=MoneyField()),
        down=Case(When(move__lt=Decimal(0), then=F("move")), default=NIL, output_field=MoneyField()),
    )


class LineFilter(django_filters.FilterSet):  # type: ignore[misc]
    """Parameters: q, outcome, governs, reason, change, show, category, location."""

    q = django_filters.CharFilter(label="SKU, description or lot", method="by_text", max_length=100)
    show = django_filters.ChoiceFilter(
        label="Movement",
        empty_label="Any",
        method="by_movement",
        choices=(
            ("up", "Write-downs"),
            ("down", "Reversals"),
            ("moves", "Write-downs and reversals"),
            ("none", "No movement"),
            ("open", "Not proposed yet"),
            ("proposed", "Proposed"),
            ("overridden", "Overridden"),
            ("flagged", "With a remark"),
        ),
    )
    outcome = django_filters.ChoiceFilter(label="Outcome", empty_label="Any", choices=AssessmentLine.Outcome.choices)
    governs = django_filters.ChoiceFilter(
        label="What governs", empty_label="Any", choices=AssessmentLine.Governs.choices
    )
    reason = django_filters.ChoiceFilter(
        label="Reason", empty_label="Any", method="by_reason", choices=(*Reason.choices, ("none", "No reason"))
    )
    change = django_filters.ChoiceFilter(
        label="Against the run before", empty_label="Any", choices=AssessmentLine.Change.choices
    )
    category = django_filters.ModelChoiceFilter(
        label="Category", field_name="lot__item__category", queryset=Category.objects.none(), empty_label="All"
    )
    location = django_filters.ModelChoiceFilter(
        label="Location", field_name="lot__location", queryset=Location.objects.none(), empty_label="All"
    )

    class Meta:
        model = AssessmentLine
        fields: list[str] = []

    def __init__(self, data: QueryDict | None, *, assessment: Assessment, **kwargs: Any) -> None:
        lines = with_movement(AssessmentLine.objects.filter(assessment=assessment))
        super().__init__(data, queryset=lines, **kwargs)
        self.filters["location"].queryset = Location.objects.filter(entity=assessment.entity_id)
        self.filters["category"].queryset = Category.objects.filter(entity=assessment.entity_id)
        for field in self.form.fields.values():
            select = isinstance(field.widget, forms.Select)
            field.widget.attrs["class"] = "form-select" if select else "form-control"

    def by_text(self, lines: QuerySet[AssessmentLine], name: str, value: str) -> QuerySet[AssessmentLine]:
        item = Q(lot__item__sku__icontains=value) | Q(lot__item__description__icontains=value)
        return lines.filter(item | Q(lot__code__icontains=value))

    def by_reason(self, lines: QuerySet[AssessmentLine], name: str, value: str) -> QuerySet[AssessmentLine]:
        if value == "none":
            return lines.filter(override_cause="", reason="")
        return lines.filter(Q(override_cause=value) | Q(override_cause="", reason=value))

    def by_movement(self, lines: QuerySet[AssessmentLine], name: str, value: str) -> QuerySet[AssessmentLine]:
        nil = Decimal(0)
        conditions = {
            "up": Q(move__gt=nil),
            "down": Q(move__lt=nil),
            "moves": ~Q(move=nil),
            "none": Q(move=nil),
            "open": ~Q(move=nil) & Q(proposal_ref=""),
            "proposed": ~Q(proposal_ref=""),
            "overridden": Q(override__isnull=False),
            "flagged": ~Q(flag=""),
        }
        return lines.filter(conditions[value])


def lines_filtered(*, assessment: Assessment, params: QueryDict) -> QuerySet[AssessmentLine]:
    """The lines behind a query string, in its order: those ticked (repeated `line`), else all in the filter. BadInput
    where a value cannot be used."""
    filters = LineFilter(params, assessment=assessment)
    if not filters.is_valid():
        names = ", ".join(f"'{params.get(name, '')}' for {name}" for name in filters.errors)
        raise BadInput(f"{assessment} cannot be filtered by {names}. Clear the filter and choose again.")
    lines: QuerySet[AssessmentLine] = _ordered(filters.qs, params.get("sort", DEFAULT_SORT))
    ticked = params.getlist("line")
    if not ticked:
        return lines
    if not all(number.isascii() and number.isdecimal() and len(number) < 19 for number in ticked):
        raise BadInput("One of the lines ticked is unknown. Go back to the assessment and tick it again.")
    return lines.filter(pk__in=[int(number) for number in ticked])


def _ordered(lines: QuerySet[AssessmentLine], wanted: str) -> QuerySet[AssessmentLine]:
    name = wanted.removeprefix("-")
    if name not in SORTS:
        wanted, name = DEFAULT_SORT, DEFAULT_SORT.removeprefix("-")
    if name == "size":
        lines = lines.annotate(size=Abs("move"))
    fields = SORTS[name]
    return lines.order_by(*(f"-{field}" if wanted.startswith("-") else field for field in fields))
