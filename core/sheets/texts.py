"""Reading what people type: numbers and dates as text. Pure; every refusal is a Complaint with a code and a sentence.

Invariant: nothing is rounded, guessed or cut; a number that cannot be kept exactly, digit by digit, is refused.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from decimal import Decimal

MAX_DIGITS = 15
EXPECTED_NUMBER = "Expected something like 12.5 or 12,5."
EXPECTED_DATE = "Expected something like 2026-03-31 or 31.03.2026."
ERROR_CELLS = frozenset(
    ("#DIV/0!", "#N/A", "#NAME?", "#NULL!", "#NUM!", "#REF!", "#VALUE!", "#SPILL!", "#CALC!", "#GETTING_DATA", "#ERR")
)
_ERROR_CELL = re.compile(r"#(?:DIV/0!|N/A|NAME\?|NULL!|NUM!|REF!|VALUE!|SPILL!|CALC!|GETTING_DATA|ERR)|Err:\d{3}")

_SPACES = "\u0020\u00a0\u202f\u2009"
_GROUPED = {
    ".": re.compile(rf"(?:\d{{1,3}}(?:([,'’{_SPACES}])\d{{3}})(?:\1\d{{3}})*|\d*)(?:\.\d*)?"),
    ",": re.compile(rf"(?:\d{{1,3}}(?:([.'’{_SPACES}])\d{{3}})(?:\1\d{{3}})*|\d*)(?:,\d*)?"),
}
_SCIENTIFIC = re.compile(r"[-+]?\d+(?:[.,]\d*)?[eE][-+]?\d+")


class Complaint(Exception):
    """Why a cell cannot be used: a code that groups complaints, and the rest of the sentence behind the cell's
    address."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def is_error_cell(text: str) -> bool:
    return _ERROR_CELL.fullmatch(text) is not None


def formula_error(text: str, instead: str) -> Complaint:
    return Complaint(
        "formula_error", f"'{text}' is what a failed formula shows, not {instead}. Mend the formula or type the value."
    )


def number_of(text: str, mark: str) -> Decimal:
    """The number that `text` writes with decimal mark `mark`; (1,234.50), 1,234.50- and -1,234.50 are the same."""
    body, negative = _without_sign(text.strip())
    if is_error_cell(text.strip()):
        raise formula_error(text.strip(), "a number")
    if not _GROUPED[mark].fullmatch(body) or not any(c.isdigit() for c in body):
        raise _not_a_number(text, body, mark)
    digits = "".join(c for c in body.replace(mark, "\0") if c.isdecimal() or c == "\0").replace("\0", ".")
    if not digits.isascii():
        raise Complaint("not_a_number", f"'{text}' is not a number. {EXPECTED_NUMBER}")
    if "." in digits:
        digits = digits.rstrip("0")
    if len(digits.replace(".", "").lstrip("0")) > MAX_DIGITS:
        raise too_many_digits(text)
    number = Decimal(digits if digits.strip(".") else "0")
    return -number if negative else number


def _without_sign(text: str) -> tuple[str, bool]:
    if text.startswith("(") and text.endswith(")"):
        return text[1:-1].strip(), True
    if text[:1] in ("-", "−"):
        return text[1:].lstrip(), True
    if text[-1:] in ("-", "−"):
        return text[:-1].rstrip(), True
    return (text[1:].lstrip(), False) if text[:1] == "+" else (text, False)


def _not_a_number(text: str, body: str, mark: str) -> Complaint:
    other = "," if mark == "." else "."
    if _SCIENTIFIC.fullmatch(text.strip()):
        return Complaint(
            "not_a_number",
            f"'{text}' is written with an exponent, which hides digits. Format the column as a number and export it "
            "again.",
        )
    if _GROUPED[other].fullmatch(body) and any(c.isdigit() for c in body):
        names = {".": "point", ",": "comma"}
        return Complaint(
            "decimal_mark",
            f"'{text}' is not a number with a decimal {names[mark]}, as the rest of the sheet was read. Mend it, or "
            "choose "
            f"the decimal {names[other]} on the columns page.",
        )
    return Complaint("not_a_number", f"'{text}' is not a number. {EXPECTED_NUMBER}")


def too_many_digits(text: object) -> Complaint:
    return Complaint(
        "too_many_digits",
        f"'{text}' has more than {MAX_DIGITS} significant digits, more than a spreadsheet keeps exactly. "
        "Expected a shorter number.",
    )


def decimal_mark_of(texts: Iterable[str]) -> str:
    """The decimal mark that the texts show: "." or ","; an empty text where none of them decides it."""
    points = commas = 0
    for text in texts:
        body, _ = _without_sign(text.strip())
        at_point, at_comma = body.rfind("."), body.rfind(",")
        if at_point >= 0 and at_comma >= 0:
            points, commas = points + (at_point > at_comma), commas + (at_comma > at_point)
        elif at_point >= 0:
            # 1.234 may be grouped; 12.5 and 1234.567 cannot be; 1.234.567 can be nothing else.
            if body.count(".") > 1:
                commas += 1
            elif not re.fullmatch(r"[1-9]\d{0,2}\.\d{3}", body):
                points += 1
        elif at_comma >= 0:
            if body.count(",") > 1:
                points += 1
            elif not re.fullmatch(r"[1-9]\d{0,2},\d{3}", body):
                commas += 1
    return "" if points == commas else "." if points > commas else ","


_MONTHS = {
    name: month
    for month, names in enumerate(
        (
            "jan january januar janv janvier",
            "feb february februar fevr fevrier",
            "mar march mär märz mrz mars",
            "apr april avr avril",
            "may mai",
            "jun june juni juin",
            "jul july juli juil juillet",
            "aug august aout août",
            "sep sept september septembre",
            "oct october okt oktober octobre",
            "nov november novembre",
            "dec december dez dezember décembre",
        ),
        1,
    )
    for name in names.split()
}
_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ]\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2})?)?")
_YEAR_FIRST = re.compile(r"(\d{4})[./ ](\d{1,2})[./ ](\d{1,2})")
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})")
_YEAR_LAST = re.compile(r"(\d{1,2})[./\- ](\d{1,2})[./\- ](\d{4}|\d{2})(?: \d{1,2}:\d{2}(?::\d{2})?)?")
_DAY_NAME = re.compile(r"(\d{1,2})[. \-]+([^\W\d_]{3,9})\.?[, \-]+(\d{4}|\d{2})")
_NAME_DAY = re.compile(r"([^\W\d_]{3,9})\.? (\d{1,2})(?:st|nd|rd|th)?,? (\d{4})")
_NO_DATE = re.compile(r"[0./\- ]+")


def date_of(text: str, order: str) -> str:
    """ISO text of the date that `text` writes; order DMY or MDY decides 03/04/2026. An all-zero date is no date: ""."""
    text = text.strip()
    if not text or _NO_DATE.fullmatch(text):
        return ""
    if match := _ISO.fullmatch(text) or _YEAR_FIRST.fullmatch(text) or _COMPACT.fullmatch(text):
        return _iso(text, int(match[1]), int(match[2]), int(match[3]))
    if match := _YEAR_LAST.fullmatch(text):
        day, month = (int(match[1]), int(match[2])) if order == "DMY" else (int(match[2]), int(match[1]))
        if month > 12 >= day:
            first, other = ("day", "month") if order == "DMY" else ("month", "day")
            raise Complaint(
                "date_order",
                f"'{text}' is not a date with the {first} first, as the rest of the sheet was read. Mend it, or choose "
                f"the {other} first on the columns page.",
            )
        return _iso(text, _year(match[3]), month, day)
    if (match := _DAY_NAME.fullmatch(text)) and match[2].lower() in _MONTHS:
        return _iso(text, _year(match[3]), _MONTHS[match[2].lower()], int(match[1]))
    if (match := _NAME_DAY.fullmatch(text)) and match[1].lower() in _MONTHS:
        return _iso(text, int(match[3]), _MONTHS[match[1].lower()], int(match[2]))
    if is_error_cell(text):
        raise formula_error(text, "a date")
    raise Complaint("not_a_date", f"'{text}' is not a date. {EXPECTED_DATE}")


def _year(digits: str) -> int:
    return int(digits) if len(digits) == 4 else 2000 + int(digits) if int(digits) < 80 else 1900 + int(digits)


def _iso(text: str, year: int, month: int, day: int) -> str:
    try:
        found = dt.date(year, month, day)
    except ValueError:
        raise Complaint("not_a_date", f"'{text}' is not a day of the calendar. {EXPECTED_DATE}") from None
    if year < 1900:
        raise Complaint("not_a_date", f"'{text}' lies in the year {year}. {EXPECTED_DATE}")
    return found.isoformat()


def date_of_number(number: float) -> str:
    """A date written as the number 20260331. Other numbers are refused, with the date that they may stand for."""
    text = f"{number:.15g}"
    if _COMPACT.fullmatch(text) and 1900 <= int(text[:4]) <= 2200:
        return date_of(text, "DMY")
    if number == 0:
        return ""
    hint = ""
    if 20_000 <= number <= 80_000:
        shown = dt.date(1899, 12, 30) + dt.timedelta(days=int(number))
        hint = f" It may stand for {shown.isoformat()}: format the column as a date and upload it again."
    raise Complaint("not_a_date", f"'{text}' is a number, not a date. {EXPECTED_DATE}{hint}")


def date_order_of(texts: Iterable[str]) -> str:
    """DMY or MDY as the texts show it; an empty text where all of them could be either."""
    day_first = month_first = 0
    for text in texts:
        match = _YEAR_LAST.fullmatch(text.strip())
        if match:
            day_first += int(match[1]) > 12
            month_first += int(match[2]) > 12
    return "" if day_first == month_first else "DMY" if day_first > month_first else "MDY"
