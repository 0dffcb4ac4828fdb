"""After how many days goods in quarantine are overdue for disposal: a setting of the company, changed by two people.

Invariant: the days are 60 until somebody asked for another number and a second person agreed; the audit trail tells
each change with the number before it, and `verify` compares.
"""

from __future__ import annotations

from collections.abc import Iterator

from core import audit, refs, verify
from core.changes import ChangeKind, change_request
from core.changes import register as register_change
from core.errors import BadInput, WrongState
from core.models import QUARANTINE_DAYS, AuditEvent, ChangeRequest, Entity, User
from core.verify import Tally
from core.words import Role

KIND = "quarantine.days"
CHANGED = "quarantine.days_changed"
PREFIX = "quarantine"
MOST = 3650


def days_request(*, entity: Entity, user: User, days: int, why: str, key: str = "") -> ChangeRequest:
    """Ask for another number. NotAllowed but for a controller; BadInput for what it is already, or out of bounds."""
    if not 1 <= days <= MOST:
        raise BadInput(f"{days:,} days: goods are overdue after 1 to {MOST:,} days. Enter such a number.")
    if days == entity.quarantine_days:
        raise BadInput(f"Goods in quarantine are overdue after {days:,} days already. Nothing to change.")
    return change_request(
        entity=entity,
        kind=KIND,
        subject=f"{PREFIX}:days",
        summary=f"Goods in quarantine are overdue after {days:,} days instead of {entity.quarantine_days:,}",
        reason=why,
        user=user,
        details={"before": entity.quarantine_days, "after": days},
        key=key,
    )


def _apply(change: ChangeRequest, decider: User) -> None:
    entity = Entity.objects.select_for_update(no_key=True).get(pk=change.entity_id)
    before, after = change.details["before"], change.details["after"]
    if entity.quarantine_days != before:
        raise WrongState(f"{change.summary}: the days have changed since. Refuse it and ask again.")
    Entity.objects.filter(pk=entity.pk).update(quarantine_days=after)
    audit.record(
        entity=entity,
        actor=decider,
        kind=CHANGED,
        subject=change.subject,
        message=f"{decider} agreed with {change.requested_by}: {change.summary}.",
        data={"before": before, "after": after, "change": change.pk},
    )


def days_told(tally: Tally) -> Iterator[str]:
    """Every company has the days that the audit trail last told of."""
    told = {
        entity_id: data["after"]
        for entity_id, data in AuditEvent.objects.filter(kind=CHANGED)
        .order_by("chain", "sequence")
        .values_list("entity_id", "data")
    }
    for entity in Entity.objects.order_by("pk"):
        days = told.get(entity.pk, QUARANTINE_DAYS)
        if entity.quarantine_days != days:
            yield (
                f"{entity}: goods in quarantine are overdue after {entity.quarantine_days:,} days; the audit trail "
                f"says {days:,}."
            )


def register() -> None:
    """Called once, when the app is ready."""
    from django.urls import reverse

    refs.register(PREFIX, lambda entity, rest: reverse("stock:quarantine-days", args=[entity.slug]))
    register_change(
        ChangeKind(
            code=KIND,
            label="Change when quarantine is overdue",
            requested_by=frozenset({Role.CONTROLLER}),
            decided_by=frozenset({Role.CONTROLLER, Role.APPROVER}),
            apply=_apply,
        )
    )


verify.register("days in quarantine", days_told)
