"""The way to the ERP cannot be rewritten: the database refuses it, and verify names it where its guards were away."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, connection, transaction

from core import guards
from core.changes import change_decide
from core.verify import Tally
from tests.conftest import Company
from tests.posting.stock import make_lot
from tests.posting.test_answers import answer, rejected
from tests.proposals.documents import draft, posted, write_down_draft
from tests.proposals.test_void import void
from writeoffs.posting import erp_proof
from writeoffs.posting.batches import batch_hand_out, batch_make
from writeoffs.posting.feeds import feed_request
from writeoffs.posting.models import Takes
from writeoffs.proposals.models import Proposal

pytestmark = [pytest.mark.django_db, pytest.mark.database]


@pytest.fixture
def sent(company: Company) -> Proposal:
    """A choice of two people; two write-offs in a batch that was taken, the second one rejected."""
    change = feed_request(
        entity=company.entity, user=company["CONTROLLER"], kind="RECOVERY", takes=Takes.JOURNAL, why="By hand there"
    )
    change_decide(change=change, user=company["APPROVER"], approve=True)
    posted(company, draft(company, make_lot(company.entity, "A")))
    second = posted(company, draft(company, make_lot(company.entity, "B")))
    batch = batch_make(entity=company.entity, user=company["CONTROLLER"], kind="WRITE_OFF", takes="ADJUSTMENT")
    batch_hand_out(batch=batch, user=company["PREPARER"])
    batch_hand_out(batch=batch, user=company["PREPARER"])
    answer(company, rejected(second))
    return second


def complaints() -> list[str]:
    tally = Tally()
    verifiers = (erp_proof.batches, erp_proof.handouts, erp_proof.feeds, erp_proof.erp_states)
    return [told for verifier in verifiers for told in verifier(tally)]


def run(sql: str) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)
        assert cursor.rowcount, "the statement found no row"


REFUSED = {
    "another row of a batch": ("update posting_erpbatch set rows = '[]'", "a batch for the ERP is never updated"),
    "a batch deleted": ("delete from posting_erpbatch", "a batch for the ERP is never deleted"),
    "another digest of a file": ("update posting_erphandout set sha256 = 'x'", "a file handed out to the ERP is never"),
    "a handed-out file deleted": ("delete from posting_erphandout", "a file handed out to the ERP is never deleted"),
    "a choice of another kind": ("update posting_erpfeed set kind = 'COUNT_ADJUSTMENT'", "a choice of what the ERP"),
    "a choice deleted": ("delete from posting_erpfeed", "a choice of what the ERP takes is never deleted"),
    "a posting fed otherwise": ("update posting_posting set takes = 'JOURNAL'", "a posting keeps what it is"),
    "a posting of another kind": ("update posting_posting set kind = 'RECOVERY'", "a posting keeps what it is"),
}


@pytest.mark.parametrize("change", REFUSED)
def test_the_database_refuses_it(sent: Proposal, change: str) -> None:
    statement, message = REFUSED[change]
    with pytest.raises(IntegrityError, match=message):
        run(statement)


@pytest.mark.sqlite
def test_sqlite_replaces_no_batch_and_no_handed_out_file(sent: Proposal) -> None:
    for table, message in (("posting_erpbatch", "a batch for"), ("posting_erphandout", "a file handed out")):
        with pytest.raises(IntegrityError, match=f"{message}.*is never"):
            run(f"replace into {table} select * from {table}")


TAMPERED = {
    "a batch of fewer postings": ("update posting_erpbatch set posting_count = 1", "ERP-000001"),
    "a batch deleted": ("delete from posting_erpbatch", "is missing"),
    "a batch with another number": ("update posting_erpbatch set sequence = 2", "have a gap"),
    "another digest of a file": ("update posting_erphandout set sha256 = 'x' where copy = 2", "copy 2 of batch:"),
    "a handed-out file deleted": ("delete from posting_erphandout where copy = 1", "is missing"),
    "another choice": ("update posting_erpfeed set takes = 'ADJUSTMENT'", "the audit trail says JOURNAL"),
    "a choice deleted": ("delete from posting_erpfeed", "the audit trail says JOURNAL"),
    "a posting fed otherwise": ("update posting_posting set takes = 'JOURNAL'", "is stored as WRITE_OFF and JOURNAL"),
    "a posting of another kind": ("update posting_posting set kind = 'RECOVERY'", "it was made as WRITE_OFF"),
    "out of its batch": ("update posting_posting set batch_id = null", "its batch, what the ERP answered"),
    "another message": ("update posting_posting set erp_message = 'x' where status = 'REJECTED'", "its batch, what"),
    "another document": ("update posting_posting set erp_document = '1' where status = 'REJECTED'", "its batch, what"),
    "rejected at no time": (
        "update posting_posting set rejected_at = null where status = 'REJECTED'",
        "its batch, what",
    ),
}


@pytest.mark.parametrize("change", TAMPERED)
def test_verify_names_it_where_the_guards_were_away(sent: Proposal, change: str) -> None:
    statement, message = TAMPERED[change]
    assert complaints() == []
    with transaction.atomic():
        if connection.vendor == "postgresql":
            connection.check_constraints()
            run_quietly("set constraints all deferred")
        guards.drop()
        run(statement)
        assert any(message in told for told in complaints()), complaints()
        transaction.set_rollback(True)


def run_quietly(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)


def test_every_step_keeps_what_is_told(company: Company, sent: Proposal) -> None:
    posted(company, write_down_draft(company, make_lot(company.entity, "C"), "1"))
    batch_make(entity=company.entity, user=company["CONTROLLER"], kind="WRITE_DOWN", takes="JOURNAL")
    batch_make(entity=company.entity, user=company["CONTROLLER"], kind="WRITE_OFF", takes="ADJUSTMENT")
    assert complaints() == []
    answer(company, rejected(sent, "Again not"))
    void(company, sent)
    assert complaints() == []
