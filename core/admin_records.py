"""What the admin keeps in the audit trail: each change with the values before and after, in a reader's words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from django.http import HttpRequest

from core import audit, memberships
from core.models import Entity, Membership, User


def actor_of(request: HttpRequest) -> User | None:
    return request.user if isinstance(request.user, User) else None


def record_change(
    request: HttpRequest,
    record: models.Model,
    verb: str,
    fields: Sequence[str] = (),
    values: Mapping[str, Any] | None = None,
) -> None:
    """One audit event for one change made in the admin, in the chain of the entity it belongs to."""
    more: dict[str, Any] = dict(values or {})
    if isinstance(record, Membership) and verb in ("added", "deleted"):
        own = [memberships.said(record)]
        more |= memberships.told(granted=own) if verb == "added" else memberships.told(revoked=own)
    entity = record if isinstance(record, Entity) else getattr(record, "entity", None)
    name = record._meta.verbose_name or record._meta.model_name
    what = f" ({', '.join(fields)})" if fields else ""
    audit.record(
        entity=entity,
        actor=actor_of(request),
        kind=f"admin.{verb}",
        subject=f"{record._meta.model_name}:{record.pk}",
        message=f"{request.user} {verb} {name} {record}{what}.",
        data={"fields": list(fields), **more},
    )


def record_form(request: HttpRequest, record: models.Model, form: Any, change: bool) -> None:
    """The same from a saved form: nothing where it changed nothing."""
    if not change:
        record_change(request, record, "added")
    elif form.changed_data:
        values: dict[str, Any] = dict(before_and_after(form))
        if isinstance(record, Membership):
            values |= memberships.changed(form.initial, record)
        record_change(request, record, "changed", form.changed_data, values)


def before_and_after(form: Any) -> dict[str, dict[str, str]]:
    """before, after: the changed fields of a form as text."""
    before, after = {}, {}
    for name in form.changed_data:
        field = form.fields[name]
        before[name] = _said(field, form.get_initial_for_field(field, name))
        after[name] = _said(field, form.cleaned_data.get(name))
    return {"before": before, "after": after}


def _said(field: forms.Field, value: Any) -> str:
    if isinstance(field, forms.ModelChoiceField) and not isinstance(value, models.Model | models.QuerySet | list):
        # An initial value is a key; a reader wants the name.
        try:
            value = field.clean(value)
        except ValidationError:
            return str(value)
    if isinstance(value, Iterable) and not isinstance(value, str):
        return ", ".join(sorted(str(one) for one in value))
    return "" if value is None else str(value)
