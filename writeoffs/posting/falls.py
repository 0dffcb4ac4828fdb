"""What follows in the books when a person explains a fall of a stock list.

The list took cost off the lot against clearing and released the allowance to cost of sales, as an entry of our own. A
sale now takes the cost from clearing to cost of sales; that entry is of ERP origin, since the ERP has booked its sale.
Invariant: what movements sheets have explained of the fall before is not taken twice.
"""

from __future__ import annotations

from core.errors import PeriodClosed
from core.models import User
from core.money import MONEY_SCALE, from_raw
from inventory.erp_books import open_falls
from inventory.models import UnexplainedFall
from writeoffs.ledger.calendar import first_open_date
from writeoffs.ledger.journal import PlannedEntry, PlannedLine, entries_write, period_lock
from writeoffs.posting.refs import FALL


def fall_follow(fall: UnexplainedFall, user: User) -> None:
    """Called in the transaction that explains the fall. PeriodClosed where no day takes the entry."""
    if fall.explanation != UnexplainedFall.Explanation.SALE:
        return
    entity, movement = fall.entity, fall.movement
    cost = from_raw(open_falls(entity, fall=fall.pk)[fall.pk].left.cost, MONEY_SCALE)
    if not cost:
        return
    posted_on = first_open_date(entity=entity, on_or_after=movement.posted_on)
    if posted_on is None:
        raise PeriodClosed(
            f"The sale of {movement.posted_on.isoformat()} cannot be booked: no period is open from then on. A "
            "controller opens one."
        )
    lot = movement.lot
    place = lot.location_id, lot.item.category_id
    entries_write(
        entity=entity,
        period=period_lock(entity=entity, posted_on=posted_on),
        posted_on=posted_on,
        source_ref=f"{FALL}:{fall.pk}",
        entries=[
            PlannedEntry(
                leg="EXPLAINED",
                origin="ERP",
                description=f"Fall explained as a sale: {lot.item.sku} / {lot}",
                lines=[PlannedLine("COGS", cost, *place), PlannedLine("STOCK_CLEARING", -cost, *place)],
            )
        ],
        posted_by=user,
        prepared_by=user,
    )
