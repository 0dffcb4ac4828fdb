"""Books with losses, and readers of the forms that a report goes out in."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from html.parser import HTMLParser
from typing import Any

import openpyxl
import pypdf
import pytest
from django.test import Client

from tests.conftest import Company
from tests.reports.books import company_with_losses
from writeoffs.proposals.models import Proposal


@dataclass
class Books:
    """A company with losses, its proposals by name, and an auditor's client."""

    company: Company
    made: dict[str, Proposal]
    client: Client

    def get(self, path: str) -> Any:
        """The answer of a reports address of the company: "register/?period=2026-03"."""
        response = self.client.get(f"/e/{self.company.entity.slug}/reports/{path}")
        assert response.status_code == 200, response.content[:2000]
        return response


@pytest.fixture
def books(company: Company, signed_in: Callable[..., Client]) -> Books:
    return Books(company, company_with_losses(company), signed_in(company["AUDITOR"]))


class _Tables(HTMLParser):
    """Every table of a page: caption -> rows of cell texts; and the links by their text."""

    def __init__(self) -> None:
        super().__init__()
        self.tables: dict[str, list[list[str]]] = {}
        self.links: list[tuple[str, str]] = []
        self._caption = ""
        self._row: list[str] | None = None
        self._text: list[str] | None = None
        self._href = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("caption", "th", "td"):
            self._text = []
        elif tag == "tr":
            self._row = []
        elif tag == "a":
            self._href = dict(attrs).get("href") or ""

    def handle_data(self, data: str) -> None:
        if self._text is not None:
            self._text.append(data)
        if self._href:
            self.links.append((data.strip(), self._href))

    def handle_endtag(self, tag: str) -> None:
        text = " ".join("".join(self._text or ()).split())
        if tag == "caption":
            self._caption = text
            self.tables[text] = []
        elif tag in ("th", "td") and self._row is not None:
            self._row.append(text)
        elif tag == "tr" and self._row is not None:
            self.tables.setdefault(self._caption, []).append(self._row)
            self._row = None
        elif tag == "a":
            self._href = ""
        if tag in ("caption", "th", "td"):
            self._text = None


def page_of(response: Any) -> _Tables:
    parser = _Tables()
    parser.feed(response.content.decode())
    return parser


def row_of(table: list[list[str]], first: str) -> list[str]:
    """The row that begins with a text."""
    return next(row for row in table if row[0].startswith(first))


def figure(text: str) -> Decimal:
    """(1,234.00) -> -1234; a dash is nil."""
    plain = text.replace(",", "").replace("–", "0")
    return -Decimal(plain.strip("()")) if plain.startswith("(") else Decimal(plain or "0")


def figures_in(text: str) -> set[str]:
    """Every amount with two decimals, as people read it."""
    return set(re.findall(r"\(?\d[\d,]*\.\d\d\)?", text))


def workbook(response: Any) -> dict[str, list[list[Any]]]:
    """Sheet -> rows of values, under the heading."""
    book = openpyxl.load_workbook(io.BytesIO(response.content))
    return {sheet.title: [list(row) for row in sheet.iter_rows(min_row=5, values_only=True)] for sheet in book}


def rows_of_csv(response: Any) -> list[list[str]]:
    return list(csv.reader(io.StringIO(response.content.decode("utf-8-sig"))))


def pdf_text(response: Any) -> str:
    reader = pypdf.PdfReader(io.BytesIO(response.content))
    return "\n".join(page.extract_text() for page in reader.pages)
