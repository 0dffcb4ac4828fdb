"""From losses as the books recognise them to losses as tax does: what is deducted when, and what waits. Pure.

Invariant: of every lot and reason, book loss = deducted + permanent difference + temporary difference, at any day. A
write-down that was not deducted when it was booked is deducted when its units leave: sold, disposed of, or written off
and gone. Goods in quarantine are not gone. Amounts are raw money (10^4), quantities raw (10^4), as in posting/plans.py.
"""

from __future__ import annotations

import enum
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal

from core.money import MONEY_SCALE, at_rate, from_raw, share_raw
from writeoffs.valuation.rules.tax_terms import Terms

ZERO = Decimal(0)


class Does(enum.StrEnum):
    """What an event does to a lot, for tax.

    CHARGE: a loss on goods that stay. REVERSE: part of it comes back. LEAVE: units leave with a loss of their own
    (a gain negative) and their share of earlier write-downs. DISPOSE, RECOVER: units that stood in quarantine. RELEASE:
    units sold with their share. KEPT: what was released turns out to have stayed. BROUGHT: a write-down from before our
    books. MOVE_OUT, MOVE_IN: a transfer. FOUND: units that a count found carry their share of the lot's write-down, of
    which tax knows nothing.
    """

    CHARGE = "CHARGE"
    REVERSE = "REVERSE"
    LEAVE = "LEAVE"
    DISPOSE = "DISPOSE"
    RECOVER = "RECOVER"
    RELEASE = "RELEASE"
    KEPT = "KEPT"
    BROUGHT = "BROUGHT"
    MOVE_OUT = "MOVE_OUT"
    MOVE_IN = "MOVE_IN"
    FOUND = "FOUND"


class Treated(enum.StrEnum):
    """NOW: deducted as it is booked. LATER: a temporary difference. NEVER: a permanent one."""

    NOW = "NOW"
    LATER = "LATER"
    NEVER = "NEVER"


@dataclass(frozen=True, slots=True)
class Event:
    """amount: the loss itself. attached: the earlier write-down that goes along (or comes, of BROUGHT, MOVE_IN, FOUND).
    gone: whether what leaves is gone, not in quarantine. ref: the document whose goods stand, or the transfer. units:
    of LEAVE, DISPOSE and RECOVER."""

    does: Does
    lot_id: int
    reason: str = ""
    amount: int = 0
    attached: int = 0
    treated: Treated = Treated.NOW
    gone: bool = True
    ref: str = ""
    units: int = 0


@dataclass(slots=True)
class Figures:
    """Of one lot and reason, all raw: what the books lost, what tax deducted of it, what it never will."""

    book: int = 0
    deducted: int = 0
    permanent: int = 0

    @property
    def temporary(self) -> int:
        return self.book - self.deducted - self.permanent


@dataclass(slots=True)
class _Part:
    """A write-down that is still attached: of which reason, and how tax has treated it."""

    reason: str
    treated: Treated
    amount: int


@dataclass(slots=True)
class _Standing:
    """Goods in quarantine: units left, their own loss, and the write-downs that left with them."""

    units: int
    reason: str
    treated: Treated
    loss: int
    parts: list[_Part] = field(default_factory=list)


def _taken(parts: list[_Part], amount: int, whole: int, exponent: int) -> list[_Part]:
    """Take amount/whole of every part; the last of it takes the rest, so that the shares add up."""
    if not whole:
        return []
    taken, cumulated, before = [], 0, 0
    for part in parts:
        cumulated += part.amount
        share = share_raw(cumulated, min(amount, whole), whole, exponent) - before
        before += share
        part.amount -= share
        if share:
            taken.append(_Part(part.reason, part.treated, share))
    parts[:] = [part for part in parts if part.amount]
    return taken


class _Fold:
    """The state while events are taken one after the other."""

    def __init__(self, exponent: int) -> None:
        self.exponent = exponent
        self.figures: defaultdict[tuple[int, str], Figures] = defaultdict(Figures)
        self.attached: defaultdict[int, list[_Part]] = defaultdict(list)
        self.standing: dict[tuple[str, int], _Standing] = {}
        self.moving: defaultdict[str, list[_Part]] = defaultdict(list)
        self.released: defaultdict[int, list[_Part]] = defaultdict(list)

    def take(self, event: Event) -> None:
        match event.does:
            case Does.CHARGE | Does.BROUGHT:
                amount = event.amount or event.attached
                self._book(event.lot_id, event.reason, event.treated, amount)
                self.attached[event.lot_id].append(_Part(event.reason, event.treated, amount))
            case Does.FOUND:
                self.attached[event.lot_id].append(_Part(event.reason, Treated.NEVER, event.attached))
            case Does.LEAVE:
                self._leave(event)
            case Does.DISPOSE | Does.RECOVER:
                self._out_of_quarantine(event)
            case Does.REVERSE:
                for part in self._off(event.lot_id, event.attached):
                    self._book(event.lot_id, part.reason, part.treated, -part.amount)
            case Does.RELEASE:
                parts = self._off(event.lot_id, event.attached)
                self._deduct(event.lot_id, parts)
                self.released[event.lot_id] += [_Part(part.reason, part.treated, part.amount) for part in parts]
            case Does.KEPT:
                pool = self.released[event.lot_id]
                parts = _taken(pool, event.attached, sum(part.amount for part in pool), self.exponent)
                self._deduct(event.lot_id, parts, sign=-1)
                self.attached[event.lot_id] += parts
            case Does.MOVE_OUT:
                parts = self._off(event.lot_id, event.attached)
                self.moving[event.ref].extend(parts)
                for part in parts:
                    self._book(event.lot_id, part.reason, part.treated, -part.amount)
            case Does.MOVE_IN:
                pool = self.moving[event.ref]
                for part in _taken(pool, event.attached, sum(one.amount for one in pool), self.exponent):
                    self._book(event.lot_id, part.reason, part.treated, part.amount)
                    self.attached[event.lot_id].append(part)

    def _book(self, lot_id: int, reason: str, treated: Treated, amount: int) -> None:
        figures = self.figures[lot_id, reason]
        figures.book += amount
        if treated is Treated.NOW:
            figures.deducted += amount
        elif treated is Treated.NEVER:
            figures.permanent += amount

    def _deduct(self, lot_id: int, parts: Iterable[_Part], *, sign: int = 1) -> None:
        """What waited for the units to leave is deducted by now; sign -1: waits again."""
        for part in parts:
            if part.treated is Treated.LATER:
                self.figures[lot_id, part.reason].deducted += sign * part.amount

    def _off(self, lot_id: int, amount: int) -> list[_Part]:
        parts = self.attached[lot_id]
        return _taken(parts, amount, sum(part.amount for part in parts), self.exponent)

    def _leave(self, event: Event) -> None:
        self._book(event.lot_id, event.reason, event.treated, event.amount)
        parts = self._off(event.lot_id, event.attached)
        if event.gone:
            self._deduct(event.lot_id, parts)
            return
        goods = _Standing(event.units, event.reason, event.treated, event.amount, parts)
        self.standing[event.ref, event.lot_id] = goods

    def _out_of_quarantine(self, event: Event) -> None:
        goods = self.standing.get((event.ref, event.lot_id))
        if goods is None or goods.units <= 0:
            return
        units, whole = min(event.units, goods.units), goods.units
        loss = share_raw(goods.loss, units, whole, self.exponent)
        parts = _taken(goods.parts, units, whole, self.exponent)
        goods.units, goods.loss = whole - units, goods.loss - loss
        if event.does is Does.DISPOSE:
            self._deduct(event.lot_id, [_Part(goods.reason, goods.treated, loss), *parts])
            return
        self._book(event.lot_id, goods.reason, goods.treated, -loss)
        self.attached[event.lot_id].extend(parts)


def folded(events: Iterable[Event], *, exponent: int) -> dict[tuple[int, str], Figures]:
    """(lot, reason) -> its figures after all the events, in their order."""
    fold = _Fold(exponent)
    for event in events:
        fold.take(event)
    return dict(fold.figures)


@dataclass(frozen=True, slots=True)
class BridgeRow:
    """One lot and reason over a period. Differences and assets: at its ends. current: tax saved now (due negative).
    unrecognised: the part of the closing asset that will not be used."""

    lot_id: int
    reason: str
    book_loss: Decimal
    deductible: Decimal
    permanent: Decimal
    opening_difference: Decimal
    closing_difference: Decimal
    rate: Decimal
    opening_asset: Decimal
    closing_asset: Decimal
    unrecognised: Decimal
    current: Decimal

    @property
    def movement(self) -> Decimal:
        """Of the deferred tax asset."""
        return self.closing_asset - self.opening_asset

    @property
    def is_nil(self) -> bool:
        return not (self.book_loss or self.deductible or self.opening_difference or self.closing_difference)


def asset(difference: Decimal, terms: Terms, currency: str) -> tuple[Decimal, Decimal]:
    """(recognised, unrecognised) deferred tax on a temporary difference, as far as it is recoverable (IAS 12.24; ASC
    740-10-30-5)."""
    whole = at_rate(difference, terms.rate, currency)
    kept = at_rate(whole, terms.recoverable, currency)
    return kept, whole - kept


def bridge_row(
    key: tuple[int, str], opening: Figures, closing: Figures, *, before: Terms, now: Terms, currency: str
) -> BridgeRow:
    """before, now: the terms at the day before the period and at its last day."""
    first, last = _money(opening.temporary), _money(closing.temporary)
    deductible = _money(closing.deducted - opening.deducted)
    kept, lost = asset(last, now, currency)
    return BridgeRow(
        *key,
        book_loss=_money(closing.book - opening.book),
        deductible=deductible,
        permanent=_money(closing.permanent - opening.permanent),
        opening_difference=first,
        closing_difference=last,
        rate=now.rate,
        opening_asset=asset(first, before, currency)[0],
        closing_asset=kept,
        unrecognised=lost,
        current=at_rate(deductible, now.rate, currency),
    )


def _money(raw: int) -> Decimal:
    return from_raw(raw, MONEY_SCALE)
