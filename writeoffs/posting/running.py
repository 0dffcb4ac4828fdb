"""Whether a posting can stand on its date: what the lots held from then on, with it, never falls below nil.

Invariant: on no date do the movements of a lot add up to fewer units, less carrying amount or less allowance than nil
because of a posting that was dated before what it takes came in.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from django.db import connection

from core.errors import NotEnoughStock
from core.models import Entity
from core.money import MONEY_SCALE, QUANTITY_SCALE, display, display_quantity, from_raw
from core.sets import among, day_of, ids
from writeoffs.posting.plans import Change, LotState

# Raw quantity, carrying amount, allowance.
Figures = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class TooEarly:
    """A lot that cannot bear the change before `works_on`. held: its figures on `day`, the last date that refuses."""

    lot: LotState
    day: dt.date
    held: Figures
    taken: Figures
    works_on: dt.date


def date_check(*, entity: Entity, posted_on: dt.date, changes: Sequence[Change]) -> None:
    """NotEnoughStock names the lot, the date, what it held then and the first date that works for all of them."""
    losing = {
        change.lot.lot_id
        for change in changes
        if change.quantity < 0 or change.allowance < 0 or change.cost < change.allowance
    }
    later = _later_movements(entity, losing, posted_on)
    # Most lots have not moved since: what all the changes of one take is added up for the others alone.
    taken: defaultdict[int, Figures] = defaultdict(lambda: (0, 0, 0))
    states: dict[int, LotState] = {}
    for change in changes if later else ():
        units, carrying, allowance = taken[change.lot.lot_id]
        taken[change.lot.lot_id] = (
            units + change.quantity,
            carrying + change.cost - change.allowance,
            allowance + change.allowance,
        )
        states[change.lot.lot_id] = change.lot
    found = [
        early
        for lot_id, movements in later.items()
        if (early := too_early(states[lot_id], taken[lot_id], movements, posted_on)) is not None
    ]
    if found:
        raise NotEnoughStock(_said(max(found, key=lambda early: early.works_on), len(found), entity.exponent))


def too_early(
    lot: LotState, taken: Figures, later: Sequence[tuple[dt.date, Figures]], posted_on: dt.date
) -> TooEarly | None:
    """Pure: goes back from the lot as it stands. later: what moved per date after `posted_on`, latest date first."""
    held: Figures = (lot.quantity, lot.cost - lot.allowance, lot.allowance)
    for place, (day, moved) in enumerate(later):
        held = (held[0] - moved[0], held[1] - moved[1], held[2] - moved[2])
        if any(change < 0 and figure + change < 0 for figure, change in zip(held, taken, strict=True)):
            since = later[place + 1][0] if place + 1 < len(later) else posted_on
            return TooEarly(lot, since, held, taken, day)
    return None


def _later_movements(
    entity: Entity, lot_ids: Collection[int], posted_on: dt.date
) -> dict[int, list[tuple[dt.date, Figures]]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "select lot_id, posted_on, sum(quantity), sum(cost - allowance), sum(allowance) from inventory_movement "
            f"where entity_id = %s and posted_on > %s and {among('lot_id')} "
            "group by lot_id, posted_on order by lot_id, posted_on desc",
            [entity.pk, posted_on.isoformat(), ids(sorted(lot_ids))],
        )
        found: defaultdict[int, list[tuple[dt.date, Figures]]] = defaultdict(list)
        for lot_id, day, units, carrying, allowance in cursor.fetchall():
            found[lot_id].append((day_of(day), (int(units), int(carrying), int(allowance))))
    return found


def _said(early: TooEarly, lots: int, exponent: int) -> str:
    units, carrying, allowance = early.held
    if early.taken[0] < 0 and units + early.taken[0] < 0:
        what = f"held {_units(units)} on {early.day.isoformat()}; {_units(-early.taken[0])} cannot leave it then"
    elif early.taken[1] < 0 and carrying + early.taken[1] < 0:
        amounts = _amount(carrying, exponent), _amount(-early.taken[1], exponent)
        what = f"carried {amounts[0]} on {early.day.isoformat()}; {amounts[1]} cannot be taken off it then"
    else:
        amounts = _amount(allowance, exponent), _amount(-early.taken[2], exponent)
        what = f"had an allowance of {amounts[0]} on {early.day.isoformat()}; {amounts[1]} cannot be used then"
    more = f" {lots - 1} more lot{' is' if lots == 2 else 's are'} too early as well." if lots > 1 else ""
    return (
        f"Lot {early.lot.label} {what}.{more} The first posting date that works is {early.works_on.isoformat()}: "
        "take it or a later one."
    )


def _units(raw: int) -> str:
    return "0" if raw == 0 else display_quantity(from_raw(raw, QUANTITY_SCALE))


def _amount(raw: int, exponent: int) -> str:
    return f"{0:.{exponent}f}" if raw == 0 else display(from_raw(raw, MONEY_SCALE), exponent)
