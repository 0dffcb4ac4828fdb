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
from core.money import RAW_LIMIT, from_raw, plain, share_raw, to_raw, value_raw
from core.sheets.kinds import Cell, Chunk, Column, Committed, Issues, Option, SheetKind, Summary
from core.words import READERS, Role
from inventory.books import countable, last_movement, moved_after
from inventory.counting import count_sheet_commit, tolerance_of
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
        aliases=("counted", "count", "quantity", "qty", "quantity counted", "count 1", "first count"),
        help="What was found; 0 where nothing was.",
        example="118",
    ),
    Column(
        "recounted_quantity",
        "Second count",
        Cell.QUANTITY,
        aliases=("recounted", "recount", "count 2", "second count", "recounted quantity"),
        help="Of lots that were counted again. Above the tolerance it decides; within it the first count stands.",
        example="118",
    ),
    Column("counted_on", "Counted on", Cell.DATE, aliases=("count date", "date", "counted at"), example="2026-03-31"),
    Column("note", "Note", Cell.TEXT, max_length=200, aliases=("remark", "comment", "cause"), example="broken seal"),
)


@dataclass(slots=True)
class CountCheck:
    """The lots that can be counted and what the check found. lots: (sku, lot code, location) -> (id, quantity, unit
    cost, cost, allowance), raw. moved: lot -> the last day after the count's on which it moved. tolerance: percent of
    the book's units, 10^4. blind: who counts is not told what the books expect."""

    exponent: int
    day: str
    last_movement: int
    lots: dict[tuple[str, str, str], tuple[int, int, int, int, int]]
    moved: dict[int, str]
    tolerance: int | None = None
    blind: bool = False
    seen: dict[int, int] = field(default_factory=dict)
    recounted: int = 0
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
    options = (
        Option(
            "tolerance",
            "Count again above, % of units",
            number=True,
            help="A lot that differs by more needs a second count, which then decides. Empty: no lot needs one.",
        ),
    )
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
        "first_count",
        "second_count",
    )

    def precheck(self, upload: Upload) -> None:
        tolerance_of(upload)

    def begin(self, upload: Upload) -> CountCheck:
        entity = upload.entity
        day = entity.local_date(upload.as_of)
        tolerance = tolerance_of(upload)
        return CountCheck(
            tolerance=None if tolerance is None else to_raw(tolerance, 4),
            blind=_is_blind(upload),
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
        names = ("sku", "lot_code", "location", "counted_quantity", "recounted_quantity", "counted_on", "note")
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
        if context.recounted:
            summary.figures.append(("Second count decides", words.lots(context.recounted)))
        if context.blind:
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
    first_count: int,
    second_count: int | None,
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
    beyond = _beyond(check.tolerance, first_count - book, book)
    if beyond and second_count is None:
        _count_again(check, issues, row, first_count, book, f"lot '{code}' of {sku} at {place}")
        return None
    decides = second_count is not None and (beyond or check.tolerance is None)
    counted = second_count if decides and second_count is not None else first_count
    difference = counted - book
    value = difference_value(book, difference, unit_cost, cost, allowance, check.exponent)
    if first != row or counted < 0 or not -RAW_LIMIT <= value <= RAW_LIMIT:
        _refuse(issues, row, first, counted, f"lot '{code}' of {sku} at {place}")
        return None
    if second_count is not None and second_count < 0:
        _refuse(issues, row, row, second_count, f"lot '{code}' of {sku} at {place}")
        return None
    check.recounted += decides
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
    counts = (first_count, second_count) if second_count is not None else (None, None)
    return row, lot_id, book, counted, difference, value, counted_on, note or "", *counts


def _is_blind(upload: Upload) -> bool:
    return not roles_in(upload.entity, upload.created_by) & set(READERS)


def _beyond(tolerance: int | None, difference: int, book: int) -> bool:
    """Whether a difference is more than the tolerance (percent, 10^4) of the book's units; exact."""
    return tolerance is not None and abs(difference) * 100 * 10**4 > tolerance * abs(book)


def _count_again(check: CountCheck, issues: Issues, row: int, counted: int, book: int, lot: str) -> None:
    """Blind counters learn that it differs, and not by how much."""
    by = "" if check.blind else f" from the book's {units(book)}"
    issues.error(
        "second_count_needed",
        row,
        "recounted_quantity",
        units(counted),
        f"Row {row}: {lot} was counted at {units(counted)}, which differs{by} by more than the tolerance of "
        f"{plain(from_raw(check.tolerance or 0, 4))} %. Have it counted again and enter the second count.",
    )


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
