"""Rows of a movements sheet that name no lot: the cost formula of the item's class says which lots the units leave.

Invariants: a lot that stands under an empty code is a lot like any other, and a row for it takes its own cost; of the
rest only what is interchangeable goes by a formula (IAS 2.23-25; ASC 330-10-30-9), and only a formula that takes units
lot by lot: FIFO, and LIFO where a framework permits it. Everything else has to name the lot.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple, TypeAlias

from core.models import Entity
from inventory.erp_complaints import Wrong, money, units
from inventory.erp_plan import Known, Place, Problem, Row, sharing
from inventory.erp_words import ErpKind

FIFO, AVERAGE, STANDARD, LIFO = "FIFO", "AVERAGE", "STANDARD", "LIFO"
# What leaves for good, whichever of like units it was; everything else concerns a lot that somebody has seen.
BY_FORMULA = frozenset({ErpKind.SALE.value, ErpKind.PRODUCTION_OUT.value})
_WORDS = {
    FIFO: "first in, first out",
    AVERAGE: "weighted average",
    STANDARD: "standard cost",
    LIFO: "last in, first out",
}


class Formula(NamedTuple):
    """A cost formula in force from an ISO day; category None: for classes without one of their own."""

    starts_on: str
    category: int | None
    code: str


FormulaSource: TypeAlias = Callable[[Entity], Sequence[Formula]]
_sources: list[FormulaSource] = []


def register_formulas(source: FormulaSource) -> None:
    """Told by the room that keeps policies, which inventory may not import: formulas in the order in which they
    count."""
    _sources[:] = [source]


def formulas_of(entity: Entity) -> Sequence[Formula]:
    return _sources[0](entity) if _sources else ()


def formula_on(formulas: Iterable[Formula], category: int, day: str) -> str:
    """The class's own of the day, else that of all stock; "" where no policy says one."""
    found = {formula.category: formula.code for formula in formulas if formula.starts_on <= day}
    return found.get(category) or found.get(None, "")


def names_a_lot(row: Row, known: Known) -> bool:
    return bool(row.code) or row.kind not in BY_FORMULA or known.history


def items_told(known: Known) -> dict[tuple[str, ...], str]:
    """What documents without line numbers told of an item at a place, whichever of its lots -> where."""
    return {(*key[:3], key[4]): where for key, where in known.told.items() if len(key) > 2}


def told_before(row: Row, known: Known, items: Mapping[tuple[str, ...], str]) -> str:
    """Where the document was taken in before, lot by lot, for a row that has neither lot nor line number; else ""."""
    return "" if row.line or names_a_lot(row, known) else items.get((row.document, row.kind, row.sku, row.place), "")


def rows_by_lot(row: Row, layers: Sequence[Place], known: Known) -> list[Row]:
    """The row as one row a lot that its units leave, with its share of revenue. layers: the item's lots at the
    row's place, in any order. Wrong where no formula says it, or too few units are there."""
    formula = formula_on(known.formulas, layers[0].category, row.day)
    if formula not in (FIFO, LIFO):
        raise lot_needed(row, formula)
    held = sum(max(place.books.quantity, 0) for place in layers)
    if held < row.quantity:
        raise Wrong(
            "more_than_on_hand",
            "quantity",
            units(row.quantity),
            f"{row.lot} names no lot, and the lots there hold {units(held)} on {row.day}. Check the quantity, or "
            "upload what came in before.",
        )
    left, parts = row.quantity, list[tuple[Place, int]]()
    for place in sorted(layers, key=lambda place: _age(place, known), reverse=formula == LIFO):
        taken = min(place.books.quantity, left)
        if taken > 0:
            parts.append((place, taken))
            left -= taken
    revenues = sharing(row.revenue, (taken for _, taken in parts), row.quantity, known.exponent)
    return [
        row._replace(code=place.code, quantity=taken, cost=None, revenue=revenue)
        for (place, taken), revenue in zip(parts, revenues, strict=True)
    ]


def _age(place: Place, known: Known) -> tuple[str, bool, int]:
    """By the day received, then in the order in which the books came to know the lots; those without a day first."""
    received = known.received.get(place.ref) if place.ref > 0 else place.received_on
    return received or "", place.ref < 0, abs(place.ref)


def lot_needed(row: Row, formula: str) -> Wrong:
    """Why a row without a lot cannot be taken in, and what to do."""
    if formula in _WORDS:
        why = (
            f"its class goes by {_WORDS[formula]}, which moves cost between lots; a movements sheet takes units at "
            "their lot's own cost"
            if formula == AVERAGE
            else "its class goes by standard cost, which the ERP lists for each lot"
        )
        step = "Give the lot. Losses at the average are written off by item and quantity."
        step = step if formula == AVERAGE else "Give the lot."
    else:
        said = "lots are identified one by one there" if formula else "no valuation policy says which formula holds"
        why, step = said, "Give the lot, or have a policy say first in, first out."
    return Wrong("lot_needed", "lot_code", "", f"{row.lot} names no lot, the item has several, and {why}. {step}")


def costs_otherwise(row: Row, gone: int) -> Problem:
    """The ERP's cost of a row without a lot is not what the formula gives."""
    assert row.cost is not None
    return Problem(
        False,
        "cost_by_formula",
        row.row,
        "cost",
        money(row.cost),
        f"Row {row.row}: {row.lot} names no lot, and by the policy's formula the units cost {money(gone)}, not "
        f"{money(row.cost)}. The formula's cost leaves; the difference stays in the ERP's own cost of sales.",
    )
