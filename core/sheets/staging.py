"""Staging tables: where checked rows wait for the commit, keyed by upload. The rooms own the tables, core fills and
clears.

Invariant: only the check writes here and only the commit reads; rows of an upload that can no longer be committed are
gone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import connection

from core.sheets.kinds import SheetKind


def rows_stage(kind: SheetKind, upload_id: int, rows: Sequence[tuple[Any, ...]]) -> None:
    """Add rows, in the order of the kind's staging columns: COPY on PostgreSQL, executemany on SQLite."""
    if not rows:
        return
    quote = connection.ops.quote_name
    table = quote(kind.staging_table)
    columns = ", ".join(quote(name) for name in ("upload_id", *kind.staging_columns))
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with cursor.copy(f"copy {table} ({columns}) from stdin") as copy:
                for row in rows:
                    copy.write_row((upload_id, *row))
            return
        marks = ", ".join(["%s"] * len(kind.staging_columns))
        cursor.executemany(f"insert into {table} ({columns}) values ({int(upload_id)}, {marks})", rows)


def rows_clear(kind: SheetKind, upload_id: int) -> None:
    """Remove the upload's rows."""
    table = connection.ops.quote_name(kind.staging_table)
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute(f"select 1 from {table} where upload_id <> %s limit 1", [upload_id])
            if cursor.fetchone() is None:
                # Without a condition SQLite drops the table's pages at once instead of row after row.
                cursor.execute(f"delete from {table}")
                return
        cursor.execute(f"delete from {table} where upload_id = %s", [upload_id])
