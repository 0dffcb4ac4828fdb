"""The days that a report covers, and the days that it is compared with. Pure: fiscal periods come in as facts.

Invariant: spans follow the entity's own period rows, never the calendar, so that a fiscal year may end in any month.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from babel.dates import format_date, format_skeleton

PREVIOUS, YEAR, NONE = "previous", "year", "none"
# The number of a fiscal year's adjustment period, and what of its day a span takes in.
ADJUSTMENT = 13
BOTH, MONTHS, ADJUSTMENTS = "", "months", "adjustments"
ONE_DAY = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class PeriodFact:
    """One fiscal period; fiscal_year is named after the calendar year in which it ends."""

    fiscal_year: int
    number: int
    starts_on: dt.date
    ends_on: dt.date
    closed: bool = False

    @property
    def is_adjustment(self) -> bool:
        return self.number == ADJUSTMENT

    @property
    def code(self) -> str:
        return f"{self.fiscal_year}-{self.number:02d}"


@dataclass(frozen=True, slots=True)
class Span:
    """First and last day, both included. code: the choice in addresses: 2026-03, FY2026, or range. part: which of what
    is dated a fiscal year's last day: a month leaves the adjustment period out, an adjustment period has nothing
    else."""

    starts_on: dt.date
    ends_on: dt.date
    code: str
    label: str
    part: str = BOTH


def date_text(day: dt.date, locale: str) -> str:
    return format_date(day, "medium", locale=locale)


def period_span(period: PeriodFact, locale: str) -> Span:
    """Named by its month where it is a calendar month, by its days where it is not."""
    if period.is_adjustment:
        label = f"Adjustment period of {period.fiscal_year}"
        return Span(period.starts_on, period.ends_on, period.code, label, ADJUSTMENTS)
    last = (period.starts_on.replace(day=1) + dt.timedelta(days=31)).replace(day=1) - ONE_DAY
    if period.starts_on.day == 1 and period.ends_on == last:
        label = format_skeleton("yMMMM", period.starts_on, locale=locale)
    else:
        label = _days(period.starts_on, period.ends_on, locale)
    # Only a year's last month shares a day with the adjustment period.
    return Span(period.starts_on, period.ends_on, period.code, label, MONTHS if period.number == 12 else BOTH)


def year_span(periods: Sequence[PeriodFact], fiscal_year: int, locale: str) -> Span | None:
    """From the first to the last day of the year's periods; None where it has none."""
    own = [p for p in periods if p.fiscal_year == fiscal_year]
    if not own:
        return None
    start, end = min(p.starts_on for p in own), max(p.ends_on for p in own)
    label = f"Fiscal year {fiscal_year}"
    if (start.month, start.day) != (1, 1):
        label = f"{label} ({_days(start, end, locale)})"
    return Span(start, end, f"FY{fiscal_year}", label)


def range_span(start: dt.date, end: dt.date, locale: str) -> Span:
    return Span(start, end, "range", _days(start, end, locale))


def span_of(code: str, periods: Sequence[PeriodFact], locale: str) -> Span | None:
    """The span behind a choice: 2026-03 or FY2026. None where there is no such period."""
    if code.startswith("FY"):
        year = code[2:]
        plain = year.isascii() and year.isdecimal() and len(year) <= 4
        return year_span(periods, int(year), locale) if plain else None
    return next((period_span(p, locale) for p in periods if p.code == code), None)


def default_span(periods: Sequence[PeriodFact], today: dt.date, locale: str) -> Span:
    """The period of today; else the last one that began; else this calendar month."""
    begun = [p for p in periods if p.starts_on <= today and not p.is_adjustment]
    if begun:
        return period_span(max(begun, key=lambda p: p.starts_on), locale)
    start = today.replace(day=1)
    return range_span(start, (start + dt.timedelta(days=31)).replace(day=1) - ONE_DAY, locale)


def compared_span(span: Span, periods: Sequence[PeriodFact], how: str, locale: str) -> Span | None:
    """The span to compare with: the one before, or the same of a year before. None without one, or where not asked."""
    if how not in (PREVIOUS, YEAR):
        return None
    if span.code.startswith("FY"):
        return year_span(periods, int(span.code[2:]) - 1, locale)
    own = next((p for p in periods if p.code == span.code), None)
    if own is not None:
        return _compared_period(own, periods, how, locale)
    if how == YEAR:
        return range_span(_a_year_before(span.starts_on), _a_year_before(span.ends_on), locale)
    end = span.starts_on - ONE_DAY
    return range_span(end - (span.ends_on - span.starts_on), end, locale)


def months_until(span: Span, periods: Sequence[PeriodFact], count: int = 12) -> list[PeriodFact]:
    """The last `count` fiscal periods that begin by the end of the span, oldest first: what the chart shows."""
    months = (p for p in periods if p.starts_on <= span.ends_on and not p.is_adjustment)
    return sorted(months, key=lambda p: p.starts_on)[-count:]


def _compared_period(own: PeriodFact, periods: Sequence[PeriodFact], how: str, locale: str) -> Span | None:
    if how == YEAR or own.is_adjustment:
        found = [p for p in periods if (p.fiscal_year, p.number) == (own.fiscal_year - 1, own.number)]
    else:
        months = (p for p in periods if p.ends_on < own.starts_on and not p.is_adjustment)
        found = sorted(months, key=lambda p: p.starts_on)
    return period_span(found[-1], locale) if found else None


def _a_year_before(day: dt.date) -> dt.date:
    """The same day of the year before; 29 February becomes 28."""
    try:
        return day.replace(year=day.year - 1)
    except ValueError:
        return day.replace(year=day.year - 1, day=28)


def _days(start: dt.date, end: dt.date, locale: str) -> str:
    return f"{date_text(start, locale)} – {date_text(end, locale)}"
