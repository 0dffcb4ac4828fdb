"""Good files of every form are read alike: which sheet, which header, which rows, which encoding."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
from django.conf import settings as django_settings

from core.models import Upload
from core.sheets import mapping, pipeline, reader
from core.sheets.child import text
from core.sheets.child.archive import column_number
from core.sheets.reader import BadSheet, Ending, file_on_disk, head_read, rows_read
from tests.conftest import Company
from tests.core.sheets import files
from tests.core.sheets.conftest import ShelfKind, staged_rows
from tests.core.sheets.files import HEADER, ROW, csv, xlsx

Send = Callable[..., Upload]
OTHER = ("A-2", "L2", "WH1", 4, 1.25, "2026-02-28")


def all_rows(content: bytes, header_row: int = 1, width: int = 6) -> list[tuple[int, list[object]]]:
    found = []
    with file_on_disk(content) as path:
        for rows, columns in rows_read(
            path, "f", sheet="", header_row=header_row, width=width, columns=list(range(width)), ending=Ending()
        ):
            found += [(row, [column[i] for column in columns]) for i, row in enumerate(rows)]
    return found


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (xlsx(HEADER, ROW, OTHER), "shelf.xlsx"),
        (files.ods(HEADER, [str(v) for v in ROW], [str(v) for v in OTHER]), "shelf.ods"),
        (csv(HEADER, ROW, OTHER), "shelf.csv"),
        (csv(HEADER, ROW, OTHER, delimiter=";"), "shelf.csv"),
        (csv(HEADER, ROW, OTHER, delimiter="\t"), "shelf.tsv"),
        (csv(HEADER, ROW, OTHER, delimiter="|"), "shelf.txt"),
        (b"sep=;\r\n" + csv(HEADER, ROW, OTHER, delimiter=";"), "shelf.csv"),
        (csv(HEADER, ROW, OTHER, encoding="utf-8-sig"), "shelf.csv"),
        (csv(HEADER, ROW, OTHER, encoding="utf-16"), "shelf.csv"),
        (csv(HEADER, ROW, OTHER, encoding="utf-16-le"), "shelf.csv"),
        (csv(HEADER, ROW, OTHER, encoding="cp1252"), "shelf.csv"),
        (xlsx(HEADER, ROW, OTHER), "named wrongly.csv"),
    ],
)
def test_every_form_gives_the_same_rows(checked: Send, content: bytes, name: str) -> None:
    upload = checked(content, name)
    assert (upload.status, upload.message) == (Upload.Status.CHECKED, "")
    assert (upload.row_count, upload.quantity_total) == (2, 7)
    assert staged_rows() == 2


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
def test_umlauts_survive_their_encoding(encoding: str) -> None:
    assert text.decode("Müller;Größe\r\n".encode(encoding), "f")[0].endswith("Müller;Größe\r\n")


def test_the_first_visible_sheet_is_read_and_another_can_be_chosen(receive: Send, company: Company) -> None:
    upload = receive(xlsx(HEADER, ROW, hidden="Secret", sheet="Stock"))
    assert (upload.sheet_name, upload.formats["sheets"]) == ("Stock", ["Stock"])
    with pytest.raises(Exception, match="has no sheet 'Secret'"):
        pipeline.upload_sheet_choose(upload=upload, user=company["PREPARER"], sheet="Secret")


def test_a_title_above_the_header_and_empty_rows_are_stepped_over(receive: Send) -> None:
    rows = [["Stock list"], ["as of", "31 March 2026"], [], [None, *HEADER], [None, *ROW], [], [None, *OTHER]]
    upload = receive(xlsx(*rows))
    assert upload.formats["header_row"] == 4
    assert upload.header == ["(column A)", *HEADER]
    assert [row for row, _ in all_rows(xlsx(*rows), header_row=4)] == [5, 7]


def test_a_table_that_starts_further_down_and_right_keeps_its_row_numbers() -> None:
    rows: list[list[object]] = [[] for _ in range(9)] + [[None, None, *HEADER], [None, None, *ROW]]
    assert all_rows(xlsx(*rows), header_row=10) == [(11, list(ROW))]


def test_a_header_in_one_language_of_its_own_is_found(shelf: ShelfKind) -> None:
    header = mapping.header_find(shelf, 3, [["Artikel", "Charge", "Menge"], ["A-1", "L1", 3.0]])
    assert (header.row, header.names) == (3, ["Artikel", "Charge", "Menge"])


def test_only_the_top_of_a_large_workbook_is_read_for_its_columns() -> None:
    content = xlsx(HEADER, *[(f"A-{i}", f"L{i}", "WH1", i, 1.5, "2026-01-31") for i in range(12_000)])
    with file_on_disk(content) as path:
        head = head_read(path, "f")
    assert head.rows[0] == list(HEADER)
    assert head.rows[40][1] == "L39"
    assert len(all_rows(content)) == 12_000


def test_dates_and_times_come_as_iso_text() -> None:
    day, moment = dt.date(2026, 3, 31), dt.datetime(2026, 3, 31, 18, 30)
    [(_, cells)] = all_rows(xlsx(HEADER, ["A-1", day, moment, 3, 1.5, "31.03.2026"]))
    assert cells[1:3] == ["2026-03-31", "2026-03-31 18:30:00"]
    assert cells[5] == "31.03.2026"


def test_a_child_that_is_killed_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "COMMAND", [reader.sys.executable, "-c", "import os; os.kill(os.getpid(), 11)"])
    with file_on_disk(xlsx(HEADER, ROW)) as path, pytest.raises(BadSheet, match="'f' could not be read"):
        head_read(path, "f")


def test_a_child_has_no_more_memory_than_it_is_given(settings: object) -> None:
    content = xlsx(HEADER, *[(f"A-{i}", f"L{i}", "WH1", i, 1.5, "2026-01-31") for i in range(20_000)])
    settings.SHEET_CHILD_MEMORY = 24 * 2**20  # type: ignore[attr-defined]
    with pytest.raises(BadSheet, match=r"memory|could not be read"):
        all_rows(content)


def test_a_reader_that_stops_early_leaves_no_child_behind() -> None:
    content = xlsx(HEADER, *[(f"A-{i}", f"L{i}", "WH1", i, 1.5, "") for i in range(10_100)])
    with file_on_disk(content) as path:
        chunks = rows_read(path, "f", sheet="", header_row=1, width=6, columns=[0], ending=Ending())
        assert len(next(chunks)[0]) == 10_000
        chunks.close()  # type: ignore[attr-defined]


def test_the_child_knows_no_django() -> None:
    command = [
        *reader.COMMAND[:4],
        f"{reader.COMMAND[4].rpartition(';')[0]}; import sys; print('django' in sys.modules)",
    ]
    done = reader.subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
    assert django_settings.SHEET_CHILD_MEMORY


def test_column_letters_count_as_in_a_spreadsheet() -> None:
    for letters, number in (("A", 0), ("Z", 25), ("AA", 26), ("XFD", 16383)):
        assert column_number(letters) == number
        assert mapping.column_letters(number) == letters
