"""Which own entries the ERP takes from a journal file: all but those that it books by itself.

A room above registers what the ERP books itself (it takes the stock adjustment of a posting); the ledger knows only its
own entries.
"""

from __future__ import annotations

from collections.abc import Callable

from django.db.models import QuerySet

from writeoffs.ledger.models import JournalEntry

Booked = Callable[[QuerySet[JournalEntry]], QuerySet[JournalEntry]]
_BOOKED: list[Booked] = []


def register_booked_elsewhere(booked: Booked) -> None:
    """`booked` narrows entries to those that the ERP books itself; called once per room, in ready()."""
    if booked not in _BOOKED:
        _BOOKED.append(booked)


def entries_to_import(entries: QuerySet[JournalEntry]) -> QuerySet[JournalEntry]:
    """What the ERP has to take from a journal file."""
    left = entries
    for booked in _BOOKED:
        left = left.exclude(pk__in=booked(entries).order_by().values("pk"))
    return left
