"""Proof of the way to the ERP: batches, handed-out files, choices and answers are what the audit trail tells of them.

Invariant: every batch and every handed-out file has one audit event with the digest of its row, and every such event
has its row; what the ERP takes of a kind, and what it answered about a posting, is what the last event says.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db.models import QuerySet

from core.models import AuditEvent, Counter, Entity
from core.records import Record
from core.verify import Tally
from writeoffs.posting.feed_models import DEFAULTS, ErpBatch, ErpFeed, ErpHandout, Takes
from writeoffs.posting.models import Posting
from writeoffs.posting.refs import SHEETS, prefix

SERIES = "erp_batch"
_RELEASE = "RELEASE"
# erp_state of a posting that no step has touched yet.
_UNTOUCHED: list[Any] = [None, "", "", None, 0, None, None, ""]
# What the first events kept of a state: all but who confirmed it, when and how.
_FIRST_KEPT = 5
Ref = tuple[int | None, str]


# Every column of a batch and of a handed-out file; `record` of its audit event.
BATCH = Record((ErpBatch,), [["entity_id kind made_at made_by_id posting_count rows sequence takes"]])
HANDOUT = Record((ErpHandout,), [["copy entity_id sha256 subject taken_at taken_by_id"]])


def batch_row(batch: ErpBatch) -> QuerySet[ErpBatch]:
    return ErpBatch.objects.filter(pk=batch.pk)


def handout_row(handout: ErpHandout) -> QuerySet[ErpHandout]:
    return ErpHandout.objects.filter(pk=handout.pk)


def erp_state(posting: Posting) -> list[Any]:
    """Where a posting stands with the ERP, as the audit event of each step on it keeps it in `erp`."""
    rejected_at = posting.rejected_at.isoformat() if posting.rejected_at else None
    confirmed_at = posting.acknowledged_at.isoformat() if posting.acknowledged_at else None
    return [
        *(posting.batch_id, posting.erp_document, posting.erp_message, rejected_at, posting.journal_through),
        *(confirmed_at, posting.acknowledged_by_id, posting.acknowledged_how),
    ]


# What a posting was made with and keeps; `made` of the event of its making, by document. The rest is in erp_state,
# and its status follows from its lines (verifiers.py).
MADE = Record(
    (Posting,),
    [["entity_id kind posted_at posted_by_id posted_on source_ref takes"]],
    left_out=[
        "acknowledged_at acknowledged_by_id acknowledged_how batch_id erp_document erp_message journal_through "
        "rejected_at status"
    ],
)


def postings_told(*postings: Posting) -> dict[str, dict[str, str]]:
    return {"made": {one.source_ref: MADE.digest(Posting.objects.filter(pk=one.pk)) for one in postings}}


def batches(tally: Tally) -> Iterator[str]:
    """Each batch is what was made, and their numbers have no gap."""
    told = _told("erp.batch_made", "batch")
    last = dict(Counter.objects.filter(series=SERIES).values_list("entity_id", "last"))
    numbers: dict[int, list[int]] = {}
    for batch in ErpBatch.objects.select_related("entity").order_by("entity_id", "sequence").iterator(chunk_size=200):
        numbers.setdefault(batch.entity_id, []).append(batch.sequence)
        if not BATCH.agrees(told.pop((batch.entity_id, batch.pk), ""), batch_row(batch)):
            yield f"{batch.entity}: batch {batch.number} for the ERP is not what was made."
    for _, key in sorted(told, key=str):
        yield f"Batch {key} for the ERP is missing: it stands in the audit trail only."
    entities = Entity.objects.in_bulk()
    for entity_id in sorted(numbers.keys() | last.keys()):
        if numbers.get(entity_id, []) != list(range(1, last.get(entity_id, 0) + 1)):
            yield f"{entities[entity_id]}: the numbers of the batches for the ERP have a gap."


def handouts(tally: Tally) -> Iterator[str]:
    """Each file that was handed out is what was told, with the digest of its bytes; none is untold or missing."""
    told = _told("erp.file_taken", "handout")
    for handout in ErpHandout.objects.select_related("entity").order_by("pk").iterator(chunk_size=500):
        if not HANDOUT.agrees(told.pop((handout.entity_id, handout.pk), ""), handout_row(handout)):
            yield f"{handout.entity}: copy {handout.copy} of {handout.subject} for the ERP is not what was handed out."
    for _, key in sorted(told, key=str):
        yield f"Handed-out file {key} for the ERP is missing: it stands in the audit trail only."


def _told(kind: str, key: str) -> dict[tuple[int | None, int], str]:
    """(entity, key of the row) -> the digest that its event keeps."""
    events = AuditEvent.objects.filter(kind=kind, data__has_key=key).order_by("chain", "sequence")
    return {
        (entity_id, data[key]): data["record"]
        for entity_id, data in events.values_list("entity_id", "data").iterator(chunk_size=500)
    }


def feeds(tally: Tally) -> Iterator[str]:
    """What the ERP takes of a kind is what two people last agreed on."""
    events = AuditEvent.objects.filter(kind="erp.feed_changed").order_by("chain", "sequence")
    told: dict[Ref, str] = {
        (entity_id, subject.partition(":")[2]): data["after"]
        for entity_id, subject, data in events.values_list("entity_id", "subject", "data")
    }
    stored: dict[Ref, str] = {(feed.entity_id, feed.kind): feed.takes for feed in ErpFeed.objects.all()}
    entities = Entity.objects.in_bulk()
    for key in sorted(told.keys() | stored.keys(), key=str):
        entity_id, kind = key
        if told.get(key) != stored.get(key):
            yield (
                f"{entities.get(entity_id or 0)}: of {kind} the ERP takes {stored.get(key, DEFAULTS.get(kind))}, "
                f"but the audit trail says {told.get(key, 'nothing of it')}."
            )


def erp_states(tally: Tally) -> Iterator[str]:
    """Kind and source of each posting are those of its making; its batch and the ERP's answer those of the last step
    on it."""
    made, states, told = _steps()
    keys: dict[int, str] = {}
    for posting in Posting.objects.select_related("entity").order_by("pk").iterator(chunk_size=2000):
        ref = (posting.entity_id, posting.source_ref)
        by_list = prefix(posting.source_ref) in SHEETS
        due = (_RELEASE, Takes.JOURNAL.value) if by_list else made.get(ref)
        if due is not None and due != (posting.kind, posting.takes):
            yield (
                f"{posting.entity}: posting of {posting.source_ref}: it was made as {due[0]} of which the ERP takes "
                f"{due[1]}, but is stored as {posting.kind} and {posting.takes}."
            )
        if ref in told:
            keys[posting.pk] = told.pop(ref)
        state = states.get(ref) or _UNTOUCHED[: None if posting.pk in keys else _FIRST_KEPT]
        if state != erp_state(posting)[: len(state)]:
            yield (
                f"{posting.entity}: posting of {posting.source_ref}: its batch, what the ERP answered or who confirmed "
                "it is not what the audit trail tells."
            )
    for posting in Posting.objects.filter(pk__in=MADE.differing(keys, Posting.objects.all())).select_related("entity"):
        yield f"{posting.entity}: posting of {posting.source_ref}: its row is not what was made."
    for _, name in sorted(told, key=str):
        yield f"The posting of {name} is missing: it stands in the audit trail only."


_STEPS = (
    *("proposal.posted", "proposal.voided", "proposal.partly_voided", "erp.batch_made"),
    *("posting.answered", "posting.rejected", "posting.acknowledged", "upload.committed"),
)


def _steps() -> tuple[dict[Ref, tuple[str, str]], dict[Ref, list[Any]], dict[Ref, str]]:
    """(kind and source that each posting was made with, its state after the last step on it, the digest of its
    row)."""
    told: dict[Ref, str] = {}
    made: dict[Ref, tuple[str, str]] = {}
    states: dict[Ref, list[Any]] = {}
    events = AuditEvent.objects.filter(kind__in=_STEPS).order_by("chain", "sequence")
    for entity_id, kind, subject, data in (
        events.values_list("entity_id", "kind", "subject", "data").iterator(chunk_size=2000)
    ):  # fmt: skip
        if kind == "proposal.posted" and "takes" in data:
            made[entity_id, subject] = (data["kind"], data["takes"])
        told |= {(entity_id, ref): digest for ref, digest in data.get("made", {}).items()}
        for ref, state in data.get("settled", {}).items():
            states[entity_id, ref] = state
        if "erp" in data:
            states[entity_id, subject] = data["erp"]
        for ref in data.get("postings", ()) if kind == "erp.batch_made" else ():
            state = states.get((entity_id, ref)) or _UNTOUCHED[: None if (entity_id, ref) in told else _FIRST_KEPT]
            states[entity_id, ref] = [data["batch"], state[1], state[2], None, *state[4:]]
    return made, states, told
