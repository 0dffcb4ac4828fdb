"""Files kept in the database under their SHA-256: one back-up covers all, and any process can serve any file."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import PurePosixPath

from core.errors import BadInput
from core.models import Entity, StoredFile, User
from core.records import Record

# The bytes give the SHA-256, which is among them.
FILE_COLUMNS = "content_type created_at created_by_id entity_id name sha256 size"
FILE = Record((StoredFile,), [[FILE_COLUMNS]], left_out=["content"])


def file_store(*, entity: Entity, name: str, content: bytes, content_type: str, user: User) -> StoredFile:
    """Keep the bytes once per entity. BadInput where the file is empty or larger than 25 MB."""
    if not content:
        raise BadInput(f"'{name}' is empty. Choose the file again.")
    if len(content) > StoredFile.MAX_BYTES:
        raise BadInput(
            f"'{name}' has {len(content) / 1024**2:,.0f} MB; the limit is {StoredFile.MAX_BYTES // 1024**2} MB. "
            "Split it, or save it as .xlsx instead of .csv."
        )
    stored, _ = StoredFile.objects.get_or_create(
        entity=entity,
        sha256=hashlib.sha256(content).hexdigest(),
        defaults={
            "name": PurePosixPath(name.replace("\\", "/")).name[-255:],
            "content_type": content_type[:100] or "application/octet-stream",
            "size": len(content),
            "content": content,
            "created_by": user,
        },
    )
    return stored


def file_content(file_id: int) -> bytes:
    """The bytes alone, read once and kept by nobody: a record that carried them along would hold 25 MB."""
    return bytes(StoredFile.objects.values_list("content", flat=True).get(pk=file_id))


def files_told(files: Iterable[StoredFile]) -> dict[str, dict[str, str]]:
    """What the audit event of the step that keeps the files says of their rows; `manage.py verify` compares."""
    return {"stored": {str(one.pk): FILE.digest(StoredFile.objects.filter(pk=one.pk)) for one in files}}
