"""Core's own proofs: every audit chain is whole, every stored file has the bytes of its digest, change requests and
uploads are what the audit trail says of them."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterator

from django.db import connection

from core import audit, exchange_proof, key_proof, memberships, verify
from core.changes import ASKED, DECIDED
from core.files import FILE
from core.models import AuditEvent, ChangeRequest, StoredFile, Upload
from core.sentences import ended
from core.sheets.pipeline import UPLOADED, uploaded_rows
from core.verify import Tally, rows

LIMIT = 100


def audit_chains(tally: Tally) -> Iterator[str]:
    for chain in audit.chains():
        proof = audit.chain_verify(chain)
        tally["audit events"] += proof.events
        if proof.complaint:
            yield proof.complaint
    stray = AuditEvent.objects.exclude(chain__in=audit.chains()).order_by("pk").first()
    if stray is not None:
        yield f"Audit event {stray.sequence} of the chain '{stray.chain}' belongs to no chain that has a head."


def stored_files(tally: Tally) -> Iterator[str]:
    """Each file has the bytes of its digest; its row is what the step that kept it told, where it told of it."""
    told: defaultdict[int, set[str]] = defaultdict(set)
    for data in AuditEvent.objects.filter(data__has_key="stored").values_list("data", flat=True).iterator(2000):
        for key, digest in data["stored"].items():
            told[int(key)].add(digest)
    # One at a time: a file has up to 25 MB.
    for stored in StoredFile.objects.order_by("pk").iterator(chunk_size=1):
        content = bytes(stored.content)
        digest = hashlib.sha256(content).hexdigest()
        if digest != stored.sha256 or len(content) != stored.size:
            yield (
                f"Stored file {stored.pk} ('{stored.name}'): its {len(content):,} bytes have the SHA-256 "
                f"{digest[:16]}…, "
                f"but it was kept as {stored.size:,} bytes with {stored.sha256[:16]}…."
            )
        row = StoredFile.objects.filter(pk=stored.pk)
        if not all(FILE.agrees(digest, row) for digest in told.pop(stored.pk, ())):
            yield (
                f"Stored file {stored.pk} ('{stored.name}'): its name, kind, company, person or moment is not what the "
                "audit trail tells."
            )
    for key in sorted(told):
        yield f"Stored file {key} is missing: it stands in the audit trail only."


_SECONDED = "change.seconded"
_DECIDED = {"change.approved": ChangeRequest.Status.APPROVED, "change.refused": ChangeRequest.Status.REFUSED}


def change_requests(tally: Tally) -> Iterator[str]:
    """Each request is what was asked, by whom, and was decided as the audit trail tells."""
    asked: dict[int, tuple[str, str, int | None, str]] = {}
    decided: dict[int, tuple[str, int | None, str]] = {}
    seconded: dict[int, int | None] = {}
    records: dict[tuple[int, bool], str] = {}
    for kind, subject, actor, message, data in (
        AuditEvent.objects.filter(kind__in=("change.requested", _SECONDED, *_DECIDED))
        .order_by("chain", "sequence")
        .values_list("kind", "subject", "actor_id", "message", "data")
        .iterator(chunk_size=2000)
    ):
        if "record" in data:
            records[data["change"], kind in _DECIDED] = data["record"]
        if kind in _DECIDED:
            decided[data["change"]] = (_DECIDED[kind], actor, data["comment"])
        elif kind == _SECONDED:
            seconded[data["change"]] = actor
        else:
            asked[data["change"]] = (data["kind"], subject, actor, message)
    for change in ChangeRequest.objects.select_related("entity").order_by("pk").iterator(chunk_size=1000):
        *request, message = asked.pop(change.pk, ("", "", None, ""))
        # The sentence ends once; older ones, whose summary ends in a full stop, had two.
        words = (f"{ended(change.summary)} Reason: {change.reason}", f"{change.summary}. Reason: {change.reason}")
        if request != [change.kind, change.subject, change.requested_by_id] or not message.endswith(words):
            yield f"{change.entity}: change request {change.pk} ({change.summary}) is not what was asked, or by whom."
        row = ChangeRequest.objects.filter(pk=change.pk)
        for is_decided, record in ((False, ASKED), (True, DECIDED)):
            kept = records.get((change.pk, is_decided))
            if kept is not None and not record.agrees(kept, row):
                verb = "decided" if is_decided else "asked"
                yield f"{change.entity}: change request {change.pk} ({change.summary}) is not what was {verb}."
        told = decided.get(change.pk, (ChangeRequest.Status.OPEN, None, ""))
        if told != (change.status, change.decided_by_id, change.comment):
            yield (
                f"{change.entity}: change request {change.pk} ({change.summary}): state, decider or comment are not "
                f"those of the audit trail, which says {ChangeRequest.Status(told[0]).label.lower()}."
            )
        if change.seconded_by_id != seconded.get(change.pk):
            yield (
                f"{change.entity}: change request {change.pk} ({change.summary}): who agreed first is not who the "
                "audit trail names."
            )
    for key, (_, subject, _, _) in sorted(asked.items()):
        yield f"Change request {key} about {subject} is missing: it stands in the audit trail only."


def uploads(tally: Tally) -> Iterator[str]:
    """What was committed is committed still, by the same person, from the same file."""
    for entity, name, key in rows(
        "select e.name, u.file_name, u.id from core_upload u join core_entity e on e.id = u.entity_id "
        "join core_storedfile f on f.id = u.file_id left join core_auditevent a on a.entity_id = u.entity_id "
        "and a.kind = 'upload.committed' and a.subject = 'upload:' || u.id "
        "where (u.status = 'COMMITTED') <> (a.id is not null) or a.actor_id <> u.committed_by_id "
        f"or {_text('a.data', 'sha256')} <> f.sha256 order by u.id limit {LIMIT}"
    ):
        yield f"{entity}: upload {key} ('{name}'): state, file or person are not those of the audit trail."


def upload_records(tally: Tally) -> Iterator[str]:
    """A committed upload and the row of its file are what they were at the commit. What was committed before the audit
    trail kept a digest of them has none."""
    told = AuditEvent.objects.filter(kind="upload.committed", data__has_key="record").order_by("pk")
    kept = {
        (entity_id, subject): data["record"]
        for entity_id, subject, data in told.values_list("entity_id", "subject", "data").iterator(chunk_size=2000)
    }
    committed = Upload.objects.filter(status=Upload.Status.COMMITTED).select_related("entity").order_by("pk")
    for upload in committed.iterator(chunk_size=500):
        record = kept.get((upload.entity_id, f"upload:{upload.pk}"))
        if record is not None and not UPLOADED.agrees(record, *uploaded_rows(upload)):
            yield (
                f"{upload.entity}: upload {upload.pk} ('{upload.file_name}'), or how its file was kept, is not what "
                "was committed."
            )


def _text(column: str, name: str) -> str:
    """SQL of a text inside a JSON column."""
    return f"{column} ->> '{name}'" if connection.vendor == "postgresql" else f"json_extract({column}, '$.{name}')"


verify.register("audit chains", audit_chains)
verify.register("stored files", stored_files)
verify.register("change requests", change_requests)
verify.register("uploads", uploads)
verify.register("upload records", upload_records)
verify.register("keys of steps", key_proof.step_keys)
verify.register("memberships", memberships.memberships)
verify.register("exchange rates", exchange_proof.exchange_rates)
verify.register("groups of companies", exchange_proof.entity_groups)
