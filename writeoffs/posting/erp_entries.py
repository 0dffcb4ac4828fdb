"""The entries of a day of ERP movements. Pure: parts of rows in, planned entries out.

Invariant: INVENTORY follows cost and INVENTORY_ALLOWANCE the allowance of what moved, whatever the kind; what a stock
list had moved before touches neither again, but for a transfer: what the list booked of it as a fall and a receipt is
taken back and booked as a transfer, so that nothing of it stays in cost of sales.
"""

from __future__ import annotations

from collections.abc import Sequence

from core.money import MONEY_SCALE, from_raw
from inventory.erp_plan import Told
from inventory.erp_words import ErpKind
from inventory.intake import Bases
from writeoffs.ledger.journal import PlannedEntry, PlannedLine

ERP, OWN = "ERP", "OWN"

# Kind of row -> the leg of its gross cost and the role against it: the goods' cost where they were sold or came back
# from a customer, else the ERP's own contra.
LEGS: dict[str, tuple[str, str]] = {
    ErpKind.SALE.value: ("SALE", "COGS"),
    ErpKind.CUSTOMER_RETURN.value: ("SALE", "COGS"),
    ErpKind.RECEIPT.value: ("RECEIPT", "STOCK_CLEARING"),
    ErpKind.PRODUCTION_IN.value: ("PRODUCTION", "STOCK_CLEARING"),
    ErpKind.PRODUCTION_OUT.value: ("PRODUCTION", "STOCK_CLEARING"),
    ErpKind.SUPPLIER_RETURN.value: ("RETURN", "STOCK_CLEARING"),
    ErpKind.SCRAP.value: ("SCRAP", "STOCK_CLEARING"),
    ErpKind.REVALUATION.value: ("REVALUATION", "STOCK_CLEARING"),
}
TITLES = {
    "SALE": "Sales",
    "RECEIPT": "Receipts",
    "PRODUCTION": "Production",
    "RETURN": "Returns to suppliers",
    "SCRAP": "Scrap",
    "REVALUATION": "Revaluation",
    "TRANSFER": "Transfers",
    "ISSUE": "Issues that were transfers",
    "EXPLAINED": "Falls explained as sales",
    "REVENUE": "Revenue",
    "HISTORY": "History taken over",
    "RELEASE": "Allowance released with units that left",
}


class _Legs:
    """Lines by leg, at the dimensions of one part after the other."""

    def __init__(self) -> None:
        self.lines: dict[str, list[PlannedLine]] = {leg: [] for leg in TITLES}

    def add(self, leg: str, location: int, category: int, **amounts: int) -> None:
        self.lines[leg] += [
            PlannedLine(role, from_raw(raw, MONEY_SCALE), location, category) for role, raw in amounts.items() if raw
        ]


def entries_of_day(parts: Sequence[Told], bases: Bases, *, history: bool, title: str) -> list[PlannedEntry]:
    """One entry a leg; a leg without value makes none. bases: the ids behind references to new records."""
    legs = _Legs()
    for part in parts:
        location, category = bases.resolve("location", part.location), bases.resolve("category", part.category)
        if history:
            _history(legs, part, bases)
        elif part.fall and part.moves:
            _shown_before(legs, part, bases)
        elif part.fall:
            _explained(legs, part, location, category)
        elif part.kind == ErpKind.TRANSFER:
            _carried(legs, "TRANSFER", part, bases)
        else:
            _moved(legs, part, location, category)
        if part.revenue and not history:
            legs.add("REVENUE", location, category, **{part.settlement: part.revenue}, REVENUE=-part.revenue)
    return [
        PlannedEntry(leg, OWN if leg == "RELEASE" else ERP, f"{name}, {title}"[:200], legs.lines[leg])
        for leg, name in TITLES.items()
        if _weighs(legs.lines[leg])
    ]


def _weighs(lines: Sequence[PlannedLine]) -> bool:
    """Whether anything is left once the lines are summed, as the journal sums them."""
    sums: dict[tuple[str, int | None, int | None], int] = {}
    for line in lines:
        key = (line.role, line.location_id, line.category_id)
        sums[key] = sums.get(key, 0) + int(line.amount.scaleb(MONEY_SCALE))
    return any(sums.values())


def _moved(legs: _Legs, part: Told, location: int, category: int) -> None:
    leg, contra = LEGS[part.kind]
    legs.add(leg, location, category, INVENTORY=part.cost, **{contra: -part.cost})
    legs.add("RELEASE", location, category, INVENTORY_ALLOWANCE=-part.allowance, COGS=part.allowance)


def _explained(legs: _Legs, part: Told, location: int, category: int) -> None:
    """The list took cost and allowance off before, the cost against clearing: a sale takes it from there."""
    if part.kind == ErpKind.SALE:
        legs.add("EXPLAINED", location, category, COGS=-part.cost, STOCK_CLEARING=part.cost)


def _shown_before(legs: _Legs, part: Told, bases: Bases) -> None:
    """A transfer that a list has booked as a fall here and a receipt there: its own movements say what becomes of each.
    The allowance of the fall was released by an entry of ours, so its return is one as well."""
    for move in part.moves:
        place = bases.resolve("location", move.location), bases.resolve("category", move.category)
        if move.kind == "TRANSFER":
            legs.add("TRANSFER", *place, INVENTORY=move.cost, INVENTORY_ALLOWANCE=-move.allowance)
            continue
        legs.add(move.kind, *place, INVENTORY=move.cost, STOCK_CLEARING=-move.cost)
        legs.add("RELEASE", *place, INVENTORY_ALLOWANCE=-move.allowance, COGS=move.allowance)


def _carried(legs: _Legs, leg: str, part: Told, bases: Bases) -> None:
    for move in part.moves:
        place = bases.resolve("location", move.location), bases.resolve("category", move.category)
        legs.add(leg, *place, INVENTORY=move.cost, INVENTORY_ALLOWANCE=-move.allowance)


def _history(legs: _Legs, part: Told, bases: Bases) -> None:
    """Booked long ago by the ERP: here it only keeps lots and ledger equal."""
    for move in part.moves:
        place = bases.resolve("location", move.location), bases.resolve("category", move.category)
        legs.add(
            "HISTORY",
            *place,
            INVENTORY=move.cost,
            INVENTORY_ALLOWANCE=-move.allowance,
            STOCK_CLEARING=move.allowance - move.cost,
        )
