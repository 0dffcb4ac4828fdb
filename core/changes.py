"""The second-person mechanism: a change is asked for by one person and carried out when another one agrees.

Rooms register what a kind of change does; core knows only who asked, who decided and when.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils import timezone

from core import audit
from core.errors import BadInput, NotAllowed, SegregationOfDuties, WrongState
from core.models import ChangeRequest, Entity, Membership, User
from core.words import Role


@dataclass(frozen=True, slots=True)
class ChangeKind:
    """apply(change, decider) carries the change out in the deciding transaction; it raises DomainError to refuse."""

    code: str
    label: str
    requested_by: frozenset[Role]
    decided_by: frozenset[Role]
    apply: Callable[[ChangeRequest, User], None]


_KINDS: dict[str, ChangeKind] = {}


def register(kind: ChangeKind) -> None:
    _KINDS[kind.code] = kind


def kind_of(change: ChangeRequest) -> ChangeKind:
    return _KINDS[change.kind]


def _roles(entity: Entity, user: User) -> set[str]:
    return set(Membership.objects.filter(entity=entity, user=user).values_list("role", flat=True))


@transaction.atomic
def change_request(
    *,
    entity: Entity,
    kind: str,
    subject: str,
    summary: str,
    reason: str,
    user: User,
    details: Mapping[str, Any] | None = None,
) -> ChangeRequest:
    """Ask for a change. NotAllowed without role; BadInput without a reason; WrongState when the same one is open."""
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
        details=dict(details or {}),
        reason=reason.strip(),
        requested_by=user,
    )
    audit.record(
        entity=entity,
        actor=user,
        kind="change.requested",
        subject=subject,
        message=f"{user} asked: {summary}. Reason: {change.reason}",
        data={"change": change.pk, "kind": kind},
    )
    return change


@transaction.atomic
def change_decide(*, change: ChangeRequest, user: User, approve: bool, comment: str = "") -> ChangeRequest:
    """Decide as the second person; when approved the change happens in the same transaction."""
    definition = kind_of(change)
    if change.requested_by_id == user.pk:
        raise SegregationOfDuties(f"{change.summary}: you asked for it, so a second person has to decide.")
    if not _roles(change.entity, user) & definition.decided_by:
        wanted = " or ".join(sorted(r.label.lower() for r in definition.decided_by))
        raise NotAllowed(f"{change.summary}: only a {wanted} of {change.entity} can decide it.")
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
        message=f"{user} {'approved' if approve else 'refused'}: {change.summary}.",
        data={"change": change.pk, "comment": comment},
    )
    return change
