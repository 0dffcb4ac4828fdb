"""What is typed into the pages of the map: a rule as somebody wants it, and a line to try."""

from __future__ import annotations

from typing import Any

from django import forms

from core.models import Category, Entity, Location
from core.words import Reason
from writeoffs.ledger.mapping_changes import RuleAsked
from writeoffs.ledger.models import Account
from writeoffs.ledger.roles import ROLES

_ROLES = [(code, f"{info.label} ({code})") for code, info in ROLES.items()]


def _own(form: forms.Form, entity: Entity, **querysets: Any) -> None:
    for name, queryset in querysets.items():
        field = form.fields[name]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = queryset.filter(entity=entity)


class TryForm(forms.Form):
    """The facts of a line: which rule wins for them."""

    role = forms.ChoiceField(choices=_ROLES, initial="WRITE_DOWN_EXPENSE")
    location = forms.ModelChoiceField(Location.objects.none(), required=False, empty_label="Any other")
    category = forms.ModelChoiceField(Category.objects.none(), required=False, empty_label="Any other")
    reason = forms.ChoiceField(choices=[("", "None"), *Reason.choices], required=False)

    def __init__(self, *args: Any, entity: Entity, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _own(self, entity, location=Location.objects, category=Category.objects)
        for field in self.fields.values():
            field.widget.attrs["class"] = "form-select"


class RuleForm(forms.Form):
    """One rule. Without an account the override is removed; why: goes to the second person."""

    role = forms.ChoiceField(choices=_ROLES)
    location = forms.ModelChoiceField(Location.objects.none(), required=False, empty_label="Every location")
    category = forms.ModelChoiceField(Category.objects.none(), required=False, empty_label="Every category")
    reason = forms.ChoiceField(choices=[("", "Every reason"), *Reason.choices], required=False)
    account = forms.ModelChoiceField(
        Account.objects.none(),
        required=False,
        empty_label="None (removes the override)",
        help_text="Without location, category and reason it is the default of the role.",
    )
    why = forms.CharField(
        label="Why",
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="A second person reads it and decides.",
    )

    def __init__(self, *args: Any, entity: Entity, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        active = Account.objects.filter(active=True)
        _own(self, entity, location=Location.objects, category=Category.objects, account=active)

    def asked(self) -> RuleAsked:
        data = self.cleaned_data
        return RuleAsked(data["role"], data["account"], data["location"], data["category"], data["reason"])
