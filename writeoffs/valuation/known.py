"""What was known as of a day: prices, contracts, commitments, uses, demand, conditions and rates that count then.

Invariants: each function is one query whatever the number of rows and gives plain tuples, in the order of the columns
named beside it: ids, dates, raw scaled integers (unit figures and rates in their own scale). Of the versions for one
subject and day the highest counts; a withdrawn one counts as none, so that an earlier day's figure stands again.
known_at: as things were known at that moment; without it, as they are known now. items: of these alone, None: of all.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import Any, TypeAlias

from django.db import connection

from core.models import Entity
from core.sets import among, day_of, ids

Row: TypeAlias = tuple[Any, ...]
Items: TypeAlias = Collection[int] | None

# lot_id None: of every lot of the item. offered_on may be None; recovers_in_year is a bool.
PRICE_COLUMNS = (
    *("id", "item_id", "lot_id", "as_of", "currency", "selling_price", "cost_to_complete", "cost_to_sell", "nrv"),
    *("replacement_cost", "normal_profit", "excess_recoverable", "offered_on", "recovers_in_year"),
)
CONTRACT_COLUMNS = (
    *("id", "item_id", "reference", "quantity", "price", "currency", "cost_to_complete", "cost_to_sell"),
    *("starts_on", "ends_on"),
)
COMMITMENT_COLUMNS = ("id", "item_id", "reference", "quantity", "price", "currency", "starts_on", "ends_on")
USE_COLUMNS = ("id", "material_id", "product_id", "as_of")
DEMAND_COLUMNS = ("item_id", "quantity", "months", "first_month", "last_month")
CONDITION_COLUMNS = ("id", "lot_id", "kind", "as_of", "note")
SALES_COLUMNS = ("id", "location_id", "category_id", "starts_on", "ends_on", "revenue")
RATE_COLUMNS = ("currency", "rate", "as_of")


def prices_as_of(
    *, entity: Entity, as_of: dt.date, known_at: dt.datetime | None = None, items: Items = None
) -> list[Row]:
    """The price of each item, and of each lot that has its own, that is valid on the day. See PRICE_COLUMNS."""
    by = ("item_id", "lot_id")
    return _latest("valuation_price", PRICE_COLUMNS, entity, as_of, known_at, by=by, empty=("lot_id",), items=items)


def uses_as_of(*, entity: Entity, as_of: dt.date, known_at: dt.datetime | None = None) -> list[Row]:
    """Every pair of material and product that stands on the day. See USE_COLUMNS."""
    return _latest("valuation_materialuse", USE_COLUMNS, entity, as_of, known_at, by=("material_id", "product_id"))


def conditions_as_of(*, entity: Entity, as_of: dt.date, known_at: dt.datetime | None = None) -> list[Row]:
    """The marks that stand on lots, without those lifted by then. See CONDITION_COLUMNS."""
    columns = (*CONDITION_COLUMNS, "lifted")
    rows = _latest("valuation_conditionmark", columns, entity, as_of, known_at, by=("lot_id", "kind"))
    return [row[:-1] for row in rows if not row[-1]]


def rates_as_of(*, entity: Entity, as_of: dt.date, known_at: dt.datetime | None = None) -> list[Row]:
    """The last rate of each currency on or before the day, scale 10^10. See RATE_COLUMNS."""
    return _latest("valuation_pricerate", RATE_COLUMNS, entity, as_of, known_at, by=("currency",))


def contracts_as_of(
    *, entity: Entity, as_of: dt.date, known_at: dt.datetime | None = None, items: Items = None
) -> list[Row]:
    """The firm sales in force on the day, those that end first before the others. See CONTRACT_COLUMNS."""
    return _in_force("valuation_contract", CONTRACT_COLUMNS, entity, as_of, known_at, items=items)


def commitments_as_of(*, entity: Entity, as_of: dt.date, known_at: dt.datetime | None = None) -> list[Row]:
    """The firm purchases in force on the day. See COMMITMENT_COLUMNS."""
    return _in_force("valuation_purchasecommitment", COMMITMENT_COLUMNS, entity, as_of, known_at)


def demand_window(as_of: dt.date, months: int) -> tuple[dt.date, dt.date]:
    """The first days of the first and the last of so many whole months that are over on the day; its own month counts
    on its last day."""
    tomorrow = as_of + dt.timedelta(days=1)
    last = tomorrow.year * 12 + tomorrow.month - 2
    first = last - months + 1
    return dt.date(first // 12, first % 12 + 1, 1), dt.date(last // 12, last % 12 + 1, 1)


def demand_as_of(
    *,
    entity: Entity,
    as_of: dt.date,
    months: int = 12,
    known_at: dt.datetime | None = None,
    items: Items = None,
) -> list[Row]:
    """Units of each item in the last so many whole months, and how many of these have a figure. An item without any
    figure in them is not among the rows. See DEMAND_COLUMNS."""
    first, last = demand_window(as_of, months)
    known, values = _known("t", known_at)
    own, mine = _of(items)
    sql = (
        "select t.item_id, sum(t.quantity), count(*), min(t.month), max(t.month) from valuation_demand t "
        f"where t.entity_id = %s and t.month between %s and %s and not t.withdrawn{known}"
        f"{_newest('valuation_demand', ('item_id', 'month'), known_at)}{own} group by t.item_id"
    )
    rows = _rows(sql, [entity.pk, first, last, *values, *values, *mine])
    # PostgreSQL gives the sum of bigints as a numeric, SQLite the month as a text.
    return [(item, int(total), count, day_of(lowest), day_of(highest)) for item, total, count, lowest, highest in rows]


def demand_by_month(
    *, entity: Entity, as_of: dt.date, months: int = 12, item_id: int | None = None, known_at: dt.datetime | None = None
) -> list[Row]:
    """(item, month, quantity) of the last so many whole months, by item and month; of one item where it is named."""
    first, last = demand_window(as_of, months)
    known, values = _known("t", known_at)
    own, mine = (" and t.item_id = %s", [item_id]) if item_id is not None else ("", [])
    sql = (
        "select t.item_id, t.month, t.quantity from valuation_demand t "
        f"where t.entity_id = %s and t.month between %s and %s and not t.withdrawn{known}"
        f"{_newest('valuation_demand', ('item_id', 'month'), known_at)}{own} order by t.item_id, t.month"
    )
    return _rows(sql, [entity.pk, first, last, *values, *values, *mine])


def sales_between(*, entity: Entity, after: dt.date, until: dt.date, known_at: dt.datetime | None = None) -> list[Row]:
    """Sales of spans that begin after one day and end by the other, oldest first. See SALES_COLUMNS."""
    known, values = _known("t", known_at)
    subject = ("entity_id", "location_id", "category_id", "starts_on", "ends_on")
    sql = (
        f"select {_columns(SALES_COLUMNS)} from valuation_salesfigure t where t.entity_id = %s and t.starts_on > %s "
        f"and t.ends_on <= %s and not t.withdrawn{known}"
        f"{_newest('valuation_salesfigure', subject, known_at, empty=('location_id', 'category_id'))} "
        "order by t.starts_on, t.id"
    )
    return _rows(sql, [entity.pk, after, until, *values, *values])


# --- how it is asked --------------------------------------------------------------------------------------------------


def _latest(
    table: str,
    columns: tuple[str, ...],
    entity: Entity,
    as_of: dt.date,
    known_at: dt.datetime | None,
    *,
    by: tuple[str, ...],
    empty: tuple[str, ...] = (),
    items: Items = None,
) -> list[Row]:
    """Of each subject the row of the latest day on or before `as_of`."""
    # Keys alone are sorted; the rest of the row is read for those that count.
    keys, values = _latest_ids(table, entity, as_of, known_at, by=by, empty=empty, items=items)
    return _rows(f"select {_columns(columns)} from ({keys}) k join {table} t on t.id = k.id", values)


def _latest_ids(
    table: str,
    entity: Entity,
    as_of: dt.date,
    known_at: dt.datetime | None,
    *,
    by: tuple[str, ...],
    empty: tuple[str, ...] = (),
    items: Items = None,
) -> tuple[str, list[Any]]:
    own, mine = _of(items)
    known, values = _known("t", known_at)
    part = ", ".join(f"t.{column}" for column in by)
    # A currency is every company's, an item is one's own: the shortest key is the quickest.
    newest = _newest(table, (*(("entity_id",) if by == ("currency",) else ()), *by, "as_of"), known_at, empty=empty)
    sql = (
        f"select r.id from (select t.id, row_number() over (partition by {part} order by t.as_of desc) as place "
        f"from {table} t where t.entity_id = %s and t.as_of <= %s and not t.withdrawn{known}{newest}{own}) r "
        "where r.place = 1"
    )
    return sql, [entity.pk, as_of, *values, *values, *mine]


def _in_force(
    table: str,
    columns: tuple[str, ...],
    entity: Entity,
    as_of: dt.date,
    known_at: dt.datetime | None,
    *,
    items: Items = None,
) -> list[Row]:
    own, mine = _of(items)
    known, values = _known("t", known_at)
    newest = _newest(table, ("entity_id", "reference", "item_id"), known_at)
    sql = (
        f"select {_columns(columns)} from {table} t where t.entity_id = %s and t.starts_on <= %s and t.ends_on >= %s "
        f"and not t.withdrawn{known}{newest}{own} order by t.ends_on, t.id"
    )
    return _rows(sql, [entity.pk, as_of, as_of, *values, *values, *mine])


def _of(items: Items) -> tuple[str, list[Any]]:
    return ("", []) if items is None else (f" and {among('t.item_id')}", [ids(sorted(items))])


def _newest(table: str, subject: tuple[str, ...], known_at: dt.datetime | None, *, empty: tuple[str, ...] = ()) -> str:
    """There is no higher version for the same subject and day. empty: columns that may be null."""
    known, _ = _known("n", known_at)
    same = " and ".join(
        f"coalesce(n.{column}, 0) = coalesce(t.{column}, 0)" if column in empty else f"n.{column} = t.{column}"
        for column in subject
    )
    # n.version > 1 says nothing new, but lets the index of the few that replace another be used.
    return f" and not exists (select 1 from {table} n where {same} and n.version > 1 and n.version > t.version{known})"


def _known(alias: str, known_at: dt.datetime | None) -> tuple[str, list[Any]]:
    if known_at is None:
        return "", []
    return f" and {alias}.entered_at <= %s", [connection.ops.adapt_datetimefield_value(known_at)]


def _columns(names: tuple[str, ...]) -> str:
    return ", ".join(f"t.{name}" for name in names)


def _rows(sql: str, values: list[Any]) -> list[Row]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return list(cursor.fetchall())


def latest_sql(table: str, *, by: tuple[str, ...], as_of: dt.date, entity: Entity) -> tuple[str, list[Any]]:
    """SQL of the keys that `prices_as_of` and the like find, and its values; for a page that filters and sorts them."""
    return _latest_ids(table, entity, as_of, None, by=by, empty=("lot_id",) if "lot_id" in by else ())


def standing_sql(table: str, *, subject: tuple[str, ...], entity: Entity) -> tuple[str, list[Any]]:
    """SQL of the keys of all that stands, whatever its day: the highest versions, without the withdrawn."""
    empty = tuple(name for name in subject if name in ("lot_id", "location_id", "category_id"))
    own = ("entity_id",) if not {"item_id", "lot_id", "material_id"} & set(subject) else ()
    newest = _newest(table, (*own, *subject), None, empty=empty)
    return f"select t.id from {table} t where t.entity_id = %s and not t.withdrawn{newest}", [entity.pk]
