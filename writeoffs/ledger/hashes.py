"""What the hash of an entry covers: every field, all its lines, the papers behind it and the entry before. Pure.

Version 1. A later version may add fields; the version is hashed with them, so that an old entry keeps its hash.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass

VERSION = 1


@dataclass(frozen=True, slots=True)
class LineContent:
    """One line as it is stored. amount: raw money (10^4), debit +, credit -."""

    line_number: int
    account_id: int
    role: str
    amount: int
    location_id: int | None
    category_id: int | None
    cost_centre_id: int | None
    reason: str


@dataclass(frozen=True, slots=True)
class EntryContent:
    """One entry as it is stored, without its own key, hash and seal."""

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
    lines: Sequence[LineContent]


def entry_hash(entry: EntryContent) -> str:
    """SHA-256 (hex) of the entry's canonical JSON; lines in the order of their numbers."""
    fields = [
        VERSION,
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
        [
            [
                line.line_number,
                line.account_id,
                line.role,
                line.amount,
                line.location_id,
                line.category_id,
                line.cost_centre_id,
                line.reason,
            ]
            for line in entry.lines
        ],
    ]
    text = json.dumps(fields, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
