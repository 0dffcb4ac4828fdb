"""The pack of a period: what a close freezes, kept as files under their SHA-256.

Invariants: a pack is made in the transaction of the close, while the period's row and the head of the journal are
locked, so that nothing is posted between the first figure and the last; what cannot be made fails the close as a whole.
Files printed later are made from frozen files, never from the books. The ledger knows no reports: a room above
registers what makes the papers.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.db.models import Max

from core import audit
from core.audit import entity_chain, head_lock
from core.errors import WrongState
from core.files import FILE_COLUMNS, file_content, file_store, files_told
from core.models import ChainHead, StoredFile, User
from core.records import Record
from writeoffs.ledger.journal import chain_of
from writeoffs.ledger.models import FiscalPeriod, PeriodPack, PeriodPackFile


@dataclass(frozen=True, slots=True)
class Paper:
    """One file to keep."""

    name: str
    content_type: str
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class PackMaker:
    """papers(pack, checks): what is frozen, made inside the close; checks: the checklist, as (label, open, detail).
    after(pack): called in the same transaction once all is kept."""

    papers: Callable[[PeriodPack, Sequence[tuple[str, int, str]]], Iterable[Paper]]
    after: Callable[[PeriodPack], None]


_MAKERS: list[PackMaker] = []


def register_maker(maker: PackMaker) -> None:
    """A room above says what a close freezes; called once per room, in ready()."""
    if maker not in _MAKERS:
        _MAKERS.append(maker)


def pack_freeze(*, period: FiscalPeriod, checks: Sequence[tuple[str, int, str]]) -> PeriodPack:
    """The pack of a period that was closed in this transaction. Gives it with its digest; the caller records it."""
    entity, user = period.entity, period.closed_by
    assert user is not None
    assert period.closed_at is not None
    journal = head_lock(chain_of(entity))
    trail = ChainHead.objects.filter(chain=entity_chain(entity)).first() or ChainHead()
    before = PeriodPack.objects.filter(period=period).aggregate(last=Max("version"))["last"] or 0
    pack = PeriodPack(
        entity=entity,
        period=period,
        version=before + 1,
        closed_at=period.closed_at,
        closed_by=user,
        entry_count=period.entries.count(),
        journal_sequence=journal.sequence,
        journal_hash=journal.hash,
        audit_sequence=trail.sequence,
        audit_hash=trail.hash,
    )
    papers = [paper for maker in _MAKERS for paper in maker.papers(pack, checks)]
    kept = [(paper, _kept(paper, pack, user)) for paper in papers]
    pack.digest = pack_digest(pack, [(paper.name, file.sha256, file.size) for paper, file in kept])
    pack.save(force_insert=True)
    PeriodPackFile.objects.bulk_create(_row(pack, paper, file) for paper, file in kept)
    for maker in _MAKERS:
        maker.after(pack)
    return pack


def _kept(paper: Paper, pack: PeriodPack, user: User) -> StoredFile:
    return file_store(
        entity=pack.entity, name=paper.name, content=paper.content, content_type=paper.content_type, user=user
    )


def _row(pack: PeriodPack, paper: Paper, file: StoredFile, *, printed: bool = False) -> PeriodPackFile:
    return PeriodPackFile(
        pack=pack,
        name=paper.name,
        content_type=paper.content_type,
        file=file,
        sha256=file.sha256,
        size=file.size,
        printed=printed,
    )


def pack_digest(pack: PeriodPack, files: Iterable[tuple[str, str, int]]) -> str:
    """SHA-256 over the fields of a pack and (name, SHA-256, size) of each file frozen with it."""
    fields: list[Any] = [
        *(1, pack.entity_id, pack.period_id, pack.version, pack.closed_at.isoformat(), pack.closed_by_id),
        *(pack.entry_count, pack.journal_sequence, pack.journal_hash, pack.audit_sequence, pack.audit_hash),
        sorted(files),
    ]
    return hashlib.sha256(json.dumps(fields, separators=(",", ":")).encode()).hexdigest()


_ROW = "content_type file_id made_at name pack_id printed sha256 size"
ROW = Record((PeriodPackFile,), [[_ROW]])
# All files at once, as the first events kept them: `record`.
ROWS = Record((PeriodPackFile, StoredFile), [(_ROW, FILE_COLUMNS)], left_out=("", "content"))


def rows_told(pack: PeriodPack, *, printed: bool) -> dict[str, dict[str, str]]:
    """What the audit event says of a pack's files, frozen with the close or printed after it, and of the stored ones:
    `rows` by name, `stored` by key."""
    files = PeriodPackFile.objects.filter(pack=pack, printed=printed)
    rows = {row.name: ROW.digest(PeriodPackFile.objects.filter(pk=row.pk)) for row in files.order_by("pk")}
    return {
        "rows": rows,
        **files_told(StoredFile.objects.filter(pk__in=files.values("file")).only("pk").order_by("pk")),
    }


def rows_agree(kept: str, pack: PeriodPack, *, printed: bool) -> bool:
    """Whether the rows of the files, all at once, give the digest that was kept of them."""
    files = PeriodPackFile.objects.filter(pack=pack, printed=printed)
    return ROWS.agrees(kept, files, StoredFile.objects.filter(pk__in=files.values("file")))


@transaction.atomic
def pack_print(*, pack: PeriodPack, papers: Sequence[Paper], user: User) -> list[PeriodPackFile]:
    """Add what was printed from the pack's frozen figures; a name that is there already is left as it is."""
    PeriodPack.objects.select_for_update().get(pk=pack.pk)
    there = set(pack.files.values_list("name", flat=True))
    new = [paper for paper in papers if paper.name not in there]
    if not new:
        return []
    made = [_row(pack, paper, _kept(paper, pack, user), printed=True) for paper in new]
    PeriodPackFile.objects.bulk_create(made)
    count = "1 paper" if len(made) == 1 else f"{len(made)} papers"
    audit.record(
        entity=pack.entity,
        actor=user,
        kind="period.pack_printed",
        subject=f"period:{pack.period.code}",
        message=f"{count} of pack {pack.version} of {pack.period} printed from its frozen figures.",
        data={
            "pack": pack.pk,
            "files": {row.name: row.sha256 for row in made},
            **rows_told(pack, printed=True),
        },
    )
    return made


def pack_file_content(row: PeriodPackFile) -> bytes:
    """The bytes of a file of a pack. WrongState where they are not what was frozen."""
    content = file_content(row.file_id)
    if hashlib.sha256(content).hexdigest() != row.sha256:
        raise WrongState(
            f"{row.name} is not the file that was frozen with SHA-256 {row.sha256[:16]}…, so it is not handed out. "
            "Prove the records under Audit, and restore the file from a back-up."
        )
    return content
