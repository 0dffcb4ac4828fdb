"""What a newer stock list means for the books. Pure: no Django, no query; raw scaled integers throughout.

Invariant: for every lot, books after the plan + what the ERP has yet to follow = what the list shows. Units that we
wrote off and the ERP still shows are `outstanding`: they are never received again, and never fall twice.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

from core.money import value_raw
from inventory.running import Books, Years, oldest_first


class Held(NamedTuple):
    """A lot as the books hold it. item, location and category are ids; cost and allowance are caches of its
    movements."""

    lot: int
    item: int
    code: str
    location: int
    category: int
    quantity: int
    unit_cost: int
    cost: int
    allowance: int
    write_down: int


class Listed(NamedTuple):
    """A lot as the list shows it. lot, item, location and category are ids, or negative for records still to be
    made. cost: of all its units, where the list says more exactly than quantity x unit cost (another currency)."""

    lot: int
    item: int
    code: str
    location: int
    category: int
    quantity: int
    unit_cost: int
    cost: int | None = None


class Move(NamedTuple):
    """One movement to be made, signed as the lot sees it. location and category: where its entry line stands."""

    lot: int
    kind: str
    quantity: int
    cost: int
    allowance: int
    write_down: int
    by_year: tuple[tuple[int, int], ...]
    location: int
    category: int

    @classmethod
    def of(cls, lot: int, kind: str, change: Books, sign: int, *, location: int, category: int) -> Move:
        """What the change does to the lot, with the sign that it has there."""
        by_year = change.by_year(sign)
        return cls(
            lot,
            kind,
            sign * change.quantity,
            sign * change.cost,
            sign * change.allowance,
            sum(amount for _, amount in by_year),
            by_year,
            location,
            category,
        )


@dataclass(slots=True)
class Tally:
    """How many lots something happens to, and what it is worth (raw)."""

    lots: int = 0
    quantity: int = 0
    value: int = 0

    def add(self, quantity: int, value: int) -> None:
        self.lots += 1
        self.quantity += quantity
        self.value += value


@dataclass(slots=True)
class RefreshPlan:
    """moves in the order in which they are to be written. acknowledged: lot -> (units the ERP has followed, units still
    to follow), signed like outstanding. carried: new lot -> the lot whose age it keeps. released: allowance leaving
    with falls."""

    moves: list[Move] = field(default_factory=list)
    acknowledged: dict[int, tuple[int, int]] = field(default_factory=dict)
    carried: dict[int, int] = field(default_factory=dict)
    unchanged: int = 0
    changed: int = 0
    new: Tally = field(default_factory=Tally)
    gone: Tally = field(default_factory=Tally)
    received: Tally = field(default_factory=Tally)
    fallen: Tally = field(default_factory=Tally)
    transferred: Tally = field(default_factory=Tally)
    revalued: Tally = field(default_factory=Tally)
    followed: Tally = field(default_factory=Tally)
    outstanding: Tally = field(default_factory=Tally)
    released: int = 0

    def digest(self) -> str:
        """SHA-256 (hex) of what the plan does, so that a commit can prove that it does what the preview showed."""
        text = repr((self.moves, sorted(self.acknowledged.items()), sorted(self.carried.items())))
        return hashlib.sha256(text.encode()).hexdigest()


def settle(book: int, outstanding: int, listed: int) -> tuple[int, int]:
    """(movement of the books, outstanding afterwards) for a lot that the list shows with `listed` units.

    The ERP may show anything from `book` (it has followed) to `book + outstanding` (it has not) without anything having
    happened; beyond the ends, the nearer end is the base and the rest is a receipt or a fall.
    """
    expected = book + outstanding
    if listed == book:
        return 0, 0
    if min(book, expected) <= listed <= max(book, expected):
        return 0, listed - book
    if abs(listed - book) <= abs(listed - expected):
        return listed - book, 0
    return listed - expected, outstanding


Outstanding: TypeAlias = Callable[[int], Mapping[int, int]]
_outstanding: list[Outstanding] = []


def register_outstanding(provider: Outstanding) -> None:
    """posting, which inventory may not import, tells here what the ERP has yet to follow: entity id -> lot -> raw
    units."""
    _outstanding[:] = [provider]


def outstanding_of(entity_id: int) -> Mapping[int, int]:
    """lot -> what the ERP still shows more than the books (raw units); lots whose lines add up to nil stand with 0."""
    return _outstanding[0](entity_id) if _outstanding else {}


@dataclass(slots=True)
class _Fall:
    held: Held
    units: int
    unit_cost: int


@dataclass(slots=True)
class _Rise:
    listed: Listed
    held: Held | None
    units: int
    moved_in: list[tuple[Held, Books]] = field(default_factory=list)


def refresh_plan(
    *,
    held: Mapping[int, Held],
    listed: Iterable[Listed],
    outstanding: Mapping[int, int],
    years: Mapping[int, Years],
    exponent: int,
    only_locations: frozenset[int] | None = None,
) -> RefreshPlan:
    """What the list means. years: lot -> write-down still attached by fiscal year. only_locations: where the list
    speaks of these locations alone, lots elsewhere are not gone; else a list is complete for the entity."""
    planner = _Planner(held, outstanding, years, exponent)
    seen: set[int] = set()
    for row in listed:
        seen.add(row.lot)
        planner.compare(row)
    for lot, was in held.items():
        if lot not in seen and (only_locations is None or was.location in only_locations):
            planner.missing(was)
    planner.finish()
    return planner.plan


class _Planner:
    def __init__(
        self, held: Mapping[int, Held], outstanding: Mapping[int, int], years: Mapping[int, Years], exponent: int
    ) -> None:
        self.held = held
        self.pending = outstanding
        self.years = years
        self.exponent = exponent
        self.plan = RefreshPlan()
        self.falls: list[_Fall] = []
        self.rises: list[_Rise] = []
        self.costs: dict[int, Listed] = {}  # lot -> row, where the unit cost changed
        self.books: dict[int, Books] = {}

    def compare(self, row: Listed) -> None:
        was = self.held.get(row.lot)
        if was is None:
            cost = value_raw(row.quantity, row.unit_cost, self.exponent) if row.cost is None else row.cost
            self.plan.new.add(row.quantity, cost)
            if row.quantity > 0:
                self.rises.append(_Rise(row, None, row.quantity))
            elif row.quantity < 0:
                self.falls.append(_Fall(Held(*row[:5], 0, row.unit_cost, 0, 0, 0), -row.quantity, row.unit_cost))
            return
        if row.quantity == was.quantity and row.unit_cost == was.unit_cost and row.lot not in self.pending:
            self.plan.unchanged += 1
            return
        change = self._settle(was, row.quantity)
        if row.unit_cost != was.unit_cost:
            self.costs[row.lot] = row
        if change or row.unit_cost != was.unit_cost:
            self.plan.changed += 1
        else:
            self.plan.unchanged += 1
        if change > 0:
            self.rises.append(_Rise(row, was, change))
        elif change < 0:
            self.falls.append(_Fall(was, -change, row.unit_cost))

    def missing(self, was: Held) -> None:
        """A lot that the list no longer names counts as nil on the list."""
        if not was.quantity and was.lot not in self.pending:
            return
        change = self._settle(was, 0)
        if change < 0:
            self.plan.gone.add(-change, was.cost)
            self.falls.append(_Fall(was, -change, was.unit_cost))
        elif change > 0:
            row = Listed(was.lot, was.item, was.code, was.location, was.category, 0, was.unit_cost)
            self.plan.changed += 1
            self.rises.append(_Rise(row, was, change))

    def _settle(self, was: Held, listed: int) -> int:
        before = self.pending.get(was.lot)
        if before is None:
            return listed - was.quantity
        change, after = settle(was.quantity, before, listed)
        if after != before or (before == 0 and listed == was.quantity):
            self.plan.acknowledged[was.lot] = (before - after, after)
            self.plan.followed.add(before - after, value_raw(before - after, was.unit_cost, self.exponent))
        if after:
            self.plan.outstanding.add(after, value_raw(after, was.unit_cost, self.exponent))
        return change

    def finish(self) -> None:
        """Transfers first, then what else left, then revaluations of what stayed, then what came in."""
        self._match_transfers()
        for fall in self.falls:
            if fall.units:
                self._issue(fall)
        for row in self.costs.values():
            was = self.held[row.lot]
            books = self._of(was)
            self._revalue(row, books, books, was.unit_cost)
        for rise in self.rises:
            self._receive(rise)

    def _of(self, was: Held) -> Books:
        books = self.books.get(was.lot)
        if books is None:
            books = Books(was.quantity, was.cost, was.allowance, self.years.get(was.lot))
            self.books[was.lot] = books
        return books

    def _match_transfers(self) -> None:
        """Units of one SKU and lot code that left one location and stand in another have been moved, not used up."""
        places: defaultdict[tuple[int, str], list[_Rise]] = defaultdict(list)
        for rise in self.rises:
            if rise.listed.code and (rise.held is None or rise.held.quantity >= 0):
                places[rise.listed.item, rise.listed.code].append(rise)
        if not places:
            return
        for fall in self.falls:
            for rise in places.get((fall.held.item, fall.held.code), ()):
                books = self._of(fall.held)
                units = min(fall.units, rise.units, max(books.quantity, 0))
                if units > 0:
                    self._transfer(fall, rise, books.take(units, self.exponent))

    def _transfer(self, fall: _Fall, rise: _Rise, moved: Books) -> None:
        fall.units -= moved.quantity
        rise.units -= moved.quantity
        rise.moved_in.append((fall.held, moved))
        self.plan.transferred.add(moved.quantity, moved.cost - moved.allowance)
        self._move(fall.held, "TRANSFER", moved, -1)
        if rise.held is None:
            self.plan.carried.setdefault(rise.listed.lot, fall.held.lot)

    def _issue(self, fall: _Fall) -> None:
        """Units nobody has explained. Below zero there is no cost to share: those stand at the listed unit cost."""
        books = self._of(fall.held)
        held_units = min(fall.units, max(books.quantity, 0))
        gone = books.take(held_units, self.exponent) if held_units else Books()
        below = fall.units - held_units
        if below:
            short = Books(below, value_raw(below, fall.unit_cost, self.exponent))
            books.put(short, -1)
            gone.put(short)
        self.plan.fallen.add(gone.quantity, gone.cost - gone.allowance)
        self.plan.released += gone.allowance
        self._move(fall.held, "ISSUE", gone, -1)

    def _revalue(self, row: Listed, books: Books, part: Books, old: int) -> None:
        """`part` of the lot's units x (new - old unit cost). Where we wrote the units down directly, a fall in unit
        cost is the ERP following us, as far as it has not followed before, and a rise takes back what it followed
        first; a fall below the allowance takes allowance along, which profit sees."""
        value = value_raw(part.quantity, old, self.exponent)
        delta = value_raw(part.quantity, row.unit_cost, self.exponent) - value
        if part.quantity > 0:
            direct = max(part.write_down() - part.allowance, 0)
            # What the old unit cost did not contain yet: units stand at it, less the write-down still to follow.
            to_follow = min(max(value - part.cost, 0), direct)
            delta = min(0, delta + to_follow) if delta < 0 else max(0, delta - (direct - to_follow))
            delta = max(delta, -max(books.cost, 0))
        if not delta:
            return
        change = Books(0, delta)
        excess = books.allowance - max(books.cost + delta, 0)
        if excess > 0:
            change.allowance = -excess
            change.years = oldest_first(books.years, excess)
            self.plan.released += excess
        books.put(change)
        self.plan.revalued.add(0, delta)
        self._move(row, "REVALUATION", change)

    def _receive(self, rise: _Rise) -> None:
        row = rise.listed
        books = self._of(rise.held) if rise.held else Books()
        for source, moved in rise.moved_in:
            books.put(moved)
            self._move(row, "TRANSFER", moved)
            self._revalue(row, books, moved, source.unit_cost)
        if not rise.units:
            return
        after = books.quantity + rise.units
        if books.quantity < 0 <= after:
            # A lot that was below zero starts anew: what it shows now is worth its unit cost, nothing stays behind.
            cost = value_raw(after, row.unit_cost, self.exponent) - books.cost
        else:
            cost = value_raw(rise.units, row.unit_cost, self.exponent)
            if row.cost is not None and rise.held is None and rise.units == row.quantity:
                cost = row.cost
        came = Books(rise.units, cost)
        books.put(came)
        self.plan.received.add(rise.units, cost)
        self._move(row, "RECEIPT", came)

    def _move(self, place: Held | Listed, kind: str, change: Books, sign: int = 1) -> None:
        self.plan.moves.append(Move.of(place.lot, kind, change, sign, location=place.location, category=place.category))


def legs(plan: RefreshPlan) -> Iterator[tuple[str, int, int, int, int]]:
    """(movement kind, location, category, cost, allowance) summed, for the entries behind the plan."""
    sums: dict[tuple[str, int, int], list[int]] = {}
    for move in plan.moves:
        total = sums.setdefault((move.kind, move.location, move.category), [0, 0])
        total[0] += move.cost
        total[1] += move.allowance
    for (kind, location, category), (cost, allowance) in sums.items():
        yield kind, location, category, cost, allowance
