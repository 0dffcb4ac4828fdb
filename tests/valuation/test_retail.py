"""The retail method and the gross profit method."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import BadInput
from writeoffs.valuation.rules.retail import (
    ONE,
    Goods,
    gross_profit_estimate,
    loss_without_records,
    margin_of_markup,
    retail_estimate,
)

M = 10**4


def test_markdowns_stay_out_of_the_conventional_ratio() -> None:
    """Cost 36,000 of 60,000 at retail, 5,000 marked down, 40,000 sold: 15,000 are left."""
    figures = {
        "opening": Goods(6_000 * M, 10_000 * M),
        "purchases": Goods(30_000 * M, 48_000 * M),
        "mark_ups": 2_000 * M,
        "mark_downs": 5_000 * M,
        "sales": 40_000 * M,
        "exponent": 2,
    }
    lower = retail_estimate(**figures)  # type: ignore[arg-type]
    assert (lower.at_retail, lower.cost) == (15_000 * M, 9_000 * M)
    # 36,000 / 55,000 of 15,000, rounded once.
    assert retail_estimate(**figures, lower_of_cost_and_market=False).cost == 9_818_18 * 100  # type: ignore[arg-type]


def test_a_fire_is_measured_by_the_usual_margin() -> None:
    found = gross_profit_estimate(
        opening=80_000 * M, purchases=170_000 * M, sales=300_000 * M, margin=400_000, exponent=2
    )
    assert found.cost == 70_000 * M
    assert loss_without_records(found, saved=12_500 * M) == 57_500 * M
    assert loss_without_records(found, saved=90_000 * M) == 0
    assert margin_of_markup(500_000) == 333_333


def test_what_cannot_be_is_said() -> None:
    with pytest.raises(BadInput, match="Nothing was for sale"):
        retail_estimate(opening=Goods(0, 0), purchases=Goods(0, 0), sales=0, exponent=2)
    with pytest.raises(BadInput, match="more than all goods"):
        retail_estimate(opening=Goods(M, M), purchases=Goods(0, 0), sales=2 * M, exponent=2)
    with pytest.raises(BadInput, match="below 1"):
        gross_profit_estimate(opening=M, purchases=0, sales=M, margin=ONE, exponent=2)
    with pytest.raises(BadInput, match="cost more than all"):
        gross_profit_estimate(opening=M, purchases=0, sales=9 * M, margin=0, exponent=2)


@given(st.integers(0, 10**12), st.integers(0, 10**12), st.integers(0, 10**12), st.integers(0, ONE - 1))
def test_an_estimate_lies_between_nil_and_all_goods(opening: int, bought: int, sales: int, margin: int) -> None:
    try:
        found = gross_profit_estimate(opening=opening, purchases=bought, sales=sales, margin=margin, exponent=2)
    except BadInput:
        return
    assert 0 <= found.cost <= opening + bought + 50
