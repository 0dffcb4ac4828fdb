"""Proof of the way to the ERP: batches, handed-out files, choices and answers are what the audit trail tells of them.

Invariant: every batch and every handed-out file has one audit event with the digest of its row, and every such event
has its row; what the ERP takes of a kind, and what it answered about a posting, is what the last event says.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db.models import Model

from core.models import AuditEvent, Counter, Entity
from core.records import columns_of, record_digest
from core.verify import Tally
from writeoffs.posting.feed_models import DEFAULTS, ErpBatch, ErpFeed, ErpHandout, Takes
from writeoffs.posting.models import Posting
from writeoffs.posting.refs import SHEETS, prefix

SERIES = "erp_batch"
_RELEASE = "RELEASE"
# erp_state of a posting that no step has touched yet.
_UNTOUCHED: list[Any] = [None, "", "", None, 0]
Ref = tuple[int | None, str]


def row_record(row: Model) -> str:
    """The digest of every column of a batch or of a handed-out file; `record` of its audit event."""
    model = type(row)
    return record_digest((model._default_manager.filter(pk=row.pk), columns_of(model)))


def erp_state(posting: Posting) -> list[Any]:
    """Where a posting stands with the ERP, as the audit event of each step on it keeps it in `erp`."""
    rejected_at = posting.rejected_at.isoformat() if posting.rejected_at else None
    return [posting.batch_id, posting.erp_document, posting.erp_message, rejected_at, posting.journal_through]


def batches(tally: Tally) -> Iterator[str]:
    """Each batch is what was made, and their numbers have no gap."""
    told = _told("erp.batch_made", "batch")
    last = dict(Counter.objects.filter(series=SERIES).values_list("entity_id", "last"))
    numbers: dict[int, list[int]] = {}
    for batch in ErpBatch.objects.select_related("entity").order_by("entity_id", "sequence").iterator(chunk_size=200):
        numbers.setdefault(batch.entity_id, []).append(batch.sequence)
        if told.pop((batch.entity_id, batch.pk), "") != row_record(batch):
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
        if told.pop((handout.entity_id, handout.pk), "") != row_record(handout):
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
    made, states = _steps()
    for posting in Posting.objects.select_related("entity").order_by("pk").iterator(chunk_size=2000):
        ref = (posting.entity_id, posting.source_ref)
        by_list = prefix(posting.source_ref) in SHEETS
        due = (_RELEASE, Takes.JOURNAL.value) if by_list else made.get(ref)
        if due is not None and due != (posting.kind, posting.takes):
            yield (
                f"{posting.entity}: posting of {posting.source_ref}: it was made as {due[0]} of which the ERP takes "
                f"{due[1]}, but is stored as {posting.kind} and {posting.takes}."
            )
        if states.get(ref, _UNTOUCHED) != erp_state(posting):
            yield (
                f"{posting.entity}: posting of {posting.source_ref}: its batch or what the ERP answered is not what "
                "the audit trail tells."
            )


_STEPS = (
    *("proposal.posted", "proposal.voided", "proposal.partly_voided", "erp.batch_made"),
    *("posting.answered", "posting.rejected", "posting.acknowledged"),
)


def _steps() -> tuple[dict[Ref, tuple[str, str]], dict[Ref, list[Any]]]:
    """(kind and source that each posting was made with, its state after the last step on it)."""
    made: dict[Ref, tuple[str, str]] = {}
    states: dict[Ref, list[Any]] = {}
    events = AuditEvent.objects.filter(kind__in=_STEPS).order_by("chain", "sequence")
    for entity_id, kind, subject, data in (
        events.values_list("entity_id", "kind", "subject", "data").iterator(chunk_size=2000)
    ):  # fmt: skip
        if kind == "proposal.posted" and "takes" in data:
            made[entity_id, subject] = (data["kind"], data["takes"])
        if "erp" in data:
            states[entity_id, subject] = data["erp"]
        for ref in data.get("postings", ()) if kind == "erp.batch_made" else ():
            state = states.get((entity_id, ref), _UNTOUCHED)
            states[entity_id, ref] = [data["batch"], state[1], state[2], None, state[4]]
    return made, states
