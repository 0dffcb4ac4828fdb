"""Hands postings to the ERP: in batches of a kind, or one by one; each download counted and told.

Invariants: a posting stands in one batch until the ERP rejects it, so that no two batches hold the same movement; a
batch's rows never change; every download has a copy number and an audit event with the SHA-256 of exactly its bytes.
"""

from __future__ import annotations

import hashlib
from collections import Counter as Counted
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db import transaction
from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from core import audit
from core.access import roles_in
from core.csvfiles import Cell
from core.errors import BadInput, NotAllowed, WrongState
from core.idempotency import Answer, Asked, once
from core.models import Entity, User
from core.numbers import numbers_take
from core.words import Role
from writeoffs.ledger.models import JournalEntry, Origin
from writeoffs.posting.charge_models import ErpCharge
from writeoffs.posting.erp_charges import charge_state, charges_send, charges_waiting
from writeoffs.posting.erp_proof import BATCH, HANDOUT, SERIES, batch_row, handout_row
from writeoffs.posting.exports import IMPORT, INFORMATION, Row, charge_rows, document_number, file_text, rows_of
from writeoffs.posting.feed_models import ErpBatch, ErpHandout, FeedKind, Takes
from writeoffs.posting.flight import BATCH_DONE, lines_send
from writeoffs.posting.models import PENDING, Posting

MADE_BY = frozenset({Role.CONTROLLER, Role.PREPARER})
FILE_NAMES = {Takes.ADJUSTMENT: "stock-adjustment", Takes.JOURNAL: "journal"}


@dataclass(frozen=True, slots=True)
class HandedOut:
    """A file as it was handed out."""

    name: str
    content: bytes
    copy: int


@dataclass(frozen=True, slots=True)
class Waiting:
    """Postings of a kind that the ERP takes one way and that no batch holds. rejected: how many of them it refused;
    charges: entries beside the stock adjustment of others, which go along with the journals."""

    kind: FeedKind
    takes: Takes
    count: int
    rejected: int
    charges: int = 0


def postings_unsent(*, entity: Entity) -> QuerySet[Posting]:
    """What the next batches would hold: pending, or a journal without units that the ERP has not answered yet."""
    own = JournalEntry.objects.filter(
        entity=entity,
        source_ref=OuterRef("source_ref"),
        origin=Origin.OWN,
        chain_sequence__gt=OuterRef("journal_through"),
    )
    journal_alone = Q(status=Posting.Status.NOT_NEEDED, takes=Takes.JOURNAL) & Q(Exists(own))
    nowhere = (Q(status__in=PENDING) | journal_alone) & Q(batch__isnull=True)
    return Posting.objects.filter(nowhere | BATCH_DONE, entity=entity)


def batches_waiting(*, entity: Entity) -> list[Waiting]:
    rejected = Count("pk", filter=Q(status=Posting.Status.REJECTED))
    groups = postings_unsent(entity=entity).order_by().values_list("kind", "takes")
    postings = {(kind, takes): (n, bad) for kind, takes, n, bad in groups.annotate(n=Count("pk"), rejected=rejected)}
    charges = Counted((one.kind, Takes.JOURNAL.value) for one in charges_waiting(entity=entity))
    return [
        Waiting(FeedKind(key[0]), Takes(key[1]), *postings.get(key, (0, 0)), charges[key])
        for key in sorted({*postings, *charges})
    ]


def batch_make(*, entity: Entity, user: User, kind: str, takes: str, key: str = "") -> ErpBatch:
    """All unsent postings of the kind as one batch, a journal's with the entries beside stock adjustments. What the ERP
    had rejected goes again and waits for its answer. key: of the press, so that it counts once (core.idempotency).
    NotAllowed, BadInput; WrongState where nothing waits; KeyUsed."""
    if not roles_in(entity, user) & MADE_BY:
        raise NotAllowed(f"A controller or a preparer of {entity} makes the files for the ERP.")
    if kind not in FeedKind.values or takes not in Takes.values:
        raise BadInput(f"'{kind}' by '{takes}' is no kind of posting and file. Choose from the page.")

    def step() -> Answer:
        batch = _batch_make(entity, user, kind, takes)
        return Answer(batch.number, {"batch": batch.pk})

    asked = Asked("erp.batch_make", f"erp_batch:{kind}:{takes}")
    answer = once(entity=entity, user=user, key=key, asked=asked, step=step)
    return ErpBatch.objects.select_related("entity").get(entity=entity, pk=answer.result["batch"])


@transaction.atomic
def _batch_make(entity: Entity, user: User, kind: str, takes: str) -> ErpBatch:
    # Two who make a batch at once, or confirm an entry meanwhile: the second waits here and then finds nothing left.
    entity = Entity.objects.select_for_update(no_key=True).get(pk=entity.pk)
    # A void that is on its way either sees the batch or has taken its posting out of what waits.
    waiting = postings_unsent(entity=entity).filter(kind=kind, takes=takes)
    postings = list(waiting.select_for_update(of=("self",)).order_by("pk"))
    charges = [one.entry_id for one in charges_waiting(entity=entity, kind=kind)] if takes == Takes.JOURNAL else []
    if not postings and not charges:
        raise WrongState(
            f"No {FeedKind(kind).label.lower()} wait for the ERP. A batch that was made before can be taken again "
            "from the list; it is marked as a repeat then."
        )
    rows = rows_of(takes, entity=entity, postings=postings, left=True)
    rows += charge_rows(entity=entity, entries=charges)
    batch = ErpBatch.objects.create(
        entity=entity,
        sequence=numbers_take(entity=entity, series=SERIES),
        kind=kind,
        takes=takes,
        rows=[[_kept(value) for value in row] for row in rows],
        posting_count=len(postings),
        made_by=user,
    )
    again = [posting for posting in postings if posting.is_rejected]
    Posting.objects.filter(pk__in=[posting.pk for posting in postings]).update(batch=batch)
    lines_send(postings)
    _send_again(again)
    _told_made(batch, user, postings, charges_send(batch=batch, entries=charges), len(again))
    return batch


def _told_made(
    batch: ErpBatch, user: User, postings: Sequence[Posting], charges: Sequence[ErpCharge], again: int
) -> None:
    held = [f"{len(postings)} postings"] if postings else []
    held += [f"{len(charges)} entries beside stock adjustments"] if charges else []
    told = f", {again} of them again after a rejection" if again else ""
    audit.record(
        entity=batch.entity,
        actor=user,
        kind="erp.batch_made",
        subject=f"erp_batch:{batch.pk}",
        message=f"{user} made batch {batch.number}: {batch.get_kind_display().lower()}, {' and '.join(held)}{told}.",
        data={
            "batch": batch.pk,
            "postings": [one.source_ref for one in postings],
            "rows": len(batch.rows),
            "record": BATCH.digest(batch_row(batch)),
            "charges": [charge_state(charge) for charge in charges],
        },
    )


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
    rows = [tuple(_read(value) for value in row) for row in batch.rows]
    hand = _Hand(batch.entity, user, f"batch:{batch.pk}", f"erp_batch:{batch.pk}")
    stem = f"{batch.number}-{FILE_NAMES[Takes(batch.takes)]}"
    return _hand_out(hand, stem, batch.takes, rows, batch.number)


@transaction.atomic
def posting_hand_out(*, posting: Posting, takes: str, user: User) -> HandedOut:
    """One posting's file: what the ERP takes, or the other one as a listing. Where its batch was taken before, this is
    a repeat of it."""
    batch = posting.batch if posting.takes == takes else None
    before = 0
    if batch is not None:
        before = ErpHandout.objects.filter(entity=posting.entity, subject=f"batch:{batch.pk}").count()
    hand = _Hand(posting.entity, user, f"posting:{posting.pk}:{takes.lower()}", posting.source_ref, before)
    rows = rows_of(takes, entity=posting.entity, postings=[posting])
    stem = f"{document_number(posting)}-{FILE_NAMES[Takes(takes)]}"
    return _hand_out(hand, stem, takes, rows, batch.number if batch else "")


@dataclass(frozen=True, slots=True)
class _Hand:
    """Who takes what. subject: counts the copies; told: the audit event's subject; before: copies of another file that
    held the same rows."""

    entity: Entity
    user: User
    subject: str
    told: str
    before: int = 0


def _hand_out(hand: _Hand, stem: str, takes: str, rows: Sequence[Row], batch: str) -> HandedOut:
    """Those who only read get a listing: it is no copy, so that the first file of who sends it is no repeat."""
    sends = bool(roles_in(hand.entity, hand.user) & MADE_BY)
    copy = 0
    if sends:
        # Two downloads at once are told apart: the second waits here.
        Entity.objects.select_for_update(no_key=True).get(pk=hand.entity.pk)
        copy = ErpHandout.objects.filter(entity=hand.entity, subject=hand.subject).count() + 1
    else:
        rows = [(*row[:-1], INFORMATION) for row in rows]
    repeat = copy + hand.before if copy + hand.before > 1 and sends else 0
    use = "" if any(row[-1] == IMPORT for row in rows) else "-for-information"
    name = f"{stem}{use}{f'-repeat-{repeat}' if repeat else ''}.csv"
    # The mark tells a spreadsheet program that the file is UTF-8.
    content = ("\ufeff" + file_text(takes, rows, batch=batch, copy=copy + hand.before if sends else 0)).encode()
    digest = hashlib.sha256(content).hexdigest()
    told: dict[str, object] = {"sha256": digest, "copy": copy, "bytes": len(content)}
    if sends:
        handout = ErpHandout.objects.create(
            entity=hand.entity, subject=hand.subject, copy=copy, sha256=digest, taken_by=hand.user
        )
        told |= {"handout": handout.pk, "record": HANDOUT.digest(handout_row(handout))}
    audit.record(
        entity=hand.entity,
        actor=hand.user,
        kind="erp.file_taken",
        subject=hand.told,
        message=f"{hand.user} took {name}" + (", a repeat." if repeat else "."),
        data=told,
    )
    return HandedOut(name, content, copy + hand.before)
