"""Reads proposals for pages: the inbox, the list, one document. A constant number of queries whatever the data's
size."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Count, Max, OuterRef, Q, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Coalesce

from core.models import Entity, User
from core.words import Role
from inventory.models import CountSheet
from writeoffs.ledger.models import FiscalPeriod
from writeoffs.proposals.behind_news import last_told
from writeoffs.proposals.models import Decision, Evidence, Proposal, ProposalLine, Status, Verb, Void, VoidedLine
from writeoffs.proposals.numbers import said

TABS: tuple[tuple[str, str], ...] = (
    (Status.DRAFT, "Drafts"),
    (Status.SUBMITTED, "To approve"),
    (Status.APPROVED, "To post"),
    (Status.POSTED, "Posted"),
    (Status.REJECTED, "Rejected"),
    (Status.VOIDED, "Voided"),
)


def with_line_figures(proposals: QuerySet[Proposal]) -> QuerySet[Proposal]:
    """Adds what a line of a list shows: evidence_count, first_location (its code; more_locations is not asked) and
    behind_told (behind_news.py)."""
    evidence = (
        Evidence.objects.filter(proposal=OuterRef("pk"))
        .order_by()
        .values("proposal")
        .annotate(n=Count("pk"))
        .values("n")
    )
    location = (
        ProposalLine.objects.filter(proposal=OuterRef("pk")).order_by("line_number").values("lot__location__code")[:1]
    )
    return (
        last_told(proposals)
        .select_related("entity", "created_by", "approved_by")
        .annotate(
            evidence_count=Coalesce(Subquery(evidence), Value(0)),
            first_location=Coalesce(Subquery(location), Value("")),
        )
    )


def second_approver_wanted(entity: Entity) -> Q:
    """Approved proposals dated in a soft-closed period that nobody has approved a second time: policy's rule as a
    query. One query for the periods, of which few are soft-closed at once."""
    soft = FiscalPeriod.objects.filter(entity=entity, status=FiscalPeriod.Status.SOFT_CLOSED)
    dated = Q(pk__in=[])
    for period in soft:
        dated |= Q(posting_on__range=(period.starts_on, period.ends_on), adjustment=period.is_adjustment)
    return dated & Q(status=Status.APPROVED, countersigned_by__isnull=True)


@dataclass(frozen=True, slots=True)
class Inbox:
    """What waits for one person, oldest first: querysets with the figures of a line. `counts` was read in one query."""

    to_approve: QuerySet[Proposal]
    to_post: QuerySet[Proposal]
    returned: QuerySet[Proposal]
    sent: QuerySet[Proposal]
    drafts: QuerySet[Proposal]
    counts: dict[str, int]


def inbox(*, entity: Entity, user: User, roles: Collection[str]) -> Inbox:
    """To approve, to post, returned to me, sent by me, my drafts. What duties keep from the person is not in it."""
    last_verb = Subquery(Decision.objects.filter(proposal=OuterRef("pk")).order_by("-pk").values("verb")[:1])
    everything = Proposal.objects.filter(entity=entity).annotate(last_verb=last_verb)
    mine = Q(created_by=user)
    counted_by_me = Q(
        count_sheet__isnull=False,
        count_sheet__in=CountSheet.objects.filter(Q(created_by=user) | Q(upload__committed_by=user), entity=entity),
    )
    never = Q(pk__in=[])
    unsigned = second_approver_wanted(entity)
    approve = (
        (Q(status=Status.SUBMITTED) | (unsigned & ~Q(approved_by=user))) & ~mine & ~counted_by_me
        if Role.APPROVER in roles
        else never
    )
    post = (
        Q(status=Status.APPROVED)
        & ~mine
        & ~counted_by_me
        & ~Q(approved_by=user)
        & (Q(countersigned_by__isnull=True) | ~Q(countersigned_by=user))
        & ~unsigned
        if Role.CONTROLLER in roles
        else never
    )
    returned = mine & Q(status=Status.DRAFT, last_verb=Verb.RETURN)
    sent = mine & Q(status__in=(Status.SUBMITTED, Status.APPROVED))
    drafts = mine & Q(status=Status.DRAFT) & (Q(last_verb__isnull=True) | ~Q(last_verb=Verb.RETURN))
    wanted = {"to_approve": approve, "to_post": post, "returned": returned, "sent": sent, "drafts": drafts}
    # Counted through the very lists that are shown: an aggregate's own filter joins the count sheet inside, and loses
    # every proposal that has none.
    shown = {name: Q(pk__in=everything.filter(condition).values("pk")) for name, condition in wanted.items()}
    counts = Proposal.objects.filter(entity=entity).aggregate(
        **{name: Count("pk", filter=condition) for name, condition in shown.items()}
    )
    lists = {
        name: with_line_figures(everything.filter(condition)).order_by("submitted_at", "pk")
        for name, condition in wanted.items()
    }
    return Inbox(**lists, counts=counts)


def proposals_listed(
    *, entity: Entity, status: str = "", kind: str = "", reason: str = "", text: str = "", mine: User | None = None
) -> QuerySet[Proposal]:
    """The list page's rows, newest first. text: part of the number, of the note, or a lot's SKU."""
    proposals = Proposal.objects.filter(entity=entity)
    if status:
        proposals = proposals.filter(status=status)
    if kind:
        proposals = proposals.filter(kind=kind)
    if reason:
        proposals = proposals.filter(reason=reason)
    if mine is not None:
        proposals = proposals.filter(created_by=mine)
    if text:
        by_sku = ProposalLine.objects.filter(proposal__entity=entity, lot__item__sku__iexact=text).values("proposal")
        proposals = proposals.filter(
            Q(number__icontains=text) | Q(note__icontains=text) | Q(made_from__icontains=text) | Q(pk__in=by_sku)
        )
    return with_line_figures(proposals).order_by("-pk")


def status_counts(*, entity: Entity) -> dict[str, int]:
    rows = Proposal.objects.filter(entity=entity).order_by().values_list("status").annotate(n=Count("pk"))
    return dict(rows)


def last_voided_at(entity: Entity) -> dt.datetime | None:
    """When a posted proposal of the entity was last voided; None where none was."""
    voids = Decision.objects.filter(proposal__entity=entity, verb=Verb.VOID)
    last: dt.datetime | None = voids.aggregate(last=Max("at"))["last"]
    return last


def proposal_get(*, entity: Entity, number: str) -> Proposal | None:
    """One proposal of the entity with everything its page names, or None."""
    return (
        Proposal.objects.select_related(
            "entity", "created_by", "approved_by", "countersigned_by", "posted_by", "count_sheet__upload"
        )
        .filter(entity=entity, number=number)
        .first()
    )


def proposal_lines(proposal: Proposal) -> QuerySet[ProposalLine]:
    return (
        ProposalLine.objects.filter(proposal=proposal)
        .select_related("lot__item__category", "lot__location", "cost_centre", "quarantine", "voided__void")
        .order_by("line_number")
    )


@dataclass(frozen=True, slots=True)
class LineTotals:
    """What a document's lines add up to. allowance_used: positive where a write-off takes it along."""

    quantity: Decimal
    cost: Decimal
    allowance: Decimal
    loss: Decimal


def line_totals(proposal: Proposal) -> LineTotals:
    nil = Decimal(0)
    sums = ProposalLine.objects.filter(proposal=proposal).aggregate(
        quantity=Sum("quantity"), cost=Sum("cost"), allowance=Sum("allowance"), loss=Sum("loss")
    )
    return LineTotals(**{name: value if value is not None else nil for name, value in sums.items()})


@dataclass(frozen=True, slots=True)
class VoidShown:
    """One void of a document for its page: which lines, their net loss, and the mirror entries by number."""

    void: Void
    lines: str
    count: int
    loss: Decimal
    entries: list[str]


def voids_of(proposal: Proposal) -> list[VoidShown]:
    """The voids of a document in their order. Two queries."""
    voids = list(proposal.voids.select_related("asked_by", "decided_by").order_by("number"))
    if not voids:
        return []
    undone: dict[int, list[tuple[int, Decimal]]] = {void.pk: [] for void in voids}
    rows = VoidedLine.objects.filter(void__in=voids).values_list("void_id", "line__line_number", "line__loss")
    for void_id, number, loss in rows:
        undone[void_id].append((number, loss))
    return [
        VoidShown(
            void,
            said(number for number, _ in undone[void.pk]),
            len(undone[void.pk]),
            sum((loss for _, loss in undone[void.pk]), Decimal(0)),
            list(void.entries),
        )
        for void in voids
    ]


@dataclass(frozen=True, slots=True)
class StepShown:
    """One step of the way at the top of the page. state: done, now, stopped or nothing yet."""

    label: str
    state: str
    by: str = ""
    at: dt.datetime | None = None


def steps_of(proposal: Proposal) -> list[StepShown]:
    """Prepared, submitted, approved, posted; who and when, and where it stands or was stopped."""
    last = {d.verb: d for d in proposal.decisions.select_related("by").order_by("pk")}
    steps = [StepShown("Prepared", "done", str(proposal.created_by), proposal.created_at)]
    ways: tuple[tuple[str, str, dt.datetime | None, str], ...] = (
        ("Submitted", Status.DRAFT, proposal.submitted_at, str(proposal.created_by)),
        ("Approved", Status.SUBMITTED, proposal.approved_at, str(proposal.approved_by or "")),
        ("Posted", Status.APPROVED, proposal.posted_at, str(proposal.posted_by or "")),
    )
    if proposal.countersigned_at is not None:
        second = ("Approved again", "", proposal.countersigned_at, str(proposal.countersigned_by))
        ways = (*ways[:2], second, ways[2])
    for label, waits_at, at, by in ways:
        if at is not None:
            steps.append(StepShown(label, "done", by, at))
        elif proposal.status == waits_at:
            steps.append(StepShown(label, "now"))
        elif proposal.status != Status.REJECTED:
            steps.append(StepShown(label, ""))
    for status, verb, label in (
        (Status.REJECTED, Verb.REJECT, "Rejected"),
        (Status.REJECTED, Verb.DISCARD, "Discarded"),
        (Status.VOIDED, Verb.VOID, "Voided"),
    ):
        if proposal.status == status and verb in last:
            steps.append(StepShown(label, "stopped", str(last[verb].by), last[verb].at))
    return steps
