"""The only writer of the journal. Called by posting alone.

Invariant: entries are written whole, sealed once, in the caller's transaction: period locked, number and chain place taken,
lines inserted, hash computed, sealed. A role without an account or a date without an open period stops it all.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from core.models import Entity, User
from writeoffs.ledger.models import FiscalPeriod, JournalEntry


@dataclass(frozen=True, slots=True)
class PlannedLine:
    """role: account role. amount: debit +, credit -, in the entity's currency. The rest are the line's dimensions."""

    role: str
    amount: Decimal
    location_id: int | None = None
    category_id: int | None = None
    cost_centre_id: int | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class PlannedEntry:
    """One balanced leg. Lines may repeat dimensions: the writer sums them by role x location x category x reason x cost centre
    (count gains and losses are two legs, so they never net). reverses_id: the entry that this one mirrors."""

    leg: str
    origin: str
    description: str
    lines: Sequence[PlannedLine]
    reverses_id: int | None = None


def period_lock(*, entity: Entity, posted_on: dt.date) -> FiscalPeriod:
    """The open period of the date, row-locked. PeriodClosed names the date, the period and the first open date."""
    raise NotImplementedError


def accounts_of(*, entity: Entity, roles: Iterable[str]) -> Mapping[str, int]:
    """role -> account id. UnmappedRole names every role without an account and where to map it."""
    raise NotImplementedError


def entries_write(
    *,
    entity: Entity,
    period: FiscalPeriod,
    posted_on: dt.date,
    source_ref: str,
    entries: Sequence[PlannedEntry],
    posted_by: User,
    prepared_by: User | None = None,
    approved_by: User | None = None,
    evidence: Sequence[str] = (),
) -> list[JournalEntry]:
    """Write and seal the entries of one posting. Unbalanced where a leg does not add up to nil or an amount is not a
    multiple of the currency's unit; entries without lines are left out. evidence: SHA-256 digests, hashed with the entry."""
    raise NotImplementedError
