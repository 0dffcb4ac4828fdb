"""Gives inputs in a line."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from core.models import Category, Location, User
from inventory.models import Item, Lot
from tests.conftest import Company
from writeoffs.valuation.giving import input_give
from writeoffs.valuation.inputs import Input, Price

MARCH_END = dt.date(2026, 3, 31)


def an_item(company: Company, sku: str = "A-1", category: str = "Tools") -> Item:
    own, _ = Category.objects.get_or_create(entity=company.entity, name=category)
    item, _ = Item.objects.get_or_create(entity=company.entity, sku=sku, defaults={"category": own})
    return item


def a_lot(company: Company, sku: str = "A-1", code: str = "L1", at: str = "WH1", **fields: Any) -> Lot:
    place, _ = Location.objects.get_or_create(entity=company.entity, code=at)
    return Lot.objects.create(entity=company.entity, item=an_item(company, sku), location=place, code=code, **fields)


def a_price(company: Company, sku: str = "A-1", price: str = "12.50", **fields: Any) -> Price:
    given = Price(
        **{
            "item": an_item(company, sku),
            "as_of": MARCH_END,
            "currency": company.entity.currency,
            "selling_price": Decimal(price),
            "source": "Price list 2026-03",
            **fields,
        }
    )
    return give(company, given, company["PRICE_OWNER"])


def give(company: Company, given: Any, by: User | None = None) -> Any:
    assert isinstance(given, Input)
    return input_give(entity=company.entity, user=by or company["CONTROLLER"], given=given)
