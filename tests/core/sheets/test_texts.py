"""Numbers and dates as people type them: read exactly, or refused with a sentence; never rounded, never guessed."""

from __future__ import annotations

import datetime as dt
import math
import unicodedata
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.sheets import texts
from core.sheets.cells import Converter, exact
from core.sheets.kinds import Cell, Column, Issues
from core.sheets.texts import Complaint, date_of, date_order_of, decimal_mark_of, number_of


def converter(cell: Cell = Cell.QUANTITY, mark: str = ".", order: str = "DMY", **fields: object) -> Converter:
    return Converter(Column("quantity", "Quantity", cell, **fields), "qty", mark, order, Issues())  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "mark", "number"),
    [
        ("12.5", ".", "12.5"),
        ("12,5", ",", "12.5"),
        ("1,234.50", ".", "1234.5"),
        ("1.234,50", ",", "1234.5"),
        ("1 234,50", ",", "1234.5"),
        ("1\u00a0234,50", ",", "1234.5"),
        ("1\u202f234\u202f567,5", ",", "1234567.5"),
        ("1'234'567.25", ".", "1234567.25"),
        ("(1,234.50)", ".", "-1234.5"),
        ("1,234.50-", ".", "-1234.5"),
        ("-3", ".", "-3"),
        ("\u22123", ".", "-3"),
        ("+3", ".", "3"),
        (".5", ".", "0.5"),
        ("5.", ".", "5"),
        (" 7 ", ".", "7"),
        ("12.50000000000000000000", ".", "12.5"),
        ("000000000000000000012", ".", "12"),
        ("0", ".", "0"),
        ("0.000", ".", "0"),
    ],
)
def test_what_is_a_number(text: str, mark: str, number: str) -> None:
    assert number_of(text, mark) == Decimal(number)


@pytest.mark.parametrize(
    ("text", "mark", "code"),
    [
        ("12,5", ".", "decimal_mark"),
        ("1.234.567", ".", "decimal_mark"),
        ("12.5", ",", "decimal_mark"),
        ("1,23,456", ".", "not_a_number"),
        ("1,234 567", ".", "not_a_number"),
        ("12,5o", ".", "not_a_number"),
        ("twelve", ".", "not_a_number"),
        ("--3", ".", "not_a_number"),
        ("(-3)", ".", "not_a_number"),
        ("1_000", ".", "not_a_number"),
        ("1e5", ".", "not_a_number"),
        ("nan", ".", "not_a_number"),
        ("inf", ".", "not_a_number"),
        ("0x10", ".", "not_a_number"),
        ("12 EUR", ".", "not_a_number"),
        ("-", ".", "not_a_number"),
        (".", ".", "not_a_number"),
        ("\u0663", ".", "not_a_number"),
        ("#DIV/0!", ".", "formula_error"),
        ("#N/A", ",", "formula_error"),
        ("1234567890123456", ".", "too_many_digits"),
        ("0.1234567890123456", ".", "too_many_digits"),
    ],
)
def test_what_is_no_number(text: str, mark: str, code: str) -> None:
    with pytest.raises(Complaint) as caught:
        number_of(text, mark)
    assert caught.value.code == code
    assert f"'{text}'" in caught.value.message


@pytest.mark.parametrize(
    ("samples", "mark"),
    [
        (["12.5"], "."),
        (["12,5"], ","),
        (["1,234.5"], "."),
        (["1.234,5"], ","),
        (["1,234"], ""),
        (["1.234"], ""),
        (["0.125"], "."),
        (["0,125"], ","),
        (["1,234,567"], "."),
        (["1.234.567"], ","),
        (["1,234", "12,50"], ","),
        (["12", "(3)"], ""),
        ([], ""),
    ],
)
def test_the_decimal_mark_is_seen_only_where_it_shows(samples: list[str], mark: str) -> None:
    assert decimal_mark_of(samples) == mark


@pytest.mark.parametrize(
    ("text", "order", "date"),
    [
        ("2026-03-31", "DMY", "2026-03-31"),
        ("2026-3-1", "DMY", "2026-03-01"),
        ("2026/03/31", "MDY", "2026-03-31"),
        ("2026-03-31T12:30:00", "DMY", "2026-03-31"),
        ("2026-03-31 12:30:00.5", "DMY", "2026-03-31"),
        ("31.03.2026", "DMY", "2026-03-31"),
        ("31/3/26", "DMY", "2026-03-31"),
        ("03/04/2026", "DMY", "2026-04-03"),
        ("03/04/2026", "MDY", "2026-03-04"),
        ("31.12.1999", "DMY", "1999-12-31"),
        ("31.12.85", "DMY", "1985-12-31"),
        ("20260331", "DMY", "2026-03-31"),
        ("31-Mar-2026", "DMY", "2026-03-31"),
        ("31. März 2026", "DMY", "2026-03-31"),
        ("Mar 31, 2026", "MDY", "2026-03-31"),
        ("31.12.9999", "DMY", "9999-12-31"),
        ("29.02.2028", "DMY", "2028-02-29"),
        ("00.00.0000", "DMY", ""),
        ("0000-00-00", "DMY", ""),
        ("", "DMY", ""),
    ],
)
def test_what_is_a_date(text: str, order: str, date: str) -> None:
    assert date_of(text, order) == date


@pytest.mark.parametrize(
    ("text", "order", "code"),
    [
        ("03/31/2026", "DMY", "date_order"),
        ("31/03/2026", "MDY", "date_order"),
        ("29.02.2026", "DMY", "not_a_date"),
        ("2026-13-01", "DMY", "not_a_date"),
        ("soon", "DMY", "not_a_date"),
        ("March 2026", "DMY", "not_a_date"),
        ("0202-03-31", "DMY", "not_a_date"),
        ("#VALUE!", "DMY", "formula_error"),
    ],
)
def test_what_is_no_date(text: str, order: str, code: str) -> None:
    with pytest.raises(Complaint) as caught:
        date_of(text, order)
    assert caught.value.code == code


def test_the_order_of_dates_is_seen_only_where_it_shows() -> None:
    assert date_order_of(["03/04/2026", "31/04/2026"]) == "DMY"
    assert date_order_of(["03/04/2026", "03/31/2026"]) == "MDY"
    assert date_order_of(["03/04/2026", "2026-03-31"]) == ""


def test_a_date_as_a_number_is_read_or_named() -> None:
    assert texts.date_of_number(20260331.0) == "2026-03-31"
    with pytest.raises(Complaint, match="It may stand for 2026-03-31"):
        texts.date_of_number(46112.0)


@given(st.integers(-(10**15), 10**15), st.sampled_from([".", ","]), st.booleans())
def test_every_amount_that_can_be_kept_is_read_exactly(raw: int, mark: str, grouped: bool) -> None:
    text = f"{Decimal(raw).scaleb(-4):{',' if grouped else ''}.4f}"
    if mark == ",":
        text = text.replace(",", "\0").replace(".", ",").replace("\0", ".")
    if abs(raw) == 10**15:
        assert len(text.lstrip("-").replace(".", "").replace(",", "")) == 16
    assert number_of(text, mark) == Decimal(raw).scaleb(-4)


@given(st.lists(st.integers(-(10**15) + 1, 10**15 - 1), min_size=1, max_size=30))
def test_floats_give_back_the_number_that_was_typed(raws: list[int]) -> None:
    """A spreadsheet keeps the nearest float of what was typed: the raw integer must come back, digit by digit."""
    for cell, scale in ((Cell.QUANTITY, 4), (Cell.UNIT_COST, 6)):
        cells = [float(Decimal(raw).scaleb(-scale)) for raw in raws]
        bad: set[int] = set()
        assert converter(cell).convert(cells, list(range(len(raws))), bad) == raws
        assert not bad


@given(st.lists(st.one_of(st.integers(-(10**13), 10**13), st.none()), min_size=1, max_size=30))
def test_texts_empties_and_numbers_agree_whichever_way_they_are_read(raws: list[int | None]) -> None:
    words = ["" if raw is None else f"{Decimal(raw).scaleb(-4):f}" for raw in raws]
    mixed = [word if i % 2 or word == "" else float(word) for i, word in enumerate(words)]
    for cells in (words, mixed, [f" {word}" for word in words]):
        bad: set[int] = set()
        assert converter().convert(list(cells), list(range(len(cells))), bad) == raws
        assert not bad


@given(st.floats(allow_nan=True, allow_infinity=True))
def test_any_float_is_kept_exactly_or_complained_of(value: float) -> None:
    issues = Issues()
    column = Column("quantity", "Quantity", Cell.QUANTITY)
    bad: set[int] = set()
    [raw] = Converter(column, "qty", ".", "DMY", issues).convert([value], [7], bad)
    if bad:
        assert raw is None
        assert issues.errors == 1
        assert issues.kept[0][5].startswith("Row 7, qty: ")
    else:
        # Not further off than a spreadsheet's own arithmetic is.
        assert math.isclose(raw / 10**4, value, rel_tol=2e-15, abs_tol=0)


@given(st.text(max_size=40))
def test_any_text_is_read_or_complained_of(text: str) -> None:
    for cell in Cell:
        for mark in (".", ","):
            issues, bad = Issues(), set()
            column = Column("x", "X", cell, max_length=30)
            [value] = Converter(column, "x", mark, "MDY", issues).convert([text], [2], bad)
            assert bool(bad) == bool(issues.errors)
            if cell is Cell.TEXT and not bad:
                assert not any(unicodedata.category(c) in ("Cc", "Cs") for c in value)
                assert value == value.strip()
                assert not value.startswith("=")


@given(st.dates(dt.date(1900, 1, 1)))
def test_every_date_is_read_in_every_way_it_is_written(date: dt.date) -> None:
    for order, patterns in (("DMY", ("%d.%m.%Y", "%d/%m/%Y", "%d-%b-%Y")), ("MDY", ("%m/%d/%Y", "%b %d, %Y"))):
        for pattern in ("%Y-%m-%d", "%Y%m%d", *patterns):
            text = date.strftime(pattern).replace("%Y", f"{date.year:04}")
            assert date_of(text, order) == date.isoformat()


def test_a_spreadsheets_own_rounding_noise_is_not_held_against_it() -> None:
    assert exact(0.1 + 0.2) == Decimal("0.3")
    assert exact(1.1 * 3) == Decimal("3.3")
    with pytest.raises(Complaint):
        exact(123456789012.12345)


def test_codes_stored_as_numbers_lose_nothing_else_and_are_said_once() -> None:
    issues = Issues()
    text = Converter(Column("sku", "SKU", Cell.TEXT), "item", ".", "DMY", issues)
    assert text.convert([123.0, "00124", 1.5, True], [2, 3, 4, 5], set()) == ["123", "00124", "1.5", "TRUE"]
    assert text.convert([125.0], [6], set()) == ["125"]
    assert issues.by_code == {("WARNING", "numbers_as_codes"): 1}
    assert "leading zeros" in issues.kept[0][5]


def test_a_code_of_more_digits_than_a_spreadsheet_keeps_is_refused() -> None:
    bad: set[int] = set()
    converter(Cell.TEXT).convert([4006381333931234567.0], [2], bad)
    assert bad == {0}


def test_blanks_around_and_line_ends_inside_a_text_are_not_kept() -> None:
    cells = [" A 1 ", "two\nlines", "no\u00a0break", "tab\there", "plain"]
    assert converter(Cell.TEXT).convert(cells, list(range(5)), set()) == [
        "A 1",
        "two lines",
        "no break",
        "tab here",
        "plain",
    ]


def test_a_whole_number_is_asked_for_where_it_must_be_one() -> None:
    issues = Issues()
    bad: set[int] = set()
    year = Converter(Column("year", "Year", Cell.INTEGER), "year", ".", "DMY", issues)
    assert year.convert([2026.0, "2027", 1.5, ""], [2, 3, 4, 5], bad) == [2026, 2027, None, None]
    assert issues.kept[0][5] == "Row 4, year: '1.5' is not a whole number. Expected a whole number."
