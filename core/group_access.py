"""Who may open what of a group: every view of a group's pages goes through `for_group`.

Invariant: a group in which the person cannot read every company answers 404, as if it did not exist: its figures would
tell of a company that is none of theirs. What changes a group or its rates is the parent's controllers' business.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, Concatenate, cast

from django.contrib.auth.decorators import login_required
from django.db.models import Exists, OuterRef, QuerySet
from django.http import Http404, HttpRequest, HttpResponseBase

from core.entity_groups import EntityGroup, EntityGroupMember
from core.errors import NotAllowed
from core.models import Entity, Membership, User
from core.words import READERS, Role


class GroupRequest(HttpRequest):
    """A request of somebody who reads every company of `group`; parent_roles: their roles in its parent."""

    user: User
    group: EntityGroup
    members: list[Entity]
    parent_roles: frozenset[str]


type_view = Callable[Concatenate[GroupRequest, ...], HttpResponseBase]


def readable_by(user: User) -> QuerySet[Entity]:
    """The companies whose business pages the person may read."""
    return Entity.objects.filter(Exists(Membership.objects.filter(entity=OuterRef("pk"), user=user, role__in=READERS)))


def groups_of(user: User) -> QuerySet[EntityGroup]:
    """The groups whose every company the person may read."""
    members = EntityGroupMember.objects.filter(group=OuterRef("pk"))
    closed = members.exclude(entity__in=readable_by(user).order_by())
    return EntityGroup.objects.filter(Exists(members), ~Exists(closed)).order_by("name")


def require_controller(group: EntityGroup, user: User, *, what: str) -> None:
    """NotAllowed unless the person is a controller of the group's parent and reads every company of it."""
    held = Membership.objects.filter(entity=group.parent_id, user=user, role=Role.CONTROLLER)
    if not held.exists() or not groups_of(user).filter(pk=group.pk).exists():
        raise NotAllowed(f"{what} needs the role controller in {group.parent}. Ask an administrator, or a controller.")


def for_group(view: type_view) -> Callable[..., HttpResponseBase]:
    """Decorate a view whose address starts with a group's slug."""

    @functools.wraps(view)
    @login_required
    def guarded(request: HttpRequest, slug: str, *args: Any, **kwargs: Any) -> HttpResponseBase:
        request = cast(GroupRequest, request)
        group = groups_of(request.user).filter(slug=slug).select_related("parent").first()
        if group is None:
            raise Http404
        request.group = group
        request.members = list(Entity.objects.filter(entity_groups=group).order_by("name"))
        held = Membership.objects.filter(entity=group.parent_id, user=request.user)
        request.parent_roles = frozenset(held.values_list("role", flat=True))
        return view(request, *args, **kwargs)

    return guarded
