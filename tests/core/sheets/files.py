"""Sheets made by hand for the tests: good ones, and every kind of bad one."""

from __future__ import annotations

import functools
import io
import struct
import zipfile
import zlib
from collections.abc import Sequence
from typing import Any

import xlsxwriter

HEADER = ("sku", "lot_code", "location", "quantity", "unit_cost", "received_on")
ROW = ("A-1", "L1", "WH1", 3, 12.5, "2026-01-31")


def xlsx(*rows: Sequence[Any], sheet: str = "Sheet1", hidden: str = "") -> bytes:
    """A workbook with the rows from A1; None leaves a cell out, a text beginning with "=" stays a text."""
    file = io.BytesIO()
    book = xlsxwriter.Workbook(
        file,
        {
            "in_memory": True,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "default_date_format": "yyyy-mm-dd",
        },
    )
    if hidden:
        book.add_worksheet(hidden).hide()
    page = book.add_worksheet(sheet)
    if hidden:
        page.activate()
        page.set_first_sheet()
    for r, row in enumerate(rows):
        for c, value in enumerate(row):
            if value is not None:
                page.write(r, c, value)
    book.close()
    return file.getvalue()


def xlsx_cell(reference: str, *rows: Sequence[Any]) -> bytes:
    """The rows, and one number more in the cell `reference`."""
    row = reference.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    far = f'<row r="{row}"><c r="{reference}"><v>1</v></c></row></sheetData>'.encode()
    return rewritten(xlsx(*rows), "xl/worksheets/sheet1.xml", lambda xml: xml.replace(b"</sheetData>", far))


def rewritten(content: bytes, entry: str, change: Any) -> bytes:
    """The same zip with one entry changed."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as source, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for info in source.infolist():
            data = source.read(info)
            target.writestr(info.filename, change(data) if info.filename == entry else data)
    return out.getvalue()


def with_formula(result: str, kind: str = "") -> bytes:
    """A quantity made by a formula in D2, with `result` as what the spreadsheet program kept for it."""
    cell = f'<c r="D2"{f" t={chr(34)}{kind}{chr(34)}" if kind else ""}><f>1/0</f>{result}</c>'.encode()
    return rewritten(
        xlsx(HEADER, ROW),
        "xl/worksheets/sheet1.xml",
        lambda xml: xml.replace(b'<c r="D2"><v>3</v></c>', cell),
    )


@functools.cache
def bomb(megabytes: int) -> bytes:
    """A workbook of about a thousandth of its unpacked size, whose sheet is mostly blanks.

    A flushed block of deflated blanks can be repeated: nobody has to compress the gigabyte that it stands for.
    """
    head, tail = zipfile.ZipFile(io.BytesIO(xlsx(HEADER, ROW))).read("xl/worksheets/sheet1.xml").split(b"</sheetData>")
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
    first = deflate.compress(head) + deflate.flush(zlib.Z_FULL_FLUSH)
    block = deflate.compress(b" " * 2**20) + deflate.flush(zlib.Z_FULL_FLUSH)
    last = deflate.compress(b"</sheetData>" + tail) + deflate.flush()
    packed = first + block * megabytes + last
    unpacked = len(head) + megabytes * 2**20 + len(tail) + 12
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(xlsx(HEADER, ROW))) as source, zipfile.ZipFile(out, "w") as target:
        for info in source.infolist():
            if info.filename != "xl/worksheets/sheet1.xml":
                target.writestr(info.filename, source.read(info))
        target.writestr("xl/worksheets/sheet1.xml", packed)
    content = bytearray(out.getvalue())
    local = content.find(b"PK\x03\x04", content.rfind(b"xl/worksheets/sheet1.xml", 0, content.find(packed)) - 30)
    directory = content.rfind(b"PK\x01\x02")
    for at, place in ((local, 8), (directory, 10)):
        struct.pack_into("<H", content, at + place, zipfile.ZIP_DEFLATED)
        struct.pack_into("<I", content, at + place + 14, unpacked)
    return bytes(content)


def lying(content: bytes) -> bytes:
    """The zip with every unpacked size of its directory set to 100 bytes."""
    out = bytearray(content)
    at = out.find(b"PK\x01\x02")
    while at >= 0:
        out[at + 24 : at + 28] = struct.pack("<I", 100)
        at = out.find(b"PK\x01\x02", at + 4)
    return bytes(out)


def encrypted() -> bytes:
    """What Excel writes for a password: an OLE container whose directory names EncryptedPackage."""
    directory = b"".join(
        name.encode("utf-16-le").ljust(64, b"\0") + struct.pack("<H", 2 * len(name) + 2) + bytes([kind]) + bytes(61)
        for name, kind in (("Root Entry", 5), ("EncryptionInfo", 2), ("EncryptedPackage", 2), ("", 0))
    )
    header = bytearray(512)
    header[:8] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
    struct.pack_into("<HHHHH", header, 24, 0x3E, 3, 0xFFFE, 9, 6)
    struct.pack_into("<II", header, 44, 1, 1)
    header[76:] = struct.pack("<I", 0) + b"\xff" * (512 - 80)
    table = struct.pack("<II", 0xFFFFFFFD, 0xFFFFFFFE) + b"\xff" * (512 - 8)
    return bytes(header) + table + directory


def ods(*rows: Sequence[str], errors: Sequence[tuple[int, int]] = ()) -> bytes:
    """An ods with text cells; cells in `errors` are what LibreOffice writes for a failed formula."""
    lines = []
    for r, row in enumerate(rows):
        cells = []
        for c, text in enumerate(row):
            if (r, c) in errors:
                cells.append(
                    '<table:table-cell table:formula="of:=1/0" office:value-type="string" office:string-value="" '
                    f'calcext:value-type="error"><text:p>{text}</text:p></table:table-cell>'
                )
            else:
                cells.append(f'<table:table-cell office:value-type="string"><text:p>{text}</text:p></table:table-cell>')
        lines.append(f"<table:table-row>{''.join(cells)}</table:table-row>")
    content = (
        '<?xml version="1.0" encoding="UTF-8"?><office:document-content '
        'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
        'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" '
        'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" '
        'xmlns:calcext="urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0" office:version="1.3">'
        f'<office:body><office:spreadsheet><table:table table:name="Stock">{"".join(lines)}</table:table>'
        "</office:spreadsheet></office:body></office:document-content>"
    )
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", content)
        archive.writestr(
            "META-INF/manifest.xml",
            '<?xml version="1.0"?><manifest:manifest '
            'xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
            '<manifest:file-entry manifest:full-path="/" '
            'manifest:media-type="application/vnd.oasis.opendocument.spreadsheet"/></manifest:manifest>',
        )
    return out.getvalue()


def csv(*rows: Sequence[Any], delimiter: str = ",", encoding: str = "utf-8") -> bytes:
    return "".join(delimiter.join(str(v) for v in row) + "\r\n" for row in rows).encode(encoding)
