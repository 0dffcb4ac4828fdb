"""Tells the rooms above that something an assessment knows has changed: an input was given or withdrawn, a policy
decided. They listen, since this room may not know them.

Invariant: it is told inside the transaction of the change, so that a change that is rolled back was never told.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from core.models import Entity, User

Listener: TypeAlias = Callable[[Entity, User], None]
_listeners: list[Listener] = []


def listen(listener: Listener) -> None:
    """Called once a room, when the app is ready."""
    if listener not in _listeners:
        _listeners.append(listener)


def announce(*, entity: Entity, user: User) -> None:
    """user: whose step it was."""
    for listener in _listeners:
        listener(entity, user)
