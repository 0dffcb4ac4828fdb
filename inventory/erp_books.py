"""Reads the books as a movements sheet needs them, and the sheet's staged rows: whole, raw, one query each."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

from django.db import connection

from core.models import Category, Entity, Location, Upload
from core.words import Method
from inventory.books import held, items_by_sku, write_down_years
from inventory.erp_days import Days, days_checked
from inventory.erp_layers import formulas_of
from inventory.erp_plan import Fall, Key, Known, Rise, Row
from inventory.refresh import outstanding_of
from inventory.running import Books, Years

STAGED = "inventory_stagederpmovement"
STAGED_COLUMNS = (
    *("row", "document", "line", "happened_on", "kind", "sku", "code", "place", "to_code", "to_place", "category"),
    *("quantity", "cost", "allowance", "revenue", "settlement", "year"),
)


def _rows(sql: str, params: list[Any]) -> Iterator[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        yield from cursor.fetchall()


def _iso(day: dt.date | str) -> str:
    return day if isinstance(day, str) else day.isoformat()


def staged_movements(upload: Upload) -> list[Row]:
    """The checked rows in the sheet's order."""
    names = ", ".join(f's."{name}"' for name in STAGED_COLUMNS)
    return [
        Row._make((*row[:3], _iso(row[3]), *row[4:]))
        for row in _rows(f"select {names} from {STAGED} s where s.upload_id = %s order by s.id", [upload.pk])
    ]


def is_history(upload: Upload) -> bool:
    return bool(upload.options.get("history") == "history")


def known(upload: Upload, days: Days) -> Known:
    """The books for one sheet, whose rows are staged."""
    entity = upload.entity
    places = dict(Location.objects.filter(entity=entity).values_list("pk", "code"))
    items = {sku: (pk, category) for sku, pk, _, _, category, _ in items_by_sku(entity)}
    skus = {pk: sku for sku, (pk, _) in items.items()}
    lots = list(held(entity))
    history = is_history(upload)
    years = write_down_years(entity)
    falls = {} if history else _by_lot(entity)
    rises = _rises(entity, falls) if falls and _transfers(upload) else {}
    if rises:
        # What a list has shown of a transfer is booked on the list's day.
        listed = days_checked(entity, sorted({fall.day for own in falls.values() for fall in own}))
        days = days._replace(refused={**listed.refused, **days.refused}, first_open=days.first_open)
    return Known(
        lots={(skus[lot.item], lot.code, places[lot.location]): lot for lot in lots},
        items=items,
        places={code: pk for pk, code in places.items()},
        categories=dict(Category.objects.filter(entity=entity).values_list("name", "pk")),
        years=years,
        falls=falls,
        pending={} if history else dict(outstanding_of(entity.pk)),
        own=_moved_otherwise(entity) if history else frozenset(),
        told=_told(upload),
        listed_on=_listed_on(entity),
        refused=days.refused,
        first_open=days.first_open,
        exponent=entity.exponent,
        direct=entity.method == Method.DIRECT,
        starts_in_month=entity.fiscal_year_start,
        history=history,
        rises=rises,
        **(_by_formula(entity) if not history and _names_no_lot(upload) else {}),
    )


def _names_no_lot(upload: Upload) -> bool:
    found = _rows(f"select 1 from {STAGED} where upload_id = %s and code = '' limit 1", [upload.pk])
    return any(True for _ in found)


def _by_formula(entity: Entity) -> dict[str, Any]:
    """What a row without a lot goes by: the cost formulas, and when each lot came in. Two queries."""
    days = _rows(
        "select id, received_on from inventory_lot where entity_id = %s and received_on is not null", [entity.pk]
    )
    return {"formulas": formulas_of(entity), "received": {lot: _iso(day) for lot, day in days}}


def _transfers(upload: Upload) -> bool:
    found = _rows(f"select 1 from {STAGED} where upload_id = %s and kind = 'TRANSFER' limit 1", [upload.pk])
    return any(True for _ in found)


def _rises(entity: Entity, falls: dict[int, list[Fall]]) -> dict[tuple[int, str], Rise]:
    """(lot, ref of a list) -> what the lists that showed the falls show to have come in, less what transfers that
    explained falls of the same list have taken of it."""
    refs = sorted({fall.ref for own in falls.values() for fall in own})
    marks = ", ".join(["%s"] * len(refs))
    taken = {
        (lot, ref): int(units)
        for lot, ref, units in _rows(
            "select e.to_lot_id, m.source_ref, -sum(e.quantity) from inventory_erpmovement e "
            "join inventory_unexplainedfall f on f.id = e.fall_id join inventory_movement m on m.id = f.movement_id "
            f"where e.entity_id = %s and e.to_lot_id is not null and m.source_ref in ({marks}) "
            "group by e.to_lot_id, m.source_ref",
            [entity.pk, *refs],
        )
    }
    found = {}
    for lot, ref, quantity, cost, earlier in _rows(
        "select m.lot_id, m.source_ref, m.quantity, m.cost, exists (select 1 from inventory_movement o "
        "where o.lot_id = m.lot_id and o.sequence < m.sequence) from inventory_movement m "
        f"where m.entity_id = %s and m.kind = 'RECEIPT' and m.quantity > 0 and m.source_ref in ({marks})",
        [entity.pk, *refs],
    ):
        came = Books(int(quantity), int(cost))
        came.take(min(taken.get((lot, ref), 0), came.quantity), entity.exponent)
        found[lot, ref] = Rise(came, not earlier)
    return found


def _by_lot(entity: Entity) -> dict[int, list[Fall]]:
    """lot -> its open falls, oldest first."""
    found: dict[int, list[Fall]] = {}
    for fall in open_falls(entity).values():
        found.setdefault(fall.lot, []).append(fall)
    return found


def open_falls(entity: Entity, *, fall: int | None = None) -> dict[int, Fall]:
    """Falls that nobody has explained, less what movements sheets have explained of them, oldest first; or one fall,
    explained or not."""
    which, params = ("f.explanation = ''", [entity.pk]) if fall is None else ("f.id = %s", [entity.pk, fall])
    years: dict[int, Years] = {}
    for key, year, amount in _rows(
        "select f.id, w.fiscal_year, -w.amount from inventory_unexplainedfall f "
        "join inventory_writedownmovement w on w.movement_id = f.movement_id "
        f"where f.entity_id = %s and {which}",
        params,
    ):
        years.setdefault(key, {})[year] = int(amount)
    found: dict[int, Fall] = {}
    for key, lot, day, ref, quantity, cost, allowance, done, done_cost, done_allowance in _rows(
        "select f.id, m.lot_id, m.posted_on, m.source_ref, -m.quantity, -m.cost, -m.allowance, "
        "coalesce(-sum(e.quantity), 0), coalesce(-sum(e.cost), 0), coalesce(-sum(e.allowance), 0) "
        "from inventory_unexplainedfall f "
        "join inventory_movement m on m.id = f.movement_id left join inventory_erpmovement e on e.fall_id = f.id "
        f"where f.entity_id = %s and {which} "
        "group by f.id, m.lot_id, m.posted_on, m.source_ref, m.quantity, m.cost, m.allowance, m.sequence "
        "order by m.sequence",
        params,
    ):
        whole = Books(int(quantity), int(cost), int(allowance), years.get(key))
        left = Books(int(quantity - done), int(cost - done_cost), int(allowance - done_allowance))
        # By year what is left is the units' share; the exact split of earlier parts is in their own rows.
        left.years = whole.share(left.quantity, entity.exponent).years if done else whole.years
        found[key] = Fall(key, lot, _iso(day), left, ref)
    return found


def _moved_otherwise(entity: Entity) -> frozenset[int]:
    return frozenset(
        lot
        for (lot,) in _rows(
            "select distinct lot_id from inventory_movement where entity_id = %s and source_ref not like 'history:%%'",
            [entity.pk],
        )
    )


def _told(upload: Upload) -> dict[Key, str]:
    """The lines of the sheet's documents that were taken in before."""
    found: dict[Key, str] = {}
    for document, line, kind, sku, code, place, name, row in _rows(
        "select e.document, e.line, e.kind, i.sku, l.code, p.code, u.file_name, e.row from inventory_erpmovement e "
        "join inventory_lot l on l.id = e.lot_id join inventory_item i on i.id = l.item_id "
        "join core_location p on p.id = l.location_id join core_upload u on u.id = e.upload_id "
        f"where e.entity_id = %s and e.document in (select document from {STAGED} where upload_id = %s)",
        [upload.entity_id, upload.pk],
    ):
        key = (document, line) if line else (document, kind, sku, code, place)
        found[key] = f"row {row} of '{name}'"
    return found


def _listed_on(entity: Entity) -> str:
    """The day of the last stock list that covered all stock; empty where there is none."""
    lists = Upload.objects.filter(entity=entity, kind="stock_list", status=Upload.Status.COMMITTED)
    moments = (as_of for as_of, options in lists.values_list("as_of", "options") if options.get("scope") != "locations")
    last = max(moments, default=None)
    return entity.local_date(last).isoformat() if last else ""
