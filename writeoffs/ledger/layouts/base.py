"""What an ERP's layout is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from core.csvfiles import Cell
from writeoffs.ledger.models import JournalLine


@dataclass(frozen=True, slots=True)
class Field:
    """A setting that the layout needs from the entity: a company code, a journal's name."""

    name: str
    label: str
    required: bool = True
    max_length: int = 20
    help: str = ""


@dataclass(frozen=True, slots=True)
class Layout:
    """row(line, settings, place): a row of the header's columns; place counts the file's lines from 1. decimals: the
    most that the ERP takes. has_header: whether the file begins with the names of its columns. wrong(settings): a
    sentence about settings that cannot be, or ""."""

    code: str
    label: str
    header: tuple[str, ...]
    fields: tuple[Field, ...]
    row: Callable[[JournalLine, Mapping[str, str], int], tuple[Cell, ...]]
    decimals: int = 4
    has_header: bool = True
    wrong: Callable[[Mapping[str, str]], str] = lambda given: ""


def shortened(text: str, length: int) -> str:
    """Text that fits the ERP's column; the whole stands in our own journal under the entry's number."""
    return text if len(text) <= length else f"{text[: length - 1]}…"
