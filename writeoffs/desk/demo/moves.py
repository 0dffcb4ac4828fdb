"""The ERP's movements of November: sales of goods written down before, a return, a transfer, and a sale that explains a
fall of the last stock list."""

from __future__ import annotations

import csv
import datetime as dt
import io
from decimal import Decimal

from django.db.models import F

from inventory.models import Lot, UnexplainedFall
from writeoffs.desk.demo.goods import Key, Shelf
from writeoffs.desk.demo.office import Office

HEADER = (
    *("document", "line", "date", "kind", "sku", "lot_code", "location", "to_location"),
    *("quantity", "cost", "revenue", "settlement"),
)
type_row = tuple[object, ...]


def story(office: Office, shelf: Shelf, on: dt.date) -> None:
    """The preparer uploads the sheet; the controller commits it, since it releases allowance."""
    lots = list(
        office.lots()
        .filter(allowance__gt=Decimal(0), quantity__gte=Decimal(8), cost__gt=F("allowance"))
        .select_related("item", "location")
        .order_by("-allowance", "pk")[:6]
    )
    shelf.issue(office.erp_news())
    rows = [_sale(lot, place, on) for place, lot in enumerate(lots[:5], start=1)]
    gone: dict[Key, Decimal] = {_key(lot): Decimal(-4) for lot in lots[:5]}
    back, moved = lots[0], lots[5]
    rows.append(("RT-20931", "10", on, "CUSTOMER_RETURN", *_key(back), "", 1, "", _price(back, 1), "RECEIVABLE"))
    gone[_key(back)] += 1
    target = "LEJ-03" if moved.location.code != "LEJ-03" else "HAM-01"
    rows.append(("TO-5512", "10", on, "TRANSFER", *_key(moved), target, 3, "", "", ""))
    fall = UnexplainedFall.objects.filter(entity=office.entity, explanation="").order_by("pk").first()
    if fall is not None:
        movement = fall.movement
        units = -movement.quantity
        price = (-movement.cost * Decimal("1.4")).quantize(Decimal("0.01"))
        day = movement.posted_on
        rows.append(("SO-104700", "10", day, "SALE", *_key(movement.lot), "", f"{units:f}", "", price, "RECEIVABLE"))
    office.clock.go_to(on, 18)
    upload = office.upload(
        "erp_movements", f"movements-{on.isoformat()}.csv", _csv(rows), as_of=office.moment(on, 19), report="MB51"
    )
    office.commit(upload)
    shelf.issue(gone)
    shelf.move(_key(moved), target, Decimal(3))


def _key(lot: Lot) -> Key:
    return lot.item.sku, lot.code, lot.location.code


def _price(lot: Lot, units: int) -> Decimal:
    """A little above what the units carry."""
    carried: Decimal = (lot.cost - lot.allowance) * units / lot.quantity
    return (carried * Decimal("1.35") + Decimal("0.50")).quantize(Decimal("0.01"))


def _sale(lot: Lot, place: int, on: dt.date) -> type_row:
    settled = "CASH" if place == 2 else "RECEIVABLE"
    return f"SO-1047{place:02d}", "10", on, "SALE", *_key(lot), "", 4, "", _price(lot, 4), settled


def _csv(rows: list[type_row]) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(HEADER)
    writer.writerows(rows)
    return out.getvalue().encode()
