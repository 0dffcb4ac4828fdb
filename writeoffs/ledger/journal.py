"""The only writer of the journal. Called by posting alone.

Invariant: entries are written whole, sealed once, in the caller's transaction: period locked, number and chain place
taken, entries and lines inserted with their hashes, sealed by one update. A role without an account or a date
without an open period stops it all. Until the seal the database would refuse the commit; it seals only what balances.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeAlias

from django.db import connection
from django.utils import timezone

from core.audit import head_lock
from core.errors import PeriodClosed, PeriodSoftClosed, Unbalanced, WrongState
from core.models import ChainHead, Entity, User
from core.money import MONEY_SCALE, display_money, from_raw, is_whole_unit, to_raw
from core.numbers import numbers_take
from core.sets import rows_insert
from writeoffs.ledger.calendar import first_open_date, no_period, period_of
from writeoffs.ledger.hashes import ENTRY_COLUMNS, VERSION, EntryContent, LineContent, entry_hash
from writeoffs.ledger.mapping import AccountResolver, Facts, Rule, resolver_of
from writeoffs.ledger.models import Account, FiscalPeriod, JournalEntry, JournalLine, Leg


def chain_of(entity: Entity) -> str:
    """The name of the entity's chain of entries in core.models.ChainHead."""
    return f"journal:{entity.pk}"


def series_of(fiscal_year: int) -> str:
    """The series of core.numbers that an entry of this fiscal year takes its number from."""
    return f"entry:{fiscal_year}"


@dataclass(frozen=True, slots=True)
class PlannedLine:
    """role: account role. amount: debit +, credit -, in the entity's currency. The rest are the line's dimensions.
    account_id: only for the mirror of a posted line, which goes to that line's own account, whatever the
    map says today."""

    role: str
    amount: Decimal
    location_id: int | None = None
    category_id: int | None = None
    cost_centre_id: int | None = None
    reason: str = ""
    account_id: int | None = None


@dataclass(frozen=True, slots=True)
class PlannedEntry:
    """One balanced leg. Lines may repeat dimensions: the writer sums them by role x location x category x reason x cost
    centre (count gains and losses are two legs, so they never net). reverses_id: the entry that this one mirrors;
    void_number: which void of the document it belongs to, from 1."""

    leg: str
    origin: str
    description: str
    lines: Sequence[PlannedLine]
    reverses_id: int | None = None
    void_number: int = 0


def period_lock(
    *, entity: Entity, posted_on: dt.date, adjustment: bool = False, second_approver: bool = False
) -> FiscalPeriod:
    """The period of the date that takes the posting, row-locked: the month, or with `adjustment` the year's period 13.
    PeriodClosed names the date, the period and the first open date; PeriodSoftClosed where the period wants a second
    approver and there is none."""
    if not connection.in_atomic_block:
        raise RuntimeError("A period is locked only inside the transaction that posts into it.")
    period = period_of(entity=entity, day=posted_on, adjustment=adjustment, lock=True)
    if period is None or period.status == FiscalPeriod.Status.CLOSED:
        first = first_open_date(entity=entity)
        what = f"{period} is closed" if period else no_period(entity, posted_on, adjustment)
        step = f"The first open date is {first.isoformat()}." if first else "No period is open: a controller opens one."
        raise PeriodClosed(f"{posted_on.isoformat()} cannot be posted: {what}. {step}")
    if period.status == FiscalPeriod.Status.SOFT_CLOSED and not second_approver:
        raise PeriodSoftClosed(
            f"{posted_on.isoformat()} cannot be posted yet: {period} is soft-closed, so that every posting into it "
            "needs a second approver. Have a second person approve it, or take a date in an open period."
        )
    return period


_Key: TypeAlias = tuple[str, int | None, int | None, int | None, str, int | None]


def _facts(key: _Key) -> Facts:
    """What the map asks of a line: role, category, reason, location."""
    role, location_id, category_id, _, reason, _ = key
    return role, category_id, reason, location_id


@dataclass(slots=True)
class _Draft:
    """A planned entry with its lines summed; key: role, location, category, cost centre, reason, given account -> raw
    amount."""

    plan: PlannedEntry
    sums: dict[_Key, int]


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
    mapping: AccountResolver | None = None,
) -> list[JournalEntry]:
    """Write and seal the entries of one posting. Unbalanced where a leg does not add up to nil or an amount is not a
    multiple of the currency's unit; entries without lines are left out. evidence: SHA-256 digests, hashed with the
    entry. mapping: the entity's map where the caller has read it already, so that what was decided on is what is
    written; otherwise as it is now."""
    if period.entity_id != entity.pk or not period.starts_on <= posted_on <= period.ends_on:
        raise ValueError(f"{posted_on.isoformat()} is not a date of {entity}'s {period}.")
    drafts = [draft for draft in (_summed(entity, entry) for entry in entries) if draft.sums]
    if not drafts:
        return []
    mapping = mapping or resolver_of(entity=entity)
    accounts = mapping.accounts_of({_facts(key) for draft in drafts for key in draft.sums if key[5] is None})
    given = {key[5] for draft in drafts for key in draft.sums if key[5] is not None}
    chart = Account.objects.in_bulk({rule.account_id for rule in accounts.values()} | given)
    documents = [_document(source_ref, draft.plan) for draft in drafts]
    _refuse_second_posting(entity, documents)
    first_number = numbers_take(entity=entity, series=series_of(period.fiscal_year), count=len(drafts))
    head = head_lock(chain_of(entity))
    written: list[JournalEntry] = []
    all_lines: list[list[LineContent]] = []
    previous, now = head.hash, timezone.now()
    for place, (draft, document) in enumerate(zip(drafts, documents, strict=True)):
        entry = JournalEntry(
            entity=entity,
            period=period,
            fiscal_year=period.fiscal_year,
            sequence=first_number + place,
            posted_on=posted_on,
            origin=draft.plan.origin,
            leg=draft.plan.leg,
            source_ref=source_ref,
            document=document,
            description=draft.plan.description[:200],
            currency=entity.currency,
            reverses_id=draft.plan.reverses_id,
            prepared_by=prepared_by,
            approved_by=approved_by,
            posted_by=posted_by,
            created_at=now,
            evidence=sorted(evidence),
            chain_sequence=head.sequence + 1 + place,
            previous_hash=previous,
            hash_version=VERSION,
        )
        lines = _lines(draft, accounts, chart)
        previous = entry.hash = entry_hash(_content(entry, lines))
        written.append(entry)
        all_lines.append(lines)
    _insert_and_seal(written, all_lines)
    ChainHead.objects.filter(chain=head.chain).update(sequence=head.sequence + len(written), hash=previous)
    return written


def _summed(entity: Entity, plan: PlannedEntry) -> _Draft:
    """The entry's lines summed by dimension, nil sums left out. Unbalanced before the database would refuse it."""
    sums: dict[_Key, int] = {}
    for line in plan.lines:
        if not is_whole_unit(line.amount, entity.currency):
            raise Unbalanced(
                f"{Leg(plan.leg).label}: {line.amount} on {line.role} is not a multiple of the smallest unit of "
                f"{entity.currency}. Nothing was posted."
            )
        key = (line.role, line.location_id, line.category_id, line.cost_centre_id, line.reason, line.account_id)
        sums[key] = sums.get(key, 0) + to_raw(line.amount, MONEY_SCALE)
    net = sum(sums.values())
    if net:
        over = display_money(from_raw(abs(net), MONEY_SCALE), entity.currency, entity.locale)
        more = "debits" if net > 0 else "credits"
        raise Unbalanced(
            f"{Leg(plan.leg).label}: the {more} are {over} {entity.currency} more than the other side. "
            "Nothing was posted."
        )
    return _Draft(plan, {key: amount for key, amount in sums.items() if amount})


def _document(source_ref: str, plan: PlannedEntry) -> str:
    """What makes an entry of a document unique. The voids of two legs mirror two entries, hence the mirrored key; a leg
    voided by parts has a mirror each, hence the void's own number."""
    mirrored = f"/{plan.reverses_id}" if plan.reverses_id else ""
    part = f"/{plan.void_number}" if plan.void_number else ""
    return f"{source_ref}/{plan.leg}{mirrored}{part}"


def _refuse_second_posting(entity: Entity, documents: Sequence[str]) -> None:
    """WrongState naming the entry where one of the documents was posted before; the unique constraint backs it."""
    if len(set(documents)) != len(documents):
        raise ValueError(f"Two entries of one document share a leg: {', '.join(documents)}.")
    earlier = JournalEntry.objects.filter(entity=entity, document__in=documents).first()
    if earlier is not None:
        raise WrongState(f"{earlier.document} is posted already, as entry {earlier.number}. Nothing was posted again.")


def _lines(draft: _Draft, accounts: Mapping[Facts, Rule], chart: Mapping[int, Account]) -> list[LineContent]:
    """Debits before credits, otherwise in the order in which the posting gave them."""
    ordered = sorted(draft.sums.items(), key=lambda item: item[1] < 0)
    found = []
    for number, (key, amount) in enumerate(ordered, start=1):
        role, location_id, category_id, cost_centre_id, reason, given = key
        account = chart[accounts[_facts(key)].account_id if given is None else given]
        where = (location_id, category_id, cost_centre_id, reason)
        found.append(LineContent(number, account.pk, role, amount, *where, account.code, account.section))
    return found


# The fields of a line that are columns of its table; the rest is its account's.
_LINE_COLUMNS = LineContent._fields[:8]


def _insert_and_seal(entries: Sequence[JournalEntry], lines: Sequence[Sequence[LineContent]]) -> None:
    """Three statements however many entries: entries, lines, seal."""
    JournalEntry.objects.bulk_create(entries)
    rows = [(entry.pk, *line[: len(_LINE_COLUMNS)]) for entry, own in zip(entries, lines, strict=True) for line in own]
    rows_insert(JournalLine._meta.db_table, ("entry_id", *_LINE_COLUMNS), rows)
    JournalEntry.objects.filter(pk__in=[entry.pk for entry in entries]).update(sealed=True, net_id=0)
    for entry in entries:
        entry.sealed, entry.net_id = True, 0


def content_of(entry: JournalEntry, lines: Iterable[JournalLine]) -> EntryContent:
    """What is hashed of a stored entry and its lines, in the order given. The lines' accounts are at hand."""
    found = [
        LineContent(
            line_number=line.line_number,
            account_id=line.account_id,
            role=line.role,
            amount=to_raw(line.amount, MONEY_SCALE),
            location_id=line.location_id,
            category_id=line.category_id,
            cost_centre_id=line.cost_centre_id,
            reason=line.reason,
            account_code=line.account.code,
            account_section=line.account.section,
        )
        for line in lines
    ]
    return _content(entry, found)


def _content(entry: JournalEntry, lines: Sequence[LineContent]) -> EntryContent:
    return EntryContent(**{name: getattr(entry, name) for name in ENTRY_COLUMNS}, lines=lines)
