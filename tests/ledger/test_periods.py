"""Fiscal years and periods: opened, closed, re-opened by two."""

from __future__ import annotations

import datetime as dt
import itertools

import pytest

from core import verify
from core.changes import change_decide
from core.errors import BadInput, NotAllowed, PeriodClosed, SegregationOfDuties, WrongState
from core.models import AuditEvent, Entity, Membership, User
from core.verify import Tally
from tests.conftest import Company
from writeoffs.ledger import periods
from writeoffs.ledger.calendar import first_open_date, fiscal_year_open, period_of
from writeoffs.ledger.models import FiscalPeriod
from writeoffs.proposals import policy


@pytest.fixture
def entity(db: None) -> Entity:
    return Entity.objects.create(slug="bare", name="Bare", currency="EUR", fiscal_year_start=4)


def test_a_fiscal_year_is_named_after_the_calendar_year_in_which_it_ends(entity: Entity) -> None:
    made = fiscal_year_open(entity=entity, fiscal_year=2027)
    assert [(p.number, p.starts_on, p.ends_on) for p in (made[0], made[8], made[9], made[11])] == [
        (1, dt.date(2026, 4, 1), dt.date(2026, 4, 30)),
        (9, dt.date(2026, 12, 1), dt.date(2026, 12, 31)),
        (10, dt.date(2027, 1, 1), dt.date(2027, 1, 31)),
        (12, dt.date(2027, 3, 1), dt.date(2027, 3, 31)),
    ]


@pytest.mark.parametrize("month", range(1, 13))
def test_the_twelve_periods_of_any_start_month_follow_each_other_without_a_gap(entity: Entity, month: int) -> None:
    entity.fiscal_year_start = month
    made = fiscal_year_open(entity=entity, fiscal_year=2028)
    assert len(made) == 12
    assert all(b.starts_on - a.ends_on == dt.timedelta(days=1) for a, b in itertools.pairwise(made))
    assert made[0].starts_on.month == month
    assert made[11].ends_on.year == 2028
    assert (made[11].ends_on - made[0].starts_on).days in (364, 365)


def test_the_year_after_joins_and_a_year_further_on_is_refused(entity: Entity) -> None:
    fiscal_year_open(entity=entity, fiscal_year=2027)
    with pytest.raises(WrongState, match="2029 would leave a gap"):
        fiscal_year_open(entity=entity, fiscal_year=2029)
    assert fiscal_year_open(entity=entity, fiscal_year=2028)[0].starts_on == dt.date(2027, 4, 1)
    assert fiscal_year_open(entity=entity, fiscal_year=2026)[0].starts_on == dt.date(2025, 4, 1)


def test_a_year_that_is_there_is_not_opened_twice(entity: Entity) -> None:
    fiscal_year_open(entity=entity, fiscal_year=2027)
    with pytest.raises(WrongState, match="April 2026 is there already"):
        fiscal_year_open(entity=entity, fiscal_year=2027)


def test_an_unlikely_year_is_refused(entity: Entity) -> None:
    with pytest.raises(BadInput, match="206 is not a fiscal year"):
        fiscal_year_open(entity=entity, fiscal_year=206)


def test_only_a_controller_opens_a_year(company: Company) -> None:
    with pytest.raises(NotAllowed):
        fiscal_year_open(entity=company.entity, fiscal_year=2028, user=company["PREPARER"])
    assert fiscal_year_open(entity=company.entity, fiscal_year=2028, user=company["CONTROLLER"])


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
    assert first_open_date(entity=company.entity, on_or_after=dt.date(2025, 1, 9)) == dt.date(2025, 1, 9)
    close_first(company)
    assert first_open_date(entity=company.entity) == dt.date(2025, 2, 1)
    assert first_open_date(entity=company.entity, on_or_after=dt.date(2025, 1, 9)) == dt.date(2025, 2, 1)
    assert first_open_date(entity=company.entity, on_or_after=dt.date(2025, 2, 9)) == dt.date(2025, 2, 9)


def test_a_posting_date_skips_a_closed_period_behind_a_reopened_one(company: Company) -> None:
    FiscalPeriod.objects.filter(entity=company.entity, fiscal_year=2025, number=2).update(status="CLOSED")
    assert first_open_date(entity=company.entity, on_or_after=dt.date(2025, 2, 9)) == dt.date(2025, 3, 1)


def test_without_an_open_period_there_is_no_posting_date(company: Company) -> None:
    FiscalPeriod.objects.filter(entity=company.entity).update(status="CLOSED")
    assert first_open_date(entity=company.entity) is None
    assert policy.posting_date_default(entity=company.entity, found_on=dt.date(2026, 1, 1)) is None
    with pytest.raises(PeriodClosed, match="Ask a controller to open a period"):
        policy.posting_date_check(entity=company.entity, posting_on=dt.date(2026, 1, 1), found_on=dt.date(2026, 1, 1))


@pytest.mark.parametrize("month", range(1, 13))
def test_a_fiscal_year_has_an_adjustment_period_on_its_last_day(entity: Entity, month: int) -> None:
    entity.fiscal_year_start = month
    last = fiscal_year_open(entity=entity, fiscal_year=2028)[-1]
    thirteen = FiscalPeriod.objects.get(entity=entity, number=13)
    assert (thirteen.starts_on, thirteen.ends_on, thirteen.fiscal_year) == (last.ends_on, last.ends_on, 2028)
    assert period_of(entity=entity, day=last.ends_on) == last
    assert period_of(entity=entity, day=last.ends_on, adjustment=True) == thirteen
    assert period_of(entity=entity, day=last.starts_on, adjustment=True) is None


def test_the_next_year_follows_a_year_with_an_adjustment_period(entity: Entity) -> None:
    fiscal_year_open(entity=entity, fiscal_year=2027)
    fiscal_year_open(entity=entity, fiscal_year=2028)
    assert FiscalPeriod.objects.filter(entity=entity).count() == 26


def test_months_close_beside_an_open_adjustment_period_which_closes_last(entity: Entity) -> None:
    fiscal_year_open(entity=entity, fiscal_year=2027)
    fiscal_year_open(entity=entity, fiscal_year=2028)
    user = User.objects.create(email="c@x.example", full_name="C")
    Membership.objects.create(entity=entity, user=user, role="CONTROLLER")
    every = FiscalPeriod.objects.filter(entity=entity)
    thirteen = every.get(fiscal_year=2027, number=13)
    with pytest.raises(WrongState, match="12 still open"):
        periods.period_close(period=thirteen, user=user)
    for period in every.filter(fiscal_year=2027, number__lte=12).order_by("starts_on"):
        periods.period_close(period=period, user=user)
    periods.period_close(period=every.get(fiscal_year=2028, number=1), user=user)
    assert periods.period_close(period=thirteen, user=user).status == "CLOSED"


def test_a_period_is_soft_closed_by_a_controller_once_and_then_closed(company: Company) -> None:
    period = first_period(company)
    with pytest.raises(NotAllowed):
        periods.period_soft_close(period=period, user=company["APPROVER"])
    soft = periods.period_soft_close(period=period, user=company["CONTROLLER"])
    assert (soft.status, soft.soft_closed_by) == ("SOFT", company["CONTROLLER"])
    assert AuditEvent.objects.filter(kind="period.soft_closed", subject=f"period:{period.code}").count() == 1
    assert periods.period_close(period=soft, user=company["CONTROLLER"]).status == "CLOSED"
    with pytest.raises(WrongState, match="closed already"):
        periods.period_soft_close(period=period, user=company["CONTROLLER"], key="another press")


def test_a_soft_closed_period_is_opened_again_by_two(company: Company) -> None:
    period = periods.period_soft_close(period=first_period(company), user=company["CONTROLLER"])
    change = periods.period_reopen_request(period=period, user=company["CONTROLLER"], reason="Too early")
    with pytest.raises(SegregationOfDuties):
        change_decide(change=change, user=company["CONTROLLER"], approve=True)
    change_decide(change=change, user=company["APPROVER"], approve=True)
    period.refresh_from_db()
    assert period.status == "OPEN"
    assert list(verify.complaints(Tally())) == []
