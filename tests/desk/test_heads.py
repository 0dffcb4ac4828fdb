"""The heads of the chains, kept elsewhere: an older restore and a rewritten past show, though every hash is right."""

from __future__ import annotations

import datetime as dt
import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.test import Client

from core import audit, guards, heads
from core.models import AuditEvent, ChainHead, User
from core.words import Role
from inventory.batches import MovementBatch
from tests.conftest import Company
from tests.desk.books import open_books, run
from tests.ledger.books import post
from tests.posting.stock import make_lot
from writeoffs.ledger.hashes import entry_hash
from writeoffs.ledger.journal import chain_of, content_of
from writeoffs.ledger.models import JournalEntry
from writeoffs.proposals.models import Proposal

pytestmark = [pytest.mark.django_db, pytest.mark.database]
SignIn = Callable[[User], Client]
HEAD, AGAINST = "/e/north/audit/head/", "/e/north/audit/against/"


@pytest.fixture
def kept(books: dict[str, Proposal], tmp_path: Path) -> Path:
    file = tmp_path / "heads.json"
    call_command("head", out=file, stdout=io.StringIO())
    return file


def rewrite(statement: str) -> None:
    """Change rows with the guards out of the way."""
    with transaction.atomic(), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("set constraints all immediate")
        guards.drop()
        cursor.execute(statement)
        assert cursor.rowcount > 0
        guards.install()


def rehash_events(company: Company, message: str) -> None:
    """What somebody with the database's password does: change the second event and make every hash after it anew."""
    guards.drop()
    previous = ""
    for event in AuditEvent.objects.filter(entity=company.entity).order_by("sequence"):
        if event.sequence == 2:
            event.message = message
        event.previous_hash = previous
        previous = event.hash = audit.event_hash(event)
        AuditEvent.objects.filter(pk=event.pk).update(
            message=event.message, previous_hash=event.previous_hash, hash=previous
        )
    ChainHead.objects.filter(chain=audit.entity_chain(company.entity)).update(hash=previous)
    guards.install()


def rehash_entries(company: Company) -> None:
    """Describe the second entry anew and chain all that follows it again."""
    guards.drop()
    previous = ""
    for entry in JournalEntry.objects.filter(entity=company.entity).order_by("chain_sequence"):
        if entry.chain_sequence == 2:
            entry.description = "Something else"
        entry.previous_hash = previous
        lines = entry.lines.select_related("account").order_by("line_number")
        previous = entry.hash = entry_hash(content_of(entry, lines))
        JournalEntry.objects.filter(pk=entry.pk).update(
            description=entry.description, previous_hash=entry.previous_hash, hash=previous
        )
    ChainHead.objects.filter(chain=chain_of(company.entity)).update(hash=previous)
    guards.install()


def test_books_that_went_on_begin_with_the_kept_past(company: Company, kept: Path) -> None:
    assert run("--against", str(kept))[0] == 0
    make_lot(company.entity, "CHAIR", "0", "10")
    audit.record(entity=company.entity, actor=None, kind="test", message="Something more.")
    code, said = run("--against", str(kept))
    assert code == 0, said
    assert "and they begin with the" in said


def test_a_rewritten_event_shows_though_every_hash_is_right(company: Company, kept: Path) -> None:
    rehash_events(company, "Nothing happened.")
    assert run()[0] == 0
    code, said = run("--against", str(kept))
    assert code == 1
    assert 'Audit trail of North Trading: event 2 ("Nothing happened.") is the first that is not what it was' in said


def test_a_rewritten_entry_shows_though_every_hash_is_right(company: Company, kept: Path) -> None:
    rehash_entries(company)
    assert "not what was posted" not in run("--all")[1]
    code, said = run("--against", str(kept))
    assert code == 1
    assert "Journal of North Trading: entry 2026-000002 is the first that is not what it was when" in said


def test_the_last_entry_rewritten_alone_is_the_one_that_is_named(company: Company, kept: Path) -> None:
    last = JournalEntry.objects.filter(entity=company.entity).order_by("chain_sequence").last()
    assert last is not None
    last.description = "Something else"
    digest = entry_hash(content_of(last, last.lines.select_related("account").order_by("line_number")))
    rewrite(f"update ledger_journalentry set description = 'Something else', hash = '{digest}' where id = {last.pk}")
    rewrite(f"update core_chainhead set hash = '{digest}' where chain = '{chain_of(company.entity)}'")
    _, said = run("--against", str(kept))
    assert f"entry {last.number} is the first that is not what it was" in said


def test_an_older_restore_shows_what_is_missing(company: Company, tmp_path: Path) -> None:
    """The file of heads is of books that had gone on when the back-up that stands now was made."""
    post(company, "100.00")
    with transaction.atomic():
        post(company, "50.00", ref="proposal:WO-2")
        file = tmp_path / "heads.json"
        file.write_text(heads.heads_export())
        transaction.set_rollback(True)
    code, said = run("--against", str(file))
    assert code == 1
    assert "Journal of North Trading: the entry of place 2 is missing. The file of heads knows 2 links" in said
    assert "the books have 1: they are older than the file" in said


def test_a_company_that_is_gone_shows(company: Company, tmp_path: Path) -> None:
    file = tmp_path / "heads.json"
    with transaction.atomic():
        make_lot(company.entity)
        file.write_text(heads.heads_export())
        transaction.set_rollback(True)
    assert "the set of movements of place 1 is missing" in run("--against", str(file))[1]


def test_a_movement_rewritten_with_its_digest_and_its_links_shows(company: Company, kept: Path) -> None:
    batch = MovementBatch.objects.get(entity=company.entity, sequence=2)
    rewrite(f"update inventory_movementbatch set hash = '{'0' * 64}' where id = {batch.pk}")
    _, said = run("--against", str(kept))
    assert (
        f"Movements of North Trading: the set of movements {batch.first} to {batch.last} (upload:0) is the fir" in said
    )


def test_of_a_long_chain_every_so_manieth_link_is_kept_and_the_stretch_is_named(
    company: Company, tmp_path: Path
) -> None:
    audit.record_many(
        entity=company.entity,
        events=[audit.NewEvent(None, "test", f"Event {number}.") for number in range(2 * heads.MARKS + 1)],
    )
    file = tmp_path / "heads.json"
    file.write_text(heads.heads_export())
    [chain] = heads.heads_read(file.read_bytes()).chains
    assert len(chain.marks) == 683
    assert chain.marks[:2] == tuple(
        AuditEvent.objects.filter(sequence__in=(3, 6)).order_by("sequence").values_list("sequence", "hash")
    )
    rehash_events(company, "x")
    _, said = run("--against", str(file))
    assert 'the first that differs lies between event 1 ("Event 0.") and event 3 ("Event 2.")' in said


def damaged(content: bytes) -> dict[str, bytes]:
    body = json.loads(content)
    body["chains"][0]["sequence"] = 1
    return {
        "nothing": b"",
        "no text": b"\xff\xfe\x00",
        "no json": b"heads",
        "deep": b"[" * 100_000,
        "another file": b'{"a": 1}',
        "a list": b"[1]",
        "changed": json.dumps(body).encode(),
        "cut": content[: len(content) // 2],
        "of a later version": content.replace(b'"version": 1', b'"version": 2'),
    }


@pytest.mark.parametrize("what", list(damaged(b'{"chains": [{}]}')))
def test_a_damaged_file_is_refused_with_a_clear_sentence(kept: Path, what: str) -> None:
    kept.write_bytes(damaged(kept.read_bytes())[what])
    with pytest.raises(CommandError, match=r"heads\.json: (This is not a file|The file) of chain heads") as refused:
        call_command("verify", "--against", str(kept))
    assert refused.value.returncode == 2


def test_a_file_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="could not be read: No such file"):
        call_command("verify", "--against", str(tmp_path / "none.json"))


def test_a_kept_head_is_not_written_over(kept: Path) -> None:
    with pytest.raises(CommandError, match="could not be written: File exists"):
        call_command("head", out=kept)


def test_that_heads_were_written_is_an_event(kept: Path) -> None:
    assert AuditEvent.objects.get(kind="heads.exported").chain == audit.SYSTEM_CHAIN


def test_a_clock_set_back_a_day_changes_no_order(company: Company) -> None:
    with time_machine.travel(dt.datetime(2026, 3, 20, 12, tzinfo=dt.UTC), tick=False):
        make_lot(company.entity, "LAMP", "100", "40")
        make_lot(company.entity, "DESK", "10", "100", allowance="250")
        open_books(company)
        audit.record(entity=company.entity, actor=None, kind="test", message="Before.")
    with time_machine.travel(dt.datetime(2026, 3, 19, 12, tzinfo=dt.UTC), tick=False):
        later = post(company, "1.00", ref="upload:9")
        event = audit.record(entity=company.entity, actor=None, kind="test", message="After.")
    assert (later.chain_sequence, event.sequence) == (2, 2)
    assert later.created_at < JournalEntry.objects.get(chain_sequence=1).created_at
    assert "chain" not in run("--all")[1]
    assert JournalEntry.objects.order_by("-chain_sequence")[0].pk == later.pk


# The page.


def test_the_heads_are_downloaded_and_that_is_an_event(
    company: Company,
    books: dict[str, Proposal],
    signed_in: SignIn,
) -> None:
    answer = signed_in(company["AUDITOR"]).post(HEAD)
    assert answer["Content-Disposition"].startswith('attachment; filename="heads-north-')
    kept = heads.heads_read(answer.content)
    assert {"Journal of North Trading", "Movements of North Trading"} <= {chain.title for chain in kept.chains}
    event = AuditEvent.objects.get(kind="heads.exported")
    assert (
        event.message == f"Auditor north took the heads of {len(kept.chains)} chains away, {kept.links:,} links in all."
    )


def test_another_companys_chains_are_not_in_the_file(
    company: Company, other_company: Company, signed_in: SignIn
) -> None:
    for each in (company, other_company):
        audit.record(entity=each.entity, actor=None, kind="test", message="Something happened.")
    kept = heads.heads_read(signed_in(company["AUDITOR"]).post(HEAD).content)
    chains = {chain.chain for chain in kept.chains}
    assert f"entity:{company.entity.pk}" in chains
    assert f"entity:{other_company.entity.pk}" not in chains


def upload(client: Client, content: bytes) -> tuple[int, str]:
    answer = client.post(AGAINST, {"file": SimpleUploadedFile("heads.json", content)})
    return answer.status_code, answer.content.decode()


def test_a_kept_file_is_held_up_against_the_books(
    company: Company,
    books: dict[str, Proposal],
    signed_in: SignIn,
) -> None:
    client = signed_in(company["CONTROLLER"])
    content = client.post(HEAD).content
    code, text = upload(client, content)
    assert code == 200
    assert "The books begin with exactly the" in text
    rehash_entries(company)
    code, text = upload(client, content)
    assert code == 200
    assert "The books do not begin with this past." in text
    assert "Journal of North Trading: entry 2026-000002 is the first" in text


def test_a_damaged_file_and_none_are_refused_in_the_form(
    company: Company,
    books: dict[str, Proposal],
    signed_in: SignIn,
) -> None:
    client = signed_in(company["AUDITOR"])
    content = client.post(HEAD).content
    for sent, said in (
        (b"x", "This is not a file of chain heads."),
        (content.replace(b"Journal", b"Journey"), "The file of chain heads is damaged"),
    ):
        code, text = upload(client, sent)
        assert (code, said in text) == (400, True)
    assert client.post(AGAINST).status_code == 400


def test_a_file_of_another_company_is_refused(company: Company, other_company: Company, signed_in: SignIn) -> None:
    for each in (company, other_company):
        audit.record(entity=each.entity, actor=None, kind="test", message="Something happened.")
    code, text = upload(signed_in(company["AUDITOR"]), heads.heads_export(entity=other_company.entity).encode())
    assert (code, "says nothing of North Trading" in text) == (400, True)


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("address", [HEAD, AGAINST])
def test_auditors_and_controllers_do_so_and_nobody_else(
    company: Company, signed_in: SignIn, role: Role, address: str
) -> None:
    allowed = role in (Role.AUDITOR, Role.CONTROLLER)
    code = signed_in(company[role]).post(address).status_code
    assert code == (403 if not allowed else 200 if address == HEAD else 400)


def test_a_stranger_and_another_company_find_nothing(
    company: Company, other_company: Company, signed_in: SignIn, client: Client
) -> None:
    assert client.post(HEAD).status_code == 302
    assert signed_in(other_company["AUDITOR"]).post(HEAD).status_code == 404
    assert signed_in(company["AUDITOR"]).get(HEAD).status_code == 405
