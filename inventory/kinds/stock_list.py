"""The stock list: what the ERP says is on the shelf. Its columns, its check and its preview.

Invariant: the check writes nothing but staging; every row is looked at before one is kept; the keys of a row are
resolved against this entity's records only. The commit moves value and is posting's (writeoffs/posting/stock_list.py).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any, TypeAlias

from django.db.models import Max

from core.errors import OutdatedList
from core.models import Entity, Upload
from core.sheets.kinds import Cell, Chunk, Column, Issues, Option, SheetKind, Summary
from inventory.kinds.lot_columns import LOCATION, LOT_CODE, SKU
from inventory.kinds.stock_check import StockCheck
from inventory.kinds.stock_preview import preview
from inventory.models import Movement, StagedLot

CODE = "stock_list"

COLUMNS = (
    SKU,
    Column(
        "description",
        "Description",
        Cell.TEXT,
        max_length=200,
        aliases=("name", "item name", "product name", "text"),
        example="Steel flange 40 mm",
    ),
    Column(
        "category",
        "Category",
        Cell.TEXT,
        max_length=100,
        aliases=("class", "item group", "product group", "group"),
        help="Rows without one go to Uncategorised.",
        example="Spare parts",
    ),
    LOT_CODE,
    LOCATION,
    Column(
        "quantity",
        "Quantity",
        Cell.QUANTITY,
        required=True,
        filled=True,
        aliases=("qty", "on hand", "stock", "quantity on hand"),
        example="120",
    ),
    Column(
        "unit_cost",
        "Unit cost",
        Cell.UNIT_COST,
        required=True,
        aliases=("standard_cost", "standard_cost_usd", "unit price", "moving average price"),
        help="Cost of one unit, in the entity's currency unless the row names another.",
        example="12.50",
    ),
    Column(
        "currency",
        "Currency of the cost",
        Cell.TEXT,
        max_length=3,
        aliases=("cost currency", "currency code", "iso", "cur"),
        help="Only where unit cost is in another currency; the exchange rate is then needed too.",
        example="EUR",
    ),
    Column(
        "exchange_rate",
        "Exchange rate of the cost",
        Cell.TEXT,
        max_length=30,
        aliases=("exchange rate", "historical rate", "rate", "rate at purchase", "kurs"),
        help="Of the day the goods were bought (IAS 21.23): units of the entity's currency for one of the row's.",
    ),
    Column(
        "unit_of_measure",
        "Unit of measure",
        Cell.TEXT,
        max_length=20,
        aliases=("uom", "unit", "base unit"),
        example="unit",
    ),
    Column(
        "received_on",
        "Received on",
        Cell.DATE,
        aliases=("last_receipt_date", "receipt date", "received", "goods receipt"),
        example="2025-11-03",
    ),
    Column(
        "expires_on",
        "Expires on",
        Cell.DATE,
        aliases=("expiry", "expiry date", "best before", "shelf life end", "expiration date"),
        example="2026-09-30",
    ),
    Column(
        "end_of_sale_on",
        "End of sale",
        Cell.DATE,
        aliases=("sell_end", "end of sale", "discontinued on"),
        example="2026-12-31",
    ),
    Column(
        "allowance",
        "Allowance",
        Cell.MONEY,
        allow_negative=False,
        help="First list only: the part of the lot's cost already written down, still on hand.",
        example="300.00",
    ),
    Column(
        "original_unit_cost",
        "Original unit cost",
        Cell.UNIT_COST,
        allow_negative=False,
        help="First list only: unit cost before any write-down, in the entity's currency.",
        example="15.00",
    ),
    Column(
        "write_down_years",
        "Write-down years",
        Cell.TEXT,
        help="First list only: the fiscal year of the charge, or 2024=300.00; 2025=280.00.",
        example="2024",
    ),
)


class StockListKind(SheetKind):
    code = CODE
    title = "Stock list"
    lead = "What the ERP shows on hand, one row a lot. A lot that is missing from a later list counts as gone."
    columns = COLUMNS
    options = (
        Option(
            "scope",
            "The list covers",
            (("", "all stock of the company"), ("locations", "only the locations that stand in it")),
            help="Lots that a list does not show count as gone, where it covers them.",
        ),
    )
    staging_table = StagedLot._meta.db_table
    staging_columns = (
        "row",
        "lot",
        "item",
        "location",
        "category",
        "code",
        "quantity",
        "unit_cost",
        "cost",
        "allowance",
        "write_down",
        "received_on",
        "expires_on",
        "end_of_sale_on",
        "write_down_years",
        "sku",
        "description",
        "unit_of_measure",
        "new_location",
        "new_category",
    )

    def precheck(self, upload: Upload) -> None:
        refuse_outdated(upload)

    def begin(self, upload: Upload) -> StockCheck:
        return StockCheck.load(upload)

    def check_chunk(self, context: StockCheck, chunk: Chunk, issues: Issues) -> list[tuple[Any, ...]]:
        return context.rows(chunk, issues)

    def finish(self, context: StockCheck, upload: Upload, issues: Issues) -> Summary:
        return preview(context, upload)


PostedMoment: TypeAlias = Callable[[Entity], dt.datetime | None]
_posted_moments: list[PostedMoment] = []


def register_posted_moment(provider: PostedMoment) -> None:
    """The rooms that post, which inventory may not import, tell here when they last moved stock: None for never."""
    if provider not in _posted_moments:
        _posted_moments.append(provider)


def refuse_outdated(upload: Upload) -> None:
    """OutdatedList where something was posted after the day or the moment, or a list committed that is newer than the
    moment, that this list speaks of: it would undo what happened since. A posting's date alone does not tell: it may
    be dated back, or lie later on the list's own day."""
    entity = upload.entity
    day = entity.local_date(upload.as_of)
    posted = Movement.objects.filter(entity=entity).aggregate(last=Max("posted_on"))["last"]
    if posted and posted > day:
        raise OutdatedList(
            f"This list speaks of {day.isoformat()}, but stock was posted on {posted.isoformat()}. "
            "Draw a newer list from the ERP and upload that one."
        )
    moments = [moment for moment in (last(entity) for last in _posted_moments) if moment is not None]
    if moments and max(moments) > upload.as_of:
        raise OutdatedList(
            f"This list speaks of {upload.as_of.astimezone(dt.UTC):%Y-%m-%d %H:%M} UTC, but stock was posted or voided "
            f"at {max(moments).astimezone(dt.UTC):%Y-%m-%d %H:%M:%S} UTC, so the list cannot know of that. "
            "Draw a newer list from the ERP and upload that one."
        )
    newer = (
        Upload.objects.filter(entity=entity, kind=CODE, status=Upload.Status.COMMITTED, as_of__gt=upload.as_of)
        .order_by("-as_of")
        .first()
    )
    if newer:
        raise OutdatedList(
            f"This list speaks of {upload.as_of:%Y-%m-%d %H:%M} UTC, but '{newer.file_name}' as of "
            f"{newer.as_of:%Y-%m-%d %H:%M} UTC was committed already. Draw a newer list from the ERP and upload that "
            f"one."
        )
