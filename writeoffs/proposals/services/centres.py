"""The cost centre that a line gets where nobody names one: its location's, else its category's, else none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from django.db import connection

from core.sets import among, ids
from writeoffs.proposals.inputs import LineInput

_DEFAULTS = """
    select l.id, coalesce(a.id, b.id)
    from inventory_lot l
    join core_location p on p.id = l.location_id
    join inventory_item i on i.id = l.item_id
    join core_category c on c.id = i.category_id
    left join core_costcentre a on a.id = p.cost_centre_id and a.active
    left join core_costcentre b on b.id = c.cost_centre_id and b.active
    where {lots} and coalesce(a.id, b.id) is not null
"""


def default_centres(lot_ids: Sequence[int]) -> dict[int, int]:
    """Lot -> the cost centre that bears it, for those that have one; one query however many lots."""
    with connection.cursor() as cursor:
        cursor.execute(_DEFAULTS.format(lots=among("l.id")), [ids(lot_ids)])
        return dict(cursor.fetchall())


def with_default_centres(lines: Sequence[LineInput]) -> list[LineInput]:
    """The lines, those without a cost centre with the default of their lot."""
    found = default_centres([line.lot_id for line in lines if line.cost_centre_id is None])
    return [
        replace(line, cost_centre_id=found[line.lot_id])
        if line.cost_centre_id is None and line.lot_id in found
        else line
        for line in lines
    ]
