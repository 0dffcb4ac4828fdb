"""The system check that the guards stand: `manage.py check --database default`, run by serve, the worker and CI."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from django.core.checks import CheckMessage, Error, Tags, register

from core import guards

_unchecked = ContextVar("guards_unchecked", default=False)


@register(Tags.database)
def guards_stand(*, databases: Sequence[str] | None = None, **_: Any) -> list[CheckMessage]:
    """core.E001 for each guard that is missing, disabled or of an older wording."""
    if _unchecked.get():
        return []
    return [
        Error(
            f"The guard '{guard.name}' does not stand on the table {guard.table} of the database '{alias}'; "
            f"it keeps that {guard.why}.",
            hint="Run: manage.py migrate",
            id="core.E001",
        )
        for alias in databases or ()
        for guard in guards.missing(alias)
    ]


@contextmanager
def unchecked() -> Iterator[None]:
    """For `migrate`, which is the way to put missing guards up and must not be stopped by their absence."""
    token = _unchecked.set(True)
    try:
        yield
    finally:
        _unchecked.reset(token)
