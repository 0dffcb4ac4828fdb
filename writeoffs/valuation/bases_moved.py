"""What a basis that is not posted carries of lots whose units were transferred since it was recorded.

Invariant: units that were moved take their share of each fiscal year's charge to where they stand; nothing of it is
gained or lost but the share of units that left otherwise.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from django.db import connection

from core.money import share_raw
from core.sets import among, day_of, ids
from writeoffs.valuation.assessments import Assessment

# (fiscal year, raw amount), oldest first.
type_years = tuple[tuple[int, int], ...]


class Move(NamedTuple):
    """Net units of a lot on a day. ref: of the transfer, "" for everything else."""

    day: dt.date
    ref: str
    item_id: int
    lot_id: int
    units: int


def with_transfers(
    *, last: Assessment, day: dt.date, charges: Mapping[int, type_years], held: Mapping[int, int]
) -> tuple[dict[int, type_years], dict[int, int]]:
    """Charges and units held after the transfers since `last` up to the day; those of lots without one as they were.
    One query where nothing was transferred, else two."""
    moves = _moves(last, day)
    if not moves:
        return dict(charges), dict(held)
    return carried(moves, charges, held, exponent=last.entity.exponent)


def carried(
    moves: Iterable[Move], charges: Mapping[int, type_years], held: Mapping[int, int], *, exponent: int
) -> tuple[dict[int, type_years], dict[int, int]]:
    """Pure. moves: in the order of their days, of a day transfers first, of a transfer what leaves first."""
    years, units = dict(charges), dict(held)
    moving: defaultdict[tuple[str, int], list[tuple[int, type_years]]] = defaultdict(list)
    for move in moves:
        own, there = years.get(move.lot_id, ()), units.get(move.lot_id, 0)
        units[move.lot_id] = there + move.units
        if move.units < 0:
            gone, years[move.lot_id] = _split(own, min(-move.units, max(there, 0)), there, exponent)
            if move.ref:
                moving[move.ref, move.item_id].append((-move.units, gone))
        elif move.ref:
            came, rest = _of_pool(moving[move.ref, move.item_id], move.units, exponent)
            moving[move.ref, move.item_id] = rest
            years[move.lot_id] = _added(own, came)
    return years, units


def _split(years: type_years, part: int, whole: int, exponent: int) -> tuple[type_years, type_years]:
    """What part/whole units take along of each year, and what stays; cumulated, so that both add up."""
    taken, kept = [], []
    cumulated = before = 0
    for year, amount in years:
        cumulated += amount
        share = share_raw(cumulated, part, whole, exponent) - before if whole > 0 else 0
        before += share
        taken.append((year, share))
        kept.append((year, amount - share))
    return _some(taken), _some(kept)


def _of_pool(
    pool: list[tuple[int, type_years]], units: int, exponent: int
) -> tuple[type_years, list[tuple[int, type_years]]]:
    """What so many of the units on their way bring along, and what is still on its way."""
    whole = sum(count for count, _ in pool)
    every: type_years = ()
    for _, years in pool:
        every = _added(every, years)
    part = min(units, whole)
    came, rest = _split(every, part, whole, exponent)
    return came, [(whole - part, rest)] if whole > part else []


def _added(one: type_years, other: type_years) -> type_years:
    sums: dict[int, int] = dict(one)
    for year, amount in other:
        sums[year] = sums.get(year, 0) + amount
    return _some(sorted(sums.items()))


def _some(years: Iterable[tuple[int, int]]) -> type_years:
    return tuple((year, amount) for year, amount in years if amount)


def _moves(last: Assessment, day: dt.date) -> list[Move]:
    """Of the lots that were transferred after the recorded day, all that moved their units until the day given."""
    span: list[Any] = [last.entity_id, last.as_of.isoformat(), day.isoformat()]
    with connection.cursor() as cursor:
        cursor.execute(
            "select distinct lot_id from inventory_movement where entity_id = %s and posted_on > %s "
            "and posted_on <= %s and kind = 'TRANSFER' and quantity <> 0",
            span,
        )
        lots = sorted(row[0] for row in cursor.fetchall())
        if not lots:
            return []
        ref = "case when m.kind = 'TRANSFER' then m.source_ref else '' end"
        cursor.execute(
            f"select m.posted_on, {ref}, l.item_id, m.lot_id, sum(m.quantity) from inventory_movement m "
            "join inventory_lot l on l.id = m.lot_id where m.entity_id = %s and m.posted_on > %s "
            f"and m.posted_on <= %s and {among('m.lot_id')} group by m.posted_on, {ref}, l.item_id, m.lot_id "
            "having sum(m.quantity) <> 0",
            [*span, ids(lots)],
        )
        found = [Move(day_of(when), ref, item, lot, int(units)) for when, ref, item, lot, units in cursor.fetchall()]
    return sorted(found, key=lambda move: (move.day, not move.ref, move.ref, move.units > 0, move.lot_id))
