"""What the check of a stock list says about a row: each complaint once, in words that tell what to do.

Invariant: every sentence names the row, the value and what was expected.
"""

from __future__ import annotations

from core.money import MONEY_SCALE, QUANTITY_SCALE, UNIT_COST_SCALE, from_raw, plain
from core.sheets.kinds import Issues

FORMULA = frozenset("=+-@")


def units(raw: int) -> str:
    return plain(from_raw(raw, QUANTITY_SCALE))


class Complaints:
    """issues: where they go, set for each chunk. Quantities and costs come raw."""

    __slots__ = ("issues", "told_opening")

    def __init__(self) -> None:
        self.issues = Issues()
        self.told_opening = False

    def twice(self, row: int, first: int, sku: str, code: str, place: str) -> None:
        self.issues.error(
            "the_same_lot_twice",
            row,
            "lot_code",
            code,
            f"Rows {first} and {row} are both lot '{code}' of {sku} at {place}. A lot stands once on a list: add the "
            f"two "
            "rows up, or tell them apart by their lot code.",
        )

    def no_cost(self, row: int, unit_cost: int | None, known: int) -> int:
        """The unit cost to go on with: the one that the books know, where the cell is empty."""
        if unit_cost is None:
            kept = f"The books' {plain(from_raw(known, UNIT_COST_SCALE))} stays." if known else "It counts as 0."
            self.issues.warning(
                "missing_cost",
                row,
                "unit_cost",
                "",
                f"Row {row}: the unit cost is missing. {kept} A lot whose cost is missing cannot be valued.",
            )
            return known
        self.issues.warning(
            "zero_cost",
            row,
            "unit_cost",
            "0",
            f"Row {row}: the unit cost is 0, so the lot is worth nothing. Check that it is meant and not missing.",
        )
        return 0

    def negative_cost(self, row: int, unit_cost: int) -> None:
        text = plain(from_raw(unit_cost, UNIT_COST_SCALE))
        self.issues.error(
            "negative_cost",
            row,
            "unit_cost",
            text,
            f"Row {row}, unit cost: {text} is below zero. Expected 0 or more; mend the cost in the ERP or in the "
            f"sheet.",
        )

    def negative_quantity(self, row: int, quantity: int) -> None:
        text = units(quantity)
        self.issues.warning(
            "negative_quantity",
            row,
            "quantity",
            text,
            f"Row {row}, quantity: {text} is below zero. The lot is loaded and stands in the tie-out, but cannot be "
            f"valued "
            "until the ERP has booked what is missing.",
        )

    def too_large(self, row: int, cost: int) -> None:
        text = plain(from_raw(cost, MONEY_SCALE))
        self.issues.error(
            "too_large",
            row,
            "quantity",
            text,
            f"Row {row}: quantity x unit cost is {text}, more than the 100,000,000,000 that one lot can hold. "
            "Check both figures.",
        )

    def other_unit(self, row: int, sku: str, unit: str, known: str, first: int) -> None:
        where = f"row {first} says" if first else "the books say"
        self.issues.error(
            "another_unit_of_measure",
            row,
            "unit_of_measure",
            unit,
            f"Row {row}, unit of measure: '{unit}' for {sku}, but {where} '{known}'. Expected one unit for all lots of "
            f"an "
            "item, since their quantities are added up.",
        )

    def other_category(self, row: int, sku: str, category: str, known: str, first: int) -> None:
        where = f"row {first} says" if first else "the books say"
        self.issues.warning(
            "another_category",
            row,
            "category",
            category,
            f"Row {row}, category: '{category}' for {sku}, but {where} '{known}', which is kept. An item has one "
            f"category.",
        )

    def other_description(self, row: int, sku: str, description: str, first: int) -> None:
        self.issues.warning(
            "another_description",
            row,
            "description",
            description,
            f"Row {row}, description of {sku} differs from row {first}, whose words are kept.",
        )

    def uncategorised(self, row: int) -> None:
        self.issues.warning(
            "uncategorised", row, "category", "", f"Row {row}: no category, so the item goes to Uncategorised."
        )

    def expires_first(self, row: int, received: str, expires: str) -> None:
        self.issues.error(
            "dates_in_the_wrong_order",
            row,
            "expires_on",
            expires,
            f"Row {row}, expires on: {expires} is before the day received, {received}. Expected a later day; check "
            f"that day "
            "and month are not swapped.",
        )

    def received_later(self, row: int, received: str, as_of: str) -> None:
        self.issues.warning(
            "received_after_the_list",
            row,
            "received_on",
            received,
            f"Row {row}, received on: {received} is after the list's own day, {as_of}.",
        )

    def formula(self, row: int, column: str, value: str) -> None:
        self.issues.warning(
            "looks_like_a_formula",
            row,
            column,
            value,
            f"Row {row}, {column.replace('_', ' ')}: '{value}' looks like a formula. It is kept as text, and exports "
            "escape it.",
        )

    def formula_if(self, row: int, column: str, value: str) -> None:
        if value and value[0] in FORMULA:
            self.formula(row, column, value)

    def opening(self, row: int, column: str, value: object, what: str) -> None:
        shown = (
            plain(from_raw(value, MONEY_SCALE if column == "allowance" else UNIT_COST_SCALE))
            if isinstance(value, int)
            else str(value or "")
        )
        self.issues.error(
            "earlier_write_down", row, column, shown, f"Row {row}, {column.replace('_', ' ')}: '{shown}' {what}"
        )

    def opening_columns(self) -> None:
        """Said once: a later list cannot restate write-downs that the books keep by themselves."""
        if not self.told_opening:
            self.told_opening = True
            self.issues.warning(
                "opening_columns_left_out",
                None,
                "allowance",
                "",
                "Allowance, original unit cost and write-down years are read from the first list only; here they are "
                "left "
                "out, since the books keep them.",
            )
