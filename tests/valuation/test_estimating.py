"""An estimated loss, step by step: textbook figures of the gross profit and of the retail method."""

from __future__ import annotations

import pytest

from core.errors import BadInput
from writeoffs.valuation.rules.estimating import AVERAGE, CONVENTIONAL, FIFO, GROSS_PROFIT, RETAIL, Figure, worked

M = 10**4


def gross_profit(**more: Figure) -> dict[str, Figure]:
    return {
        "OPENING": Figure(cost=80_000 * M),
        "PURCHASES": Figure(cost=175_000 * M),
        "PURCHASE_RETURNS": Figure(cost=7_000 * M),
        "FREIGHT_IN": Figure(cost=2_000 * M),
        "SALES": Figure(retail=310_000 * M),
        "SALES_RETURNS": Figure(retail=10_000 * M),
        **more,
    }


def test_a_margin_of_sales_and_the_same_markup_on_cost_give_the_same_loss() -> None:
    """250,000 available; 300,000 sold net at 40 % margin cost 180,000; 70,000 were there, 12,500 are left."""
    saved = {"SAVED": Figure(cost=10_000 * M), "SALVAGE": Figure(cost=2_500 * M)}
    found = worked(
        method=GROSS_PROFIT, variant="", figures=gross_profit(MARGIN=Figure(rate=400_000), **saved), exponent=2
    )
    assert (found.estimated, found.saved, found.loss) == (70_000 * M, 12_500 * M, 57_500 * M)
    totals = [(step.label, step.cost or step.retail) for step in found.steps if step.total]
    assert totals == [
        ("Goods available for sale", 250_000 * M),
        ("Net sales", 300_000 * M),
        ("Stock that was there, estimated at cost", 70_000 * M),
        ("Estimated loss", 57_500 * M),
    ]
    # 50 % on cost is a third of sales, exactly: no rounded margin in between.
    markup = worked(method=GROSS_PROFIT, variant="", figures=gross_profit(MARKUP=Figure(rate=500_000)), exponent=2)
    assert markup.estimated == 50_000 * M


@pytest.mark.parametrize(
    ("variant", "cost"),
    [
        # 36,000 / 60,000 of 14,000; 36,000 / 55,000; the purchases' own 30,000 / (48,000 + 2,000 - 5,000).
        (CONVENTIONAL, 8_400_00 * 100),
        (AVERAGE, 9_163_64 * 100),
        (FIFO, 9_333_33 * 100),
    ],
)
def test_the_retail_method_by_its_variants(variant: str, cost: int) -> None:
    figures = {
        "OPENING": Figure(6_000 * M, 10_000 * M),
        "PURCHASES": Figure(30_000 * M, 49_000 * M),
        "PURCHASE_RETURNS": Figure(1_000 * M, 1_000 * M),
        "FREIGHT_IN": Figure(cost=1_000 * M),
        "MARK_UPS": Figure(retail=2_500 * M),
        "MARK_UP_CANCELLATIONS": Figure(retail=500 * M),
        "MARK_DOWNS": Figure(retail=5_000 * M),
        "SALES": Figure(retail=40_500 * M),
        "SALES_RETURNS": Figure(retail=500 * M),
        "STAFF_DISCOUNTS": Figure(retail=400 * M),
        "NORMAL_SHRINKAGE": Figure(retail=600 * M),
    }
    found = worked(method=RETAIL, variant=variant, figures=figures, exponent=2)
    assert (found.at_retail, found.estimated, found.loss) == (14_000 * M, cost, cost)
    # The lines of the table add up to what stands below them.
    cost_lines = [step.cost or 0 for step in found.steps if step.code in {"OPENING", "PURCHASES", "FREIGHT_IN"}]
    assert sum(cost_lines) == 37_000 * M
    assert found.steps[-1].cost == cost


def test_what_is_missing_or_cannot_be_is_said() -> None:
    with pytest.raises(BadInput, match="Give the gross margin of sales or the markup"):
        worked(method=GROSS_PROFIT, variant="", figures=gross_profit(), exponent=2)
    with pytest.raises(BadInput, match="Sales: this figure is missing"):
        worked(method=RETAIL, variant=AVERAGE, figures={"OPENING": Figure(M, M), "PURCHASES": Figure()}, exponent=2)
    figures = gross_profit(MARGIN=Figure(rate=400_000), SAVED=Figure(cost=70_001 * M))
    with pytest.raises(BadInput, match="worth more than all that should have been there"):
        worked(method=GROSS_PROFIT, variant="", figures=figures, exponent=2)
    with pytest.raises(BadInput, match="enter it without a sign"):
        worked(method=GROSS_PROFIT, variant="", figures={"SALES": Figure(retail=-1)}, exponent=2)
    with pytest.raises(BadInput, match="no figure of this method"):
        worked(method=GROSS_PROFIT, variant="", figures={"MARK_UPS": Figure()}, exponent=2)
