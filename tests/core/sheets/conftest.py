"""A small sheet kind with a staging table of its own, so that core's machinery is tested without any room."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.db import connection

from core.errors import BadInput, OutdatedList
from core.models import Category, Upload, User
from core.sheets import kinds, pipeline
from core.sheets.kinds import Cell, Chunk, Column, Committed, Issues, Option, SheetKind, Summary
from tests.conftest import Company

AS_OF = dt.datetime(2026, 3, 31, 18, 0, tzinfo=dt.UTC)


@dataclass
class Seen:
    rows: int = 0
    quantity: int = 0
    lots: dict[tuple[str, str], int] = field(default_factory=dict)


class ShelfKind(SheetKind):
    """Lots on a shelf. Its commit makes one category per lot: enough to see whether anything was saved."""

    code = "shelf"
    title = "Shelf list"
    lead = "What stands on the shelf."
    columns = (
        Column("sku", "SKU", Cell.TEXT, required=True, filled=True, max_length=20, aliases=("item",), example="A-1"),
        Column("lot_code", "Lot", Cell.TEXT, required=True, joins=True, max_length=20, example="L1"),
        Column("location", "Location", Cell.TEXT, example="WH1"),
        Column("quantity", "Quantity", Cell.QUANTITY, required=True, filled=True, aliases=("on hand",), example="12.5"),
        Column("unit_cost", "Unit cost", Cell.UNIT_COST, allow_negative=False, example="1.25"),
        Column("received_on", "Received on", Cell.DATE, example="2026-01-31"),
    )
    options = (Option("scope", "It covers", (("", "everything"), ("part", "a part"))),)
    staging_table = "test_staged_shelf"
    staging_columns = ("row", "sku", "lot_code", "quantity", "received_on")

    def precheck(self, upload: Upload) -> None:
        if upload.as_of.year < 2000:
            raise OutdatedList("This list is older than the company. Draw a newer one.")

    def begin(self, upload: Upload) -> Seen:
        return Seen()

    def check_chunk(self, context: Seen, chunk: Chunk, issues: Issues) -> list[tuple[Any, ...]]:
        columns = chunk.columns
        dates = columns.get("received_on", [None] * len(chunk.rows))
        staged = []
        for i, row in enumerate(chunk.rows):
            if i in chunk.bad:
                continue
            key = (columns["sku"][i], columns["lot_code"][i])
            first = context.lots.setdefault(key, row)
            if first != row:
                issues.error("duplicate_lot", row, "lot_code", key[1], f"Row {row} repeats the lot of row {first}.")
                continue
            if not columns["quantity"][i]:
                issues.warning("nothing_on_hand", row, "quantity", 0, f"Row {row} has nothing on hand.")
            context.quantity += columns["quantity"][i]
            staged.append((row, *key, columns["quantity"][i], dates[i]))
        context.rows += len(staged)
        return staged

    def finish(self, context: Seen, upload: Upload, issues: Issues) -> Summary:
        return Summary(
            rows=context.rows,
            quantity=context.quantity,
            value=context.quantity,
            figures=[("New", f"{context.rows} lots")],
            commit_label=f"Add {context.rows} lots",
            needs_controller="release" in upload.file_name,
        )

    def commit(self, upload: Upload, user: User) -> Committed:
        with connection.cursor() as cursor:
            cursor.execute("select sku, lot_code from test_staged_shelf where upload_id = %s", [upload.pk])
            lots = cursor.fetchall()
        for sku, lot in lots:
            Category.objects.create(entity=upload.entity, name=f"{sku} {lot}")
        if "refused" in upload.file_name:
            raise BadInput("Period 2026-03 is closed. Open it, or take a later date.")
        return Committed(f"Added {len(lots)} lots.", "/made/")


@pytest.fixture
def shelf(db: None) -> Iterator[ShelfKind]:
    kind = ShelfKind()
    with connection.cursor() as cursor:
        cursor.execute(
            "create table test_staged_shelf (upload_id bigint not null, row integer, sku varchar(20), lot_code "
            "varchar(20), "
            "quantity bigint, received_on date)"
        )
    before = kinds._KINDS.copy()
    kinds.register(kind)
    yield kind
    kinds._KINDS.clear()
    kinds._KINDS.update(before)


@pytest.fixture
def receive(shelf: ShelfKind, company: Company) -> Callable[..., Upload]:
    """Upload content as the preparer; keyword arguments go to upload_receive."""

    def send(content: bytes, name: str = "shelf.xlsx", **fields: Any) -> Upload:
        return pipeline.upload_receive(
            **{
                "entity": company.entity,
                "kind": shelf.code,
                "name": name,
                "content": content,
                "as_of": AS_OF,
                "user": company["PREPARER"],
                **fields,
            }
        )

    return send


@pytest.fixture
def checked(receive: Callable[..., Upload], company: Company) -> Callable[..., Upload]:
    """Upload content and check it."""

    def send(content: bytes, name: str = "shelf.xlsx", **fields: Any) -> Upload:
        upload = receive(content, name, **fields)
        if upload.status == Upload.Status.FAILED:
            return upload
        return pipeline.upload_check(upload=upload, user=company["PREPARER"])

    return send


def staged_rows() -> int:
    with connection.cursor() as cursor:
        cursor.execute("select count(*) from test_staged_shelf")
        return int(cursor.fetchone()[0])
