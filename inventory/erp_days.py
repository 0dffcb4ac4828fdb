"""Which days take a posting: told by the rooms that know the periods, which inventory may not import."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple, TypeAlias

from core.models import Entity


class Days(NamedTuple):
    """refused: ISO day -> why it takes none. second: days that want a second approver. first_open: the earliest day
    that takes a posting, empty where none does."""

    refused: dict[str, str]
    second: frozenset[str]
    first_open: str = ""


DayCheck: TypeAlias = Callable[[Entity, Iterable[str]], Days]
_checks: list[DayCheck] = []


def register_day_check(check: DayCheck) -> None:
    _checks[:] = [check]


def days_checked(entity: Entity, days: Iterable[str]) -> Days:
    """With a constant number of queries."""
    return _checks[0](entity, days) if _checks else Days({}, frozenset())
