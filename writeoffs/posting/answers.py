"""Takes in what the ERP answered: accepted documents are settled, rejected ones stay outstanding and say why.

Invariant: a posting is changed only while it waits for an answer; where somebody settled it, or an entry, since it was
checked, nothing of the sheet is taken. What is rejected leaves its batch, so that the next batch sends it again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from decimal import Decimal

from django.db import transaction
from django.db.models import Exists, OuterRef, Sum
from django.urls import reverse
from django.utils import timezone

from core import audit
from core.audit import NewEvent
from core.errors import StaleContent
from core.models import Entity, Upload, User
from core.sheets.kinds import Committed
from inventory.models import Movement
from writeoffs.posting.charge_models import ErpCharge
from writeoffs.posting.erp_charges import charges_answered
from writeoffs.posting.erp_proof import erp_state
from writeoffs.posting.exports import document_number
from writeoffs.posting.flight import lines_accept, lines_reject
from writeoffs.posting.models import CONFIRMABLE, Posting, PostingLine, StagedAnswer, Takes


@transaction.atomic
def answers_commit(*, upload: Upload, user: User) -> Committed:
    entity = Entity.objects.select_for_update(no_key=True).get(pk=upload.entity_id)
    by_posting: defaultdict[int, list[StagedAnswer]] = defaultdict(list)
    by_charge: dict[int, StagedAnswer] = {}
    for answer in StagedAnswer.objects.filter(upload_id=upload.pk).order_by("row"):
        if answer.posting_id is not None:
            by_posting[answer.posting_id].append(answer)
        elif answer.charge_id is not None:
            by_charge[answer.charge_id] = answer
    waiting = Posting.objects.filter(CONFIRMABLE, entity=entity, pk__in=by_posting)
    postings = {posting.pk: posting for posting in waiting.select_for_update().order_by("pk")}
    charges = charges_answered(entity=entity, answers=by_charge, upload=upload, user=user)
    if len(postings) != len(by_posting) or len(charges) != len(by_charge):
        raise StaleContent(
            f"Something that '{upload.file_name}' answers has been settled since it was checked. Check it again, then "
            "commit it."
        )
    _lines_settle(by_posting)
    _lines_refuse([pk for pk, rows in by_posting.items() if not all(one.accepted for one in rows)])
    open_ones = _with_lines(postings, outstanding=Decimal(0))
    waiting_ones = _with_lines(postings, sent=Decimal(0))
    events, changed = [], []
    for pk, posting in postings.items():
        _answered(posting, by_posting[pk], user, has_more=pk in open_ones)
        if posting.batch_id is not None and pk in open_ones and pk not in waiting_ones:
            # All that the batch asked for is done; what was voided meanwhile goes back with the next one.
            posting.status, posting.batch = Posting.Status.UNACKNOWLEDGED, None
        if posting.is_rejected and posting.takes == Takes.ADJUSTMENT and pk not in open_ones:
            _nothing_left(posting)
        changed.append(posting)
        events.append(_event(posting, by_posting[pk], user, upload))
    Posting.objects.bulk_update(changed, _FIELDS, batch_size=500)
    audit.record_many(entity=entity, events=events)
    rejected = sum(1 for posting in changed if posting.is_rejected)
    refused = sum(1 for charge in charges if charge.status == ErpCharge.Status.REJECTED)
    count = len(changed) + len(charges) - rejected - refused
    message = f"{count} documents are accepted by the ERP, {rejected + refused} rejected."
    address = reverse("postings:list", args=[entity.slug])
    if charges and not rejected and (refused or not changed):
        return Committed(message=message, url=reverse("postings:charges", args=[entity.slug]))
    return Committed(message=message, url=f"{address}?status=REJECTED" if rejected else f"{address}?status=")


_FIELDS = (
    *("status", "erp_document", "erp_message", "rejected_at", "batch"),
    *("acknowledged_at", "acknowledged_by", "acknowledged_how"),
)


def _lines_settle(answers: dict[int, list[StagedAnswer]]) -> None:
    """The ERP has what was accepted: a whole document's lines, or the lots that were named."""
    accepted = [one for rows in answers.values() for one in rows if one.accepted]
    whole = [pk for pk, rows in answers.items() for one in rows if one.accepted and one.line_id is None]
    lots = [one.line_id for one in accepted if one.line_id is not None]
    for column, keys in (("posting__in", whole), ("pk__in", lots)):
        for start in range(0, len(keys), 500):
            lines_accept(PostingLine.objects.filter(**{column: keys[start : start + 500]}))


def _lines_refuse(postings: list[int]) -> None:
    """Nothing of what was rejected is in flight any more; nor is what the ERP did not answer of the same document."""
    for start in range(0, len(postings), 500):
        lines_reject(PostingLine.objects.filter(posting__in=postings[start : start + 500]))


def _with_lines(postings: Collection[int], **nil: Decimal) -> set[int]:
    """Those with a line where the field is not nil."""
    lines = Exists(PostingLine.objects.filter(posting=OuterRef("pk")).exclude(**nil))
    return set(Posting.objects.filter(lines, pk__in=postings).values_list("pk", flat=True))


def _answered(posting: Posting, answers: list[StagedAnswer], user: User, *, has_more: bool) -> None:
    numbers = list(dict.fromkeys(one.erp_document for one in answers if one.accepted))
    refused = [one.message for one in answers if not one.accepted]
    if numbers:
        posting.erp_document = ", ".join(numbers)[:60]
    if refused:
        posting.status = Posting.Status.REJECTED
        posting.erp_message = "; ".join(dict.fromkeys(refused))[:300]
        posting.rejected_at, posting.batch = timezone.now(), None
    elif not has_more:
        posting.status = Posting.Status.ACKNOWLEDGED
        posting.erp_message, posting.rejected_at = "", None
        posting.acknowledged_at, posting.acknowledged_by = timezone.now(), user
        posting.acknowledged_how = f"ERP document {posting.erp_document}"


def _nothing_left(posting: Posting) -> None:
    """What the ERP rejected was voided here meanwhile, so that nothing has to be done about it."""
    standing = Movement.objects.filter(entity=posting.entity_id, source_ref=posting.source_ref).order_by()
    lots = standing.values("lot").annotate(left=Sum("quantity")).exclude(left=Decimal(0))
    posting.rejected_at = None
    if lots.exists():
        posting.status = Posting.Status.ACKNOWLEDGED
        posting.acknowledged_at, posting.acknowledged_by = timezone.now(), None
        posting.acknowledged_how = "The ERP had followed all but the lines that were voided"
    else:
        posting.status = Posting.Status.VOIDED


def _event(posting: Posting, answers: list[StagedAnswer], user: User, upload: Upload) -> NewEvent:
    name = document_number(posting)
    kind, said = "posting.answered", f"the ERP took part of {name}: {posting.erp_document}"
    if not all(one.accepted for one in answers):
        kind, said = "posting.rejected", f"the ERP rejected {name}: {posting.erp_message}"
    elif posting.status == Posting.Status.ACKNOWLEDGED:
        kind, said = "posting.acknowledged", f"the ERP has {name}: {posting.acknowledged_how}"
    data = {
        "upload": upload.pk,
        "erp": erp_state(posting),
        "answers": [[one.row, one.accepted, one.erp_document, one.message] for one in answers[:50]],
    }
    return NewEvent(user, kind, f"{user} took in the ERP's answer; {said}", posting.source_ref, data)
