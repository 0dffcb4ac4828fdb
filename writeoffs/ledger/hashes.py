"""What the hash of an entry covers: every field, all its lines, the papers behind it and the entry before. Pure.

Each entry keeps the version that it was hashed by, so that an old one keeps its hash: version 2 adds to version 1 the
code and section of each line's account, since they say where the amount stands in the statements. What a later version
adds goes to the end; what a version covers never changes once books have been written with it.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

VERSION = 2


class LineContent(NamedTuple):
    """One line as it is stored. amount: raw money (10^4), debit +, credit -. The account's code and section are
    those of the chart, which keeps both as long as the account has lines (guards.py)."""

    line_number: int
    account_id: int
    role: str
    amount: int
    location_id: int | None
    category_id: int | None
    cost_centre_id: int | None
    reason: str
    account_code: str
    account_section: str


# How much of a line each version covers.
_LINE_WIDTH = {1: 8, 2: 10}


@dataclass(frozen=True, slots=True)
class EntryContent:
    """One entry as it is stored, without its own key, hash and seal. lines: LineContent or plain tuples of its
    fields, by number."""

    hash_version: int
    entity_id: int
    period_id: int
    fiscal_year: int
    sequence: int
    posted_on: dt.date
    origin: str
    leg: str
    source_ref: str
    document: str
    description: str
    currency: str
    reverses_id: int | None
    prepared_by_id: int | None
    approved_by_id: int | None
    posted_by_id: int
    created_at: dt.datetime
    evidence: Sequence[str]
    chain_sequence: int
    previous_hash: str
    lines: Sequence[tuple[object, ...]]


# The fields of an entry that are columns of its table.
ENTRY_COLUMNS = tuple(name for name in EntryContent.__dataclass_fields__ if name != "lines")

# Made once: json.dumps with options builds an encoder at each call.
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def entry_hash(entry: EntryContent) -> str:
    """SHA-256 (hex) of the entry's canonical JSON; lines in the order of their numbers."""
    width = _LINE_WIDTH.get(entry.hash_version)
    if width is None:
        # Nobody wrote it: whatever is stored differs from this.
        return f"unknown version {entry.hash_version}"
    fields = [
        entry.hash_version,
        entry.entity_id,
        entry.period_id,
        entry.fiscal_year,
        entry.sequence,
        entry.posted_on.isoformat(),
        entry.origin,
        entry.leg,
        entry.source_ref,
        entry.document,
        entry.description,
        entry.currency,
        entry.reverses_id,
        entry.prepared_by_id,
        entry.approved_by_id,
        entry.posted_by_id,
        entry.created_at.astimezone(dt.UTC).isoformat(timespec="microseconds"),
        list(entry.evidence),
        entry.chain_sequence,
        entry.previous_hash,
        [line[:width] for line in entry.lines],
    ]
    return hashlib.sha256(_encode(fields).encode()).hexdigest()
