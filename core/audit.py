"""The audit trail: events that are only ever added, each hashed with its predecessor.

Invariant: within a chain, sequence has no gaps and each hash covers every field of its event and the hash before it
(versioned, so that later versions can add fields). A refusal is recorded after the rollback, in a transaction of its
own.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils import timezone

from core.models import AuditEvent, ChainHead, Entity, User

SIGN_IN_CHAIN = "sign-in"
# What concerns the whole installation and no entity: guards suspended for a data migration.
SYSTEM_CHAIN = "system"


def entity_chain(entity: Entity) -> str:
    return f"entity:{entity.pk}"


def head_lock(chain: str) -> ChainHead:
    """The head of a chain, locked until the transaction ends; made at the chain's first use."""
    ChainHead.objects.bulk_create([ChainHead(chain=chain)], ignore_conflicts=True)
    return ChainHead.objects.select_for_update().get(chain=chain)


def event_hash(event: AuditEvent) -> str:
    """SHA-256 (hex) over every field of the event; version 1."""
    fields = [
        1,
        event.chain,
        event.sequence,
        event.entity_id,
        event.at.isoformat(),
        event.actor_id,
        event.kind,
        event.subject,
        event.message,
        event.data,
        event.previous_hash,
    ]
    text = json.dumps(fields, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


@transaction.atomic
def record(
    *,
    entity: Entity | None,
    actor: User | None,
    kind: str,
    message: str,
    subject: str = "",
    data: Mapping[str, Any] | None = None,
    chain: str = SIGN_IN_CHAIN,
) -> AuditEvent:
    """Append one event to the entity's chain, or to `chain` where there is no entity.

    `data` holds JSON values only. Called inside the transaction of what it records, last of all: the head's lock is the
    last in the lock order (period, lots, counter, chain head).
    """
    head = head_lock(entity_chain(entity) if entity else chain)
    event = AuditEvent(
        chain=head.chain,
        sequence=head.sequence + 1,
        entity=entity,
        at=timezone.now(),
        actor=actor,
        kind=kind,
        subject=subject,
        message=message,
        data=json.loads(json.dumps(data or {}, default=str)),
        previous_hash=head.hash,
    )
    event.hash = event_hash(event)
    event.save(force_insert=True)
    ChainHead.objects.filter(chain=head.chain).update(sequence=event.sequence, hash=event.hash)
    return event


def record_refusal(
    *, entity: Entity | None, actor: User | None, message: str, subject: str = "", rule: str = ""
) -> None:
    """Keep that a step was refused and why. Call it outside the refused transaction, which has rolled back."""
    record(entity=entity, actor=actor, kind="refused", subject=subject, message=message, data={"rule": rule})
