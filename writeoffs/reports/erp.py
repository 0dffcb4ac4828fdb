"""Gathers the statements before and after: the trial balance of a span, our entries, and tax by policy on both."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from core.models import Entity
from writeoffs.ledger.models import FiscalPeriod, TrialBalance
from writeoffs.ledger.position import Item, Place
from writeoffs.ledger.roles import ROLES, Section
from writeoffs.ledger.trial_balance import trial_balance_of
from writeoffs.posting.erp_books import erp_books, of_role
from writeoffs.posting.tie import TieOut
from writeoffs.posting.tie_facts import books_tied, tie_out_of
from writeoffs.reports.statements.before_after import BeforeAfter, Facts, before_after
from writeoffs.reports.statements.spans import Span
from writeoffs.valuation.rules.tax import TaxPolicy, impact

_BALANCE = frozenset({Section.ASSET, Section.LIABILITY, Section.EQUITY})


@dataclass(frozen=True, slots=True)
class ErpStatements:
    """statement: before and after. starts_on, ends_on: the days that its income and expense cover."""

    balance: TrialBalance
    starts_on: dt.date
    ends_on: dt.date
    statement: BeforeAfter


def balance_of_span(*, entity: Entity, span: Span) -> TrialBalance | None:
    """The trial balance of a period; of a fiscal year the last one of it. A range of days has none."""
    found = TrialBalance.objects.filter(entity=entity).select_related("entity", "period", "upload")
    year, _, number = span.code.partition("-")
    if span.code.startswith("FY"):
        found = found.filter(period__fiscal_year=int(span.code[2:]), covers=TrialBalance.Covers.YEAR)
    elif number:
        found = found.filter(period__fiscal_year=int(year), period__number=int(number))
    else:
        return None
    return found.order_by("-period__starts_on", "-period__number", "-version").first()


@dataclass(frozen=True, slots=True)
class PeriodTied:
    """The tie-out at the end of a span. balance: None where only our own books are tied to each other."""

    period: FiscalPeriod
    balance: TrialBalance | None
    tie: TieOut


def period_tied(*, entity: Entity, span: Span) -> PeriodTied | None:
    """Of the fiscal period that ends the span; None where the span ends inside one. A year and a range of days hold the
    adjustment period of their last day as well: of the two, the later one that has a trial balance, else the later."""
    found = FiscalPeriod.objects.filter(entity=entity, ends_on=span.ends_on)
    year, _, number = span.code.partition("-")
    if number:
        found = found.filter(fiscal_year=int(year), number=int(number))
    ending = list(found.order_by("-number"))
    if not ending:
        return None
    period, balance = ending[0], None
    for candidate in ending:
        balance = trial_balance_of(period=candidate)
        if balance is not None:
            period = candidate
            break
    period.entity = entity
    if balance is None:
        return PeriodTied(period, None, books_tied(entity=entity, period=period))
    return PeriodTied(period, balance, tie_out_of(entity=entity, period=period, balance=balance))


def erp_statements(*, balance: TrialBalance, policy: TaxPolicy) -> ErpStatements:
    books = erp_books(balance=balance)
    facts = Facts(
        trial=books.trial,
        missing=(*books.missing, *_tax(books.missing, policy)),
        effect=(*books.effect, *_tax(books.effect, policy)),
        days=(books.ends_on - books.starts_on).days + 1,
        opening_inventory=books.opening_inventory,
        losses=books.losses,
    )
    return ErpStatements(balance, books.starts_on, books.ends_on, before_after(facts))


def _tax(items: Iterable[Item], policy: TaxPolicy) -> list[Item]:
    """Tax by policy on our entries; what has gone into equity already was of an earlier year."""
    pairs = [
        (item.role, item.amount)
        for item in items
        if item.place is not Place.EQUITY or ROLES[item.role].section in _BALANCE
    ]
    return [of_role(role, amount, computed=True) for role, amount in impact(pairs, policy=policy).tax.lines]
