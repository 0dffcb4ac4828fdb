"""The lines of mirror entries, worked out before anything is done. No query.

Invariant: a mirror goes to the very accounts that the posting went to, whatever the map says by now, and takes back no
more of any of them than no earlier mirror took.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TypeAlias

from core.errors import WrongState
from writeoffs.ledger.models import JournalEntry
from writeoffs.posting.book import Document, entries_planned
from writeoffs.posting.plans import Part, PlannedLine

ZERO = Decimal(0)
Dimensions: TypeAlias = tuple[str, int | None, int | None, int | None, str]
# (account, role, location, category, cost centre, reason) -> what is left of it, debit +, credit -.
Lines: TypeAlias = dict[tuple[int, str, int | None, int | None, int | None, str], Decimal]
Mirror: TypeAlias = tuple[JournalEntry, list[PlannedLine]]


def mirror_of_rest(entries: Sequence[JournalEntry], left: Mapping[int, Lines]) -> list[Mirror]:
    """All that is left of every entry of the document, whatever leg it is."""
    mirrors = []
    for entry in entries:
        lines = [_line(key, -amount) for key, amount in left[entry.pk].items() if amount]
        if lines:
            mirrors.append((entry, lines))
    return mirrors


def mirror_of_parts(
    document: Document,
    entries: Sequence[JournalEntry],
    left: Mapping[int, Lines],
    *,
    before: Sequence[Part],
    after: Sequence[Part],
    every: Sequence[Part],
) -> list[Mirror]:
    """What the lines of `after` posted beyond those of `before`, leg by leg: as a difference, so that what is rounded
    on a leg's total (the tax of a correction) never adds up to more than it. every: all lines of the document.
    WrongState where all of them would not make the entry's own lines by now (a lot stands in another location or
    category, or the tax rate is another), so that a share cannot be told from its entry any more."""
    earlier, later, whole = (_by_leg(document, parts) for parts in (before, after, every))
    mirrors = []
    for entry in entries:
        taken = later.get(entry.leg, {})
        posted = _dimensions_of(entry)
        share = {key: amount - earlier.get(entry.leg, {}).get(key, ZERO) for key, amount in taken.items()}
        if any(amount and whole[entry.leg].get(key) != posted.get(key) for key, amount in share.items()):
            raise _not_by_line(document)
        lines = [_part(document, left[entry.pk], key, amount) for key, amount in share.items() if amount]
        if lines:
            mirrors.append((entry, lines))
    return mirrors


def _by_leg(document: Document, parts: Sequence[Part]) -> dict[str, dict[Dimensions, Decimal]]:
    planned = entries_planned(kind=document.kind, parts=parts, title=document.title, correction=document.correction)
    return {
        entry.leg: {
            (line.role, line.location_id, line.category_id, line.cost_centre_id, line.reason): line.amount
            for line in entry.lines
        }
        for entry in planned
    }


def _part(document: Document, left: Lines, key: Dimensions, amount: Decimal) -> PlannedLine:
    for (account, *dimensions), rest in left.items():
        if tuple(dimensions) == key and abs(amount) <= abs(rest) and (amount < 0) == (rest < 0):
            return _line((account, *key), -amount)
    raise _not_by_line(document)


def _dimensions_of(entry: JournalEntry) -> dict[Dimensions, Decimal]:
    """The entry's lines as they were posted, by their dimensions."""
    return {
        (line.role, line.location_id, line.category_id, line.cost_centre_id, line.reason): line.amount
        for line in entry.lines.all()
    }


def _not_by_line(document: Document) -> WrongState:
    return WrongState(
        f"{document.source_ref.partition(':')[2]} cannot be voided line by line any more: a lot of it stands in "
        "another location or category than when it was posted, or the tax rate has changed. Void all lines that "
        "stand, or correct it by a new proposal."
    )


def _line(key: tuple[int, str, int | None, int | None, int | None, str], amount: Decimal) -> PlannedLine:
    account, role, location, category, cost_centre, reason = key
    return PlannedLine(role, amount, location, category, cost_centre, reason, account)
