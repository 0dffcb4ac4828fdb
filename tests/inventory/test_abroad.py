"""Unit cost in another currency: at the rate of the day the goods were bought, rounded once on the lot's cost."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from inventory.models import Lot
from tests.conftest import Company
from tests.inventory.sheets import check, lot_row, take_in, upload_of

pytestmark = pytest.mark.django_db
USD = {"currency": "usd", "exchange_rate": "0.95"}


def test_cost_is_kept_at_the_rate_of_the_purchase(company: Company) -> None:
    """P22: 10,000 USD at 0.95 are 9,500 EUR; a product is rounded once, not by way of a rounded unit cost."""
    take_in(
        company,
        [
            lot_row(lot="L1", quantity=1, cost=10000, **USD),
            lot_row(lot="L2", quantity=30000, cost="0.333333", currency="USD", exchange_rate="0.9123456789"),
            lot_row(lot="L3", quantity=2, cost=5, currency="EUR"),
        ],
    )
    lots = dict(Lot.objects.values_list("code", "cost"))
    exact = (30000 * Decimal("0.333333") * Decimal("0.9123456789")).quantize(Decimal("0.01"))
    assert lots == {"L1": Decimal(9500), "L2": exact, "L3": Decimal(10)}
    assert Lot.objects.get(code="L1").unit_cost == Decimal(9500)


def test_the_check_says_currency_and_rate(company: Company) -> None:
    summary, issues = check(upload_of(company, "stock_list"), [lot_row(cost=100, **USD), lot_row(lot="L2")])
    assert ("Bought in another currency", "1 lot: USD at 0.95") in summary.figures
    assert any("Row 2: 100 USD at 0.95 is 95 EUR a unit" in message for *_, message in issues.kept)


def test_a_later_list_takes_new_lots_at_their_own_rate_and_leaves_the_others(company: Company) -> None:
    first = lot_row(lot="L1", quantity=10, cost=100, **USD)
    take_in(company, [first])
    later = [first, lot_row(lot="L2", quantity=3, cost="33.333333", currency="USD", exchange_rate="0.9123456789")]
    take_in(company, later, as_of=dt.datetime(2026, 3, 20, 12, tzinfo=dt.UTC))
    costs = dict(Lot.objects.values_list("code", "cost"))
    assert costs == {"L1": Decimal(950), "L2": Decimal("91.23")}


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        ({"currency": "USD"}, "the unit cost is in USD and has no exchange rate"),
        ({"exchange_rate": "0.9"}, "there is an exchange rate and no currency"),
        ({"currency": "XXQ", "exchange_rate": "0.9"}, "'XXQ' is no currency"),
        ({"currency": "USD", "exchange_rate": "0"}, "'0' cannot be a rate"),
        ({"currency": "USD", "exchange_rate": "much"}, "is not a number"),
        ({"currency": "USD", "exchange_rate": "0.12345678901"}, "more than 10 decimals"),
    ],
)
def test_a_cost_without_its_rate_is_refused(fields: dict[str, Any], complaint: str, company: Company) -> None:
    _, issues = check(upload_of(company, "stock_list"), [lot_row(**fields)])
    assert issues.errors == 1
    assert any(complaint in message and message.startswith("Row 2") for *_, message in issues.kept), issues.kept


def test_write_downs_of_an_opening_lot_are_held_against_its_cost_in_own_currency(company: Company) -> None:
    take_in(company, [lot_row(quantity=10, cost=100, allowance=150, write_down_years="2025", **USD)])
    lot = Lot.objects.get()
    assert (lot.cost, lot.allowance) == (Decimal(950), Decimal(150))
