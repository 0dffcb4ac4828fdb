"""What a close freezes: made from one state of the books, kept, printed from what was frozen, proved."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Callable
from unittest import mock

import openpyxl
import pypdf
import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client

from core import changes, guards
from core.files import file_content
from core.models import AuditEvent, ChangeRequest, Job, StoredFile, User
from core.verify import Tally, complaints
from tests.conftest import Company
from tests.reports.conftest import Books
from tests.reports.conftest import books as books
from writeoffs.desk.packs import CONTENTS
from writeoffs.ledger.models import FiscalPeriod, JournalLine, PeriodPack, PeriodPackFile
from writeoffs.ledger.packs import PackMaker, Paper, register_maker
from writeoffs.ledger.periods import period_close, period_reopen_request
from writeoffs.reports import typesetting

SignIn = Callable[[User], Client]
Committed = Callable[..., object]
PAGE = "/e/north/periods/2026-02/"
FROZEN = {"register.xlsx", "rollforward.xlsx", "impact.xlsx", "journal.csv", "checklist.csv", "figures.json"}
PRINTED = {"register.pdf", "rollforward.pdf", "impact.pdf"}


def february(books: Books) -> FiscalPeriod:
    """The period, with nothing before it left open."""
    periods = FiscalPeriod.objects.filter(entity=books.company.entity)
    found = periods.get(fiscal_year=2026, number=2)
    periods.filter(starts_on__lt=found.starts_on).update(status="CLOSED")
    return found


@pytest.fixture
def closed(books: Books) -> PeriodPack:
    period = february(books)
    period_close(period=period, user=books.company["CONTROLLER"])
    return PeriodPack.objects.get(period=period)


def content_of(pack: PeriodPack, name: str) -> bytes:
    return file_content(pack.files.get(name=name).file_id)


def test_the_page_says_what_the_close_freezes(books: Books, signed_in: SignIn) -> None:
    february(books)
    text = signed_in(books.company["CONTROLLER"]).get(PAGE).content.decode()
    assert all(sentence.replace("'", "&#x27;") in text for sentence in CONTENTS)
    assert "the reports, journal and checklist of the period as files" in text


def test_a_close_freezes_reports_journal_checklist_and_heads(closed: PeriodPack) -> None:
    assert set(closed.files.values_list("name", flat=True)) == FROZEN
    figures = json.loads(content_of(closed, "figures.json"))
    assert set(figures["reports"]) == {"register", "rollforward", "impact"}
    last = closed.entity.journal_entries.order_by("chain_sequence").last()
    assert last is not None
    assert figures["heads"]["journal"] == {"sequence": last.chain_sequence, "hash": last.hash}
    told = AuditEvent.objects.get(entity=closed.entity, kind="period.closed", subject="period:2026-02")
    assert (told.data["pack"], told.data["digest"]) == (closed.pk, closed.digest)
    assert (closed.audit_sequence, closed.audit_hash) == (told.sequence - 1, told.previous_hash)


def test_the_frozen_journal_is_the_journal_of_the_period(closed: PeriodPack) -> None:
    rows = list(csv.DictReader(io.StringIO(content_of(closed, "journal.csv").decode())))
    lines = JournalLine.objects.filter(entry__period=closed.period)
    assert len(rows) == lines.count() > 0
    assert {row["hash"] for row in rows} == set(lines.values_list("entry__hash", flat=True))
    assert closed.entry_count == closed.period.entries.count()


def test_every_paper_of_the_pack_has_the_same_figures(closed: PeriodPack) -> None:
    """The loss stands in the frozen figures, in the workbook and on the printed page alike."""
    [register] = [json.loads(content_of(closed, "figures.json"))["reports"]["register"]]
    net = next(tile["text"] for tile in register["tiles"] if tile["label"].startswith("Net loss"))
    sheet = openpyxl.load_workbook(io.BytesIO(content_of(closed, "register.xlsx"))).worksheets[0]
    total = next(row for row in sheet.iter_rows(values_only=True) if row[0] == "Total")
    assert f"{total[14]:,.2f}" == net != "0.00"


def test_the_papers_are_printed_from_what_was_frozen(
    books: Books, closed: PeriodPack, django_capture_on_commit_callbacks: Committed
) -> None:
    job = Job.objects.filter(kind="period.pack").latest("pk")
    assert (job.status, job.arguments) == ("QUEUED", {"pack": closed.pk})
    # Whatever is posted between the close and the printing, and whatever the company is called by then.
    type(closed.entity).objects.filter(pk=closed.entity_id).update(name="Renamed")
    from core.jobs import job_enqueue

    job_enqueue(job=job)
    job.refresh_from_db()
    assert (job.status, job.error) == ("DONE", "")
    assert set(closed.files.values_list("name", flat=True)) == FROZEN | PRINTED
    text = "".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(content_of(closed, "impact.pdf"))).pages)
    assert "North Trading" in text
    assert "Renamed" not in text
    assert "Pack 1 of February 2026, frozen when" in " ".join(text.split())
    told = AuditEvent.objects.get(entity=closed.entity, kind="period.pack_printed")
    assert set(told.data["files"]) == PRINTED
    # A second worker that takes the job prints nothing again.
    Job.objects.filter(pk=job.pk).update(status="QUEUED")
    job_enqueue(job=job)
    assert AuditEvent.objects.filter(kind="period.pack_printed").count() == 1


def test_papers_that_could_not_be_printed_are_printed_again(
    closed: PeriodPack, books: Books, signed_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    from core.jobs import job_enqueue

    controller, job = signed_in(books.company["CONTROLLER"]), Job.objects.filter(kind="period.pack").latest("pk")
    again = f"{PAGE}packs/1/print/"
    assert "are being printed" in controller.get(PAGE).content.decode()
    assert "are being printed. Reload" in controller.post(again, follow=True).content.decode()
    with monkeypatch.context() as patched:
        patched.setattr(typesetting, "TEMPLATE", typesetting.TEMPLATE.with_name("none.typ"))
        patched.setattr(typesetting, "SECONDS", 0)
        with mock.patch("subprocess.run", side_effect=__import__("subprocess").TimeoutExpired("typst", 120)):
            job_enqueue(job=job)
    text = controller.get(PAGE).content.decode()
    assert "could not be printed" in text
    assert "Print the PDFs again" in text
    assert signed_in(books.company["PREPARER"]).post(again).status_code in (302, 403)
    assert Job.objects.filter(kind="period.pack", arguments__pack=closed.pk).count() == 1
    for _ in range(2):
        controller.post(again, {"step_key": "one-press-7"})
    assert Job.objects.filter(kind="period.pack", arguments__pack=closed.pk).count() == 2
    job_enqueue(job=Job.objects.filter(kind="period.pack").latest("pk"))
    assert "register.pdf" in controller.get(PAGE).content.decode()
    assert "they are listed" in controller.post(again, follow=True).content.decode()


def test_a_file_is_handed_out_as_it_was_frozen(closed: PeriodPack, books: Books, signed_in: SignIn) -> None:
    answer = signed_in(books.company["AUDITOR"]).get(f"{PAGE}packs/1/journal.csv")
    assert answer.status_code == 200
    assert hashlib.sha256(answer.content).hexdigest() == closed.files.get(name="journal.csv").sha256
    assert 'filename="north-2026-02-pack1-journal.csv"' in answer["Content-Disposition"]


@pytest.mark.parametrize("path", ["packs/2/journal.csv", "packs/1/secret.csv", "packs/99999999999999999999/x"])
def test_a_file_that_is_none_is_not_found(closed: PeriodPack, books: Books, signed_in: SignIn, path: str) -> None:
    assert signed_in(books.company["AUDITOR"]).get(PAGE + path).status_code == 404


def test_another_company_finds_no_pack(closed: PeriodPack, other_company: Company, signed_in: SignIn) -> None:
    client = signed_in(other_company["CONTROLLER"])
    assert client.get(f"{PAGE}packs/1/journal.csv").status_code == 404
    assert client.get(f"{PAGE.replace('north', 'south')}packs/1/journal.csv").status_code == 404
    assert client.post(f"{PAGE}packs/1/print/").status_code == 404


def test_what_cannot_be_frozen_leaves_the_period_open(books: Books) -> None:
    def none(pack: PeriodPack, checks: object) -> list[Paper]:
        return [Paper("empty.csv", "text/csv", b"")]

    from writeoffs.ledger import packs

    period, maker = february(books), PackMaker(papers=none, after=lambda pack: None)
    before = (AuditEvent.objects.count(), StoredFile.objects.count(), PeriodPack.objects.count(), Job.objects.count())
    register_maker(maker)
    try:
        with pytest.raises(Exception, match="empty"):
            period_close(period=period, user=books.company["CONTROLLER"])
    finally:
        packs._MAKERS.remove(maker)
    period.refresh_from_db()
    assert period.status == "OPEN"
    assert before == (
        AuditEvent.objects.count(), StoredFile.objects.count(), PeriodPack.objects.count(), Job.objects.count()
    )  # fmt: skip


def reopened(books: Books, period: FiscalPeriod) -> ChangeRequest:
    change = period_reopen_request(period=period, user=books.company["CONTROLLER"], reason="Late invoice of Meyer")
    changes.change_decide(change=change, user=books.company["APPROVER"], approve=True, comment="")
    period.refresh_from_db()
    return change


def test_each_close_has_its_pack_and_the_earlier_ones_stay(closed: PeriodPack, books: Books, signed_in: SignIn) -> None:
    reopened(books, closed.period)
    period_close(period=closed.period, user=books.company["CONTROLLER"])
    first, second = PeriodPack.objects.filter(period=closed.period).order_by("version")
    assert (first.pk, first.digest, second.version) == (closed.pk, closed.digest, 2)
    text = signed_in(books.company["AUDITOR"]).get(PAGE).content.decode()
    assert "Period pack 2</h2>" in text
    assert 'Period pack 1 <span class="muted small">of an earlier close' in text
    said = "February 2026 was re-opened on"
    assert said in content_of(second, "figures.json").decode()
    assert said not in content_of(first, "figures.json").decode()


def test_a_reopening_stands_on_every_later_report_of_the_period(closed: PeriodPack, books: Books) -> None:
    controller, approver = books.company["CONTROLLER"], books.company["APPROVER"]
    reopened(books, closed.period)
    period_close(period=closed.period, user=controller)
    words = f"by {controller} and {approver}: Late invoice of Meyer."
    for report in ("register", "rollforward", "impact"):
        for shape in ("/", "/print/"):
            for span in ("2026-02", "FY2026"):
                text = books.get(f"{report}{shape}?period={span}&compare=none").content.decode()
                assert "February 2026 was re-opened on" in text
                assert words in text
        assert "re-opened" not in books.get(f"{report}/?period=2026-03&compare=none").content.decode()
        book = openpyxl.load_workbook(io.BytesIO(books.get(f"{report}.xlsx?period=2026-02&compare=none").content))
        assert all(words in str(sheet["A4"].value) for sheet in book)
    # What the report is compared with is shown on it too.
    assert words in books.get("impact/?period=2026-03&compare=previous").content.decode()
    assert words in books.get("lines/?from=2026-02-01&to=2026-02-28").content.decode()
    assert words in books.get("?period=2026-02").content.decode()


def test_a_report_is_provisional_while_a_period_of_it_is_not_closed(closed: PeriodPack, books: Books) -> None:
    assert "Provisional" not in books.get("register/?period=2026-02").content.decode()
    march = books.get("register/?period=2026-03").content.decode()
    assert "Provisional: March 2026 (open) is not closed, so the figures can still change." in march
    assert "periods of this report are not closed; March 2026 is the first" in (
        books.get("register/?period=FY2026").content.decode()
    )


def sentences() -> list[str]:
    """All complaints but those of the months that the tests closed past the service."""
    return [said for said in complaints(Tally()) if "is stored as closed" not in said]


def test_packs_are_proved(closed: PeriodPack) -> None:
    assert sentences() == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("update ledger_periodpack set journal_hash = 'f'", "are not what the close froze"),
        ("update ledger_periodpack set entry_count = 77", "are not what the close froze"),
        ("update ledger_periodpack set audit_sequence = 1", "the audit trail has another hash"),
        ("update ledger_periodpackfile set sha256 = 'f' where name = 'journal.csv'", "is not the file that was frozen"),
        ("update ledger_periodpackfile set name = 'x.csv' where name = 'journal.csv'", "are not what the close froze"),
        ("delete from ledger_periodpackfile where name = 'checklist.csv'", "are not what the close froze"),
        ("delete from ledger_periodpack", "it stands in the audit trail only"),
    ],
)
@pytest.mark.database
def test_what_was_changed_behind_our_back_is_named(closed: PeriodPack, change: str, said: str) -> None:
    with guards.suspended("test"), connection.cursor() as cursor:
        if change == "delete from ledger_periodpack":
            cursor.execute("delete from ledger_periodpackfile")
        cursor.execute(change)
    assert any(said in sentence for sentence in sentences()), sentences()


@pytest.mark.database
@pytest.mark.parametrize("table", ["ledger_periodpack", "ledger_periodpackfile"])
@pytest.mark.parametrize("sql", ["update {0} set id = id", "delete from {0}"])
def test_the_database_refuses_changes_of_a_pack(closed: PeriodPack, table: str, sql: str) -> None:
    with (
        pytest.raises(IntegrityError, match=r"period pack is never (updated|deleted)"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(sql.format(table))


def test_a_file_changed_in_the_store_is_not_handed_out(closed: PeriodPack, books: Books, signed_in: SignIn) -> None:
    row: PeriodPackFile = closed.files.get(name="journal.csv")
    with guards.suspended("test"):
        StoredFile.objects.filter(pk=row.file_id).update(content=b"other")
    answer = signed_in(books.company["AUDITOR"]).get(f"{PAGE}packs/1/journal.csv")
    assert answer.status_code == 409
    assert "is not the file that was frozen" in answer.content.decode()


def test_the_page_takes_a_constant_number_of_queries(
    closed: PeriodPack, books: Books, signed_in: SignIn, django_assert_max_num_queries: Callable
) -> None:
    client = signed_in(books.company["AUDITOR"])
    client.get(PAGE)
    with django_assert_max_num_queries(45):
        client.get(PAGE)


def test_a_month_before_the_books_begin_has_nothing_to_print(books: Books, signed_in: SignIn) -> None:
    entity, controller = books.company.entity, books.company["CONTROLLER"]
    first = entity.journal_entries.order_by("posted_on")[0].period
    empty = FiscalPeriod.objects.filter(entity=entity, starts_on__lt=first.starts_on).order_by("starts_on")[0]
    period_close(period=empty, user=controller)
    pack = PeriodPack.objects.get(period=empty)
    assert set(pack.files.values_list("name", flat=True)) == {"journal.csv", "checklist.csv", "figures.json"}
    assert not Job.objects.filter(kind="period.pack").exists()
    again = signed_in(controller).post(f"/e/north/periods/{empty.code}/packs/1/print/", follow=True)
    assert "before the books began" in again.content.decode()
    assert "PDFs" not in signed_in(controller).get(f"/e/north/periods/{empty.code}/").content.decode()
    assert not list(complaints(Tally()))
