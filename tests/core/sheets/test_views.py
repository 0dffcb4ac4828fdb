"""The upload's pages: who may open them, what they say, and the whole way by plain forms."""

from __future__ import annotations

import io
from collections.abc import Callable

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from core.models import AuditEvent, Category, Job, Upload, User
from core.sheets.kinds import Column
from tests.conftest import Company
from tests.core.sheets import files
from tests.core.sheets.conftest import ShelfKind
from tests.core.sheets.files import HEADER, ROW, csv, xlsx

Send = Callable[..., Upload]
SignIn = Callable[[User], Client]
GOOD = xlsx(HEADER, ROW)
BAD = xlsx(HEADER, ROW, ["A-2", "L2", "WH1", "12,5o", 1.5, None], ["A-3", "L3", "=1+1", 1, -1, None])


def url(name: str, company: Company, *args: object) -> str:
    return reverse(f"uploads:{name}", args=[company.entity.slug, *args])


def send(client: Client, company: Company, content: bytes, name: str = "shelf.xlsx", **fields: str) -> str:
    """Post the first step; gives the page it leads to."""
    data = {"file": SimpleUploadedFile(name, content), "as_of": "2026-03-31T18:00", **fields}
    response = client.post(url("new", company, "shelf"), data, follow=True)
    assert response.status_code in (200, 400)
    return response.content.decode()


PAGES = ("list", "new", "detail", "columns", "progress", "issues", "complaints", "template", "file")
POSTS = ("check", "commit", "discard", "sheet")


def address(name: str, company: Company, upload: Upload) -> str:
    if name == "list":
        return url(name, company)
    return url(name, company, "shelf" if name in ("new", "template") else upload.pk)


@pytest.mark.parametrize("name", [*PAGES, *POSTS])
def test_every_page_asks_who_you_are(checked: Send, company: Company, client: Client, name: str) -> None:
    upload = checked(GOOD)
    ask = client.post if name in POSTS else client.get
    response = ask(address(name, company, upload))
    assert response.status_code == 302
    assert reverse("account_login") in response["Location"]


@pytest.mark.parametrize("name", [*PAGES, *POSTS])
def test_another_companys_uploads_do_not_exist(
    checked: Send, company: Company, other_company: Company, signed_in: SignIn, name: str
) -> None:
    upload = checked(GOOD)
    client = signed_in(other_company["CONTROLLER"])
    ask = client.post if name in POSTS else client.get
    assert ask(address(name, company, upload)).status_code == 404
    if name not in ("list", "new", "template"):
        assert ask(address(name, other_company, upload)).status_code == 404


@pytest.mark.parametrize("name", POSTS)
def test_what_changes_something_is_not_done_by_a_link(
    checked: Send, company: Company, signed_in: SignIn, name: str
) -> None:
    assert signed_in(company["PREPARER"]).get(address(name, company, checked(GOOD))).status_code == 405


@pytest.mark.parametrize("name", PAGES)
def test_a_preparer_opens_every_page(checked: Send, company: Company, signed_in: SignIn, name: str) -> None:
    assert signed_in(company["PREPARER"]).get(address(name, company, checked(GOOD))).status_code == 200


def test_an_auditor_reads_and_changes_nothing(checked: Send, company: Company, signed_in: SignIn) -> None:
    upload, client = checked(GOOD), signed_in(company["AUDITOR"])
    page = client.get(address("detail", company, upload)).content.decode()
    assert "Add 1 lots" not in page
    assert "needs the role preparer or controller" in page
    assert str(company["PREPARER"]) in page
    for name in ("new", "columns"):
        assert client.get(address(name, company, upload)).status_code == 403
    for name in ("check", "discard"):
        assert client.post(address(name, company, upload)).status_code == 403
    client.post(address("commit", company, upload))
    upload.refresh_from_db()
    assert upload.status == Upload.Status.CHECKED
    assert AuditEvent.objects.filter(kind="refused", actor=company["AUDITOR"]).count() == 5


def test_an_administrator_of_users_sees_no_uploads(shelf: ShelfKind, company: Company, signed_in: SignIn) -> None:
    assert signed_in(company["ADMIN"]).get(url("list", company)).status_code == 403


def test_a_counter_sees_only_what_they_uploaded(checked: Send, company: Company, signed_in: SignIn) -> None:
    upload, client = checked(GOOD), signed_in(company["COUNTER"])
    assert "shelf.xlsx" not in client.get(url("list", company)).content.decode()
    assert client.get(address("detail", company, upload)).status_code == 404


def test_the_whole_way_by_plain_forms(shelf: ShelfKind, company: Company, signed_in: SignIn) -> None:
    client = signed_in(company["PREPARER"])
    assert "Nothing was uploaded yet" in client.get(url("list", company)).content.decode()
    page = send(client, company, GOOD, source_report="MB52 /ALL", option_scope="part", control_total="3,00")
    assert "Add 1 lots" in page
    upload = Upload.objects.get()
    assert (upload.source_report, upload.options) == ("MB52 /ALL", {"scope": "part"})
    assert "The sheet agrees with the GL control total" in page
    done = client.post(url("commit", company, upload.pk), follow=True).content.decode()
    assert "Added 1 lots." in done
    assert "/made/" in done
    assert Category.objects.count() == 1
    assert "shelf.xlsx" in client.get(url("list", company)).content.decode()


def test_the_moment_is_the_entitys_own(shelf: ShelfKind, company: Company, signed_in: SignIn) -> None:
    company.entity.time_zone = "Asia/Tokyo"
    company.entity.save()
    page = send(signed_in(company["PREPARER"]), company, GOOD)
    assert Upload.objects.get().as_of.isoformat() == "2026-03-31T09:00:00+00:00"
    assert "Mar 31, 2026, 18:00" in page


def test_columns_are_mapped_by_hand_where_they_do_not_map_by_themselves(
    shelf: ShelfKind, company: Company, signed_in: SignIn
) -> None:
    client = signed_in(company["PREPARER"])
    content = csv(("Item", "shelf", "bin", "qty"), ("A-1", "A", 1, "3"))
    page = send(client, company, content, "a.csv")
    assert "Check every row" in page
    upload = Upload.objects.get()
    assert upload.status == Upload.Status.COLUMNS
    refused = client.post(url("columns", company, upload.pk), {"map_sku_0": "0"})
    assert refused.status_code == 400
    assert "Lot, Quantity: choose the sheet" in refused.content.decode()
    fields = {"map_sku_0": "0", "map_lot_code_0": "1", "map_lot_code_1": "2", "map_quantity_0": "3"}
    page = client.post(
        url("columns", company, upload.pk), {**fields, "constant_location": "WH1"}, follow=True
    ).content.decode()
    assert "Add 1 lots" in page
    assert "shelf + bin" in page
    assert "always “WH1”" in page
    client.post(url("commit", company, upload.pk))
    assert Category.objects.get().name == "A-1 A-1"


def test_another_sheet_of_the_workbook_can_be_read(shelf: ShelfKind, company: Company, signed_in: SignIn) -> None:
    client = signed_in(company["PREPARER"])
    book = openpyxl.Workbook()
    book.active.title = "Cover"
    book.active.append(["Prepared by", "Checked by"])
    book.create_sheet("Stock").append(list(HEADER))
    book["Stock"].append(list(ROW))
    file = io.BytesIO()
    book.save(file)
    page = send(client, company, file.getvalue())
    assert "Read this sheet" in page
    upload = Upload.objects.get()
    client.post(url("sheet", company, upload.pk), {"sheet": "Stock"})
    upload.refresh_from_db()
    assert (upload.sheet_name, upload.header) == ("Stock", list(HEADER))
    wrong = client.post(url("sheet", company, upload.pk), {"sheet": "Nowhere"}, follow=True)
    assert "has no sheet &#x27;Nowhere&#x27;" in wrong.content.decode()


def test_a_refused_sheet_leads_with_its_errors_and_hands_out_its_rows(
    shelf: ShelfKind, company: Company, signed_in: SignIn
) -> None:
    client = signed_in(company["PREPARER"])
    page = send(client, company, BAD)
    assert "<title>Error: shelf.xlsx" in page
    assert "3 errors in 3 rows: nothing was taken in" in page
    assert "Row 3, quantity: &#x27;12,5o&#x27; is not a number." in page
    assert "Upload the mended file" in page
    upload = Upload.objects.get()
    listed = client.get(url("issues", company, upload.pk), {"level": "ERROR", "code": "negative"}).content.decode()
    assert "is negative" in listed
    assert "is not a number" not in listed
    sheet = openpyxl.load_workbook(io.BytesIO(client.get(url("complaints", company, upload.pk)).content)).active
    rows = list(sheet.iter_rows(values_only=True))
    assert rows[0] == (*HEADER, "Sheet row", "Complaints")
    assert rows[1][:4] == ("A-2", "L2", "WH1", "12,5o")
    assert rows[1][6] == 3
    assert "is not a number" in rows[1][7]
    assert rows[2][2] == "=1+1"
    assert sheet["C3"].data_type == "s"
    assert len(rows) == 3


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (GOOD[:2000], "is damaged or was cut off"),
        (files.encrypted(), "is protected by a password"),
        (b"%PDF-1.7", "it is a PDF"),
        (files.xlsx_cell("XFD1048576", HEADER, ROW), "has a cell at XFD1048576"),
    ],
)
def test_a_bad_file_is_a_sentence_on_the_page(
    shelf: ShelfKind, company: Company, signed_in: SignIn, content: bytes, words: str
) -> None:
    page = send(signed_in(company["PREPARER"]), company, content)
    assert words in page
    assert "The file could not be read" in page
    assert Upload.objects.get().status == Upload.Status.FAILED


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"file": ""}, "Choose the file to upload."),
        ({"as_of": ""}, "Say which moment"),
        ({"as_of": "soon"}, "Expected a date and time"),
        ({"control_total": "12,5o"}, "&#x27;12,5o&#x27; is not a number"),
        ({"as_of": "1999-01-01T10:00"}, "older than the company"),
        ({"as_of": "1989-12-31T10:00"}, "As of 1989-12-31 10:00+00:00 lies before 1990."),
        ({"as_of": "0001-01-01T00:00"}, "lies before 1990."),
        ({"as_of": "9999-12-31T23:59"}, "As of 9999-12-31 23:59 UTC has not come yet"),
        ({"file": SimpleUploadedFile("a.xlsx", b"")}, "is empty"),
    ],
)
def test_what_is_wrong_with_the_first_step_is_said_there(
    shelf: ShelfKind, company: Company, signed_in: SignIn, fields: dict[str, object], words: str
) -> None:
    client = signed_in(company["PREPARER"])
    data = {"file": SimpleUploadedFile("shelf.xlsx", GOOD), "as_of": "2026-03-31T18:00", **fields}
    response = client.post(url("new", company, "shelf"), data)
    assert response.status_code == 400
    assert words in response.content.decode()
    assert "<title>Error:" in response.content.decode()
    assert not Upload.objects.exists()


def test_the_same_file_again_is_refused_on_the_form(shelf: ShelfKind, company: Company, signed_in: SignIn) -> None:
    client = signed_in(company["PREPARER"])
    send(client, company, GOOD)
    client.post(url("commit", company, Upload.objects.get().pk))
    assert "was committed on" in send(client, company, GOOD)
    assert AuditEvent.objects.filter(kind="refused").exists()


def test_a_difference_from_the_control_total_is_ticked_before_the_commit(
    shelf: ShelfKind, company: Company, signed_in: SignIn
) -> None:
    client = signed_in(company["PREPARER"])
    page = send(client, company, GOOD, control_total="5,00")
    assert "a difference of (2.00)" in page
    upload = Upload.objects.get()
    assert "they differ by (2.00)" in client.post(url("commit", company, upload.pk), follow=True).content.decode()
    client.post(url("commit", company, upload.pk), {"difference": "seen"})
    upload.refresh_from_db()
    assert upload.status == Upload.Status.COMMITTED


def test_progress_says_how_far_and_reloads_the_page_at_the_end(
    checked: Send, company: Company, signed_in: SignIn
) -> None:
    upload, client = checked(GOOD), signed_in(company["PREPARER"])
    assert client.get(url("progress", company, upload.pk))["HX-Refresh"] == "true"
    Upload.objects.filter(pk=upload.pk).update(status=Upload.Status.CHECKING)
    Job.objects.filter(pk=upload.job_id).update(status=Job.Status.QUEUED, done=40, total=100)
    response = client.get(url("progress", company, upload.pk))
    assert "40 of 100 rows" in response.content.decode()
    assert "HX-Refresh" not in response
    page = client.get(url("detail", company, upload.pk)).content.decode()
    assert "Checking every row" in page


def test_the_template_has_our_columns_and_explains_them(shelf: ShelfKind, company: Company, signed_in: SignIn) -> None:
    client = signed_in(company["PREPARER"])
    content = client.get(url("template", company, "shelf")).content
    book = openpyxl.load_workbook(io.BytesIO(content))
    header, example = list(book.worksheets[0].iter_rows(values_only=True))
    assert header == tuple(column.name for column in shelf.columns)
    assert example[0] == "A-1"
    assert book.worksheets[1].max_row == len(shelf.columns) + 1
    assert "Add 1 lots" in send(client, company, content)
    assert isinstance(shelf.columns[0], Column)


def test_the_file_is_handed_out_as_it_came_and_only_as_a_download(
    checked: Send, company: Company, signed_in: SignIn
) -> None:
    upload = checked(GOOD, 'evil"name.html')
    response = signed_in(company["AUDITOR"]).get(url("file", company, upload.pk))
    assert response.content == GOOD
    assert response["Content-Type"] == "application/octet-stream"
    assert response["Content-Disposition"].startswith("attachment;")


def test_an_unknown_kind_is_no_page(shelf: ShelfKind, company: Company, signed_in: SignIn) -> None:
    client = signed_in(company["PREPARER"])
    for name in ("new", "template"):
        assert client.get(url(name, company, "nonsense")).status_code == 404


def test_a_list_of_many_uploads_takes_as_many_queries_as_a_short_one(
    receive: Send,
    company: Company,
    signed_in: SignIn,
    django_assert_num_queries: Callable[[int], object],
) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    client = signed_in(company["PREPARER"])
    receive(GOOD)
    with CaptureQueriesContext(
        connection,
    ) as short:
        client.get(url("list", company))
    for _ in range(5):
        receive(GOOD)
    with CaptureQueriesContext(connection) as long:
        client.get(url("list", company))
    assert len(long) == len(short)
    assert not any("content" in query["sql"].split("from")[0].lower().split('"') for query in long.captured_queries)
