"""Papers that people attach as evidence: judged by their own bytes, not by their name."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePosixPath

from django.http import HttpResponse
from django.utils.http import content_disposition_header

from core.errors import BadInput
from core.files import file_content

_MAGIC: tuple[tuple[str, bytes, str], ...] = (
    (".pdf", b"%PDF-", "application/pdf"),
    (".png", b"\x89PNG\r\n\x1a\n", "image/png"),
    (".jpg", b"\xff\xd8\xff", "image/jpeg"),
    (".jpeg", b"\xff\xd8\xff", "image/jpeg"),
    (".xlsx", b"PK\x03\x04", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
)
_TEXT = {".csv": "text/csv", ".txt": "text/plain"}
ACCEPTED = (*(suffix for suffix, _, _ in _MAGIC), *_TEXT)
PREVIEWED = frozenset({"application/pdf", "image/png", "image/jpeg"})


@dataclass(frozen=True, slots=True)
class Paper:
    """A file as it came: name and bytes."""

    name: str
    content: bytes


def content_type_of(paper: Paper) -> str:
    """The content type that name and bytes agree on. BadInput where they do not, or where the kind is not taken."""
    suffix = PurePosixPath(paper.name.replace("\\", "/")).suffix.lower()
    for known, magic, content_type in _MAGIC:
        if suffix == known:
            if paper.content.startswith(magic) and (suffix != ".xlsx" or b"xl/" in paper.content):
                return content_type
            raise BadInput(
                f"'{paper.name}' is named {suffix} but does not contain one. Save it again as {suffix}, or choose "
                "another file."
            )
    if suffix in _TEXT:
        if _is_text(paper.content):
            return _TEXT[suffix]
        raise BadInput(f"'{paper.name}' is named {suffix} but is not plain text. Choose the text file itself.")
    raise BadInput(
        f"'{paper.name}' cannot be taken as evidence. Take a PDF, a PNG or JPEG picture, or an xlsx, csv or txt file."
    )


def _is_text(content: bytes) -> bool:
    """UTF-8 or Latin-1 without control characters; a page of markup is not a plain text."""
    if b"\x00" in content or re.match(rb"\s*<(!doctype|html|script|svg|\?xml)", content, re.IGNORECASE):
        return False
    return not re.search(rb"[\x01-\x08\x0e-\x1f]", content)


def paper_download(file_id: int, name: str) -> HttpResponse:
    """The stored paper, to be saved and never shown: whatever it holds, no page of ours runs it."""
    response = HttpResponse(file_content(file_id), content_type="application/octet-stream")
    response["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-store"
    return response
