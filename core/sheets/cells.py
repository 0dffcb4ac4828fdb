"""From a sheet's cells to exact values, a column at a time: fast where all is plain, cell by cell only where it is not.

Invariant: a converted number equals the sheet's own, digit by digit (scaled integers, see core.money); whatever cannot
be kept exactly is complained of with row, column, value and expectation, its row is marked bad, and nothing is rounded.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from core.money import MONEY_SCALE, QUANTITY_SCALE, RAW_LIMIT, UNIT_COST_SCALE
from core.sheets.kinds import Cell, Column, Issues
from core.sheets.texts import (
    EXPECTED_DATE,
    EXPECTED_NUMBER,
    MAX_DIGITS,
    Complaint,
    date_of,
    date_of_number,
    formula_error,
    is_error_cell,
    number_of,
    too_many_digits,
)

SCALES = {Cell.QUANTITY: QUANTITY_SCALE, Cell.UNIT_COST: UNIT_COST_SCALE, Cell.MONEY: MONEY_SCALE, Cell.INTEGER: 0}
EXPECTED = {
    Cell.TEXT: "Expected a text.",
    Cell.DATE: EXPECTED_DATE,
    Cell.INTEGER: "Expected a whole number.",
    Cell.QUANTITY: EXPECTED_NUMBER,
    Cell.UNIT_COST: EXPECTED_NUMBER,
    Cell.MONEY: EXPECTED_NUMBER,
}
# A spreadsheet's own arithmetic leaves 0.30000000000000004: off by a unit or so in the last place, never by more.
NOISE_ULPS = 4
_FORMULA = re.compile(r"=.*|[-+@][^\s]*[|(!].*", re.S)
# Marks that turn the direction of what follows: a text could show other than it is.
_HIDDEN = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")

Value = int | str | None


@dataclass(slots=True)
class Converter:
    """Turns one of our columns into values, chunk after chunk. heading: the sheet's own name, for the complaints."""

    column: Column
    heading: str
    decimal_mark: str
    date_order: str
    issues: Issues
    _seen: dict[Any, Value | Complaint] = field(default_factory=dict)
    _warned: set[str] = field(default_factory=set)

    def convert(self, cells: list[Any], rows: list[int], bad: set[int]) -> list[Any]:
        """Values of the cells (see kinds.Cell); positions of cells that cannot be used go to `bad`."""
        if self.column.cell is Cell.TEXT:
            values = self._texts(cells, rows, bad)
        elif self.column.cell is Cell.DATE:
            values = self._each(cells, rows, bad, self._date)
        else:
            values = self._numbers(cells, rows, bad)
        if self.column.filled:
            self._complain_of_empty(values, rows, bad)
        return values

    def _complain_of_empty(self, values: list[Any], rows: list[int], bad: set[int]) -> None:
        nothing = "" if self.column.cell is Cell.TEXT else None
        if nothing not in values:
            return
        for position, value in enumerate(values):
            if value == nothing and position not in bad:
                sentence = Complaint("empty", f"the cell is empty. {EXPECTED[self.column.cell]}")
                self._complain(position, rows, bad, "", sentence)

    def _complain(self, position: int, rows: list[int], bad: set[int], value: object, complaint: Complaint) -> None:
        bad.add(position)
        shown = f"{value:.15g}" if isinstance(value, float) else value
        message = f"Row {rows[position]}, {self.heading}: {complaint.message}"
        self.issues.error(complaint.code, rows[position], self.heading, shown, message)

    def _warn_once(self, code: str, row: int, value: object, message: str) -> None:
        if code not in self._warned:
            self._warned.add(code)
            self.issues.warning(code, row, self.heading, value, f"{self.heading}, from row {row}: {message}")

    def _each(self, cells: list[Any], rows: list[int], bad: set[int], convert: Callable[[Any], Value]) -> list[Value]:
        """Convert by distinct value: dates, names and amounts repeat, so that most cells are one look-up."""
        seen = self._seen
        if len(seen) > 200_000:
            seen.clear()
        for cell in set(cells) - seen.keys():
            try:
                seen[cell] = convert(cell)
            except Complaint as complaint:
                seen[cell] = complaint
        values = [seen[cell] for cell in cells]
        if Complaint not in set(map(type, values)):
            return values  # type: ignore[return-value]
        for position, value in enumerate(values):
            if isinstance(value, Complaint):
                self._complain(position, rows, bad, cells[position], value)
                values[position] = None
        return values  # type: ignore[return-value]

    # Numbers

    def _numbers(self, cells: list[Any], rows: list[int], bad: set[int]) -> list[Value]:
        scale = 10 ** SCALES[self.column.cell]
        types = set(map(type, cells))
        raws = None
        if types == {float}:
            raws = _floats(cells, scale)
        elif types <= {float, str}:
            texts = [cell for cell in cells if type(cell) is str]
            if not any(texts):
                raws = _floats_or_empty(cells, scale)
            elif types == {str}:
                raws = self._plain_texts(cells, scale)
        if raws is not None and self._in_range(raws):
            return raws
        return self._each(cells, rows, bad, self._number)

    def _in_range(self, raws: list[Any]) -> bool:
        known = [raw for raw in raws if raw is not None] if None in raws else raws
        low, high = min(known, default=0), max(known, default=0)
        return bool(high <= RAW_LIMIT and low >= (-RAW_LIMIT if self.column.allow_negative else 0))

    def _plain_texts(self, cells: list[str], scale: int) -> list[Value] | None:
        """Texts like -1234.5, all of them: at most 15 digits, so that a float holds each exactly enough to round to
        it."""
        joined = "\n".join(cells) + "\n"
        pattern = _PLAIN[self.decimal_mark, SCALES[self.column.cell]]
        # A cell with a line break in it would be two.
        if joined.count("\n") != len(cells) or not pattern.fullmatch(joined):
            return None
        if self.decimal_mark == ",":
            cells = joined.replace(",", ".").split("\n")[:-1]
        return [round(float(cell) * scale) if cell else None for cell in cells]

    def _number(self, cell: Any) -> Value:
        """Raw integer of one cell; None when empty. Complaint where it is no number or cannot be kept exactly."""
        if isinstance(cell, bool):
            raise Complaint("not_a_number", f"'{str(cell).upper()}' is not a number. {EXPECTED[self.column.cell]}")
        if isinstance(cell, str):
            if not cell.strip():
                return None
            return self._raw(number_of(cell, self.decimal_mark), cell)
        return self._raw(exact(cell), f"{cell:.17g}" if isinstance(cell, float) else cell)

    def _raw(self, number: Decimal, shown: object) -> int:
        scale = SCALES[self.column.cell]
        scaled = number.scaleb(scale)
        raw = int(scaled)
        if raw != scaled:
            text = f"{number:f}"
            if scale == 0:
                raise Complaint("not_whole", f"'{text}' is not a whole number. {EXPECTED[Cell.INTEGER]}")
            decimals = len(text.partition(".")[2])
            raise Complaint(
                "too_many_decimals",
                f"'{text}' has {decimals} decimals; at most {scale} are kept, and nothing is rounded in silence. "
                f"Round it in the sheet, to something like {round(number, scale):f}.",
            )
        if abs(raw) > RAW_LIMIT:
            limit = Decimal(RAW_LIMIT).scaleb(-scale)
            raise Complaint("too_large", f"'{shown}' is too large. Expected at most {limit:,f}.")
        if raw < 0 and not self.column.allow_negative:
            raise Complaint("negative", f"'{shown}' is negative. Expected zero or more.")
        return raw

    # Dates

    def _date(self, cell: Any) -> Value:
        if isinstance(cell, str):
            return date_of(cell, self.date_order) or None
        if isinstance(cell, bool):
            raise Complaint("not_a_date", f"'{str(cell).upper()}' is not a date. {EXPECTED_DATE}")
        return date_of_number(cell) or None

    # Texts

    def _texts(self, cells: list[Any], rows: list[int], bad: set[int]) -> list[Any]:
        if set(map(type, cells)) != {str}:
            cells = self._numbers_as_texts(cells, rows, bad)
        joined = "\n".join(cells)
        plain = (
            joined.count("\n") == len(cells) - 1
            and max(map(len, cells)) <= self.column.max_length
            and not any(sign in joined for sign in _SIGNS)
            and joined[:1] not in _FIRST
            and joined[-1:] != " "
            and joined.replace("\n", "").isprintable()
        )
        if plain:
            return cells
        values = self._each(cells, rows, bad, self._text)
        return ["" if value is None else value for value in values]

    def _numbers_as_texts(self, cells: list[Any], rows: list[int], bad: set[int]) -> list[str]:
        """Codes that the sheet holds as numbers: 123.0 is "123"; leading zeros are gone, which is said once."""
        texts = []
        for position, cell in enumerate(cells):
            if type(cell) is str:
                texts.append(cell)
                continue
            text = str(cell).upper() if isinstance(cell, bool) else f"{cell:.15g}"
            if not isinstance(cell, bool):
                if abs(cell) >= 10**MAX_DIGITS:
                    self._complain(position, rows, bad, f"{cell:.0f}", too_many_digits(f"{cell:.0f}"))
                self._warn_once(
                    "numbers_as_codes",
                    rows[position],
                    text,
                    f"the sheet holds numbers like {text}, not texts; leading zeros (00{text}) would be lost. If your "
                    "codes "
                    "begin with zeros, format the column as text before typing or exporting.",
                )
            texts.append(text)
        return texts

    def _text(self, cell: str) -> str:
        text = " ".join(cell.split()) if any(c in cell for c in "\n\r\t\u00a0") else cell.strip()
        if len(text) > self.column.max_length:
            raise Complaint(
                "too_long",
                f"'{text[:40]}…' has {len(text):,} characters. Expected at most {self.column.max_length}.",
            )
        hidden = next((c for c in text if unicodedata.category(c) in ("Cc", "Cs") or c in _HIDDEN), "")
        if hidden:
            raise Complaint(
                "control_characters",
                f"'{text[:40]}' holds an invisible control character (U+{ord(hidden):04X}). Delete it, or type the "
                "text again.",
            )
        if is_error_cell(text):
            raise formula_error(text, "a text")
        if _FORMULA.fullmatch(text):
            raise Complaint(
                "formula_text",
                f"'{text[:60]}' looks like a formula, not a name: a spreadsheet that opens our exports would run it. "
                f"Expected plain text, without '{text[0]}' in front.",
            )
        return text


# What may need a closer look in texts joined by line ends; all of it is rare, so that one search for each is cheap.
_SIGNS = ("\n ", " \n", "\n=", "\n+", "\n-", "\n@", "#", "Err:")
_FIRST = (" ", "=", "+", "-", "@")
# Nine digits and the scale's own: 15 at most, within which a float times the scale rounds to the very integer.
_PLAIN = {
    (mark, scale): re.compile(rf"(?:(?:-?[0-9]{{1,9}}(?:{re.escape(mark)}[0-9]{{1,{scale}}})?)?\n)*+")
    if scale
    else re.compile(r"(?:(?:-?[0-9]{1,9})?\n)*+")
    for mark in (".", ",")
    for scale in set(SCALES.values())
}


def _floats(cells: list[float], scale: int) -> list[Value] | None:
    """Raw integers, or None unless each divides back to the very float: that proves that nothing was rounded away."""
    try:
        raws = [round(cell * scale) for cell in cells]
        return raws if [raw / scale for raw in raws] == cells else None  # type: ignore[return-value]
    except (OverflowError, ValueError):
        return None


def _floats_or_empty(cells: list[Any], scale: int) -> list[Value] | None:
    try:
        raws = [None if cell == "" else round(cell * scale) for cell in cells]
        same = ["" if raw is None else raw / scale for raw in raws] == cells
        return raws if same else None
    except (OverflowError, ValueError, TypeError):
        return None


def exact(cell: float) -> Decimal:
    """The number that a spreadsheet's float stands for: its 15 significant digits. Complaint where it has more of
    them."""
    if isinstance(cell, float) and not math.isfinite(cell):
        raise Complaint("not_a_number", f"'{cell}' is not a number. {EXPECTED_NUMBER}")
    text = f"{cell:.15g}"
    if abs(cell - float(text)) > NOISE_ULPS * math.ulp(cell) or abs(cell) >= 10**MAX_DIGITS:
        raise too_many_digits(f"{cell:.17g}")
    return Decimal(text)
