"""Reversing twice is refused by the database itself: the mirrors here are written with raw SQL."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, connection, transaction

from tests.conftest import Company
from tests.ledger.books import post
from writeoffs.ledger.models import JournalEntry, JournalLine, Zero

pytestmark = [pytest.mark.django_db, pytest.mark.database]


def mirror(entry: JournalEntry, place: int, share: str) -> None:
    """A copy of the entry at another place of chain and numbers, with `share` of its lines taken back, sealed."""
    changed = {
        "sequence": place,
        "chain_sequence": place,
        "document": f"'raw/{place}'",
        "leg": "'VOID'",
        "reverses_id": entry.pk,
        "sealed": "false" if connection.vendor == "postgresql" else 0,
        "net_id": Zero.UNSEALED,
    }
    columns = [f.column for f in JournalEntry._meta.local_concrete_fields if f.column != "id"]
    values = ", ".join(str(changed.get(column, column)) for column in columns)
    lines = [f.column for f in JournalLine._meta.local_concrete_fields if f.column != "id"]
    taken = {"entry_id": "%s", "amount": f"-amount {share}"}
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            f"insert into ledger_journalentry ({', '.join(columns)}) select {values} from ledger_journalentry "
            "where id = %s returning id",
            [entry.pk],
        )
        [made] = cursor.fetchone()
        cursor.execute(
            f"insert into ledger_journalline ({', '.join(lines)}) "
            f"select {', '.join(taken.get(c, c) for c in lines)} from ledger_journalline where entry_id = %s",
            [made, entry.pk],
        )
        seal = "true" if connection.vendor == "postgresql" else "1"
        cursor.execute(f"update ledger_journalentry set sealed = {seal}, net_id = 0 where id = %s", [made])


def test_a_second_whole_mirror_is_refused(company: Company) -> None:
    entry = post(company)
    mirror(entry, 2, "* 1")
    with pytest.raises(IntegrityError, match="cannot be reversed twice"):
        mirror(entry, 3, "* 1")
    assert JournalEntry.objects.filter(reverses=entry).count() == 1


def test_mirrors_of_parts_are_taken_until_nothing_is_left(company: Company) -> None:
    entry = post(company)
    mirror(entry, 2, "/ 2")
    mirror(entry, 3, "/ 2")
    with pytest.raises(IntegrityError, match="cannot be reversed twice"):
        mirror(entry, 4, "/ 100")


def test_a_mirror_of_more_than_was_posted_or_of_the_same_sign_is_refused(company: Company) -> None:
    entry = post(company)
    for share in ("* 2", "* -1"):
        with pytest.raises(IntegrityError, match="never take back more than it posted"):
            mirror(entry, 2, share)
