"""The roll-forwards of gross inventory and of the allowance. Pure.

Invariant: every kind of movement stands in exactly one column of each, so that opening + columns = closing whatever was
posted; closing - ledger is nil, or somebody must look.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class RollColumn:
    """One column and the kinds of movement in it. always: shown even when nil throughout."""

    key: str
    label: str
    kinds: tuple[str, ...]
    always: bool = False


GROSS_COLUMNS = (
    RollColumn("loaded", "Opening stock loaded", ("OPENING",)),
    RollColumn("receipts", "Receipts", ("RECEIPT",), always=True),
    RollColumn("returns", "Returns", ("RETURN",)),
    RollColumn("issued", "Issued", ("ISSUE", "SALE", "RELEASE"), always=True),
    RollColumn("production", "Production", ("PRODUCTION",)),
    RollColumn("written_off", "Written off", ("WRITE_OFF", "SCRAP"), always=True),
    RollColumn("disposed", "Disposed of", ("DISPOSAL",)),
    RollColumn("written_down", "Written down", ("WRITE_DOWN",)),
    RollColumn("reversed", "Reversed", ("REVERSAL",)),
    RollColumn("count", "Count differences", ("COUNT",), always=True),
    RollColumn("revaluation", "Revaluation", ("REVALUATION",)),
    RollColumn("transfers", "Transfers", ("TRANSFER",)),
    RollColumn("recovered", "Recovered", ("RECOVERY",)),
    RollColumn("voided", "Voided", ("VOID",)),
    RollColumn("exchange", "Exchange", ("EXCHANGE",)),
)
ALLOWANCE_COLUMNS = (
    RollColumn("loaded", "Opening stock loaded", ("OPENING",)),
    RollColumn("charged", "Charged", ("WRITE_DOWN",), always=True),
    RollColumn("reversed", "Reversed", ("REVERSAL",), always=True),
    RollColumn("released", "Released on sale", ("RELEASE", "SALE", "ISSUE", "RETURN", "PRODUCTION"), always=True),
    RollColumn("utilised", "Used by write-offs", ("WRITE_OFF", "SCRAP", "DISPOSAL", "COUNT"), always=True),
    RollColumn("revaluation", "Revaluation", ("REVALUATION", "RECEIPT")),
    RollColumn("transfers", "Transfers", ("TRANSFER",)),
    RollColumn("recovered", "Recovered", ("RECOVERY",)),
    RollColumn("voided", "Voided", ("VOID",)),
    RollColumn("exchange", "Exchange", ("EXCHANGE",)),
)


@dataclass(frozen=True, slots=True)
class MovementFact:
    """The sum of some movements of one class. before: posted before the span's first day."""

    class_id: int | None
    kind: str
    before: bool
    amount: Decimal


@dataclass(frozen=True, slots=True)
class RollRow:
    """One class. gl, difference: what the ledger says at the closing, and closing - gl (nil, or somebody must look)."""

    class_id: int | None
    name: str
    opening: Decimal
    amounts: tuple[Decimal, ...]
    closing: Decimal
    gl: Decimal

    @property
    def difference(self) -> Decimal:
        return self.closing - self.gl


@dataclass(frozen=True, slots=True)
class RollForward:
    columns: tuple[RollColumn, ...]
    rows: tuple[RollRow, ...]
    total: RollRow

    @property
    def differing(self) -> tuple[RollRow, ...]:
        return tuple(row for row in self.rows if row.difference)


def roll_forward(
    *,
    columns: Sequence[RollColumn],
    names: Mapping[int | None, str],
    movements: Iterable[MovementFact],
    gl: Mapping[int | None, Decimal],
) -> RollForward:
    """Opening, movements and closing by class. Columns that are nil throughout are left out, unless always shown."""
    place = {kind: number for number, column in enumerate(columns) for kind in column.kinds}
    opening: dict[int | None, Decimal] = {}
    amounts: dict[int | None, list[Decimal]] = {}
    for fact in movements:
        if fact.before:
            opening[fact.class_id] = opening.get(fact.class_id, ZERO) + fact.amount
        else:
            own = amounts.setdefault(fact.class_id, [ZERO] * len(columns))
            own[place[fact.kind]] += fact.amount
    classes = sorted({*opening, *amounts, *gl}, key=lambda c: (c is None, names.get(c, "").casefold()))
    rows = []
    for each in classes:
        own = amounts.get(each, [ZERO] * len(columns))
        begin = opening.get(each, ZERO)
        row = RollRow(each, names.get(each, "No class"), begin, tuple(own), sum(own, begin), gl.get(each, ZERO))
        if begin or any(own) or row.gl:
            rows.append(row)
    return _without_nil_columns(columns, rows)


def _without_nil_columns(columns: Sequence[RollColumn], rows: Sequence[RollRow]) -> RollForward:
    kept = [n for n, column in enumerate(columns) if column.always or any(row.amounts[n] for row in rows)]

    def only_kept(row: RollRow) -> RollRow:
        return RollRow(row.class_id, row.name, row.opening, tuple(row.amounts[n] for n in kept), row.closing, row.gl)

    shown = tuple(only_kept(row) for row in rows)
    total = RollRow(
        None,
        "Total",
        sum((row.opening for row in shown), ZERO),
        tuple(sum((row.amounts[n] for row in shown), ZERO) for n in range(len(kept))),
        sum((row.closing for row in shown), ZERO),
        sum((row.gl for row in shown), ZERO),
    )
    return RollForward(tuple(columns[n] for n in kept), shown, total)
