"""Which days a report covers, and which it is compared with; fiscal years that end when they like."""

from __future__ import annotations

import datetime as dt

import pytest

from writeoffs.reports.statements.spans import (
    PeriodFact,
    compared_span,
    default_span,
    months_until,
    range_span,
    span_of,
)


def april_years() -> list[PeriodFact]:
    """Fiscal years 2025 and 2026, each from April to March."""
    periods = []
    for year in (2025, 2026):
        for number in range(1, 13):
            month = (number + 2) % 12 + 1
            start = dt.date(year - 1 if number <= 9 else year, month, 1)
            end = (start + dt.timedelta(days=31)).replace(day=1) - dt.timedelta(days=1)
            periods.append(PeriodFact(year, number, start, end))
    return periods


PERIODS = april_years()


def test_a_period_is_named_by_its_month_and_found_by_its_code() -> None:
    span = span_of("2026-12", PERIODS, "en")
    assert span is not None
    assert (span.label, span.starts_on, span.ends_on) == ("March 2026", dt.date(2026, 3, 1), dt.date(2026, 3, 31))


def test_a_fiscal_year_that_begins_in_april_says_its_days() -> None:
    span = span_of("FY2026", PERIODS, "en")
    assert span is not None
    assert (span.starts_on, span.ends_on) == (dt.date(2025, 4, 1), dt.date(2026, 3, 31))
    assert span.label == "Fiscal year 2026 (Apr 1, 2025 – Mar 31, 2026)"


@pytest.mark.parametrize(
    ("code", "how", "found"),
    [
        ("2026-01", "previous", "2025-12"),
        ("2026-01", "year", "2025-01"),
        ("FY2026", "previous", "FY2025"),
        ("FY2026", "year", "FY2025"),
        ("FY2025", "previous", None),
        ("2025-01", "previous", None),
        ("2026-01", "none", None),
    ],
)
def test_the_compared_span_follows_the_fiscal_periods(code: str, how: str, found: str | None) -> None:
    span = span_of(code, PERIODS, "en")
    assert span is not None
    compared = compared_span(span, PERIODS, how, "en")
    assert (compared.code if compared else None) == found


def test_a_range_is_compared_with_as_many_days_before_it_or_with_the_year_before() -> None:
    span = range_span(dt.date(2024, 2, 20), dt.date(2024, 2, 29), "en")
    before, year = (compared_span(span, PERIODS, how, "en") for how in ("previous", "year"))
    assert before is not None
    assert (before.starts_on, before.ends_on) == (dt.date(2024, 2, 10), dt.date(2024, 2, 19))
    assert year is not None
    assert (year.starts_on, year.ends_on) == (dt.date(2023, 2, 20), dt.date(2023, 2, 28))


def test_without_a_choice_the_period_of_today_is_shown() -> None:
    assert default_span(PERIODS, dt.date(2025, 8, 9), "en").label == "August 2025"


def test_after_the_last_period_the_last_one_is_shown_and_without_any_the_calendar_month() -> None:
    assert default_span(PERIODS, dt.date(2030, 1, 1), "en").label == "March 2026"
    assert default_span([], dt.date(2026, 2, 9), "de").ends_on == dt.date(2026, 2, 28)


@pytest.mark.parametrize("code", ["2026-13", "FY1999", "FYnone", "nonsense", ""])
def test_a_code_that_means_nothing_gives_no_span(code: str) -> None:
    assert span_of(code, PERIODS, "en") is None


def test_the_chart_shows_the_twelve_periods_up_to_the_end_of_the_span() -> None:
    span = span_of("2026-03", PERIODS, "en")
    assert span is not None
    months = months_until(span, PERIODS)
    assert (months[0].code, months[-1].code, len(months)) == ("2025-04", "2026-03", 12)


def test_a_period_that_is_no_calendar_month_is_named_by_its_days_in_the_locale() -> None:
    odd = [PeriodFact(2026, 1, dt.date(2026, 1, 5), dt.date(2026, 2, 1))]
    span = span_of("2026-01", odd, "de")
    assert span is not None
    assert span.label == "05.01.2026 – 01.02.2026"
