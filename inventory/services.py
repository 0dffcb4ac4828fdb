"""Changes to stock's own records that move no value. What moves value is posting's."""

from __future__ import annotations

from collections.abc import Callable

from django.db import transaction
from django.utils import timezone

from core import audit
from core.errors import WrongState
from core.models import Entity, User
from core.money import display_quantity
from inventory.models import UnexplainedFall

Explained = Callable[[UnexplainedFall, User], None]
_explained: list[Explained] = []


def register_explained(follow: Explained) -> None:
    """posting, which inventory may not import, says here what follows in the books from an explanation."""
    _explained[:] = [follow]


@transaction.atomic
def fall_explain(*, entity: Entity, fall: UnexplainedFall, explanation: str, note: str, user: User) -> None:
    """Say what became of units that fell; once. WrongState where somebody has said it already. Cost and allowance left
    the lot with the fall: a sale takes the cost from clearing to cost of sales, everything else posts nothing, and a
    loss or scrap is proposed like any other."""
    changed = UnexplainedFall.objects.filter(
        entity=entity, pk=fall.pk, explanation=UnexplainedFall.Explanation.NONE
    ).update(explanation=explanation, note=note.strip(), explained_by=user, explained_at=timezone.now())
    lot = fall.movement.lot
    if changed != 1:
        raise WrongState(
            f"The fall of {lot.item} / {lot} has been explained by somebody else already. Look at the explained ones."
        )
    fall.explanation = explanation
    for follow in _explained:
        follow(fall, user)
    label = UnexplainedFall.Explanation(explanation).label.lower()
    units = display_quantity(-fall.movement.quantity)
    audit.record(
        entity=entity,
        actor=user,
        kind="fall.explained",
        subject=fall.movement.source_ref,
        message=f"{user} explained the fall of {units} of {lot.item} / {lot}: {label}.",
        data={"fall": fall.pk, "explanation": explanation, "note": note.strip()},
    )
