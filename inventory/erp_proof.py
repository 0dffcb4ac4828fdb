"""What proves the kept rows of movements sheets: the digest in the audit event of their commit, and their movements."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator

from django.db import connection

from core import verify
from core.models import AuditEvent, Entity, Upload
from core.verify import Tally, rows
from inventory.erp_models import ErpMovement

LIMIT = 100
# Rows hashed together; part of the digest.
CHUNK = 5000
_COLUMNS = (
    '"row", part, document, line, kind, {day}, lot_id, to_lot_id, quantity, cost, allowance, write_down, revenue, '
    "settlement, fall_id, case when history then 1 else 0 end, source_ref"
)


def content_digest(upload: Upload) -> str:
    """SHA-256 (hex) over the rows of one sheet, in chunks of a fixed length. Both engines give the same. Version 2, of
    a sheet with transfers that a list had shown, adds what these changed the receiving lots' cost by."""
    # As text, not as the date that SQLite's driver makes of a bare column.
    text = "to_char(happened_on, 'YYYY-MM-DD')" if connection.vendor == "postgresql" else "cast(happened_on as text)"
    carried = ErpMovement.objects.filter(upload=upload, to_cost__isnull=False).exists()
    columns = _COLUMNS.format(day=text) + (", to_cost" if carried else "")
    digest = hashlib.sha256(json.dumps([2 if carried else 1, upload.entity_id, upload.pk]).encode())
    with connection.cursor() as cursor:
        cursor.execute(
            f'select {columns} from inventory_erpmovement where upload_id = %s order by "row", part',
            [upload.pk],
        )
        while chunk := cursor.fetchmany(CHUNK):
            digest.update(json.dumps(chunk, ensure_ascii=False, separators=(",", ":")).encode())
    return digest.hexdigest()


def contents(tally: Tally) -> Iterator[str]:
    """Every sheet gives the digest that the audit event of its commit keeps."""
    told = {
        (entity_id, subject): data["erp_movements"]
        for entity_id, subject, data in AuditEvent.objects.filter(kind="upload.committed")
        .values_list("entity_id", "subject", "data")
        .iterator(chunk_size=2000)
        if "erp_movements" in data
    }
    sheets = Upload.objects.filter(kind="erp_movements", status=Upload.Status.COMMITTED).select_related("entity")
    for upload in sheets.order_by("pk").iterator(chunk_size=1000):
        kept, digest = told.get((upload.entity_id, f"upload:{upload.pk}")), content_digest(upload)
        if kept != digest:
            yield (
                f"{upload.entity}: the movements of upload {upload.pk} ('{upload.file_name}') are not what was taken "
                f"in: their rows give the digest {digest[:16]}…, the audit trail says {(kept or 'none')[:16]}…."
            )
    for upload_id, row in rows(
        'select e.upload_id, e."row" from inventory_erpmovement e join core_upload u on u.id = e.upload_id '
        f"where u.entity_id <> e.entity_id or u.status <> 'COMMITTED' or u.kind <> 'erp_movements' "
        f"order by e.id limit {LIMIT}"
    ):
        yield f"Upload {upload_id}, row {row}: a movement of the ERP is kept that no committed sheet of it told."


def movements(tally: Tally) -> Iterator[str]:
    """Under a source_ref the movements of a lot are what the rows of the sheet say; a row that explains a fall moves
    nothing, but for a transfer that brings its allowance to where a list had shown the units."""
    entities = Entity.objects.in_bulk()
    rows_of = (
        "select entity_id, source_ref, lot_id, quantity, cost, allowance, write_down from inventory_erpmovement "
        "where fall_id is null union all select entity_id, source_ref, to_lot_id, -quantity, -cost, -allowance, "
        "-write_down from inventory_erpmovement where to_lot_id is not null and fall_id is null union all "
        "select entity_id, source_ref, to_lot_id, 0, coalesce(to_cost, 0), -allowance, -write_down "
        "from inventory_erpmovement where to_lot_id is not null and fall_id is not null union all "
        "select entity_id, source_ref, lot_id, -quantity, -cost, -allowance, -write_down from inventory_movement "
        "where source_ref like 'movements:%%' or source_ref like 'history:%%'"
    )
    for entity_id, ref, code in rows(
        f"select r.entity_id, r.source_ref, l.code from ({rows_of}) r join inventory_lot l on l.id = r.lot_id "
        "group by r.entity_id, r.source_ref, r.lot_id, l.code having sum(r.quantity) <> 0 or sum(r.cost) <> 0 "
        f"or sum(r.allowance) <> 0 or sum(r.write_down) <> 0 order by r.source_ref limit {LIMIT}",
    ):
        yield f"{entities[entity_id]}: {ref}, lot {code}: its movements are not what the rows of the sheet say."


verify.register("sheets of ERP movements", contents)
verify.register("ERP movements", movements)
