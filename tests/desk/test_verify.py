"""`manage.py verify`: silent about whole books, and naming the record after any raw change of one amount."""

from __future__ import annotations

import datetime as dt
import io
from decimal import Decimal

import pytest
from django.core.management import call_command
from django.db import connection, transaction

from core import audit, guards, verify
from core.files import file_store
from tests.conftest import Company
from tests.posting.stock import OPENED, make_lot
from tests.proposals import documents
from writeoffs.ledger import journal
from writeoffs.ledger.journal import PlannedEntry, PlannedLine
from writeoffs.proposals import services
from writeoffs.proposals.models import Proposal

pytestmark = [pytest.mark.django_db, pytest.mark.database]


def open_books(company: Company) -> None:
    """The ERP's opening entry for what make_lot put on the shelf."""
    with transaction.atomic():
        journal.entries_write(
            entity=company.entity,
            period=journal.period_lock(entity=company.entity, posted_on=OPENED),
            posted_on=OPENED,
            source_ref="upload:0",
            entries=[
                PlannedEntry(
                    "OPENING",
                    "ERP",
                    "Opening stock",
                    [
                        PlannedLine("INVENTORY", Decimal("5000")),
                        PlannedLine("INVENTORY_ALLOWANCE", Decimal("-250")),
                        PlannedLine("STOCK_CLEARING", Decimal("-4750")),
                    ],
                )
            ],
            posted_by=company["CONTROLLER"],
        )


@pytest.fixture
def books(company: Company) -> dict[str, Proposal]:
    """Two lots, a write-off posted, a write-down posted and voided, a write-off waiting for approval, a file."""
    lamp = make_lot(company.entity, "LAMP", "100", "40")
    desk = make_lot(company.entity, "DESK", "10", "100", allowance="250")
    open_books(company)
    off = documents.posted(company, documents.draft(company, lamp, "10"))
    down = documents.posted(company, documents.write_down_draft(company, desk, "600"))
    change = services.void_request(
        proposal=down, user=company["CONTROLLER"], reason="Wrong price", posted_on=dt.date(2026, 3, 20)
    )
    services.void_decide(change=change, user=company["APPROVER"], approve=True)
    lamp.refresh_from_db()
    waiting = documents.submitted(company, documents.draft(company, lamp, "5"))
    file_store(entity=company.entity, name="a.csv", content=b"abc", content_type="text/csv", user=company["PREPARER"])
    return {"off": off, "down": down, "waiting": waiting}


def run(*options: str) -> tuple[int, str]:
    out = io.StringIO()
    try:
        call_command("verify", *options, stdout=out, stderr=out)
    except SystemExit as ended:
        return int(str(ended.code)), out.getvalue()
    return 0, out.getvalue()


def test_whole_books_are_one_line_and_nothing_else(books: dict[str, Proposal]) -> None:
    code, said = run()
    events = audit.AuditEvent.objects.count()
    assert said == f"Verified: 1 entity, 4 entries, 5 movements, {events} audit events; nothing is wrong.\n"
    assert code == 0


def test_the_heads_of_all_chains_are_printed_when_asked_for(books: dict[str, Proposal]) -> None:
    code, said = run("--heads")
    heads = [line.split() for line in said.splitlines()[1:]]
    assert code == 0
    assert [chain.partition(":")[0] for chain, _, _ in heads] == ["entity", "journal"]
    assert all(len(digest) == 64 for _, _, digest in heads)


def test_an_empty_installation_is_whole(db: None) -> None:
    assert run() == (0, "Verified: 0 entities, 0 entries, 0 movements, 0 audit events; nothing is wrong.\n")


# What is changed behind the program's back, and what has to stand in the complaint.
CHANGES = {
    "line amount": (
        "update ledger_journalline set amount = amount + 100 where id = (select min(id) from ledger_journalline)",
        "North Trading: entry 2026-000001: debits 5,000.01 EUR, credits 5,000.00 EUR; they should be equal",
    ),
    "both sides of an entry": (
        "update ledger_journalline set amount = amount * 2 where entry_id = (select max(id) from ledger_journalentry)",
        "entry 2026-000004: it is not what was posted",
    ),
    "line account": (
        "update ledger_journalline set account_id = (select max(id) from ledger_account) where id = "
        "(select min(id) from ledger_journalline)",
        "entry 2026-000001: it is not what was posted",
    ),
    "line category": (
        "update ledger_journalline set category_id = null where entry_id > 1 and category_id is not null",
        "it is not what was posted",
    ),
    "entry description": (
        "update ledger_journalentry set description = 'x' where sequence = 2",
        "entry 2026-000002: it is not what was posted",
    ),
    "entry evidence": (
        "update ledger_journalentry set evidence = '[\"ab\"]' where sequence = 3",
        "entry 2026-000003: it is not what was",
    ),
    "entry approver": (
        "update ledger_journalentry set approved_by_id = posted_by_id where sequence = 2",
        "entry 2026-000002: it is not what",
    ),
    "entry date": (
        "update ledger_journalentry set posted_on = '2026-05-05' where sequence = 2",
        "entry 2026-000002: its date 2026-05-05 does not lie in its period, March 2026",
    ),
    "entry hash": (
        "update ledger_journalentry set hash = previous_hash where sequence = 2",
        "entry 2026-000002: it is not what was posted",
    ),
    "entry unsealed": (
        "update ledger_journalentry set sealed = false where sequence = 2",
        "entry 2026-000002: it is not sealed",
    ),
    "journal head": (
        "update core_chainhead set sequence = sequence + 1 where chain like 'journal:%%'",
        "the journal's chain ends with entry 4",
    ),
    "entry counter": (
        "update core_counter set last = last + 1 where series like 'entry:%%'",
        "North Trading: entry 2026-000005 is missing; 5 numbers were handed out and 4 entries are stored",
    ),
    "entry number": (
        "update ledger_journalentry set sequence = 9 where sequence = 2",
        "entry 2026-000009: it is not what was posted",
    ),
    "lot cost": (
        "update inventory_lot set cost = cost + 10000 where code = 'L1' and unit_cost = 40000000",
        "North Trading: lot L1 of LAMP at MAIN: cost 3,601.00 EUR is stored, its movements add up to 3,600.00 EUR",
    ),
    "lot quantity": (
        "update inventory_lot set quantity = quantity - 10000 where unit_cost = 40000000",
        "lot L1 of LAMP at MAIN: quantity 89 is stored, its movements add up to 90",
    ),
    "lot allowance": (
        "update inventory_lot set allowance = 10000 where unit_cost = 40000000",
        "allowance 1.00 EUR is stored",
    ),
    "lot write-down": (
        "update inventory_lot set write_down = 1 where unit_cost = 40000000",
        "write-down 0.0001 EUR is stored",
    ),
    "movement quantity": (
        "update inventory_movement set quantity = quantity + 1 where sequence = 3",
        "North Trading: movement 3 (write-off of lot L1 of LAMP, proposal:WO-",
    ),
    "movement cost": (
        "update inventory_movement set cost = cost + 100 where sequence = 1",
        "movement 1 (opening stock of lot L1",
    ),
    "movement allowance": (
        "update inventory_movement set allowance = 1 where sequence = 1",
        "movement 1 (opening stock",
    ),
    "movement date": (
        "update inventory_movement set posted_on = '2026-01-02' where sequence = 1",
        "movement 1 (opening stock",
    ),
    "movement source": (
        "update inventory_movement set source_ref = 'upload:1' where sequence = 1",
        "movement 1 (opening stock",
    ),
    "movement counter": (
        "update core_counter set last = last + 2 where series = 'movement'",
        "movement 6 is missing; 7 were written and 5 are stored",
    ),
    "write-down by year": (
        "update inventory_writedownmovement set amount = amount + 1",
        "its write-downs by fiscal year add up to 250.0001 EUR, the movement says 250.00 EUR",
    ),
    "posted line cost": (
        "update proposals_proposalline set cost = cost - 10000, loss = loss + 10000 where line_number = 1 and "
        "proposal_id = (select id from proposals_proposal where status = 'POSTED')",
        "lot L1: its line says cost -401.00 EUR",
    ),
    "posted line quantity": (
        "update proposals_proposalline set quantity = quantity - 1 where "
        "proposal_id = (select id from proposals_proposal where status = 'POSTED')",
        "or their quantities or write-downs differ",
    ),
    "posted line loss": (
        "update proposals_proposalline set loss = loss + 10000 where "
        "proposal_id = (select id from proposals_proposal where status = 'POSTED')",
        "line 1: the loss 401.00 EUR should be 400.00 EUR",
    ),
    "proposal total": (
        "update proposals_proposal set gross_loss = gross_loss + 10000 where status = 'SUBMITTED'",
        "it says lines: 1, gross 201.00 EUR",
    ),
    "proposal un-posted": (
        "update proposals_proposal set status = 'APPROVED' where status = 'POSTED'",
        "but no posted proposal of that number",
    ),
    "posting gone": ("delete from posting_postingline; delete from posting_posting", "but there is no posting of it"),
    "posting line": (
        "update posting_postingline set quantity = quantity - 10000",
        "units are stored, its movements say",
    ),
    "quarantine cost": ("update inventory_quarantineentry set cost = cost + 100", "quarantine of lot L1"),
    "decision verb": (
        "update proposals_decision set verb = 'REJECT' where verb = 'APPROVE'",
        "decision 2 (rejected) is not what",
    ),
    "decision person": (
        "update proposals_decision set by_id = by_id + 1 where verb = 'SUBMIT'",
        "decision 1 (submitted) is not",
    ),
    "decision digest": (
        "update proposals_decision set digest = 'ff' where verb = 'POST'",
        "decision 3 (posted) is not what",
    ),
    "decision gone": ("delete from proposals_decision where verb = 'POST'", "decision 3 stands in the audit trail"),
    "audit message": (
        "update core_auditevent set message = 'Nothing.' where kind = 'proposal.posted'",
        "Audit trail of North Trading: event ",
    ),
    "audit moment": ("update core_auditevent set at = '2020-01-01 00:00:00+00:00' where sequence = 2", "event 2 ("),
    "audit data": ("update core_auditevent set data = '{}' where sequence = 1", "event 1 ("),
    "audit person": ("update core_auditevent set actor_id = null where sequence = 1", "event 1 ("),
    "audit event gone": ("delete from core_auditevent where sequence = 2", "event 2 is missing"),
    "last audit event gone": (
        "delete from core_auditevent where id = (select max(id) from core_auditevent)",
        "is missing; the chain's head says",
    ),
    "stored file": ("update core_storedfile set content = sha256::bytea", "('a.csv'): its"),
}


def alter(statements: str) -> None:
    """Change rows as someone with the database's password would: guards and deferred checks out of the way."""
    with transaction.atomic(), connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            statements = statements.replace("sha256::bytea", "cast(sha256 as blob)")
        else:
            cursor.execute("set constraints all immediate")
        guards.drop()
        for statement in statements.split("; "):
            cursor.execute(statement.replace("%%", "%"))
            assert cursor.rowcount > 0
        if connection.vendor == "postgresql":
            cursor.execute("set constraints all immediate")
        guards.install()


@pytest.mark.parametrize("change", CHANGES)
def test_a_raw_change_is_found_and_named(books: dict[str, Proposal], change: str) -> None:
    statements, expected = CHANGES[change]
    alter(statements)
    code, said = run("--all")
    assert expected in said
    assert code == 1


def test_the_first_broken_record_alone_is_named_by_default(books: dict[str, Proposal]) -> None:
    alter("update inventory_movement set cost = cost + 100")
    code, said = run()
    assert (code, said.count("\n")) == (1, 1)
    assert "movement 1 (opening stock of lot L1 of LAMP, upload:0) is not what was written" in said


def test_a_missing_entry_is_named_by_its_number(books: dict[str, Proposal]) -> None:
    alter(
        "delete from ledger_journalline where entry_id = (select id from ledger_journalentry where sequence = 3); "
        "update ledger_journalentry set reverses_id = null where sequence = 4; "
        "delete from ledger_journalentry where sequence = 3"
    )
    code, said = run("--all")
    assert "North Trading: entry 2026-000003 is missing; 4 numbers were handed out and 3 entries are stored" in said
    assert "entry 2026-000004: it stands at place 4 of the chain; the entry of place 3 is missing" in said
    assert code == 1


def test_a_lot_that_no_movement_explains_breaks_the_tie_to_the_ledger(books: dict[str, Proposal]) -> None:
    alter("update inventory_lot set cost = cost + 10000 where unit_cost = 40000000")
    _, said = run("--all")
    assert "North Trading: Inventory: the lots add up to 4,601.00 EUR, the ledger to 4,600.00 EUR" in said


def test_movements_without_an_entry_name_their_document(company: Company) -> None:
    make_lot(company.entity, "LAMP", "100", "40")
    code, said = run()
    assert (code, said) == (
        1,
        "North Trading: upload:0: its movements change inventory by 4,000.00 EUR, its entries by 0.00 EUR.\n",
    )


def test_verify_changes_nothing(books: dict[str, Proposal]) -> None:
    with connection.execute_wrapper(_only_reads):
        assert list(verify.complaints(verify.Tally())) == []


def _only_reads(execute, sql, params, many, context):  # type: ignore[no-untyped-def]
    assert sql.lstrip().lower().startswith(("select", "savepoint", "release", "fetch", "declare", "close")), sql
    return execute(sql, params, many, context)
