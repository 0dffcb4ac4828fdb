"""What every page shows: the entity, its switcher and the person's roles."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from core.models import Entity


def navigation(request: HttpRequest) -> dict[str, Any]:
    """entity: the one in the address, or None; entity_roles; entities: a lazy query of all the person can switch to."""
    entity = getattr(request, "entity", None)
    if not getattr(request, "user", None) or not request.user.is_authenticated:
        return {"entity": None, "entity_roles": frozenset()}
    return {
        "entity": entity,
        "entity_roles": getattr(request, "entity_roles", frozenset()),
        "entities": Entity.objects.filter(memberships__user=request.user).distinct().order_by("name"),
    }
