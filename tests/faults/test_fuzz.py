"""Mutated sheets of every kind through the upload's pages: always an answer, never a broken page, and nothing kept of
what was refused."""

from __future__ import annotations

import io
import os
import random
import zipfile
from collections import Counter
from collections.abc import Callable
from typing import Any

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from core.models import Upload
from core.sheets import kinds
from core.sheets.kinds import SheetKind
from tests.faults.company import Company
from tests.faults.size import SEED, sized

pytestmark = [pytest.mark.faults, pytest.mark.database]
# The readers are the same on both engines; what a build tries on PostgreSQL is how rows and complaints are kept.
FILES = sized(120 if "DATABASE_URL" not in os.environ else 40, 500, "FILES")
VALUES = (
    "", " ", "0", "-1", "-0", "1e400", "NaN", "inf", "1.234,56", "(1,234.00)", "12,5o", "=1+1", "#REF!", "9" * 40, "٣٤",
    "½", "2026-02-30", "31.12.2026", "12/31/2026", "0001-01-01", "9999-12-31", "<script>", "a" * 4000, "\u202e", "😀",
    "'; drop table", "TRUE", "None", "1\n2", "é" * 200, "1 000", "-922337203685477.5808", "922337203685477.5807",
    "0.00000001",
)  # fmt: skip
Rows = list[list[str]]
HOST = {"Host": "localhost"}


def valid(kind: SheetKind) -> Rows:
    """The kind's own example, a few times over, as its template shows it."""
    lines = ([c.example + (str(number) if c.joins else "") for c in kind.columns] for number in range(1, 6))
    return [[column.name for column in kind.columns], *lines]


# Mutations of the table


def cell(dice: random.Random, rows: Rows) -> Rows:
    for _ in range(dice.randint(1, 6)):
        row = dice.choice(rows)
        if row:
            row[dice.randrange(len(row))] = dice.choice(VALUES)
    return rows


def ragged(dice: random.Random, rows: Rows) -> Rows:
    row = dice.choice(rows)
    del row[dice.randrange(len(row) + 1) :]
    rows.insert(dice.randrange(len(rows) + 1), [dice.choice(VALUES) for _ in range(dice.randint(0, 60))])
    return rows


def twice(dice: random.Random, rows: Rows) -> Rows:
    rows.append(list(dice.choice(rows)))
    return rows


def columns(dice: random.Random, rows: Rows) -> Rows:
    order = list(range(len(rows[0])))
    dice.shuffle(order)
    kept = order[: dice.randint(0, len(order))]
    return [[row[number] for number in kept if number < len(row)] for row in rows]


def headless(dice: random.Random, rows: Rows) -> Rows:
    return rows[1:] if dice.random() < 0.5 else [["Stock of the month"], [], *rows]


# Mutations of the bytes


def as_csv(dice: random.Random, rows: Rows) -> bytes:
    mark = dice.choice([",", ";", "\t", "|"])
    text = "\n".join(mark.join(f'"{value}"' if dice.random() < 0.2 else value for value in row) for row in rows)
    return text.encode(dice.choice(["utf-8", "utf-8-sig", "utf-16", "cp1252"]), "replace")


def as_xlsx(dice: random.Random, rows: Rows) -> bytes:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append([_typed(dice, "".join(c for c in value if c >= " ")[:32000]) for value in row])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _typed(dice: random.Random, value: str) -> Any:
    try:
        return float(value) if dice.random() < 0.5 and abs(float(value)) < 1e300 else value
    except ValueError:
        return value


def bytes_changed(dice: random.Random, content: bytes) -> bytes:
    mutated = bytearray(content)
    for _ in range(dice.randint(1, 20)):
        if mutated:
            mutated[dice.randrange(len(mutated))] = dice.randrange(256)
    return bytes(mutated)


def cut(dice: random.Random, content: bytes) -> bytes:
    return content[: dice.randrange(len(content) + 1)]


def part_swapped(dice: random.Random, content: bytes) -> bytes:
    """A workbook of which one part was changed, in a zip that is whole."""
    if not zipfile.is_zipfile(io.BytesIO(content)):
        return bytes_changed(dice, content)
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w") as new:
        names = old.namelist()
        chosen = dice.choice(names)
        for name in names:
            data = old.read(name)
            new.writestr(name, bytes_changed(dice, data) if name == chosen else data)
    return out.getvalue()


TABLES: tuple[Callable[[random.Random, Rows], Rows], ...] = (cell, cell, cell, ragged, twice, columns, headless)
BYTES: tuple[Callable[[random.Random, bytes], bytes], ...] = (bytes_changed, cut, part_swapped)
NAMES = ("sheet.csv", "sheet.xlsx", "sheet.xls", "sheet.ods", "sheet.txt", "sheet", "../../sheet.csv", "sheet.pdf")


def fuzzed(dice: random.Random, kind: SheetKind) -> tuple[str, bytes]:
    rows = valid(kind)
    for _ in range(dice.randint(0, 2)):
        rows = dice.choice(TABLES)(dice, rows) or [[""]]
    workbook = dice.random() < 0.5
    content = (as_xlsx if workbook else as_csv)(dice, rows)
    name = "sheet.xlsx" if workbook else "sheet.csv"
    if dice.random() < 0.35:
        content = dice.choice(BYTES)(dice, content)
    if dice.random() < 0.1:
        name = dice.choice(NAMES)
    return name, content


def client_for(north: Company, kind: SheetKind) -> Client:
    role = next(role for role in (*kind.upload_roles,) if role in north.people)
    client = Client(raise_request_exception=False)
    client.force_login(north[role], backend="django.contrib.auth.backends.ModelBackend")
    return client


def test_a_fuzzed_file_always_has_an_answer(
    north: Company, capsys: pytest.CaptureFixture[str], record_property: Callable[[str, object], None]
) -> None:
    every = sorted(kinds.kinds_all(), key=lambda kind: kind.code)
    ends: Counter[str] = Counter()
    for number in range(FILES):
        kind = every[number % len(every)]
        dice = random.Random(f"{SEED}-{number}")
        name, content = fuzzed(dice, kind)
        where = f"seed {SEED}, file {number}, {kind.code}, {name}"
        ends[send(north, kind, name, content, where)] += 1
    record_property(f"fuzzed files, seed {SEED}", f"{FILES} of {len(every)} kinds")
    with capsys.disabled():
        print(f"\nseed {SEED}: {FILES} files of {len(every)} kinds: {dict(ends)}")  # noqa: T201


def send(north: Company, kind: SheetKind, name: str, content: bytes, where: str) -> str:
    """Through the pages as a person would; where it ended."""
    client, before = client_for(north, kind), Upload.objects.count()
    form = {"file": SimpleUploadedFile(name, content), "as_of": "2026-03-31T18:00"}
    for option in kind.options:
        choices = option.choices_of(north.entity) if option.choices_of else option.choices
        form[f"option_{option.name}"] = choices[-1][0] if choices else ""
    answer = client.post(reverse("uploads:new", args=["north", kind.code]), form, headers=HOST)
    assert answer.status_code in (302, 400, 409), f"{where}: {answer.status_code}"
    if answer.status_code != 302:
        assert Upload.objects.count() == before, where
        assert "Error:" in answer.content.decode(), where
        return "refused"
    page = client.get(answer["Location"], headers=HOST, follow=True)
    assert page.status_code == 200, f"{where}: {page.status_code}"
    upload = Upload.objects.order_by("-pk")[0]
    if upload.status in ("REFUSED", "FAILED", "CHECKED"):
        assert "did not foresee" not in page.content.decode(), f"{where}: {upload.message}"
        issues = client.get(reverse("uploads:issues", args=["north", upload.pk]), headers=HOST)
        assert issues.status_code == 200, where
    if upload.header:
        book = client.get(reverse("uploads:complaints", args=["north", upload.pk]), headers=HOST)
        assert book.status_code == 200, where
    return str(upload.status)
