"""Nordwind sets approval limits: the warehouse manager approves small losses, the head of finance all of them."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from core.changes import change_decide
from core.models import Entity, User
from writeoffs.proposals.services.limits import BandInput, TitleInput, limits_request


def story(entity: Entity, people: Mapping[str, User]) -> None:
    """Asked for by one controller, decided by the other; what was submitted before goes on without limits."""
    manager, head = "Warehouse manager", "Head of finance"
    change = limits_request(
        entity=entity,
        user=people["controller"],
        titles=[TitleInput(manager, [people["approver"]]), TitleInput(head, [people["approver2"]])],
        bands=[BandInput(manager, Decimal(10000)), BandInput(head, None), BandInput(head, None, reason="THEFT")],
        starts_on=entity.local_date(),
        why="The auditors asked who answers for large losses.",
    )
    change_decide(change=change, user=people["controller2"], approve=True)
