"""What has to be done before a period closes, gathered from the rooms below; the ledger asks through its registry.

Invariant: what would be lost or misstated by closing blocks it; what can wait is shown and blocks nothing.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from django.db.models import Count, Q
from django.urls import reverse

from core.models import Upload
from core.verify import money_said
from inventory.models import CountSheet, UnexplainedFall
from writeoffs.ledger.models import FiscalPeriod, JournalEntry
from writeoffs.ledger.periods import CloseCheck
from writeoffs.posting.batches import batches_waiting
from writeoffs.posting.erp_charges import charges_rejected, charges_waiting
from writeoffs.posting.exports import document_number
from writeoffs.posting.models import ErpCharge, Posting, Takes
from writeoffs.posting.verifiers import tie_out
from writeoffs.proposals.models import Proposal, Status

# Rejected postings that the checklist names; the list behind it names all.
ERP_NAMED = 3
_IN_WORK = (Upload.Status.COLUMNS, Upload.Status.CHECKING, Upload.Status.CHECKED, Upload.Status.REFUSED)


def checks(period: FiscalPeriod) -> Iterator[CloseCheck]:
    yield from _proposals(period)
    yield from _uploads(period)
    yield _tie(period)
    yield from _stock(period)


def _said(count: int, one: str, many: str) -> str:
    return f"{count:,} {one if count == 1 else many}"


def _proposals(period: FiscalPeriod) -> Iterator[CloseCheck]:
    found = Proposal.objects.filter(
        entity_id=period.entity_id,
        posting_on__gte=period.starts_on,
        posting_on__lte=period.ends_on,
        adjustment=period.is_adjustment,
    ).aggregate(
        submitted=Count("pk", filter=Q(status=Status.SUBMITTED)),
        approved=Count("pk", filter=Q(status=Status.APPROVED)),
        drafts=Count("pk", filter=Q(status=Status.DRAFT)),
    )
    address = reverse("proposals:list", args=[period.entity.slug])
    for status, count, label, done, left, blocks in (
        (Status.SUBMITTED, found["submitted"], "Proposals are decided", "None waits for approval.", "waiting", True),
        (Status.APPROVED, found["approved"], "Approved proposals are posted", "None waits for it.", "not posted", True),
        (Status.DRAFT, found["drafts"], "Drafts are submitted or dated later", "There is none.", "in draft", False),
    ):
        detail = f"{_said(count, 'proposal is', 'proposals are')} still {left}." if count else done
        yield CloseCheck(label, count, detail, f"{address}?status={status}", blocks)


def _uploads(period: FiscalPeriod) -> Iterator[CloseCheck]:
    first, last = (
        period.entity.local_midnight(period.starts_on),
        period.entity.local_midnight(period.ends_on + dt.timedelta(days=1)),
    )
    # The period's days are the company's own: a list of the last evening in Chicago is of the next day in UTC.
    inside = Upload.objects.filter(entity_id=period.entity_id, as_of__gte=first, as_of__lt=last)
    found = inside.aggregate(
        committing=Count("pk", filter=Q(status=Upload.Status.COMMITTING)),
        in_work=Count("pk", filter=Q(status__in=_IN_WORK)),
    )
    address = reverse("uploads:list", args=[period.entity.slug])
    committing, in_work = found["committing"], found["in_work"]
    yield CloseCheck(
        "No sheet is being committed",
        committing,
        f"{_said(committing, 'upload is', 'uploads are')} being committed." if committing else "None is on its way in.",
        address,
    )
    yield CloseCheck(
        "Sheets of the period are committed or discarded",
        in_work,
        f"{_said(in_work, 'upload is', 'uploads are')} not committed yet." if in_work else "None is left over.",
        address,
        blocks=False,
    )


def _tie(period: FiscalPeriod) -> CloseCheck:
    entity = period.entity
    apart = [tie for tie in tie_out(entity=entity) if tie.difference]
    detail = (
        "The lots add up to what the ledger says."
        if not apart
        else " ".join(
            f"{tie.label}: lots {money_said(entity, tie.stock)}, ledger {money_said(entity, tie.ledger)}."
            for tie in apart
        )
    )
    return CloseCheck("Stock ties to the ledger", len(apart), detail, reverse("ledger:accounts", args=[entity.slug]))


def _stock(period: FiscalPeriod) -> Iterator[CloseCheck]:
    slug = period.entity.slug
    counts = CountSheet.objects.filter(
        entity_id=period.entity_id,
        status=CountSheet.Status.OPEN,
        difference_count__gt=0,
        counted_on__gte=period.starts_on,
        counted_on__lte=period.ends_on,
    ).count()
    yield CloseCheck(
        "Count differences are proposed",
        counts,
        f"{_said(counts, 'count has', 'counts have')} differences that nobody has proposed."
        if counts
        else "None is left.",
        reverse("counts:list", args=[slug]),
        blocks=False,
    )
    falls = UnexplainedFall.objects.filter(
        entity_id=period.entity_id,
        explanation="",
        movement__posted_on__gte=period.starts_on,
        movement__posted_on__lte=period.ends_on,
    ).count()
    yield CloseCheck(
        "Falls in quantity are explained",
        falls,
        f"{_said(falls, 'fall is', 'falls are')} not explained." if falls else "Every fall has its explanation.",
        reverse("stock:falls", args=[slug]),
        blocks=False,
    )
    yield from _erp(period)


def _erp(period: FiscalPeriod) -> Iterator[CloseCheck]:
    """What was posted until the period's end and the ERP has not: rejected ones by name, since somebody has to act."""
    until = Posting.objects.filter(entity_id=period.entity_id, posted_on__lte=period.ends_on)
    address = reverse("postings:list", args=[period.entity.slug])
    rejected = list(until.filter(status=Posting.Status.REJECTED).order_by("pk")[: ERP_NAMED + 1])
    named = "; ".join(f"{document_number(one)}: {one.erp_message}" for one in rejected[:ERP_NAMED])
    count = until.filter(status=Posting.Status.REJECTED).count() if len(rejected) > ERP_NAMED else len(rejected)
    yield CloseCheck(
        "The ERP rejected nothing",
        count,
        f"{_said(count, 'posting is', 'postings are')} rejected. {named}. Send again or void."
        if count
        else "No posting stands rejected.",
        f"{address}?status={Posting.Status.REJECTED}",
        blocks=False,
    )
    late = until.filter(status=Posting.Status.UNACKNOWLEDGED).count()
    yield CloseCheck(
        "The ERP has followed",
        late,
        f"{_said(late, 'posting is', 'postings are')} not in the ERP yet." if late else "Every posting is in the ERP.",
        f"{address}?status={Posting.Status.UNACKNOWLEDGED}",
        blocks=False,
    )
    yield _charges(period)
    unsent = sum(one.count + one.charges for one in batches_waiting(entity=period.entity) if one.takes == Takes.JOURNAL)
    yield CloseCheck(
        "Journals are handed to the ERP",
        unsent,
        f"{_said(unsent, 'journal is', 'journals are')} in no file for the ERP yet, of whatever date."
        if unsent
        else "Every journal that the ERP takes is in a batch.",
        reverse("postings:batches", args=[period.entity.slug]),
        blocks=False,
    )


def _charges(period: FiscalPeriod) -> CloseCheck:
    """What goes beside stock adjustments and the ERP has not confirmed: in a file without answer, or in none."""
    entity_id, handed = period.entity_id, ErpCharge.objects.filter(entry__posted_on__lte=period.ends_on)
    sent = handed.filter(entity_id=entity_id, status=ErpCharge.Status.SENT).count()
    waiting = charges_waiting(entity=period.entity)
    entries = [one.entry_id for one in waiting]
    unsent = JournalEntry.objects.filter(pk__in=entries, posted_on__lte=period.ends_on).count()
    count = sent + unsent
    refused = charges_rejected(entity=period.entity, waiting=waiting)
    rejected = [one for one in refused if one.entry.posted_on <= period.ends_on]
    named = "; ".join(f"{one.entry.number}: {one.erp_message}" for one in rejected[:ERP_NAMED])
    return CloseCheck(
        "The ERP has what goes beside adjustments",
        count,
        f"{_said(count, 'entry is', 'entries are')} not in the ERP yet: disposal cost, proceeds, insurance or tax."
        + (f" Rejected: {named}." if named else "")
        if count
        else "Disposal cost, proceeds, insurance and tax of every posting are in the ERP.",
        reverse("postings:charges", args=[period.entity.slug]),
        blocks=False,
    )
