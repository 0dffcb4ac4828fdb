"""Guards of what may change in part: heads and counters only move on, decided and committed records stay what they are.

Around the ORM, on both engines, in books in which all of it has happened.
"""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from core.models import ChainHead, Upload
from tests.conftest import Company
from tests.ledger.books import post
from writeoffs.ledger.models import Account, JournalEntry, JournalLine
from writeoffs.proposals.models import Proposal

pytestmark = [pytest.mark.django_db, pytest.mark.database]


def run(sql: str) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)
        assert cursor.rowcount, "the statement found no row"


REFUSED = {
    "an audit head without its event": (
        "update core_chainhead set sequence = sequence + 1 where chain like 'entity:%'",
        "the head of an audit chain points at its last event",
    ),
    "a journal's head without its entry": (
        "update core_chainhead set sequence = sequence + 1 where chain like 'journal:%'",
        "the head of a journal points at its last entry",
    ),
    "a head of movements without its set": (
        "update core_chainhead set sequence = sequence + 1 where chain like 'movements:%'",
        "the head of a chain of movements points at its last set",
    ),
    "a head renamed": ("update core_chainhead set chain = chain || 'x'", "the head of a chain keeps what it is"),
    "a head deleted": ("delete from core_chainhead", "the head of a chain is never deleted"),
    "a counter that falls": ("update core_counter set last = last - 1", "a counter never falls"),
    "a counter of another series": ("update core_counter set series = series || 'x'", "a counter keeps what it is"),
    "a counter deleted": ("delete from core_counter", "a counter is never deleted"),
    "a decision taken back": (
        "update core_changerequest set status = 'REFUSED' where status = 'APPROVED'",
        "a decided request keeps what it is",
    ),
    "a request deleted": ("delete from core_changerequest", "a decided request is never deleted"),
    "a lot of another item": ("update inventory_lot set code = code || 'x'", "a lot keeps what it is"),
    "a lot deleted": ("delete from inventory_lot", "a lot is never deleted"),
    "a posting of another day": (
        "update posting_posting set posted_on = '2026-01-01'",
        "a posting keeps what it is",
    ),
    "a posting deleted": ("delete from posting_posting", "a posting is never deleted"),
    "a posting's line": ("update posting_postingline set quantity = quantity + 1", "a line of a posting keeps"),
    "a posting's line deleted": ("delete from posting_postingline", "a line of a posting is never deleted"),
    "quarantined goods at another cost": (
        "update inventory_quarantineentry set cost = cost + 1",
        "an entry of the quarantine register keeps what it is",
    ),
    "quarantined goods deleted": (
        "delete from inventory_quarantineentry",
        "an entry of the quarantine register is never deleted",
    ),
}


@pytest.mark.parametrize("change", REFUSED)
def test_it_is_refused(books: dict[str, Proposal], change: str) -> None:
    statement, message = REFUSED[change]
    with pytest.raises(IntegrityError, match=message):
        run(statement)


@pytest.mark.parametrize("change", ["sequence = 4", "hash = 'f'", "sequence = 4, hash = 'f'"])
def test_a_head_never_goes_back_and_never_changes_in_place(company: Company, change: str) -> None:
    ChainHead.objects.create(chain="of-a-room-to-come", sequence=5, hash="0" * 64)
    with pytest.raises(IntegrityError, match="never goes back and never changes without a new link"):
        run(f"update core_chainhead set {change} where chain = 'of-a-room-to-come'")
    run("update core_chainhead set sequence = 6, hash = 'f' where chain = 'of-a-room-to-come'")


COUNTED = {
    "a committed upload undone": ("update core_upload set status = 'CHECKED'", "a committed upload keeps what it is"),
    "another file": ("update core_upload set file_name = 'x'", "a committed upload keeps what it is"),
    "an upload deleted": ("delete from core_upload", "a committed upload is never deleted"),
    "a count of another day": (
        "update inventory_countsheet set counted_on = '2026-01-01'",
        "a count keeps what it is",
    ),
    "a count deleted": ("delete from inventory_countsheet", "a count is never deleted"),
}


@pytest.mark.parametrize("change", COUNTED)
def test_of_a_count_it_is_refused(counted: Upload, change: str) -> None:
    statement, message = COUNTED[change]
    with pytest.raises(IntegrityError, match=message):
        run(statement)


def test_what_may_change_does(counted: Upload) -> None:
    run("update posting_postingline set outstanding = 0")
    run("update inventory_countsheet set status = 'CLOSED'")
    run("update core_counter set last = last + 1")
    run("update inventory_lot set unit_cost = unit_cost + 1")


@pytest.mark.postgres
@pytest.mark.parametrize(
    "table", ["core_chainhead", "core_counter", "core_changerequest", "core_upload", "inventory_lot", "posting_posting"]
)
def test_a_table_of_them_is_never_emptied(books: dict[str, Proposal], table: str) -> None:
    connection.check_constraints()
    with pytest.raises(IntegrityError, match="is never deleted"):
        run(f"truncate {table} cascade")


def unsealed(like: JournalEntry, posted_on: dt.date, account: Account) -> JournalEntry:
    entry = JournalEntry.objects.create(
        entity=like.entity, period=like.period, fiscal_year=2026, sequence=9, posted_on=posted_on, origin="OWN",
        leg="WRITE_OFF", source_ref="x", document="x", description="x", currency="EUR", posted_by=like.posted_by,
        chain_sequence=9, hash="0" * 64, created_at=timezone.now(),
    )  # fmt: skip
    for number, amount in ((1, 5), (2, -5)):
        JournalLine.objects.create(entry=entry, line_number=number, account=account, role="COGS", amount=amount)
    return entry


def test_an_entry_is_not_sealed_with_an_account_of_another_company(company: Company, other_company: Company) -> None:
    like = post(company)
    with transaction.atomic():
        entry = unsealed(like, like.posted_on, Account.objects.filter(entity=other_company.entity)[0])
        with pytest.raises(IntegrityError, match="only with accounts of its own company"):
            run(f"update ledger_journalentry set sealed = true, net_id = 0 where id = {entry.pk}")
        transaction.set_rollback(True)


@pytest.mark.parametrize("how", ["closed", "another date"])
def test_an_entry_is_not_sealed_in_a_closed_period_or_on_a_day_outside(company: Company, how: str) -> None:
    like = post(company)
    with transaction.atomic():
        day = like.posted_on if how == "closed" else like.posted_on + dt.timedelta(days=40)
        entry = unsealed(like, day, Account.objects.filter(entity=company.entity)[0])
        if how == "closed":
            like.period.status = "CLOSED"
            like.period.save(update_fields=["status"])
        with pytest.raises(IntegrityError, match="holds its date and is not closed"):
            run(f"update ledger_journalentry set sealed = true, net_id = 0 where id = {entry.pk}")
        transaction.set_rollback(True)
