"""The sheets of what went out: demand of items by month, and revenue of places and classes between counts."""

from __future__ import annotations

import re

from core.models import Upload
from core.sheets.kinds import Cell, Column, Issues
from core.sheets.texts import Complaint, date_of
from inventory.kinds.complaints import units
from inventory.kinds.lot_columns import SKU
from writeoffs.valuation.kinds.input_sheet import REASON, SOURCE, InputCheck, InputSheet, Values, staging_columns_of
from writeoffs.valuation.kinds_of_input import KINDS
from writeoffs.valuation.staged import StagedDemand, StagedSales

DEMAND, SALES = KINDS["demand"], KINDS["sales"]
_MONTH = re.compile(r"((?:19|20)\d\d)[-/.](0?[1-9]|1[0-2])")
_YEAR_LAST = re.compile(r"(0?[1-9]|1[0-2])[-/.]((?:19|20)\d\d)")


class DemandSheet(InputSheet):
    code = "demand"
    title = "Demand history"
    lead = "Units of each item that were sold or used, month by month; what is on hand beyond it is excess."
    columns = (
        SKU,
        Column(
            "month", "Month", Cell.TEXT, required=True, filled=True, max_length=30,
            aliases=("period", "date", "monat"), help="2026-03, or any day of the month.", example="2026-03",
        ),
        Column(
            "quantity", "Quantity", Cell.QUANTITY, required=True, filled=True,
            aliases=("qty", "demand", "sold", "used", "usage", "units sold"), example="60",
        ),
        SOURCE,
        REASON,
    )  # fmt: skip
    input = DEMAND
    staging_table = StagedDemand._meta.db_table
    staging_columns = staging_columns_of(DEMAND)

    def named(self, cells: Values) -> str:
        return f"the demand of {cells[0]} in {cells[1]}"

    def read(self, check: InputCheck, issues: Issues, row: int, cells: Values) -> tuple[Values, Values] | None:
        sku, text, quantity = cells
        item = check.item(issues, row, sku)
        # Months repeat: each writing is read once.
        month = check.more.get(text)
        if month is None:
            month = check.more[text] = _month(text)
        if not month:
            issues.error(
                "not_a_month", row, "month", text,
                f"Row {row}, month: '{text}' is no month. Expected something like 2026-03 or a day of it.",
            )  # fmt: skip
            return None
        if item is None or check.future(issues, row, "month", month, "demand is what was sold or used"):
            return None
        if quantity < 0:
            issues.warning(
                "more_came_back", row, "quantity", units(quantity),
                f"Row {row}: the demand of {sku} in {text} is {units(quantity)}: more came back than went out. It "
                "counts against the other months.",
            )  # fmt: skip
        return (item, month), (quantity,)


def _month(text: str) -> str:
    """The first day of the month, or an empty text."""
    if match := _MONTH.fullmatch(text):
        return f"{match[1]}-{int(match[2]):02d}-01"
    if match := _YEAR_LAST.fullmatch(text):
        return f"{match[2]}-{int(match[1]):02d}-01"
    try:
        day = date_of(text, "DMY")
    except Complaint:
        return ""
    return f"{day[:7]}-01" if day else ""


class SalesSheet(InputSheet):
    code = "sales_figures"
    title = "Sales figures"
    lead = "Revenue of a location and category over some days, for the shrinkage that is accrued between counts."
    columns = (
        Column(
            "location", "Location", Cell.TEXT, max_length=60, aliases=("store", "site", "warehouse"),
            help="Empty: all locations together.", example="SHOP-1",
        ),
        Column("category", "Category", Cell.TEXT, max_length=100, aliases=("class",), help="Empty: all together."),
        Column(
            "starts_on", "From", Cell.DATE, required=True, filled=True, aliases=("from", "starts on", "start"),
            example="2026-03-01",
        ),
        Column(
            "ends_on", "Until", Cell.DATE, required=True, filled=True, aliases=("until", "to", "ends on", "end"),
            example="2026-03-31",
        ),
        Column(
            "revenue", "Revenue", Cell.MONEY, required=True, filled=True, aliases=("sales", "turnover", "net sales"),
            help="In the company's currency.", example="125000.00",
        ),
        SOURCE,
        REASON,
    )  # fmt: skip
    input = SALES
    staging_table = StagedSales._meta.db_table
    staging_columns = staging_columns_of(SALES)

    def begin(self, upload: Upload) -> InputCheck:
        check = super().begin(upload)
        check.more["location"] = dict(upload.entity.locations.values_list("code", "pk"))
        check.more["category"] = dict(upload.entity.categories.values_list("name", "pk"))
        return check

    def named(self, cells: Values) -> str:
        place, group, starts_on, ends_on, _ = cells
        return f"sales of {place or 'all locations'}, {group or 'all categories'}, {starts_on} to {ends_on}"

    def read(self, check: InputCheck, issues: Issues, row: int, cells: Values) -> tuple[Values, Values] | None:
        place, group, starts_on, ends_on, revenue = cells
        keys = []
        for column, name in (("location", place), ("category", group)):
            found = check.more[column].get(name) if name else None
            if name and found is None:
                issues.error(
                    f"unknown_{column}", row, column, name,
                    f"Row {row}: there is no {column} '{name}'. Mend it, or leave it empty where all are meant.",
                )  # fmt: skip
                return None
            keys.append(found)
        if starts_on > ends_on:
            issues.error(
                "dates_in_the_wrong_order", row, "ends_on", ends_on,
                f"Row {row}, until: {ends_on} is before {starts_on}. Expected the later day last.",
            )  # fmt: skip
            return None
        if check.future(issues, row, "ends_on", ends_on, "sales are told once their days are over"):
            return None
        return (*keys, starts_on, ends_on), (revenue,)
