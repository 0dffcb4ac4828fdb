"""Gathers what people decided beside the documents, and what the audit trail keeps: refusals, periods, exports, proofs.

A constant number of queries. Days are the entity's own.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Count, Max, Q, QuerySet, Sum
from django.db.models.fields.json import KeyTextTransform

from core import audit
from core.changes import kind_of
from core.models import AuditEvent, ChangeRequest, Entity, Membership
from core.verify import VERIFIED
from core.words import Role
from inventory.models import QuarantineEntry
from inventory.selectors import QuarantineTotals, quarantine_overdue, quarantine_totals
from writeoffs.ledger.models import JournalLine, Origin
from writeoffs.ledger.roles import LOSS_ROLES
from writeoffs.posting.models import PENDING, Posting
from writeoffs.proposals.models import Void
from writeoffs.reports.statements.spans import Span

ZERO = Decimal(0)
# What left the books as a file, and what proved them.
EXPORTS = ("journal.exported", "erp.batch_made", "erp.file_taken", "heads.exported", "period.pack_printed")
PROVED = "chains.proved"
# The trail is read whole on the audit page; the report shows the latest of a kind.
SHOWN = 500


@dataclass(frozen=True, slots=True)
class Refused:
    """Refusals by one rule. rule: the class of the error; last: the sentence of the latest."""

    rule: str
    times: int
    people: int
    at: dt.datetime
    last: str


@dataclass(frozen=True, slots=True)
class Changed:
    """What took two people. second, decided: "" where nobody has."""

    kind: str
    what: str
    why: str
    asked_by: str
    asked_at: dt.datetime
    second: str
    decided: str
    decided_at: dt.datetime | None
    status: str


@dataclass(frozen=True, slots=True)
class Told:
    """One event of the trail. person: "" where the program itself did it."""

    kind: str
    at: dt.datetime
    person: str
    message: str


@dataclass(frozen=True, slots=True)
class VoidFact:
    """One void with what it took back of the losses."""

    number: str
    void: int
    posted_on: dt.date
    loss: Decimal
    reason: str
    asked_by: str
    decided_by: str
    decided_at: dt.datetime
    entries: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TrailFacts:
    """overdue: the oldest of them; overdue_totals: of all. exported: how many in all, of which the latest are told."""

    refused: tuple[Refused, ...]
    changes: tuple[Changed, ...]
    periods: tuple[Told, ...]
    exports: tuple[Told, ...]
    exported: int
    proofs: tuple[Told, ...]
    voids: tuple[VoidFact, ...]
    waiting: tuple[Posting, ...]
    overdue: tuple[QuarantineEntry, ...]
    overdue_totals: QuarantineTotals
    roles: dict[str, tuple[str, ...]]


def trail_facts(*, entity: Entity, span: Span) -> TrailFacts:
    events = _events(entity, span)
    about_periods = (Q(kind__startswith="period.") & ~Q(kind__in=EXPORTS)) | Q(
        kind__startswith="change.", subject__startswith="period:"
    )
    exports = events.filter(kind__in=EXPORTS)
    overdue = quarantine_overdue(entity=entity).select_related("lot__item", "lot__location")
    return TrailFacts(
        refused=_refused(events),
        changes=_changes(entity, span),
        periods=_told(events.filter(about_periods)),
        exports=_told(exports),
        exported=exports.count(),
        proofs=_proofs(entity),
        voids=_voids(entity, span),
        waiting=_waiting(entity, span),
        overdue=tuple(overdue[:SHOWN]),
        overdue_totals=quarantine_totals(entries=overdue, exponent=entity.exponent),
        roles=_roles(entity),
    )


def moments(entity: Entity, span: Span) -> tuple[dt.datetime, dt.datetime]:
    """From the first moment of the span to the first after it."""
    return entity.local_midnight(span.starts_on), entity.local_midnight(span.ends_on + dt.timedelta(days=1))


def _events(entity: Entity, span: Span) -> QuerySet[AuditEvent]:
    first, after = moments(entity, span)
    return AuditEvent.objects.filter(entity=entity, at__gte=first, at__lt=after)


def _told(events: QuerySet[AuditEvent]) -> tuple[Told, ...]:
    rows = events.order_by("-sequence").values_list("kind", "at", "actor__full_name", "message")[:SHOWN]
    return tuple(Told(kind, at, person or "", message) for kind, at, person, message in rows)


def _refused(events: QuerySet[AuditEvent]) -> tuple[Refused, ...]:
    """By rule, the most frequent first. Two queries."""
    rows = list(
        events.filter(kind="refused")
        .order_by()
        .annotate(rule=KeyTextTransform("rule", "data"))
        .values_list("rule")
        .annotate(times=Count("pk"), people=Count("actor", distinct=True), at=Max("at"), last=Max("pk"))
    )
    messages = dict(AuditEvent.objects.filter(pk__in=[row[-1] for row in rows]).values_list("pk", "message"))
    found = [Refused(rule or "", times, people, at, messages[last]) for rule, times, people, at, last in rows]
    return tuple(sorted(found, key=lambda one: (-one.times, one.rule)))


def _changes(entity: Entity, span: Span) -> tuple[Changed, ...]:
    """What was asked or decided in the span."""
    days = moments(entity, span)
    asked = Q(requested_at__gte=days[0], requested_at__lt=days[1])
    decided = Q(decided_at__gte=days[0], decided_at__lt=days[1])
    found = ChangeRequest.objects.filter(asked | decided, entity=entity)
    rows = found.select_related("requested_by", "seconded_by", "decided_by").order_by("-requested_at", "-pk")
    return tuple(
        Changed(
            kind_of(change).label,
            change.summary,
            change.reason,
            str(change.requested_by),
            change.requested_at,
            str(change.seconded_by or ""),
            str(change.decided_by or ""),
            change.decided_at,
            str(change.get_status_display()),
        )
        for change in rows
    )


def _proofs(entity: Entity) -> tuple[Told, ...]:
    """The last time that somebody proved the chains of the company, and that all books were verified. Two queries."""
    found = (
        AuditEvent.objects.filter(entity=entity, kind=PROVED),
        AuditEvent.objects.filter(chain=audit.SYSTEM_CHAIN, kind=VERIFIED),
    )
    return tuple(told for events in found for told in _told(events)[:1])


def _voids(entity: Entity, span: Span) -> tuple[VoidFact, ...]:
    """Voids posted in the span, the newest first. Two queries."""
    voids = Void.objects.filter(proposal__entity=entity, posted_on__range=(span.starts_on, span.ends_on))
    rows = list(voids.select_related("proposal", "asked_by", "decided_by").order_by("-posted_on", "-pk"))
    if not rows:
        return ()
    lines = JournalLine.objects.filter(
        entry__entity=entity,
        entry__origin=Origin.OWN,
        entry__reverses__isnull=False,
        entry__posted_on__range=(span.starts_on, span.ends_on),
        role__in=LOSS_ROLES,
    )
    sums = lines.order_by().values_list("entry__fiscal_year", "entry__sequence").annotate(total=Sum("amount"))
    taken = {f"{year}-{sequence:06d}": total for year, sequence, total in sums}
    return tuple(
        VoidFact(
            void.proposal.number,
            void.number,
            void.posted_on,
            sum((taken.get(entry, ZERO) for entry in void.entries), ZERO),
            void.reason,
            str(void.asked_by),
            str(void.decided_by),
            void.decided_at,
            tuple(void.entries),
        )
        for void in rows
    )


def _waiting(entity: Entity, span: Span) -> tuple[Posting, ...]:
    """Postings by the end of the span that the ERP has not followed to this day, the oldest first."""
    found = Posting.objects.filter(entity=entity, status__in=PENDING, posted_on__lte=span.ends_on)
    return tuple(found.select_related("posted_by").order_by("posted_on", "pk")[:SHOWN])


def _roles(entity: Entity) -> dict[str, tuple[str, ...]]:
    """Person -> their roles as they stand today."""
    found: dict[str, list[str]] = {}
    rows: Sequence[tuple[str, str]] = list(
        Membership.objects.filter(entity=entity).order_by("role").values_list("user__full_name", "role")
    )
    for name, role in rows:
        found.setdefault(name, []).append(str(Role(role).label))
    return {name: tuple(roles) for name, roles in found.items()}
