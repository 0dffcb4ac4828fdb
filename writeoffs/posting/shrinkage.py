"""Shrinkage accrued between counts, and what a count uses of it.

Kept by location and category, as the accrual's own journal lines name them (either may be empty: all of them). A count
uses its share: the part of the accrual's stock, at cost, that it counted. What is left of the loss, or of the accrual,
is trued up to expense (ASC 330 practice; IRC 471(b)).
Invariant: nothing is used of an accrual that the journal does not hold.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeAlias

from django.db import connection

from core.models import Entity
from core.money import share_raw
from inventory.models import CountSheet
from writeoffs.ledger.journal import PlannedEntry, PlannedLine

# Location and category of an accrual; None: all of them.
Scope: TypeAlias = tuple[int | None, int | None]
ACCRUAL, EXPENSE = "SHRINKAGE_ACCRUAL", "SHRINKAGE_EXPENSE"
RELEASE, LOSS = "SHRINKAGE_RELEASE", "COUNT_LOSS"


def accrued(*, entity: Entity) -> dict[Scope, int]:
    """What stands accrued by location and category, raw, above nil; one query."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select l.location_id, l.category_id, -sum(l.amount) from ledger_journalline l "
            "join ledger_journalentry e on e.id = l.entry_id where e.entity_id = %s and l.role = %s "
            "group by l.location_id, l.category_id having sum(l.amount) < 0 order by l.location_id, l.category_id",
            [entity.pk, ACCRUAL],
        )
        return {(location, category): int(amount) for location, category, amount in cursor.fetchall()}


def within(scope: Scope, location: int | None, category: int | None) -> bool:
    return scope[0] in (None, location) and scope[1] in (None, category)


def used_by(sheet: CountSheet) -> list[tuple[Scope, int]]:
    """What the count uses of each accrual: its share by cost of the stock that the accrual stands for. Two queries."""
    entity = sheet.entity
    standing = accrued(entity=entity)
    if not standing:
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            "select l.location_id, i.category_id, sum(l.cost), sum(case when c.id is null then 0 else l.cost end) "
            "from inventory_lot l join inventory_item i on i.id = l.item_id "
            "left join inventory_countline c on c.lot_id = l.id and c.sheet_id = %s "
            "where l.entity_id = %s and l.cost > 0 group by l.location_id, i.category_id",
            [sheet.pk, entity.pk],
        )
        costs = cursor.fetchall()
    found = []
    for scope, amount in standing.items():
        own = [row for row in costs if within(scope, row[0], row[1])]
        counted, whole = sum(int(row[3]) for row in own), sum(int(row[2]) for row in own)
        share = share_raw(amount, counted, whole, entity.exponent) if counted else 0
        if share:
            found.append((scope, share))
    return found


def absorbed(entries: Sequence[PlannedEntry]) -> list[PlannedEntry]:
    """The entries of a count with the accrual that it uses in its loss: Dr accrual, Dr expense for the rest, Cr
    inventory. Where nothing was lost the release stays an entry of its own."""
    loss = next((entry for entry in entries if entry.leg == LOSS), None)
    release = next((entry for entry in entries if entry.leg == RELEASE), None)
    if loss is None or release is None:
        return list(entries)
    lines, rest = list(loss.lines), []
    for line in release.lines:
        if line.role == EXPENSE:
            lines, over = _taken_off(lines, line)
            rest += over
        else:
            rest.append(line)
    joined = replace(loss, lines=sorted([*lines, *rest], key=lambda line: line.amount < 0))
    return [joined if entry is loss else entry for entry in entries if entry is not release]


def _taken_off(lines: list[PlannedLine], release: PlannedLine) -> tuple[list[PlannedLine], list[PlannedLine]]:
    """The loss's expense less the release, where the accrual stood for its location and category; and what of the
    release is more than the loss."""
    left = -release.amount
    out = []
    for line in lines:
        if line.role == EXPENSE and within(
            (release.location_id, release.category_id), line.location_id, line.category_id
        ):
            part = min(line.amount, left)
            left -= part
            line = replace(line, amount=line.amount - part)
        if line.amount:
            out.append(line)
    return out, [replace(release, amount=-left)] if left else []
