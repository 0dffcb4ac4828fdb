"""The proofs of period packs: each is what its close froze, file by file, and the audit trail tells of it."""

from __future__ import annotations

from collections.abc import Iterator

from core import verify
from core.models import AuditEvent
from core.verify import Tally, rows
from writeoffs.ledger.models import PeriodPack, PeriodPackFile
from writeoffs.ledger.packs import ROW, pack_digest, rows_agree

LIMIT = 100


def packs(tally: Tally) -> Iterator[str]:
    """Fields and files give the digest, which the audit event of the close keeps; printed files have their event."""
    closed: dict[int, str] = {}
    printed: dict[tuple[int, str], str] = {}
    records: dict[tuple[int, bool], str] = {}
    rows_told: dict[tuple[int, str], str] = {}
    for kind, data in (
        AuditEvent.objects.filter(kind__in=("period.closed", "period.pack_printed"), data__has_key="pack")
        .order_by("chain", "sequence")
        .values_list("kind", "data")
        .iterator(chunk_size=2000)
    ):
        if "record" in data:
            # The last word on the pack's files; events of before kept none.
            records[data["pack"], kind != "period.closed"] = data["record"]
        rows_told |= {(data["pack"], name): digest for name, digest in data.get("rows", {}).items()}
        if kind == "period.closed":
            closed[data["pack"]] = data["digest"]
        else:
            printed |= {(data["pack"], name): sha256 for name, sha256 in data["files"].items()}
    found = PeriodPack.objects.select_related("entity", "period").prefetch_related("files").order_by("pk")
    for pack in found.iterator(chunk_size=200):
        name, files = f"{pack.entity}: pack {pack.version} of {pack.period}", list(pack.files.all())
        frozen = [(row.name, row.sha256, row.size) for row in files if not row.printed]
        heard = closed.pop(pack.pk, "")
        if pack_digest(pack, frozen) != pack.digest:
            yield f"{name}: its fields and {len(frozen)} files are not what the close froze ({pack.digest[:16]}…)."
        elif heard != pack.digest:
            yield f"{name}: the audit trail tells of no such pack."
        for was_printed in (False, True):
            record = records.get((pack.pk, was_printed))
            if record is not None and not rows_agree(record, pack, printed=was_printed):
                yield f"{name}: a row of its {'printed' if was_printed else 'frozen'} files is not what was kept of it."
        for row in files:
            kept = rows_told.pop((pack.pk, row.name), None)
            if kept is not None and not ROW.agrees(kept, PeriodPackFile.objects.filter(pk=row.pk)):
                yield f"{name}: the row of its file {row.name} is not what was kept of it."
            if row.printed and printed.pop((pack.pk, row.name), "") != row.sha256:
                yield f"{name}: the audit trail tells of no such {row.name}."
    for key in sorted(closed):
        yield f"Pack {key} of a period is missing: it stands in the audit trail only."
    for key, name in sorted(rows_told.keys() - printed.keys()):
        yield f"{name} of pack {key} is missing: it stands in the audit trail only."
    for key, name in sorted(printed):
        yield f"{name} of pack {key} is missing: it stands in the audit trail only."


def pack_files(tally: Tally) -> Iterator[str]:
    """Each file of a pack is the stored file of that SHA-256, size and company; all files' bytes are proved by core."""
    for name, version, code, file in rows(
        "select e.name, p.version, d.starts_on, f.name from ledger_periodpackfile f "
        "join ledger_periodpack p on p.id = f.pack_id join core_entity e on e.id = p.entity_id "
        "join ledger_fiscalperiod d on d.id = p.period_id left join core_storedfile s on s.id = f.file_id "
        "where s.id is null or s.sha256 <> f.sha256 or s.size <> f.size or s.entity_id <> p.entity_id "
        f"order by f.id limit {LIMIT}"
    ):
        yield f"{name}: pack {version} of the period from {code}: {file} is not the file that was frozen."


def pack_heads(tally: Tally) -> Iterator[str]:
    """The journal and the audit trail still have, at their places, the hashes that the pack names as their heads."""
    for name, version, code, what in rows(
        "select e.name, p.version, d.starts_on, 'journal' from ledger_periodpack p "
        "join core_entity e on e.id = p.entity_id join ledger_fiscalperiod d on d.id = p.period_id "
        "left join ledger_journalentry j on j.entity_id = p.entity_id and j.chain_sequence = p.journal_sequence "
        "where p.journal_sequence > 0 and (j.id is null or j.hash <> p.journal_hash) "
        "union all select e.name, p.version, d.starts_on, 'audit trail' from ledger_periodpack p "
        "join core_entity e on e.id = p.entity_id join ledger_fiscalperiod d on d.id = p.period_id "
        "left join core_auditevent a on a.entity_id = p.entity_id and a.sequence = p.audit_sequence "
        f"where p.audit_sequence > 0 and (a.id is null or a.hash <> p.audit_hash) limit {LIMIT}"
    ):
        yield f"{name}: pack {version} of the period from {code}: the {what} has another hash at its head's place."


verify.register("period packs", packs)
verify.register("files of period packs", pack_files)
verify.register("heads of period packs", pack_heads)
