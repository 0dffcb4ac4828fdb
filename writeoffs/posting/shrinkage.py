"""Shrinkage accrued between counts and losses estimated without records, and what a count uses of them.

Kept by location and category, as the accrual's own journal lines name them (either may be empty: all of them). A count
uses its share: the part of the accrual's stock, at cost, that it counted. What is left of the loss, or of the accrual,
is trued up to expense (ASC 330 practice; IRC 471(b)).
Invariant: nothing is used of an accrual that the journal does not hold.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from django.db import connection

from core.models import Entity
from core.money import share_raw
from inventory.models import CountSheet
from writeoffs.ledger.journal import PlannedEntry, PlannedLine

# Location and category of an accrual; None: all of them.
Scope: TypeAlias = tuple[int | None, int | None]
ACCRUAL, ESTIMATED = "SHRINKAGE_ACCRUAL", "ESTIMATED_LOSSES"
# What was set aside before it was found -> the leg that uses it.
RELEASES = {ACCRUAL: "SHRINKAGE_RELEASE", ESTIMATED: "ESTIMATE_RELEASE", "COMMITMENT_PROVISION": "PROVISION_USED"}


@dataclass(frozen=True, slots=True)
class Absorbs:
    """The loss that takes in a release: its leg and the role that bears it; borne: the role of the release's own."""

    loss: str
    bears: str
    release: str
    borne: str


ABSORBED: dict[str, tuple[Absorbs, ...]] = {
    "COUNT_ADJUSTMENT": (
        Absorbs("COUNT_LOSS", "SHRINKAGE_EXPENSE", "SHRINKAGE_RELEASE", "SHRINKAGE_EXPENSE"),
        Absorbs("COUNT_LOSS", "SHRINKAGE_EXPENSE", "ESTIMATE_RELEASE", "ABNORMAL_LOSS"),
    ),
    # A provision for a purchase commitment lowers the cost of what was delivered (ASC 330-10-35-17; IAS 37.61).
    "WRITE_DOWN": (Absorbs("WRITE_DOWN", "WRITE_DOWN_EXPENSE", "PROVISION_USED", "WRITE_DOWN_EXPENSE"),),
}


def accrued(*, entity: Entity, role: str = ACCRUAL) -> dict[Scope, int]:
    """What stands accrued by location and category, raw, above nil; one query."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select l.location_id, l.category_id, -sum(l.amount) from ledger_journalline l "
            "join ledger_journalentry e on e.id = l.entry_id where e.entity_id = %s and l.role = %s "
            "group by l.location_id, l.category_id having sum(l.amount) < 0 order by l.location_id, l.category_id",
            [entity.pk, role],
        )
        return {(location, category): int(amount) for location, category, amount in cursor.fetchall()}


def within(scope: Scope, location: int | None, category: int | None) -> bool:
    return scope[0] in (None, location) and scope[1] in (None, category)


def used_by(sheet: CountSheet, standing: Mapping[Scope, int]) -> list[tuple[Scope, int]]:
    """What the count uses of each accrual: its share by cost of the stock that the accrual stands for. One query."""
    entity = sheet.entity
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


def absorbed(kind: str, entries: Sequence[PlannedEntry]) -> list[PlannedEntry]:
    """The entries of a document with what it uses of an accrual in its loss: Dr accrual, Dr expense for the rest, Cr
    inventory. Where nothing was lost the release stays an entry of its own."""
    found = list(entries)
    for how in ABSORBED.get(kind, ()):
        found = _absorbed(how, found)
    return found


def _absorbed(how: Absorbs, entries: Sequence[PlannedEntry]) -> list[PlannedEntry]:
    loss = next((entry for entry in entries if entry.leg == how.loss), None)
    release = next((entry for entry in entries if entry.leg == how.release), None)
    if loss is None or release is None:
        return list(entries)
    lines, rest = list(loss.lines), []
    for line in release.lines:
        if line.role == how.borne:
            lines, over = _taken_off(lines, line, how.bears)
            rest += over
        else:
            rest.append(line)
    joined = replace(loss, lines=sorted([*lines, *rest], key=lambda line: line.amount < 0))
    return [joined if entry is loss else entry for entry in entries if entry is not release]


def _taken_off(
    lines: list[PlannedLine], release: PlannedLine, bears: str
) -> tuple[list[PlannedLine], list[PlannedLine]]:
    """The loss's expense less the release, where the accrual stood for its location and category; and what of the
    release is more than the loss."""
    left = -release.amount
    out = []
    for line in lines:
        if (
            line.role == bears
            and line.amount > 0
            and within((release.location_id, release.category_id), line.location_id, line.category_id)
        ):
            part = min(line.amount, left)
            left -= part
            line = replace(line, amount=line.amount - part)
        if line.amount:
            out.append(line)
    return out, [replace(release, amount=-left)] if left else []
