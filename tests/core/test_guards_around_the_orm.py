"""Each guard, tried with raw SQL: what it refuses, on SQLite and on PostgreSQL."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from core import audit
from core.files import file_store
from core.models import Category, Location, Upload
from inventory.models import CountLine, CountSheet, Item, Lot, Movement, MovementBatch
from inventory.movements import MovementRow, movements_append
from tests.conftest import Company
from tests.posting.stock import make_lot
from tests.proposals import documents
from writeoffs.ledger import journal
from writeoffs.ledger.journal import PlannedEntry, PlannedLine
from writeoffs.ledger.models import JournalEntry, JournalLine, Zero
from writeoffs.proposals import services
from writeoffs.proposals.models import Decision, Evidence, Proposal, ProposalLine

pytestmark = [pytest.mark.django_db, pytest.mark.database]
DAY = dt.date(2026, 3, 14)


def run(sql: str, *params: Any) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, params)


@pytest.fixture
def entry(company: Company) -> JournalEntry:
    with transaction.atomic():
        period = journal.period_lock(entity=company.entity, posted_on=DAY)
        [entry] = journal.entries_write(
            entity=company.entity,
            period=period,
            posted_on=DAY,
            source_ref="proposal:WO-1",
            entries=[
                PlannedEntry(
                    "WRITE_OFF",
                    "OWN",
                    "Expired stock",
                    [PlannedLine("COGS", Decimal("5")), PlannedLine("INVENTORY", Decimal("-5"))],
                )
            ],
            posted_by=company["CONTROLLER"],
        )
    return entry


@pytest.fixture
def draft(entry: JournalEntry) -> Iterator[JournalEntry]:
    """An entry as the writer inserts it, on its way to be sealed; rolled back, since it could not be committed."""
    with transaction.atomic():
        yield unsealed(entry)
        transaction.set_rollback(True)


def unsealed(like: JournalEntry, hash: str = "0" * 64) -> JournalEntry:
    return JournalEntry.objects.create(
        entity=like.entity,
        period=like.period,
        fiscal_year=2026,
        sequence=2,
        posted_on=DAY,
        origin="OWN",
        leg="WRITE_OFF",
        source_ref="proposal:WO-2",
        document="proposal:WO-2/WRITE_OFF",
        description="x",
        currency="EUR",
        posted_by=like.posted_by,
        chain_sequence=2,
        previous_hash=like.hash,
        hash=hash,
    )


def line(entry: JournalEntry, number: int, amount: str, account_id: int) -> JournalLine:
    return JournalLine.objects.create(
        entry=entry, line_number=number, account_id=account_id, role="COGS", amount=Decimal(amount)
    )


def seal(entry: JournalEntry) -> None:
    run("update ledger_journalentry set sealed = true, net_id = 0 where id = %s", entry.pk)


# What only grows: table, a row of it, a column to change, what stands in the refusal.
Maker = Callable[[Company], tuple[str, int, str, str]]


def a_movement(company: Company) -> tuple[str, int, str, str]:
    entity = company.entity
    item = Item.objects.create(entity=entity, sku="A-1", category=Category.objects.create(entity=entity, name="Food"))
    lot = Lot.objects.create(
        entity=entity, item=item, location=Location.objects.create(entity=entity, code="M"), code="L1"
    )
    row = MovementRow(lot.pk, "OPENING", quantity=10_0000, cost=100_0000, write_down=5_0000, by_year=((2025, 5_0000),))
    with transaction.atomic():
        movements_append(entity=entity, posted_on=DAY, source_ref="upload:1", rows=[row])
    return "inventory_movement", Movement.objects.get().pk, "cost", "a movement is never"


def a_write_down_movement(company: Company) -> tuple[str, int, str, str]:
    a_movement(company)
    key = Movement.objects.get().write_down_movements.get().pk
    return "inventory_writedownmovement", key, "amount", "a write-down movement is never"


def a_batch(company: Company) -> tuple[str, int, str, str]:
    a_movement(company)
    return "inventory_movementbatch", MovementBatch.objects.get().pk, "content", "a set of movements is never"


def a_decision(company: Company) -> tuple[str, int, str, str]:
    proposal = Proposal.objects.create(
        entity=company.entity,
        number="WO-1",
        kind="WRITE_OFF",
        reason="EXPIRY",
        event_on=DAY,
        found_on=DAY,
        posting_on=DAY,
        created_by=company["PREPARER"],
    )
    decision = Decision.objects.create(proposal=proposal, verb="SUBMIT", by=company["PREPARER"], digest="0" * 64)
    return "proposals_decision", decision.pk, "comment", "a decision is never"


def an_audit_event(company: Company) -> tuple[str, int, str, str]:
    event = audit.record(entity=company.entity, actor=None, kind="test", message="Something happened.")
    return "core_auditevent", event.pk, "message", "an audit event is never"


def a_stored_file(company: Company) -> tuple[str, int, str, str]:
    stored = file_store(
        entity=company.entity, name="a.csv", content=b"a", content_type="text/csv", user=company["PREPARER"]
    )
    return "core_storedfile", stored.pk, "content", "a stored file is never"


def a_line(company: Company) -> tuple[str, int, str, str]:
    return "ledger_journalline", JournalLine.objects.order_by("pk")[0].pk, "amount", "a journal line is never"


def an_entry(company: Company) -> tuple[str, int, str, str]:
    return "ledger_journalentry", JournalEntry.objects.get().pk, "description", "a journal entry (is )?never"


def a_count_line(company: Company) -> tuple[str, int, str, str]:
    a_movement(company)
    entity, counter = company.entity, company["COUNTER"]
    stored = file_store(entity=entity, name="c.csv", content=b"c", content_type="text/csv", user=counter)
    upload = Upload.objects.create(
        entity=entity, kind="count", file=stored, file_name="c.csv", as_of=timezone.now(), created_by=counter
    )
    sheet = CountSheet.objects.create(
        entity=entity, number="CS-1", upload=upload, counted_on=DAY, frozen_at=timezone.now(), created_by=counter
    )
    lot = Lot.objects.get(entity=entity)
    line = CountLine.objects.create(
        sheet=sheet, lot=lot, row=2, book_quantity=10, counted_quantity=9, difference=-1, value=-10
    )
    return "inventory_countline", line.pk, "value", "a count line is never"


ROWS = [
    a_count_line,
    a_batch,
    a_movement,
    a_write_down_movement,
    a_decision,
    an_audit_event,
    a_stored_file,
    a_line,
    an_entry,
]


@pytest.mark.parametrize("make", ROWS)
def test_a_row_that_only_grows_in_number_is_never_updated(company: Company, entry: JournalEntry, make: Maker) -> None:
    table, key, column, message = make(company)
    with pytest.raises(IntegrityError, match=message):
        run(f"update {table} set {column} = {column} where id = %s", key)


@pytest.mark.parametrize("make", ROWS)
def test_a_row_that_only_grows_in_number_is_never_deleted(company: Company, entry: JournalEntry, make: Maker) -> None:
    table, key, _, message = make(company)
    with pytest.raises(IntegrityError, match=message.replace("(is )?", "is ") + " deleted"):
        run(f"delete from {table} where id = %s", key)


@pytest.mark.parametrize("make", [make for make in ROWS if make is not a_count_line])
def test_a_row_is_not_replaced_even_where_delete_triggers_sleep(
    company: Company, entry: JournalEntry, make: Maker
) -> None:
    if connection.vendor == "postgresql":
        table, key, column, message = make(company)
        with pytest.raises(IntegrityError, match=message + "|inserted unsealed|not sealed yet"):
            run(
                f"insert into {table} select * from {table} where id = %s "
                f"on conflict (id) do update set {column} = excluded.{column}",
                key,
            )
        return
    # Another program need not switch recursive triggers on, as our own connections do.
    table, key, _, message = make(company)
    with connection.cursor() as cursor:
        cursor.execute("pragma recursive_triggers = off")
    try:
        with pytest.raises(
            IntegrityError, match=message.replace("(is )?", "is ") + " replaced|inserted unsealed|sealed yet"
        ):
            run(f"replace into {table} select * from {table} where id = %s", key)
    finally:
        with connection.cursor() as cursor:
            cursor.execute("pragma recursive_triggers = on")


def test_a_movement_is_not_replaced_by_its_sequence_either(company: Company) -> None:
    if connection.vendor == "postgresql":
        return  # REPLACE is SQLite's own.
    a_movement(company)
    columns = "sequence, lot_id, posted_on, kind, quantity, cost, allowance, write_down, source_ref, digest, entity_id"
    with pytest.raises(IntegrityError, match="a movement is never replaced"):
        run(f"replace into inventory_movement ({columns}) select {columns} from inventory_movement")


@pytest.mark.postgres
@pytest.mark.parametrize("make", ROWS)
def test_a_table_that_only_grows_is_never_emptied(company: Company, entry: JournalEntry, make: Maker) -> None:
    table, _, _, _ = make(company)
    # The deferred keys of the rows just made would stop TRUNCATE before the guard could.
    connection.check_constraints()
    with pytest.raises(IntegrityError, match="is never deleted"):
        run(f"truncate {table} cascade")


def test_an_entry_cannot_be_inserted_sealed(entry: JournalEntry) -> None:
    columns = [f.column for f in JournalEntry._meta.local_concrete_fields if f.column != "id"]
    values = [{"sequence": "9", "chain_sequence": "9", "document": "'x'"}.get(c, c) for c in columns]
    with pytest.raises(IntegrityError, match="inserted unsealed and sealed after its lines"):
        run(
            f"insert into ledger_journalentry ({', '.join(columns)}) "
            f"select {', '.join(values)} from ledger_journalentry"
        )


def test_an_entry_cannot_be_inserted_with_a_net_of_nil(entry: JournalEntry) -> None:
    with pytest.raises(IntegrityError, match="inserted unsealed"), transaction.atomic():
        JournalEntry.objects.create(
            entity=entry.entity, period=entry.period, fiscal_year=2026, sequence=3, posted_on=DAY, origin="OWN",
            leg="VOID", source_ref="x", document="x", currency="EUR", posted_by=entry.posted_by, chain_sequence=3,
            net_id=0,
        )  # fmt: skip


def test_no_line_is_added_to_a_sealed_entry(entry: JournalEntry) -> None:
    account = entry.lines.all()[0].account_id
    with pytest.raises(IntegrityError, match="not sealed yet"), transaction.atomic():
        line(entry, 3, "1", account)


def test_an_entry_is_sealed_once(entry: JournalEntry) -> None:
    with pytest.raises(IntegrityError, match="never changes"):
        seal(entry)


def test_an_entry_is_not_unsealed(entry: JournalEntry) -> None:
    with pytest.raises(IntegrityError, match="never changes"):
        run("update ledger_journalentry set sealed = false where id = %s", entry.pk)


def test_an_entry_without_two_lines_is_not_sealed(entry: JournalEntry, draft: JournalEntry) -> None:
    with pytest.raises(IntegrityError, match="two lines or more"):
        seal(draft)
    line(draft, 1, "1", entry.lines.all()[0].account_id)
    with pytest.raises(IntegrityError, match="two lines or more"):
        seal(draft)


def test_an_entry_that_does_not_balance_is_not_sealed(entry: JournalEntry, draft: JournalEntry) -> None:
    account = entry.lines.all()[0].account_id
    line(draft, 1, "1", account)
    line(draft, 2, "-0.9999", account)
    with pytest.raises(IntegrityError, match="debits and credits are equal"):
        seal(draft)
    line(draft, 3, "-0.0001", account)
    seal(draft)
    connection.check_constraints()


def test_an_entry_is_not_sealed_without_its_hash(entry: JournalEntry) -> None:
    account = entry.lines.all()[0].account_id
    with transaction.atomic():
        draft = unsealed(entry, hash="")
        line(draft, 1, "1", account)
        line(draft, 2, "-1", account)
        with pytest.raises(IntegrityError, match="sealed with its hash"):
            seal(draft)
        transaction.set_rollback(True)


@pytest.mark.parametrize(
    "change", ["description = 'y'", "posted_on = '2026-04-01'", "evidence = '[\"aa\"]'", "hash = 'f'"]
)
def test_nothing_else_changes_with_the_seal(entry: JournalEntry, draft: JournalEntry, change: str) -> None:
    account = entry.lines.all()[0].account_id
    line(draft, 1, "1", account)
    line(draft, 2, "-1", account)
    with pytest.raises(IntegrityError, match="never changes"):
        run(f"update ledger_journalentry set sealed = true, net_id = 0, {change} where id = %s", draft.pk)


def test_the_net_of_an_unsealed_entry_cannot_be_set_by_hand(entry: JournalEntry, draft: JournalEntry) -> None:
    with pytest.raises(IntegrityError, match="never changes"):
        run("update ledger_journalentry set net_id = 0 where id = %s", draft.pk)


def test_there_is_no_second_row_of_zero_that_an_unsealed_entry_could_point_at() -> None:
    with pytest.raises(IntegrityError, match="zero_is_nil"):
        run("insert into ledger_zero (id) values (%s)", Zero.UNSEALED)


@pytest.mark.django_db(transaction=True)
def test_an_unsealed_entry_cannot_be_committed(entry: JournalEntry) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        unsealed(entry)
    assert JournalEntry.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_transactional_test_finds_the_guards_and_the_row_of_zero(company: Company) -> None:
    assert Zero.objects.filter(pk=0).exists()
    table, key, column, message = an_audit_event(company)
    with pytest.raises(IntegrityError, match=message):
        run(f"update {table} set {column} = {column} where id = %s", key)
    assert timezone.now().year


@pytest.fixture
def proposal(company: Company) -> Proposal:
    """Of one lot, with a paper; waiting for approval."""
    made = documents.draft(company, make_lot(company.entity, "LAMP", "100", "40"))
    paper = services.Paper("report.txt", b"seen by two")
    services.evidence_add(proposal=made, user=company["PREPARER"], kind="OTHER", papers=[paper])
    return documents.submitted(company, made)


@pytest.fixture
def approved(company: Company, proposal: Proposal) -> Proposal:
    return services.proposal_approve(proposal=proposal, user=company["APPROVER"], digest=proposal.digest)


@pytest.fixture
def posted(company: Company, approved: Proposal) -> Proposal:
    return services.proposal_post(proposal=approved, user=company["CONTROLLER"], digest=approved.digest).proposal


def copy_of(table: str, **changed: str) -> str:
    """INSERT of a second row like each that is there."""
    model = {"proposals_proposalline": ProposalLine, "proposals_evidence": Evidence}[table]
    columns = [f.column for f in model._meta.local_concrete_fields if f.column != "id"]
    values = [changed.get(column, column) for column in columns]
    return f"insert into {table} ({', '.join(columns)}) select {', '.join(values)} from {table}"


@pytest.mark.parametrize(
    "change",
    [
        "reason = 'FIRE'",
        "posting_on = '2026-03-30'",
        "note = 'x'",
        "digest = 'ff'",
        "status = 'APPROVED'",
        "status = 'REJECTED'",
        "net_loss = 0",
        "approved_by_id = null",
        "posted_at = null",
        "count_sheet_id = 1",
    ],
)
def test_a_posted_proposal_never_changes(posted: Proposal, change: str) -> None:
    with pytest.raises(IntegrityError, match="a posted proposal never changes"):
        run(f"update proposals_proposal set {change} where id = %s", posted.pk)


def test_a_posted_proposal_is_voided_once_and_stays_so(posted: Proposal) -> None:
    run("update proposals_proposal set status = 'VOIDED', version = version + 1 where id = %s", posted.pk)
    for change in ("status = 'POSTED'", "note = 'x'"):
        with pytest.raises(IntegrityError, match="a posted proposal never changes"):
            run(f"update proposals_proposal set {change} where id = %s", posted.pk)


def test_a_posted_proposal_is_never_deleted(posted: Proposal) -> None:
    with pytest.raises(IntegrityError, match="a posted proposal never changes"):
        run("delete from proposals_proposal where id = %s", posted.pk)


def test_a_posted_proposal_is_not_replaced(posted: Proposal) -> None:
    if connection.vendor == "postgresql":
        return  # REPLACE is SQLite's own.
    with pytest.raises(IntegrityError, match="a posted proposal never changes"):
        run("replace into proposals_proposal select * from proposals_proposal")


@pytest.mark.parametrize(
    "change",
    [
        "update proposals_proposalline set loss = loss + 1",
        "delete from proposals_proposalline",
        copy_of("proposals_proposalline", line_number="2", quarantine_id="(select id from inventory_quarantineentry)"),
    ],
)
def test_the_lines_of_a_posted_proposal_never_change(posted: Proposal, change: str) -> None:
    with pytest.raises(IntegrityError, match="the lines of a posted proposal never change"):
        run(change)


def test_a_line_is_not_moved_to_a_posted_proposal(company: Company, posted: Proposal) -> None:
    other = documents.draft(company, make_lot(company.entity, "DESK", "10", "100"))
    with pytest.raises(IntegrityError, match="the lines of a posted proposal never change"):
        run("update proposals_proposalline set proposal_id = %s, line_number = 9 where proposal_id = %s",
            posted.pk, other.pk)  # fmt: skip


@pytest.mark.parametrize(
    "change",
    [
        "update proposals_evidence set kind = 'PHOTOGRAPH'",
        "delete from proposals_evidence",
        copy_of("proposals_evidence", file_id="(select max(id) from core_storedfile)"),
    ],
)
def test_the_papers_of_an_approved_proposal_are_frozen(company: Company, approved: Proposal, change: str) -> None:
    file_store(entity=company.entity, name="b", content=b"b", content_type="text/plain", user=company["PREPARER"])
    with pytest.raises(IntegrityError, match="the evidence of an approved proposal is frozen"):
        run(change)


@pytest.mark.postgres
def test_lines_and_papers_are_never_emptied(proposal: Proposal) -> None:
    connection.check_constraints()
    for table, message in (("proposals_proposalline", "the lines of a"), ("proposals_evidence", "the evidence of an")):
        with pytest.raises(IntegrityError, match=message):
            run(f"truncate {table} cascade")


def test_papers_and_lines_change_while_nothing_is_decided(proposal: Proposal) -> None:
    run("update proposals_evidence set kind = 'PHOTOGRAPH'")
    run("delete from proposals_evidence")
    run("update proposals_proposalline set note = 'x'")
    run("delete from proposals_proposalline")
