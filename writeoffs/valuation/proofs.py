"""The digests of inputs: of one that came by a form, in its audit event; of all that a sheet gave, over every row and
column, in the event of its commit. `manage.py verify` makes them again. Both engines give the same."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from typing import Any

from django.db import connection

from core.records import Record
from writeoffs.valuation.kinds_of_input import KINDS, InputKind

_BASE = "entered_at entered_by_id entity_id evidence_id reason source upload_id version withdrawn"
# `record` of the event of one input.
RECORDS: dict[str, Record] = {
    code: Record((kind.model,), [(f"{_BASE} {' '.join(kind.columns)}",)]) for code, kind in KINDS.items()
}

# Rows hashed together; part of the digest.
CHUNK = 5000


def upload_digest(kind: InputKind, upload_id: int) -> str:
    """SHA-256 (hex) over the inputs that the upload gave, in the order in which they were: version 1."""
    names = RECORDS[kind.code].versions[0][0]
    digest = hashlib.sha256(json.dumps([1, kind.code, upload_id, list(names)]).encode())
    days = {field.attname for field in kind.model._meta.concrete_fields if field.get_internal_type() == "DateField"}
    moment = names.index("entered_at")
    columns = ", ".join(f"cast({name} as text)" if name in days else name for name in names)
    said: dict[Any, str] = {}
    with connection.cursor() as cursor:
        cursor.execute(f"select {columns} from {kind.table} where upload_id = %s order by id", [upload_id])
        while chunk := cursor.fetchmany(CHUNK):
            told = [[*row[:moment], _moment(row[moment], said), *row[moment + 1 :]] for row in chunk]
            digest.update(json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode())
    return digest.hexdigest()


def _moment(value: dt.datetime, said: dict[Any, str]) -> str:
    """The moment in UTC; all rows of a sheet have the same one, so that it is written out once."""
    found = said.get(value)
    if found is None:
        utc = value.replace(tzinfo=dt.UTC) if value.tzinfo is None else value.astimezone(dt.UTC)
        found = said[value] = utc.isoformat()
    return found
