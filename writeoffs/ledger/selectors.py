"""What the ledger's pages read: entries by filter, lines of an account with their running balance, the chart.

Invariant: a page takes a constant number of queries; the totals shown are those of everything that the filter finds.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import F, Prefetch, Q, QuerySet, Sum, Window
from django.db.models.functions import Coalesce

from core.models import Entity
from core.money import MoneyField
from writeoffs.ledger.mapping import Rule, rules_of
from writeoffs.ledger.models import Account, FiscalPeriod, JournalEntry, JournalLine
from writeoffs.ledger.roles import ROLES
from writeoffs.ledger.sums import AccountSum, trial_balance

ZERO = Decimal(0)
_NUMBER = re.compile(r"^(\d{4})-(\d{1,9})$")


@dataclass(frozen=True, slots=True)
class EntryFilter:
    """What the list of entries is narrowed to; empty: not at all."""

    period: FiscalPeriod | None = None
    origin: str = ""
    leg: str = ""
    text: str = ""

    @property
    def is_empty(self) -> bool:
        return not (self.period or self.origin or self.leg or self.text)


@dataclass(frozen=True, slots=True)
class EntryTotals:
    """debit: the debits of all entries found, which equal their credits."""

    count: int
    debit: Decimal


def number_parsed(text: str) -> tuple[int, int] | None:
    """2026-000123 (or 2026-123) -> fiscal year and sequence."""
    match = _NUMBER.match(text.strip())
    return (int(match[1]), int(match[2])) if match else None


def entries_found(*, entity: Entity, narrow: EntryFilter) -> QuerySet[JournalEntry]:
    """Newest first. Text is looked for in description and document; an entry's number finds that entry."""
    found = JournalEntry.objects.filter(entity=entity).order_by("-chain_sequence")
    if narrow.period:
        found = found.filter(period=narrow.period)
    if narrow.origin:
        found = found.filter(origin=narrow.origin)
    if narrow.leg:
        found = found.filter(leg=narrow.leg)
    if narrow.text:
        number = number_parsed(narrow.text)
        wanted = Q(description__icontains=narrow.text) | Q(source_ref__icontains=narrow.text)
        if number:
            wanted |= Q(fiscal_year=number[0], sequence=number[1])
        found = found.filter(wanted)
    return found


def entries_totals(entries: QuerySet[JournalEntry]) -> EntryTotals:
    found = JournalLine.objects.filter(entry__in=entries.order_by().values("pk"), amount__gt=ZERO)
    sums = found.aggregate(debit=Coalesce(Sum("amount"), ZERO, output_field=MoneyField()))
    return EntryTotals(entries.count(), sums["debit"])


def entries_debits(entries: Iterable[JournalEntry]) -> dict[int, Decimal]:
    """Entry id -> its debits, for the entries of one page."""
    return dict(
        JournalLine.objects.filter(entry__in=list(entries), amount__gt=ZERO)
        .order_by()
        .values("entry_id")
        .annotate(debits=Sum("amount"))
        .values_list("entry_id", "debits")
    )


def entry_by_number(*, entity: Entity, number: str) -> JournalEntry | None:
    """The entry with all that its page shows; None where there is none of that number."""
    parsed = number_parsed(number)
    if parsed is None:
        return None
    people = ("prepared_by", "approved_by", "posted_by")
    lines = JournalLine.objects.select_related("account", "location", "category", "cost_centre").order_by("line_number")
    return (
        JournalEntry.objects.filter(entity=entity, fiscal_year=parsed[0], sequence=parsed[1])
        .select_related("period", "reverses", "reverses__entity", *people)
        .prefetch_related(Prefetch("lines", queryset=lines))
        .first()
    )


def reversals_of(entry: JournalEntry) -> QuerySet[JournalEntry]:
    """The mirrors of an entry, oldest first, each with what it takes back as total_back."""
    debits = Sum("lines__amount", filter=Q(lines__amount__gt=Decimal(0)))
    mirrors = JournalEntry.objects.filter(reverses=entry).select_related("entity").annotate(total_back=debits)
    return mirrors.order_by("chain_sequence")


def part_reversed(mirror: JournalEntry, total: Decimal) -> Decimal | None:
    """What the entry that this one mirrors had posted, where the mirror takes back only part of it."""
    if mirror.reverses_id is None:
        return None
    posted = JournalLine.objects.filter(entry=mirror.reverses_id, amount__gt=Decimal(0)).aggregate(sum=Sum("amount"))
    whole: Decimal = posted["sum"]
    return whole if whole != total else None


def entry_beside(entry: JournalEntry, step: int) -> JournalEntry | None:
    """The entry before (-1) or after (+1) in the entity's chain."""
    place = entry.chain_sequence + step
    return JournalEntry.objects.filter(entity_id=entry.entity_id, chain_sequence=place).select_related("entity").first()


def lines_found(entries: QuerySet[JournalEntry]) -> QuerySet[JournalLine]:
    """The lines of the entries found, in the order of the books, with all that an export writes."""
    return (
        JournalLine.objects.filter(entry__in=entries.order_by().values("pk"))
        .select_related(
            "entry__period",
            "entry__prepared_by",
            "entry__approved_by",
            "entry__posted_by",
            "account",
            "location",
            "category",
            "cost_centre",
        )
        .order_by("entry__chain_sequence", "line_number")
    )


@dataclass(frozen=True, slots=True)
class AccountRow:
    """An account with the roles that lead to it and what stands on it."""

    account: Account
    roles: tuple[str, ...]
    sums: AccountSum

    @property
    def lines(self) -> int:
        return self.sums.lines

    @property
    def balance(self) -> Decimal:
        return self.sums.balance


def accounts_listed(*, entity: Entity) -> list[AccountRow]:
    roles: dict[int, list[str]] = {}
    for rule in rules_of(entity=entity):
        roles.setdefault(rule.account_id, []).append(_led(rule))
    sums = trial_balance(entity=entity)
    return [
        AccountRow(account, tuple(sorted(roles.get(account.pk, ()))), sums.get(account.pk, AccountSum(account.pk)))
        for account in Account.objects.filter(entity=entity).order_by("code")
    ]


def roles_of(account: Account) -> list[str]:
    """The labels of the roles that lead to the account, each with the lines that do where not all do."""
    return sorted(_led(rule) for rule in rules_of(entity=account.entity) if rule.account_id == account.pk)


def _led(rule: Rule) -> str:
    """ "Write-downs of inventory", and for which lines only: "(category Food)"."""
    label = ROLES[rule.role].label if rule.role in ROLES else rule.role
    return label if rule.is_default else f"{label} ({rule.conditions})"


@dataclass(frozen=True, slots=True)
class AccountLedger:
    """The lines of one account between two dates; each has `running`, its balance with all lines before it."""

    opening: Decimal
    lines: QuerySet[JournalLine]
    debit: Decimal
    credit: Decimal

    @property
    def closing(self) -> Decimal:
        return self.opening + self.debit - self.credit


def account_ledger(*, account: Account, starts_on: dt.date | None, ends_on: dt.date | None) -> AccountLedger:
    every = JournalLine.objects.filter(account=account)
    opening, inside = ZERO, every
    if starts_on:
        opening = _sum(every.filter(entry__posted_on__lt=starts_on))
        inside = inside.filter(entry__posted_on__gte=starts_on)
    if ends_on:
        inside = inside.filter(entry__posted_on__lte=ends_on)
    order = (F("entry__posted_on").asc(), F("entry__chain_sequence").asc(), F("line_number").asc())
    lines = (
        inside.select_related("entry__entity", "location", "category", "cost_centre")
        .annotate(running=Window(Sum("amount"), order_by=order, output_field=MoneyField()))
        .order_by(*order)
    )
    return AccountLedger(
        opening,
        lines,
        _sum(inside.filter(amount__gt=ZERO)),
        -_sum(inside.filter(amount__lt=ZERO)),
    )


def with_balances(ledger: AccountLedger, lines: Iterable[Any]) -> list[tuple[JournalLine, Decimal]]:
    """The lines of one page of the account's ledger, each with the balance after it."""
    return [(line, ledger.opening + line.running) for line in lines]


def _sum(lines: QuerySet[JournalLine]) -> Decimal:
    total: Decimal = lines.aggregate(total=Coalesce(Sum("amount"), ZERO, output_field=MoneyField()))["total"]
    return total
