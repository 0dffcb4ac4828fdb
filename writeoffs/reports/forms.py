"""What a report is asked for: its days, its comparison, and what it is narrowed to. All of it stands in the address."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from core.models import Category, Entity, Location
from core.words import Reason
from inventory.models import MovementKind
from writeoffs.ledger.models import Leg, Origin
from writeoffs.ledger.roles import ROLES
from writeoffs.proposals.models import Kind
from writeoffs.reports.behind import LOWERED, Narrow
from writeoffs.reports.selectors import RegisterFilter
from writeoffs.reports.statements.spans import (
    ADJUSTMENTS,
    BOTH,
    MONTHS,
    NONE,
    PREVIOUS,
    YEAR,
    PeriodFact,
    Span,
    period_span,
    range_span,
    span_of,
)

COMPARISONS = ((PREVIOUS, "The period before"), (YEAR, "A year before"), (NONE, "Nothing"))


# No books are older or newer, and a comparison with the days before needs days before.
EARLIEST, LATEST = dt.date(1990, 1, 1), dt.date(2100, 12, 31)


def _within_reach(day: dt.date) -> None:
    if not EARLIEST <= day <= LATEST:
        raise ValidationError(f"{day.isoformat()} is out of reach. Give a day from {EARLIEST} to {LATEST}.")


def _date_field(label: str) -> forms.DateField:
    widget = forms.DateInput(attrs={"type": "date", "data-range-day": ""}, format="%Y-%m-%d")
    return forms.DateField(label=label, required=False, widget=widget, validators=[_within_reach])


class _Styled(forms.Form):
    """Fields carry the classes of the look."""

    def style(self) -> None:
        for field in self.fields.values():
            select = isinstance(field.widget, forms.Select)
            field.widget.attrs["class"] = "form-select" if select else "form-control"


class SeveralField(forms.ChoiceField):
    """One choice, or several of them joined by commas, as a figure's link gives them; cleaned to a tuple of codes."""

    def __init__(self, *, codes: Mapping[str, str], given: str, label: str) -> None:
        self.codes = codes
        joined = [code for code in given.split(",") if code in codes]
        several = [(",".join(joined), ", ".join(codes[code] for code in joined))] if len(joined) > 1 else []
        super().__init__(choices=[("", "All"), *several, *codes.items()], required=False, label=label)

    def clean(self, value: Any) -> Any:
        return tuple(code for code in (value or "").split(",") if code in self.codes)


class PeriodForm(_Styled):
    """period: 2026-03, FY2026 or range; from, to: the days of a range."""

    period = forms.ChoiceField(label="Period")
    compare = forms.ChoiceField(label="Compare with", choices=COMPARISONS, required=False)

    def __init__(
        self,
        data: Any,
        *,
        periods: Sequence[PeriodFact],
        default: Span,
        locale: str,
        compares: bool = False,
        compare: str = PREVIOUS,
    ) -> None:
        given = data.copy()
        if not given.get("period"):
            given["period"] = "range" if given.get("from") or given.get("to") else default.code
        if default.code == "range" and not given.get("from"):
            given["from"], given["to"] = default.starts_on.isoformat(), default.ends_on.isoformat()
        given.setdefault("compare", compare)
        super().__init__(given)
        self.periods, self.locale = periods, locale
        field = self.fields["period"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = _period_choices(periods, locale)
        self.fields["from"] = _date_field("From")
        self.fields["to"] = _date_field("To")
        if not compares:
            del self.fields["compare"]
        self.fields["period"].widget.attrs["data-range-choice"] = "range"
        self.style()

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("period") == "range" and not ({"from", "to"} & self.errors.keys()):
            first, last = cleaned.get("from"), cleaned.get("to")
            if first is None or last is None:
                self.add_error("to" if first else "from", "A range needs its first and its last day.")
            elif last < first:
                self.add_error("to", f"{last.isoformat()} is before {first.isoformat()}. Give the later day here.")
        return cleaned

    def span(self, default: Span) -> Span:
        """The days asked for; the default where the address says nothing usable."""
        if not self.is_valid():
            return default
        if self.cleaned_data["period"] == "range":
            return range_span(self.cleaned_data["from"], self.cleaned_data["to"], self.locale)
        return span_of(self.cleaned_data["period"], self.periods, self.locale) or default

    @property
    def comparison(self) -> str:
        return (self.cleaned_data.get("compare") or PREVIOUS) if self.is_valid() else NONE


def _period_choices(periods: Sequence[PeriodFact], locale: str) -> list[Any]:
    """Newest fiscal year first: the year, then its periods; a range last."""
    years: list[Any] = []
    ordered = sorted(periods, key=lambda p: (-p.fiscal_year, p.number))
    for year, own in groupby(ordered, key=lambda p: p.fiscal_year):
        months = [(p.code, period_span(p, locale).label + (" (closed)" if p.closed else "")) for p in own]
        years.append((f"Fiscal year {year}", [(f"FY{year}", f"All of fiscal year {year}"), *months]))
    return [*years, ("range", "From … to")]


class RegisterForm(_Styled):
    """What the register is narrowed to."""

    reason = forms.ChoiceField(required=False, choices=[("", "All"), *Reason.choices])
    kind = forms.ChoiceField(required=False, choices=[("", "All"), *Kind.choices])
    location = forms.ModelChoiceField(Location.objects.none(), required=False, empty_label="All")
    category = forms.ModelChoiceField(Category.objects.none(), required=False, empty_label="All")

    def __init__(self, data: Any, *, entity: Entity) -> None:
        super().__init__(data)
        for name, model in (("location", Location), ("category", Category)):
            field = self.fields[name]
            assert isinstance(field, forms.ModelChoiceField)
            field.queryset = model.objects.filter(entity=entity)
        self.style()

    def narrow(self) -> RegisterFilter:
        """Everything where the address says nothing usable."""
        if not self.is_valid():
            return RegisterFilter()
        given = self.cleaned_data
        location, category = given["location"], given["category"]
        return RegisterFilter(
            given["reason"], given["kind"], location.pk if location else None, category.pk if category else None
        )

    def words(self) -> str:
        """What it is narrowed to, for the heading on paper."""
        if not self.is_valid():
            return ""
        chosen = ((name, self.cleaned_data[name]) for name in self.fields)
        labels = {"reason": dict(Reason.choices), "kind": dict(Kind.choices)}
        return ", ".join(f"{name} {labels.get(name, {}).get(value, value)}" for name, value in chosen if value)


class ListingForm(_Styled):
    """What the journal listing is narrowed to."""

    origin = forms.ChoiceField(required=False, choices=[("", "All"), *Origin.choices])

    def __init__(self, data: Any) -> None:
        super().__init__(data)
        self.style()

    def narrow(self, span: Span) -> Narrow:
        """The lines posted in the span; of every origin where the address says nothing usable."""
        origin = self.cleaned_data["origin"] if self.is_valid() else ""
        return Narrow(starts_on=span.starts_on, ends_on=span.ends_on, origin=origin, part=span.part)

    def words(self) -> str:
        origin = self.cleaned_data["origin"] if self.is_valid() else ""
        return f"{Origin(origin).label} entries" if origin else ""


class BehindForm(_Styled):
    """What a drill-down is narrowed to. 0 stands for lines without a class."""

    origin = forms.ChoiceField(required=False, choices=[("", "All"), *Origin.choices])
    reason = forms.ChoiceField(required=False, choices=[("", "All"), *Reason.choices])
    leg = forms.ChoiceField(required=False, choices=[("", "All"), *Leg.choices])
    category = forms.TypedChoiceField(required=False, coerce=int, empty_value=None)
    account = forms.CharField(required=False, max_length=30, widget=forms.HiddenInput())
    source = forms.CharField(required=False, max_length=120, widget=forms.HiddenInput())
    part = forms.ChoiceField(
        required=False, choices=[(BOTH, ""), (MONTHS, MONTHS), (ADJUSTMENTS, ADJUSTMENTS)], widget=forms.HiddenInput()
    )
    lots = forms.ChoiceField(required=False, choices=[("", "All"), (LOWERED, "Written down")])

    def __init__(self, data: Any, *, entity: Entity, fields: Sequence[str]) -> None:
        super().__init__(data)
        self.fields["from"] = _date_field("From")
        self.fields["to"] = _date_field("To")
        kinds = {kind.value: str(kind.label) for kind in MovementKind}
        self.fields["kind"] = SeveralField(codes=kinds, given=data.get("kind", ""), label="Kind")
        labels = {code: info.label for code, info in ROLES.items()}
        self.fields["role"] = SeveralField(codes=labels, given=data.get("role", ""), label="Role")
        field = self.fields["category"]
        assert isinstance(field, forms.TypedChoiceField)
        self.class_names = {**dict(Category.objects.filter(entity=entity).values_list("pk", "name")), 0: "No class"}
        field.choices = [("", "All"), *self.class_names.items()]
        for name in set(self.fields) - {*fields, "from", "to", "category", "source", "part"}:
            del self.fields[name]
        self.order_fields(("from", "to", "kind", "role", "category"))
        self.style()

    def narrow(self) -> Narrow:
        if not self.is_valid():
            return Narrow()
        given = self.cleaned_data
        return Narrow(
            starts_on=given["from"],
            ends_on=given["to"],
            kinds=given.get("kind", ()),
            roles=given.get("role", ()),
            account=given.get("account", ""),
            origin=given.get("origin", ""),
            reason=given.get("reason") or None,
            leg=given.get("leg", ""),
            class_id=given["category"],
            source_ref=given["source"],
            part=given["part"],
            lots=given.get("lots", ""),
        )

    def words(self, locale: str) -> str:
        """What is shown, in one line."""
        if not self.is_valid():
            return "everything"
        given = self.cleaned_data
        parts = []
        first, last = given["from"], given["to"]
        if first and last:
            parts.append(range_span(first, last, locale).label)
        elif last:
            parts.append(f"up to {_day(last, locale)}")
        elif first:
            parts.append(f"from {_day(first, locale)}")
        parts += [str(MovementKind(value).label) for value in given.get("kind", ())]
        parts += [ROLES[value].label for value in given.get("role", ())]
        parts += [str(Reason(given["reason"]).label)] if given.get("reason") else []
        parts += [str(Leg(given["leg"]).label)] if given.get("leg") else []
        if given["category"] is not None:
            parts.append(self.class_names[given["category"]])
        parts += ["lots written down"] if given.get("lots") else []
        parts += [str(given[name]) for name in ("account", "source") if given.get(name)]
        return ", ".join(parts) or "everything"


def _day(day: dt.date, locale: str) -> str:
    return range_span(day, day, locale).label.split(" – ")[0]
