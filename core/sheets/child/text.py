"""Text tables (csv, with commas, semicolons, tabs or bars): encoding and delimiter by content, rows as in a
workbook."""

from __future__ import annotations

import csv
import io
from collections import Counter
from itertools import islice
from typing import Any, BinaryIO

from core.sheets.child import archive
from core.sheets.child.protocol import Refused, write_frame
from core.sheets.child.workbook import CHUNK, HEAD, columns_of, without_empty

DELIMITERS = (",", ";", "\t", "|")


def read(request: dict[str, Any], out: BinaryIO) -> None:
    name = request["name"]
    with open(request["path"], "rb") as file:
        content = file.read()
    text, encoding = decode(content, name)
    del content
    text, delimiter = delimiter_of(text)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        if request["mode"] == "head":
            _head(reader, {"encoding": encoding, "delimiter": delimiter}, request, out)
        else:
            _rows(reader, request, out)
    except csv.Error as error:
        raise Refused(
            f"'{name}' cannot be read as a table: line {reader.line_num:,}: {error}. A quotation mark that is never "
            "closed "
            "is the usual cause; export the list again."
        ) from error


def decode(content: bytes, name: str) -> tuple[str, str]:
    """The text and the name of its encoding: UTF-8, UTF-16 or Windows-1252. Refused for bytes that are no text."""
    for mark, encoding in ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if content.startswith(mark):
            return _decoded(content, encoding, name), encoding
    sample = content[:4096]
    if b"\0" in sample:
        if sample[1::2].count(0) > len(sample) // 3:
            return _decoded(content, "utf-16-le", name), "utf-16-le"
        if sample[0::2].count(0) > len(sample) // 3:
            return _decoded(content, "utf-16-be", name), "utf-16-be"
        raise Refused(archive.NO_SHEET.format(name=name, what="it is neither a workbook nor text"))
    try:
        return content.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        return _decoded(content, "cp1252", name), "cp1252"


def _decoded(content: bytes, encoding: str, name: str) -> str:
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        raise Refused(
            f"'{name}' is not text in UTF-8, UTF-16 or Windows-1252 (byte {error.start:,}). Save it as CSV UTF-8, or "
            "as .xlsx."
        ) from error


def delimiter_of(text: str) -> tuple[str, str]:
    """The text without a leading "sep=;" line, and the delimiter that cuts its first lines into the most even
    columns."""
    first, _, rest = text.partition("\n")
    if first.lower().startswith("sep=") and len(first.rstrip("\r")) == 5:
        return rest, first[4]
    sample = text[:20_000]
    best, best_score = ",", 0.0
    for delimiter in DELIMITERS:
        try:
            rows = [row for row in islice(csv.reader(io.StringIO(sample), delimiter=delimiter), 20) if row]
        except csv.Error:
            continue
        width, count = Counter(map(len, rows)).most_common(1)[0] if rows else (1, 0)
        score = (width - 1) * count / max(len(rows), 1)
        if score > best_score:
            best, best_score = delimiter, score
    return text, best


def _head(reader: Any, seen: dict[str, Any], request: dict[str, Any], out: BinaryIO) -> None:
    rows = list(islice(reader, HEAD))
    width = max(map(len, rows), default=0)
    if width > request["max_columns"]:
        raise Refused(
            f"'{request['name']}' has {width:,} columns; at most {request['max_columns']} can be read. Is it a table?"
        )
    # Not made equally long: the header's own length says which rows have cells too many.
    filled = rows if any(v for row in rows for v in row) else []
    write_frame(out, ("head", {"sheets": [], "sheet": "", "first_row": 1, "rows": filled, **seen}))


def _rows(reader: Any, request: dict[str, Any], out: BinaryIO) -> None:
    """Rows behind the header; `ragged` of the end frame names rows with more filled cells than the header has."""
    header_row, width = request["header_row"], request["width"]
    for _ in islice(reader, header_row):
        pass
    write_frame(out, ("begin", 0))
    at, ragged = header_row, []
    while part := list(islice(reader, CHUNK)):
        numbers = list(range(at + 1, at + 1 + len(part)))
        at += len(part)
        if at - header_row > request["max_rows"]:
            raise Refused(
                f"'{request['name']}' has more than {request['max_rows']:,} rows; at most that many can be read at "
                "once. "
                "Split the list by location and upload the parts."
            )
        if set(map(len, part)) != {width}:
            ragged += [(n, len(row)) for n, row in zip(numbers, part, strict=True) if any(row[width:])]
            part = [row[:width] + [""] * (width - len(row)) for row in part]
        numbers, part = without_empty(numbers, part)
        if part:
            write_frame(out, ("rows", numbers, columns_of(part, request["columns"])))
    write_frame(out, ("end", {"formulas_not_calculated": False, "ragged": ragged[:1000]}))
