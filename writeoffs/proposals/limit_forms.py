"""The form of approval limits: a row per band, with its title and who holds it."""

from __future__ import annotations

from typing import Any

from django import forms

from core.models import Category, Entity, Location, User
from core.money import plain
from core.words import Reason, Role
from writeoffs.proposals.limits import titles_of
from writeoffs.proposals.models import ApprovalBand, ApprovalLimits
from writeoffs.proposals.services.limits import BandInput, TitleInput

# Rows beyond those that stand; more are asked for by saving and changing again.
EMPTY = 3


def _styled(form: forms.Form) -> None:
    for field in form.fields.values():
        chosen = isinstance(field, forms.ChoiceField)
        field.widget.attrs["class"] = "form-select" if chosen else "form-control"


class WhenForm(forms.Form):
    """From which day, and why."""

    starts_on = forms.DateField(label="In force from", widget=forms.DateInput(attrs={"type": "date"}))
    why = forms.CharField(
        label="Why",
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="A second person reads it and decides.",
    )


class BandForm(forms.Form):
    """One band. The title of an empty row is empty; holders are those of the title, named on any of its rows."""

    title = forms.CharField(max_length=60, required=False)
    holders = forms.ModelMultipleChoiceField(User.objects.none(), required=False, label="Held by")
    up_to = forms.DecimalField(
        required=False,
        label="Up to, inclusive",
        min_value=0,
        max_digits=15,
        decimal_places=4,
        help_text="Empty: no limit.",
    )
    reason = forms.ChoiceField(choices=[("", "Every reason"), *Reason.choices], required=False)
    category = forms.ModelChoiceField(Category.objects.none(), required=False, empty_label="Every category")
    location = forms.ModelChoiceField(Location.objects.none(), required=False, empty_label="Every location")

    def __init__(self, *args: Any, entity: Entity, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        approvers = User.objects.filter(
            memberships__entity=entity, memberships__role=Role.APPROVER, is_active=True
        ).distinct()
        for name, queryset in (
            ("holders", approvers),
            ("category", Category.objects.filter(entity=entity)),
            ("location", Location.objects.filter(entity=entity)),
        ):
            field = self.fields[name]
            assert isinstance(field, forms.ModelChoiceField)
            field.queryset = queryset
        self.fields["holders"].widget.attrs["size"] = 3
        _styled(self)

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        said = [name for name in ("up_to", "reason", "category", "location") if data.get(name)]
        if not data.get("title") and (said or data.get("holders")):
            self.add_error("title", "Name the title that this band is of, or clear the row.")
        return data


type_rows = forms.BaseFormSet[BandForm]


def rows_form(entity: Entity, data: Any = None, limits: ApprovalLimits | None = None) -> type_rows:
    """Rows of the version that stands, and some empty ones."""
    initial = [] if data is not None or limits is None else _initial(limits)
    factory = forms.formset_factory(BandForm, extra=EMPTY, max_num=60)
    made: type_rows = factory(data, initial=initial, prefix="band", form_kwargs={"entity": entity})
    return made


def _initial(limits: ApprovalLimits) -> list[dict[str, Any]]:
    holders = {title.pk: [holder.user_id for holder in title.holders.all()] for title in titles_of(limits)}
    bands = ApprovalBand.objects.filter(limits=limits).select_related("title").order_by("title__rank", "pk")
    return [
        {
            "title": band.title.name,
            "holders": holders.get(band.title_id, []),
            "up_to": None if band.up_to is None else plain(band.up_to),
            "reason": band.reason,
            "category": band.category_id,
            "location": band.location_id,
        }
        for band in bands
    ]


def inputs_of(rows: type_rows) -> tuple[list[TitleInput], list[BandInput]]:
    """Titles in the order in which they are first named, each with everybody named on one of its rows."""
    holders: dict[str, dict[int, User]] = {}
    bands = []
    for data in (form.cleaned_data for form in rows.forms):
        name = data.get("title", "").strip()
        if not name:
            continue
        holders.setdefault(name, {}).update({user.pk: user for user in data["holders"]})
        bands.append(BandInput(name, data["up_to"], data["reason"], data["category"], data["location"]))
    return [TitleInput(name, list(people.values())) for name, people in holders.items()], bands


class AskForm(forms.Form):
    """Any amount: who would be asked, and why."""

    amount = forms.DecimalField(label="Gross loss", min_value=0, max_digits=15, decimal_places=4)
    reason = forms.ChoiceField(choices=Reason.choices)
    category = forms.ModelChoiceField(Category.objects.none(), required=False, empty_label="Any other")
    location = forms.ModelChoiceField(Location.objects.none(), required=False, empty_label="Any other")

    def __init__(self, *args: Any, entity: Entity, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, queryset in (
            ("category", Category.objects.filter(entity=entity)),
            ("location", Location.objects.filter(entity=entity)),
        ):
            field = self.fields[name]
            assert isinstance(field, forms.ModelChoiceField)
            field.queryset = queryset
        _styled(self)
