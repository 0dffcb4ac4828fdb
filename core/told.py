"""Rows that a step made and nobody changes: the digest of each is kept in the audit event of its step, and proven.

The columns of each model stand in a Record of its own, by version (core/records.py).
"""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import Model

from core.models import AuditEvent
from core.records import Record


def row_record(row: Model) -> str:
    """The digest of the row, for the audit event of its step."""
    model = type(row)
    return Record.of(model).digest(model._default_manager.filter(pk=row.pk))


def row_agrees(row: Model, kept: str) -> bool:
    model = type(row)
    return Record.of(model).agrees(kept, model._default_manager.filter(pk=row.pk))


def rows_told(model: type[Model], kind: str, *, key: str) -> Iterator[str]:
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
        if not row_agrees(row, told.pop(row.pk, "")):
            yield f"{name} {row.pk} ({row}) is not what the audit trail kept of it."
    for missing in sorted(told):
        yield f"{name} {missing} is missing: it stands in the audit trail only."
