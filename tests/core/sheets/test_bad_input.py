"""Every bad file gets a sentence and saves nothing; the process that asked stays up."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from core.models import AuditEvent, Category, Upload, UploadIssue, User
from tests.conftest import Company
from tests.core.sheets import files
from tests.core.sheets.conftest import staged_rows
from tests.core.sheets.files import HEADER, ROW, csv, xlsx

Send = Callable[..., Upload]
pytestmark = pytest.mark.django_db


def complaints(upload: Upload) -> list[tuple[str, int | None, str]]:
    return list(UploadIssue.objects.filter(upload=upload).order_by("id").values_list("code", "row", "message"))


def row(**changes: object) -> list[object]:
    return [changes.get(name, value) for name, value in zip(HEADER, ROW, strict=True)]


def one_complaint(upload: Upload) -> tuple[str, int | None, str]:
    assert upload.status == Upload.Status.REFUSED
    assert staged_rows() == 0
    assert not Category.objects.exists()
    [complaint] = UploadIssue.objects.filter(upload=upload, level="ERROR").values_list("code", "row", "message")
    return complaint


class TestFilesThatCannotBeRead:
    def refused(self, receive: Send, content: bytes, name: str = "shelf.xlsx") -> str:
        upload = receive(content, name)
        upload.refresh_from_db()
        assert upload.status == Upload.Status.FAILED
        assert upload.file.size == len(content)
        assert AuditEvent.objects.filter(subject=f"upload:{upload.pk}").exists()
        return upload.message

    def test_a_workbook_that_was_cut_off(self, receive: Send) -> None:
        content = xlsx(HEADER, *[row(lot_code=f"L{i}") for i in range(500)])
        assert "is damaged or was cut off" in self.refused(receive, content[: len(content) // 2])

    def test_a_workbook_damaged_inside(self, receive: Send) -> None:
        content = bytearray(xlsx(HEADER, *[row(lot_code=f"L{i}") for i in range(500)]))
        place = content.find(b"xl/worksheets/sheet1.xml") + 40
        content[place : place + 60] = b"\xff" * 60
        assert "damaged" in self.refused(receive, bytes(content))

    def test_a_password(self, receive: Send) -> None:
        assert "protected by a password. Remove the password" in self.refused(receive, files.encrypted())

    @pytest.mark.parametrize(
        ("content", "what"),
        [
            (b"%PDF-1.7 and more", "it is a PDF"),
            (b"\x89PNG\r\n\x1a\n" + bytes(100), "it is a picture"),
            (bytes(range(256)) * 20, "neither a workbook nor text"),
            (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "without a workbook"),
        ],
    )
    def test_another_type_whatever_its_name(self, receive: Send, content: bytes, what: str) -> None:
        message = self.refused(receive, content)
        assert what in message
        assert "Expected .xlsx, .xls, .ods or .csv" in message

    def test_an_archive_that_is_no_workbook(self, receive: Send) -> None:
        content = files.rewritten(xlsx(HEADER), "none", None).replace(b"xl/workbook.xml", b"xl/wurkbook.xml")
        assert "an archive without a workbook" in self.refused(receive, content)

    def test_no_header(self, receive: Send) -> None:
        message = self.refused(receive, xlsx(["A-1", "L1", "WH1", 3, 12.5], ["A-2", "L2", "WH1", 4, 12.5]))
        assert "No header found" in message
        assert "sku, lot_code, quantity" in message

    def test_an_empty_sheet(self, receive: Send) -> None:
        assert "is empty" in self.refused(receive, xlsx())

    def test_a_megabyte_that_unpacks_to_a_gigabyte(self, receive: Send) -> None:
        content = files.bomb(1024)
        assert len(content) < 2 * 2**20
        message = self.refused(receive, content)
        assert "would unpack to 1,024 MB" in message
        assert "was not opened" in message

    def test_a_megabyte_that_lies_about_unpacking_to_a_gigabyte(self, receive: Send) -> None:
        assert self.refused(receive, files.lying(files.bomb(1024)))

    def test_a_cell_at_the_far_end(self, receive: Send) -> None:
        message = self.refused(receive, files.xlsx_cell("XFD1048576", HEADER, ROW))
        assert "has a cell at XFD1048576, far outside the table" in message

    def test_a_quotation_mark_that_never_ends(self, checked: Send) -> None:
        content = csv(HEADER) + b'A-1,"L1' + b",x\r\n" * 60_000
        upload = checked(content, "shelf.csv")
        assert upload.status == Upload.Status.FAILED
        assert "quotation mark that is never closed" in upload.message

    def test_no_rows_below_the_header(self, checked: Send) -> None:
        upload = checked(xlsx(HEADER))
        assert upload.status == Upload.Status.REFUSED
        assert "a header and no rows below it" in upload.message

    def test_more_rows_than_may_be_read(self, checked: Send, settings: object) -> None:
        settings.SHEET_MAX_ROWS = 10  # type: ignore[attr-defined]
        for content, name in ((xlsx(HEADER, *[ROW] * 11), "shelf.xlsx"), (csv(HEADER, *[ROW] * 11), "shelf.csv")):
            upload = checked(content, name)
            assert upload.status == Upload.Status.FAILED
            assert "Split the list by location" in upload.message

    def test_more_columns_than_may_be_read(self, receive: Send) -> None:
        assert "at most 200 can be read" in self.refused(receive, xlsx([*HEADER, *map(str, range(300))], ROW))


class TestCells:
    def test_text_in_a_number(self, checked: Send) -> None:
        upload = checked(xlsx(HEADER, *[row(lot_code=f"L{i}") for i in range(212)], row(quantity="12,5o")))
        assert one_complaint(upload) == (
            "not_a_number",
            214,
            "Row 214, quantity: '12,5o' is not a number. Expected something like 12.5 or 12,5.",
        )

    def test_row_numbers_are_the_sheets_own(self, checked: Send) -> None:
        rows = [["Stock as of 31 March"], [], list(HEADER), row(), [], row(lot_code="L2", quantity="many")]
        code, number, _ = one_complaint(checked(xlsx(*rows)))
        assert (code, number) == ("not_a_number", 6)

    def test_a_negative_cost(self, checked: Send) -> None:
        code, number, message = one_complaint(checked(xlsx(HEADER, row(unit_cost=-2.5))))
        assert (code, number) == ("negative", 2)
        assert message == "Row 2, unit_cost: '-2.5' is negative. Expected zero or more."

    @pytest.mark.parametrize("value", ["1234567890.123456", "0.1234567890123456", "12345678901234567890"])
    def test_more_than_fifteen_significant_digits(self, checked: Send, value: str) -> None:
        code, _, message = one_complaint(checked(csv(HEADER, row(quantity=value)), "shelf.csv"))
        assert code == "too_many_digits"
        assert value in message

    @pytest.mark.parametrize("value", [1234567890.123456, 1234567890123456.0, 12345678901234567890.0])
    def test_more_than_fifteen_significant_digits_in_a_workbook(self, checked: Send, value: float) -> None:
        content = files.rewritten(
            xlsx(HEADER, row(quantity=3)),
            "xl/worksheets/sheet1.xml",
            lambda xml: xml.replace(b'<c r="D2"><v>3</v>', f'<c r="D2"><v>{value!r}</v>'.encode()),
        )
        code, _, message = one_complaint(checked(content))
        assert code == "too_many_digits"
        assert "more than 15 significant digits" in message

    def test_more_decimals_than_are_kept(self, checked: Send) -> None:
        code, _, message = one_complaint(checked(xlsx(HEADER, row(quantity=1.23456))))
        assert code == "too_many_decimals"
        assert "'1.23456' has 5 decimals; at most 4 are kept" in message

    def test_too_large(self, checked: Send) -> None:
        code, _, message = one_complaint(checked(xlsx(HEADER, row(quantity=123456789012))))
        assert code == "too_large"
        assert "Expected at most 100,000,000,000" in message

    def test_a_failed_formula(self, checked: Send) -> None:
        code, number, message = one_complaint(checked(files.with_formula("<v>#DIV/0!</v>", "e")))
        assert (code, number) == ("formula_error", 2)
        assert message.startswith("Row 2, quantity: '#DIV/0!' is what a failed formula shows, not a number.")

    def test_a_failed_formula_in_an_ods(self, checked: Send) -> None:
        text = [str(v) for v in row()]
        content = files.ods(HEADER, text, [*text[:1], "L2", "WH1", "#DIV/0!", "1", ""], errors=[(2, 3)])
        code, number, message = one_complaint(checked(content, "shelf.ods"))
        assert (code, number) == ("formula_error", 3)
        assert "'#DIV/0!'" in message

    def test_a_formula_nobody_calculated_is_said(self, checked: Send) -> None:
        upload = checked(files.with_formula("<v>0</v>"))
        assert ("formulas_not_calculated", None) in [(code, number) for code, number, _ in complaints(upload)]

    @pytest.mark.parametrize("name", ['=HYPERLINK("http://x.example")', "=1+1", "+cmd|' /C calc'!A0", "@SUM(A1:A9)"])
    def test_a_name_that_looks_like_a_formula(self, checked: Send, name: str) -> None:
        code, number, message = one_complaint(checked(xlsx(HEADER, row(location=name))))
        assert (code, number) == ("formula_text", 2)
        assert "looks like a formula" in message

    @pytest.mark.parametrize("name", ["-10 degrees store", "@home", "+5 V rack", "#3"])
    def test_a_name_with_a_sign_is_a_name(self, checked: Send, name: str) -> None:
        assert checked(xlsx(HEADER, row(location=name))).status == Upload.Status.CHECKED

    def test_a_text_too_long(self, checked: Send) -> None:
        code, _, message = one_complaint(checked(xlsx(HEADER, row(sku="X" * 21))))
        assert code == "too_long"
        assert "has 21 characters. Expected at most 20" in message

    @pytest.mark.parametrize("hidden", ["\x07", "\x7f", "\u202e"])
    def test_a_hidden_control_character(self, checked: Send, hidden: str) -> None:
        code, _, message = one_complaint(checked(csv(HEADER, row(sku=f"A{hidden}1")), "shelf.csv"))
        assert code == "control_characters"
        assert f"U+{ord(hidden):04X}" in message

    def test_an_empty_cell_that_must_be_filled(self, checked: Send) -> None:
        code, _, message = one_complaint(checked(xlsx(HEADER, row(quantity=None))))
        assert code == "empty"
        assert message == "Row 2, quantity: the cell is empty. Expected something like 12.5 or 12,5."

    @pytest.mark.parametrize(
        ("value", "words"),
        [
            ("31.02.2026", "not a day of the calendar"),
            ("soon", "is not a date"),
            (46112, "It may stand for 2026-03-31"),
            ("0202-01-01", "lies in the year 202"),
        ],
    )
    def test_what_is_no_date(self, checked: Send, value: object, words: str) -> None:
        code, _, message = one_complaint(checked(xlsx(HEADER, row(received_on=value))))
        assert code == "not_a_date"
        assert words in message

    def test_duplicate_lots_are_the_rooms_complaint(self, checked: Send) -> None:
        assert one_complaint(checked(xlsx(HEADER, row(), row())))[:2] == ("duplicate_lot", 3)

    def test_a_row_with_more_cells_than_the_header(self, checked: Send) -> None:
        content = csv(HEADER, row(), [*row(lot_code="L2"), "left", "over"])
        code, number, message = one_complaint(checked(content, "shelf.csv"))
        assert (code, number) == ("extra_cells", 3)
        assert "has 8 cells" in message

    def test_all_complaints_come_at_once(self, checked: Send) -> None:
        upload = checked(
            xlsx(
                HEADER,
                row(quantity="x"),
                row(unit_cost=-1),
                row(sku=None),
                row(received_on="never"),
                row(lot_code="ok"),
            )
        )
        assert [(code, number) for code, number, _ in sorted(complaints(upload), key=lambda c: c[1] or 0)] == [
            ("not_a_number", 2),
            ("negative", 3),
            ("empty", 4),
            ("not_a_date", 5),
        ]
        assert (upload.error_count, upload.row_count) == (4, 5)


@pytest.mark.database
def test_a_file_full_of_nul_is_received_and_complained_of(
    company: Company, signed_in: Callable[[User], Client]
) -> None:
    """As of a file in UTF-16 that says nothing of it: its columns are shown, its rows are refused, nothing breaks."""
    sheet = b"sku,lot_code,location,counted_quantity\nA\x00B,L\x00,MAIN,4\n"
    sheet += "n\x00ote\udcff".encode("utf-8", "surrogatepass")
    client = signed_in(company["PREPARER"])
    answer = client.post(
        "/e/north/uploads/new/count/",
        {"file": SimpleUploadedFile("count\x00.csv", sheet), "as_of": "2026-03-31T18:00"},
        follow=True,
    )
    assert answer.status_code == 200
    upload = Upload.objects.get()
    assert upload.status in (Upload.Status.REFUSED, Upload.Status.FAILED, Upload.Status.COLUMNS)
