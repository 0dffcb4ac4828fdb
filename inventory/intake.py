"""Makes records of a stock list's staged rows: categories, locations, items, lots and, at the opening, movements.

Invariant: everything is made by INSERT..SELECT with ids reserved beforehand, so that a reference of -n in staging is
the record `base + n` and 100,000 rows need no look-up by text. Call it inside the commit's transaction.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from django.db import connection

from core.errors import StaleContent
from core.models import Entity, Upload
from core.numbers import numbers_take
from inventory.batches import batch_seal
from inventory.kinds.opening import parse_years
from inventory.movements import SERIES, movements_insert_select, write_downs_insert

STAGED = "inventory_stagedlot"


@dataclass(frozen=True, slots=True)
class Bases:
    """What a negative reference n stands for: the record with id base - n."""

    lot: int
    item: int
    location: int
    category: int

    def sql(self, column: str) -> str:
        """The id behind a staged reference of alias s, as SQL."""
        return f"case when s.{column} > 0 then s.{column} else {getattr(self, column):d} - s.{column} end"

    def resolve(self, column: str, reference: int) -> int:
        base: int = getattr(self, column)
        return reference if reference > 0 else base - reference


def ids_reserve(table: str, count: int) -> int:
    """A base such that base + 1 .. base + count are free ids of the table, and stay ours.

    SQLite has one writer, so the next ids are known. PostgreSQL's sequence may hand out numbers in between to somebody
    else; then the block has a hole and is left unused.
    """
    with connection.cursor() as cursor:
        if connection.vendor != "postgresql":
            cursor.execute("select coalesce((select seq from sqlite_sequence where name = %s), 0)", [table])
            return int(cursor.fetchone()[0])
        while count:
            cursor.execute(
                "select min(n), max(n) from (select nextval(pg_get_serial_sequence(%s, 'id')) as n "
                "from generate_series(1, %s)) as taken",
                [table, count],
            )
            first, last = cursor.fetchone()
            if last - first + 1 == count:
                return int(first) - 1
    return 0


def records_make(upload: Upload, *, with_values: bool) -> Bases:
    """The new categories, locations, items and lots. with_values: lots get their figures at once (the opening); else
    they begin at nil and their movements bring them along. StaleContent where somebody made one of them since the
    check."""
    _refuse_made_since(upload)
    with connection.cursor() as cursor:
        cursor.execute(
            f"select -min(lot), -min(item), -min(location), -min(category) from {STAGED} where upload_id = %s",
            [upload.pk],
        )
        lots, items, locations, categories = (max(number or 0, 0) for number in cursor.fetchone())
    bases = Bases(
        lot=ids_reserve("inventory_lot", lots),
        item=ids_reserve("inventory_item", items),
        location=ids_reserve("core_location", locations),
        category=ids_reserve("core_category", categories),
    )
    owner = [upload.entity_id, upload.pk]
    with connection.cursor() as cursor:
        if categories:
            cursor.execute(
                f"insert into core_category (id, entity_id, name) select {bases.sql('category')}, %s, s.new_category "
                f"from {STAGED} s where s.upload_id = %s and s.new_category <> ''",
                owner,
            )
        if locations:
            cursor.execute(
                f"insert into core_location (id, entity_id, code, name) select {bases.sql('location')}, %s, "
                f"s.new_location, '' from {STAGED} s where s.upload_id = %s and s.new_location <> ''",
                owner,
            )
        if items:
            cursor.execute(
                "insert into inventory_item (id, entity_id, sku, description, category_id, unit_of_measure) "
                f"select {bases.sql('item')}, %s, s.sku, s.description, {bases.sql('category')}, s.unit_of_measure "
                f"from {STAGED} s where s.upload_id = %s and s.sku <> ''",
                owner,
            )
        if lots:
            figures = "s.quantity, s.cost, s.allowance, s.write_down" if with_values else "0, 0, 0, 0"
            cursor.execute(
                "insert into inventory_lot (id, entity_id, item_id, location_id, code, unit_cost, received_on, "
                "expires_on, "
                "end_of_sale_on, quantity, cost, allowance, write_down) "
                f"select {bases.lot:d} - s.lot, %s, {bases.sql('item')}, {bases.sql('location')}, s.code, s.unit_cost, "
                f"s.received_on, s.expires_on, s.end_of_sale_on, {figures} "
                f"from {STAGED} s where s.upload_id = %s and s.lot < 0 order by s.id",
                owner,
            )
    return bases


def _refuse_made_since(upload: Upload) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            f"select 'item ' || s.sku from {STAGED} s join inventory_item i on i.entity_id = %s and i.sku = s.sku "
            "where s.upload_id = %s and s.sku <> '' union all "
            f"select 'location ' || s.new_location from {STAGED} s join core_location l on l.entity_id = %s "
            "and l.code = s.new_location where s.upload_id = %s and s.new_location <> '' union all "
            f"select 'category ' || s.new_category from {STAGED} s join core_category c on c.entity_id = %s "
            "and c.name = s.new_category where s.upload_id = %s and s.new_category <> '' limit 1",
            [upload.entity_id, upload.pk] * 3,
        )
        found = cursor.fetchone()
    if found:
        raise StaleContent(
            f"Since this list was checked, somebody has made the {found[0]} that it was to add. Check the list again."
        )


def opening_movements(upload: Upload, bases: Bases, *, posted_on: dt.date, source_ref: str) -> int:
    """One OPENING movement a lot and the write-downs attached to it; the number of movements."""
    with connection.cursor() as cursor:
        cursor.execute(f"select count(*) from {STAGED} where upload_id = %s", [upload.pk])
        count = int(cursor.fetchone()[0])
    before = numbers_take(entity=upload.entity, series=SERIES, count=count) - 1
    day = "cast(%s as date)" if connection.vendor == "postgresql" else "%s"
    # The references of an opening's lots are -1, -2, .. in the sheet's order, and so are its sequences.
    movements_insert_select(
        f"select cast(%s as bigint) as entity_id, {before:d} - s.lot as sequence, {bases.lot:d} - s.lot as lot_id, "
        f"{day} as posted_on, 'OPENING' as kind, s.quantity as quantity, s.cost as cost, s.allowance as allowance, "
        "s.write_down as write_down, cast(%s as varchar(120)) as source_ref, s.write_down_years as by_year "
        f"from {STAGED} s where s.upload_id = %s order by s.id",
        [upload.entity_id, posted_on.isoformat(), source_ref, upload.pk],
    )
    with connection.cursor() as cursor:
        cursor.execute(
            f"select lot, write_down_years from {STAGED} where upload_id = %s and write_down_years <> ''", [upload.pk]
        )
        rows = [(before - lot, year, amount) for lot, years in cursor.fetchall() for year, amount in parse_years(years)]
    write_downs_insert(entity=upload.entity, rows=rows)
    batch_seal(entity=upload.entity, first=before + 1, last=before + count, source_ref=source_ref, write_downs=rows)
    return count


def lots_follow(upload: Upload, bases: Bases, carried: Mapping[int, int]) -> None:
    """Lots that were there take the list's unit cost, expiry and end of sale; the day received stays the first one
    known. carried: new lot (reference) -> the lot from which its units moved, whose age it keeps."""
    with connection.cursor() as cursor:
        cursor.execute(
            "update inventory_lot set unit_cost = s.unit_cost, "
            "received_on = coalesce(inventory_lot.received_on, s.received_on), "
            "expires_on = coalesce(s.expires_on, inventory_lot.expires_on), "
            "end_of_sale_on = coalesce(s.end_of_sale_on, inventory_lot.end_of_sale_on) "
            f"from {STAGED} s where s.upload_id = %s and s.lot > 0 and inventory_lot.id = s.lot and ("
            "inventory_lot.unit_cost <> s.unit_cost "
            "or (s.received_on is not null and inventory_lot.received_on is null) "
            "or (s.expires_on is not null and s.expires_on is distinct from inventory_lot.expires_on) "
            "or (s.end_of_sale_on is not null and s.end_of_sale_on is distinct from inventory_lot.end_of_sale_on))",
            [upload.pk],
        )
        if carried:
            pairs = ", ".join(f"({bases.resolve('lot', new):d}, {old:d})" for new, old in carried.items())
            cursor.execute(
                f"with pairs (lot_id, source_id) as (values {pairs}) "
                "update inventory_lot set received_on = coalesce(o.received_on, inventory_lot.received_on), "
                "expires_on = coalesce(inventory_lot.expires_on, o.expires_on), "
                "end_of_sale_on = coalesce(inventory_lot.end_of_sale_on, o.end_of_sale_on) "
                "from pairs join inventory_lot o on o.id = pairs.source_id where inventory_lot.id = pairs.lot_id"
            )


def falls_record(*, entity: Entity, upload: Upload, first: int, last: int) -> int:
    """A line of the worklist for every fall among the movements first..last; how many."""
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into inventory_unexplainedfall (movement_id, entity_id, upload_id, explanation, note) "
            "select m.id, m.entity_id, %s, '', '' from inventory_movement m "
            "where m.entity_id = %s and m.sequence between %s and %s and m.kind = 'ISSUE' order by m.sequence",
            [upload.pk, entity.pk, first, last],
        )
        return int(cursor.rowcount)
