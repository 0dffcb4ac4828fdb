"""Proof that what is stored is what was written: rooms register verifiers, `manage.py verify` runs them.

A verifier reads in sets or streams (a million lines must not be held in memory), changes nothing, counts what it
looked at and yields one sentence for each broken record: which one, what is stored, what it should be.
"""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

from django.db import InterfaceError, OperationalError, connection, transaction

from core import audit
from core.models import Entity
from core.money import MONEY_SCALE, QUANTITY_SCALE, display_quantity, from_raw

# What was looked at: "entries" -> 312.
Tally = Counter[str]
Verifier = Callable[[Tally], Iterator[str]]

_VERIFIERS: dict[str, Verifier] = {}
_SINGULAR = {
    "entities": "entity",
    "entries": "entry",
    "movements": "movement",
    "audit events": "audit event",
}


def register(name: str, verifier: Verifier) -> None:
    """Called in a room's verifiers.py, which core imports when Django is ready."""
    if _VERIFIERS.setdefault(name, verifier) is not verifier:
        raise ValueError(f"Two verifiers are called '{name}'.")


def complaints(tally: Tally) -> Iterator[str]:
    """What is wrong, room by room, from one consistent view of the database; nothing when all is well."""
    for _, complaint in complaints_by_check(tally):
        yield complaint


def complaints_by_check(tally: Tally, first: Sequence[str] = ()) -> Iterator[tuple[str, str]]:
    """The same with the name of the check that says it. first: checks that are asked before the others. Every check is
    asked, whatever the others find or trip over, so that their order changes nothing but the order."""
    with consistent_view():
        tally["entities"] = Entity.objects.count()
        for name in (*first, *(name for name in _VERIFIERS if name not in first)):
            for complaint in _asked(name, tally):
                yield name, complaint


def _asked(name: str, tally: Tally) -> Iterator[str]:
    """One check; where what is stored cannot even be read as what we write, that is a complaint of its own."""
    try:
        with transaction.atomic():
            yield from _VERIFIERS[name](tally)
    except (OperationalError, InterfaceError):
        raise
    except Exception as broken:
        yield f"The check of {name} could not be finished, since it cannot read what is stored: {broken!r}."


@contextmanager
def consistent_view() -> Iterator[None]:
    """One transaction, in which nothing of others appears half-way: a snapshot on PostgreSQL; on SQLite nobody
    writes."""
    outermost = not connection.in_atomic_block
    with transaction.atomic():
        if outermost and connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("set transaction isolation level repeatable read, read only")
        yield


VERIFIED = "books.verified"


def result_record(tally: Tally, found: Sequence[str]) -> None:
    """Keep in the installation's own trail that all books were verified and what came of it. Call it outside the
    consistent view. What was found is told by number alone: the trail's readers may be of another company."""
    wrong = f"{len(found):,} {'record does' if len(found) == 1 else 'records do'} not agree" if found else ""
    audit.record(
        entity=None,
        actor=None,
        kind=VERIFIED,
        message=f"Verified: {counted(tally)}; {wrong or 'nothing is wrong'}.",
        data={"wrong": len(found), "first": found[0] if found else ""},
        chain=audit.SYSTEM_CHAIN,
    )


def counted(tally: Tally) -> str:
    """2 entities, 312 entries, 1,204 movements, 857 audit events."""
    return ", ".join(f"{tally[name]:,} {_SINGULAR[name] if tally[name] == 1 else name}" for name in _SINGULAR)


def rows(sql: str, params: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
    """The rows of a query that finds broken records; give it a limit."""
    with connection.cursor() as cursor:
        cursor.execute(sql, list(params))
        found: list[tuple[Any, ...]] = cursor.fetchall()
        return found


def streamed(sql: str, params: Sequence[Any] = (), size: int = 5000) -> Iterator[tuple[Any, ...]]:
    """The rows of a query as plain tuples, `size` at a time, from a cursor of the server: a million need no memory."""
    with connection.chunked_cursor() as cursor:
        cursor.execute(sql, list(params))
        while batch := cursor.fetchmany(size):
            yield from batch


def moment_of(value: Any) -> dt.datetime:
    """A moment as a plain cursor gives it; SQLite keeps it as text, in UTC without saying so."""
    moment = dt.datetime.fromisoformat(value) if isinstance(value, str) else value
    return moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)


def json_of(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str | bytes) else value


def money_said(entity: Entity, raw: int) -> str:
    """1,234.50 EUR: a raw amount in a complaint, with every decimal that is stored."""
    amount = from_raw(int(raw), MONEY_SCALE)
    unit = Decimal(1).scaleb(-entity.exponent)
    text = f"{amount.quantize(unit):,f}" if amount == amount.quantize(unit) else f"{amount:,f}"
    return f"{text} {entity.currency}"


def quantity_said(raw: int) -> str:
    return "0" if not int(raw) else display_quantity(from_raw(int(raw), QUANTITY_SCALE))
