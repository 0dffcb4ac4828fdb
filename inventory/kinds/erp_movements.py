"""The sheet of ERP movements: what was sold, received, moved, returned, scrapped, document by document.

Invariant: the check writes nothing but staging; every row is looked at before one is kept. What the rows mean is worked
out by erp_planner.py, at the check and again at the commit, which is posting's (writeoffs/posting/erp_movements.py).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from core.models import Upload
from core.money import MONEY_SCALE, RAW_LIMIT, from_raw, plain
from core.sheets.kinds import Cell, Chunk, Column, Issues, Option, SheetKind, Summary
from inventory.books import last_movement
from inventory.erp_books import is_history, known, staged_movements
from inventory.erp_days import Days, days_checked
from inventory.erp_plan import ErpPlan
from inventory.erp_planner import erp_plan
from inventory.erp_words import HISTORY_ONLY, ErpKind, Settlement
from inventory.kinds.complaints import units
from inventory.kinds.lot_columns import LOCATION, LOT_CODE, SKU
from inventory.kinds.stock_preview import Words
from inventory.models import StagedCheck, StagedErpMovement

CODE = "erp_movements"

COLUMNS = (
    Column(
        "document",
        "Document",
        Cell.TEXT,
        required=True,
        filled=True,
        max_length=60,
        aliases=("document number", "document no", "doc no", "voucher", "posting document", "material document"),
        example="SO-104711",
    ),
    Column(
        "line",
        "Document line",
        Cell.TEXT,
        max_length=20,
        aliases=("line", "line no", "line number", "position", "document item"),
        help="Tells several lines of one document apart.",
        example="10",
    ),
    Column(
        "date",
        "Date",
        Cell.DATE,
        required=True,
        filled=True,
        aliases=("posting date", "posted on", "movement date", "document date"),
        example="2026-03-12",
    ),
    Column(
        "kind",
        "Kind",
        Cell.TEXT,
        required=True,
        filled=True,
        max_length=40,
        aliases=("movement", "movement type", "type", "transaction", "transaction type"),
        help="SALE, RECEIPT, PRODUCTION_IN, PRODUCTION_OUT, TRANSFER, CUSTOMER_RETURN, SUPPLIER_RETURN, SCRAP or "
        "REVALUATION; as history also OPENING, COUNT, EXCHANGE, CHARGE, REVERSAL, UTILISED and RELEASED.",
        example="SALE",
    ),
    SKU,
    # Unlike in the other sheets a row may do without: see erp_layers.py.
    replace(
        LOT_CODE,
        required=False,
        help="Empty of a sale or an issue to production: the cost formula of the item's class says which lots the "
        "units leave (first in, first out; last in, first out under US GAAP). Every other row names its lot.",
    ),
    LOCATION,
    Column(
        "to_lot",
        "To lot",
        Cell.TEXT,
        max_length=60,
        aliases=("to lot number", "to batch", "receiving lot", "receiving batch"),
        help="Of a transfer; empty: the same lot code.",
    ),
    Column(
        "to_location",
        "To location",
        Cell.TEXT,
        max_length=60,
        aliases=("to warehouse", "to site", "receiving location", "destination"),
        help="Of a transfer; empty: the same location.",
        example="WH2",
    ),
    Column(
        "quantity",
        "Quantity",
        Cell.QUANTITY,
        aliases=("qty", "units"),
        help="Above nil; the kind says which way it goes.",
        example="12",
    ),
    Column(
        "cost",
        "Cost",
        Cell.MONEY,
        aliases=("cost amount", "cost value", "total cost", "cogs"),
        help="Of all units. Empty: the lot's share of what it cost.",
        example="480.00",
    ),
    Column(
        "revenue",
        "Revenue",
        Cell.MONEY,
        aliases=("sales amount", "net sales", "revenue amount", "turnover"),
        example="690.00",
    ),
    Column(
        "settlement",
        "Settlement",
        Cell.TEXT,
        max_length=20,
        aliases=("settled", "paid by", "payment"),
        help="CASH or RECEIVABLE; needed beside revenue.",
        example="RECEIVABLE",
    ),
    Column(
        "category",
        "Category",
        Cell.TEXT,
        max_length=100,
        aliases=("class", "item group", "product group"),
        help="For items that the books do not have yet.",
    ),
    Column(
        "allowance",
        "Allowance",
        Cell.MONEY,
        help="History only: the allowance brought in, charged, reversed, used or released; of an exchange signed.",
    ),
    Column(
        "write_down_year",
        "Write-down year",
        Cell.INTEGER,
        help="History only: the fiscal year of the charge.",
        example="2025",
    ),
)
READ = (
    *("document", "line", "date", "kind", "sku", "lot_code", "location", "to_lot", "to_location", "category"),
    *("quantity", "cost", "allowance", "revenue", "settlement", "write_down_year"),
)
_KINDS = {text.casefold(): kind.value for kind in ErpKind for text in (kind.value, kind.label)} | {
    text: kind.value
    for kind, texts in {
        ErpKind.SALE: ("sales", "sold", "shipment", "sales shipment", "goods issue", "issue to customer"),
        ErpKind.RECEIPT: ("receipts", "goods receipt", "purchase", "purchase receipt"),
        ErpKind.PRODUCTION_IN: ("output", "production output", "production receipt", "production in"),
        ErpKind.PRODUCTION_OUT: ("consumption", "production consumption", "production issue", "production out"),
        ErpKind.CUSTOMER_RETURN: ("sales return", "customer return"),
        ErpKind.SUPPLIER_RETURN: ("purchase return", "supplier return", "return to vendor"),
        ErpKind.SCRAP: ("scrapped", "scrapping"),
        ErpKind.OPENING: ("opening",),
        ErpKind.CHARGE: ("charged", "write-down"),
        ErpKind.REVERSAL: ("reversed",),
        ErpKind.RELEASED: ("released on sale", "release"),
        ErpKind.UTILISED: ("written off", "utilised on disposal"),
        ErpKind.COUNT: ("count differences",),
        ErpKind.EXCHANGE: ("exchange differences",),
    }.items()
    for text in texts
}
_SETTLED = {
    **{text.casefold(): choice.value for choice in Settlement for text in (choice.value, choice.label)},
    "receivables": Settlement.RECEIVABLE.value,
    "on account": Settlement.RECEIVABLE.value,
    "credit": Settlement.RECEIVABLE.value,
}
_SOLD = frozenset({ErpKind.SALE.value, ErpKind.CUSTOMER_RETURN.value})
# Value alone may be told of these.
_NO_UNITS = frozenset({ErpKind.REVALUATION.value, ErpKind.EXCHANGE.value, ErpKind.CHARGE.value, ErpKind.REVERSAL.value})
_SIGNED = frozenset({ErpKind.REVALUATION.value, ErpKind.EXCHANGE.value, ErpKind.COUNT.value})
_AMOUNTS_NEEDED = {
    ErpKind.REVALUATION.value: "cost",
    ErpKind.COUNT.value: "cost",
    ErpKind.CHARGE.value: "allowance",
    ErpKind.REVERSAL.value: "allowance",
}


@dataclass(slots=True)
class ErpCheck:
    """What is found while the rows are read. unit: the smallest amount of the currency, raw. last_day: the sheet's
    own."""

    history: bool
    unit: int
    last_day: str
    last_movement: int
    rows_kept: int = 0
    days: set[str] = field(default_factory=set)


class ErpMovementsKind(SheetKind):
    code = CODE
    title = "Movements sheet"
    lead = "What the ERP sold, received, moved or scrapped, one row a document line; its allowance goes with it."
    columns = COLUMNS
    asks_control_total = False
    options = (
        Option(
            "history",
            "The movements are",
            (("", "new: the books follow them"), ("history", "history of lots that were never listed here")),
            help="History is already in the ERP's books with all that followed from it: it builds lots and their "
            "roll-forward, and no entry of it goes to the ERP.",
        ),
    )
    staging_table = StagedErpMovement._meta.db_table
    staging_columns = (
        *("row", "document", "line", "happened_on", "kind", "sku", "code", "place", "to_code", "to_place", "category"),
        *("quantity", "cost", "allowance", "revenue", "settlement", "year"),
    )

    def begin(self, upload: Upload) -> ErpCheck:
        entity = upload.entity
        return ErpCheck(
            history=is_history(upload),
            unit=10 ** (MONEY_SCALE - entity.exponent),
            last_day=entity.local_date(upload.as_of).isoformat(),
            last_movement=last_movement(entity),
        )

    def check_chunk(self, context: ErpCheck, chunk: Chunk, issues: Issues) -> list[tuple[Any, ...]]:
        columns = chunk.columns
        empty = [None] * len(chunk.rows)
        staged = []
        rows = zip(chunk.rows, *(columns.get(name, empty) for name in READ), strict=True)
        for position, cells in enumerate(rows):
            if position not in chunk.bad:
                row = _row(context, issues, *cells)
                if row is not None:
                    staged.append(row)
        context.rows_kept += len(staged)
        return staged

    def finish(self, context: ErpCheck, upload: Upload, issues: Issues) -> Summary:
        days = days_checked(upload.entity, context.days)
        plan = plan_of(upload, days)
        for problem in sorted(plan.problems, key=lambda p: p.row):
            (issues.error if problem.error else issues.warning)(
                problem.code, problem.row, problem.column, problem.value, problem.message
            )
        StagedCheck.objects.update_or_create(
            upload_id=upload.pk,
            defaults={"last_movement": context.last_movement, "opening": False, "content": plan.digest()},
        )
        return _summary(context, upload, plan, second=bool(days.second & context.days))


def plan_of(upload: Upload, days: Days) -> ErpPlan:
    """What the staged rows mean for the books as they stand."""
    return erp_plan(staged_movements(upload), known(upload, days))


def _row(
    check: ErpCheck,
    issues: Issues,
    row: int,
    document: str,
    line: str | None,
    day: str,
    kind_text: str,
    sku: str,
    code: str | None,
    place: str,
    to_code: str | None,
    to_place: str | None,
    category: str | None,
    quantity: int | None,
    cost: int | None,
    allowance: int | None,
    revenue: int | None,
    settled: str | None,
    year: int | None,
) -> tuple[Any, ...] | None:
    kind = _KINDS.get(kind_text.casefold().strip())
    if kind is None:
        offered = ", ".join(k.value for k in ErpKind if check.history or k.value not in HISTORY_ONLY)
        issues.error(
            "unknown_kind",
            row,
            "kind",
            kind_text,
            f"Row {row}, kind: '{kind_text}' is not known. Expected one of {offered}; map the ERP's own word to it.",
        )
        return None
    settlement = _SETTLED.get((settled or "").casefold().strip(), "")
    wrong = (
        _quantity_wrong(kind, quantity, history=check.history)
        or _amounts_wrong(check, kind, cost=cost, allowance=allowance, revenue=revenue)
        or _revenue_wrong(kind, revenue, settled or "", settlement)
        or _places_wrong(kind, code or "", place, to_code or "", to_place or "")
    )
    if day > check.last_day:
        wrong = ("date", day, f"is after {check.last_day}, the day that the sheet speaks of. Check that day and month")
        wrong = (*wrong[:2], f"{wrong[2]} are not swapped, or give the sheet's own moment.")
    if wrong:
        column, value, what = wrong
        code_ = {"settlement": "revenue_without_settlement"}.get(column, f"wrong_{column}")
        issues.error(code_, row, column, value, f"Row {row}, {column.replace('_', ' ')}: {value or 'nothing'} {what}")
        return None
    check.days.add(day)
    return (
        *(row, document, line or "", day, kind, sku, code or "", place, to_code or "", to_place or "", category or ""),
        *(quantity or 0, cost, allowance, revenue, settlement, year),
    )


_Wrong = tuple[str, str, str] | None


def _quantity_wrong(kind: str, quantity: int | None, *, history: bool) -> _Wrong:
    if quantity is not None and abs(quantity) > RAW_LIMIT:
        return "quantity", units(quantity), "is more than one lot can hold. Check the figure."
    if kind == ErpKind.COUNT:
        return None
    if quantity is not None and quantity < 0:
        return "quantity", units(quantity), "is below nil. Expected how many units; the kind says which way they went."
    if kind in _NO_UNITS and quantity:
        return "quantity", units(quantity), f"units of a {kind.lower()}: it moves value alone. Leave the cell empty."
    if not quantity and kind not in _NO_UNITS and not history:
        return "quantity", "" if quantity is None else "0", "units would move. Expected a quantity above nil."
    return None


def _amounts_wrong(
    check: ErpCheck, kind: str, *, cost: int | None, allowance: int | None, revenue: int | None
) -> _Wrong:
    given = {"cost": cost, "allowance": allowance, "revenue": revenue}
    needed = _AMOUNTS_NEEDED.get(kind)
    if needed and given[needed] is None:
        return needed, "", f"is given for a {kind.lower()}. Enter its amount."
    for name, amount in given.items():
        if amount is None:
            continue
        text = plain(from_raw(amount, MONEY_SCALE))
        if amount % check.unit:
            return name, text, "is finer than the currency. Round it to the currency's smallest unit."
        if abs(amount) > RAW_LIMIT:
            return name, text, "is more than one lot can hold. Check the figure."
        signed = kind in _SIGNED if name == "cost" else kind == ErpKind.EXCHANGE and name == "allowance"
        if amount < 0 and not signed:
            return name, text, "is below nil. Expected nil or more; the kind says which way it goes."
    return None


def _revenue_wrong(kind: str, revenue: int | None, settled: str, settlement: str) -> _Wrong:
    if revenue is None:
        return None
    text = plain(from_raw(revenue, MONEY_SCALE))
    if kind not in _SOLD:
        return "revenue", text, "is given, but only a sale or a customer's return has revenue. Leave the cell empty."
    if not settlement:
        said = f"'{settled}'" if settled else ""
        return "settlement", said, f"says how the revenue of {text} is settled. Expected CASH or RECEIVABLE."
    return None


def _places_wrong(kind: str, code: str, place: str, to_code: str, to_place: str) -> _Wrong:
    if kind == ErpKind.TRANSFER:
        if (to_code or code, to_place or place) == (code, place):
            return "to_location", to_place, "is where the units stand already. Enter where the transfer took them."
    elif to_code or to_place:
        return (
            "to_location",
            to_place or to_code,
            f"is given, but a {kind.lower()} has no receiving lot. Leave it empty.",
        )
    return None


def _summary(check: ErpCheck, upload: Upload, plan: ErpPlan, *, second: bool) -> Summary:
    words = Words(upload.entity)
    summary = Summary(rows=check.rows_kept)
    summary.figures = [
        (
            ErpKind(kind).label,
            f"{words.count(tally.lots)}: quantity {words.units(tally.quantity)}, {words.money(tally.value)}",
        )
        for kind, tally in sorted(plan.tallies.items(), key=lambda item: list(ErpKind.values).index(item[0]))
    ]
    if plan.new:
        summary.figures.append(("New lots", words.lots(len(plan.new))))
    if plan.settled.lots:
        summary.figures.append(("Falls of stock lists explained", words.tally(plan.settled)))
    if plan.carried.value:
        moved = f"{words.money(plan.carried.value)} with {words.units(plan.carried.quantity)} units"
        summary.figures.append(("Allowance that a list had released, moved", moved))
    if plan.acknowledged:
        followed = sum(units for units, _ in plan.acknowledged.values())
        summary.figures.append(("Scrap that we had written off", f"quantity {words.units(followed)}"))
    if plan.left_out:
        summary.figures.append(("In a stock list already, left out", words.count(plan.left_out)))
    if plan.revenue:
        summary.figures.append(("Revenue", words.money(plan.revenue)))
    if check.history:
        summary.notes.append(
            "History: it builds lots and their roll-forward against stock clearing, and no entry of it goes to the ERP."
        )
    elif plan.released:
        summary.figures.append(("Allowance released", words.money(plan.released)))
        summary.needs_controller = True
        summary.notes.append(
            f"Allowance of {words.money(plan.released)} leaves with the units and lowers cost of sales, so a "
            "controller other than the uploader commits this sheet."
        )
    if plan.carried.value:
        summary.needs_controller = True
        summary.notes.append(
            f"Allowance of {words.money(plan.carried.value)} goes to where the units went: what a stock list released "
            "of it to cost of sales is taken back, so a controller other than the uploader commits this sheet."
        )
    if second and not summary.needs_controller:
        summary.needs_controller = True
        summary.notes.append(
            "Some days lie in a soft-closed period, so a controller other than the uploader commits this sheet."
        )
    moves = len(plan.told)
    summary.commit_label = f"Take in {words.count(moves)} {'movement' if moves == 1 else 'movements'}"
    return summary
