"""The first step of an upload: its file is kept, its first rows are read and its columns mapped by themselves.

Invariant: what is refused keeps nothing but the file; the same file with the same key is received once.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping, Sequence
from decimal import Decimal
from itertools import zip_longest
from typing import Any

from django.db import transaction

from core import audit
from core.access import roles_in
from core.errors import DomainError, DuplicateUpload, NotAllowed
from core.files import file_store, files_told
from core.idempotency import Answer, Asked, answered, once
from core.models import Entity, Upload, User
from core.sheets import kinds
from core.sheets.formats import formats_complete
from core.sheets.kinds import SheetKind
from core.sheets.mapping import header_find, mapping_by_name, mapping_remembered
from core.sheets.moments import as_of_check
from core.sheets.reader import BadSheet, Head, file_on_disk, head_read
from core.storable import storable
from core.words import Role

Status = Upload.Status


def require(entity: Entity, user: User, roles: Sequence[Role], what: str) -> None:
    """NotAllowed unless the person has one of the roles; `what` names the step."""
    if not roles_in(entity, user) & {role.value for role in roles}:
        names = " or ".join(role.label.lower() for role in roles)
        raise NotAllowed(f"{what} needs the role {names} in {entity}. Ask a colleague who has it.")


def upload_receive(
    *,
    entity: Entity,
    kind: str,
    name: str,
    content: bytes,
    as_of: dt.datetime,
    user: User,
    content_type: str = "",
    source_report: str = "",
    control_total: Decimal | None = None,
    options: Mapping[str, Any] | None = None,
    sheet: str = "",
    key: str = "",
) -> Upload:
    """Keep the file, read its first rows and map its columns. Ends in COLUMNS, or in FAILED with a sentence.

    key: of the press; the same one with the same file, moment and options gives the upload that the first press made.

    Refuses without keeping anything: no role, a moment that has not come yet, an empty or too large file, the same
    file for the same moment committed before (DuplicateUpload), and whatever the kind's precheck refuses.
    """
    definition = kinds.kind(kind)
    require(entity, user, definition.upload_roles, f"Uploading a {definition.title.lower()}")
    as_of_check(as_of)
    name = name.replace("\\", "/").rpartition("/")[2][-255:] or "sheet"
    asked = _asked(entity, kind, name, content, as_of, source_report, control_total, dict(options or {}), sheet)
    before = answered(entity=entity, user=user, key=key, asked=asked)
    if before is not None:
        return _received_before(entity, before)
    with transaction.atomic():
        stored = file_store(entity=entity, name=name, content=content, content_type=content_type, user=user)
        upload = Upload(
            entity=entity,
            kind=kind,
            file=stored,
            file_name=name,
            as_of=as_of,
            source_report=source_report,
            control_total=control_total,
            options=dict(options or {}),
            created_by=user,
        )
        refuse_duplicate(upload)
        definition.precheck(upload)
    with file_on_disk(content) as path:
        read_head(upload, definition, path, sheet)
    answer = once(entity=entity, user=user, key=key, asked=asked, step=lambda: _receive(upload, definition))
    return _received_before(entity, answer) if answer.repeated else upload


def _asked(
    entity: Entity,
    kind: str,
    name: str,
    content: bytes,
    as_of: dt.datetime,
    source_report: str,
    control_total: Decimal | None,
    options: dict[str, Any],
    sheet: str,
) -> Asked:
    """What an upload asks for: this file of this kind for this moment, with what was said beside it. Done already: an
    upload of the same is still on its way."""
    sha256 = hashlib.sha256(content).hexdigest()
    on_its_way = Upload.objects.filter(entity=entity, kind=kind, as_of=as_of, file__sha256=sha256).exclude(
        status__in=(Status.COMMITTED, Status.FAILED, Status.DISCARDED)
    )
    body = {
        "sha256": sha256,
        "name": name,
        "as_of": as_of.astimezone(dt.UTC).isoformat(),
        "source_report": source_report,
        "control_total": control_total,
        "options": options,
        "sheet": sheet,
    }
    return Asked("upload.receive", f"sheet:{kind}", body, done_already=on_its_way.exists)


def _received_before(entity: Entity, answer: Answer) -> Upload:
    upload = Upload.objects.get(entity=entity, pk=answer.result["upload"])
    upload.entity = entity
    return upload


def _receive(upload: Upload, kind: SheetKind) -> Answer:
    upload.save()
    user, stored = upload.created_by, upload.file
    audit.record(
        entity=upload.entity,
        actor=user,
        kind="upload.received",
        subject=f"upload:{upload.pk}",
        message=(
            f"{user} uploaded {upload.file_name} as {kind.title.lower()} as of {upload.as_of:%Y-%m-%d %H:%M %Z}. "
            f"{upload.message}"
        ).strip(),
        data={"sha256": stored.sha256, "size": stored.size, "status": upload.status, **files_told([stored])},
    )
    return Answer(f"{upload.file_name} was received as upload {upload.pk}.", {"upload": upload.pk})


def refuse_duplicate(upload: Upload) -> None:
    twin = (
        Upload.objects.filter(
            entity_id=upload.entity_id,
            kind=upload.kind,
            as_of=upload.as_of,
            file__sha256=upload.file.sha256,
            status=Status.COMMITTED,
        )
        .exclude(pk=upload.pk)
        .select_related("committed_by")
        .first()
    )
    if twin:
        raise DuplicateUpload(
            f"{upload.file_name} with the same content and the same moment ({upload.as_of:%Y-%m-%d %H:%M}) was "
            "committed on "
            f"{twin.committed_at:%Y-%m-%d} by {twin.committed_by} (upload {twin.pk}). Nothing was taken in again."
        )


def read_head(upload: Upload, kind: SheetKind, path: str, sheet: str) -> None:
    """Header, sample, mapping and formats, or FAILED with the reason."""
    try:
        head = head_read(path, upload.file_name, sheet)
        if not head.rows:
            others = [other for other in head.sheets if other != head.sheet]
            hint = f" Choose another sheet: {', '.join(others)}." if others else " Is it the right file?"
            raise BadSheet(f"'{upload.file_name}'{f', sheet {head.sheet},' if head.sheet else ''} is empty.{hint}")
        header = header_find(kind, head.first_row, head.rows)
    except DomainError as error:
        upload.status, upload.message = Status.FAILED, error.message
        return
    upload.status, upload.message = Status.COLUMNS, ""
    # A file read in the wrong encoding holds NULs; the check complains of those in the rows.
    upload.sheet_name, upload.header, upload.sample = storable([head.sheet, header.names, header.sample])
    upload.formats = {
        "sheets": storable(head.sheets),
        "header_row": header.row,
        "encoding": head.encoding,
        "delimiter": head.delimiter,
        "constants": {},
        "mapped": "by name",
    }
    _map(upload, kind, head)


def _map(upload: Upload, kind: SheetKind, head: Head) -> None:
    remembered = mapping_remembered(entity=upload.entity, kind=kind, names=upload.header)
    if remembered:
        upload.mapping, formats = remembered
        chosen = {
            key: formats[key]
            for how, names in (
                ("decimal_how", ("decimal_how", "decimal_mark")),
                ("date_how", ("date_how", "date_order")),
            )
            if formats.get(how) == "chosen"
            for key in names
        }
        upload.formats |= {**chosen, "constants": formats.get("constants", {}), "mapped": "as last time"}
    else:
        upload.mapping = mapping_by_name(kind, upload.header)
    below = head.rows[upload.formats["header_row"] - head.first_row + 1 :]
    upload.formats = formats_complete(upload, kind, dict(enumerate(zip_longest(*below, fillvalue=""))))
