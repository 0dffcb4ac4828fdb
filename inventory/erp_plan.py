"""What a sheet of ERP movements means for the books. Pure: no Django, no query; raw scaled integers throughout.

Invariants: what leaves a lot takes its share of cost, allowance and attached write-down, unless the ERP gives the cost;
what a stock list has shown already is never taken twice: such a row explains that list's fall, or is left out and said
so; a row with a problem changes nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from core.money import UNIT_COST_SCALE, divide_half_away, share_raw
from inventory.erp_words import OUTWARD, ErpKind
from inventory.refresh import Held, Move, Tally
from inventory.running import Books, Years

Key = tuple[str, ...]


class Row(NamedTuple):
    """A row as the sheet gives it. day: ISO text. quantity: above nil but for a count difference; cost, allowance,
    revenue: None where the cell is empty."""

    row: int
    document: str
    line: str
    day: str
    kind: str
    sku: str
    code: str
    place: str
    to_code: str
    to_place: str
    category: str
    quantity: int
    cost: int | None
    allowance: int | None
    revenue: int | None
    settlement: str
    year: int | None

    @property
    def lot(self) -> str:
        return f"lot '{self.code}' of {self.sku} at {self.place}" if self.code else f"{self.sku} at {self.place}"

    @property
    def key(self) -> Key:
        """What stands once: a line of a document, or where the sheet has no line numbers, what a document does to a
        lot."""
        if self.line:
            return self.document, self.line
        return self.document, self.kind, self.sku, self.code, self.place


@dataclass(slots=True)
class Fall:
    """A fall on the worklist: what of it nobody has explained yet (positive figures). ref: of the list that showed
    it."""

    id: int
    lot: int
    day: str
    left: Books
    ref: str = ""


@dataclass(slots=True)
class Rise:
    """What came into a lot by a stock list and no transfer has explained yet: quantity and cost. fresh: the lot held
    nothing before, so that it is as old as what came."""

    left: Books
    fresh: bool


@dataclass(slots=True)
class Known:
    """The books as they stand. lots: by (sku, lot code, location). items: sku -> (id, category id). falls: lot -> open
    falls, oldest first. pending: lot -> units that the ERP shows beyond the books. own: lots that have moved otherwise
    than by history. told: keys of rows that were taken in before -> where. listed_on: the day of the last stock list.
    refused: days that take no posting -> why; first_open: the earliest that does. starts_in_month: of the fiscal
    year. rises: (lot, ref of a list) -> what the list showed to have come in there. formulas: by class and day
    (erp_layers.Formula), and received: lot -> the day it came in; read where a row names no lot."""

    lots: dict[tuple[str, str, str], Held]
    items: dict[str, tuple[int, int]]
    places: dict[str, int]
    categories: dict[str, int]
    years: Mapping[int, Years]
    falls: dict[int, list[Fall]]
    pending: dict[int, int]
    own: frozenset[int]
    told: Mapping[Key, str]
    listed_on: str
    refused: Mapping[str, str]
    first_open: str
    exponent: int
    direct: bool
    starts_in_month: int
    history: bool
    rises: dict[tuple[int, str], Rise] = field(default_factory=dict)
    formulas: Sequence[Any] = ()
    received: Mapping[int, str] = field(default_factory=dict)


class Problem(NamedTuple):
    """error False: a warning. message: the whole sentence."""

    error: bool
    code: str
    row: int
    column: str
    value: str
    message: str


class Told(NamedTuple):
    """A part of a row, as it is kept: figures signed as the lot sees them. fall: the fall that it explains, 0 for
    none; moves: what it moves, of a transfer twice. posted: the day of its movements and entries, which is its own day
    but for what explains a fall of a period that is closed by now, and for a transfer that a list has shown: that
    stands on the list's day. to_cost: of such a transfer, what the receiving lot's cost changes by."""

    row: int
    part: int
    kind: str
    day: str
    posted: str
    lot: int
    to_lot: int
    quantity: int
    cost: int
    allowance: int
    write_down: int
    revenue: int | None
    settlement: str
    fall: int
    moves: tuple[Move, ...]
    location: int
    category: int
    to_cost: int | None = None


@dataclass(slots=True)
class Place:
    """A lot of the books, or one to be made (ref below nil), with its running figures. new_item, new_place,
    new_category: what has to be made with it. source: whose age it takes over."""

    ref: int
    item: int
    code: str
    location: int
    category: int
    unit_cost: int
    books: Books
    row: int = 0
    received_on: str | None = None
    new_item: str = ""
    new_place: str = ""
    new_category: str = ""
    source: int = 0

    def move(self, kind: str, change: Books, sign: int = 1) -> Move:
        return Move.of(self.ref, kind, change, sign, location=self.location, category=self.category)


@dataclass(slots=True)
class ErpPlan:
    """told: in the order in which it is to be written. costs: lot -> its new unit cost. acknowledged: lot -> (units
    followed, units left). explained: fall -> how its last units were explained. released: net allowance that leaves.
    carried: allowance that a list had released and that a transfer brings to where the units went. aged: lot -> the lot
    whose age it takes over."""

    told: list[Told] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    new: list[Place] = field(default_factory=list)
    costs: dict[int, int] = field(default_factory=dict)
    acknowledged: dict[int, tuple[int, int]] = field(default_factory=dict)
    explained: dict[int, str] = field(default_factory=dict)
    tallies: dict[str, Tally] = field(default_factory=dict)
    settled: Tally = field(default_factory=Tally)
    left_out: int = 0
    released: int = 0
    carried: Tally = field(default_factory=Tally)
    aged: dict[int, int] = field(default_factory=dict)
    revenue: int = 0

    def digest(self) -> str:
        """SHA-256 (hex) of what the plan does, so that a commit can prove that it does what the preview showed."""
        lots = [(p.ref, p.item, p.code, p.location, p.category, p.unit_cost, p.received_on) for p in self.new]
        text = repr(
            (self.told, lots, *(sorted(d.items()) for d in (self.costs, self.acknowledged, self.explained, self.aged)))
        )
        return hashlib.sha256(text.encode()).hexdigest()


def fiscal_year(day: str, starts_in_month: int) -> int:
    """The fiscal year of an ISO date, named after the calendar year in which it ends."""
    year, month = int(day[:4]), int(day[5:7])
    return year + 1 if starts_in_month > 1 and month >= starts_in_month else year


def unit_cost_after(unit_cost: int, before: int, delta: int, after: int) -> int:
    """The unit cost of a lot of `before` units at `unit_cost` that changes by `delta` of value to `after` units; as it
    was where none are left."""
    if after <= 0:
        return unit_cost
    # quantity (10^4) x unit cost (10^6) is value at 10^10; money stands at 10^4.
    value = before * unit_cost + delta * 10**UNIT_COST_SCALE
    return max(divide_half_away(value, after), 0)


_RANK = {
    ErpKind.OPENING.value: 0,
    ErpKind.RECEIPT.value: 1,
    ErpKind.PRODUCTION_IN.value: 1,
    ErpKind.CUSTOMER_RETURN.value: 1,
    ErpKind.CHARGE.value: 2,
    ErpKind.TRANSFER.value: 2,
}


def order(row: Row) -> tuple[str, int, int]:
    """By day; on a day what comes in before what moves before what goes out, since sheets seldom tell the hour."""
    return row.day, _RANK.get(row.kind, 3), row.row


def sharing(revenue: int | None, parts: Iterable[int], whole: int, exponent: int) -> list[int | None]:
    """Revenue over the parts of a row by quantity; the last takes the rest."""
    counts = list(parts)
    if revenue is None:
        return [None] * len(counts)
    out: list[int | None] = []
    cumulated = given = 0
    for count in counts:
        cumulated += count
        upto = share_raw(revenue, cumulated, whole, exponent) if whole else revenue
        out.append(upto - given)
        given = upto
    return out


def is_outward(kind: str) -> bool:
    return kind in OUTWARD
