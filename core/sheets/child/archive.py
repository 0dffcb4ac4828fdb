"""What a file is, and whether it may be opened: formats by content, sizes before parsing, error cells that calamine
hides.

calamine gives '' for a cell that shows #DIV/0! and 0.0 for a formula that was never calculated; both are found here in
the sheet's own XML, which is inflated in pieces (and counted, since a zip's directory can lie about sizes).
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.etree import ElementTree

from core.sheets.child.protocol import Refused

MAX_UNPACKED = 400 * 1024 * 1024
MAX_RATIO = 150
RATIO_FROM = 20 * 1024 * 1024
PIECE = 1 << 20
HEAD_ROWS = 60

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
PROTECTED = (
    "'{name}' is protected by a password. Remove the password (in Excel: File, Info, Protect Workbook), "
    "save it and upload it again."
)
DAMAGED = "'{name}' is damaged or was cut off: it cannot be opened. Save or export it again and upload the new file."
NO_SHEET = (
    "'{name}' is not a sheet that can be read ({what}). Expected .xlsx, .xls, .ods or .csv; "
    "open it in a spreadsheet program, save it as .xlsx and upload that."
)
KNOWN = (
    (b"%PDF", "it is a PDF"),
    (b"\x89PNG", "it is a picture"),
    (b"\xff\xd8\xff", "it is a picture"),
    (b"GIF8", "it is a picture"),
    (b"Rar!", "it is an archive"),
    (b"7z\xbc\xaf", "it is an archive"),
    (b"\x1f\x8b", "it is an archive"),
    (b"{\\rtf", "it is a text document"),
)


def form_of(path: str, start: bytes, name: str) -> str:
    """xlsx, ods, xls or text, by content and never by name. Refused for everything else."""
    for magic, what in KNOWN:
        if start.startswith(magic):
            raise Refused(NO_SHEET.format(name=name, what=what))
    if start == OLE:
        with open(path, "rb") as file:
            content = file.read()
        if "EncryptedPackage".encode("utf-16-le") in content:
            raise Refused(PROTECTED.format(name=name))
        if "Workbook".encode("utf-16-le") in content or "Book".encode("utf-16-le") in content:
            return "xls"
        raise Refused(NO_SHEET.format(name=name, what="it is an old Office document without a workbook"))
    if start.startswith(b"PK"):
        return _zip_form(path, name)
    return "text"


def _zip_form(path: str, name: str) -> str:
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError, RuntimeError) as error:
        raise Refused(DAMAGED.format(name=name)) from error
    names = {entry.filename.lstrip("/") for entry in entries}
    if any(entry.flag_bits & 1 for entry in entries):
        raise Refused(PROTECTED.format(name=name))
    _check_sizes(entries, name)
    if "xl/workbook.xml" in names:
        return "xlsx"
    if "xl/workbook.bin" in names:
        raise Refused(NO_SHEET.format(name=name, what="it is a binary workbook, .xlsb"))
    if "content.xml" in names:
        return "ods"
    if "word/document.xml" in names:
        raise Refused(NO_SHEET.format(name=name, what="it is a text document"))
    raise Refused(NO_SHEET.format(name=name, what="it is an archive without a workbook"))


def _check_sizes(entries: list[zipfile.ZipInfo], name: str) -> None:
    """The zip's own directory first: nothing is unpacked to find out that it would be too much."""
    unpacked = sum(entry.file_size for entry in entries)
    packed = sum(entry.compress_size for entry in entries)
    if unpacked > MAX_UNPACKED or (unpacked > RATIO_FROM and unpacked > MAX_RATIO * max(packed, 1)):
        raise Refused(
            f"'{name}' has {packed / 1024**2:,.1f} MB and would unpack to {unpacked / 1024**2:,.0f} MB; no stock list "
            "or "
            "count is packed like that, so it was not opened. Copy the rows to a new workbook and upload that."
        )


def pieces(path: str, entry: str, name: str) -> Iterator[bytes]:
    """An entry's bytes, inflated piece by piece; Refused past the limit or where the data is damaged."""
    total = 0
    try:
        with zipfile.ZipFile(path) as archive:
            info = archive.getinfo(entry)
            if info.compress_type != zipfile.ZIP_DEFLATED:
                with archive.open(info) as stream:
                    while piece := stream.read(PIECE):
                        yield piece
                return
        with open(path, "rb") as file:
            # Straight through zlib: zipfile's own reader spends as much again on copies and checksums.
            file.seek(info.header_offset + 26)
            lengths = file.read(4)
            file.seek(int.from_bytes(lengths[:2], "little") + int.from_bytes(lengths[2:], "little"), io.SEEK_CUR)
            inflate = zlib.decompressobj(-15)
            left = info.compress_size
            while left > 0 and not inflate.eof:
                packed = file.read(min(left, 1 << 16))
                if not packed:
                    raise zlib.error("cut off")
                left -= len(packed)
                while packed:
                    piece = inflate.decompress(packed, PIECE)
                    packed = inflate.unconsumed_tail
                    total += len(piece)
                    if total > MAX_UNPACKED:
                        raise Refused(f"'{name}' unpacks to more than {MAX_UNPACKED // 1024**2} MB. Split the list.")
                    yield piece
            if not inflate.eof:
                raise zlib.error("cut off")
    except (zlib.error, zipfile.BadZipFile, KeyError, OSError, EOFError) as error:
        raise Refused(DAMAGED.format(name=name)) from error


@dataclass(slots=True)
class Scan:
    """What the sheet's XML says beside its values. errors: (row, column), both from 0 -> what the cell shows."""

    errors: dict[tuple[int, int], str] = field(default_factory=dict)
    formulas_not_calculated: bool = False


def sheet_entry(path: str, sheet: str) -> str:
    """The entry that holds an xlsx's sheet of that name; an empty text where the workbook does not say."""
    try:
        with zipfile.ZipFile(path) as archive:
            book = ElementTree.fromstring(archive.read("xl/workbook.xml"))  # noqa: S314 - limited process, local expat
            links = ElementTree.fromstring(archive.read("xl/_rels/workbook.xml.rels"))  # noqa: S314
            names = set(archive.namelist())
    except (KeyError, ElementTree.ParseError, zipfile.BadZipFile, zlib.error, OSError, EOFError):
        return ""
    targets = {link.get("Id"): link.get("Target", "") for link in links}
    for element in book.iter():
        if element.tag.rpartition("}")[2] == "sheet" and element.get("name") == sheet:
            key = next((v for k, v in element.attrib.items() if k.rpartition("}")[2] == "id" and "}" in k), "")
            target = targets.get(key, "")
            found = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
            return found if found in names else ""
    return ""


def scan_xlsx(path: str, sheet: str, name: str) -> Scan:
    """Look once over the sheet's XML for error cells and formulas; a second look, at their places, only where there
    are."""
    scan = Scan()
    entry = sheet_entry(path, sheet)
    if not entry:
        return scan
    errors = formulas = False
    tail = b""
    for piece in pieces(path, entry, name):
        # The joint between two pieces is looked at by itself: joining whole pieces would copy every byte.
        joint = tail + piece[:16]
        errors = errors or b't="e"' in piece or b"t='e'" in piece or b't="e"' in joint
        formulas = formulas or b"<f>" in piece or b"<f " in piece or b"<f>" in joint
        tail = piece[-16:]
    if errors or formulas:
        xml = b"".join(pieces(path, entry, name))
        if errors:
            scan.errors = _error_cells(xml)
        if formulas:
            scan.formulas_not_calculated = bool(
                re.search(rb"</f>\s*(?:<v\s*/>|<v></v>|</c>)", xml)
            ) or _calculates_later(path)
    return scan


def _calculates_later(path: str) -> bool:
    with zipfile.ZipFile(path) as archive:
        return b'fullCalcOnLoad="1"' in archive.read("xl/workbook.xml")


_CELL = re.compile(rb"<(?:\w+:)?c ([^>]*?)\bt=[\"']e[\"']([^>]*)>(?:(?!</(?:\w+:)?c>).)*?<(?:\w+:)?v>([^<]*)<", re.S)
_REF = re.compile(rb"\br=[\"']([A-Z]{1,3})(\d{1,7})[\"']")


def _error_cells(xml: bytes) -> dict[tuple[int, int], str]:
    found = {}
    for match in _CELL.finditer(xml):
        reference = _REF.search(match[1] + b" " + match[2])
        if reference:
            found[int(reference[2]) - 1, column_number(reference[1].decode())] = match[3].decode("utf-8", "replace")
    return found


def column_number(letters: str) -> int:
    """A -> 0, Z -> 25, AA -> 26."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number - 1


_ODS_ERROR = re.compile(rb"calcext:value-type=[\"']error[\"']")
_TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
_CALC = "{urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0}value-type"


def scan_ods(path: str, sheet: str, name: str) -> Scan:
    """Error cells of an ods: its own mark where LibreOffice wrote it."""
    scan = Scan()
    xml = b"".join(pieces(path, "content.xml", name))
    if not _ODS_ERROR.search(xml):
        return scan
    row = column = -1
    inside = False
    for event, element in ElementTree.iterparse(io.BytesIO(xml), ("start", "end")):  # noqa: S314
        if element.tag == f"{_TABLE}table":
            inside = event == "start" and element.get(f"{_TABLE}name") == sheet
            row = -1
        elif inside and element.tag == f"{_TABLE}table-row":
            if event == "start":
                row, column = row + 1, 0
            else:
                row += int(element.get(f"{_TABLE}number-rows-repeated", "1")) - 1
                element.clear()
        elif inside and event == "end" and element.tag in (f"{_TABLE}table-cell", f"{_TABLE}covered-table-cell"):
            if element.get(_CALC) == "error":
                scan.errors[row, column] = "".join(element.itertext()) or "#ERR"
            column += int(element.get(f"{_TABLE}number-columns-repeated", "1"))
    return scan


def farthest_cell(path: str) -> str:
    """Where the widest cell of any sheet stands, like "Sheet1!XFD1048576": why a reader ran out of memory."""
    with zipfile.ZipFile(path) as archive:
        sheets = [n for n in archive.namelist() if n.startswith("xl/worksheets/") and n.endswith(".xml")]
    best, place = 0, ""
    for entry in sheets:
        for piece in pieces(path, entry, ""):
            for match in _REF.finditer(piece):
                row, column = int(match[2]), column_number(match[1].decode())
                if row * column > best and (column > 1000 or row > 1_000_000):
                    best, place = row * column, f"{match[1].decode()}{row}"
    return place


_ROW_END = re.compile(rb"</((?:\w+:)?)row>")


def head_copy(path: str, sheet: str, name: str) -> io.BytesIO | None:
    """The workbook with only the sheet's first rows, so that the columns page need not wait for all of them.

    None where the sheet is small or unusual: then the whole file is read.
    """
    entry = sheet_entry(path, sheet)
    if not entry:
        return None
    with zipfile.ZipFile(path) as archive:
        if archive.getinfo(entry).file_size < 2 * PIECE:
            return None
    start = next(pieces(path, entry, name), b"")
    ends = [match for _, match in zip(range(HEAD_ROWS), _ROW_END.finditer(start), strict=False)]
    if not ends or b"</" + ends[0][1] + b"sheetData>" in start:
        return None
    prefix = ends[0][1]
    cut = start[: ends[-1].end()] + b"</" + prefix + b"sheetData></" + prefix + b"worksheet>"
    cut = re.sub(rb"<(?:\w+:)?dimension [^>]*/>", b"", cut, count=1)
    copy = io.BytesIO()
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(copy, "w") as target:
        for info in source.infolist():
            if info.filename == entry:
                target.writestr(info.filename, cut)
            elif not info.filename.startswith("xl/worksheets/"):
                target.writestr(info.filename, source.read(info))
    copy.seek(0)
    return copy
