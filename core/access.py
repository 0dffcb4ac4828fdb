"""Who may open what: every view of an entity's business goes through `for_entity`.

Invariant: an entity that the person has no membership in answers 404, as if it did not exist; a role that the step does
not allow answers 403 with a sentence, and the refusal is an audit event.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, Concatenate, cast

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponseBase
from django_htmx.middleware import HtmxDetails

from core.errors import NotAllowed
from core.models import Entity, Membership, User
from core.words import READERS, Role


class EntityRequest(HttpRequest):
    """A request of a signed-in member: `entity` is the one in the address, `entity_roles` their roles in it."""

    user: User
    entity: Entity
    entity_roles: frozenset[str]
    htmx: HtmxDetails


type_view = Callable[Concatenate[EntityRequest, ...], HttpResponseBase]


def roles_in(entity: Entity, user: User) -> frozenset[str]:
    return frozenset(Membership.objects.filter(entity=entity, user=user).values_list("role", flat=True))


def require_role(request: EntityRequest, *roles: Role, what: str) -> None:
    """NotAllowed unless the person has one of the roles; `what` names the step: "Posting"."""
    if not request.entity_roles & set(roles):
        names = " or ".join(role.label.lower() for role in roles)
        raise NotAllowed(
            f"{what} needs the role {names} in {request.entity}. Ask an administrator, or a colleague who has it."
        )


def for_entity(*roles: Role) -> Callable[[type_view], Callable[..., HttpResponseBase]]:
    """Decorate a view whose address starts with an entity's slug; without roles, every reader may open it."""
    allowed = frozenset(roles or READERS)

    def decorate(view: type_view) -> Callable[..., HttpResponseBase]:
        @functools.wraps(view)
        @login_required
        def guarded(request: HttpRequest, slug: str, *args: Any, **kwargs: Any) -> HttpResponseBase:
            request = cast(EntityRequest, request)
            memberships = list(Membership.objects.filter(entity__slug=slug, user=request.user).select_related("entity"))
            if not memberships:
                raise Http404
            request.entity = memberships[0].entity
            request.entity_roles = frozenset(m.role for m in memberships)
            if not request.entity_roles & allowed:
                names = " or ".join(sorted(Role(role).label.lower() for role in allowed))
                raise NotAllowed(f"This page needs the role {names} in {request.entity}. Ask an administrator for it.")
            return view(request, *args, **kwargs)

        return guarded

    return decorate
