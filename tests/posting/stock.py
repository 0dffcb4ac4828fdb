"""Stock for tests: lots opened by movements, as an uploaded list would."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from django.db import transaction

from core.models import Category, Entity, Location
from core.money import MONEY_SCALE, QUANTITY_SCALE, line_value, to_raw
from inventory.models import Item, Lot
from inventory.movements import MovementRow, movements_append

OPENED = dt.date(2026, 1, 1)


def make_lot(
    entity: Entity,
    sku: str = "LAMP",
    quantity: str = "100",
    unit_cost: str = "40",
    *,
    allowance: str = "0",
    by_year: tuple[tuple[int, str], ...] = (),
    write_down: str | None = None,
    code: str = "L1",
    location: str = "MAIN",
    category: str = "Goods",
    opened: dt.date = OPENED,
) -> Lot:
    """A lot with an opening movement; by_year: write-downs still attached, adding up to the allowance by default."""
    place, _ = Location.objects.get_or_create(entity=entity, code=location)
    group, _ = Category.objects.get_or_create(entity=entity, name=category)
    item, _ = Item.objects.get_or_create(entity=entity, sku=sku, defaults={"category": group})
    lot = Lot.objects.create(entity=entity, item=item, location=place, code=code, unit_cost=Decimal(unit_cost))
    cost = line_value(Decimal(quantity), Decimal(unit_cost), entity.currency)
    years = by_year or (((2025, allowance),) if Decimal(allowance) else ())
    attached = sum((Decimal(amount) for _, amount in years), Decimal(0))
    row = MovementRow(
        lot.pk,
        "OPENING",
        to_raw(Decimal(quantity), QUANTITY_SCALE),
        to_raw(cost, MONEY_SCALE),
        to_raw(Decimal(allowance), MONEY_SCALE),
        to_raw(attached, MONEY_SCALE),
        tuple((year, to_raw(Decimal(amount), MONEY_SCALE)) for year, amount in years),
    )
    with transaction.atomic():
        movements_append(entity=entity, posted_on=opened, source_ref="upload:0", rows=[row])
    lot.refresh_from_db()
    return lot
