"""Exact numbers: the one rounding rule, the shares that add up, and the fields that lose nothing."""

from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import F, Max, Min, Sum
from hypothesis import given
from hypothesis import strategies as st

from core import money
from core.models import Category, Location
from inventory.models import Item, Lot
from tests.conftest import Company


@pytest.mark.parametrize(
    ("quantity", "unit_cost", "currency", "value"),
    [
        ("3", "0.335", "EUR", "1.01"),
        ("1", "0.005", "EUR", "0.01"),
        ("-1", "0.005", "EUR", "-0.01"),
        ("1.5", "1.333333", "EUR", "2.00"),
        ("7", "0.5", "JPY", "4"),
        ("1", "1.2345", "KWD", "1.235"),
        ("100000", "9999.999999", "EUR", "999999999.90"),
    ],
)
def test_a_line_is_rounded_once_half_away_from_zero(quantity: str, unit_cost: str, currency: str, value: str) -> None:
    assert money.line_value(Decimal(quantity), Decimal(unit_cost), currency) == Decimal(value)


@given(st.integers(-(10**12), 10**12), st.integers(1, 10**9))
def test_division_rounds_half_away_from_zero(numerator: int, denominator: int) -> None:
    result = money.divide_half_away(numerator, denominator)
    assert abs(result * denominator - numerator) * 2 <= denominator
    if abs(result * denominator - numerator) * 2 == denominator:
        assert abs(result) * denominator > abs(numerator)
    assert money.divide_half_away(-numerator, denominator) == -result


@given(st.integers(0, 10**9), st.lists(st.integers(1, 10**7), min_size=1, max_size=12))
def test_shares_taken_one_after_another_leave_nothing_behind(cents: int, parts: list[int]) -> None:
    total, whole = cents * 100, sum(parts)
    for part in parts:
        taken = money.share_raw(total, part, whole, 2)
        assert taken % 100 == 0
        assert 0 <= taken <= total
        total, whole = total - taken, whole - part
    assert total == 0


@pytest.mark.parametrize(
    ("value", "decimals", "locale", "text"),
    [
        ("1234567.5", 2, "en", "1,234,567.50"),
        ("-1234.5", 2, "en", "(1,234.50)"),
        ("0", 2, "en", "–"),
        ("1234.5", 2, "de", "1.234,50"),
        ("1234.5", 0, "de", "1.234"),
    ],
)
def test_people_read_parentheses_and_dashes(value: str, decimals: int, locale: str, text: str) -> None:
    assert money.display(Decimal(value), decimals, locale) == text


def test_a_quantity_shows_the_decimals_it_has() -> None:
    assert money.display_quantity(Decimal("12.5000")) == "12.5"
    assert money.display_quantity(Decimal("1200.0000")) == "1,200"


def test_too_many_decimals_are_refused_not_rounded() -> None:
    with pytest.raises(ValueError, match="more than 4 decimals"):
        money.to_raw(Decimal("1.00001"), 4)
    with pytest.raises(ValidationError, match="more than 4 decimals"):
        money.MoneyField().clean(Decimal("1.00001"), None)


@pytest.mark.parametrize("typed", ["1.5", "-3", "0.0001"])
def test_a_form_takes_decimals_as_they_are_typed(typed: str) -> None:
    assert money.MoneyField().formfield().clean(typed) == Decimal(typed)


@pytest.fixture
def lots(company: Company) -> list[Lot]:
    category = Category.objects.create(entity=company.entity, name="Tools")
    location = Location.objects.create(entity=company.entity, code="WH1")
    item = Item.objects.create(entity=company.entity, sku="S1", category=category)
    return [
        Lot.objects.create(
            entity=company.entity,
            item=item,
            location=location,
            code=f"L{i}",
            quantity=Decimal(quantity),
            cost=Decimal(cost),
        )
        for i, (quantity, cost) in enumerate([("1.5", "99999999999.9999"), ("2.25", "0.0001"), ("0", "0.1")])
    ]


def test_the_database_keeps_every_digit(lots: list[Lot]) -> None:
    assert Lot.objects.get(pk=lots[0].pk).cost == Decimal("99999999999.9999")


def test_sums_and_extremes_come_back_exact(lots: list[Lot]) -> None:
    totals = Lot.objects.aggregate(cost=Sum("cost"), low=Min("quantity"), high=Max("quantity"))
    assert totals == {"cost": Decimal("100000000000.1000"), "low": Decimal(0), "high": Decimal("2.25")}


def test_fields_of_one_type_subtract_in_the_database(lots: list[Lot]) -> None:
    carrying = (
        Lot.objects.annotate(carrying=F("cost") - F("allowance")).order_by("pk").values_list("carrying", flat=True)
    )
    assert list(carrying) == [Decimal("99999999999.9999"), Decimal("0.0001"), Decimal("0.1")]


@pytest.mark.parametrize("field", ["quantity", "cost"])
def test_a_value_past_the_limit_is_refused_by_form_and_database(lots: list[Lot], field: str) -> None:
    lot = lots[0]
    setattr(lot, field, Decimal("100000000000.0001"))
    with pytest.raises(ValidationError, match="too large"):
        lot.full_clean()
    with pytest.raises(IntegrityError, match=f"lot_{field}_in_range"), transaction.atomic():
        lot.save()
