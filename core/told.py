"""Rows that a step made and nobody changes: the digest of each is kept in the audit event of its step, and proven."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from django.db.models import Model

from core.models import AuditEvent
from core.records import columns_of, record_digest


def row_record(row: Model, *, without: Sequence[str] = ()) -> str:
    """The digest of a row's columns."""
    model = type(row)
    return record_digest((model._default_manager.filter(pk=row.pk), columns_of(model, without=list(without))))


def rows_told(model: type[Model], kind: str, *, key: str, without: Sequence[str] = ()) -> Iterator[str]:
    """Every row is what the audit event of `kind` kept under its `key`, and every such event has its row."""
    told = {
        data[key]: data["record"]
        for data in AuditEvent.objects.filter(kind=kind, data__has_key=key)
        .order_by("chain", "sequence")
        .values_list("data", flat=True)
        .iterator(chunk_size=2000)
    }
    name = str(model._meta.verbose_name).capitalize()
    for row in model._default_manager.order_by("pk").iterator(chunk_size=500):
        if told.pop(row.pk, "") != row_record(row, without=without):
            yield f"{name} {row}: it is not what the audit trail kept of it."
    for missing in sorted(told):
        yield f"{name} of key {missing} is missing: it stands in the audit trail only."
