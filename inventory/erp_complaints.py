"""What is said of a movements sheet's rows: each sentence once, with row, value and the next step. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from core.money import MONEY_SCALE, QUANTITY_SCALE, from_raw, plain
from inventory.erp_plan import Problem, Row
from inventory.erp_words import ErpKind
from inventory.running import Books


class Wrong(Exception):
    """A row that cannot be taken in; says what of it and why."""

    def __init__(self, code: str, column: str, value: object, message: str) -> None:
        super().__init__(message)
        self.code, self.column, self.value, self.message = code, column, str(value), message

    def of(self, row: Row) -> Problem:
        return Problem(True, self.code, row.row, self.column, self.value, f"Row {row.row}: {self.message}")


def units(raw: int) -> str:
    return plain(from_raw(raw, QUANTITY_SCALE))


def money(raw: int) -> str:
    return plain(from_raw(raw, MONEY_SCALE))


def kind(row: Row) -> str:
    return ErpKind(row.kind).label.lower()


def _document(row: Row) -> str:
    return f"line {row.line} of document {row.document}" if row.line else f"document {row.document}, {row.lot}"


def twice(row: Row, first: int) -> Wrong:
    return Wrong(
        "the_same_document_line_twice",
        "document",
        row.document,
        f"{_document(row)} stands in row {first} already. Remove the row, or give the document's line numbers if it "
        "has several lines of one lot.",
    )


def taken_in_before(row: Row, where: str) -> Wrong:
    return Wrong(
        "document_taken_in_before",
        "document",
        row.document,
        f"{_document(row)} was taken in before, with {where}. Remove the row.",
    )


def history_only(row: Row) -> Wrong:
    return Wrong(
        "history_only",
        "kind",
        row.kind,
        f"{kind(row)} is booked by this subledger itself; a sheet may tell it as history only. Upload the sheet as "
        "history, or remove the row.",
    )


def allowance_given(row: Row, allowance: int) -> Wrong:
    return Wrong(
        "history_only",
        "allowance",
        money(allowance),
        f"allowance {money(allowance)}: the books keep the allowance and release the lot's share. Leave the cell "
        "empty, or upload the sheet as history.",
    )


def after_postings(row: Row) -> Wrong:
    return Wrong(
        "history_after_postings",
        "lot_code",
        row.code,
        f"{row.lot} has been listed or posted already, so its history cannot be told any more. Remove the row, or "
        "upload the sheet as movements that follow.",
    )


def unknown(row: Row, elsewhere: Sequence[str], *, item_is_known: bool) -> Wrong:
    hint = ""
    if elsewhere:
        hint = f" The books have that lot at {', '.join(elsewhere[:3])}."
    elif not item_is_known:
        hint = f" No item has the SKU '{row.sku}'."
    return Wrong(
        "unknown_lot",
        "lot_code",
        row.code,
        f"{row.lot} is not in the books.{hint} Mend the row, or upload the stock list or receipt that has the lot "
        "first.",
    )


def too_many(row: Row, *, held: int, left: int, owed: int) -> Wrong:
    hint = (
        f" {units(owed)} more left by our own posting, which the ERP has not followed: recover or void it first."
        if owed > 0
        else " Check the quantity, or upload what came in before."
    )
    return Wrong(
        "more_than_on_hand",
        "quantity",
        units(row.quantity),
        f"{row.lot} holds {units(held)} on {row.day}; {units(left)} were to leave ({kind(row)}).{hint}",
    )


def cost_missing(row: Row) -> Wrong:
    return Wrong(
        "cost_missing",
        "cost",
        "",
        f"{row.lot}, {kind(row)}: the cost is missing and the books know no unit cost of the lot. Enter what the "
        "units cost in all.",
    )


def cost_too_high(row: Row, given: int, *, cost: int, allowance: int) -> Wrong:
    return Wrong(
        "cost_too_high",
        "cost",
        money(given),
        f"cost {money(given)} would leave {row.lot} with a cost of {money(cost)} under an allowance of "
        f"{money(allowance)}. Leave the cost empty, so that the lot's share leaves, or mend it.",
    )


def below_nil(row: Row, change: int, cost: int) -> Wrong:
    return Wrong(
        "cost_too_high",
        "cost",
        money(change),
        f"{row.lot} costs {money(cost)}; a revaluation by {money(change)} would leave it below nil. Mend the cost.",
    )


def left_out(row: Row, quantity: int, listed_on: str) -> Problem:
    what = f"{units(quantity)} of " if quantity else ""
    return Problem(
        False,
        "listed_before",
        row.row,
        "date",
        row.day,
        f"Row {row.row}: {what}{row.lot}, {kind(row)} of {row.day}: the stock list of {listed_on} has taken it in "
        "already and no fall of it is left to explain, so the row is left out.",
    )


def _target(row: Row) -> str:
    code = row.to_code or row.code
    return f"lot '{code}' of {row.sku} at {row.to_place or row.place}" if code else f"{row.sku} at {row.to_place}"


def not_risen(row: Row, part: Books) -> Problem:
    return Problem(
        False,
        "transfer_not_risen",
        row.row,
        "to_location",
        row.to_place or row.to_code,
        f"Row {row.row}: {units(part.quantity)} of {row.lot} explain the fall of a stock list, but the same list shows "
        f"no such rise of {_target(row)}: the units have left it again, so their allowance of {money(part.allowance)} "
        "stays released. Mend the receiving lot if it is another one.",
    )


def no_room(row: Row, moved: Books) -> Problem:
    return Problem(
        False,
        "transfer_without_room",
        row.row,
        "to_location",
        row.to_place or row.to_code,
        f"Row {row.row}: {_target(row)} costs too little to carry the allowance of {money(moved.allowance)} of the "
        f"{units(moved.quantity)} that moved there, so it stays released. Look at the lot's unit cost in the list.",
    )


def last_units(row: Row, given: int, gone: Books) -> Problem:
    return Problem(
        False,
        "cost_of_the_last_units",
        row.row,
        "cost",
        money(given),
        f"Row {row.row}: cost {money(given)} is given, but the last units of {row.lot} leave and take the "
        f"{money(gone.cost)} that is left.",
    )


def allowance_beyond_cost(row: Row, books: Books) -> Problem:
    return Problem(
        True,
        "allowance_beyond_cost",
        row.row,
        "allowance",
        money(books.allowance),
        f"Row {row.row}: after its rows {row.lot} has an allowance of {money(books.allowance)} on a cost of "
        f"{money(books.cost)}. An allowance stands between nil and cost; mend the amounts of the lot's rows.",
    )
