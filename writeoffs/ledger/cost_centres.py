"""Cost centres: made, renamed, retired, and given to locations and categories as the default of their lines.

Invariant: a code never changes, since posted lines stand under it; a cost centre is retired, never deleted.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from core import audit
from core.access import roles_in
from core.errors import BadInput, NotAllowed
from core.models import Category, CostCentre, Entity, Location, User
from core.words import Role
from writeoffs.ledger.models import JournalLine


def cost_centres_listed(*, entity: Entity) -> QuerySet[CostCentre]:
    """Those of the entity with `line_count`, how many journal lines name them, and their locations and categories."""
    lines = (
        JournalLine.objects.filter(cost_centre=OuterRef("pk"))
        .order_by()
        .values("cost_centre")
        .annotate(count=Count("pk"))
        .values("count")
    )
    return (
        CostCentre.objects.filter(entity=entity)
        .annotate(line_count=Coalesce(Subquery(lines), 0))
        .prefetch_related("locations", "categories")
        .order_by("code")
    )


@transaction.atomic
def cost_centre_save(
    *,
    entity: Entity,
    user: User,
    code: str,
    name: str,
    active: bool = True,
    locations: Sequence[Location] = (),
    categories: Sequence[Category] = (),
    centre: CostCentre | None = None,
) -> CostCentre:
    """Make a cost centre, or change the one given. NotAllowed; BadInput for a code that is taken or would change, and
    for a default of a retired one."""
    if Role.CONTROLLER not in roles_in(entity, user):
        raise NotAllowed(f"Cost centres are kept by a controller; you have no such role in {entity}.")
    code = code.strip()
    before = None if centre is None else _said(centre)
    if centre is None:
        if not code:
            raise BadInput("Enter the code of the cost centre, as your ledger has it.")
        if CostCentre.objects.filter(entity=entity, code=code).exists():
            raise BadInput(f"{entity} has a cost centre {code} already. Change that one, or take another code.")
        centre = CostCentre(entity=entity, code=code)
    elif code and code != centre.code:
        raise BadInput(
            f"Cost centre {centre.code} keeps its code, since posted lines stand under it. Make another one."
        )
    if not active and (locations or categories):
        raise BadInput(f"Cost centre {centre.code} is to be retired, so no location or category can lead to it.")
    centre.name, centre.active = name.strip(), active
    centre.save()
    _lead(Location, entity, centre, locations)
    _lead(Category, entity, centre, categories)
    after = _said(centre)
    audit.record(
        entity=entity,
        actor=user,
        kind="cost_centre.saved",
        subject=f"cost_centre:{centre.code}",
        message=f"{user} saved cost centre {centre.code}.",
        data={"before": before, "after": after},
    )
    return centre


def _lead(
    model: type[Location] | type[Category], entity: Entity, centre: CostCentre, chosen: Sequence[Location | Category]
) -> None:
    """Exactly the chosen ones lead to the cost centre."""
    kept = [one.pk for one in chosen]
    own = model._default_manager.filter(entity=entity)
    own.filter(cost_centre=centre).exclude(pk__in=kept).update(cost_centre=None)
    own.filter(pk__in=kept).update(cost_centre=centre)


def _said(centre: CostCentre) -> dict[str, object]:
    return {
        "name": centre.name,
        "active": centre.active,
        "locations": sorted(Location.objects.filter(cost_centre=centre).values_list("code", flat=True)),
        "categories": sorted(Category.objects.filter(cost_centre=centre).values_list("name", flat=True)),
    }
