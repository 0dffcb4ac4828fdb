"""`manage.py verify`: silent about whole books, and naming the record after any raw change of one amount."""

from __future__ import annotations

import pytest
from django.db import connection

from core import audit, verify
from core.models import Upload
from tests.conftest import Company
from tests.desk.books import alter, run
from tests.posting.stock import make_lot
from writeoffs.ledger.models import Account, AccountMap
from writeoffs.proposals import services
from writeoffs.proposals.models import Proposal

pytestmark = [pytest.mark.django_db, pytest.mark.database]


def test_whole_books_are_one_line_and_nothing_else(books: dict[str, Proposal]) -> None:
    code, said = run()
    events = audit.AuditEvent.objects.count()
    assert said == f"Verified: 1 entity, 4 entries, 5 movements, {events} audit events; nothing is wrong.\n"
    assert code == 0


def test_the_heads_of_all_chains_are_printed_when_asked_for(books: dict[str, Proposal]) -> None:
    code, said = run("--heads")
    heads = [line.split() for line in said.splitlines()[1:]]
    assert code == 0
    assert [chain.partition(":")[0] for chain, _, _ in heads] == ["entity", "journal", "movements"]
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
    "posted reason": (
        "update proposals_proposal set reason = 'FIRE' where status = 'POSTED'",
        "it is not what was posted: its lines, dates, reason",
    ),
    "posted note": ("update proposals_proposal set note = 'x' where status = 'VOIDED'", "it is not what was posted"),
    "waiting date": (
        "update proposals_proposal set posting_on = '2026-03-30' where status = 'SUBMITTED'",
        "it is not what was submitted",
    ),
    "posting date": (
        "update proposals_proposal set posting_on = '2026-03-30' where status = 'POSTED'",
        "its date, reason or people are not those of its entry 2026-000002",
    ),
    "waiting line": (
        "update proposals_proposalline set cost_centre_id = null, quantity = quantity - 1 where proposal_id = "
        "(select id from proposals_proposal where status = 'SUBMITTED')",
        "it is not what was submitted",
    ),
    "preparer": (
        "update proposals_proposal set created_by_id = (select max(id) from core_user) where status = 'POSTED'",
        "is stored as who prepared it, the audit trail says Preparer north",
    ),
    "approver": (
        "update proposals_proposal set approved_by_id = (select max(id) from core_user) where status = 'POSTED'",
        "is stored as who approved it, the audit trail says Approver north",
    ),
    "poster": (
        "update proposals_proposal set posted_by_id = (select max(id) from core_user) where status = 'POSTED'",
        "is stored as who posted it, the audit trail says Controller north",
    ),
    "digest": (
        "update proposals_proposal set digest = 'ff' where status = 'POSTED'",
        "its digest is ff…, the audit trail says",
    ),
    "approval forged": (
        "update proposals_proposal set status = 'APPROVED', approved_by_id = (select max(id) from core_user) "
        "where status = 'SUBMITTED'",
        "it is stored as approved, to post, but the last step in the audit trail left it waiting for approval",
    ),
    "proposal gone": (
        "delete from proposals_decision where proposal_id = (select id from proposals_proposal where status = "
        "'SUBMITTED'); delete from proposals_proposalline where proposal_id = (select id from proposals_proposal where "
        "status = 'SUBMITTED'); delete from proposals_proposal where status = 'SUBMITTED'",
        "is missing: it stands in the audit trail only",
    ),
    "evidence gone": ("delete from proposals_evidence", "that its entry was posted with is not attached to it"),
    "evidence swapped": (
        "update proposals_evidence set file_id = (select id from core_storedfile where name = 'a.csv')",
        "its paper 'report.pdf' is none of those that its entry was posted with",
    ),
    "evidence of another kind": (
        "update proposals_evidence set kind = 'PHOTOGRAPH'",
        "it is not what was posted",
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
    "nothing outstanding": (
        "update posting_postingline set outstanding = 0",
        "Posting of proposal:WO-2026-0001: it is stored as 'Not yet in the ERP', its lines say 'In the ERP'",
    ),
    "too much outstanding": (
        "update posting_postingline set outstanding = outstanding + 10000",
        "Posting of proposal:WO-2026-0001, lot L1: 11 units are outstanding, which is not between nil and 10",
    ),
    "posting lines gone": (
        "delete from posting_postingline",
        "Posting of proposal:WO-2026-0001, lot L1: its movements say (10) units, but it has no such line",
    ),
    "posting acknowledged": (
        "update posting_posting set status = 'ACKNOWLEDGED' where source_ref like 'proposal:WO%%'",
        "it is stored as 'In the ERP', its lines say 'Not yet in the ERP'",
    ),
    "acknowledgement forged": (
        "update posting_postingline set outstanding = 0; update posting_posting set status = 'ACKNOWLEDGED', "
        "acknowledged_at = posted_at, acknowledged_by_id = posted_by_id where source_ref like 'proposal:WO%%'",
        "Posting of proposal:WO-2026-0001: no audit event tells that this person confirmed it",
    ),
    "posting un-voided": (
        "update posting_posting set status = 'NOT_NEEDED' where status = 'VOIDED'",
        "Posting of proposal:WD-2026-0001: it is stored as 'Nothing for the ERP's stock', its lines say 'Voided'",
    ),
    "posting day": (
        "update posting_posting set posted_on = '2026-03-01' where status = 'VOIDED'",
        "its date 2026-03-01 or its person is not that of its entries and movements",
    ),
    "posting person": (
        "update posting_posting set posted_by_id = (select max(id) from core_user)",
        "or its person is not that of its entries",
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


# The same of books in which goods have come back from quarantine.
RECOVERED = {
    "quarantine recovered twice": (
        "update inventory_quarantineentry set quantity_left = quantity, status = 'STANDING'",
        "Quarantine of lot L1 (proposal:WO-2026-0001): 10 units are left and it is stored as standing; what was taken "
        "out leaves 6, standing",
    ),
    "quarantine state": (
        "update inventory_quarantineentry set status = 'RECOVERED'",
        "it is stored as recovered; what was taken out leaves 6, standing",
    ),
    "quarantine gone": (
        "update proposals_proposalline set quarantine_id = null; delete from inventory_quarantineentry",
        "its goods stay in quarantine, but the register does not have them",
    ),
}

# The same of a count taken in.
COUNTED = {
    "counted quantity": (
        "update inventory_countline set counted_quantity = book_quantity, difference = 0, value = 0",
        "North Trading: count CS-2026-0001 is not what was taken in",
    ),
    "count value": ("update inventory_countline set value = 0", "count CS-2026-0001 is not what was taken in"),
    "count note": ("update inventory_countline set note = ''", "count CS-2026-0001 is not what was taken in"),
    "counter": (
        "update inventory_countsheet set created_by_id = (select max(id) from core_user)",
        "count CS-2026-0001 is not what was taken in",
    ),
    "count committed by": (
        "update core_upload set committed_by_id = (select max(id) from core_user)",
        "('count.csv'): state, file or person are not those of the audit trail",
    ),
    "count file": (
        "update core_upload set file_id = (select id from core_storedfile where name = 'a.csv')",
        "('count.csv'): state, file or person are not those of the audit trail",
    ),
}
# The same of a company that has closed January 2025, and February 2025 for a while.
CLOSED = {
    "period opened": (
        "update ledger_fiscalperiod set status = 'OPEN'",
        "North Trading: January 2025 is stored as open; the audit trail says closed",
    ),
    "period closed": (
        "update ledger_fiscalperiod set status = 'CLOSED' where number = 2",
        "North Trading: February 2025 is stored as closed; the audit trail says open",
    ),
    "who closed": (
        "update ledger_fiscalperiod set closed_by_id = (select max(id) from core_user) where closed_by_id is not null",
        "January 2025: Administrator north is not who closed it",
    ),
    "who decided": (
        "update core_changerequest set decided_by_id = (select max(id) from core_user)",
        "(Re-open February 2025): state, decider or comment are not those of the audit trail, which says approved",
    ),
    "who asked": (
        "update core_changerequest set requested_by_id = (select max(id) from core_user)",
        "(Re-open February 2025) is not what was asked, or by whom",
    ),
    "why it was asked": ("update core_changerequest set reason = 'x'", "is not what was asked"),
    "decision taken back": (
        "update core_changerequest set status = 'REFUSED' where kind = 'period.reopen'",
        "which says approved",
    ),
    "request gone": (
        "delete from core_changerequest where kind = 'period.reopen'",
        "about period:2025-02 is missing: it stands in the audit trail only",
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_raw_change_is_found_and_named(books: dict[str, Proposal], change: str) -> None:
    statements, expected = CHANGES[change]
    alter(statements)
    code, said = run("--all")
    assert expected in said
    assert code == 1


@pytest.mark.parametrize("change", RECOVERED)
def test_a_raw_change_of_recovered_goods_is_found_and_named(recovered: Proposal, change: str) -> None:
    assert run()[0] == 0
    statements, expected = RECOVERED[change]
    alter(statements)
    code, said = run("--all")
    assert expected in said
    assert code == 1


@pytest.mark.parametrize("change", CLOSED)
def test_a_raw_change_of_what_two_decided_or_closed_is_found_and_named(closed: None, change: str) -> None:
    assert run()[0] == 0
    statements, expected = CLOSED[change]
    alter(statements)
    code, said = run("--all")
    assert expected in said
    assert code == 1


@pytest.mark.parametrize("change", COUNTED)
def test_a_raw_change_of_a_count_is_found_and_named(counted: Upload, change: str) -> None:
    assert run()[0] == 0
    statements, expected = COUNTED[change]
    alter(statements)
    code, said = run("--all")
    assert expected in said
    assert code == 1


def test_papers_added_and_accounts_mapped_anew_while_it_waits_are_no_fault(
    company: Company, books: dict[str, Proposal]
) -> None:
    def remap(code: str) -> None:
        account = Account.objects.create(entity=company.entity, code=code, name="Losses", section="OTHER")
        AccountMap.objects.filter(entity=company.entity).update(account=account)

    remap("9998")
    paper = services.Paper("late.txt", b"seen by two")
    services.evidence_add(proposal=books["waiting"], user=company["PREPARER"], kind="OTHER", papers=[paper])
    remap("9999")
    assert run()[0] == 0


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
