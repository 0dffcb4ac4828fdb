"""What a posting will do, worked out before anything is done. Pure: no Django model, no query.

Two steps: a decided loss becomes Changes of lots; Changes become PlannedEntries, one balanced entry per leg.
All amounts are raw scaled integers (quantity 10^4, unit cost 10^6, money 10^4) and signed as the lot sees them.
Invariant: what leaves a lot takes its share of cost, allowance and attached write-down along, by fiscal year too; the
last unit out takes the rest, so that a lot without units carries no value.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from core.errors import BadInput, NotEnoughStock, WrongState
from core.money import MONEY_SCALE, QUANTITY_SCALE, display, display_quantity, from_raw, plain, share_raw, value_raw
from core.words import Method
from writeoffs.ledger.journal import PlannedEntry as PlannedEntry
from writeoffs.ledger.journal import PlannedLine as PlannedLine
from writeoffs.ledger.roles import loss_role


class LotState(NamedTuple):
    """A lot as it stands. write_downs: (fiscal year of the charge, amount still attached), oldest first."""

    lot_id: int
    label: str
    quantity: int
    unit_cost: int
    cost: int
    allowance: int
    write_downs: tuple[tuple[int, int], ...] = ()
    location_id: int | None = None
    category_id: int | None = None


class Change(NamedTuple):
    """What happens to one lot. loss: what profit bears (gain negative) = -(cost - allowance). standing: units that
    leave the quarantine register alone; the lot lost them with their write-off."""

    lot: LotState
    quantity: int
    cost: int
    allowance: int
    write_down: int
    by_year: tuple[tuple[int, int], ...]
    loss: int
    standing: int = 0


@dataclass(frozen=True, slots=True)
class QuarantineState:
    """Units of one lot that a write-off took out of the books and that still stand in the warehouse.

    quantity, cost, allowance, by_year: what left with the write-off (positive); left: units not yet recovered or
    disposed of. since: the day on which they left the books.
    """

    lot: LotState
    quantity: int
    left: int
    cost: int
    allowance: int
    by_year: tuple[tuple[int, int], ...]
    fiscal_year: int
    document: str
    since: dt.date = dt.date.min


class Part(NamedTuple):
    """What an entry is built from: the summed change of one or many lots that share a line's dimensions."""

    reason: str
    inward: bool
    cost: int
    allowance: int
    location_id: int | None = None
    category_id: int | None = None
    cost_centre_id: int | None = None


# Quantities of people's sentences: plain English separators, since an error is stored in the audit trail as well.
def _units(raw: int) -> str:
    return "0" if raw == 0 else display_quantity(from_raw(raw, QUANTITY_SCALE))


def _amount(raw: int, exponent: int) -> str:
    return f"{0:.{exponent}f}" if raw == 0 else display(from_raw(raw, MONEY_SCALE), exponent)


def _moved(lot: LotState, quantity: int, sign: int, exponent: int) -> Change:
    """`quantity` units leave (sign -1) or come in (+1) with their shares of what the lot carries. By fiscal year the
    shares are differences of cumulated shares, so that they add up exactly and none takes more than its year has."""
    cost = share_raw(lot.cost, quantity, lot.quantity, exponent)
    allowance = share_raw(lot.allowance, quantity, lot.quantity, exponent)
    by_year, cumulated, taken = [], 0, 0
    for year, amount in lot.write_downs:
        cumulated += amount
        share = share_raw(cumulated, quantity, lot.quantity, exponent)
        if share != taken:
            by_year.append((year, sign * (share - taken)))
        taken = share
    return Change(
        lot, sign * quantity, sign * cost, sign * allowance, sign * taken, tuple(by_year), sign * (allowance - cost)
    )


def _out(lot: LotState, quantity: int, exponent: int) -> Change:
    return _moved(lot, quantity, -1, exponent)


def write_off(
    lot: LotState, quantity: int, *, exponent: int, done: str = "written off", carrying: int | None = None
) -> Change:
    """Units leave the books: a write-off, or a disposal of what is on hand. done: how people say it. carrying: what the
    lot carries from then on where a cost formula over several lots says it, of a lot of which no unit leaves too;
    else the units take their share. NotEnoughStock where the lot holds fewer; BadInput where nothing would leave."""
    if carrying is not None and quantity >= 0 and lot.quantity >= quantity:
        return _averaged(lot, quantity, carrying, exponent)
    if quantity <= 0:
        raise BadInput(f"Lot {lot.label}: only a quantity above nil can be {done}. Enter how many units leave.")
    if lot.quantity <= 0:
        raise NotEnoughStock(
            f"Lot {lot.label} has {_units(lot.quantity)} on hand, so nothing can be {done}. Remove the line, "
            "or upload a newer stock list first."
        )
    if quantity > lot.quantity:
        raise NotEnoughStock(
            f"Lot {lot.label} holds {_units(lot.quantity)}; {_units(quantity)} were to be {done}. "
            f"Reduce the line to {_units(lot.quantity)} at most."
        )
    return _out(lot, quantity, exponent)


def _averaged(lot: LotState, quantity: int, carrying: int, exponent: int) -> Change:
    """The lot comes to the carrying amount that the average of all its item's lots gives it (IAS 2.27)."""
    out = _out(lot, quantity, exponent)
    left = lot.allowance + out.allowance
    if carrying < 0 or (lot.quantity == quantity and carrying):
        raise BadInput(
            f"Lot {lot.label} would carry {_amount(carrying, exponent)} after {_units(quantity)} leave. Remove the "
            "lines of its item and propose them anew."
        )
    cost = carrying + left - lot.cost
    return out._replace(cost=cost, loss=out.allowance - cost)


def disposal_of_standing(state: QuarantineState, quantity: int) -> Change:
    """Units that stand in quarantine at nil value leave the register; neither lot nor ledger has them any more.
    NotEnoughStock where fewer stand there."""
    lot = state.lot
    if quantity <= 0:
        raise BadInput(f"Lot {lot.label}: only a quantity above nil can be disposed of. Enter how many units leave.")
    if quantity > state.left:
        raise NotEnoughStock(
            f"Lot {lot.label}: {_units(state.left)} of {state.document} stand in quarantine; {_units(quantity)} were "
            f"to be disposed of. Reduce the line to {_units(state.left)} at most."
        )
    return Change(lot, 0, 0, 0, 0, (), 0, standing=-quantity)


def write_down(lot: LotState, new_carrying_amount: int, *, method: str, fiscal_year: int, exponent: int) -> Change:
    """Stock stays, its carrying amount falls to the given one (IAS 2.28-29; ASC 330-10-35-1B). BadInput where it
    would not fall."""
    carrying = lot.cost - lot.allowance
    if lot.quantity <= 0:
        raise BadInput(
            f"Lot {lot.label} has {_units(lot.quantity)} on hand, so there is nothing to write down. Remove the line."
        )
    refuse_target(lot, new_carrying_amount, exponent)
    if new_carrying_amount >= carrying:
        raise BadInput(
            f"Lot {lot.label} carries {_amount(carrying, exponent)}; writing it down to "
            f"{_amount(new_carrying_amount, exponent)} would not lower it. Enter a lower amount, or remove the line."
        )
    amount = carrying - new_carrying_amount
    direct = method == Method.DIRECT
    return Change(lot, 0, -amount if direct else 0, 0 if direct else amount, amount, ((fiscal_year, amount),), amount)


def refuse_target(lot: LotState, new_carrying_amount: int, exponent: int) -> None:
    """BadInput where a carrying amount that a lot is to have is below nil or finer than the currency."""
    if new_carrying_amount < 0:
        raise BadInput(
            f"Lot {lot.label}: the new carrying amount {_amount(new_carrying_amount, exponent)} is below nil. "
            "Nil is the lowest; enter 0 to write it down in full."
        )
    unit = 10 ** (MONEY_SCALE - exponent)
    below = new_carrying_amount - new_carrying_amount % unit
    if below != new_carrying_amount:
        raise BadInput(
            f"Lot {lot.label}: the new carrying amount {plain(from_raw(new_carrying_amount, MONEY_SCALE))} is finer "
            f"than the currency, which has {exponent or 'no'} decimals. Enter {_amount(below, exponent)} or "
            f"{_amount(below + unit, exponent)}."
        )


def count_adjustment(lot: LotState, difference: int, *, exponent: int) -> Change:
    """A counted difference: a shortage leaves with its shares, and an overage comes in with the same shares, so that
    units found of a written-down lot are worth no more than those beside them (IAS 2.9; ASC 330-10-35-14). At unit
    cost only where the lot holds none."""
    if difference == 0:
        raise BadInput(f"Lot {lot.label}: the count agrees with the book, so there is nothing to adjust.")
    if difference < 0:
        if -difference > lot.quantity:
            raise NotEnoughStock(
                f"Lot {lot.label} holds {_units(lot.quantity)}; the count found {_units(-difference)} missing. "
                "The lot has "
                "moved since the count: count it again, or remove the line."
            )
        return _out(lot, -difference, exponent)
    if lot.quantity + difference == 0:
        # A lot that was negative comes to nil: whatever value it still carried goes with it.
        return _out(lot, difference * -1, exponent)
    if lot.quantity > 0:
        return _moved(lot, difference, 1, exponent)
    cost = value_raw(difference, lot.unit_cost, exponent)
    return Change(lot, difference, cost, 0, 0, (), -cost)


def _cumulated(total: int, before: int, after: int, whole: int, exponent: int) -> int:
    return share_raw(total, after, whole, exponent) - share_raw(total, before, whole, exponent)


def recovery(state: QuarantineState, quantity: int, *, exponent: int, us_gaap: bool, fiscal_year: int) -> Change:
    """Units written off come back at the share of cost and allowance that they left with.

    WrongState under US GAAP where the write-off lies in an earlier fiscal year (ASC 330-10-35-14); NotEnoughStock where
    fewer units stand in quarantine.
    """
    lot = state.lot
    if quantity <= 0:
        raise BadInput(f"Lot {lot.label}: a recovery takes a quantity above nil. Enter how many units come back.")
    if quantity > state.left:
        raise NotEnoughStock(
            f"Lot {lot.label}: {_units(state.left)} of {state.document} stand in quarantine; {_units(quantity)} "
            "were to be "
            f"recovered. Reduce the line to {_units(state.left)} at most."
        )
    if us_gaap and state.fiscal_year != fiscal_year:
        raise WrongState(
            f"Lot {lot.label} was written off in fiscal year {state.fiscal_year} ({state.document}). Under US GAAP the "
            "written-off amount is its new cost basis and cannot be recovered in a later fiscal year (ASC "
            "330-10-35-14). "
            "Leave the goods at nil until they are sold or disposed of."
        )
    before, whole = state.quantity - state.left, state.quantity
    after = before + quantity
    by_year = [(year, _cumulated(amount, before, after, whole, exponent)) for year, amount in state.by_year]
    given = sum(amount for _, amount in by_year)
    # Where the allowance is the write-downs, it comes back as they do; cost is allowance and carrying amount together,
    # so that rounding never brings back more allowance than cost.
    attached = sum(amount for _, amount in state.by_year)
    allowance = given if attached == state.allowance else _cumulated(state.allowance, before, after, whole, exponent)
    carrying = _cumulated(state.cost - state.allowance, before, after, whole, exponent)
    returned = tuple((year, amount) for year, amount in by_year if amount)
    return Change(lot, quantity, carrying + allowance, allowance, given, returned, -carrying)


def void(posted: Change) -> Change:
    """The mirror of a posted change against the lot as it stands now. NotEnoughStock where what it brought is gone."""
    lot = posted.lot
    if not (posted.quantity or posted.cost or posted.allowance or posted.write_down):
        return posted  # goods at nil value: only the quarantine register has them
    mirror = Change(
        lot,
        -posted.quantity,
        -posted.cost,
        -posted.allowance,
        -posted.write_down,
        tuple((year, -amount) for year, amount in posted.by_year),
        -posted.loss,
    )
    if mirror.quantity < 0 and lot.quantity + mirror.quantity < 0:
        raise NotEnoughStock(
            f"Lot {lot.label} holds {_units(lot.quantity)}; voiding takes {_units(-mirror.quantity)} back out. "
            "The units "
            "have left since: correct them by a new proposal instead."
        )
    attached = dict(lot.write_downs)
    value_gone = lot.allowance + mirror.allowance < 0 or any(
        attached.get(year, 0) + amount < 0 for year, amount in mirror.by_year
    )
    if value_gone or (posted.quantity == 0 and lot.quantity <= 0):
        raise NotEnoughStock(
            f"Lot {lot.label}: part of the written-down units has left since, with their share of the write-down. "
            "It cannot be voided any more; correct what is left by a new proposal."
        )
    left_quantity, left_cost = lot.quantity + mirror.quantity, lot.cost + mirror.cost
    if left_cost < lot.allowance + mirror.allowance or (left_quantity == 0 and left_cost != 0):
        raise NotEnoughStock(
            f"Lot {lot.label} has changed value since, so the mirror no longer fits it. Correct it by a new proposal."
        )
    return mirror


def part_of(change: Change, *, reason: str, cost_centre_id: int | None = None) -> Part:
    return Part(
        reason,
        change.quantity > 0,
        change.cost,
        change.allowance,
        change.lot.location_id,
        change.lot.category_id,
        cost_centre_id,
    )


def parts_summed(rows: Iterable[tuple[LotState, bool, int, int, int | None]], *, reason: str) -> list[Part]:
    """What happened to many lots by the dimensions of a journal line. rows: lot, whether it came in, cost, allowance,
    cost centre."""
    sums: dict[tuple[bool, int | None, int | None, int | None], list[int]] = {}
    for lot, inward, cost, allowance, cost_centre_id in rows:
        of = sums.setdefault((inward, lot.location_id, lot.category_id, cost_centre_id), [0, 0])
        of[0] += cost
        of[1] += allowance
    return [
        Part(reason, inward, cost, allowance, location_id, category_id, centre_id)
        for (inward, location_id, category_id, centre_id), (cost, allowance) in sums.items()
    ]


def lines_of(parts: Iterable[Part], *, bears: str = "") -> list[PlannedLine]:
    """INVENTORY follows cost, INVENTORY_ALLOWANCE the allowance, and the loss role of the reason, or the one given,
    bears what is left: a write-down, its reversal, a write-off, a count difference and a recovery are the same three
    lines with other signs."""
    sums: defaultdict[tuple[str, int | None, int | None, int | None, str], int] = defaultdict(int)
    for part in parts:
        dimensions = (part.location_id, part.category_id, part.cost_centre_id, part.reason)
        sums["INVENTORY", *dimensions] += part.cost
        sums["INVENTORY_ALLOWANCE", *dimensions] -= part.allowance
        sums[bears or loss_role(part.reason), *dimensions] += part.allowance - part.cost
    return [
        PlannedLine(role, from_raw(amount, MONEY_SCALE), location, category, cost_centre, reason)
        for (role, location, category, cost_centre, reason), amount in sorted(sums.items(), key=_line_order)
        if amount
    ]


def _line_order(item: tuple[tuple[str, int | None, int | None, int | None, str], int]) -> tuple[object, ...]:
    """Debits first, then by dimensions: the order in which an accountant reads an entry, and always the same one."""
    (role, location, category, cost_centre, reason), amount = item
    return (amount < 0, role, location or 0, category or 0, cost_centre or 0, reason)


# A count's losses and gains are two legs, so that they are never netted against each other.
_LEGS: dict[str, tuple[tuple[str, bool | None, str], ...]] = {
    "WRITE_OFF": (("WRITE_OFF", None, "Write-off"),),
    "WRITE_DOWN": (("WRITE_DOWN", None, "Write-down"),),
    "COUNT_ADJUSTMENT": (("COUNT_LOSS", False, "Count losses"), ("COUNT_GAIN", True, "Count gains")),
    "RECOVERY": (("RECOVERY", None, "Recovery of written-off stock"),),
    "DISPOSAL": (("DISPOSAL", None, "Disposal"),),
    "REVERSAL": (("REVERSAL", None, "Reversal of write-down"),),
    # Documents without lots post their charges alone.
    "TAX": (),
    "ACCRUAL": (),
    "CLAIM": (),
    "ESTIMATE": (),
    "PROVISION": (),
}
# Never netted with losses, whatever the reason of the write-down was (IAS 2.34, 2.36(f)).
_BEARS: dict[str, str] = {"REVERSAL": "REVERSAL_OF_WRITE_DOWN"}


def entries_of(kind: str, parts: Sequence[Part], *, title: str) -> list[PlannedEntry]:
    """The balanced entries of one document of a kind, one per leg; a leg without value makes none."""
    entries = []
    for leg, inward, name in _LEGS[kind]:
        own = (part for part in parts if inward is None or part.inward is inward)
        lines = lines_of(own, bears=_BEARS.get(kind, ""))
        if lines:
            entries.append(PlannedEntry(leg, "OWN", f"{name}: {title}"[:200], lines))
    return entries
