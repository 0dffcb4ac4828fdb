"""The rules of measurement, pure: what holds for every stock, whatever the figures."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.money import from_raw
from writeoffs.valuation.rules import framework
from writeoffs.valuation.rules.assessing import (
    CATEGORY,
    ITEM,
    OUT,
    TOTAL,
    UNTESTED,
    Known,
    LotFacts,
    PolicyFacts,
    PriceFacts,
    assess,
)
from writeoffs.valuation.rules.contracts import Sold, allotted, lower_of
from writeoffs.valuation.rules.levels import spread
from writeoffs.valuation.rules.market import market_unit
from writeoffs.valuation.rules.provisions import Matrix, excess_need, excess_units
from writeoffs.valuation.rules.worth import PAR, net_unit, worth_raw

Q, U, M = 10**4, 10**6, 10**4


def lot(number: int = 1, quantity: int = 100, cost: int = 1000, **fields: int) -> LotFacts:
    """Quantity and cost in whole units of themselves."""
    given_ = {"item_id": number, "category_id": 1, "carried": 0, **fields}
    return LotFacts(lot_id=number, quantity=quantity * Q, cost=cost * M, **given_)


def price(nrv: float, **fields: object) -> PriceFacts:
    return PriceFacts(**{"price_id": 1, "rate": PAR, "nrv": round(nrv * U), **fields})  # type: ignore[arg-type]


def at(level: str, **fields: object) -> PolicyFacts:
    return PolicyFacts(**{"policy_id": 1, "level": level, **fields})  # type: ignore[arg-type]


# --- what holds for every stock --------------------------------------------------------------------------------------


@st.composite
def stocks(draw: st.DrawFn) -> tuple[list[LotFacts], dict[int, PriceFacts]]:
    """Lots of a few items and classes, with prices around their cost, below nil too, in another currency at times."""
    lots, prices = [], {}
    for number in range(1, draw(st.integers(1, 8)) + 1):
        cost = draw(st.integers(1, 10**7)) * 100
        carried = draw(st.integers(0, cost // 100)) * 100
        charged = draw(st.integers(0, carried // 100)) * 100
        item = draw(st.integers(1, 4))
        lots.append(
            LotFacts(
                number,
                item,
                item % 2 + 1,
                draw(st.integers(1, 10**7)),
                cost,
                carried,
                charged,
            )
        )
    for item in range(1, 5):
        if draw(st.booleans()):
            rate = draw(st.sampled_from([PAR, 9 * PAR // 10, 123456789]))
            prices[item] = PriceFacts(item, rate, draw(st.integers(-(10**6), 10**9)))
    lots.sort(key=lambda one: (one.item_id, one.lot_id))
    return lots, prices


@given(stocks(), st.sampled_from([ITEM, CATEGORY, TOTAL]), st.booleans(), st.sampled_from([0, 2]))
def test_required_lies_between_nil_and_cost_and_no_reversal_is_more_than_is_attached(
    stock: tuple[list[LotFacts], dict[int, PriceFacts]], level: str, us_gaap: bool, exponent: int
) -> None:
    lots, prices = stock
    if not exponent:
        # A currency without decimals holds whole units.
        lots = [
            LotFacts(x.lot_id, x.item_id, x.category_id, x.quantity, x.cost // M * M + M, x.carried // M * M, 0)
            for x in lots
        ]
    found = assess(lots, Known(prices=prices, default=at(level, us_gaap=us_gaap)), exponent)
    unit = 10 ** (4 - exponent)
    for line in found.lines:
        assert 0 <= line.required <= line.lot.cost
        assert line.lot.carried - line.required <= line.lot.carried
        assert line.outcome == UNTESTED or line.required % unit == 0 or line.required == line.lot.carried
        if us_gaap:
            assert line.lot.carried - line.required <= line.lot.charged
        if line.outcome == UNTESTED:
            assert line.required == line.lot.carried


@given(stocks())
def test_a_higher_level_never_writes_down_more(stock: tuple[list[LotFacts], dict[int, PriceFacts]]) -> None:
    lots, prices = stock
    by_level = {}
    for level in (ITEM, CATEGORY, TOTAL):
        found = assess(lots, Known(prices=prices, default=at(level)), 2)
        by_level[level] = sum(line.computed for line in found.lines)
        # Each run says what every level would give; its own level is what its lines add up to.
        assert found.by_level[level] == sum(one.cost for one in lots) - by_level[level]
    assert by_level[TOTAL] <= by_level[CATEGORY] <= by_level[ITEM]


@given(
    st.lists(st.integers(0, 10**6).map(lambda cents: cents * 100), min_size=1, max_size=20),
    st.integers(0, 100),
    st.sampled_from([0, 2, 3]),
)
def test_a_shortfall_is_spread_exactly_and_no_lot_takes_more_than_it_lost(
    weights: list[int], percent: int, exponent: int
) -> None:
    unit = 10 ** (4 - exponent)
    weights = [weight // unit * unit for weight in weights]
    amount = sum(weights) * percent // 100 // unit * unit
    shares = spread(amount, weights, exponent)
    assert sum(shares) == (amount if sum(weights) else 0)
    assert all(0 <= share <= weight and share % unit == 0 for share, weight in zip(shares, weights, strict=True))


# --- each rule by its own example ------------------------------------------------------------------------------------


def test_a_unit_figure_is_never_rounded_only_the_total_is() -> None:
    assert net_unit(nrv=None, selling_price=38 * U, cost_to_complete=U, cost_to_sell=2 * U) == 35 * U
    assert net_unit(nrv=-3, selling_price=None, cost_to_complete=None, cost_to_sell=None) == -3
    assert net_unit(nrv=None, selling_price=None, cost_to_complete=5, cost_to_sell=None) is None
    # Three units of 0.333333 at 0.9: 0.8999991, and not 3 x 0.30.
    assert from_raw(worth_raw(3 * Q, 333333, 9 * PAR // 10, 2), 4) == Decimal("0.90")
    assert worth_raw(10**6 * Q, 333333, 9 * PAR // 10, 2) == 299_999_70 * 100


def test_contracted_units_are_judged_at_the_contract_and_offset_nothing() -> None:
    lower, fetched = lower_of(50_000 * M, 1000 * Q, [Sold(600 * Q, 51 * U, PAR)], (45 * U, PAR))
    assert (lower, fetched) == (48_000 * M, (600 * 51 + 400 * 45) * M)
    parts, short = allotted([Sold(7 * Q, U, PAR), Sold(9 * Q, 2 * U, PAR)], [5 * Q, 6 * Q])
    assert [[part.quantity // Q for part in own] for own in parts] == [[5], [2, 4]]
    assert short == 5 * Q


@pytest.mark.parametrize(
    ("replacement", "nrv", "profit", "market"),
    [(17, 19, 4, 17), (19, 18, 3, 18), (12, 19, 4, 15), (22, 25, 4, 22), (None, 19, 4, 19), (17, None, None, 17)],
)
def test_market_is_the_middle_of_replacement_cost_ceiling_and_floor(
    replacement: int | None, nrv: int | None, profit: int | None, market: int
) -> None:
    assert market_unit(replacement_cost=replacement, nrv=nrv, normal_profit=profit) == market


def test_excess_takes_the_oldest_units_and_ageing_the_band_of_the_age() -> None:
    assert excess_units(1100 * Q, 720 * Q, 12, 12) == 380 * Q
    assert excess_units(10 * Q, 60 * Q, 1, 12) == 0
    # A third of a unit a month: a part of the last digit counts as demanded.
    assert excess_units(10 * Q, 1 * Q, 3, 1) == 96666
    policy = at(ITEM, excess_months=12, excess_recovery=250_000)
    lots = [lot(number, quantity, quantity * 6, item_id=7) for number, quantity in enumerate((100, 200, 800), 1)]
    found = assess(lots, Known(demand={7: (60 * Q, 1)}, default=policy), 2)
    assert [line.excess_quantity for line in found.lines] == [100 * Q, 200 * Q, 80 * Q]
    assert [line.required for line in found.lines] == [450 * M, 900 * M, 360 * M]
    assert excess_need(2 * Q, 30 * M, 3 * Q, -5, 1, 2) == 20 * M
    matrix = Matrix((0, 181, 366), (0, 250_000, 1_000_000))
    assert [matrix.rate(age) for age in (0, 180, 181, 365, 366, 9999)] == [0, 0, 250_000, 250_000, 10**6, 10**6]


def test_us_gaap_takes_back_only_what_this_year_charged() -> None:
    assert framework.required(0, 500, us_gaap=False, charged_this_year=0) == 0
    assert framework.required(0, 500, us_gaap=True, charged_this_year=0) == 500
    assert framework.required(0, 500, us_gaap=True, charged_this_year=200) == 300
    assert framework.required(450, 500, us_gaap=True, charged_this_year=200) == 450
    assert framework.required(700, 500, us_gaap=True, charged_this_year=200) == 700


def test_evidence_governs_and_a_larger_provision_is_told_not_booked() -> None:
    policy = at(ITEM, matrix=Matrix((0,), (500_000,)))
    found = assess([lot(age=10)], Known(prices={1: price(9.5)}, default=policy), 2)
    [line] = found.lines
    assert (line.governs, line.required, line.ageing_need) == ("NRV", 50 * M, 500 * M)
    assert "override with a reason" in line.flags


def test_the_larger_of_ageing_and_excess_governs_for_the_item_and_expiry_for_its_own_lot() -> None:
    policy = at(ITEM, matrix=Matrix((0, 100), (100_000, 200_000)), excess_months=12, expired_rate=10**6)
    lots = [lot(1, age=200, item_id=7), lot(2, age=5, item_id=7, days_left=-1)]
    known = Known(demand={7: (120 * Q, 12)}, default=policy)
    first, second = assess(lots, known, 2).lines
    assert (first.ageing_need, second.ageing_need) == (200 * M, 100 * M)
    # The eighty units beyond demand are those that nobody can buy any more.
    assert (first.excess_need, second.excess_need) == (0, 800 * M)
    assert (first.expiry_need, second.expiry_need) == (None, 1000 * M)
    assert (first.required, second.required) == (0, 1000 * M)
    assert second.reason == "EXPIRY"


def test_lots_without_evidence_and_without_a_policy_are_untested_and_keep_what_they_carry() -> None:
    [line] = assess([lot(carried=30 * M)], Known(), 2).lines
    assert (line.outcome, line.required, line.governs) == (UNTESTED, 30 * M, "NONE")


def test_negative_stock_and_stock_without_cost_are_left_out_by_name() -> None:
    lots = [lot(1, quantity=-3, cost=0), lot(2, cost=0)]
    found = assess(lots, Known(prices={1: price(1), 2: price(1)}), 2)
    assert [line.outcome for line in found.lines] == [OUT, OUT]
    assert "Negative stock" in found.lines[0].flags
    assert "No cost" in found.lines[1].flags


def test_a_negative_nrv_takes_no_more_than_cost_and_a_price_without_a_rate_is_not_used() -> None:
    known = Known(prices={1: price(-4), 2: PriceFacts(2, None, U, currency="USD")})
    first, second = assess([lot(1), lot(2)], known, 2).lines
    assert (first.required, first.governs) == (1000 * M, "NRV")
    assert "onerous" in first.flags
    assert (second.outcome, second.flags) == (UNTESTED, "No rate for USD: enter one, then assess again.")


def test_a_material_is_written_down_only_where_a_product_sells_below_cost() -> None:
    material, product = lot(1, 2000, 8000), lot(2, 100, 3000)
    known = {1: PriceFacts(1, PAR, replacement_cost=3_100_000), 2: price(36)}
    uses = {1: [2]}
    kept, _ = assess([material, product], Known(prices=known, uses=uses), 2).lines
    assert (kept.required, kept.governs) == (0, "MATERIAL")
    fallen, loss = assess([material, product], Known(prices={**known, 2: price(28.5)}, uses=uses), 2).lines
    assert (fallen.required, fallen.governs, loss.required) == (1800 * M, "REPLACEMENT", 150 * M)
    unknown, _ = assess([material, product], Known(prices={1: known[1]}, uses=uses), 2).lines
    assert "no price or cost is known" in unknown.flags


def test_a_temporary_decline_waits_in_interim_periods_under_us_gaap_alone() -> None:
    known = {1: price(9, recovers_in_year=True)}
    for us_gaap, interim, required in ((True, True, 0), (True, False, 100 * M), (False, True, 100 * M)):
        [line] = assess([lot()], Known(prices=known, default=at(ITEM, us_gaap=us_gaap, interim=interim)), 2).lines
        assert line.required == required
        assert line.flags
