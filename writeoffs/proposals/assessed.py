"""What accepted lines of an assessment come to as the lots stand now: write-downs, reversals, write-offs, and what is
left out and why. Pure: no query.

Invariant: an amount is worked out from the lot as it stands, so that whatever was posted since, by another assessment
too, is never posted twice; a line whose figure no longer fits its lot is left out and named.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from core.money import MONEY_SCALE, share_raw
from core.words import Reason
from writeoffs.posting.plans import LotState
from writeoffs.posting.reversals import NEW_COST_BASIS, SAME_YEAR, attached, reversible
from writeoffs.proposals.inputs import LineInput
from writeoffs.proposals.models import Kind

# Rounded shares of what left since the run may add up to some units of the currency; more is another cost.
_ROUNDED = 5
# What is required of a unit whatever the number of units: figures of these lines follow the quantity.
_BY_UNIT = frozenset({"NRV", "MARKET", "MATERIAL", "REPLACEMENT", "AGEING", "EXPIRY", "NONE"})


class Left(enum.StrEnum):
    """Why an accepted line is not proposed."""

    NOTHING = "nothing to book: it carries what is required"
    UNTESTED = "untested or not valued, so nothing is known to be required"
    SMALL = "below the least amount of the policy"
    OPEN = "on another proposal that is not decided yet"
    PROPOSED = "proposed from this assessment already"
    GONE = "nothing on hand any more"
    QUANTITY = "its quantity has changed since, and its figure does not follow the quantity: run the assessment again"
    COST = "its cost has changed since: run the assessment again"
    NEW_COST = (
        f"a recovery of an earlier fiscal year's write-down, which is the new cost basis under US GAAP "
        f"({NEW_COST_BASIS}; {SAME_YEAR})"
    )
    NO_REASON = "without a reason: override it and say what the loss is of"


@dataclass(frozen=True, slots=True)
class AcceptedLine:
    """A line as the run made it, raw. governing: required after the override. reason: its cause. expired: past its
    date on the day of the assessment. least: of its policy. by_item: judged by itself, no contract, no override, so
    that its figure may follow the quantity. note: what governed, in words."""

    id: int
    lot_id: int
    tested: bool
    governs: str
    reason: str
    quantity: int
    cost: int
    governing: int
    least: int = 0
    by_item: bool = True
    expired: bool = False
    overridden_by: int | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """What the lots are held against. open_on: lot -> number of a proposal that waits; taken: line -> number of its own
    proposal that stands. fiscal_year: of the posting date."""

    exponent: int
    us_gaap: bool
    fiscal_year: int
    write_off_expired: bool = False
    open_on: Mapping[int, str] | None = None
    taken: Mapping[int, str] | None = None


@dataclass(frozen=True, slots=True)
class Taken:
    """A line that is proposed. amount: of the movement, without a sign. followed: its quantity has changed since."""

    line: AcceptedLine
    kind: str
    reason: str
    location_id: int
    input: LineInput
    amount: int
    followed: bool = False


@dataclass(frozen=True, slots=True)
class LeftOut:
    line: AcceptedLine
    why: Left
    label: str
    document: str = ""


def outcome_of(line: AcceptedLine, state: LotState | None, asked: Asked) -> Taken | LeftOut:
    """One line against its lot as it stands."""
    label = state.label if state is not None else f"lot {line.lot_id}"
    if not line.tested:
        return LeftOut(line, Left.UNTESTED, label)
    if line.id in (asked.taken or {}):
        return LeftOut(line, Left.PROPOSED, label, (asked.taken or {})[line.id])
    if state is None or state.quantity <= 0:
        return LeftOut(line, Left.GONE, label)
    if line.lot_id in (asked.open_on or {}):
        return LeftOut(line, Left.OPEN, label, (asked.open_on or {})[line.lot_id])
    required = _required_now(line, state, asked.exponent)
    return LeftOut(line, required, label) if isinstance(required, Left) else _booked(line, state, required, asked)


def original_cost(state: LotState) -> int:
    """What the units cost before anything was written down, whichever method did it."""
    return state.cost + attached(state) - state.allowance


def _required_now(line: AcceptedLine, state: LotState, exponent: int) -> int | Left:
    """What is required of the units on hand now, from what was required of those of the run."""
    cost, governing = line.cost, line.governing
    if state.quantity != line.quantity:
        if line.quantity <= 0 or not line.by_item or line.governs not in _BY_UNIT:
            return Left.QUANTITY
        cost = share_raw(cost, state.quantity, line.quantity, exponent)
        governing = share_raw(governing, state.quantity, line.quantity, exponent)
    unit: int = 10 ** (MONEY_SCALE - exponent)
    allowed = 0 if state.quantity == line.quantity else _ROUNDED * unit
    if abs(original_cost(state) - cost) > allowed:
        return Left.COST
    return min(governing, original_cost(state))


def _booked(line: AcceptedLine, state: LotState, required: int, asked: Asked) -> Taken | LeftOut:
    movement, whole = required - attached(state), required == original_cost(state)
    if asked.write_off_expired and line.expired and line.reason == Reason.EXPIRY and whole and movement >= 0:
        units = LineInput(line.lot_id, -state.quantity, note=line.note)
        return _taken(line, Kind.WRITE_OFF, state, units, original_cost(state))
    if movement == 0:
        return LeftOut(line, Left.NOTHING, state.label)
    if abs(movement) < line.least:
        return LeftOut(line, Left.SMALL, state.label)
    carrying = state.cost - state.allowance
    if movement > 0:
        if not line.reason:
            return LeftOut(line, Left.NO_REASON, state.label)
        target = LineInput(line.lot_id, 0, carrying - movement, note=line.note)
        return _taken(line, Kind.WRITE_DOWN, state, target, movement)
    back = min(-movement, reversible(state, us_gaap=asked.us_gaap, fiscal_year=asked.fiscal_year))
    if back <= 0:
        return LeftOut(line, Left.NEW_COST, state.label)
    return _taken(line, Kind.REVERSAL, state, LineInput(line.lot_id, 0, carrying + back, note=line.note), back)


def _taken(line: AcceptedLine, kind: str, state: LotState, given: LineInput, amount: int) -> Taken:
    # What came back has no loss of its own to name: its price rose where nothing else is said.
    reason, followed = line.reason or Reason.PRICE_FALL.value, state.quantity != line.quantity
    return Taken(line, kind, reason, state.location_id or 0, given, amount, followed)


def planned(
    lines: Iterable[AcceptedLine], states: Mapping[int, LotState], asked: Asked
) -> tuple[dict[tuple[str, str, int], list[Taken]], list[LeftOut]]:
    """(kind, reason, location) -> what is proposed together, and what is left out, in the order of the lines."""
    groups: dict[tuple[str, str, int], list[Taken]] = {}
    left = []
    for line in lines:
        outcome = outcome_of(line, states.get(line.lot_id), asked)
        if isinstance(outcome, LeftOut):
            left.append(outcome)
        else:
            groups.setdefault((outcome.kind, outcome.reason, outcome.location_id), []).append(outcome)
    return dict(sorted(groups.items())), left
