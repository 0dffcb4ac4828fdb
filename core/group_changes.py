"""Which companies a group has: asked for by a controller of all of them, agreed to by a second person.

Invariant: both read every company that is named, so that neither learns of one that is none of theirs; the change
stands in the audit trail of the group's parent, and what is stored is what it says (core/exchange_proof.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.core.exceptions import ValidationError

from core import audit, refs
from core.changes import ChangeKind, change_request, register
from core.entity_groups import EntityGroup, EntityGroupMember
from core.errors import BadInput, NotAllowed, WrongState
from core.group_access import groups_of, readable_by
from core.models import ChangeRequest, Entity, Membership, User
from core.words import Role

KIND = "group.members"


@dataclass(frozen=True, slots=True)
class GroupGiven:
    """The group as it shall be. Of one that exists, slug, currency and parent are what they are."""

    slug: str
    name: str
    currency: str
    fiscal_year_start: int
    entities: Sequence[Entity]


def group_request(*, parent: Entity, user: User, given: GroupGiven, reason: str, key: str = "") -> ChangeRequest:
    """Ask for a group, or for another set of companies in it. BadInput for what cannot be a group; NotAllowed unless
    the person is a controller of every company named."""
    existing = EntityGroup.objects.filter(slug=given.slug).first()
    _check(parent, user, given, existing)
    names = ", ".join(str(entity) for entity in given.entities)
    what = "Change the group" if existing else "Make the group"
    return change_request(
        entity=parent,
        kind=KIND,
        subject=f"group:{given.slug}",
        summary=f"{what} {given.name} ({given.currency}): {names}"[:200],
        reason=reason,
        user=user,
        details={
            "name": given.name,
            "currency": given.currency,
            "fiscal_year_start": given.fiscal_year_start,
            "entities": [entity.pk for entity in given.entities],
        },
        key=key,
    )


def _check(parent: Entity, user: User, given: GroupGiven, existing: EntityGroup | None) -> None:
    # A group that the person may not see is said no more of than that its address is taken.
    if existing and (existing.parent_id != parent.pk or not groups_of(user).filter(pk=existing.pk).exists()):
        raise BadInput(f"'{given.slug}' is the address of another group already. Choose another one.")
    if existing and existing.currency != given.currency:
        raise BadInput(f"{existing} reports in {existing.currency}; that does not change. Make another group.")
    try:
        EntityGroup(
            slug=given.slug,
            name=given.name,
            currency=given.currency,
            fiscal_year_start=given.fiscal_year_start,
            parent=parent,
        ).clean_fields()
    except ValidationError as error:
        raise BadInput(" ".join(error.messages)) from error
    if len(given.entities) < 2:
        raise BadInput("A group has two companies or more. Choose the others.")
    if parent not in given.entities:
        raise BadInput(f"{parent} keeps the group, so it belongs to it. Choose it as well.")
    kept = set(Membership.objects.filter(user=user, role=Role.CONTROLLER).values_list("entity_id", flat=True))
    others = [str(entity) for entity in given.entities if entity.pk not in kept]
    if others:
        raise NotAllowed(
            f"Only a controller of every company can ask for a group. You are none of {', '.join(others)}."
        )
    if existing and _stored(existing) == (given.name, given.fiscal_year_start, {e.pk for e in given.entities}):
        raise WrongState(f"{existing} is so already. Choose other companies, or leave it.")


def _stored(group: EntityGroup) -> tuple[str, int, set[int]]:
    members = set(EntityGroupMember.objects.filter(group=group).values_list("entity_id", flat=True))
    return group.name, group.fiscal_year_start, members


def _apply(change: ChangeRequest, decider: User) -> None:
    """Make the group as asked. NotAllowed where the decider may not read every company of it."""
    wanted, slug = change.details, change.subject.partition(":")[2]
    unseen = set(wanted["entities"]) - set(readable_by(decider).values_list("pk", flat=True))
    if unseen:
        raise NotAllowed(
            f"{change.summary}: it is decided by somebody who may read every company of it. Ask a colleague who may."
        )
    group, made = EntityGroup.objects.get_or_create(
        slug=slug,
        defaults={
            "name": wanted["name"],
            "currency": wanted["currency"],
            "fiscal_year_start": wanted["fiscal_year_start"],
            "parent": change.entity,
        },
    )
    if group.parent_id != change.entity_id:
        raise WrongState(f"'{slug}' has become the address of another group. Ask again with another one.")
    if not made:
        EntityGroup.objects.filter(pk=group.pk).update(
            name=wanted["name"], fiscal_year_start=wanted["fiscal_year_start"]
        )
    EntityGroupMember.objects.filter(group=group).exclude(entity__in=wanted["entities"]).delete()
    EntityGroupMember.objects.bulk_create(
        (EntityGroupMember(group=group, entity_id=pk) for pk in wanted["entities"]), ignore_conflicts=True
    )
    audit.record(
        entity=change.entity,
        actor=decider,
        kind="group.changed",
        subject=change.subject,
        message=f"{change.summary}: done.",
        data={**wanted, "group": group.pk, "change": change.pk},
    )


def _address(entity: Entity, slug: str) -> str:
    """Only of a group that is there: one that waits for its second person has no page."""
    group = EntityGroup.objects.filter(slug=slug, parent=entity).first()
    return group.get_absolute_url() if group else ""


def connect() -> None:
    """Called when Django is ready."""
    register(
        ChangeKind(
            code=KIND,
            label="A group of companies",
            requested_by=frozenset({Role.CONTROLLER}),
            decided_by=frozenset({Role.CONTROLLER, Role.APPROVER}),
            apply=_apply,
        )
    )
    refs.register("group", _address)
