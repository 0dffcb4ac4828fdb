"""What goes out: print, PDF, xlsx and csv say what the screen says, and nothing in them is ever run as a formula."""

from __future__ import annotations

import datetime as dt
import io
import os
import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pypdf
import pytest
import time_machine

from inventory.models import Item
from tests.posting.stock import make_lot
from tests.reports.books import opened, write_off
from tests.reports.conftest import Books, figure, figures_in, page_of, pdf_text, row_of, rows_of_csv, workbook
from writeoffs.reports import made, typesetting, views
from writeoffs.reports.exports import report_csv, report_xlsx
from writeoffs.reports.present import PAPER_LINES, cut_sentence, shown_tables, typeset_data
from writeoffs.reports.tables import Cell, Column, Kind, Report, Row, Table

SNAPSHOTS = Path(__file__).parent.parent / "snapshots"
MADE = dt.datetime(2026, 4, 3, 9, 30, tzinfo=dt.UTC)
REPORTS = ("register", "rollforward", "impact", "listing")


def report_of(*rows: Row, columns: tuple[Column, ...]) -> Report:
    table = Table("t", "Table", columns, rows)
    return Report("t", "Title", "", "North", "EUR", "en", "March 2026", "now", (table,))


def numbers_of(sheets: dict[str, list[list[Any]]]) -> set[Decimal]:
    return {
        Decimal(f"{value:.15g}")
        for rows in sheets.values()
        for row in rows
        for value in row
        if isinstance(value, int | float)
    }


@pytest.mark.parametrize("report", REPORTS)
def test_the_xlsx_has_every_figure_of_the_screen_as_a_number(books: Books, report: str) -> None:
    sheets = workbook(books.get(f"{report}.xlsx?period=2026-03"))
    numbers = numbers_of(sheets)
    for table in page_of(books.get(f"{report}/?period=2026-03")).tables.values():
        for row in table[1:]:
            for text in row[1:]:
                if figures_in(text) == {text}:
                    assert figure(text) in numbers, (report, text)


@pytest.mark.parametrize("report", REPORTS)
def test_the_csv_has_every_figure_of_the_screen(books: Books, report: str) -> None:
    cells = {cell for row in rows_of_csv(books.get(f"{report}.csv?period=2026-03")) for cell in row}
    numbers = {Decimal(cell) for cell in cells if re.fullmatch(r"-?\d+(\.\d+)?", cell)}
    for table in page_of(books.get(f"{report}/?period=2026-03")).tables.values():
        for row in table[1:]:
            for text in row[1:]:
                if figures_in(text) == {text}:
                    assert figure(text) in numbers, (report, text)


@pytest.mark.parametrize("report", REPORTS)
def test_the_pdf_has_every_figure_of_the_screen_in_its_text(books: Books, report: str) -> None:
    text = pdf_text(books.get(f"{report}.pdf?period=2026-03"))
    screen = page_of(books.get(f"{report}/?period=2026-03"))
    wanted = {
        cell for table in screen.tables.values() for row in table[1:] for cell in row if figures_in(cell) == {cell}
    }
    assert wanted
    assert wanted <= figures_in(text)


def test_the_pdf_says_whose_it_is_who_did_it_and_which_page_of_how_many(books: Books) -> None:
    lots = [make_lot(books.company.entity, f"S{n}", "5", "3", category="Lamps") for n in range(40)]
    opened(books.company, *lots, source_ref="upload:2")
    for lot in lots:
        write_off(books.company, lot, "1")
    response = books.get("register.pdf?period=2026-03")
    reader = pypdf.PdfReader(io.BytesIO(response.content))
    pages = [page.extract_text() for page in reader.pages]
    assert len(pages) > 1
    for number, text in enumerate(pages, 1):
        assert f"Page {number} of {len(pages)}" in text
        assert "North Trading" in text
        assert "March 2026" in text
        assert "Journal" in text
    for words in ("Prepared by", "Preparer north", "Approver north", "Controller north", "Date, signature"):
        assert words in pages[-1]


def test_the_pdf_is_an_archive_file_and_tagged_for_readers(books: Books) -> None:
    content = books.get("impact.pdf?period=2026-03").content
    assert b"<pdfaid:part>2</pdfaid:part>" in content
    assert b"<pdfuaid:part>1</pdfuaid:part>" in content
    catalogue = pypdf.PdfReader(io.BytesIO(content)).trailer["/Root"]
    assert catalogue["/MarkInfo"]["/Marked"]
    assert pypdf.PdfReader(io.BytesIO(content)).metadata.title == "Financial impact, North Trading, March 2026"


def test_a_sign_that_the_fonts_lack_still_gives_a_pdf(books: Books) -> None:
    Item.objects.filter(sku="LAMP").update(description="電球 💡")
    response = books.get("register.pdf?period=2026-03")
    assert response.content.startswith(b"%PDF")
    assert "1,950.00" in pdf_text(response)


def test_text_that_looks_like_typesetting_is_printed_as_it_stands(books: Books) -> None:
    Item.objects.filter(sku="LAMP").update(description='#panic("x") *bold* $1/2$')
    assert '#panic("x")' in pdf_text(books.get("register.pdf?period=2026-03")).replace("\n", " ")


def test_a_typesetter_that_fails_or_takes_too_long_says_so() -> None:
    with pytest.raises(typesetting.TypesettingFailed):
        typesetting.pdf({"tables": []})
    with pytest.raises(typesetting.TypesettingFailed, match="longer than"):
        typesetting.pdf({}, seconds=0)


def test_formula_looking_texts_are_texts_in_both_files() -> None:
    nasty = ('=HYPERLINK("http://x","y")', "+1", "-1", "@SUM(A1)", "\t=1", "http://example.org")
    columns = (Column("Text"), Column("Cost, EUR", Kind.MONEY))
    report = report_of(*(Row((Cell(text), Cell(Decimal("-1.5")))) for text in nasty), columns=columns)
    sheet = openpyxl.load_workbook(io.BytesIO(report_xlsx(report))).active
    for number, text in enumerate(nasty, 6):
        cell = sheet.cell(number, 1)
        assert (cell.data_type, cell.value, cell.hyperlink) == ("s", text, None)
        assert sheet.cell(number, 2).value == -1.5
    lines = report_csv(report).decode("utf-8-sig").splitlines()
    assert lines[1] == '"\'=HYPERLINK(""http://x"",""y"")",-1.5'
    assert all(line.lstrip('"').startswith(("'", "http")) for line in lines[1:])


def test_a_figure_of_more_than_fifteen_digits_is_kept_as_text() -> None:
    columns = (Column("Name"), Column("Cost, EUR", Kind.MONEY))
    report = report_of(Row((Cell("A"), Cell(Decimal("99999999999.9999")))), columns=columns)
    assert openpyxl.load_workbook(io.BytesIO(report_xlsx(report))).active.cell(6, 2).value == 99999999999.9999
    report = report_of(Row((Cell("A"), Cell(Decimal("1234567890123.4567")))), columns=columns)
    assert openpyxl.load_workbook(io.BytesIO(report_xlsx(report))).active.cell(6, 2).value == "1234567890123.4567"


def test_the_xlsx_says_what_it_covers_and_repeats_its_heading_on_paper(books: Books) -> None:
    response = books.get("register.xlsx?period=2026-03&reason=EXPIRY")
    sheet = openpyxl.load_workbook(io.BytesIO(response.content)).active
    assert sheet["A1"].value == "Write-off register: Write-off register"
    assert sheet["A2"].value == "North Trading · March 2026 · EUR"
    assert sheet["A3"].value.startswith("reason Expiry · made ")
    assert sheet.print_title_rows == "$5:$5"
    assert sheet.freeze_panes == "B6"
    assert sheet["C6"].value == dt.datetime(2026, 3, 16)


def test_files_are_named_after_company_report_and_days(books: Books) -> None:
    response = books.get("register.csv?period=2026-03")
    assert response["Content-Disposition"] == 'attachment; filename="north-register-2026-03.csv"'
    number = books.made["expiry"].number
    response = books.get(f"impact.csv?proposal={number}")
    assert response["Content-Disposition"] == f'attachment; filename="north-impact-{number}.csv"'


def test_a_file_name_takes_nothing_else_from_the_address(books: Books) -> None:
    response = books.get('register.csv?period=range&from=2026-03-01&to=2026-03-31&period=FY2026"%0d%0aX: y')
    assert response["Content-Disposition"] == 'attachment; filename="north-register-FY2026Xy.csv"'


def test_paper_stops_at_its_limit_and_points_to_the_spreadsheet() -> None:
    columns = (Column("Name"),)
    rows = [Row((Cell(str(n)),)) for n in range(PAPER_LINES + 3)]
    data = typeset_data(report_of(*rows, columns=columns))
    assert len(data["tables"][0]["rows"]) == PAPER_LINES
    assert data["notes"] == ["The first 5,000 lines are shown; 3 more stand in the xlsx file. The totals are of all."]
    assert cut_sentence(shown_tables(report_of(columns=columns), limit=10), 10) == ""


def test_the_register_on_paper_says_how_many_lines_it_leaves_out(books: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (views, made):
        monkeypatch.setattr(module, "PAPER_LINES", 2)
    response = books.get("register/print/?period=2026-03")
    table = page_of(response).tables["Write-off register"]
    assert len(table[2:-1]) == 2
    assert "The first 2 of 4 lines are shown" in response.content.decode()
    assert row_of(table, "Total")[14] == "2,070.00"


@pytest.mark.parametrize("report", REPORTS)
def test_the_printed_report_is_the_one_that_was_approved(books: Books, report: str) -> None:
    """Renew with SNAPSHOTS=write, and look at the difference."""
    with time_machine.travel(MADE, tick=False):
        text = books.get(f"{report}/print/?period=2026-03").content.decode()
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    found = "\n".join(lines) + "\n"
    path = SNAPSHOTS / f"{report}_print.html"
    if os.environ.get("SNAPSHOTS") == "write":
        path.parent.mkdir(exist_ok=True)
        path.write_text(found)
    assert found == path.read_text()


@pytest.mark.parametrize("report", REPORTS)
def test_the_printed_report_carries_signatures_and_repeats_whose_it_is(books: Books, report: str) -> None:
    text = books.get(f"{report}/print/?period=2026-03").content.decode()
    for words in (
        "Prepared by",
        "Approved by",
        "Posted by",
        "Date, signature",
        'class="paper-repeat"',
        "css/print.css",
    ):
        assert words in text
    assert "<nav id=" not in text


def test_what_is_filtered_in_a_drill_down_is_what_is_exported(books: Books) -> None:
    rows = rows_of_csv(books.get("movements.csv?kind=WRITE_OFF,COUNT&from=2026-03-01&to=2026-03-31"))
    assert [row[2] for row in rows[1:-1]] == ["Write-off", "Count difference", "Count difference"]
    assert rows[-1][0] == "Total"
    lines = rows_of_csv(books.get("lines.csv?role=INVENTORY&origin=OWN&leg=VOID"))
    assert [row[3] for row in lines[1:-1]] == ["Void"]
