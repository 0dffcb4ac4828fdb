"""Proof of the lots' item, place, code, unit cost and days: as the newest sheet of the ERP left them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from core.models import AuditEvent, Entity
from core.verify import Tally
from inventory.models import Lot
from inventory.registers import VERSION, LotRegister, lots_digested, register_read

LIMIT = 100


def lot_registers(tally: Tally) -> Iterator[str]:
    """Every register is what its sheet's audit event tells; the newest of an entity has its lots as they stand. Sheets
    that came before there were registers have none."""
    told = {
        (entity_id, subject): data["lots"]
        for entity_id, subject, data in AuditEvent.objects.filter(kind="upload.committed", data__has_key="lots")
        .order_by("chain", "sequence")
        .values_list("entity_id", "subject", "data")
        .iterator(chunk_size=500)
    }
    last = dict(told.keys())
    for register in LotRegister.objects.select_related("entity", "upload").order_by("pk").iterator(chunk_size=1):
        name = f"{register.entity}: the register of lots after upload {register.upload_id}"
        content, subject = bytes(register.content), f"upload:{register.upload_id}"
        kept = told.pop((register.entity_id, subject), "")
        if kept != hashlib.sha256(content).hexdigest() or register.version != VERSION:
            yield f"{name} ('{register.upload.file_name}') is not what the audit trail tells of it."
        elif last.get(register.entity_id) == subject:
            yield from _lots(register.entity, register_read(content))
    for _, subject in sorted(told, key=str):
        yield f"The register of lots after {subject.replace(':', ' ')} is missing: it stands in the audit trail only."


def _lots(entity: Entity, kept: dict[int, bytes]) -> Iterator[str]:
    changed, unknown = [], []
    for key, digest in lots_digested(entity.pk):
        was = kept.pop(key, None)
        if was is None:
            unknown.append(key)
        elif was != digest:
            changed.append(key)
    lots = Lot.objects.select_related("item", "location").in_bulk(
        [*changed[:LIMIT], *unknown[:LIMIT], *list(kept)[:LIMIT]]
    )
    for key in changed[:LIMIT]:
        lot = lots[key]
        yield (
            f"{entity}: lot {lot.code} of {lot.item} at {lot.location.code} (key {key}): its item, place, code, unit "
            "cost or days are not what the newest sheet of the ERP left."
        )
    for key in unknown[:LIMIT]:
        yield f"{entity}: lot {lots[key].code} of {lots[key].item} (key {key}) came by no sheet of the ERP."
    for key in list(kept)[:LIMIT]:
        gone = f"lot {lots[key].code} of {lots[key].item} (key {key})" if key in lots else f"the lot with key {key}"
        yield f"{entity}: {gone} is missing: the newest sheet of the ERP left it here."
