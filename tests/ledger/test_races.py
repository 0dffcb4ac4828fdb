"""Several processes at the same books: numbers without gaps, one chain, and nothing in a period that is closing."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from django.core.management import call_command

from core.models import AuditEvent, ChangeRequest
from tests.conftest import make_company
from tests.plugins.database import ServerDatabase
from writeoffs.ledger.models import FiscalPeriod, JournalEntry

pytestmark = pytest.mark.database

POST = """
import datetime as dt
from decimal import Decimal
from django.db import transaction
from core.errors import PeriodClosed
from core.models import Entity, User
from writeoffs.ledger import journal
from writeoffs.ledger.journal import PlannedEntry, PlannedLine
entity, user = Entity.objects.get(slug="north"), User.objects.get(email="controller@north.example")
day, refused = dt.date(2025, 1, 15), 0
for number in range(15):
    try:
        with transaction.atomic():
            period = journal.period_lock(entity=entity, posted_on=day)
            lines = [PlannedLine("COGS", Decimal(1)), PlannedLine("STOCK_CLEARING", Decimal(-1))]
            journal.entries_write(
                entity=entity, period=period, posted_on=day, source_ref=f"test:NAME-{number}",
                entries=[PlannedEntry("ISSUE", "ERP", "Issue", lines)], posted_by=user,
            )
    except PeriodClosed:
        refused += 1
print("refused", refused)
"""
CLOSE = """
import time
from core.models import User
from writeoffs.ledger.models import FiscalPeriod, JournalEntry
from writeoffs.ledger.periods import period_close
deadline = time.monotonic() + 60
while JournalEntry.objects.count() < 10 and time.monotonic() < deadline:
    time.sleep(0.01)
period = FiscalPeriod.objects.get(fiscal_year=2025, number=1)
period_close(period=period, user=User.objects.get(email="controller@north.example"))
print("closed with", JournalEntry.objects.count())
"""


@pytest.fixture
def database(server_database: ServerDatabase) -> Iterator[ServerDatabase]:
    with server_database.in_process():
        make_company(years=(2025,))
    return server_database


def finished(database: ServerDatabase, *codes: str) -> list[str]:
    processes = [database.start("shell", "-v", "0", "-c", code) for code in codes]
    said = [process.communicate(timeout=180)[0] for process in processes]
    assert [process.returncode for process in processes] == [0] * len(codes), said
    return said


def test_posters_at_once_leave_no_gap_and_one_chain(database: ServerDatabase) -> None:
    finished(database, *(POST.replace("NAME", name) for name in "abcd"))
    with database.in_process():
        assert sorted(JournalEntry.objects.values_list("sequence", flat=True)) == list(range(1, 61))
        call_command("verify")


def test_nothing_is_posted_into_a_period_once_it_is_closed(database: ServerDatabase) -> None:
    *posters, closer = finished(database, *(POST.replace("NAME", name) for name in "abc"), CLOSE)
    refused = sum(int(said.split()[-1]) for said in posters)
    with database.in_process():
        assert FiscalPeriod.objects.get(fiscal_year=2025, number=1).status == "CLOSED"
        assert JournalEntry.objects.count() == 45 - refused
        # What stood when the period closed is all that stands in it.
        assert JournalEntry.objects.count() == int(closer.split()[-1])
        call_command("verify")


def test_nothing_is_posted_without_a_second_approver_once_a_period_is_soft_closed(database: ServerDatabase) -> None:
    soft = CLOSE.replace("period_close", "period_soft_close").replace("closed with", "soft-closed with")
    *posters, closer = finished(database, *(POST.replace("NAME", name) for name in "abc"), soft)
    refused = sum(int(said.split()[-1]) for said in posters)
    with database.in_process():
        assert FiscalPeriod.objects.get(fiscal_year=2025, number=1).status == "SOFT"
        assert JournalEntry.objects.count() == 45 - refused == int(closer.split()[-1])
        call_command("verify")


def test_of_several_who_close_at_once_one_does(database: ServerDatabase) -> None:
    code = CLOSE.replace("JournalEntry.objects.count() < 10", "False").replace(
        'period_close(period=period, user=User.objects.get(email="controller@north.example"))',
        'period_close(period=period, user=User.objects.get(email="controller@north.example"), key="*")',
    )
    finished(database, *(code for _ in range(4)))
    with database.in_process():
        assert AuditEvent.objects.filter(kind="period.closed").count() == 1
        call_command("verify")


TOGETHER = """
import time
from core.errors import WrongState
from core.models import Entity, User
from writeoffs.ledger.models import FiscalPeriod
from writeoffs.ledger.calendar import fiscal_year_open
from writeoffs.ledger.periods import period_reopen_request
entity, user = Entity.objects.get(slug="north"), User.objects.get(email="controller@north.example")
periods, done = list(FiscalPeriod.objects.filter(fiscal_year=2025)), 0
time.sleep(max(0, START - time.time()))
for step in range(12):
    try:
        STEP
        done += 1
    except WrongState:
        pass
print("done", done)
"""
ASK = "period_reopen_request(period=periods[step], user=user, reason='A late invoice')"
OPEN = "fiscal_year_open(entity=entity, fiscal_year=2026 + step, user=user)"


@pytest.mark.parametrize("step", [ASK, OPEN], ids=["asking to re-open", "opening a year"])
def test_of_several_who_do_the_same_at_once_one_does_it_and_the_others_are_told(
    database: ServerDatabase, step: str
) -> None:
    with database.in_process():
        FiscalPeriod.objects.update(status="CLOSED")
    code = TOGETHER.replace("STEP", step).replace("START", str(time.time() + 6))
    said = finished(database, *(code for _ in range(4)))
    assert sum(int(one.split()[-1]) for one in said) == 12
    with database.in_process():
        assert ChangeRequest.objects.count() == (12 if step == ASK else 0)
        assert FiscalPeriod.objects.count() == (12 if step == ASK else 12 + 12 * 13)
