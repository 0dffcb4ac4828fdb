"""Who may do what in a company: every role that is given or taken is told to its audit trail, so that one that was
slipped in or taken away behind the program's back shows.

Invariant: of a company whose trail tells of roles, the roles that stand are those that were given and not taken since.
What stood before the trail told of any was written down once, when the program was upgraded.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from django.db import transaction

from core import audit
from core.models import AuditEvent, Entity, Membership, User
from core.verify import Tally
from core.words import Role

KEY = "memberships"
Given = tuple[User, str, dt.date]


def said(membership: Membership) -> list[Any]:
    """Company, person, role and day, as an event keeps them."""
    return [membership.entity_id, membership.user_id, membership.role, membership.since.isoformat()]


def told(*, granted: Sequence[list[Any]] = (), revoked: Sequence[list[Any]] = ()) -> dict[str, Any]:
    """What the audit event of a step says of the roles that it gave and took."""
    return {KEY: {"granted": list(granted), "revoked": list(revoked)}}


@transaction.atomic
def memberships_grant(*, entity: Entity, given: Iterable[Given], by: User | None = None) -> list[Membership]:
    """Give people roles, with one audit event. by: None where a company is set up by a program."""
    made = [
        Membership.objects.create(entity=entity, user=user, role=Role(role), since=since) for user, role, since in given
    ]
    if made:
        roles = ", ".join(f"{one.user} {Role(one.role).label.lower()}" for one in made)
        audit.record(
            entity=entity,
            actor=by,
            kind="memberships.granted",
            message=f"{by or 'Whoever set the company up'} gave roles in {entity}: {roles}.",
            data=told(granted=[said(one) for one in made]),
        )
    return made


def changed(before: Mapping[str, Any], membership: Membership) -> dict[str, Any]:
    """What the event of a changed membership tells. before: its fields as they were."""
    entity, user = before.get("entity", membership.entity_id), before.get("user", membership.user_id)
    since = before.get("since", membership.since)
    old = [entity, user, before.get("role", membership.role), str(since)]
    return told(granted=[said(membership)], revoked=[old])


def memberships_found() -> None:
    """Write down, once for each company whose trail tells of no role yet, the roles that stand; after an upgrade."""
    known = AuditEvent.objects.filter(data__has_key=KEY).order_by().values_list("entity_id", flat=True).distinct()
    for entity in Entity.objects.exclude(pk__in=[pk for pk in known if pk]).order_by("pk"):
        standing = [said(one) for one in Membership.objects.filter(entity=entity).order_by("pk")]
        if standing:
            audit.record(
                entity=entity,
                actor=None,
                kind="memberships.found",
                message=f"Roles that stood in {entity} when the program began to tell of each: {len(standing)}.",
                data=told(granted=standing),
            )


def memberships(tally: Tally) -> Iterator[str]:
    """The roles that stand against those that the audit trails tell of."""
    due: dict[tuple[int, int, str], str] = {}
    strict: set[int] = set()
    events = AuditEvent.objects.filter(data__has_key=KEY).order_by("pk")
    for entity_id, data in events.values_list("entity_id", "data").iterator(chunk_size=500):
        strict.add(entity_id or 0)
        for entity, user, role, _ in data[KEY]["revoked"]:
            due.pop((entity, user, role), None)
        for entity, user, role, since in data[KEY]["granted"]:
            due[entity, user, role] = since
    people = _Names()
    for one in Membership.objects.filter(entity__in=strict).select_related("entity", "user").order_by("pk"):
        role = Role(one.role).label.lower() if one.role in Role.values else one.role
        since = due.pop((one.entity_id, one.user_id, one.role), None)
        if since is None:
            yield f"{one.entity}: {one.user} has the role {role}, but no audit event gave it."
        elif since != one.since.isoformat():
            yield f"{one.entity}: {one.user} has the role {role} since {one.since}; the audit trail says {since}."
    for entity, user, name in sorted(due):
        role = Role(name).label.lower() if name in Role.values else name
        yield (
            f"{Entity.objects.filter(pk=entity).first() or entity}: {people[user]} was given the role {role}, which is "
            "gone, but no audit event took it."
        )


class _Names(dict[int, str]):
    """Names by key, read one by one: only complaints ask."""

    def __missing__(self, key: int) -> str:
        return str(User.objects.filter(pk=key).first() or f"person {key}")
