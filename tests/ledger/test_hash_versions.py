"""An entry keeps the version that it was hashed by: what was written before this release verifies as it did then."""

from __future__ import annotations

import dataclasses
import datetime as dt

import pytest
from django.db import connection, transaction

from core import guards, verify
from core.models import ChainHead
from tests.conftest import Company
from tests.ledger.books import post
from writeoffs.ledger.hashes import EntryContent, entry_hash
from writeoffs.ledger.journal import chain_of, content_of
from writeoffs.ledger.models import JournalEntry
from writeoffs.ledger.verifiers import entries

FIRST = EntryContent(
    hash_version=1,
    entity_id=1,
    period_id=2,
    fiscal_year=2026,
    sequence=3,
    posted_on=dt.date(2026, 3, 14),
    origin="OWN",
    leg="WRITE_OFF",
    source_ref="proposal:WO-1",
    document="proposal:WO-1/WRITE_OFF",
    description="Verfallene Ware",
    currency="EUR",
    reverses_id=None,
    prepared_by_id=4,
    approved_by_id=5,
    posted_by_id=6,
    created_at=dt.datetime(2026, 3, 14, 12, 0, 0, 1, tzinfo=dt.UTC),
    evidence=["ab" * 32],
    chain_sequence=3,
    previous_hash="cd" * 32,
    lines=[
        (1, 7, "COGS", 50000, 8, 9, None, "EXPIRY", "5000", "COST_OF_SALES"),
        (2, 10, "INVENTORY", -50000, 8, 9, None, "", "1400", "ASSET"),
    ],
)


def test_version_1_gives_the_hash_that_the_first_release_gave() -> None:
    assert entry_hash(FIRST) == "e3c917cd5fae853f428b945ef5eb36a728fac90531887164639ede9af687f145"


def test_version_2_covers_the_code_and_the_section_of_each_account() -> None:
    second = dataclasses.replace(FIRST, hash_version=2)
    assert entry_hash(second) != entry_hash(FIRST)
    for changed in ((*FIRST.lines[0][:8], "5001", "COST_OF_SALES"), (*FIRST.lines[0][:8], "5000", "OTHER")):
        other = dataclasses.replace(second, lines=[changed, FIRST.lines[1]])
        assert entry_hash(other) != entry_hash(second)


def test_a_version_that_nobody_wrote_is_no_hash() -> None:
    assert len(entry_hash(dataclasses.replace(FIRST, hash_version=3))) != 64


@pytest.mark.django_db
@pytest.mark.database
def test_entries_of_the_first_version_verify_beside_those_of_the_second(company: Company) -> None:
    first = post(company, "100.00")
    assert first.hash_version == 2
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("set constraints all immediate" if connection.vendor == "postgresql" else "select 1")
        guards.drop()
        first.hash_version = 1
        first.hash = entry_hash(content_of(first, first.lines.select_related("account").order_by("line_number")))
        JournalEntry.objects.filter(pk=first.pk).update(hash_version=1, hash=first.hash)
        ChainHead.objects.filter(chain=chain_of(company.entity)).update(hash=first.hash)
        guards.install()
        cursor.execute("set constraints all deferred" if connection.vendor == "postgresql" else "select 1")
    second = post(company, "50.00", ref="proposal:WO-2")
    assert (second.hash_version, second.previous_hash) == (2, first.hash)
    assert list(entries(verify.Tally())) == []
