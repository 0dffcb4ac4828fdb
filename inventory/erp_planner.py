"""Works a movements sheet out, row by row in the order of their days (see erp_plan.py). Pure."""

from __future__ import annotations

from collections.abc import Iterable

from core.money import share_raw, value_raw
from inventory import erp_complaints as say
from inventory.erp_complaints import Wrong
from inventory.erp_layers import costs_otherwise, items_told, names_a_lot, rows_by_lot, told_before
from inventory.erp_plan import (
    ErpPlan,
    Fall,
    Key,
    Known,
    Place,
    Row,
    Told,
    fiscal_year,
    is_outward,
    order,
    sharing,
    unit_cost_after,
)
from inventory.erp_transfers import shown_transfer
from inventory.erp_words import EXPLAINS, HISTORY_ONLY, MAKES_LOTS, MOVEMENT, ErpKind
from inventory.refresh import Move, Tally
from inventory.running import Books, oldest_first


def erp_plan(rows: Iterable[Row], known: Known) -> ErpPlan:
    """What the rows do, with every problem found; known.pending and its falls are used up on the way."""
    planner = _Planner(known)
    for row in sorted(rows, key=order):
        planner.take(row)
    planner.finish()
    return planner.plan


class _Planner:
    def __init__(self, known: Known) -> None:
        self.known = known
        self.plan = ErpPlan()
        self.places: dict[tuple[str, str, str], Place] = {}
        self.seen: dict[Key, int] = {}
        self.last_row: dict[int, Row] = {}
        self.pending = dict(known.pending)
        self.part = 0
        # (SKU, location) -> keys of its lots; made when the first row names no lot.
        self.lots_at: dict[tuple[str, str], list[tuple[str, str, str]]] | None = None
        self.items_told = items_told(known)

    def take(self, row: Row) -> None:
        self.part = 0
        try:
            self._refuse(row)
            if not self._listed_before(row):
                self._apply_all(row)
        except Wrong as wrong:
            self.plan.problems.append(wrong.of(row))

    # --- what cannot be ---------------------------------------------------------------------------------------------

    def _refuse(self, row: Row) -> None:
        first = self.seen.setdefault(row.key, row.row)
        if first != row.row:
            raise say.twice(row, first)
        if where := self.known.told.get(row.key) or told_before(row, self.known, self.items_told):
            raise say.taken_in_before(row, where)
        if row.day in self.known.refused and not (self._explains(row) and self.known.first_open):
            raise Wrong("day_not_open", "date", row.day, self.known.refused[row.day])
        if row.kind in HISTORY_ONLY and not self.known.history:
            raise say.history_only(row)
        if row.allowance is not None and not self.known.history:
            raise say.allowance_given(row, row.allowance)

    def _listed_before(self, row: Row) -> bool:
        """Whether a stock list has shown it already and nothing is left to do."""
        if self.known.history or row.day > self.known.listed_on:
            return False
        if self._explains(row):
            return False
        self._left_out(row, row.quantity)
        return True

    def _explains(self, row: Row) -> bool:
        """Whether a stock list has shown it, and its fall is still to be explained."""
        if self.known.history or row.day > self.known.listed_on or not is_outward(row.kind):
            return False
        place = self._known_place(row)
        falls = self.known.falls.get(place.ref, []) if place else []
        return any(fall.day >= row.day and fall.left.quantity > 0 for fall in falls)

    def _left_out(self, row: Row, quantity: int) -> None:
        self.plan.left_out += 1
        self.plan.problems.append(say.left_out(row, quantity, self.known.listed_on))

    # --- places -----------------------------------------------------------------------------------------------------

    def _known_place(self, row: Row) -> Place | None:
        return self._place(row.sku, row.code, row.place)

    def _place(self, sku: str, code: str, at: str) -> Place | None:
        key = (sku, code, at)
        place = self.places.get(key)
        if place is None and key in self.known.lots:
            held = self.known.lots[key]
            books = Books(held.quantity, held.cost, held.allowance, self.known.years.get(held.lot))
            place = self.places[key] = Place(
                held.lot, held.item, held.code, held.location, held.category, held.unit_cost, books
            )
        return place

    def _new_place(self, row: Row, code: str, at: str) -> Place:
        """A lot that the books do not have yet, with the item, location and category that it may need."""
        place = Place(-len(self.plan.new) - 1, 0, code, 0, 0, 0, Books(), row.row, row.day)
        if row.sku not in self.known.items:
            name = row.category or "Uncategorised"
            if name not in self.known.categories:
                self.known.categories[name] = -1 - sum(1 for key in self.known.categories.values() if key < 0)
                place.new_category = name
            ref = -1 - sum(1 for item, _ in self.known.items.values() if item < 0)
            self.known.items[row.sku] = (ref, self.known.categories[name])
            place.new_item = row.sku
        place.item, place.category = self.known.items[row.sku]
        if at not in self.known.places:
            self.known.places[at] = -1 - sum(1 for key in self.known.places.values() if key < 0)
            place.new_place = at
        place.location = self.known.places[at]
        self.places[row.sku, code, at] = place
        if self.lots_at is not None:
            self.lots_at.setdefault((row.sku, at), []).append((row.sku, code, at))
        self.plan.new.append(place)
        return place

    def _of(self, row: Row) -> Place:
        place = self._known_place(row)
        if place is None:
            if row.kind not in MAKES_LOTS:
                raise self._unknown(row)
            place = self._new_place(row, row.code, row.place)
        if self.known.history and place.ref in self.known.own:
            raise say.after_postings(row)
        return place

    def _unknown(self, row: Row) -> Wrong:
        lots = (*self.known.lots, *self.places)
        elsewhere = sorted({at for sku, code, at in lots if (sku, code) == (row.sku, row.code)})
        return say.unknown(row, elsewhere, item_is_known=row.sku in self.known.items)

    # --- what happens -----------------------------------------------------------------------------------------------

    def _apply_all(self, row: Row) -> None:
        """Lot by lot where the row names none and a cost formula says which."""
        layers = [] if names_a_lot(row, self.known) or self._known_place(row) else self._layers(row)
        before = len(self.plan.told)
        for part in rows_by_lot(row, layers, self.known) if layers else [row]:
            self._apply(part)
        gone = -sum(told.cost for told in self.plan.told[before:])
        if layers and row.cost is not None and row.cost != gone:
            self.plan.problems.append(costs_otherwise(row, gone))

    def _layers(self, row: Row) -> list[Place]:
        """The item's lots at the row's place, those without stock too; those that the sheet makes are among them."""
        if self.lots_at is None:
            self.lots_at = {}
            for key in dict.fromkeys((*self.known.lots, *self.places)):
                self.lots_at.setdefault((key[0], key[2]), []).append(key)
        own = (self._place(*key) for key in self.lots_at.get((row.sku, row.place), ()))
        return [place for place in own if place is not None]

    def _apply(self, row: Row) -> None:
        place = self._of(row)
        self.last_row[place.ref] = row
        if is_outward(row.kind):
            self._outward(row, place)
        elif row.kind in MAKES_LOTS:
            self._inward(row, place)
        else:
            self._value(row, place)

    def _outward(self, row: Row, place: Place) -> None:
        left = row.quantity
        falls = [] if self.known.history else self.known.falls.get(place.ref, [])
        explained: list[tuple[Fall, Books]] = []
        for fall in falls:
            part = min(left, fall.left.quantity)
            if fall.day >= row.day and part > 0:
                explained.append((fall, fall.left.take(part, self.known.exponent)))
                left -= part
        listed = not self.known.history and row.day <= self.known.listed_on
        if left and listed:
            self._left_out(row, left)
            left = 0
        followed = self._followed(row, place, left)
        left -= followed
        if left > max(place.books.quantity, 0):
            self._give_back(explained)
            held, owed = max(place.books.quantity, 0), self.pending.get(place.ref, 0)
            raise say.too_many(row, held=held, left=left, owed=owed)
        try:
            gone = self._leaving(row, place, left) if left or self.known.history else None
        except Wrong:
            self._give_back(explained)
            raise
        counts = [part.quantity for _, part in explained] + ([left] if gone else [])
        revenues = sharing(row.revenue, counts, sum(counts), self.known.exponent)
        for (fall, share), revenue in zip(explained, revenues, strict=False):
            self._explain(row, place, fall, share, revenue)
        if gone:
            self._leave(row, place, gone, revenues[-1])
        elif followed and not explained:
            # Kept all the same, so that the document is known when it comes again.
            self._keep(row, place, Books(), -1, None, ())

    def _give_back(self, explained: list[tuple[Fall, Books]]) -> None:
        for fall, part in explained:
            fall.left.put(part)

    def _followed(self, row: Row, place: Place, left: int) -> int:
        """Units of a scrap that we have written off before: the ERP follows, and nothing leaves a second time."""
        outstanding = self.pending.get(place.ref, 0)
        if row.kind != ErpKind.SCRAP or self.known.history or outstanding <= 0 or not left:
            return 0
        part = min(left, outstanding)
        self.pending[place.ref] = outstanding - part
        before = self.known.pending[place.ref]
        self.plan.acknowledged[place.ref] = (before - self.pending[place.ref], self.pending[place.ref])
        return part

    def _leaving(self, row: Row, place: Place, left: int) -> Books:
        """What leaves: the lot's share, with the ERP's own cost where it gives one; history may say the allowance."""
        books = place.books
        gone = books.share(left, self.known.exponent) if left else Books()
        empties = left and left == books.quantity
        given = None if row.cost is None else share_raw(row.cost, left, row.quantity, self.known.exponent)
        if given is not None and not (empties and not self.known.history):
            gone.cost = given
        elif given is not None and given != gone.cost:
            self.plan.problems.append(say.last_units(row, given, gone))
        if row.allowance is not None:
            gone.allowance = row.allowance
            gone.years = {year: -amount for year, amount in oldest_first(books.years, row.allowance).items()}
        if not self.known.history:
            self._refuse_left_over(row, place, gone)
        return gone

    def _refuse_left_over(self, row: Row, place: Place, gone: Books) -> None:
        cost, allowance = place.books.cost - gone.cost, place.books.allowance - gone.allowance
        if row.cost is not None and (cost < 0 or allowance > cost):
            raise say.cost_too_high(row, row.cost, cost=cost, allowance=allowance)

    def _explain(self, row: Row, place: Place, fall: Fall, part: Books, revenue: int | None) -> None:
        self.plan.settled.add(part.quantity, part.cost)
        self.plan.explained[fall.id] = EXPLAINS[row.kind] if not fall.left.quantity else ""
        if row.kind == ErpKind.TRANSFER:
            part = self._carry(row, place, fall, part)
        if part.quantity:
            self._keep(row, place, part, -1, revenue, (), fall=fall.id)

    def _carry(self, row: Row, place: Place, fall: Fall, part: Books) -> Books:
        """Bring what a list took off one lot to the lot in which the same list showed the units; what is left."""
        target = self._place(row.sku, row.to_code or row.code, row.to_place or row.place)
        rise = self.known.rises.get((target.ref, fall.ref)) if target else None
        units = min(part.quantity, rise.left.quantity, max(target.books.quantity, 0)) if target and rise else 0
        if target is None or rise is None or not units:
            self.plan.problems.append(say.not_risen(row, part))
            return part
        moved = part.take(units, self.known.exponent)
        came = rise.left.take(units, self.known.exponent)
        change, moves = shown_transfer(place, target, moved, came, self.known.exponent)
        if target.books.allowance + change.allowance > max(target.books.cost + change.cost, 0):
            part.put(moved)
            rise.left.put(came)
            self.plan.problems.append(say.no_room(row, moved))
            return part
        target.books.put(change)
        self.last_row[target.ref] = row
        if rise.fresh:
            self.plan.aged.setdefault(target.ref, place.ref)
        self.plan.carried.add(moved.quantity, moved.allowance)
        self._keep(row, place, moved, -1, None, moves, fall=fall.id, to=target, to_cost=change.cost, posted=fall.day)
        if part.quantity:
            self.plan.problems.append(say.not_risen(row, part))
        return part

    def _leave(self, row: Row, place: Place, gone: Books, revenue: int | None) -> None:
        before = place.books.quantity
        place.books.put(gone, -1)
        if row.cost is not None:
            self._recost(place, before, -gone.cost)
        moves = [self._move(row, place, gone, -1)]
        target = None
        if row.kind == ErpKind.TRANSFER:
            target = self._target(row, place)
            before = target.books.quantity
            target.books.put(gone)
            self.last_row[target.ref] = row
            self._recost(target, before, value_raw(gone.quantity, place.unit_cost, self.known.exponent))
            moves.append(self._move(row, target, gone, 1))
        elif not self.known.history:
            self.plan.released += gone.allowance
        self._keep(row, place, gone, -1, revenue, tuple(moves), to=target)

    def _target(self, row: Row, place: Place) -> Place:
        code, at = row.to_code or row.code, row.to_place or row.place
        target = self._place(row.sku, code, at)
        if target is None:
            target = self._new_place(row, code, at)
            target.unit_cost, target.source, target.received_on = place.unit_cost, place.ref, None
        return target

    def _inward(self, row: Row, place: Place) -> None:
        before = place.books.quantity
        came = Books(row.quantity)
        if row.kind == ErpKind.CUSTOMER_RETURN and before > 0:
            # What comes back stands beside its like, at their share of cost and allowance (IAS 2.9).
            came = place.books.share(row.quantity, self.known.exponent)
        elif row.cost is None and place.unit_cost:
            came.cost = value_raw(row.quantity, place.unit_cost, self.known.exponent)
        elif row.cost is None:
            raise say.cost_missing(row)
        if row.cost is not None:
            came.cost = row.cost
        if row.allowance and self.known.history:
            came.allowance = row.allowance
            came.years = {row.year or fiscal_year(row.day, self.known.starts_in_month) - 1: row.allowance}
        place.books.put(came)
        if row.cost is not None:
            self._recost(place, before, came.cost)
        if not self.known.history:
            self.plan.released -= came.allowance
        revenue = None if row.revenue is None else -row.revenue
        self._keep(row, place, came, 1, revenue, (self._move(row, place, came, 1),))

    def _value(self, row: Row, place: Place) -> None:
        """Value alone changes: revaluation, and what history tells of counts, exchange and allowance."""
        change = self._value_change(row, place)
        before = place.books.quantity
        excess = place.books.allowance - max(place.books.cost + change.cost, 0)
        if row.kind == ErpKind.REVALUATION and excess > 0:
            change.allowance, change.years = -excess, oldest_first(place.books.years, excess)
            self.plan.released += 0 if self.known.history else excess
        if row.kind == ErpKind.REVALUATION and place.books.cost + change.cost < 0:
            raise say.below_nil(row, change.cost, place.books.cost)
        place.books.put(change)
        if row.kind in (ErpKind.REVALUATION, ErpKind.COUNT, ErpKind.EXCHANGE):
            self._recost(place, before, change.cost)
        self._keep(row, place, change, 1, row.revenue, (self._move(row, place, change, 1),))

    def _value_change(self, row: Row, place: Place) -> Books:
        cost, allowance = row.cost or 0, row.allowance or 0
        year = row.year or fiscal_year(row.day, self.known.starts_in_month)
        books = place.books
        match row.kind:
            case "CHARGE":
                return Books(
                    0, -allowance if self.known.direct else 0, 0 if self.known.direct else allowance, {year: allowance}
                )
            case "REVERSAL" | "RELEASED":
                direct = self.known.direct and row.kind == "REVERSAL"
                back = oldest_first(books.years, allowance)
                return Books(-row.quantity, allowance if direct else -cost, 0 if direct else -allowance, back)
            case "EXCHANGE":
                years = {year: allowance} if allowance > 0 else oldest_first(books.years, -allowance)
                return Books(0, cost, allowance, years)
            case "COUNT":
                return Books(row.quantity, cost, -allowance, oldest_first(books.years, allowance))
            case _:
                return Books(0, cost)

    def _recost(self, place: Place, before: int, delta: int) -> None:
        place.unit_cost = unit_cost_after(place.unit_cost, before, delta, place.books.quantity)
        if place.ref > 0:
            self.plan.costs[place.ref] = place.unit_cost

    def _move(self, row: Row, place: Place, change: Books, sign: int) -> Move:
        return place.move(MOVEMENT[row.kind], change, sign)

    def _keep(
        self,
        row: Row,
        place: Place,
        change: Books,
        sign: int,
        revenue: int | None,
        moves: tuple[Move, ...],
        *,
        fall: int = 0,
        to: Place | None = None,
        to_cost: int | None = None,
        posted: str = "",
    ) -> None:
        self.part += 1
        posted = posted or row.day
        self.plan.tallies.setdefault(row.kind, Tally()).add(sign * change.quantity, sign * change.cost)
        self.plan.revenue += revenue or 0
        self.plan.told.append(
            Told(
                row.row,
                self.part,
                row.kind,
                row.day,
                (self.known.first_open or posted) if posted in self.known.refused else posted,
                place.ref,
                to.ref if to else 0,
                sign * change.quantity,
                sign * change.cost,
                sign * change.allowance,
                sign * change.write_down(),
                revenue,
                row.settlement if revenue is not None else "",
                fall,
                moves,
                place.location,
                place.category,
                to_cost,
            )
        )

    def finish(self) -> None:
        """The lots afterwards: an allowance stands between nil and cost, whatever history was told."""
        for place in self.places.values():
            row = self.last_row.get(place.ref)
            if row is not None and not 0 <= place.books.allowance <= max(place.books.cost, 0):
                self.plan.problems.append(say.allowance_beyond_cost(row, place.books))
