"""Hands postings to the ERP: in batches of a kind, or one by one; each download counted and told.

Invariants: a posting stands in one batch until the ERP rejects it, so that no two batches hold the same movement; a
batch's rows never change; every download has a copy number and an audit event with the SHA-256 of exactly its bytes.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from decimal import Decimal

from django.db import transaction
from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from core import audit
from core.access import roles_in
from core.csvfiles import Cell
from core.errors import BadInput, NotAllowed, WrongState
from core.models import Entity, User
from core.numbers import numbers_take
from core.words import Role
from writeoffs.ledger.models import JournalEntry, Origin
from writeoffs.posting.exports import document_number, file_text, rows_of
from writeoffs.posting.feed_models import ErpBatch, ErpHandout, FeedKind, Takes
from writeoffs.posting.models import PENDING, Posting

MADE_BY = frozenset({Role.CONTROLLER, Role.PREPARER})
SERIES = "erp_batch"
FILE_NAMES = {Takes.ADJUSTMENT: "stock-adjustment", Takes.JOURNAL: "journal"}


@dataclass(frozen=True, slots=True)
class HandedOut:
    """A file as it was handed out."""

    name: str
    content: bytes
    copy: int


@dataclass(frozen=True, slots=True)
class Waiting:
    """Postings of a kind that the ERP takes one way and that no batch holds. rejected: how many of them it refused."""

    kind: FeedKind
    takes: Takes
    count: int
    rejected: int


def postings_unsent(*, entity: Entity) -> QuerySet[Posting]:
    """What the next batches would hold: pending, or a journal without units that the ERP has not answered yet."""
    own = JournalEntry.objects.filter(entity=entity, source_ref=OuterRef("source_ref"), origin=Origin.OWN)
    journal_alone = Q(status=Posting.Status.NOT_NEEDED, takes=Takes.JOURNAL) & Q(Exists(own))
    return Posting.objects.filter(Q(status__in=PENDING) | journal_alone, entity=entity, batch__isnull=True)


def batches_waiting(*, entity: Entity) -> list[Waiting]:
    rejected = Count("pk", filter=Q(status=Posting.Status.REJECTED))
    groups = postings_unsent(entity=entity).order_by().values_list("kind", "takes")
    rows = groups.annotate(n=Count("pk"), rejected=rejected)
    return [Waiting(FeedKind(kind), Takes(takes), n, bad) for kind, takes, n, bad in sorted(rows)]


@transaction.atomic
def batch_make(*, entity: Entity, user: User, kind: str, takes: str) -> ErpBatch:
    """All unsent postings of the kind as one batch. What the ERP had rejected goes again and waits for its answer.
    NotAllowed, BadInput; WrongState where nothing waits."""
    if not roles_in(entity, user) & MADE_BY:
        raise NotAllowed(f"A controller or a preparer of {entity} makes the files for the ERP.")
    if kind not in FeedKind.values or takes not in Takes.values:
        raise BadInput(f"'{kind}' by '{takes}' is no kind of posting and file. Choose from the page.")
    # Two who make a batch at once: the second waits for the number and then finds nothing left.
    sequence = numbers_take(entity=entity, series=SERIES)
    postings = list(postings_unsent(entity=entity).filter(kind=kind, takes=takes).order_by("pk"))
    if not postings:
        raise WrongState(
            f"No {FeedKind(kind).label.lower()} wait for the ERP. A batch that was made before can be taken again "
            "from the list; it is marked as a repeat then."
        )
    rows = rows_of(takes, entity=entity, postings=postings)
    batch = ErpBatch.objects.create(
        entity=entity,
        sequence=sequence,
        kind=kind,
        takes=takes,
        rows=[[_kept(value) for value in row] for row in rows],
        posting_count=len(postings),
        made_by=user,
    )
    again = [posting for posting in postings if posting.is_rejected]
    Posting.objects.filter(pk__in=[posting.pk for posting in postings]).update(batch=batch)
    _send_again(again)
    told = f", {len(again)} of them again after a rejection" if again else ""
    audit.record(
        entity=entity,
        actor=user,
        kind="erp.batch_made",
        subject=f"erp_batch:{batch.pk}",
        message=f"{user} made batch {batch.number}: {FeedKind(kind).label.lower()}, {len(postings)} postings{told}.",
        data={"documents": [document_number(one) for one in postings], "rows": len(rows)},
    )
    return batch


def _send_again(postings: list[Posting]) -> None:
    """The answer is open again: UNACKNOWLEDGED where units are outstanding, else as a journal that waits."""
    rejected = Posting.objects.filter(pk__in=[one.pk for one in postings], status=Posting.Status.REJECTED)
    units = Q(lines__isnull=False) & ~Q(lines__outstanding=Decimal(0))
    with_units = list(rejected.filter(units).values_list("pk", flat=True).distinct())
    rejected.filter(pk__in=with_units).update(status=Posting.Status.UNACKNOWLEDGED, rejected_at=None)
    rejected.update(status=Posting.Status.NOT_NEEDED, rejected_at=None)


def _kept(value: Cell) -> list[str] | str | int | None:
    """A cell as JSON keeps it; a number as ["12.50"], so that it comes back as one and not as a text."""
    return [str(value)] if isinstance(value, Decimal) else value  # type: ignore[return-value]


def _read(value: list[str] | str | int | None) -> Cell:
    return Decimal(value[0]) if isinstance(value, list) else value


@transaction.atomic
def batch_hand_out(*, batch: ErpBatch, user: User) -> HandedOut:
    """The batch's file. From the second time on its name and rows say that it is a repeat."""
    subject = f"batch:{batch.pk}"
    copy = _copy(batch.entity, subject)
    rows = ([_read(value) for value in row] for row in batch.rows)
    content = _bytes(file_text(batch.takes, rows, batch=batch.number, copy=copy))
    name = f"{batch.number}-{FILE_NAMES[Takes(batch.takes)]}{_repeat(copy)}.csv"
    return _handed_out(batch.entity, subject, user, HandedOut(name, content, copy), batch.number)


@transaction.atomic
def posting_hand_out(*, posting: Posting, takes: str, user: User) -> HandedOut:
    """One posting's file: what the ERP takes, or the other one as a listing. Where its batch was taken before, this is
    a repeat of it."""
    number = document_number(posting)
    subject = f"posting:{posting.pk}:{takes.lower()}"
    copy = _copy(posting.entity, subject)
    batch = posting.batch if posting.takes == takes else None
    if batch is not None:
        copy += ErpHandout.objects.filter(entity=posting.entity, subject=f"batch:{batch.pk}").count()
    rows = rows_of(takes, entity=posting.entity, postings=[posting])
    content = _bytes(file_text(takes, rows, batch=batch.number if batch else "", copy=copy))
    use = "" if posting.takes == takes else "-for-information"
    name = f"{number}-{FILE_NAMES[Takes(takes)]}{use}{_repeat(copy)}.csv"
    return _handed_out(posting.entity, subject, user, HandedOut(name, content, copy), posting.source_ref)


def _copy(entity: Entity, subject: str) -> int:
    """The next copy number. The entity's row is locked, so that two downloads at once are told apart."""
    Entity.objects.select_for_update(no_key=True).get(pk=entity.pk)
    last = ErpHandout.objects.filter(entity=entity, subject=subject).order_by("-copy").first()
    return (last.copy if last else 0) + 1


def _handed_out(entity: Entity, subject: str, user: User, file: HandedOut, what: str) -> HandedOut:
    digest = hashlib.sha256(file.content).hexdigest()
    before = ErpHandout.objects.filter(entity=entity, subject=subject).count()
    ErpHandout.objects.create(entity=entity, subject=subject, copy=before + 1, sha256=digest, taken_by=user)
    audit.record(
        entity=entity,
        actor=user,
        kind="erp.file_taken",
        subject=what if ":" in what else f"erp_batch:{subject.partition(':')[2]}",
        message=f"{user} took {file.name}" + (", a repeat." if file.copy > 1 else "."),
        data={"sha256": digest, "copy": file.copy, "bytes": len(file.content)},
    )
    return file


def _repeat(copy: int) -> str:
    return f"-repeat-{copy}" if copy > 1 else ""


def _bytes(text: str) -> bytes:
    # The mark tells a spreadsheet program that the file is UTF-8.
    return ("\ufeff" + text).encode()
