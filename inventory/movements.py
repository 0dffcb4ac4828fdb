"""The only writer of movements: appends them in sets, with sequence and digest, and keeps the lots' caches equal.

Digest: the database itself hashes the row's own values (SHA-256, hex), by the same expression at writing and at
verifying, so that 100,000 rows need no round trip through Python. Version 2, of a movement that does something to
write-downs, covers what it does to them by fiscal year too; all others are of version 1, and so is what was written
before there were two.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import NamedTuple

from django.db import connection

from core.models import Entity
from core.numbers import numbers_take
from inventory.batches import batch_seal

SERIES = "movement"


class MovementRow(NamedTuple):
    """One change of one lot, in raw scaled integers (quantity 10^4, money 10^4). by_year: fiscal year -> write-down
    delta."""

    lot_id: int
    kind: str
    quantity: int = 0
    cost: int = 0
    allowance: int = 0
    write_down: int = 0
    by_year: tuple[tuple[int, int], ...] = ()


def digest_sql(row: str, years: str = "") -> str:
    """The SQL expression of a movement's digest over the columns of alias `row`: version 1, or version 2 where `years`
    is the expression of what it does to write-downs, as "2024=3000000;2025=-2800000"."""
    day = f"to_char({row}.posted_on, 'YYYY-MM-DD')" if connection.vendor == "postgresql" else f"{row}.posted_on"
    parts = [
        "'2'" if years else "'1'",
        f"cast({row}.entity_id as text)",
        f"cast({row}.sequence as text)",
        f"cast({row}.lot_id as text)",
        day,
        f"{row}.kind",
        f"cast({row}.quantity as text)",
        f"cast({row}.cost as text)",
        f"cast({row}.allowance as text)",
        f"cast({row}.write_down as text)",
        f"{row}.source_ref",
        *([years] if years else []),
    ]
    text = " || '|' || ".join(parts)
    if connection.vendor == "postgresql":
        return f"encode(sha256(convert_to({text}, 'UTF8')), 'hex')"
    return f"sha256({text})"


def years_sql(row: str) -> str:
    """The SQL expression of what the stored movement of alias `row` does to write-downs; an empty text where
    nothing."""
    rows = f"from inventory_writedownmovement w where w.movement_id = {row}.id"
    if connection.vendor == "postgresql":
        return f"coalesce((select string_agg(w.fiscal_year || '=' || w.amount, ';' order by w.fiscal_year) {rows}), '')"
    ordered = f"select w.fiscal_year || '=' || w.amount as part {rows} order by w.fiscal_year"
    return f"coalesce((select group_concat(t.part, ';') from ({ordered}) t), '')"


COLUMNS = (
    *("entity_id", "sequence", "lot_id", "posted_on", "kind"),
    *("quantity", "cost", "allowance", "write_down", "source_ref"),
)


def movements_insert_select(select: str, params: Sequence[int | str] = ()) -> int:
    """INSERT..SELECT movements. `select` yields COLUMNS in that order and by_year, what they do to write-downs as
    digest_sql takes it; sequences were taken by the caller, who chains what was made (batches.py). Rows made."""
    digest = f"case when r.by_year = '' then {digest_sql('r')} else {digest_sql('r', 'r.by_year')} end"
    with connection.cursor() as cursor:
        cursor.execute(
            f"insert into inventory_movement ({', '.join(COLUMNS)}, digest) "
            f"select {', '.join('r.' + name for name in COLUMNS)}, {digest} from ({select}) r",
            list(params),
        )
        return int(cursor.rowcount)


def movements_append(
    *, entity: Entity, posted_on: dt.date, source_ref: str, rows: Sequence[MovementRow]
) -> tuple[int, int]:
    """Append movements and bring quantity, cost, allowance and write-down of their lots along, in a constant number of
    statements. Call it inside the posting's transaction with the lots locked. Gives the first and last sequence."""
    first = numbers_take(entity=entity, series=SERIES, count=len(rows))
    if not rows:
        return first, first - 1
    with connection.cursor() as cursor:
        cursor.execute(
            "create temp table if not exists staged_movement (position bigint primary key, lot_id bigint, "
            "kind varchar(12), quantity bigint, cost bigint, allowance bigint, write_down bigint, by_year text)"
        )
        cursor.execute("delete from staged_movement")
        _fill(
            cursor,
            "staged_movement (position, lot_id, kind, quantity, cost, allowance, write_down, by_year)",
            [
                (first + i, r.lot_id, r.kind, r.quantity, r.cost, r.allowance, r.write_down, years_said(r.by_year))
                for i, r in enumerate(rows)
            ],
        )
    day = "cast(%s as date)" if connection.vendor == "postgresql" else "%s"
    movements_insert_select(
        "select cast(%s as bigint) as entity_id, position as sequence, lot_id, "
        f"{day} as posted_on, kind, quantity, cost, allowance, write_down, cast(%s as varchar(120)) as source_ref, "
        "by_year from staged_movement order by position",
        [entity.pk, posted_on.isoformat(), source_ref],
    )
    write_downs = [(first + i, year, amount) for i, r in enumerate(rows) for year, amount in r.by_year if amount]
    write_downs_insert(entity=entity, rows=write_downs)
    # A lot that moves once needs no sum, which on PostgreSQL is numeric and costs as much as half of the update.
    sums = (
        "staged_movement"
        if len({row.lot_id for row in rows}) == len(rows)
        else "(select lot_id, sum(quantity) as quantity, sum(cost) as cost, sum(allowance) as allowance, "
        "sum(write_down) as write_down from staged_movement group by lot_id)"
    )
    with connection.cursor() as cursor:
        cursor.execute(
            "update inventory_lot set quantity = inventory_lot.quantity + s.quantity, cost = inventory_lot.cost + "
            "s.cost, "
            "allowance = inventory_lot.allowance + s.allowance, write_down = inventory_lot.write_down + s.write_down "
            f"from {sums} s where inventory_lot.id = s.lot_id"
        )
    last = first + len(rows) - 1
    batch_seal(entity=entity, first=first, last=last, source_ref=source_ref, write_downs=write_downs)
    return first, last


def years_said(by_year: Sequence[tuple[int, int]]) -> str:
    """What a movement does to write-downs, as its digest covers it."""
    return ";".join(f"{year}={amount}" for year, amount in sorted(by_year) if amount) if by_year else ""


def write_downs_insert(*, entity: Entity, rows: list[tuple[int, int, int]]) -> None:
    """What movements do to attached write-downs: (movement's sequence, fiscal year, raw amount)."""
    if not rows:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "create temp table if not exists staged_write_down (position bigint, fiscal_year int, amount bigint)"
        )
        cursor.execute("delete from staged_write_down")
        _fill(cursor, "staged_write_down (position, fiscal_year, amount)", rows)
        cursor.execute(
            "insert into inventory_writedownmovement (movement_id, lot_id, fiscal_year, amount) "
            # A cross join keeps SQLite to this order: movements are found by their key, instead of all staged rows,
            # which have none, being gone through for each of them.
            "select m.id, m.lot_id, s.fiscal_year, s.amount from staged_write_down s "
            "cross join inventory_movement m where m.entity_id = %s and m.sequence = s.position "
            "order by m.sequence, s.fiscal_year",
            [entity.pk],
        )


def _fill(cursor: object, target: str, rows: Sequence[tuple[object, ...]]) -> None:
    """Fill a temp table: COPY on PostgreSQL, executemany (no guards stand on temp tables) on SQLite."""
    if not rows:
        return
    if connection.vendor == "postgresql":
        with cursor.cursor.copy(f"copy {target} from stdin") as copy:  # type: ignore[attr-defined]
            for row in rows:
                copy.write_row(row)
        return
    marks = ", ".join(["%s"] * len(rows[0]))
    cursor.executemany(f"insert into {target} values ({marks})", rows)  # type: ignore[attr-defined]
