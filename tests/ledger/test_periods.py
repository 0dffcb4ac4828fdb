"""Fiscal years and periods: opened, closed, re-opened by two."""

from __future__ import annotations

import datetime as dt
import itertools

import pytest

from core.changes import change_decide
from core.errors import BadInput, NotAllowed, PeriodClosed, SegregationOfDuties, WrongState
from core.models import AuditEvent, Entity
from tests.conftest import Company
from writeoffs.ledger import periods
from writeoffs.ledger.models import FiscalPeriod


@pytest.fixture
def entity(db: None) -> Entity:
    return Entity.objects.create(slug="bare", name="Bare", currency="EUR", fiscal_year_start=4)


def test_a_fiscal_year_is_named_after_the_calendar_year_in_which_it_ends(entity: Entity) -> None:
    made = periods.fiscal_year_open(entity=entity, fiscal_year=2027)
    assert [(p.number, p.starts_on, p.ends_on) for p in (made[0], made[8], made[9], made[11])] == [
        (1, dt.date(2026, 4, 1), dt.date(2026, 4, 30)),
        (9, dt.date(2026, 12, 1), dt.date(2026, 12, 31)),
        (10, dt.date(2027, 1, 1), dt.date(2027, 1, 31)),
        (12, dt.date(2027, 3, 1), dt.date(2027, 3, 31)),
    ]


@pytest.mark.parametrize("month", range(1, 13))
def test_the_twelve_periods_of_any_start_month_follow_each_other_without_a_gap(entity: Entity, month: int) -> None:
    entity.fiscal_year_start = month
    made = periods.fiscal_year_open(entity=entity, fiscal_year=2028)
    assert len(made) == 12
    assert all(b.starts_on - a.ends_on == dt.timedelta(days=1) for a, b in itertools.pairwise(made))
    assert made[0].starts_on.month == month
    assert made[11].ends_on.year == 2028
    assert (made[11].ends_on - made[0].starts_on).days in (364, 365)


def test_the_year_after_joins_and_a_year_further_on_is_refused(entity: Entity) -> None:
    periods.fiscal_year_open(entity=entity, fiscal_year=2027)
    with pytest.raises(WrongState, match="2029 would leave a gap"):
        periods.fiscal_year_open(entity=entity, fiscal_year=2029)
    assert periods.fiscal_year_open(entity=entity, fiscal_year=2028)[0].starts_on == dt.date(2027, 4, 1)
    assert periods.fiscal_year_open(entity=entity, fiscal_year=2026)[0].starts_on == dt.date(2025, 4, 1)


def test_a_year_that_is_there_is_not_opened_twice(entity: Entity) -> None:
    periods.fiscal_year_open(entity=entity, fiscal_year=2027)
    with pytest.raises(WrongState, match="April 2026 is there already"):
        periods.fiscal_year_open(entity=entity, fiscal_year=2027)


def test_an_unlikely_year_is_refused(entity: Entity) -> None:
    with pytest.raises(BadInput, match="206 is not a fiscal year"):
        periods.fiscal_year_open(entity=entity, fiscal_year=206)


def test_only_a_controller_opens_a_year(company: Company) -> None:
    with pytest.raises(NotAllowed):
        periods.fiscal_year_open(entity=company.entity, fiscal_year=2028, user=company["PREPARER"])
    assert periods.fiscal_year_open(entity=company.entity, fiscal_year=2028, user=company["CONTROLLER"])


def first_period(company: Company) -> FiscalPeriod:
    return FiscalPeriod.objects.filter(entity=company.entity).order_by("starts_on")[0]


def test_a_controller_closes_the_first_open_period(company: Company) -> None:
    closed = periods.period_close(period=first_period(company), user=company["CONTROLLER"])
    assert closed.status == "CLOSED"
    assert closed.closed_by == company["CONTROLLER"]
    event = AuditEvent.objects.get(kind="period.closed")
    assert (event.subject, event.message) == ("period:2025-01", "Controller north closed January 2025.")


@pytest.mark.parametrize("role", ["PREPARER", "APPROVER", "AUDITOR", "ADMIN", "COUNTER"])
def test_nobody_but_a_controller_closes(company: Company, role: str) -> None:
    with pytest.raises(NotAllowed, match="Closing January 2025 needs the role controller"):
        periods.period_close(period=first_period(company), user=company[role])


def test_a_period_is_closed_once(company: Company) -> None:
    period = first_period(company)
    periods.period_close(period=period, user=company["CONTROLLER"])
    with pytest.raises(WrongState, match="January 2025 is closed already"):
        periods.period_close(period=period, user=company["CONTROLLER"])


def test_a_period_waits_for_the_earlier_ones(company: Company) -> None:
    period = FiscalPeriod.objects.get(entity=company.entity, fiscal_year=2025, number=3)
    with pytest.raises(WrongState, match=r"March 2025 cannot be closed yet.*2 still open\. January 2025 is the first"):
        periods.period_close(period=period, user=company["CONTROLLER"])


def close_first(company: Company) -> FiscalPeriod:
    return periods.period_close(period=first_period(company), user=company["CONTROLLER"])


def test_a_closed_period_is_reopened_by_two(company: Company) -> None:
    period = close_first(company)
    change = periods.period_reopen_request(period=period, user=company["CONTROLLER"], reason="A late invoice")
    period.refresh_from_db()
    assert period.status == "CLOSED"
    with pytest.raises(SegregationOfDuties):
        change_decide(change=change, user=company["CONTROLLER"], approve=True)
    change_decide(change=change, user=company["APPROVER"], approve=True)
    period.refresh_from_db()
    assert period.status == "OPEN"
    assert period.reopened_at is not None


def test_a_refused_request_leaves_the_period_closed(company: Company) -> None:
    period = close_first(company)
    change = periods.period_reopen_request(period=period, user=company["CONTROLLER"], reason="A late invoice")
    change_decide(change=change, user=company["APPROVER"], approve=False, comment="Post it in February.")
    period.refresh_from_db()
    assert period.status == "CLOSED"


@pytest.mark.parametrize("role", ["PREPARER", "APPROVER", "AUDITOR"])
def test_nobody_but_a_controller_asks_to_reopen(company: Company, role: str) -> None:
    with pytest.raises(NotAllowed):
        periods.period_reopen_request(period=close_first(company), user=company[role], reason="Why not")


def test_an_open_period_is_not_reopened(company: Company) -> None:
    with pytest.raises(WrongState, match="nothing to re-open"):
        periods.period_reopen_request(period=first_period(company), user=company["CONTROLLER"], reason="x")


def test_a_posting_date_is_the_later_of_found_date_and_first_open_date(company: Company) -> None:
    assert periods.posting_date_default(entity=company.entity, found_on=dt.date(2025, 1, 9)) == dt.date(2025, 1, 9)
    close_first(company)
    assert periods.first_open_date(entity=company.entity) == dt.date(2025, 2, 1)
    assert periods.posting_date_default(entity=company.entity, found_on=dt.date(2025, 1, 9)) == dt.date(2025, 2, 1)
    assert periods.posting_date_default(entity=company.entity, found_on=dt.date(2025, 2, 9)) == dt.date(2025, 2, 9)


def test_a_posting_date_skips_a_closed_period_behind_a_reopened_one(company: Company) -> None:
    FiscalPeriod.objects.filter(entity=company.entity, fiscal_year=2025, number=2).update(status="CLOSED")
    assert periods.posting_date_default(entity=company.entity, found_on=dt.date(2025, 2, 9)) == dt.date(2025, 3, 1)


def test_without_an_open_period_there_is_no_posting_date(company: Company) -> None:
    FiscalPeriod.objects.filter(entity=company.entity).update(status="CLOSED")
    assert periods.first_open_date(entity=company.entity) is None
    with pytest.raises(PeriodClosed, match="No period from 2026-01-01 on is open"):
        periods.posting_date_default(entity=company.entity, found_on=dt.date(2026, 1, 1))
