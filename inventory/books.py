"""Reads the books as a check or a refresh needs them: whole, raw, one query each. For 100,000 lots, so tuples, not
models."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

from django.db import connection

from core.models import Entity, Upload
from inventory.refresh import Held, Listed
from inventory.running import Years


def _rows(sql: str, params: list[Any]) -> Iterator[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        yield from cursor.fetchall()


def items_by_sku(entity: Entity) -> Iterator[tuple[Any, ...]]:
    """(sku, id, description, category name, category id, unit of measure) of every item."""
    return _rows(
        "select i.sku, i.id, i.description, c.name, c.id, i.unit_of_measure "
        "from inventory_item i join core_category c on c.id = i.category_id where i.entity_id = %s",
        [entity.pk],
    )


def held(entity: Entity) -> Iterator[Held]:
    """Every lot of the entity, those without stock too."""
    return map(
        Held._make,
        _rows(
            "select l.id, l.item_id, l.code, l.location_id, i.category_id, l.quantity, l.unit_cost, l.cost, "
            "l.allowance, "
            "l.write_down from inventory_lot l join inventory_item i on i.id = l.item_id "
            "where l.entity_id = %s order by l.id",
            [entity.pk],
        ),
    )


def held_by_key(entity: Entity) -> dict[tuple[int, str, int], Held]:
    return {(lot.item, lot.code, lot.location): lot for lot in held(entity)}


def write_down_years(entity: Entity) -> dict[int, Years]:
    """lot -> fiscal year -> write-down still attached, for the lots that have any."""
    found: dict[int, Years] = {}
    for lot, year, amount in _rows(
        "select w.lot_id, w.fiscal_year, sum(w.amount) from inventory_writedownmovement w "
        "join inventory_lot l on l.id = w.lot_id where l.entity_id = %s and l.write_down <> 0 "
        "group by w.lot_id, w.fiscal_year having sum(w.amount) <> 0 order by w.lot_id, w.fiscal_year",
        [entity.pk],
    ):
        found.setdefault(lot, {})[year] = int(amount)
    return found


def last_movement(entity: Entity) -> int:
    """The sequence of the entity's last movement; 0 where nothing has moved yet."""
    for (last,) in _rows("select max(sequence) from inventory_movement where entity_id = %s", [entity.pk]):
        return int(last or 0)
    return 0


def countable(entity: Entity) -> dict[tuple[str, str, str], tuple[int, int, int, int, int]]:
    """(sku, lot code, location code) -> (lot id, quantity, unit cost, cost, allowance) of every lot."""
    return {
        (sku, code, place): tuple(figures)
        for sku, code, place, *figures in _rows(
            "select i.sku, l.code, p.code, l.id, l.quantity, l.unit_cost, l.cost, l.allowance from inventory_lot l "
            "join inventory_item i on i.id = l.item_id join core_location p on p.id = l.location_id "
            "where l.entity_id = %s",
            [entity.pk],
        )
    }


def moved_after(entity: Entity, day: dt.date) -> dict[int, str]:
    """lot -> the last day after `day` on which it moved; the opening of the books is no movement of a lot."""
    return {
        lot: str(last)
        for lot, last in _rows(
            "select lot_id, max(posted_on) from inventory_movement "
            "where entity_id = %s and posted_on > %s and kind <> 'OPENING' group by lot_id",
            [entity.pk, day],
        )
    }


def staged_rows(upload: Upload) -> Iterator[Listed]:
    """The rows of a checked list, in the sheet's order."""
    return map(
        Listed._make,
        _rows(
            "select lot, item, code, location, category, quantity, unit_cost, cost from inventory_stagedlot "
            "where upload_id = %s order by id",
            [upload.pk],
        ),
    )
