"""One input at a time: versions, reasons, what is refused, and what counts as of a day."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from core.errors import BadInput, NotAllowed, WrongState
from core.models import AuditEvent
from tests.conftest import Company
from tests.valuation.giving import MARCH_END, a_lot, a_price, an_item, give
from writeoffs.valuation import known
from writeoffs.valuation.giving import input_withdraw
from writeoffs.valuation.guards import KEPT
from writeoffs.valuation.inputs import (
    ConditionMark,
    Contract,
    Demand,
    MaterialUse,
    Price,
    PriceRate,
    PurchaseCommitment,
    SalesFigure,
)

pytestmark = [pytest.mark.django_db, pytest.mark.database]
APRIL_END = dt.date(2026, 4, 30)


def prices(company: Company, day: dt.date = MARCH_END, **more: Any) -> list[tuple[str, int]]:
    """(item and lot, selling price) as of a day."""
    lots = dict(company.entity.lots.values_list("pk", "code"))
    items = dict(company.entity.items.values_list("pk", "sku"))
    rows = known.prices_as_of(entity=company.entity, as_of=day, **more)
    return sorted((items[row[1]] + (f"/{lots[row[2]]}" if row[2] else ""), row[5]) for row in rows)


def test_the_latest_price_on_or_before_the_day_counts(company: Company) -> None:
    a_price(company, price="10", as_of=dt.date(2026, 1, 1))
    a_price(company, price="12")
    a_price(company, price="14", as_of=APRIL_END)
    a_price(company, price="9", lot=a_lot(company), as_of=dt.date(2026, 2, 1))
    a_price(company, sku="B", price="5", as_of=APRIL_END)
    assert prices(company) == [("A-1", 12_000_000), ("A-1/L1", 9_000_000)]
    assert prices(company, dt.date(2026, 1, 31)) == [("A-1", 10_000_000)]


def test_another_price_for_a_day_needs_a_reason_and_what_was_known_before_is_kept(company: Company) -> None:
    first = a_price(company, price="12")
    with pytest.raises(BadInput, match=r"selling price 12 \(EUR\) already, from Price list 2026-03. Say why"):
        a_price(company, price="11")
    with pytest.raises(WrongState, match="stands already"):
        a_price(company, price="12", reason="Again")
    second = a_price(company, price="11", reason="Misread")
    assert (first.version, second.version) == (1, 2)
    assert prices(company) == [("A-1", 11_000_000)]
    assert prices(company, known_at=first.entered_at) == [("A-1", 12_000_000)]
    event = AuditEvent.objects.get(kind="input.given", subject=f"price:{second.pk}")
    assert "gave the price of A-1 from 2026-03-31: selling price 11 (EUR)" in event.message
    assert "It was selling price 12 (EUR): Misread." in event.message


def test_a_withdrawn_price_leaves_the_earlier_one(company: Company) -> None:
    a_price(company, price="10", as_of=dt.date(2026, 1, 1))
    wrong = a_price(company, price="12")
    user = company["PRICE_OWNER"]
    with pytest.raises(BadInput, match="say why"):
        input_withdraw(entity=company.entity, user=user, standing=wrong, reason=" ")
    input_withdraw(entity=company.entity, user=user, standing=wrong, reason="Of another item")
    assert prices(company) == [("A-1", 10_000_000)]
    assert prices(company, known_at=wrong.entered_at) == [("A-1", 12_000_000)]
    with pytest.raises(WrongState, match="does not stand any more"):
        input_withdraw(entity=company.entity, user=user, standing=wrong, reason="Again")
    again = a_price(company, price="12", reason="It was right")
    assert (again.version, prices(company)) == (3, [("A-1", 12_000_000)])


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        ({"selling_price": None}, "A price gives a selling price, an NRV"),
        ({"nrv": Decimal(3)}, "Give the NRV, or the selling price with its costs, not both"),
        ({"currency": "XXQ"}, "currency"),
        ({"source": " "}, "source"),
        ({"as_of": dt.date(1026, 3, 31)}, "Look at the year"),
        ({"offered_on": dt.date(2926, 1, 1)}, "still to come"),
    ],
)
def test_a_price_that_cannot_be_is_refused(fields: dict[str, Any], complaint: str, company: Company) -> None:
    with pytest.raises(BadInput, match=complaint):
        a_price(company, **fields)
    assert not Price.objects.exists()
    assert not AuditEvent.objects.filter(kind="input.given").exists()


def test_prices_are_kept_by_their_owner_and_of_their_own_company(company: Company, other_company: Company) -> None:
    given = Price(item=an_item(other_company), as_of=MARCH_END, currency="EUR", selling_price=Decimal(1), source="List")
    with pytest.raises(NotAllowed, match="Giving prices needs the role price owner or controller"):
        give(company, given, company["PREPARER"])
    with pytest.raises(BadInput, match="is no item of North Trading"):
        give(company, given, company["PRICE_OWNER"])
    a_price(other_company)
    assert prices(company) == []


def test_everything_else_is_found_as_of_its_day(company: Company) -> None:
    entity, item, lot = company.entity, an_item(company), a_lot(company)
    agreed = {"item": item, "quantity": Decimal(60), "price": Decimal(52), "currency": "EUR", "source": "Contract"}
    days = {"starts_on": dt.date(2026, 1, 1), "ends_on": APRIL_END}
    contract = give(company, Contract(reference="C-1", cost_to_sell=Decimal(1), **agreed, **days))
    give(company, PurchaseCommitment(reference="P-1", **agreed, **days))
    give(company, MaterialUse(material=item, product=an_item(company, "B"), as_of=MARCH_END, source="Recipe"))
    for month, quantity in ((3, 10), (2, 20), (1, 40)):
        give(company, Demand(item=item, month=dt.date(2026, month, 1), quantity=Decimal(quantity), source="ERP"))
    give(company, Demand(item=item, month=dt.date(2026, 3, 1), quantity=Decimal(11), source="ERP", reason="Late sale"))
    mark = give(company, ConditionMark(lot=lot, kind="DAMAGED", as_of=MARCH_END, source="Round"))
    give(company, SalesFigure(revenue=Decimal(900), source="ERP", starts_on=dt.date(2026, 1, 1), ends_on=MARCH_END))
    give(company, PriceRate(currency="USD", as_of=dt.date(2026, 3, 30), rate=Decimal("0.9"), source="ECB"))

    asked = {"entity": entity, "as_of": MARCH_END}
    span = (dt.date(2026, 1, 1), APRIL_END)
    assert known.contracts_as_of(**asked) == [
        (contract.pk, item.pk, "C-1", 600_000, 52_000_000, "EUR", None, 1_000_000, *span)
    ]
    assert [row[2:6] for row in known.commitments_as_of(**asked)] == [("P-1", 600_000, 52_000_000, "EUR")]
    assert known.contracts_as_of(entity=entity, as_of=dt.date(2026, 5, 1)) == []
    assert [row[1:3] for row in known.uses_as_of(**asked)] == [(item.pk, an_item(company, "B").pk)]
    first, last = dt.date(2026, 2, 1), dt.date(2026, 3, 1)
    assert known.demand_as_of(**asked, months=2) == [(item.pk, 310_000, 2, first, last)]
    assert known.demand_by_month(**asked, months=1) == [(item.pk, last, 110_000)]
    assert known.conditions_as_of(**asked) == [(mark.pk, lot.pk, "DAMAGED", MARCH_END, "")]
    assert known.rates_as_of(**asked) == [("USD", 9_000_000_000, dt.date(2026, 3, 30))]
    assert known.rates_as_of(entity=entity, as_of=dt.date(2026, 3, 29)) == []
    assert [row[-1] for row in known.sales_between(entity=entity, after=dt.date(2025, 12, 31), until=MARCH_END)] == [
        9_000_000
    ]
    give(company, ConditionMark(lot=lot, kind="DAMAGED", as_of=APRIL_END, lifted=True, source="Mended"))
    assert known.conditions_as_of(entity=entity, as_of=APRIL_END) == []
    for table in ("contracts", "commitments", "uses", "conditions", "rates", "demand"):
        before = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
        assert getattr(known, f"{table}_as_of")(**asked, known_at=before) == [], table


def test_an_input_of_another_kind_that_cannot_be_is_refused(company: Company) -> None:
    item, tomorrow = an_item(company), timezone.now().date() + dt.timedelta(days=2)
    for given, complaint in (
        (MaterialUse(material=item, product=item, as_of=MARCH_END, source="R"), "does not go into itself"),
        (Demand(item=item, month=dt.date(2026, 3, 2), quantity=Decimal(1), source="R"), "its first day"),
        (ConditionMark(lot=a_lot(company), kind="DAMAGED", as_of=tomorrow, source="R"), "still to come"),
        (PriceRate(currency="EUR", as_of=MARCH_END, rate=Decimal(1), source="R"), "needs no rate"),
        (PriceRate(currency="USD", as_of=MARCH_END, rate=Decimal(0), source="R"), "more than nil"),
    ):
        with pytest.raises(BadInput, match=complaint):
            give(company, given)


@pytest.mark.parametrize("day", [dt.date(2026, 3, 31), dt.date(2026, 4, 30), dt.date(2026, 12, 31)])
def test_a_month_counts_as_demand_once_it_is_over(day: dt.date) -> None:
    assert known.demand_window(day, 1) == (day.replace(day=1), day.replace(day=1))
    assert known.demand_window(day - dt.timedelta(days=1), 2)[1] < day.replace(day=1)


@pytest.mark.parametrize("table", sorted(KEPT))
def test_no_input_is_changed_replaced_or_deleted_around_the_orm(table: str, company: Company) -> None:
    """The statement alone is refused; rows that it would reach are not needed for a table that cannot be emptied."""
    a_price(company)
    if table != "valuation_price":
        names = [row[0] for row in _triggers(table)]
        assert {"update", "delete"} <= {name.split("_")[2] for name in names}, names
        return
    replace = "insert or replace into valuation_price select * from valuation_price"
    statements = ["update valuation_price set selling_price = 1", "delete from valuation_price"]
    statements += [replace] if connection.vendor == "sqlite" else ["truncate valuation_price cascade"]
    connection.check_constraints()
    for statement in statements:
        with (
            pytest.raises(DatabaseError, match="a price is never"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)


def _triggers(table: str) -> list[tuple[str]]:
    if connection.vendor == "sqlite":
        sql = "select name from sqlite_master where type = 'trigger' and tbl_name = %s"
    else:
        sql = "select tgname from pg_trigger where tgrelid = %s::regclass and not tgisinternal"
    with connection.cursor() as cursor:
        cursor.execute(sql, [table])
        return cursor.fetchall()
