"""Gathers the facts of a group's reports: as many queries for twenty companies as for two.

Invariant: amounts come in each company's own currency with the rates that count for them; a rate that is needed and
not there is named (`GroupFacts.missing`), nothing stands in for it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from django.db.models import Case, DateField, Max, Min, Sum, Value, When
from django.db.models.functions import Cast, TruncMonth

from core.entity_groups import EntityGroup, ExchangeRate
from core.exchange import Missing, RateBook
from core.models import Entity
from inventory.models import Movement
from writeoffs.ledger.models import FiscalPeriod, JournalLine
from writeoffs.reports.statements.spans import ONE_DAY, PeriodFact, Span
from writeoffs.reports.statements.translation import MemberFacts, MonthFact, Rates

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class GroupFacts:
    """What a group's roll-forwards are made of. used: the rates that translated something, in order."""

    gross: tuple[MemberFacts, ...]
    allowance: tuple[MemberFacts, ...]
    used: tuple[ExchangeRate, ...]
    missing: tuple[Missing, ...]


def group_periods(*, group: EntityGroup, members: Sequence[Entity]) -> list[PeriodFact]:
    """The group's fiscal years as calendar months, over the days that any company has periods for. One query."""
    bounds = FiscalPeriod.objects.filter(entity__in=members).aggregate(first=Min("starts_on"), last=Max("ends_on"))
    if bounds["first"] is None:
        return []
    day, made = bounds["first"].replace(day=1), []
    while day <= bounds["last"]:
        end = _month_end(day)
        number = (day.month - group.fiscal_year_start) % 12 + 1
        later = group.fiscal_year_start > 1 and day.month >= group.fiscal_year_start
        made.append(PeriodFact(day.year + (1 if later else 0), number, day, end))
        day = end + ONE_DAY
    return made


def _month_end(day: dt.date) -> dt.date:
    return (day.replace(day=1) + dt.timedelta(days=31)).replace(day=1) - ONE_DAY


@dataclass
class _Needs:
    """Looks rates up and remembers which were used and which were missing."""

    book: RateBook
    span: Span
    used: dict[int, ExchangeRate] = field(default_factory=dict)
    missing: dict[Missing, None] = field(default_factory=dict)

    def _value(self, found: ExchangeRate | Missing) -> Decimal | None:
        if isinstance(found, Missing):
            self.missing[found] = None
            return None
        self.used[found.pk] = found
        rate: Decimal | None = found.rate
        return rate

    def closing(self, currency: str, day: dt.date) -> Decimal | None:
        return self._value(self.book.closing(currency, day))

    def average(self, currency: str, month: dt.date) -> Decimal | None:
        days = (max(month, self.span.starts_on), min(_month_end(month), self.span.ends_on))
        return self._value(self.book.average(currency, days, (self.span.starts_on, self.span.ends_on)))


def translatable_span(
    book: RateBook, members: Sequence[Entity], periods: Sequence[PeriodFact], today: dt.date
) -> PeriodFact | None:
    """The newest month gone by that has every closing rate it needs; None where there is none."""
    foreign = {entity.currency for entity in members} - {book.group.currency}
    for period in reversed([p for p in periods if p.ends_on < today]):
        days = (period.starts_on - ONE_DAY, period.ends_on)
        if not any(isinstance(book.closing(code, day), Missing) for code in foreign for day in days):
            return period
    return None


def group_facts(*, book: RateBook, members: Sequence[Entity], span: Span) -> GroupFacts:
    """Movements up to the span's end by company, month and kind, the ledgers' balances at its end, and the rates that
    translate them. Two queries."""
    moved, ledger = _movements(members, span), _ledger(members, span)
    needs = _Needs(book, span)
    gross, allowance = [], []
    for entity in members:
        own = moved.get(entity.pk, [])
        costs = tuple(MonthFact(month, kind, cost) for month, kind, cost, _ in own)
        held = tuple(MonthFact(month, kind, amount) for month, kind, _, amount in own)
        booked = ledger.get((entity.pk, "INVENTORY"), ZERO)
        provided = ZERO - ledger.get((entity.pk, "INVENTORY_ALLOWANCE"), ZERO)
        rates = _rates(needs, entity, (costs, held), on_ledger=bool(booked or provided))
        gross.append(MemberFacts(entity.pk, entity.name, entity.currency, costs, booked, rates))
        allowance.append(MemberFacts(entity.pk, entity.name, entity.currency, held, provided, rates))
    used = sorted(needs.used.values(), key=lambda rate: (rate.currency, rate.ends_on, rate.kind))
    return GroupFacts(tuple(gross), tuple(allowance), tuple(used), tuple(needs.missing))


def _rates(needs: _Needs, entity: Entity, sides: Sequence[Sequence[MonthFact]], *, on_ledger: bool) -> Rates:
    """Only what is needed is asked for: a company without an opening needs no opening rate."""
    months = sorted({fact.month for side in sides for fact in side if fact.month is not None and fact.amount})
    if entity.currency == needs.book.group.currency:
        return Rates.same_currency(months)
    opens = any(sum((fact.amount for fact in side if fact.month is None), ZERO) for side in sides)
    closes = on_ledger or any(sum((fact.amount for fact in side), ZERO) for side in sides)
    found = ((month, needs.average(entity.currency, month)) for month in months)
    return Rates(
        opening=needs.closing(entity.currency, needs.span.starts_on - ONE_DAY) if opens else None,
        averages={month: rate for month, rate in found if rate is not None},
        closing=needs.closing(entity.currency, needs.span.ends_on) if closes else None,
    )


def _movements(members: Iterable[Entity], span: Span) -> dict[int, list[tuple[dt.date | None, str, Decimal, Decimal]]]:
    month = Case(
        When(posted_on__lt=span.starts_on, then=Value(None)),
        default=Cast(TruncMonth("posted_on"), DateField()),
        output_field=DateField(null=True),
    )
    rows = (
        Movement.objects.filter(entity__in=members, posted_on__lte=span.ends_on)
        .order_by()
        .values_list("entity_id", month, "kind")
        .annotate(cost_sum=Sum("cost"), allowance_sum=Sum("allowance"))
    )
    found: dict[int, list[tuple[dt.date | None, str, Decimal, Decimal]]] = {}
    for entity_id, first, kind, cost, allowance in rows:
        found.setdefault(entity_id, []).append((first, kind, cost, allowance))
    return found


def _ledger(members: Iterable[Entity], span: Span) -> dict[tuple[int, str], Decimal]:
    rows = (
        JournalLine.objects.filter(entry__entity__in=members, entry__sealed=True, entry__posted_on__lte=span.ends_on)
        .filter(role__in=("INVENTORY", "INVENTORY_ALLOWANCE"))
        .order_by()
        .values_list("entry__entity_id", "role")
        .annotate(amount=Sum("amount"))
    )
    return {(entity_id, role): amount for entity_id, role, amount in rows}
