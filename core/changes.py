"""The second-person mechanism: a change is asked for by one person and carried out when another one agrees.

Rooms register what a kind of change does; core knows only who asked, who decided and when.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from core import audit
from core.errors import BadInput, DomainError, NotAllowed, SegregationOfDuties, WrongState
from core.idempotency import Answer, Asked, once
from core.models import ChangeRequest, Entity, Membership, User
from core.records import Record
from core.sentences import ended
from core.words import Role


@dataclass(frozen=True, slots=True)
class ChangeKind:
    """apply(change, decider) carries the change out in the deciding transaction; it raises DomainError to refuse.
    wants_two: whether this very change needs two who agree (a void into a soft-closed period). refuses: why this person
    may not decide it, whatever their roles; asked of everybody who agrees or refuses, the first of two included."""

    code: str
    label: str
    requested_by: frozenset[Role]
    decided_by: frozenset[Role]
    apply: Callable[[ChangeRequest, User], None]
    wants_two: Callable[[ChangeRequest], bool] = lambda change: False
    refuses: Callable[[ChangeRequest, User], DomainError | None] = lambda change, user: None


_KINDS: dict[str, ChangeKind] = {}


def register(kind: ChangeKind) -> None:
    _KINDS[kind.code] = kind


def kind_of(change: ChangeRequest) -> ChangeKind:
    return _KINDS[change.kind]


def _roles(entity: Entity, user: User) -> set[str]:
    return set(Membership.objects.filter(entity=entity, user=user).values_list("role", flat=True))


def change_asked(entity: Entity, kind: str, subject: str, body: Mapping[str, Any]) -> Asked:
    """What a press asks for that makes a request. Done already: the same one waits for a second person."""
    waiting = ChangeRequest.objects.filter(entity=entity, kind=kind, subject=subject, status=ChangeRequest.Status.OPEN)
    return Asked(f"{kind}.request", subject, body, done_already=waiting.exists)


def change_once(
    *, entity: Entity, user: User, key: str, asked: Asked, step: Callable[[], ChangeRequest]
) -> ChangeRequest:
    """Take the step on a request under its key (core.idempotency); repeated, it gives the request as it is by now."""

    def answer() -> Answer:
        change = step()
        return Answer(f"{change.summary}: {change.get_status_display().lower()}.", {"change": change.pk})

    done = once(entity=entity, user=user, key=key, asked=asked, step=answer)
    return ChangeRequest.objects.select_related("entity").get(entity=entity, pk=done.result["change"])


def change_request(
    *,
    entity: Entity,
    kind: str,
    subject: str,
    summary: str,
    reason: str,
    user: User,
    details: Mapping[str, Any] | None = None,
    key: str = "",
) -> ChangeRequest:
    """Ask for a change. NotAllowed without role; BadInput without a reason; WrongState when the same one is open.

    key: of the press; the same one gives the request that the first press made."""
    return change_once(
        entity=entity,
        user=user,
        key=key,
        asked=change_asked(entity, kind, subject, {"reason": reason.strip(), "details": dict(details or {})}),
        step=lambda: _request(entity, kind, subject, summary, reason, user, dict(details or {})),
    )


@transaction.atomic
def _request(
    entity: Entity, kind: str, subject: str, summary: str, reason: str, user: User, details: dict[str, Any]
) -> ChangeRequest:
    definition = _KINDS[kind]
    if not _roles(entity, user) & definition.requested_by:
        wanted = " or ".join(sorted(r.label.lower() for r in definition.requested_by))
        raise NotAllowed(f"{definition.label}: only a {wanted} of {entity} can ask for it.")
    if not reason.strip():
        raise BadInput(f"{definition.label}: say why; the reason is kept with the decision.")
    # Two who ask at once: the second waits here and then finds the first one's request.
    Entity.objects.select_for_update(no_key=True).get(pk=entity.pk)
    if ChangeRequest.objects.filter(
        entity=entity, kind=kind, subject=subject, status=ChangeRequest.Status.OPEN
    ).exists():
        raise WrongState(f"{summary}: this waits for a second person already.")
    change = ChangeRequest.objects.create(
        entity=entity,
        kind=kind,
        subject=subject,
        summary=summary,
        details=details,
        reason=reason.strip(),
        requested_by=user,
    )
    audit.record(
        entity=entity,
        actor=user,
        kind="change.requested",
        subject=subject,
        message=f"{user} asked: {ended(summary)} Reason: {change.reason}",
        data={"change": change.pk, "kind": kind, "record": ASKED.digest(_row(change))},
    )
    return change


def change_decide(
    *, change: ChangeRequest, user: User, approve: bool, comment: str = "", key: str = ""
) -> ChangeRequest:
    """Decide as the second person; when approved the change happens in the same transaction.

    key: of the press; the same one gives the request as it was decided."""
    asked = Asked(
        f"{change.kind}.decide",
        change.subject,
        {"change": change.pk, "approve": approve, "comment": comment, "seconded": change.seconded_by_id},
        done_already=ChangeRequest.objects.filter(pk=change.pk).exclude(status=ChangeRequest.Status.OPEN).exists,
    )
    decided = change_once(
        entity=change.entity, user=user, key=key, asked=asked, step=lambda: _decide(change, user, approve, comment)
    )
    change.refresh_from_db()
    return decided


@transaction.atomic
def _decide(change: ChangeRequest, user: User, approve: bool, comment: str) -> ChangeRequest:
    definition = kind_of(change)
    if change.requested_by_id == user.pk:
        raise SegregationOfDuties(f"{change.summary}: you asked for it, so a second person has to decide.")
    if not _roles(change.entity, user) & definition.decided_by:
        wanted = " or ".join(sorted(r.label.lower() for r in definition.decided_by))
        article = "an" if wanted[0] in "aeiou" else "a"
        raise NotAllowed(f"{change.summary}: only {article} {wanted} of {change.entity} can decide it.")
    refused = definition.refuses(change, user)
    if refused is not None:
        raise refused
    if approve and definition.wants_two(change):
        if change.seconded_by_id is None:
            return _second(change, user, comment)
        if change.seconded_by_id == user.pk:
            raise SegregationOfDuties(f"{change.summary}: you have agreed already; it waits for one more person.")
    status = ChangeRequest.Status.APPROVED if approve else ChangeRequest.Status.REFUSED
    changed = ChangeRequest.objects.filter(pk=change.pk, status=ChangeRequest.Status.OPEN).update(
        status=status, decided_by=user, decided_at=timezone.now(), comment=comment
    )
    if changed != 1:
        raise WrongState(f"{change.summary}: somebody has decided it already. Reload the page.")
    change.refresh_from_db()
    if approve:
        definition.apply(change, user)
    audit.record(
        entity=change.entity,
        actor=user,
        kind="change.approved" if approve else "change.refused",
        subject=change.subject,
        message=f"{user} {'approved' if approve else 'refused'}: {ended(change.summary)}",
        data={"change": change.pk, "comment": comment, "record": DECIDED.digest(_row(change))},
    )
    return change


def _second(change: ChangeRequest, user: User, comment: str) -> ChangeRequest:
    """The first of two who agree: kept, and the change goes on waiting for the other."""
    changed = ChangeRequest.objects.filter(
        pk=change.pk, status=ChangeRequest.Status.OPEN, seconded_by__isnull=True
    ).update(seconded_by=user, seconded_at=timezone.now())
    if changed != 1:
        raise WrongState(f"{change.summary}: somebody has decided it already. Reload the page.")
    change.refresh_from_db()
    audit.record(
        entity=change.entity,
        actor=user,
        kind="change.seconded",
        subject=change.subject,
        message=f"{user} agreed: {ended(change.summary)} It waits for one more person.",
        data={"change": change.pk, "comment": comment},
    )
    return change


# What was asked, and what the second person added to it: `record` of the audit events of the two steps.
_ASKED = "details entity_id kind reason requested_at requested_by_id subject summary"
_DECIDED = "status seconded_by_id seconded_at decided_by_id decided_at comment"
ASKED = Record((ChangeRequest,), [[_ASKED]], left_out=[_DECIDED])
DECIDED = Record((ChangeRequest,), [[_DECIDED]], left_out=[_ASKED])


def _row(change: ChangeRequest) -> QuerySet[ChangeRequest]:
    return ChangeRequest.objects.filter(pk=change.pk)
