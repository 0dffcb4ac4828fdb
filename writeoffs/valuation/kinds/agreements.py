"""The sheets of firm agreements: sales contracts and purchase commitments, so many units at a price until a day."""

from __future__ import annotations

from typing import ClassVar

from django.db import connection

from core.models import Upload
from core.money import RAW_LIMIT
from core.sheets.kinds import Cell, Column, Issues
from inventory.kinds.complaints import units
from inventory.kinds.lot_columns import SKU
from writeoffs.valuation.kinds.input_sheet import (
    CURRENCY,
    REASON,
    SOURCE,
    InputCheck,
    InputSheet,
    Values,
    staging_columns_of,
)
from writeoffs.valuation.kinds_of_input import KINDS
from writeoffs.valuation.staged import StagedCommitment, StagedContract

CONTRACT, COMMITMENT = KINDS["contract"], KINDS["commitment"]
REFERENCE = Column(
    "reference", "Reference", Cell.TEXT, required=True, filled=True, max_length=60,
    aliases=("contract", "contract number", "order", "order number", "number", "document"), example="SO-4711",
)  # fmt: skip
QUANTITY = Column(
    "quantity", "Quantity", Cell.QUANTITY, required=True, filled=True, allow_negative=False,
    aliases=("qty", "contract quantity", "open quantity"), example="600",
)  # fmt: skip
AT = Column(
    "price", "Price", Cell.UNIT_COST, required=True, filled=True, allow_negative=False,
    aliases=("unit price", "contract price", "agreed price"), help="Per unit.", example="52.00",
)  # fmt: skip
STARTS = Column(
    "starts_on", "From", Cell.DATE, aliases=("starts on", "start", "signed on", "from"),
    help="Empty: the day that the sheet speaks of.", example="2026-01-15",
)  # fmt: skip
ENDS = Column(
    "ends_on", "Until", Cell.DATE, required=True, filled=True,
    aliases=("until", "ends on", "end", "delivery date", "valid to"), example="2026-06-30",
)  # fmt: skip


class _AgreementSheet(InputSheet):
    """Columns: reference, SKU, other party, quantity, price, currency, from, until, and what a kind adds."""

    word: ClassVar[str]

    def named(self, cells: Values) -> str:
        return f"{self.word} {cells[0]} of {cells[1]}"

    def read(self, check: InputCheck, issues: Issues, row: int, cells: Values) -> tuple[Values, Values] | None:
        reference, sku, party, quantity, price, currency, starts_on, ends_on, *more = cells
        item = check.item(issues, row, sku)
        starts = starts_on or check.day
        money = check.money_of(issues, row, currency, starts)
        if item is None or money is None:
            return None
        if not quantity:
            issues.error(
                "nothing_agreed", row, "quantity", "0",
                f"Row {row}, quantity: {self.word} {reference} is for nil units of {sku}. Expected more.",
            )  # fmt: skip
            return None
        if starts > ends_on:
            issues.error(
                "dates_in_the_wrong_order", row, "ends_on", ends_on,
                f"Row {row}, until: {ends_on} is before {starts}, the day it starts. Expected a later one.",
            )  # fmt: skip
            return None
        return (reference, item), (party, quantity, price, money, starts, ends_on, *more)


class ContractSheet(_AgreementSheet):
    code = "contracts"
    title = "Firm sales contracts"
    lead = "Units that are sold firmly at a price; they are judged by it, the rest by the market (IAS 2.31)."
    word = "contract"
    columns = (
        REFERENCE,
        SKU,
        Column("customer", "Customer", Cell.TEXT, max_length=120, aliases=("sold to", "buyer"), example="Seaside Ltd"),
        *(QUANTITY, AT, CURRENCY, STARTS, ENDS),
        Column(
            "cost_to_complete", "Cost to complete", Cell.UNIT_COST, allow_negative=False, aliases=("completion",),
            help="Per unit. Empty: that of the item's price.",
        ),
        Column(
            "cost_to_sell", "Cost to sell", Cell.UNIT_COST, allow_negative=False, aliases=("selling cost",),
            help="Per unit. Empty: that of the item's price.",
        ),
        SOURCE,
        REASON,
    )  # fmt: skip
    input = CONTRACT
    staging_table = StagedContract._meta.db_table
    staging_columns = staging_columns_of(CONTRACT)

    def begin(self, upload: Upload) -> InputCheck:
        check = super().begin(upload)
        check.more["on hand"] = _on_hand(upload.entity_id)
        place = self.input.columns.index("quantity") - len(self.input.subject)
        ends = self.input.columns.index("ends_on") - len(self.input.subject)
        promised: dict[int, int] = {}
        for (_, item), (_, withdrawn, values) in check.standing.items():
            if not withdrawn and values[ends] >= check.day:
                promised[item] = promised.get(item, 0) + values[place]
        check.more["promised"] = promised
        return check

    def read(self, check: InputCheck, issues: Issues, row: int, cells: Values) -> tuple[Values, Values] | None:
        found = super().read(check, issues, row, cells)
        if found is not None:
            _warn_of_too_much(check, issues, row, cells[1], *found)
        return found


def _warn_of_too_much(check: InputCheck, issues: Issues, row: int, sku: str, subject: Values, values: Values) -> None:
    item, quantity, ends_on = subject[1], values[1], values[5]
    if ends_on < check.day:
        return
    before = check.standing.get(subject)
    replaced = before[2][1] if before is not None and not before[1] and before[2][5] >= check.day else 0
    promised, held = check.more["promised"], check.more["on hand"].get(item, 0)
    promised[item] = min(promised.get(item, 0) - replaced + quantity, RAW_LIMIT)
    if promised[item] > held:
        issues.warning(
            "more_than_on_hand", row, "quantity", units(quantity),
            f"Row {row}: firm contracts of {sku} come to {units(promised[item])} units, {units(held)} are on hand. The "
            "units on hand are judged by those contracts that end first; the others have no stock to value yet.",
        )  # fmt: skip


def _on_hand(entity_id: int) -> dict[int, int]:
    with connection.cursor() as cursor:
        cursor.execute(
            "select item_id, sum(quantity) from inventory_lot where entity_id = %s group by item_id", [entity_id]
        )
        return {item: int(total) for item, total in cursor.fetchall()}


class CommitmentSheet(_AgreementSheet):
    code = "purchase_commitments"
    title = "Purchase commitments"
    lead = (
        "Units that are bought firmly and have not come in; a loss on them is told beside the stock (ASC 330-10-35-17)."
    )
    word = "commitment"
    columns = (
        REFERENCE,
        SKU,
        Column("supplier", "Supplier", Cell.TEXT, max_length=120, aliases=("vendor",), example="Hill Ltd"),
        *(QUANTITY, AT, CURRENCY, STARTS, ENDS, SOURCE, REASON),
    )  # fmt: skip
    input = COMMITMENT
    staging_table = StagedCommitment._meta.db_table
    staging_columns = staging_columns_of(COMMITMENT)
