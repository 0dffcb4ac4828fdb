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

# The columns by version, in the order in which they are hashed (core/records.py): one that comes later is a further
# version, of upload_digest too, and what was kept before is proved as it was.
_BASE = "entered_at entered_by_id entity_id evidence_id reason source upload_id version withdrawn"
_AGREED = "quantity price currency starts_on ends_on"
_VERSIONS: dict[str, list[str]] = {
    "price": [
        f"{_BASE} item_id lot_id as_of currency selling_price cost_to_complete cost_to_sell nrv replacement_cost "
        "normal_profit excess_recoverable offered_on recovers_in_year"
    ],
    "contract": [f"{_BASE} reference item_id customer {_AGREED} cost_to_complete cost_to_sell"],
    "commitment": [f"{_BASE} reference item_id supplier {_AGREED}"],
    "use": [f"{_BASE} material_id product_id as_of"],
    "demand": [f"{_BASE} item_id month quantity"],
    "condition": [f"{_BASE} lot_id as_of kind lifted note"],
    "sales": [f"{_BASE} location_id category_id starts_on ends_on revenue"],
    "rate": [f"{_BASE} currency as_of rate"],
}
# `record` of the event of one input.
RECORDS: dict[str, Record] = {
    code: Record((KINDS[code].model,), [(columns,) for columns in versions]) for code, versions in _VERSIONS.items()
}

# Rows hashed together; part of the digest.
CHUNK = 5000


def upload_digest(kind: InputKind, upload_id: int, *, like: str = "") -> str:
    """SHA-256 (hex) over the inputs that the upload gave, in the order in which they were, by the last version; or by
    that of `like`, a digest that was kept. Version 1 is kept bare; of a version that is not known yet it is empty."""
    versions = RECORDS[kind.code].versions
    number, colon, _ = like.partition(":")
    version = int(number) if colon else 1 if like else len(versions)
    if version > len(versions):
        return ""
    names = versions[version - 1][0]
    digest = hashlib.sha256(json.dumps([version, kind.code, upload_id, list(names)]).encode())
    days = {field.attname for field in kind.model._meta.concrete_fields if field.get_internal_type() == "DateField"}
    moment = names.index("entered_at")
    columns = ", ".join(f"cast({name} as text)" if name in days else name for name in names)
    said: dict[Any, str] = {}
    with connection.cursor() as cursor:
        cursor.execute(f"select {columns} from {kind.table} where upload_id = %s order by id", [upload_id])
        while chunk := cursor.fetchmany(CHUNK):
            told = [[*row[:moment], _moment(row[moment], said), *row[moment + 1 :]] for row in chunk]
            digest.update(json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode())
    return digest.hexdigest() if version == 1 else f"{version}:{digest.hexdigest()}"


def _moment(value: dt.datetime, said: dict[Any, str]) -> str:
    """The moment in UTC; all rows of a sheet have the same one, so that it is written out once."""
    found = said.get(value)
    if found is None:
        utc = value.replace(tzinfo=dt.UTC) if value.tzinfo is None else value.astimezone(dt.UTC)
        found = said[value] = utc.isoformat()
    return found
