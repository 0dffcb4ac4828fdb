"""Rows in sets: insert, change and choose many rows in one statement, on both engines.

PostgreSQL takes arrays and COPY; SQLite takes executemany and JSON arrays. Values are raw: scaled integers, ISO dates.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, cast

from django.db import connection


def among(column: str) -> str:
    """SQL condition that `column` is one of the ids of one parameter made by `ids`."""
    if connection.vendor == "postgresql":
        return f"{column} = any(%s::bigint[])"
    return f"{column} in (select value from json_each(%s))"


def ids(values: Sequence[int]) -> str:
    """Written out here: the driver asks of each value of an array what it is, which takes ten times as long."""
    written = ",".join(map(str, values))
    return f"{{{written}}}" if connection.vendor == "postgresql" else f"[{written}]"


def rows_insert(table: str, columns: Sequence[str], rows: Iterable[tuple[Any, ...]]) -> None:
    """Insert raw rows; they may be made on the way. Guards are asked as ever."""
    names = ", ".join(columns)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with cursor.cursor.copy(f"copy {table} ({names}) from stdin") as copy:
                for row in rows:
                    copy.write_row(row)
            return
        marks, given = ", ".join(["%s"] * len(columns)), cast(Sequence[Any], rows)
        cursor.executemany(f"insert into {table} ({names}) values ({marks})", given)


@contextmanager
def roomy() -> Iterator[None]:
    """SQLite keeps 64 MB of pages instead of 2 while the block lasts: each row that is inserted looks up the rows that
    its keys point to, and among 100,000 these are read from the file again and again otherwise."""
    if connection.vendor != "sqlite":
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute("pragma cache_size")
        (before,) = cursor.fetchone()
        cursor.execute("pragma cache_size = -65536")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"pragma cache_size = {int(before)}")


def rows_update(table: str, columns: Sequence[str], rows: Sequence[tuple[int, ...]]) -> None:
    """Set bigint columns by id; each row is (id, value, value, ...) in the order of `columns`."""
    if not rows:
        return
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            names = ["id", *columns]
            arrays = ", ".join(["%s::bigint[]"] * len(names))
            sets = ", ".join(f"{name} = u.{name}" for name in columns)
            cursor.execute(
                f"update {table} t set {sets} from unnest({arrays}) as u({', '.join(names)}) where t.id = u.id",
                [list(values) for values in zip(*rows, strict=True)],
            )
            return
        sets = ", ".join(f"{name} = %s" for name in columns)
        cursor.executemany(f"update {table} set {sets} where id = %s", [(*row[1:], row[0]) for row in rows])


def day_of(value: str | dt.date) -> dt.date:
    """A date as a plain cursor gives it: text on SQLite."""
    return dt.date.fromisoformat(value) if isinstance(value, str) else value
