"""What a sheet of the ERP made of the lots that it left: one register a sheet, of which the newest counts.

A lot's item, place and code, its unit cost and its days come by stock lists and by sheets of the ERP's movements, and
no movement tells of them.
Invariant: the newest register of an entity has every lot that it has, each with the digest of exactly those values; the
audit event of the sheet's commit keeps the SHA-256 of the register. A digest of 64 bits names the lot that was changed;
that nothing was changed follows from all of them together.
"""

from __future__ import annotations

import hashlib
import struct
import zlib
from collections.abc import Iterator

from django.db import connection, models

from core.models import Entity, Upload

VERSION = 1
# Version 1 of the digest, in this order.
_COLUMNS = "id, entity_id, item_id, location_id, code, unit_cost, received_on, expires_on, end_of_sale_on"


class LotRegister(models.Model):
    """Append-only. content: the keys of the lots, ascending, then their digests in the same order, 8 bytes each,
    compressed."""

    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, related_name="+")
    upload = models.OneToOneField(Upload, on_delete=models.PROTECT, related_name="+")
    version = models.PositiveSmallIntegerField(default=VERSION)
    content = models.BinaryField()

    class Meta:
        app_label = "inventory"

    def __str__(self) -> str:
        return f"Lots after upload {self.upload_id}"


def register_make(*, upload: Upload) -> dict[str, str]:
    """Keep the lots as they stand, where they have changed; called when a sheet has done its work, in its transaction.
    Gives what the audit event tells of it."""
    keys, digests = [], []
    for key, digest in lots_digested(upload.entity_id):
        keys.append(key)
        digests.append(digest)
    content = zlib.compress(struct.pack(f">{len(keys)}q", *keys) + b"".join(digests), 1)
    newest = LotRegister.objects.filter(entity_id=upload.entity_id).order_by("-pk").first()
    if newest is not None and bytes(newest.content) == content:
        return {}
    LotRegister.objects.create(entity_id=upload.entity_id, upload=upload, content=content)
    return {"lots": hashlib.sha256(content).hexdigest()}


def lots_digested(entity_id: int) -> Iterator[tuple[int, bytes]]:
    """(key, digest) of each lot that the entity has, by key."""
    with connection.chunked_cursor() as cursor:
        cursor.execute(f"select {_COLUMNS} from inventory_lot where entity_id = %s order by id", [entity_id])
        while batch := cursor.fetchmany(5000):
            for row in batch:
                text = "|".join(map(str, row))
                yield row[0], hashlib.blake2b(text.encode(), digest_size=8).digest()


def register_read(content: bytes) -> dict[int, bytes]:
    """Key -> digest. ValueError where the content is none of a register's."""
    try:
        raw = zlib.decompress(content)
        count = len(raw) // 16
        keys = struct.unpack(f">{count}q", raw[: count * 8])
    except (zlib.error, struct.error) as error:
        raise ValueError("no content of a register") from error
    return {key: raw[(count + n) * 8 : (count + n + 1) * 8] for n, key in enumerate(keys)}
