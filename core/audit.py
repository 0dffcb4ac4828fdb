"""The audit trail: events that are only ever added, each hashed with its predecessor.

Invariant: within a chain, sequence has no gaps and each hash covers every field of its event and the hash before it
(each event keeps the version of its hash, so that later ones can cover more). A refusal is recorded after the
rollback, in a transaction of its own.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils import timezone

from core.chains import ChainKind, kind_of, register, title_of
from core.keys import in_hand
from core.models import AuditEvent, ChainHead, Entity, User
from core.storable import storable

SIGN_IN_CHAIN = "sign-in"
# What concerns the whole installation and no entity: guards suspended for a data migration.
SYSTEM_CHAIN = "system"


def entity_chain(entity: Entity) -> str:
    return f"entity:{entity.pk}"


def head_lock(chain: str) -> ChainHead:
    """The head of a chain, locked until the transaction ends; made at the chain's first use."""
    heads = ChainHead.objects.select_for_update()
    head = heads.filter(chain=chain).first()
    if head is None:
        # Two first users at once: one inserts, both lock what is there then.
        ChainHead.objects.bulk_create([ChainHead(chain=chain)], ignore_conflicts=True)
        head = heads.get(chain=chain)
    return head


def event_hash(event: AuditEvent) -> str:
    """SHA-256 (hex) over every field of the event, its version first."""
    return _hash(tuple(getattr(event, name) for name in _HASHED))


# Version 2 reads its number from the event; those of version 1 had none and were hashed with a 1 in its place.
VERSION = 2
# What a hash covers, in its order; the moment is hashed as ISO text.
_HASHED = (
    *("hash_version", "chain", "sequence", "entity_id", "at"),
    *("actor_id", "kind", "subject", "message", "data", "previous_hash"),
)
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode


def _hash(fields: tuple[Any, ...]) -> str:
    version, chain, sequence, entity_id, at, *rest = fields
    text = _encode([version, chain, sequence, entity_id, at.isoformat(), *rest])
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class NewEvent:
    """An event to be appended. `data` holds JSON values only."""

    actor: User | None
    kind: str
    message: str
    subject: str = ""
    data: Mapping[str, Any] | None = None


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

    Called inside the transaction of what it records, last of all: the head's lock is the last in the lock order
    (period, lots, counter, chain head).
    """
    [event] = record_many(entity=entity, events=[NewEvent(actor, kind, message, subject, data)], chain=chain)
    return event


@transaction.atomic(savepoint=False)
def record_many(*, entity: Entity | None, events: Sequence[NewEvent], chain: str = SIGN_IN_CHAIN) -> list[AuditEvent]:
    """Append events in their order; as many statements for thousands as for one."""
    head = head_lock(entity_chain(entity) if entity else chain)
    now, previous = timezone.now(), head.hash
    hand = in_hand.get()
    keyed = {"step_key": hand.told} if hand is not None and entity is not None and hand.entity_id == entity.pk else {}
    made = []
    for place, new in enumerate(events, start=head.sequence + 1):
        event = AuditEvent(
            chain=head.chain,
            sequence=place,
            entity=entity,
            at=now,
            actor=new.actor,
            kind=new.kind,
            subject=storable(new.subject),
            message=storable(new.message),
            data=storable(json.loads(json.dumps({**(new.data or {}), **keyed}, default=str))),
            previous_hash=previous,
            hash_version=VERSION,
        )
        previous = event.hash = event_hash(event)
        made.append(event)
    AuditEvent.objects.bulk_create(made, batch_size=1000)
    ChainHead.objects.filter(chain=head.chain).update(sequence=head.sequence + len(made), hash=previous)
    if hand is not None and keyed and made:
        hand.event = made[-1].sequence
    return made


def record_refusal(
    *, entity: Entity | None, actor: User | None, message: str, subject: str = "", rule: str = ""
) -> None:
    """Keep that a step was refused and why. Call it outside the refused transaction, which has rolled back."""
    record(entity=entity, actor=actor, kind="refused", subject=subject, message=message, data={"rule": rule})


@dataclass(frozen=True, slots=True)
class ChainProof:
    """What recomputing a chain found. events: how many were looked at. complaint: the first broken place, or
    nothing."""

    chain: str
    events: int
    head: str
    complaint: str = ""


def chains() -> list[str]:
    """Every chain of audit events that has a head; other rooms keep chains of their own (core/chains.py)."""
    heads = ChainHead.objects.order_by("chain").values_list("chain", flat=True)
    return [chain for chain in heads if (kind := kind_of(chain)) is None or kind.hashes is chain_hashes]


def chain_hashes(chain: str, sequences: Sequence[int]) -> dict[int, str]:
    found = AuditEvent.objects.filter(chain=chain, sequence__in=sequences)
    return dict(found.values_list("sequence", "hash"))


def _link(chain: str, sequence: int) -> str:
    message = AuditEvent.objects.filter(chain=chain, sequence=sequence).values_list("message", flat=True).first()
    return f'event {sequence:,} ("{message}")' if message else f"event {sequence:,}"


def _prove(chain: str) -> Iterator[str]:
    if complaint := chain_verify(chain).complaint:
        yield complaint


for _prefix, _title in (
    ("entity", "Audit trail"),
    (SIGN_IN_CHAIN, "Audit trail of sign-ins"),
    (SYSTEM_CHAIN, "Audit trail of the installation"),
):
    register(ChainKind(_prefix, _title, chain_hashes, _link, _prove))


def chain_verify(chain: str) -> ChainProof:
    """Recompute every hash of a chain up to its head, streaming. Events appended meanwhile are left for the next
    time."""
    head = ChainHead.objects.filter(chain=chain).first() or ChainHead(chain=chain)
    expected, previous = 0, ""
    events = AuditEvent.objects.filter(chain=chain, sequence__lte=head.sequence).order_by("sequence")
    for *fields, stored in events.values_list(*_HASHED, "hash").iterator(chunk_size=2000):
        sequence, message, before = fields[2], fields[8], fields[10]
        expected += 1
        complaint = ""
        if sequence != expected:
            complaint = f"event {expected} is missing"
        elif before != previous:
            complaint = f'event {sequence} ("{message}") does not follow the event that stands before it'
        elif _hash(tuple(fields)) != stored:
            complaint = (
                f'event {sequence} ("{message}") is not what was written: its hash is {stored[:16]}…, its content '
                f"gives {_hash(tuple(fields))[:16]}…"
            )
        if complaint:
            return ChainProof(chain, expected, head.hash, f"{title_of(chain)}: {complaint}.")
        previous = stored
    return ChainProof(chain, expected, head.hash, _head_complaint(head, expected, previous))


def _head_complaint(head: ChainHead, events: int, last: str) -> str:
    if events != head.sequence:
        return (
            f"{title_of(head.chain)}: event {events + 1} is missing; the chain's head says that {head.sequence} were "
            f"written."
        )
    if last != head.hash:
        return (
            f"{title_of(head.chain)}: the hash of the last event is {last[:16]}…, but the chain's head says "
            f"{head.hash[:16]}…."
        )
    beyond = AuditEvent.objects.filter(chain=head.chain, sequence__gt=head.sequence).exists()
    if beyond and ChainHead.objects.get(chain=head.chain).sequence == head.sequence:
        return (
            f"{title_of(head.chain)}: there are events behind the chain's head, which says that {head.sequence} were "
            f"written."
        )
    return ""
