"""A clock that is wrong, and days that end where the company is: order comes from sequences, days from the entity."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from typing import Any

import pytest
import time_machine

from core.errors import DomainError
from core.models import AuditEvent, Entity
from tests.faults import company as faults
from tests.faults.company import Company, Expected
from tests.faults.processes import alone
from tests.proposals import documents
from writeoffs.ledger.models import FiscalPeriod, JournalEntry
from writeoffs.ledger.periods import period_close
from writeoffs.proposals import services
from writeoffs.proposals.models import Proposal

pytestmark = [pytest.mark.faults, pytest.mark.database]
UTC = dt.UTC


def at(moment: dt.datetime, action: Any) -> Any:
    """What the action gives in a process whose clock says so."""

    def run() -> Any:
        with time_machine.travel(moment, tick=True):
            return action()

    return alone(run).answer()


def posted(north: Company, number: int) -> str:
    proposal = documents.posted(north, documents.draft(north, faults.lot(number)))
    return JournalEntry.objects.get(source_ref=proposal.source_ref).number


def test_a_clock_set_back_a_day_changes_no_order(north: Company) -> None:
    now = dt.datetime.now(UTC)
    numbers = [
        at(now, lambda: posted(north, 1)),
        at(now - dt.timedelta(days=1), lambda: posted(north, 2)),
        at(now - dt.timedelta(days=1, hours=3), lambda: posted(north, 3)),
        at(now, lambda: posted(north, 4)),
    ]
    assert numbers == sorted(numbers)
    chain = AuditEvent.objects.filter(entity=north.entity).order_by("sequence")
    moments = list(chain.values_list("at", flat=True))
    # The clock did go back; places, numbers and hashes did not. The fixture proves the rest.
    assert moments != sorted(moments)
    assert list(chain.values_list("sequence", flat=True)) == list(range(1, len(moments) + 1))
    entries = JournalEntry.objects.filter(origin="OWN").order_by("chain_sequence")
    assert [entry.number for entry in entries] == numbers


def test_a_void_decided_by_a_clock_set_back_follows_its_original(north: Company) -> None:
    now = dt.datetime.now(UTC)
    proposal = documents.posted(north, documents.draft(north, faults.lot(1)))

    def void() -> str:
        change = services.void_request(
            proposal=proposal, user=north["CONTROLLER"], reason="Wrong lot", posted_on=documents.DAY
        )
        return services.void_decide(change=change, user=faults.person("APPROVER", 0), approve=True).status

    assert at(now - dt.timedelta(days=1), void) == "APPROVED"
    first, second = JournalEntry.objects.filter(source_ref=proposal.source_ref).order_by("chain_sequence")
    assert (first.leg, second.reverses_id) == ("WRITE_OFF", first.pk)
    assert Expected(0).holds(1)


# 31 October 2026 ends in Chicago an hour before the clocks go back; in Kiritimati it is over when it begins elsewhere.
CHICAGO, KIRITIMATI = "America/Chicago", "Pacific/Kiritimati"


def tries(north: Company, lot: int, day: dt.date) -> str:
    """Post a loss of the day, or the name of the rule that refused it."""
    try:
        made = documents.draft(north, faults.lot(lot), event_on=day, found_on=day, posting_on=day)
        proposal = documents.posted(north, made)
    except DomainError as error:
        return type(error).__name__
    return str(Proposal.objects.get(pk=proposal.pk).posting_on)


@pytest.mark.parametrize(
    ("zone", "last_second", "first_second"),
    [
        (CHICAGO, dt.datetime(2026, 11, 1, 4, 59, 59, tzinfo=UTC), dt.datetime(2026, 11, 1, 5, 0, 1, tzinfo=UTC)),
        (KIRITIMATI, dt.datetime(2026, 10, 31, 9, 59, 59, tzinfo=UTC), dt.datetime(2026, 10, 31, 10, 0, 1, tzinfo=UTC)),
    ],
)
def test_a_period_ends_at_midnight_where_the_company_is(
    north: Company, zone: str, last_second: dt.datetime, first_second: dt.datetime
) -> None:
    Entity.objects.filter(pk=north.entity.pk).update(time_zone=zone)
    north = faults.found()
    october, november = dt.date(2026, 10, 31), dt.date(2026, 11, 1)
    assert at(last_second, lambda: north.entity.local_date().isoformat()) == "2026-10-31"
    # November has not come yet, whatever day it is in Greenwich.
    assert at(last_second, lambda: tries(north, 1, november)) == "HeaderRefused"
    assert at(last_second, lambda: tries(north, 1, october)) == "2026-10-31"
    assert at(first_second, lambda: north.entity.local_date().isoformat()) == "2026-11-01"
    assert at(first_second, lambda: tries(north, 2, november)) == "2026-11-01"
    periods = dict(JournalEntry.objects.filter(origin="OWN").values_list("posted_on", "period__number"))
    assert periods == {october: 10, november: 11}


def test_the_hour_that_comes_twice_belongs_to_one_day_and_one_order(north: Company) -> None:
    """1:30 comes twice in Chicago on 1 November 2026: first in summer time, then in winter time."""
    Entity.objects.filter(pk=north.entity.pk).update(time_zone=CHICAGO)
    north = faults.found()
    zone, day = zoneinfo.ZoneInfo(CHICAGO), dt.date(2026, 11, 1)
    first, second = (dt.datetime(2026, 11, 1, 1, 30, tzinfo=zone, fold=fold) for fold in (0, 1))
    assert second.astimezone(UTC) - first.astimezone(UTC) == dt.timedelta(hours=1)
    assert at(first, lambda: tries(north, 1, day)) == at(second, lambda: tries(north, 2, day)) == "2026-11-01"
    sequences = list(
        JournalEntry.objects.filter(origin="OWN").order_by("created_at").values_list("sequence", flat=True)
    )
    assert sequences == sorted(sequences)


def test_a_list_of_the_last_evening_belongs_to_the_period_that_ends(north: Company) -> None:
    Entity.objects.filter(pk=north.entity.pk).update(time_zone=CHICAGO)
    north = faults.found()
    evening = dt.datetime(2026, 11, 1, 4, 30, tzinfo=UTC)

    def take_in() -> str:
        upload = faults.receive(north, faults.stock_list(faults.LOTS + 1), evening, commit=True)
        return upload.status

    assert at(evening + dt.timedelta(minutes=20), take_in) == "COMMITTED"
    entry = JournalEntry.objects.order_by("-chain_sequence")[0]
    assert (entry.posted_on, entry.period.number) == (dt.date(2026, 10, 31), 10)


def test_nothing_is_posted_into_a_period_that_closed_at_midnight(north: Company) -> None:
    """Closed a second after midnight at the company's place; a poster a second later, still at work, is told so."""
    Entity.objects.filter(pk=north.entity.pk).update(time_zone=CHICAGO)
    north = faults.found()
    proposal = documents.approved(north, documents.draft(north, faults.lot(1)))
    late = dt.datetime(2026, 11, 1, 5, 0, 1, tzinfo=UTC)
    services.proposal_return(proposal=proposal, user=north["APPROVER"], comment="Later")

    def close_all() -> int:
        closed = 0
        for period in FiscalPeriod.objects.filter(entity=north.entity, ends_on__lte=dt.date(2026, 10, 31)).order_by(
            "starts_on"
        ):
            period_close(period=period, user=north["CONTROLLER"])
            closed += 1
        return closed

    assert at(late, close_all) == 22
    assert at(late + dt.timedelta(seconds=1), lambda: tries(north, 2, dt.date(2026, 10, 31))) in ("PeriodClosed",)
    assert not JournalEntry.objects.filter(origin="OWN").exists()
