"""The count sheet: what was found on the shelf, against the book quantity of the same moment.

Invariant: every counted row is kept, different or not; the book quantity is frozen by the commit, in the transaction
that makes the count, and the commit is refused where a counted lot has moved since the check showed its differences.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

from core.access import roles_in
from core.models import Upload, User
from core.money import RAW_LIMIT, share_raw, value_raw
from core.sheets.kinds import Cell, Chunk, Column, Committed, Issues, SheetKind, Summary
from core.words import READERS, Role
from inventory.books import countable, last_movement, moved_after
from inventory.counting import count_sheet_commit
from inventory.kinds.complaints import units
from inventory.kinds.lot_columns import LOCATION, LOT_CODE, SKU
from inventory.kinds.stock_preview import Words
from inventory.models import StagedCheck, StagedCount
from inventory.refresh import Tally

CODE = "count"

COLUMNS = (
    SKU,
    LOT_CODE,
    LOCATION,
    Column(
        "counted_quantity",
        "Counted quantity",
        Cell.QUANTITY,
        required=True,
        filled=True,
        aliases=("counted", "count", "quantity", "qty", "quantity counted"),
        help="What was found; 0 where nothing was.",
        example="118",
    ),
    Column("counted_on", "Counted on", Cell.DATE, aliases=("count date", "date", "counted at"), example="2026-03-31"),
    Column("note", "Note", Cell.TEXT, max_length=200, aliases=("remark", "comment", "cause"), example="broken seal"),
)


@dataclass(slots=True)
class CountCheck:
    """The lots that can be counted and what the check found. lots: (sku, lot code, location) -> (id, quantity, unit
    cost, cost, allowance), raw. moved: lot -> the last day after the count's on which it moved."""

    exponent: int
    day: str
    last_movement: int
    lots: dict[tuple[str, str, str], tuple[int, int, int, int, int]]
    moved: dict[int, str]
    seen: dict[int, int] = field(default_factory=dict)
    rows_kept: int = 0
    matched: int = 0
    quantity: int = 0
    value: int = 0
    short: Tally = field(default_factory=Tally)
    over: Tally = field(default_factory=Tally)


class CountKind(SheetKind):
    code = CODE
    title = "Count sheet"
    lead = "What was found on the shelf. Each row is compared with the books as they stand when the count is taken in."
    columns = COLUMNS
    asks_control_total = False
    upload_roles = (Role.COUNTER, Role.PREPARER, Role.CONTROLLER)
    commit_roles = (Role.COUNTER, Role.PREPARER, Role.CONTROLLER)
    staging_table = StagedCount._meta.db_table
    staging_columns = (
        "row",
        "lot_id",
        "book_quantity",
        "counted_quantity",
        "difference",
        "value",
        "counted_on",
        "note",
    )

    def begin(self, upload: Upload) -> CountCheck:
        entity = upload.entity
        day = entity.local_date(upload.as_of)
        return CountCheck(
            exponent=entity.exponent,
            day=day.isoformat(),
            last_movement=last_movement(entity),
            lots=countable(entity),
            # Rows may say that they were counted some days before the sheet's own moment.
            moved=moved_after(entity, day - dt.timedelta(days=31)),
        )

    def check_chunk(self, context: CountCheck, chunk: Chunk, issues: Issues) -> list[tuple[Any, ...]]:
        columns = chunk.columns
        empty = [None] * len(chunk.rows)
        names = ("sku", "lot_code", "location", "counted_quantity", "counted_on", "note")
        rows = zip(chunk.rows, *(columns.get(name, empty) for name in names), strict=True)
        staged = []
        for position, cells in enumerate(rows):
            if position not in chunk.bad:
                row = _row(context, issues, *cells)
                if row is not None:
                    staged.append(row)
        context.rows_kept += len(staged)
        return staged

    def finish(self, context: CountCheck, upload: Upload, issues: Issues) -> Summary:
        words = Words(upload.entity)
        differences = context.short.lots + context.over.lots
        not_counted = sum(1 for lot in context.lots.values() if lot[1] and lot[0] not in context.seen)
        StagedCheck.objects.update_or_create(
            upload_id=upload.pk, defaults={"last_movement": context.last_movement, "opening": False, "content": ""}
        )
        frozen = (
            "The book quantities are frozen when you take the count in. If a counted lot moves before that, you are "
            "asked "
            "to check again."
        )
        summary = Summary(
            rows=context.rows_kept,
            quantity=context.quantity,
            figures=[("Counted", words.lots(context.rows_kept))],
            commit_label=f"Take in {words.lots(context.rows_kept)}",
            notes=[frozen],
        )
        if not roles_in(upload.entity, upload.created_by) & set(READERS):
            # Who only counts stays blind: what the books expect would lead the next count.
            return summary
        summary.value = context.value
        summary.figures += [
            ("Matched", words.lots(context.matched)),
            ("Short", words.tally(context.short)),
            ("Over", words.tally(context.over)),
            ("On the books, not on this sheet", words.lots(not_counted)),
        ]
        summary.commit_label = (
            f"Take in {words.count(context.rows_kept)} counted lots, {words.count(differences)} different"
        )
        return summary

    def commit(self, upload: Upload, user: User) -> Committed:
        return count_sheet_commit(upload=upload)


def _row(
    check: CountCheck,
    issues: Issues,
    row: int,
    sku: str,
    code: str | None,
    place: str,
    counted: int,
    counted_on: str | None,
    note: str | None,
) -> tuple[Any, ...] | None:
    code = code or ""
    lot = check.lots.get((sku, code, place))
    if lot is None:
        _unknown(check, issues, row, sku, code, place)
        return None
    lot_id, book, unit_cost, cost, allowance = lot
    first = check.seen.setdefault(lot_id, row)
    difference = counted - book
    value = difference_value(book, difference, unit_cost, cost, allowance, check.exponent)
    if first != row or counted < 0 or not -RAW_LIMIT <= value <= RAW_LIMIT:
        _refuse(issues, row, first, counted, f"lot '{code}' of {sku} at {place}")
        return None
    check.quantity += counted
    check.value += value
    if not difference:
        check.matched += 1
    else:
        (check.short if difference < 0 else check.over).add(difference, value)
    moved = check.moved.get(lot_id) if check.moved else None
    if moved and moved > (counted_on or check.day):
        issues.warning(
            "moved_since_the_count",
            row,
            "lot_code",
            code,
            f"Row {row}: lot '{code}' of {sku} at {place} moved on {moved}, after it was counted. Its difference may "
            f"be "
            "that movement; have it counted again.",
        )
    return row, lot_id, book, counted, difference, value, counted_on, note or ""


def _refuse(issues: Issues, row: int, first: int, counted: int, lot: str) -> None:
    """What is wrong with a row whose lot is known."""
    if first != row:
        issues.error(
            "lot_counted_twice",
            row,
            "lot_code",
            lot,
            f"Rows {first} and {row} both count {lot}. A lot is counted once on a sheet: keep the accepted count, or "
            f"add "
            "the two up.",
        )
    elif counted < 0:
        issues.error(
            "negative_count",
            row,
            "counted_quantity",
            units(counted),
            f"Row {row}, counted quantity: {units(counted)} is below zero. Expected what was found, 0 or more.",
        )
    else:
        issues.error(
            "too_large",
            row,
            "counted_quantity",
            units(counted),
            f"Row {row}, counted quantity: {units(counted)} is worth more than one lot can hold. Check the figure.",
        )


def difference_value(book: int, difference: int, unit_cost: int, cost: int, allowance: int, exponent: int) -> int:
    """What a difference is worth, raw: short and found units alike at their share of the carrying amount, as posting
    will value them; at unit cost where the books hold none."""
    if not difference:
        return 0
    if book <= 0:
        return value_raw(difference, unit_cost, exponent)
    carried: int = share_raw(cost, difference, book, exponent) - share_raw(allowance, difference, book, exponent)
    return carried


def _unknown(check: CountCheck, issues: Issues, row: int, sku: str, code: str, place: str) -> None:
    """Says what of the three is not in the books. Looks through all lots, hence only where a row has failed."""
    kept = issues.by_code.get(("ERROR", "unknown_lot"), 0)
    hint = ""
    if kept < 20:
        elsewhere = sorted(at for known, lot, at in check.lots if known == sku and lot == code)
        if elsewhere:
            hint = f" The books have that lot at {', '.join(elsewhere[:3])}."
        elif not any(known == sku for known, _, _ in check.lots):
            hint = f" No item has the SKU '{sku}'."
    issues.error(
        "unknown_lot",
        row,
        "lot_code",
        code,
        f"Row {row}: lot '{code}' of {sku} at {place} is not in the books.{hint} Mend the row, or upload a stock list "
        f"that "
        "has the lot first.",
    )
