"""Entries that no stock adjustment carries: what waits for a journal batch, and a person's word that the ERP has one.

Invariants: of a posting whose adjustment the ERP takes, disposal cost, proceeds, input tax, insurance and taxes reach
it by journal, each entry once; an entry that was taken back whole before it was given is not given, and its mirrors are
not either.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db import transaction
from django.db.models import OuterRef, Q, Subquery, Sum
from django.utils import timezone

from core import audit
from core.access import roles_in
from core.audit import NewEvent
from core.errors import BadInput, NotAllowed, WrongState
from core.models import Entity, Upload, User
from writeoffs.ledger.models import JournalEntry, Origin
from writeoffs.posting.acknowledge import ACKNOWLEDGED_BY
from writeoffs.posting.charge_models import ErpCharge
from writeoffs.posting.feeds import beside_adjustment
from writeoffs.posting.models import ErpBatch, Posting, StagedAnswer

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class WaitingCharge:
    """An entry that the next journal batch of its kind would hold. kind: of its posting; debit: of the entry."""

    entry_id: int
    kind: str
    debit: Decimal


def charges_waiting(*, entity: Entity, kind: str = "") -> list[WaitingCharge]:
    """In the order of the books. kind "": of every kind."""
    entries = JournalEntry.objects.filter(entity=entity, origin=Origin.OWN)
    given = ErpCharge.objects.filter(entity=entity).exclude(status=ErpCharge.Status.REJECTED)
    of_posting = Posting.objects.filter(entity=entity, source_ref=OuterRef("source_ref")).values("kind")
    rows = (
        beside_adjustment(entries)
        .exclude(pk__in=given.values("entry"))
        .order_by("chain_sequence")
        .values_list("pk", "reverses_id", Subquery(of_posting[:1]))
        .annotate(debit=Sum("lines__amount", filter=Q(lines__amount__gt=ZERO)))
    )
    found = [(root or pk, WaitingCharge(pk, of_kind, debit)) for pk, root, of_kind, debit in rows]
    nil = _taken_back_whole(found)
    return [one for root, one in found if root not in nil and kind in ("", one.kind)]


def _taken_back_whole(found: Collection[tuple[int, WaitingCharge]]) -> set[int]:
    """Entries that wait together with mirrors that take all of them back: the ERP had nothing and needs nothing."""
    back: defaultdict[int, Decimal] = defaultdict(Decimal)
    for root, one in found:
        back[root] += one.debit if one.entry_id != root else ZERO
    return {root for root, one in found if one.entry_id == root and back[root] == one.debit}


def charges_send(*, batch: ErpBatch, entries: Sequence[int]) -> list[ErpCharge]:
    """The entries as handed over with the batch; their answer is open."""
    rows = [ErpCharge(entity=batch.entity, entry_id=pk, batch=batch, status=ErpCharge.Status.SENT) for pk in entries]
    ErpCharge.objects.bulk_create(rows, batch_size=500)
    return list(ErpCharge.objects.filter(batch=batch).order_by("pk"))


def charges_rejected(*, entity: Entity, waiting: Collection[WaitingCharge]) -> list[ErpCharge]:
    """Of what waits what the ERP rejected, as it last did, in the order that it was handed over."""
    found = (
        ErpCharge.objects.filter(entity=entity, entry__in=[one.entry_id for one in waiting])
        .select_related("entry")
        .order_by("pk")
    )
    return list({charge.entry_id: charge for charge in found}.values())


def charge_state(charge: ErpCharge) -> list[object]:
    """Where an entry stands with the ERP, as the audit event of each step on it keeps it."""
    answered_at = charge.answered_at.isoformat() if charge.answered_at else None
    return [
        *(charge.pk, charge.entry_id, charge.batch_id, charge.status, charge.erp_document, charge.erp_message),
        *(answered_at, charge.answered_by_id),
    ]


@transaction.atomic
def charge_acknowledge(*, entity: Entity, entry: JournalEntry, user: User, how: str) -> ErpCharge:
    """A person confirms that the ERP has the entry. WrongState where it was confirmed before, or comes to the ERP with
    the stock adjustment or the journal of its posting."""
    name = f"Entry {entry.number}"
    if not roles_in(entity, user) & ACKNOWLEDGED_BY:
        raise NotAllowed(f"{name}: a controller or a preparer of {entity} confirms that the ERP has it.")
    if not how.strip():
        raise BadInput(f"{name}: say how the ERP got it: the number of its document, or who entered it.")
    # Two who confirm at once, or confirm and make a batch: the second finds what the first did.
    Entity.objects.select_for_update(no_key=True).get(pk=entity.pk)
    own = JournalEntry.objects.filter(entity=entity, origin=Origin.OWN, pk=entry.pk)
    if not beside_adjustment(own).exists():
        raise WrongState(f"{name} reaches the ERP with its posting. Confirm the posting under Postings.")
    given = ErpCharge.objects.filter(entry=entry).exclude(status=ErpCharge.Status.REJECTED).first()
    if given is not None and given.status == ErpCharge.Status.ACCEPTED:
        raise WrongState(f"{name} is marked already: in the ERP as {given.erp_document}. Nothing was changed.")
    charge = given or ErpCharge(entity=entity, entry=entry)
    charge.status, charge.erp_document = ErpCharge.Status.ACCEPTED, how.strip()[:200]
    charge.answered_at, charge.answered_by = timezone.now(), user
    charge.save()
    audit.record(
        entity=entity,
        actor=user,
        kind="charge.acknowledged",
        subject=entry.source_ref,
        message=f"{user} confirmed that the ERP has entry {entry.number}: {charge.erp_document}",
        data={"charges": [charge_state(charge)]},
    )
    return charge


def charges_answered(
    *, entity: Entity, answers: Mapping[int, StagedAnswer], upload: Upload, user: User
) -> list[ErpCharge]:
    """Take in what the ERP said of entries that it was handed; fewer where somebody settled one meanwhile. Inside the
    transaction of the sheet."""
    sent = ErpCharge.objects.filter(entity=entity, pk__in=answers, status=ErpCharge.Status.SENT)
    charges = list(sent.select_for_update(of=("self",)).select_related("entry").order_by("pk"))
    events = []
    for charge in charges:
        answer = answers[charge.pk]
        charge.status = ErpCharge.Status.ACCEPTED if answer.accepted else ErpCharge.Status.REJECTED
        charge.erp_document, charge.erp_message = answer.erp_document, answer.message
        charge.answered_at, charge.answered_by = timezone.now(), user
        kind, said = "charge.acknowledged", f"the ERP has entry {charge.entry.number}: {charge.erp_document}"
        if not answer.accepted:
            kind, said = "charge.rejected", f"the ERP rejected entry {charge.entry.number}: {charge.erp_message}"
        data = {"upload": upload.pk, "row": answer.row, "charges": [charge_state(charge)]}
        events.append(NewEvent(user, kind, f"{user} took in the ERP's answer; {said}", charge.entry.source_ref, data))
    fields = ("status", "erp_document", "erp_message", "answered_at", "answered_by")
    ErpCharge.objects.bulk_update(charges, fields, batch_size=500)
    audit.record_many(entity=entity, events=events)
    return charges
