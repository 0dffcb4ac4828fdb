"""Cost formulas: what leaves and what stays (IAS 2.21-27; ASC 330-10-30-9)."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.errors import BadInput, NotEnoughStock
from writeoffs.valuation.rules.formulas import FORMULAS, Layer, LifoRefused, compared, cost_leaving

UNITS, COST, MONEY = 10**4, 10**6, 10**4
LAYERS = (
    Layer.at("K1", 30 * UNITS, 10 * COST),
    Layer.at("K2", 50 * UNITS, 12_400_000),
    Layer.at("K3", 20 * UNITS, 13 * COST),
)


def leaving(formula: str, quantity: int = 40, framework: str = "IFRS", **more: object) -> tuple[int, int]:
    left = cost_leaving(
        formula=formula,
        layers=LAYERS,
        quantity=quantity * UNITS,
        exponent=2,
        framework=framework,
        **more,  # type: ignore[arg-type]
    )
    return left.cost, left.stays


@pytest.mark.parametrize(
    ("formula", "quantity", "more", "cost", "stays"),
    [
        ("FIFO", 40, {}, 424, 756),
        ("AVERAGE", 40, {}, 472, 708),
        ("SPECIFIC", 20, {"specific": "K3"}, 260, 920),
        ("LIFO", 40, {"framework": "US_GAAP"}, 508, 672),
        ("STANDARD", 40, {"standard_cost": 12 * COST, "variance_rate": 50_000}, 504, 756),
    ],
)
def test_each_formula_says_what_leaves(
    formula: str, quantity: int, more: dict[str, object], cost: int, stays: int
) -> None:
    assert leaving(formula, quantity, **more) == (cost * MONEY, stays * MONEY)  # type: ignore[arg-type]


def test_lifo_is_refused_under_ifrs_and_its_paragraph_named() -> None:
    with pytest.raises(LifoRefused, match=r"IAS 2\.25"):
        leaving("LIFO")
    assert [left.formula for left in compared(layers=LAYERS, quantity=40 * UNITS, exponent=2, framework="IFRS")] == [
        "FIFO",
        "AVERAGE",
    ]


def test_more_than_the_layers_hold_and_a_missing_standard_cost_are_named() -> None:
    with pytest.raises(NotEnoughStock, match="The layers hold 100; 101 were to leave"):
        leaving("FIFO", 101)
    with pytest.raises(NotEnoughStock, match="Lot K3 holds 20; 21 were to leave"):
        leaving("SPECIFIC", 21, specific="K3")
    with pytest.raises(BadInput, match="standard cost of a unit"):
        leaving("STANDARD")


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(st.tuples(st.integers(1, 10**8), st.integers(0, 10**9)), min_size=1, max_size=6),
    st.data(),
    st.sampled_from([0, 2, 3]),
)
def test_what_leaves_and_what_stays_are_what_was_there(
    held: list[tuple[int, int]], data: st.DataObject, exponent: int
) -> None:
    layers = [Layer.at(str(n), quantity, unit_cost) for n, (quantity, unit_cost) in enumerate(held)]
    quantity = data.draw(st.integers(1, sum(layer.quantity for layer in layers)))
    sums = set()
    for formula in FORMULAS:
        if formula in ("SPECIFIC", "STANDARD"):
            continue
        left = cost_leaving(formula=formula, layers=layers, quantity=quantity, exponent=exponent, framework="US_GAAP")
        sums.add(left.cost + left.stays)
        assert left.stays >= 0 or abs(left.stays) <= 10 ** (4 - exponent)
        assert not left.parts or (
            sum(part.cost for part in left.parts) == left.cost and sum(part.quantity for part in left.parts) == quantity
        )
        if quantity == sum(layer.quantity for layer in layers):
            assert left.stays == 0
    assert len(sums) == 1
