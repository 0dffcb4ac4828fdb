"""The plan of a reversal: pure, so tested without a database. Amounts are raw: 1.00 is 10000."""

from __future__ import annotations

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from core.errors import BadInput, DomainError, WrongState
from core.words import Method
from tests.posting.test_plan_properties import after
from writeoffs.posting import plans
from writeoffs.posting.plans import Change, LotState
from writeoffs.posting.reversals import attached, reversal, reversible

ONE = 10_000


def lot(quantity: int = 10, cost: int = 100, allowance: int = 0, years: tuple[tuple[int, int], ...] = ()) -> LotState:
    raw = tuple((year, amount * ONE) for year, amount in years)
    return LotState(1, "LAMP / L1 at MAIN", quantity * ONE, 10_000_000, cost * ONE, allowance * ONE, raw, 7, 8)


def reverse(
    state: LotState, target: int, *, method: str = Method.ALLOWANCE, us_gaap: bool = False, year: int = 2026
) -> Change:
    return reversal(state, target * ONE, method=method, us_gaap=us_gaap, fiscal_year=year, exponent=2)


def test_under_the_allowance_method_the_allowance_falls_and_cost_stays() -> None:
    change = reverse(lot(allowance=40, years=((2025, 40),)), 75)
    assert (change.quantity, change.cost, change.allowance, change.loss) == (0, 0, -15 * ONE, -15 * ONE)
    assert (change.write_down, change.by_year) == (-15 * ONE, ((2025, -15 * ONE),))


def test_under_the_direct_method_cost_rises() -> None:
    change = reverse(lot(cost=60, years=((2025, 40),)), 75, method=Method.DIRECT)
    assert (change.cost, change.allowance, change.loss, change.write_down) == (15 * ONE, 0, -15 * ONE, -15 * ONE)


@pytest.mark.parametrize(("method", "cost", "allowance"), [(Method.ALLOWANCE, 10, -30), (Method.DIRECT, 20, -20)])
def test_a_lot_that_carries_both_gives_back_first_what_the_own_method_did(
    method: str, cost: int, allowance: int
) -> None:
    change = reverse(lot(cost=80, allowance=30, years=((2024, 20), (2025, 30))), 90, method=method)
    assert (change.cost, change.allowance) == (cost * ONE, allowance * ONE)


def test_the_latest_charge_comes_back_first() -> None:
    change = reverse(lot(allowance=40, years=((2024, 25), (2025, 15))), 80)
    assert change.by_year == ((2024, -5 * ONE), (2025, -15 * ONE))


def test_a_reversal_is_capped_at_what_is_still_attached() -> None:
    with pytest.raises(BadInput, match=r"rises to 100\.00 at most \(IAS 2\.33\)"):
        reverse(lot(allowance=40, years=((2025, 40),)), 101)


@pytest.mark.parametrize("target", [59, 60])
def test_a_reversal_that_would_not_raise_the_carrying_amount_is_refused(target: int) -> None:
    with pytest.raises(BadInput, match=r"carries 60\.00; a reversal to .* would not raise it"):
        reverse(lot(allowance=40, years=((2025, 40),)), target)


def test_a_lot_without_a_write_down_has_nothing_to_reverse() -> None:
    with pytest.raises(BadInput, match="carries no write-down"):
        reverse(lot(), 110)


def test_a_lot_with_nothing_on_hand_is_refused() -> None:
    with pytest.raises(BadInput, match="nothing on hand"):
        reverse(lot(quantity=0, cost=0), 1)


def test_an_amount_finer_than_the_currency_is_refused() -> None:
    with pytest.raises(BadInput, match="finer than the currency"):
        reversal(
            lot(allowance=40, years=((2025, 40),)),
            75 * ONE + 1,
            method=Method.ALLOWANCE,
            us_gaap=False,
            fiscal_year=2026,
            exponent=2,
        )


def test_under_us_gaap_an_earlier_years_write_down_is_the_new_cost_basis() -> None:
    with pytest.raises(WrongState, match=r"ASC 330-10-35-14.*ASC 270-10-45-6.*Remove the line"):
        reverse(lot(allowance=40, years=((2025, 40),)), 70, us_gaap=True)


def test_under_us_gaap_this_years_charges_come_back_and_no_more() -> None:
    state = lot(allowance=40, years=((2025, 25), (2026, 15)))
    assert reverse(state, 75, us_gaap=True).by_year == ((2026, -15 * ONE),)
    with pytest.raises(WrongState, match=r"Enter 75\.00 or less: 15\.00 of what fiscal year 2026"):
        reverse(state, 76, us_gaap=True)


def test_the_most_that_comes_back_is_nil_of_a_lot_without_units() -> None:
    assert reversible(lot(allowance=4, years=((2026, 4),))._replace(quantity=0), us_gaap=False, fiscal_year=2026) == 0


methods = st.sampled_from([Method.DIRECT, Method.ALLOWANCE])
figures = st.integers(1, 10**7)


def written_down(cost: int, amounts: list[int], method: str, exponent: int) -> LotState:
    """A lot after a charge in each year from 2024, each a part of what is left."""
    unit = 10 ** (4 - exponent)
    state = LotState(1, "X", ONE, 0, cost * unit, 0)
    for place, amount in enumerate(amounts):
        carrying = (state.cost - state.allowance) // unit
        if carrying:
            target = amount % carrying * unit
            state = after(
                state, plans.write_down(state, target, method=method, fiscal_year=2024 + place, exponent=exponent)
            )
    return state


@given(
    cost=figures,
    earlier=st.lists(figures, max_size=2),
    size=figures,
    method=methods,
    exponent=st.sampled_from([0, 2, 3]),
)
@settings(max_examples=200, deadline=None)
def test_a_write_down_and_its_reversal_restore_every_figure(
    cost: int, earlier: list[int], size: int, method: str, exponent: int
) -> None:
    unit = 10 ** (4 - exponent)
    before = written_down(cost, earlier, method, exponent)
    carrying = before.cost - before.allowance
    if carrying < unit:
        return
    target = size % (carrying // unit) * unit
    down = plans.write_down(before, target, method=method, fiscal_year=2026, exponent=exponent)
    lower = after(before, down)
    back = reversal(lower, carrying, method=method, us_gaap=False, fiscal_year=2026, exponent=exponent)
    assert after(lower, back) == before
    assert back.loss == -down.loss


@given(
    cost=figures,
    charges=st.lists(figures, min_size=1, max_size=4),
    size=figures,
    method=methods,
    us_gaap=st.booleans(),
    year=st.integers(2024, 2028),
)
@settings(max_examples=300, deadline=None)
def test_no_reversal_brings_back_more_than_is_attached_or_lifts_a_lot_above_its_cost(
    cost: int, charges: list[int], size: int, method: str, us_gaap: bool, year: int
) -> None:
    state = written_down(cost, charges, method, 2)
    carrying = state.cost - state.allowance
    target = carrying + (1 + size % (cost + 1)) * 100
    try:
        change = reversal(state, target, method=method, us_gaap=us_gaap, fiscal_year=year, exponent=2)
    except DomainError:
        assert target - carrying > reversible(state, us_gaap=us_gaap, fiscal_year=year) or not attached(state)
        return
    left = after(state, change)
    assert left.cost - left.allowance == target <= cost * 100
    assert attached(left) == attached(state) - (target - carrying) >= 0
    assert 0 <= left.allowance <= left.cost
    assert all(amount > 0 for _, amount in left.write_downs)
    assert change.write_down == sum(amount for _, amount in change.by_year) == change.loss
    if us_gaap:
        assert {taken for taken, _ in change.by_year} == {year}
