"""A company's roll-forward in the currency of its group (IAS 21.39). Pure.

The opening is translated at the closing rate of the day before, each month's movements at their average rate (IAS
21.40), the closing at the closing rate of the last day; what is left over is the exchange difference.

Invariants: each figure is added up exactly in its own currency's products and rounded once, half away from zero, to
the group currency's unit; opening + columns + exchange = closing in every row by construction, since exchange is what
is left; a total is the sum of the rows above it. A figure whose rate is missing is None, never guessed, and so is
every figure that would need it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from core.money import exchanged
from writeoffs.reports.statements.rollforward import RollColumn

ZERO, ONE = Decimal(0), Decimal(1)
EXCHANGE = "exchange"


@dataclass(frozen=True, slots=True)
class MonthFact:
    """Movements of one kind in one calendar month of the span. month: its first day; None: before the span."""

    month: dt.date | None
    kind: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Rates:
    """What one company is translated at. None, or a month that is not there: there is no such rate."""

    opening: Decimal | None
    closing: Decimal | None
    averages: Mapping[dt.date, Decimal]

    @staticmethod
    def same_currency(months: Iterable[dt.date]) -> Rates:
        """The company keeps its books in the group's currency: nothing to translate."""
        return Rates(ONE, ONE, dict.fromkeys(months, ONE))


@dataclass(frozen=True, slots=True)
class MemberFacts:
    """One company's figures in its own currency. ledger: what its ledger says at the closing."""

    key: int
    name: str
    currency: str
    movements: tuple[MonthFact, ...]
    ledger: Decimal
    rates: Rates


@dataclass(frozen=True, slots=True)
class TranslatedRow:
    """One company, or the total. own: opening, columns and closing as the company keeps them (None in the total)."""

    key: int | None
    name: str
    currency: str
    opening: Decimal | None
    amounts: tuple[Decimal | None, ...]
    exchange: Decimal | None
    closing: Decimal | None
    ledger: Decimal | None
    own: tuple[Decimal, ...] | None = None

    @property
    def difference(self) -> Decimal | None:
        return None if self.closing is None or self.ledger is None else self.closing - self.ledger


@dataclass(frozen=True, slots=True)
class GroupRoll:
    """columns: without the exchange column, which stands before the closing."""

    columns: tuple[RollColumn, ...]
    rows: tuple[TranslatedRow, ...]
    total: TranslatedRow


def group_roll(*, columns: Sequence[RollColumn], members: Sequence[MemberFacts], currency: str) -> GroupRoll:
    """Every company's row in the group's currency, and their sum. Columns that are nil in all of them are left out."""
    shown = [column for column in columns if column.key != EXCHANGE]
    used = {fact.kind for member in members for fact in member.movements if fact.month is not None and fact.amount}
    kept = tuple(column for column in shown if column.always or used & set(column.kinds))
    rows = tuple(_row(kept, member, currency) for member in members)
    return GroupRoll(kept, rows, _total(kept, rows))


def translated(terms: Iterable[tuple[Decimal, Decimal | None]], currency: str) -> Decimal | None:
    """The sum of amount x rate, rounded once. None where an amount that is not nil has no rate."""
    exact = []
    for amount, rate in terms:
        if amount and rate is None:
            return None
        if amount and rate is not None:
            exact.append((amount, rate))
    return exchanged(exact, currency)


def _row(columns: Sequence[RollColumn], member: MemberFacts, currency: str) -> TranslatedRow:
    rates = member.rates
    begin = sum((fact.amount for fact in member.movements if fact.month is None), ZERO)
    end = sum((fact.amount for fact in member.movements), ZERO)
    opening, closing = translated([(begin, rates.opening)], currency), translated([(end, rates.closing)], currency)
    amounts, own = [], []
    for column in columns:
        facts = [fact for fact in member.movements if fact.month is not None and fact.kind in column.kinds]
        terms = [(fact.amount, rates.averages.get(fact.month)) for fact in facts if fact.month is not None]
        amounts.append(translated(terms, currency))
        own.append(sum((fact.amount for fact in facts), ZERO))
    return TranslatedRow(
        key=member.key,
        name=member.name,
        currency=member.currency,
        opening=opening,
        amounts=tuple(amounts),
        exchange=_left_over(opening, amounts, closing),
        closing=closing,
        ledger=translated([(member.ledger, rates.closing)], currency),
        own=(begin, *own, end),
    )


def _left_over(opening: Decimal | None, amounts: Sequence[Decimal | None], closing: Decimal | None) -> Decimal | None:
    """Closing - opening - movements; None where one of them is."""
    moved = _sum((opening, *amounts))
    return None if closing is None or moved is None else closing - moved


def _sum(values: Iterable[Decimal | None]) -> Decimal | None:
    total = ZERO
    for value in values:
        if value is None:
            return None
        total += value
    return total


def _total(columns: Sequence[RollColumn], rows: Sequence[TranslatedRow]) -> TranslatedRow:
    return TranslatedRow(
        key=None,
        name="Group",
        currency="",
        opening=_sum(row.opening for row in rows),
        amounts=tuple(_sum(row.amounts[n] for row in rows) for n in range(len(columns))),
        exchange=_sum(row.exchange for row in rows),
        closing=_sum(row.closing for row in rows),
        ledger=_sum(row.ledger for row in rows),
    )
