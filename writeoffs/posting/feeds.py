"""What the ERP takes of each kind of posting: the stock adjustment or the journal, never both.

Invariant: a choice is changed by two people and counts for what is posted from then on; each posting keeps the choice
that it was made under.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from core import audit
from core.changes import ChangeKind, change_request
from core.changes import register as register_change
from core.errors import BadInput, WrongState
from core.models import ChangeRequest, Entity, User
from core.words import Role
from writeoffs.ledger.models import JournalEntry, Leg
from writeoffs.posting.feed_models import DEFAULTS, JOURNAL_ONLY, ErpFeed, FeedKind, Takes
from writeoffs.posting.models import Posting

KIND = "erp.feed"
PREFIX = "erp_feed"
# What an ERP books by itself when it takes the stock adjustment. Disposal cost, proceeds, taxes and insurance it cannot
# know, so those entries are always taken as journal.
STOCK_LEGS = (
    Leg.WRITE_OFF,
    Leg.COUNT_LOSS,
    Leg.COUNT_GAIN,
    Leg.RECOVERY,
    Leg.DISPOSAL,
    Leg.CORRECTION,
    Leg.CORRECT_GAIN,
)


@dataclass(frozen=True, slots=True)
class Feed:
    """One kind as it stands. chosen: by the entity, not by default."""

    kind: FeedKind
    takes: Takes
    chosen: bool

    @property
    def is_fixed(self) -> bool:
        return self.kind.value in JOURNAL_ONLY

    @property
    def other(self) -> Takes:
        return Takes.JOURNAL if self.takes == Takes.ADJUSTMENT else Takes.ADJUSTMENT


def feeds_of(*, entity: Entity) -> list[Feed]:
    chosen = dict(ErpFeed.objects.filter(entity=entity).values_list("kind", "takes"))
    return [Feed(kind, Takes(chosen.get(kind, DEFAULTS[kind])), kind in chosen) for kind in FeedKind]


def feed_of(*, entity: Entity, kind: str) -> str:
    """What the ERP takes of a kind now."""
    chosen = ErpFeed.objects.filter(entity=entity, kind=kind).values_list("takes", flat=True).first()
    return str(chosen or DEFAULTS[kind])


def release_post(*, entity: Entity, source_ref: str, posted_on: dt.date, user: User) -> Posting:
    """The posting of allowance that left with what a sheet of the ERP showed: ours to book, so its journal is handed to
    the ERP like any other posting's. Its stock has nothing to follow: the sheet is the ERP's own."""
    return Posting.objects.create(
        entity=entity,
        source_ref=source_ref,
        posted_on=posted_on,
        posted_at=timezone.now(),
        posted_by=user,
        status=Posting.Status.NOT_NEEDED,
        kind=FeedKind.RELEASE,
        takes=feed_of(entity=entity, kind=FeedKind.RELEASE),
    )


def feed_request(*, entity: Entity, user: User, kind: str, takes: str, why: str) -> ChangeRequest:
    """Ask for the other source. NotAllowed but for a controller; BadInput where it cannot be."""
    _check(entity, kind, takes)
    label = FeedKind(kind).label
    return change_request(
        entity=entity,
        kind=KIND,
        subject=f"{PREFIX}:{kind}",
        summary=f"{label}: the ERP takes {Takes(takes).label.lower()} from now on",
        reason=why,
        user=user,
        details={"kind": kind, "takes": takes, "before": feed_of(entity=entity, kind=kind)},
    )


def _check(entity: Entity, kind: str, takes: str) -> None:
    if kind not in FeedKind.values or takes not in Takes.values:
        raise BadInput(f"'{kind}' by '{takes}' is no kind of posting and source. Choose from the page.")
    label = FeedKind(kind).label
    if kind in JOURNAL_ONLY and takes != Takes.JOURNAL:
        raise BadInput(f"{label} move no units, so there is no stock adjustment to take. The ERP takes their journal.")
    if feed_of(entity=entity, kind=kind) == takes:
        raise BadInput(f"{label}: the ERP takes {Takes(takes).label.lower()} already. Nothing to change.")


def _apply(change: ChangeRequest, decider: User) -> None:
    entity, details = change.entity, change.details
    kind, takes = details["kind"], details["takes"]
    if feed_of(entity=entity, kind=kind) != details["before"]:
        raise WrongState(f"{change.summary}: the choice has changed since. Refuse it and ask again.")
    _check(entity, kind, takes)
    ErpFeed.objects.update_or_create(entity=entity, kind=kind, defaults={"takes": takes})
    audit.record(
        entity=entity,
        actor=decider,
        kind="erp.feed_changed",
        subject=change.subject,
        message=f"{decider} agreed with {change.requested_by}: {change.summary}.",
        data={"before": details["before"], "after": takes, "change": change.pk},
    )


def register() -> None:
    """Called once, when the app is ready."""
    register_change(
        ChangeKind(
            code=KIND,
            label="Change what the ERP takes",
            requested_by=frozenset({Role.CONTROLLER}),
            decided_by=frozenset({Role.CONTROLLER, Role.APPROVER}),
            apply=_apply,
        )
    )


def by_adjustment(entries: QuerySet[JournalEntry]) -> QuerySet[JournalEntry]:
    """Of own entries those that the ERP books itself, since it takes the stock adjustment of their posting."""
    return entries.filter(_STOCK, Exists(_TAKEN))


def beside_adjustment(entries: QuerySet[JournalEntry]) -> QuerySet[JournalEntry]:
    """Of own entries those that the adjustment of their posting does not tell of, so that the ERP takes their journal:
    disposal cost, proceeds, input tax, insurance, taxes and their mirrors."""
    return entries.filter(Q(leg=Leg.VOID) | ~Q(leg__in=STOCK_LEGS), Exists(_TAKEN)).exclude(_STOCK)


_TAKEN = Posting.objects.filter(entity=OuterRef("entity"), source_ref=OuterRef("source_ref"), takes=Takes.ADJUSTMENT)
_STOCK = Q(leg__in=STOCK_LEGS) | Q(leg=Leg.VOID, reverses__leg__in=STOCK_LEGS)
