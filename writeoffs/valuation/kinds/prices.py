"""The price sheet: what a unit of an item, or of one of its lots, fetches or costs from a day on."""

from __future__ import annotations

from core.money import UNIT_COST_SCALE, from_raw, plain
from core.sheets.kinds import Cell, Column, Issues
from core.words import Role
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
from writeoffs.valuation.staged import StagedPrice

PRICE = KINDS["price"]
LOT = Column(
    "lot_code", "Lot", Cell.TEXT, joins=True, max_length=60,
    aliases=("lot", "lot number", "batch", "batch number", "lot no", "charge"),
    help="Only for a price of one lot; its location is then needed too.",
)  # fmt: skip
PLACE = Column(
    "location", "Location", Cell.TEXT, max_length=60, aliases=("warehouse", "site", "store", "plant"),
    help="Of the lot.",
)  # fmt: skip
VALID_FROM = Column(
    "as_of", "Valid from", Cell.DATE, aliases=("as of", "date", "valid from", "from", "price date", "gültig ab"),
    help="Empty: the day that the sheet speaks of.", example="2026-03-31",
)  # fmt: skip


def _amount(name: str, label: str, *aliases: str, negative: bool = False, help: str = "", example: str = "") -> Column:
    return Column(
        name, label, Cell.UNIT_COST, allow_negative=negative, aliases=aliases, help=help or "Per unit.", example=example
    )


COLUMNS = (
    SKU,
    LOT,
    PLACE,
    VALID_FROM,
    CURRENCY,
    _amount("selling_price", "Selling price", "price", "sales price", "list price", negative=True, example="12.50"),
    _amount("cost_to_complete", "Cost to complete", "completion", "completion cost", example="0.00"),
    _amount("cost_to_sell", "Cost to sell", "selling cost", "selling costs", "costs to sell", example="1.20"),
    _amount(
        *("nrv", "Net realisable value", "net realizable value", "nrv per unit"),
        negative=True,
        help="Per unit; instead of selling price and costs. It may be negative.",
    ),
    _amount("replacement_cost", "Replacement cost", "replacement", "purchase price"),
    _amount("normal_profit", "Normal profit", "normal margin", "profit margin", help="Per unit, as an amount."),
    _amount(
        *("excess_recoverable", "Recoverable per excess unit", "excess recoverable", "scrap value"),
        help="What a unit beyond demand still fetches.",
    ),
    Column("offered_on", "Offered on", Cell.DATE, aliases=("offer date", "offered"), help="A real offer at the price."),
    Column(
        "recovers_in_year", "Recovers in the year", Cell.TEXT, max_length=10,
        aliases=("temporary", "expected to recover"), help="yes where the fall is expected to be temporary.",
    ),
    SOURCE,
    REASON,
)  # fmt: skip


class PriceSheet(InputSheet):
    code = "prices"
    title = "Price list"
    lead = "Selling prices with their costs, net realisable values or replacement costs, per unit and from a day on."
    columns = COLUMNS
    input = PRICE
    upload_roles = (Role.PRICE_OWNER, Role.CONTROLLER)
    commit_roles = (Role.PRICE_OWNER, Role.CONTROLLER)
    staging_table = StagedPrice._meta.db_table
    staging_columns = staging_columns_of(PRICE)
    reads_lots = True

    def named(self, cells: Values) -> str:
        sku, code, place, as_of = cells[:4]
        lot = f", lot '{code}' at {place}" if code else ""
        return f"the price of {sku}{lot}" + (f" from {as_of}" if as_of else "")

    def read(self, check: InputCheck, issues: Issues, row: int, cells: Values) -> tuple[Values, Values] | None:
        sku, code, place, as_of, currency, *amounts, offered_on, recovers = cells
        item = check.item(issues, row, sku)
        if item is None:
            return None
        lot = check.lot(issues, row, sku, code, place) if code or place else None
        if (code or place) and lot is None:
            return None
        day = as_of or check.day
        money = check.money_of(issues, row, currency, day)
        temporary = check.flag(issues, row, "recovers_in_year", recovers) if recovers else False
        if money is None or temporary is None or not _says_something(issues, row, sku, amounts):
            return None
        if offered_on and check.future(
            issues, row, "offered_on", offered_on, "goods are offered on a day that has been"
        ):
            return None
        return (item, lot, day), (money, *amounts, offered_on, temporary)


def _says_something(issues: Issues, row: int, sku: str, amounts: list[int | None]) -> bool:
    selling, complete, sell, nrv, replacement, _, excess = amounts
    if nrv is not None and not (selling is None and complete is None and sell is None):
        issues.error(
            "nrv_given_twice", row, "nrv", plain(from_raw(nrv, UNIT_COST_SCALE)),
            f"Row {row}: give the net realisable value of {sku}, or its selling price with its costs, not both.",
        )  # fmt: skip
        return False
    if selling is None and nrv is None and replacement is None and excess is None:
        issues.error(
            "no_price", row, "selling_price", "",
            f"Row {row}: nothing is said of {sku}. Give a selling price, a net realisable value, a replacement cost or "
            "what an excess unit fetches.",
        )  # fmt: skip
        return False
    net = nrv if selling is None else selling - (complete or 0) - (sell or 0)
    if net is not None and net < 0:
        issues.warning(
            "negative_nrv", row, "selling_price", plain(from_raw(net, UNIT_COST_SCALE)),
            f"Row {row}: the net realisable value of {sku} is {plain(from_raw(net, UNIT_COST_SCALE))}, below nil. It "
            "is kept; the allowance never passes cost, so what is beyond is no loss on stock.",
        )  # fmt: skip
    return True
