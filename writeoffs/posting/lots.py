"""Reads lots and quarantine entries as plans.py wants them: raw integers, a constant number of queries, locked by id
when asked."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from django.db import connection

from core.models import Entity
from core.sets import among, day_of, ids
from inventory.models import MovementKind
from writeoffs.ledger.calendar import fiscal_year_of as fiscal_year_of
from writeoffs.posting.plans import LotState, QuarantineState


def lot_states(*, entity: Entity, lot_ids: Iterable[int], lock: bool = False) -> dict[int, LotState]:
    """The lots as they stand, in the order of their ids. Lots of another entity, or none, are left out."""
    wanted = ids(sorted(set(lot_ids)))
    for_update = " for update of l" if lock and connection.vendor == "postgresql" else ""
    with connection.cursor() as cursor:
        cursor.execute(
            "select l.id, i.sku, l.code, p.code, l.quantity, l.unit_cost, l.cost, l.allowance, l.location_id, "
            "i.category_id "
            "from inventory_lot l join inventory_item i on i.id = l.item_id "
            "join core_location p on p.id = l.location_id "
            f"where l.entity_id = %s and {among('l.id')} order by l.id{for_update}",
            [entity.pk, wanted],
        )
        rows = cursor.fetchall()
        cursor.execute(
            "select lot_id, fiscal_year, sum(amount) from inventory_writedownmovement "
            f"where {among('lot_id')} group by lot_id, fiscal_year having sum(amount) <> 0 "
            "order by lot_id, fiscal_year",
            [wanted],
        )
        attached: defaultdict[int, list[tuple[int, int]]] = defaultdict(list)
        for lot_id, year, amount in cursor.fetchall():
            attached[lot_id].append((year, int(amount)))
    return {
        lot_id: LotState(
            lot_id,
            f"{sku} / {code or 'no lot code'} at {place}",
            quantity,
            unit_cost,
            cost,
            allowance,
            tuple(attached[lot_id]) if lot_id in attached else (),
            location_id,
            category_id,
        )
        for lot_id, sku, code, place, quantity, unit_cost, cost, allowance, location_id, category_id in rows
    }


def quarantine_states(
    *, entity: Entity, quarantine_ids: Sequence[int], states: dict[int, LotState], lock: bool = False
) -> dict[int, QuarantineState]:
    """The quarantine entries as they stand, with the write-down that left with their units; lots were read before."""
    wanted = ids(sorted(set(quarantine_ids)))
    for_update = " for update" if lock and connection.vendor == "postgresql" else ""
    with connection.cursor() as cursor:
        cursor.execute(
            "select id, lot_id, source_ref, since, quantity, quantity_left, cost, allowance "
            "from inventory_quarantineentry "
            f"where entity_id = %s and status = 'STANDING' and {among('id')} order by id{for_update}",
            [entity.pk, wanted],
        )
        rows = cursor.fetchall()
        cursor.execute(
            "select q.id, w.fiscal_year, -sum(w.amount) from inventory_quarantineentry q "
            "join inventory_movement m on m.lot_id = q.lot_id and m.source_ref = q.source_ref "
            "join inventory_writedownmovement w on w.movement_id = m.id "
            f"where m.kind = %s and {among('q.id')} group by q.id, w.fiscal_year order by q.id, w.fiscal_year",
            [MovementKind.WRITE_OFF, wanted],
        )
        left_with: defaultdict[int, list[tuple[int, int]]] = defaultdict(list)
        for quarantine_id, year, amount in cursor.fetchall():
            left_with[quarantine_id].append((year, int(amount)))
    return {
        quarantine_id: QuarantineState(
            states[lot_id],
            quantity,
            left,
            cost,
            allowance,
            tuple(left_with[quarantine_id]) if quarantine_id in left_with else (),
            fiscal_year_of(entity, day_of(since)),
            source_ref.partition(":")[2],
            day_of(since),
        )
        for quarantine_id, lot_id, source_ref, since, quantity, left, cost, allowance in rows
        if lot_id in states
    }
