"""What every page shows: the entity, its switcher and the person's roles."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from core.group_access import groups_of
from core.models import Entity
from core.words import READERS, Role


def navigation(request: HttpRequest) -> dict[str, Any]:
    """entity: the one in the address, or None; entity_roles; entities, groups: lazy queries of all the person can
    switch to.

    entity_reader, entity_counter: which rooms the navigation offers; the views judge for themselves.
    """
    entity = getattr(request, "entity", None)
    if not getattr(request, "user", None) or not request.user.is_authenticated:
        return {"entity": None, "entity_roles": frozenset()}
    roles: frozenset[str] = getattr(request, "entity_roles", frozenset())
    return {
        "entity": entity,
        "entity_roles": roles,
        "entity_reader": bool(roles & set(READERS)),
        "entity_counter": Role.COUNTER in roles,
        "groups": groups_of(request.user),
        "entities": Entity.objects.filter(memberships__user=request.user).distinct().order_by("name"),
    }
