"""Evidence for the demo: a one-page PDF and a small picture, written byte by byte, the same every time. Pure."""

from __future__ import annotations

import struct
import zlib


def pdf(title: str, *lines: str) -> bytes:
    """One A4 page of text in a font that every reader has."""
    text = [f"BT /F1 16 Tf 60 770 Td ({_escaped(title)}) Tj ET"]
    for place, line in enumerate(lines):
        text.append(f"BT /F1 11 Tf 60 {730 - 18 * place} Td ({_escaped(line)}) Tj ET")
    stream = "\n".join(text).encode("latin-1")
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R "
        b"/Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    out = b"%PDF-1.4\n"
    places = []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    size = len(objects) + 1
    return out + b"xref\n0 %d\n0000000000 65535 f \n%strailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (
        size,
        table,
        size,
        len(out),
    )


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")


def picture(width: int = 320, height: int = 200) -> bytes:
    """A PNG of shelves with one of them bent: enough to see that a preview works."""
    rows = bytearray()
    for y in range(height):
        rows.append(0)
        for x in range(width):
            bent = x > width // 2 and abs(y - 100 - (x - width // 2) // 4) < 5
            shelf = y % 50 < 6 and not (x > width // 2 and 94 < y < 112)
            box = (x // 32 + y // 50) % 3 == 0 and 14 < y % 50 < 48
            rows += bytes(
                (150, 60, 50) if bent else (90, 95, 100) if shelf else (190, 150, 100) if box else (228, 230, 232)
            )
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + _chunk(b"IHDR", header)
        + _chunk(b"IDAT", zlib.compress(bytes(rows), 9))
        + _chunk(b"IEND", b"")
    )


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
