"""The source_refs of what sheets moved: the prefix says that no proposal stands behind it.

upload:17 is a stock list; movements:17/2026-03-05 a day of a movements sheet; history:17/2026-03-05 one of history;
fall:12 a fall that a person explained.
"""

from __future__ import annotations

from django.db.models import Q

from core.models import Upload

LIST, MOVEMENTS, HISTORY, FALL = "upload", "movements", "history", "fall"
SHEETS = (LIST, MOVEMENTS, HISTORY, FALL)


def movements_ref(upload: Upload, day: str, *, history: bool) -> str:
    return f"{HISTORY if history else MOVEMENTS}:{upload.pk}/{day}"


def prefix(source_ref: str) -> str:
    return source_ref.partition(":")[0]


def upload_id(source_ref: str) -> int | None:
    """The upload behind a reference; None where none is."""
    kind, _, rest = source_ref.partition(":")
    number = rest.partition("/")[0]
    return int(number) if kind in (LIST, MOVEMENTS, HISTORY) and number.isdigit() else None


def of_sheets(field: str = "source_ref") -> Q:
    """The rows whose source_ref is a sheet's, or what follows from one."""
    found = Q()
    for kind in SHEETS:
        found |= Q(**{f"{field}__startswith": f"{kind}:"})
    return found
