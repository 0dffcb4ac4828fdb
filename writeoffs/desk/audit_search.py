"""What the audit page narrows the trail to: record, person, day, kind."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db.models import Q, QuerySet

from core.models import AuditEvent, Entity, User

# Beyond these, a day has no midnight in every time zone.
_DAYS = [MinValueValidator(dt.date(1900, 1, 1)), MaxValueValidator(dt.date(2200, 12, 31))]


class AuditForm(forms.Form):
    """The filter; it stands in the address."""

    q = forms.CharField(label="Record or words", required=False, max_length=120)
    person = forms.ModelChoiceField(User.objects.none(), required=False, empty_label="Anybody")
    kind = forms.ChoiceField(required=False)
    starts_on = forms.DateField(
        label="From", required=False, validators=_DAYS, widget=forms.DateInput(attrs={"type": "date"})
    )
    ends_on = forms.DateField(
        label="To", required=False, validators=_DAYS, widget=forms.DateInput(attrs={"type": "date"})
    )

    def __init__(self, *args: Any, entity: Entity, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        events = AuditEvent.objects.filter(entity=entity).order_by()
        people = User.objects.filter(pk__in=events.values("actor").distinct())
        kinds = sorted(events.values_list("kind", flat=True).distinct())
        self.fields["person"].queryset = people.order_by("full_name")  # type: ignore[attr-defined]
        self.fields["kind"].choices = [("", "Any"), *((k, kind_said(k)) for k in kinds)]  # type: ignore[attr-defined]
        for name, field in self.fields.items():
            field.widget.attrs["class"] = "form-select" if name in ("person", "kind") else "form-control"
        self.is_valid()

    @property
    def is_narrowed(self) -> bool:
        return any(self.cleaned_data.values())


def kind_said(kind: str) -> str:
    """proposal.approved -> Proposal approved."""
    return kind.replace(".", " ").replace("_", " ").replace("-", " ").capitalize()


def events_found(*, entity: Entity, form: AuditForm) -> QuerySet[AuditEvent]:
    """Newest first. A day is the entity's own."""
    found = AuditEvent.objects.filter(entity=entity).select_related("actor").order_by("-sequence")
    values = form.cleaned_data
    if text := (values.get("q") or "").strip():
        found = found.filter(Q(subject__icontains=text) | Q(message__icontains=text))
    if values.get("person"):
        found = found.filter(actor=values["person"])
    if values.get("kind"):
        found = found.filter(kind=values["kind"])
    if values.get("starts_on"):
        found = found.filter(at__gte=_midnight(entity, values["starts_on"]))
    if values.get("ends_on"):
        found = found.filter(at__lt=_midnight(entity, values["ends_on"] + dt.timedelta(days=1)))
    return found


def _midnight(entity: Entity, day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(), tzinfo=zoneinfo.ZoneInfo(entity.time_zone))
