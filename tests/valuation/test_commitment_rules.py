"""What a firm purchase loses before it has come in."""

from __future__ import annotations

import dataclasses

from hypothesis import given
from hypothesis import strategies as st

from writeoffs.valuation.rules.commitments import Committal, Committed, judge, left_over, short_loss
from writeoffs.valuation.rules.contracts import Sold
from writeoffs.valuation.rules.facts import Known, PolicyFacts, PriceFacts
from writeoffs.valuation.rules.worth import PAR

Q, U, M = 10**4, 10**6, 10**4
ONE = Committed(1, 7, 3, 1_000 * Q, 50 * U, PAR)


def judged(*committed: Committed, on_hand: int = 0, below: bool | None = None, **known: object) -> list[Committal]:
    lines, _ = judge(committed, Known(**known), {7: on_hand * Q}, {7: below}, 2)  # type: ignore[arg-type]
    return lines


def price(nrv: int | None = None, rate: int | None = PAR, **fields: int) -> dict[int, PriceFacts]:
    return {7: PriceFacts(1, rate, None if nrv is None else nrv * U, **fields)}


def test_what_the_goods_fetch_less_than_their_price_is_lost() -> None:
    """1,000 units at 50 that fetch 42: 8,000 (ASC 330-10-35-17)."""
    [line] = judged(ONE, prices=price(42))
    assert (line.cost, line.worth, line.required, line.governs) == (50_000 * M, 42_000 * M, 8_000 * M, "NRV")
    [line] = judged(ONE, prices=price(51))
    assert line.required == 0


def test_units_that_a_firm_sale_takes_are_judged_at_its_price_stock_first() -> None:
    """Firm sales of 700 at 55; 300 of them from stock, 400 protect the commitment; 600 lose 8 each."""
    contracts = {7: [Sold(700 * Q, 55 * U, PAR)]}
    [line] = judged(ONE, on_hand=300, contracts=contracts, prices=price(42))
    assert (line.contract_quantity, line.required, line.governs) == (400 * Q, 4_800 * M, "CONTRACT")


def test_no_commitment_leaves_a_contract_uncovered_twice() -> None:
    contracts = {7: [Sold(1_500 * Q, 55 * U, PAR)]}
    lines, open_sales = judge([ONE], Known(contracts=contracts), {7: 300 * Q}, {}, 2)
    assert lines[0].contract_quantity == 1_000 * Q
    assert [part.quantity for part in open_sales[7]] == [200 * Q]
    # 200 units sold at 55 that cost 60 to replace.
    assert short_loss(open_sales[7], 60 * U, PAR, 2) == 1_000 * M
    assert left_over(contracts[7], 1_500 * Q) == []


def test_a_material_loses_nothing_while_its_product_sells_at_cost_else_replacement_cost_says() -> None:
    uses = {7: [8]}
    [line] = judged(ONE, below=False, uses=uses, prices=price(42, replacement_cost=45 * U))
    assert (line.required, line.governs) == (0, "MATERIAL")
    [line] = judged(ONE, below=True, uses=uses, prices=price(42, replacement_cost=45 * U))
    assert (line.required, line.governs) == (5_000 * M, "REPLACEMENT")


def test_under_lifo_market_measures_it() -> None:
    policy = PolicyFacts(us_gaap=True, cost_formula="LIFO")
    prices = price(48, replacement_cost=40 * U, normal_profit=6 * U)
    [line] = judged(ONE, prices=prices, policies={3: policy})
    assert (line.required, line.governs) == (8_000 * M, "MARKET")


def test_a_foreign_commitment_is_measured_in_the_entity_s_currency_and_rounded_once() -> None:
    """1,000 at 50 USD, 0.9215 each: 46,075; the goods fetch 42."""
    [line] = judged(dataclasses.replace(ONE, rate=9_215_000_000), prices=price(42))
    assert (line.cost, line.required) == (46_075 * M, 4_075 * M)


def test_without_evidence_what_is_provided_stays() -> None:
    provided = dataclasses.replace(ONE, carried=500 * M, provided=1_000 * Q)
    for lines in (judged(provided), judged(provided, prices=price(42, rate=None))):
        assert (lines[0].outcome, lines[0].required) == ("UNTESTED", 500 * M)
    [line] = judged(dataclasses.replace(provided, rate=None, currency="USD"), prices=price(42))
    assert (line.outcome, line.required, line.flags) == (
        *("UNTESTED", 500 * M),
        "No rate for USD: enter one, then assess again.",
    )


def test_what_is_over_is_told_and_reversed_and_goods_below_nil_stop_at_cost() -> None:
    over = dataclasses.replace(ONE, quantity=0, in_force=False, carried=500 * M, provided=10 * Q)
    [line] = judged(over)
    assert (line.required, "not in force any more" in line.flags) == (0, True)
    [line] = judged(dataclasses.replace(ONE, provided=1_200 * Q, carried=9_600 * M), prices=price(42))
    assert "Units have come in or fallen away" in line.flags
    [line] = judged(ONE, prices=price(-2))
    assert (line.required, "less than nil" in line.flags) == (50_000 * M, True)


@given(
    st.lists(st.tuples(st.integers(1, 10**7), st.integers(0, 10**9)), min_size=1, max_size=4),
    st.lists(st.tuples(st.integers(1, 10**7), st.integers(-(10**8), 10**9)), max_size=3),
    st.integers(-(10**8), 10**9),
    st.integers(0, 10**4),
)
def test_a_loss_lies_between_nil_and_what_is_still_to_be_paid(
    bought: list[tuple[int, int]], sold: list[tuple[int, int]], nrv: int, on_hand: int
) -> None:
    every = [Committed(place, 7, 3, quantity, unit, PAR) for place, (quantity, unit) in enumerate(bought)]
    contracts = {7: [Sold(quantity, unit, PAR) for quantity, unit in sold]}
    lines, open_sales = judge(
        every, Known(prices={7: PriceFacts(1, PAR, nrv)}, contracts=contracts), {7: on_hand * Q}, {}, 2
    )
    assert all(0 <= line.required <= line.cost for line in lines)
    covered = sum(line.contract_quantity for line in lines) + sum(p.quantity for p in open_sales.get(7, []))
    assert covered == max(0, sum(quantity for quantity, _ in sold) - on_hand * Q)
