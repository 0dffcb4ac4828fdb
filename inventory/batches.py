"""The chain of movements: each set of movements that came together is a link, hashed with the one before.

A movement's digest covers its own row, so that whoever changes a row can make its digest anew. A link covers the
digests of its movements and what they did to write-downs by fiscal year; its hash stands in the next link and in the
chain's head. Invariant: the links of an entity cover its movements from 1 to the last, without gap or overlap; they are
written in the transaction of their movements, whose counter is locked.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence

from django.db import connection, models

from core.audit import head_lock
from core.models import ChainHead, Entity

VERSION = 1


class MovementBatch(models.Model):
    """One link: the movements first..last of one document. Append-only. content: SHA-256 (hex) over their digests."""

    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, related_name="+", db_index=False)
    sequence = models.BigIntegerField(help_text="Place in the entity's chain of movements, from 1, without gaps.")
    first = models.BigIntegerField()
    last = models.BigIntegerField()
    source_ref = models.CharField(max_length=120)
    content = models.CharField(max_length=64)
    previous_hash = models.CharField(max_length=64, blank=True)
    hash_version = models.PositiveSmallIntegerField(default=VERSION)
    hash = models.CharField(max_length=64)

    class Meta:
        app_label = "inventory"
        constraints = (
            models.UniqueConstraint(fields=("entity", "sequence"), name="movement_batch_once"),
            models.UniqueConstraint(fields=("entity", "first"), name="movement_batch_first_once"),
            models.CheckConstraint(
                name="movement_batch_is_not_empty", condition=models.Q(first__gte=1, last__gte=models.F("first"))
            ),
        )

    def __str__(self) -> str:
        return f"Movements {self.first} to {self.last}"


def chain_of(entity: Entity) -> str:
    """The name of the entity's chain of movements in core.models.ChainHead."""
    return f"movements:{entity.pk}"


def content_hash(digests: Iterable[str], write_downs: Iterable[tuple[int, int, int]]) -> str:
    """SHA-256 (hex) over the digests in their order, then over (movement's sequence, fiscal year, raw amount) of what
    they did to write-downs, in that order. Pure."""
    hasher = hashlib.sha256()
    for digest in digests:
        hasher.update(digest.encode())
    for sequence, fiscal_year, amount in write_downs:
        hasher.update(f"|{sequence}:{fiscal_year}:{amount}".encode())
    return hasher.hexdigest()


def batch_hash(fields: Sequence[object]) -> str:
    """SHA-256 (hex) over version, entity, sequence, first, last, source_ref, content and previous hash. Pure."""
    return hashlib.sha256(json.dumps(list(fields), ensure_ascii=False, separators=(",", ":")).encode()).hexdigest()


def batch_seal(
    *, entity: Entity, first: int, last: int, source_ref: str, write_downs: Iterable[tuple[int, int, int]] = ()
) -> None:
    """Chain the movements first..last, which this transaction has just made. write_downs: all of theirs, as
    (sequence, fiscal year, raw amount); none is nil."""
    if last < first:
        return
    head = head_lock(chain_of(entity))
    content = content_hash(_digests(entity, first, last), sorted(write_downs))
    sequence = head.sequence + 1
    digest = batch_hash((VERSION, entity.pk, sequence, first, last, source_ref, content, head.hash))
    MovementBatch.objects.create(
        entity=entity,
        sequence=sequence,
        first=first,
        last=last,
        source_ref=source_ref,
        content=content,
        previous_hash=head.hash,
        hash_version=VERSION,
        hash=digest,
    )
    ChainHead.objects.filter(chain=head.chain).update(sequence=sequence, hash=digest)


def _digests(entity: Entity, first: int, last: int) -> list[str]:
    """All at once: a hundred thousand are 6 MB, and PostgreSQL hands them over as one text."""
    where = "from inventory_movement where entity_id = %s and sequence between %s and %s"
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(f"select string_agg(digest, '' order by sequence) {where}", [entity.pk, first, last])
            return [cursor.fetchone()[0] or ""]
        cursor.execute(f"select digest {where} order by sequence", [entity.pk, first, last])
        return [digest for (digest,) in cursor.fetchall()]
