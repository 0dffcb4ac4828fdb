"""The smaller sheets: what goes into what, what was seen on lots, and rates for prices in another currency."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from babel import Locale

from core.money import EXCHANGE_SCALE, RAW_LIMIT, to_raw
from core.sheets.kinds import Cell, Chunk, Column, Issues
from core.sheets.texts import Complaint, decimal_mark_of, number_of
from inventory.kinds.lot_columns import LOCATION, LOT_CODE, SKU
from writeoffs.valuation.inputs import ConditionMark
from writeoffs.valuation.kinds.input_sheet import REASON, SOURCE, InputCheck, InputSheet, Values, staging_columns_of
from writeoffs.valuation.kinds.prices import VALID_FROM
from writeoffs.valuation.kinds_of_input import KINDS
from writeoffs.valuation.staged import StagedCondition, StagedPriceRate, StagedUse

USE, CONDITION, RATE = KINDS["use"], KINDS["condition"], KINDS["rate"]


class UseSheet(InputSheet):
    code = "material_uses"
    title = "Uses of raw materials"
    lead = (
        "Which product a raw material goes into: it is not written down where that sells at or above cost (IAS 2.32)."
    )
    columns = (
        Column(
            "material", "Material", Cell.TEXT, required=True, filled=True, max_length=60,
            aliases=("raw material", "component", "material number", "input"), help="Its SKU.", example="YARN-1",
        ),
        Column(
            "product", "Product", Cell.TEXT, required=True, filled=True, max_length=60,
            aliases=("finished good", "goes into", "parent", "output"), help="Its SKU.", example="SHIRT-1",
        ),
        VALID_FROM,
        SOURCE,
        REASON,
    )  # fmt: skip
    input = USE
    staging_table = StagedUse._meta.db_table
    staging_columns = staging_columns_of(USE)

    def named(self, cells: Values) -> str:
        return f"the use of {cells[0]} in {cells[1]}"

    def read(self, check: InputCheck, issues: Issues, row: int, cells: Values) -> tuple[Values, Values] | None:
        material, product, as_of = cells
        pair = check.item(issues, row, material, "material"), check.item(issues, row, product, "product")
        if None in pair:
            return None
        if material == product:
            issues.error(
                "into_itself", row, "product", product,
                f"Row {row}: {material} does not go into itself. Expected another product.",
            )  # fmt: skip
            return None
        return (*pair, as_of or check.day), ()


_KINDS = {
    **dict.fromkeys(("damaged", "damage", "d", "beschädigt"), ConditionMark.Kind.DAMAGED.value),
    **dict.fromkeys(("pledged", "pledge", "security", "collateral", "verpfändet"), ConditionMark.Kind.PLEDGED.value),
    **dict.fromkeys(("obsolete", "obsolescence", "o", "veraltet"), ConditionMark.Kind.OBSOLETE.value),
}


class ConditionSheet(InputSheet):
    code = "condition_marks"
    title = "Condition marks"
    lead = "Lots that were seen to be damaged or obsolete, or to be sound again; and lots pledged as security."
    columns = (
        *(SKU, LOT_CODE, LOCATION),
        Column(
            "kind", "Condition", Cell.TEXT, required=True, filled=True, max_length=20, aliases=("condition", "state"),
            help="damaged, obsolete or pledged.", example="damaged",
        ),
        Column(
            "as_of", "Seen on", Cell.DATE, aliases=("seen on", "date", "as of"),
            help="Empty: the day that the sheet speaks of.", example="2026-03-31",
        ),
        Column(
            "lifted", "Sound again", Cell.TEXT, max_length=10, aliases=("lifted",),
            help="yes: it is lifted, or no longer pledged.",
        ),
        Column("note", "Note", Cell.TEXT, max_length=200, aliases=("remark", "comment"), example="water stains"),
        SOURCE,
        REASON,
    )  # fmt: skip
    input = CONDITION
    staging_table = StagedCondition._meta.db_table
    staging_columns = staging_columns_of(CONDITION)
    reads_lots = True

    def named(self, cells: Values) -> str:
        return f"the condition of lot '{cells[1]}' of {cells[0]} at {cells[2]}"

    def read(self, check: InputCheck, issues: Issues, row: int, cells: Values) -> tuple[Values, Values] | None:
        sku, code, place, text, as_of, lifted, note = cells
        lot = check.lot(issues, row, sku, code, place)
        kind = _KINDS.get(text.strip().casefold())
        if kind is None:
            issues.error(
                "unknown_condition", row, "kind", text,
                f"Row {row}, condition: '{text}' is none of damaged, obsolete and pledged. Expected one of the three.",
            )  # fmt: skip
        sound = check.flag(issues, row, "sound_again", lifted) if lifted else False
        day = as_of or check.day
        if lot is None or kind is None or sound is None:
            return None
        if check.future(issues, row, "as_of", day, "a condition is seen on a day that has been"):
            return None
        return (lot, day, kind), (sound, note)


class RateSheet(InputSheet):
    code = "price_rates"
    title = "Rates for prices"
    lead = "What a unit of another currency is worth in the company's own on a day, for prices in that currency."
    columns = (
        Column(
            "currency", "Currency", Cell.TEXT, required=True, filled=True, max_length=3,
            aliases=("from", "iso", "currency code"), example="USD",
        ),
        Column(
            "as_of", "Day", Cell.DATE, aliases=("day", "date", "as of"),
            help="Empty: the day that the sheet speaks of.", example="2026-03-31",
        ),
        Column(
            "rate", "Rate", Cell.TEXT, required=True, filled=True, max_length=30, aliases=("exchange rate", "kurs"),
            help="Units of the company's currency for one of this, up to ten decimals.", example="0.9215",
        ),
        SOURCE,
        REASON,
    )  # fmt: skip
    input = RATE
    staging_table = StagedPriceRate._meta.db_table
    staging_columns = staging_columns_of(RATE)

    def named(self, cells: Values) -> str:
        return f"the rate of {cells[0]}" + (f" on {cells[1]}" if cells[1] else "")

    def check_chunk(self, context: InputCheck, chunk: Chunk, issues: Issues) -> list[tuple[Any, ...]]:
        # One mark for all: 0,923 beside 1,234 says what the comma of both is.
        context.more["mark"] = decimal_mark_of(chunk.columns.get("rate", [])) or "."
        return super().check_chunk(context, chunk, issues)

    def read(self, check: InputCheck, issues: Issues, row: int, cells: Values) -> tuple[Values, Values] | None:
        code, as_of, text = cells
        currency, day = code.upper(), as_of or check.day
        if currency not in Locale("en").currencies or currency == check.currency:
            issues.error(
                "unknown_currency", row, "currency", code,
                f"Row {row}, currency: '{code}' needs no rate here. Expected another currency than {check.currency}, "
                "like EUR or USD.",
            )  # fmt: skip
            return None
        if check.future(issues, row, "as_of", day, "a rate is known once its day has come"):
            return None
        try:
            rate = to_raw(number_of(text, check.more["mark"]), EXCHANGE_SCALE)
        except Complaint as complaint:
            issues.error("not_a_rate", row, "rate", text, f"Row {row}, rate: {complaint.message}")
            return None
        except ValueError:
            issues.error(
                "too_many_decimals", row, "rate", text,
                f"Row {row}, rate: '{text}' has more than {EXCHANGE_SCALE} decimals. Round it.",
            )  # fmt: skip
            return None
        if not 0 < rate <= RAW_LIMIT:
            issues.error(
                "not_a_rate", row, "rate", text,
                f"Row {row}, rate: {text} cannot be a rate. Expected more than nil and at most "
                f"{Decimal(RAW_LIMIT).scaleb(-EXCHANGE_SCALE):,.0f}.",
            )  # fmt: skip
            return None
        return (currency, day), (rate,)
