"""What the demo's company knows of its stock's worth: a policy, prices, contracts, demand, two marks and a rate.

All given by the real services: the policy by two people, prices by their owner, the rest by sheet. Figures follow from
the lots by rule, so that the same demo comes out every time.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.db.models import Sum

from core.changes import change_decide
from core.files import file_store
from core.models import Category
from core.money import plain
from inventory.models import Item, Lot
from writeoffs.desk.demo import papers
from writeoffs.desk.demo.clock import TODAY
from writeoffs.desk.demo.office import Office
from writeoffs.valuation.giving import input_give
from writeoffs.valuation.inputs import Price
from writeoffs.valuation.policy_changes import PolicyAsked, policy_request

PRICED_ON = dt.date(2026, 10, 31)
# Selling price as a part of unit cost, item after item: most earn, some lose.
FACTORS = tuple(map(Decimal, ("1.55", "1.42", "1.35", "1.28", "0.93", "1.60", "1.31", "0.84", "1.47")))
CENT = Decimal("0.01")
MATRIX = ((0, 180, Decimal(0)), (181, 365, Decimal("0.1")), (366, 730, Decimal("0.5")), (731, None, Decimal(1)))


def story(office: Office) -> None:
    """The third week of November: everything that the next assessment needs."""
    office.clock.go_to(TODAY, 18)
    _policies(office)
    items = list(Item.objects.filter(entity=office.entity).select_related("category").order_by("sku"))
    costs: dict[int, Decimal] = {}
    for lot in office.lots().order_by("pk"):
        costs.setdefault(lot.item_id, lot.unit_cost)
    held = [item for item in items if item.pk in costs]
    _sheet(office, "price_rates", ("currency", "as_of", "rate", "source"), [("USD", PRICED_ON, "0.9215", "ECB")])
    _prices(office, held, costs)
    _demand(office, held)
    _agreements(office, held, costs)
    _marks(office)


def _policies(office: Office) -> None:
    dairy = Category.objects.get(entity=office.entity, name="Dairy")
    every: dict[str, Any] = {
        "excess_months": 12,
        "expired_rate": Decimal(1),
        "expiring_days": 30,
        "expiring_rate": Decimal("0.4"),
    }
    for category, values, why in (
        (
            None,
            {**every, "bands": MATRIX, "shrinkage_rate": Decimal("0.008")},
            "First policy, agreed with the auditors.",
        ),
        (dairy, {**every, "excess_months": 2, "expiring_days": 10}, "Dairy turns in days, not in months."),
    ):
        office.clock.pass_minutes(5)
        asked = PolicyAsked(dt.date(2026, 1, 1), category, **values)
        change = policy_request(entity=office.entity, user=office.people["controller"], asked=asked, why=why)
        office.clock.pass_minutes(15)
        change_decide(change=change, user=office.approver, approve=True)


def _prices(office: Office, items: Sequence[Item], costs: dict[int, Decimal]) -> None:
    """Every sixth item has no price, so that age and demand judge it; coffee is sold in dollars."""
    rows = []
    for place, item in enumerate(items):
        if place % 6 == 5:
            continue
        selling = (costs[item.pk] * FACTORS[place % len(FACTORS)]).quantize(CENT, ROUND_HALF_UP)
        to_sell = (selling * Decimal("0.06")).quantize(CENT, ROUND_HALF_UP)
        currency = "USD" if item.description.startswith("Coffee") else "EUR"
        rows.append((item.sku, PRICED_ON, currency, selling, to_sell, "Price list 2026-10"))
    header = ("sku", "as_of", "currency", "selling_price", "cost_to_sell", "source")
    _sheet(office, "prices", header, rows, by="price")
    office.clock.pass_minutes(20)
    lamp = next(item for item in items if item.description.startswith("Desk lamp"))
    paper = file_store(
        entity=office.entity,
        name="offer-lamps.pdf",
        content=papers.pdf("Offer 2026-1184", "Desk lamps LED, the old model.", "Valid to 31 December 2026."),
        content_type="application/pdf",
        user=office.people["price"],
    )
    given = Price(
        item=lamp,
        as_of=dt.date(2026, 11, 16),
        currency="EUR",
        selling_price=(costs[lamp.pk] * Decimal("0.7")).quantize(CENT, ROUND_HALF_UP),
        cost_to_sell=Decimal("1.20"),
        offered_on=dt.date(2026, 11, 16),
        source="Offer 2026-1184",
        evidence=paper,
    )
    input_give(entity=office.entity, user=office.people["price"], given=given)


def _demand(office: Office, items: Sequence[Item]) -> None:
    """Twelve months to October; every seventh item has hardly sold."""
    on_hand = dict(
        Lot.objects.filter(entity=office.entity, quantity__gt=Decimal(0)).values_list("item").annotate(Sum("quantity"))
    )
    rows = []
    for place, item in enumerate(items):
        share = Decimal("0.004") if place % 7 == 3 else Decimal("0.14")
        for back in range(12):
            month = dt.date(2025 + (10 + back) // 12, (10 + back) % 12 + 1, 1)
            units = on_hand.get(item.pk, Decimal(0)) * share * (Decimal("0.8") + Decimal(back % 5) / 10)
            rows.append(
                (item.sku, f"{month:%Y-%m}", max(units.quantize(Decimal(1)), Decimal(1)), "ERP sales statistics")
            )
    _sheet(office, "demand", ("sku", "month", "quantity", "source"), rows)


def _agreements(office: Office, items: Sequence[Item], costs: dict[int, Decimal]) -> None:
    firm = [item for item in items if item.category.name in ("Electronics", "Textiles")][:2]
    rows = [
        (f"SO-{4711 + place}", item.sku, "Seaside Hotels", 12, (costs[item.pk] * Decimal("1.2")).quantize(CENT),
         dt.date(2026, 9, 1), dt.date(2027, 3, 31))
        for place, item in enumerate(firm)
    ]  # fmt: skip
    _sheet(office, "contracts", ("reference", "sku", "customer", "quantity", "price", "starts_on", "ends_on"), rows)
    # Bought firmly in spring at the cost of then; of one the price has fallen since, one is in dollars.
    bought = [
        (f"PO-{8820 + place}", items[place].sku, supplier, quantity, costs[items[place].pk].quantize(CENT), currency,
         dt.date(2026, 4, 1), dt.date(2027, 2, 28))
        for place, supplier, quantity, currency in (
            (4, "Hill & Sons", 120, "EUR"), (7, "Shenzhen Lite", 80, "USD"), (0, "Obi Foods", 200, "EUR"),
        )
    ]  # fmt: skip
    header = ("reference", "sku", "supplier", "quantity", "price", "currency", "starts_on", "ends_on")
    _sheet(office, "purchase_commitments", header, bought)


def _marks(office: Office) -> None:
    lots = office.lots().filter(item__category__name__in=("Household", "Garden")).select_related("item", "location")
    rows = [
        (lot.item.sku, lot.code, lot.location.code, kind, dt.date(2026, 11, 17), note)
        for lot, kind, note in zip(
            lots.order_by("pk")[:2],
            ("damaged", "obsolete"),
            ("Water stains on the cartons", "Replaced by the new model"),
            strict=True,
        )
    ]
    _sheet(office, "condition_marks", ("sku", "lot_code", "location", "kind", "as_of", "note"), rows)


def _sheet(
    office: Office, kind: str, header: Sequence[str], rows: Iterable[Sequence[object]], *, by: str = "controller"
) -> None:
    told = [",".join(header)]
    told += [",".join(plain(cell) if isinstance(cell, Decimal) else str(cell) for cell in row) for row in rows]
    office.clock.pass_minutes(10)
    upload = office.upload(
        kind, f"{kind.replace('_', '-')}.csv", "\n".join(told).encode(), as_of=office.clock.moment, by=by
    )
    office.commit(upload, by=by)
