"""Takes a sheet in as the worker does, from rows given in the test; the reading of files has tests of its own."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from django.db import connection, transaction

from core.files import file_store
from core.models import Upload, User
from core.sheets.kinds import Cell, Chunk, Issues, Summary, kind
from tests.conftest import Company

SCALES = {Cell.QUANTITY: 4, Cell.UNIT_COST: 6, Cell.MONEY: 4}
MARCH = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)


def convert(cell: Cell, value: Any) -> Any:
    if value is None or value == "":
        return "" if cell is Cell.TEXT else None
    if cell in SCALES:
        return int(Decimal(str(value)).scaleb(SCALES[cell]))
    return str(value)


def upload_of(
    company: Company, code: str, *, as_of: dt.datetime = MARCH, by: User | None = None, **fields: Any
) -> Upload:
    user = by or company["PREPARER"]
    name = f"{code}-{Upload.objects.count()}.csv"
    stored = file_store(entity=company.entity, name=name, content=name.encode(), content_type="text/csv", user=user)
    return Upload.objects.create(
        entity=company.entity, kind=code, file=stored, file_name=name, as_of=as_of, created_by=user, **fields
    )


def check(upload: Upload, rows: list[dict[str, Any]]) -> tuple[Summary, Issues]:
    """Check the rows and stage them; row numbers begin at 2, under the header."""
    sheet = kind(upload.kind)
    sheet.precheck(upload)
    context = sheet.begin(upload)
    issues = Issues()
    names = {name for row in rows for name in row}
    columns = {c.name: [convert(c.cell, row.get(c.name)) for row in rows] for c in sheet.columns if c.name in names}
    staged = sheet.check_chunk(context, Chunk(list(range(2, len(rows) + 2)), columns), issues)
    marks = ", ".join(["%s"] * (len(sheet.staging_columns) + 1))
    names_sql = ", ".join(f'"{name}"' for name in ("upload_id", *sheet.staging_columns))
    with connection.cursor() as cursor:
        cursor.executemany(
            f"insert into {sheet.staging_table} ({names_sql}) values ({marks})", [(upload.pk, *row) for row in staged]
        )
    return sheet.finish(context, upload, issues), issues


def commit(upload: Upload, by: User) -> str:
    with transaction.atomic():
        done = kind(upload.kind).commit(upload, by)
        Upload.objects.filter(pk=upload.pk).update(status=Upload.Status.COMMITTED, committed_by=by)
    return done.message


def take_in(
    company: Company, rows: list[dict[str, Any]], *, code: str = "stock_list", by: User | None = None, **fields: Any
) -> Upload:
    """Check and commit; fails the test where the check complains of an error."""
    upload = upload_of(company, code, **fields)
    _, issues = check(upload, rows)
    assert not issues.errors, issues.kept
    commit(upload, by or company["CONTROLLER"])
    return upload


def lot_row(sku: str = "A", lot: str = "L1", at: str = "WH1", quantity: Any = 10, cost: Any = 2, **more: Any) -> dict:
    return {
        "sku": sku,
        "lot_code": lot,
        "location": at,
        "quantity": quantity,
        "unit_cost": cost,
        "category": "Tools",
        **more,
    }
