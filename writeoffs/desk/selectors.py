"""Reads what the inbox shows beside the proposals: changes, uploads, postings, stock at risk, the close.

Invariant: a constant number of queries whatever the data's size; "today" is the entity's own calendar day.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Aggregate, Count, Max, Min, Q, QuerySet, Sum

from core import changes
from core.models import ChangeRequest, Entity, Upload, User
from core.sheets import kinds
from core.words import Role
from inventory.kinds import stock_list
from inventory.models import CountSheet, Lot
from writeoffs.ledger.calendar import months_of
from writeoffs.ledger.models import FiscalPeriod
from writeoffs.posting.models import PENDING, Posting
from writeoffs.proposals.models import Proposal

NIL = Decimal(0)
AT_RISK_DAYS = 90


@dataclass(frozen=True, slots=True)
class Waiting:
    """What a tab adds up to: how many, how much (gross, at cost), and since when the oldest has waited."""

    count: int
    gross_loss: Decimal
    oldest: dt.datetime | None


def waiting_totals(*, proposals: QuerySet[Proposal]) -> Waiting:
    sums = proposals.order_by().aggregate(count=Count("pk"), gross=Sum("gross_loss"), oldest=Min("submitted_at"))
    return Waiting(sums["count"], sums["gross"] or NIL, sums["oldest"])


def changes_waiting(*, entity: Entity, user: User, roles: Collection[str]) -> list[ChangeRequest]:
    """Second-person changes that this person can decide: asked for by somebody else, of a kind their roles decide."""
    waiting = (
        ChangeRequest.objects.filter(entity=entity, status=ChangeRequest.Status.OPEN)
        .exclude(requested_by=user)
        .select_related("requested_by", "entity")
        .order_by("requested_at")
    )
    return [change for change in waiting if changes.kind_of(change).decided_by & set(roles)]


def uploads_waiting(*, entity: Entity, user: User, roles: Collection[str]) -> list[Upload]:
    """Sheets that need this person: their own unfinished ones, and checked ones that a controller has to commit."""
    own = Q(created_by=user, status__in=(Upload.Status.COLUMNS, Upload.Status.REFUSED, Upload.Status.CHECKED))
    second = Q(pk__in=[])
    if Role.CONTROLLER in roles:
        second = Q(status=Upload.Status.CHECKED, summary__needs_controller=True)
    uploads = (
        Upload.objects.filter(own | second, entity=entity).select_related("entity", "created_by").order_by("created_at")
    )
    return [upload for upload in uploads.defer("header", "sample", "mapping") if _offered(upload, user)]


def _offered(upload: Upload, user: User) -> bool:
    """A sheet that releases allowance is committed by somebody other than its uploader, who can only wait."""
    needs_other = bool(upload.summary.get("needs_controller")) and upload.status == Upload.Status.CHECKED
    return not (needs_other and upload.created_by_id == user.pk)


def upload_title(upload: Upload) -> str:
    """The kind's own title; the bare code where its room is gone."""
    try:
        return kinds.kind(upload.kind).title
    except KeyError:
        return upload.kind


def postings_pending(*, entity: Entity) -> QuerySet[Posting]:
    """Posted documents that the ERP has not followed yet: the rejected ones first, then the oldest."""
    return Posting.objects.filter(entity=entity, status__in=PENDING).order_by("status", "posted_at")


@dataclass(frozen=True, slots=True)
class Risk:
    """One way in which stock may lose value: lots on hand and their carrying amount. query: the stock list's filter."""

    label: str
    query: str
    lots: int
    carrying: Decimal


def stock_at_risk(*, entity: Entity, today: dt.date) -> tuple[Risk, ...]:
    """Expired, expiring within 90 days, past end of sale, at no cost: in one query. A way without lots is left out."""
    soon = today + dt.timedelta(days=AT_RISK_DAYS)
    ways = {
        "expired": ("Expired", "expiry=expired&stock=on_hand", Q(expires_on__lt=today)),
        "expiring": ("Expiring within 90 days", "expiry=90&stock=on_hand", Q(expires_on__range=(today, soon))),
        "sale": ("End of sale passed", "sale=passed&stock=on_hand", Q(end_of_sale_on__lt=today)),
        "zero": ("On hand at no cost", "cost=zero&stock=on_hand", Q(unit_cost=NIL)),
    }
    figures: dict[str, Aggregate] = {}
    for name, (_, _, condition) in ways.items():
        figures[f"{name}_lots"] = Count("pk", filter=condition)
        figures[f"{name}_cost"] = Sum("cost", filter=condition)
        figures[f"{name}_allowance"] = Sum("allowance", filter=condition)
    sums = Lot.objects.filter(entity=entity, quantity__gt=NIL).aggregate(**figures)
    return tuple(
        Risk(label, query, sums[f"{name}_lots"], (sums[f"{name}_cost"] or NIL) - (sums[f"{name}_allowance"] or NIL))
        for name, (label, query, _) in ways.items()
        if sums[f"{name}_lots"]
    )


@dataclass(frozen=True, slots=True)
class SinceClose:
    """What changed since the last period was closed. closed: that period, or None where none has been closed yet."""

    closed: FiscalPeriod | None
    posted: int
    net_loss: Decimal
    lists: int
    counts: int

    @property
    def net_size(self) -> Decimal:
        """The net loss or gain without its sign: the label says which it is."""
        return abs(self.net_loss)

    @property
    def nothing(self) -> bool:
        return not (self.posted or self.lists or self.counts)


def since_last_close(*, entity: Entity) -> SinceClose:
    closed = (
        FiscalPeriod.objects.filter(entity=entity, status=FiscalPeriod.Status.CLOSED, closed_at__isnull=False)
        .order_by("-closed_at")
        .first()
    )
    after = closed.closed_at if closed else None
    posted = Proposal.objects.filter(entity=entity, posted_at__isnull=False)
    lists = Upload.objects.filter(entity=entity, kind=stock_list.CODE, status=Upload.Status.COMMITTED)
    counts = CountSheet.objects.filter(entity=entity)
    if after:
        posted, lists = posted.filter(posted_at__gt=after), lists.filter(committed_at__gt=after)
        counts = counts.filter(frozen_at__gt=after)
    sums = posted.aggregate(count=Count("pk"), net=Sum("net_loss"))
    return SinceClose(closed, sums["count"], sums["net"] or NIL, lists.count(), counts.count())


@dataclass(frozen=True, slots=True)
class Deadline:
    """The next period to close, and how many days are left until it ends (negative: it has ended)."""

    period: FiscalPeriod
    days: int

    @property
    def days_over(self) -> int:
        return -self.days


def next_deadline(*, entity: Entity, today: dt.date) -> Deadline | None:
    """The earliest month that has begun and is not closed: the one that a controller closes next."""
    period = (
        months_of(entity).filter(status__in=FiscalPeriod.TAKING, starts_on__lte=today).order_by("starts_on").first()
    )
    return Deadline(period, (period.ends_on - today).days) if period else None


def last_stock_list(*, entity: Entity) -> dt.datetime | None:
    """The moment that the newest committed stock list speaks of."""
    committed = Upload.objects.filter(entity=entity, kind=stock_list.CODE, status=Upload.Status.COMMITTED)
    newest: dt.datetime | None = committed.aggregate(newest=Max("as_of"))["newest"]
    return newest
