"""What accepted lines come to as the lots stand: pure, so tested without a database. Amounts are raw: 1.00 is 10000."""

from __future__ import annotations

from dataclasses import replace

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from core.words import Method
from tests.posting.test_plan_properties import after
from writeoffs.posting import plans
from writeoffs.posting.plans import LotState
from writeoffs.posting.reversals import attached, reversal
from writeoffs.proposals.assessed import AcceptedLine, Asked, Left, LeftOut, Taken, outcome_of

ONE = 10_000
IFRS = Asked(exponent=2, us_gaap=False, fiscal_year=2026)
US = replace(IFRS, us_gaap=True)


def lot(quantity: int = 10, cost: int = 100, allowance: int = 0, year: int = 2026) -> LotState:
    years = ((year, allowance * ONE),) if allowance else ()
    return LotState(1, "LAMP / L1 at MAIN", quantity * ONE, 10_000_000, cost * ONE, allowance * ONE, years, 7, 8)


def line(governing: int, **fields: object) -> AcceptedLine:
    made = AcceptedLine(9, 1, True, "NRV", "PRICE_FALL", 10 * ONE, 100 * ONE, governing * ONE)
    return replace(made, **fields)  # type: ignore[arg-type]


def taken(accepted: AcceptedLine, state: LotState | None = None, asked: Asked = IFRS) -> Taken:
    outcome = outcome_of(accepted, state or lot(), asked)
    assert isinstance(outcome, Taken)
    return outcome


def left(accepted: AcceptedLine, state: LotState | None = None, asked: Asked = IFRS) -> Left:
    outcome = outcome_of(accepted, state or lot(), asked)
    assert isinstance(outcome, LeftOut)
    return outcome.why


def test_what_is_required_beyond_what_is_carried_is_written_down() -> None:
    made = taken(line(30), lot(allowance=10))
    assert (made.kind, made.amount, made.input.new_carrying_amount) == ("WRITE_DOWN", 20 * ONE, 70 * ONE)


def test_what_is_carried_beyond_what_is_required_is_reversed() -> None:
    made = taken(line(10), lot(allowance=30))
    assert (made.kind, made.amount, made.input.new_carrying_amount) == ("REVERSAL", 20 * ONE, 90 * ONE)


def test_under_us_gaap_an_earlier_years_write_down_is_listed_with_the_paragraph() -> None:
    why = left(line(10), lot(allowance=30, year=2025), US)
    assert why is Left.NEW_COST
    assert "ASC 330-10-35-14; ASC 270-10-45-6" in why.value
    assert taken(line(10), lot(allowance=30), US).kind == "REVERSAL"


@pytest.mark.parametrize(
    ("accepted", "state", "asked", "why"),
    [
        (line(10), lot(allowance=10), IFRS, Left.NOTHING),
        (line(10, tested=False), lot(), IFRS, Left.UNTESTED),
        (line(10, least=11 * ONE), lot(), IFRS, Left.SMALL),
        (line(10), lot(), replace(IFRS, open_on={1: "WD-2026-0001"}), Left.OPEN),
        (line(10), lot(), replace(IFRS, taken={9: "WD-2026-0002"}), Left.PROPOSED),
        (line(10), lot(quantity=0, cost=0), IFRS, Left.GONE),
        (line(10), lot(cost=101), IFRS, Left.COST),
        (line(10, governs="CONTRACT"), lot(quantity=5, cost=50), IFRS, Left.QUANTITY),
        (line(10, by_item=False), lot(quantity=5, cost=50), IFRS, Left.QUANTITY),
        (line(10, reason=""), lot(), IFRS, Left.NO_REASON),
    ],
)
def test_what_cannot_be_proposed_is_left_out_with_its_reason(
    accepted: AcceptedLine, state: LotState, asked: Asked, why: Left
) -> None:
    assert left(accepted, state, asked) is why


def test_a_lot_that_is_not_there_any_more_is_left_out() -> None:
    outcome = outcome_of(line(10), None, IFRS)
    assert isinstance(outcome, LeftOut)
    assert outcome.why is Left.GONE


def test_a_figure_by_the_unit_follows_the_quantity() -> None:
    made = taken(line(30), lot(quantity=4, cost=40))
    assert (made.amount, made.followed) == (12 * ONE, True)


def test_what_has_expired_and_fetches_nothing_can_be_written_off() -> None:
    accepted = line(100, reason="EXPIRY", governs="EXPIRY", expired=True)
    assert taken(accepted, lot(allowance=40)).kind == "WRITE_DOWN"
    made = taken(accepted, lot(allowance=40), replace(IFRS, write_off_expired=True))
    assert (made.kind, made.input.quantity) == ("WRITE_OFF", -10 * ONE)
    sold_for_something = replace(accepted, governing=90 * ONE)
    assert taken(sold_for_something, lot(allowance=40), replace(IFRS, write_off_expired=True)).kind == "WRITE_DOWN"


def booked(state: LotState, accepted: AcceptedLine, method: str, asked: Asked) -> LotState:
    """The lot after what the line comes to is posted, if anything."""
    outcome = outcome_of(accepted, state, asked)
    if isinstance(outcome, LeftOut):
        return state
    target = outcome.input.new_carrying_amount
    assert target is not None
    if outcome.kind == "WRITE_DOWN":
        change = plans.write_down(state, target, method=method, fiscal_year=asked.fiscal_year, exponent=2)
    else:
        change = reversal(
            state, target, method=method, us_gaap=asked.us_gaap, fiscal_year=asked.fiscal_year, exponent=2
        )
    assert abs(change.loss) == outcome.amount
    return after(state, change)


amounts = st.integers(0, 10_000)


@given(
    carried=amounts,
    required=st.lists(amounts, min_size=1, max_size=3),
    method=st.sampled_from([Method.DIRECT, Method.ALLOWANCE]),
    us_gaap=st.booleans(),
    year=st.sampled_from([2025, 2026]),
)
@settings(max_examples=300, deadline=None)
def test_a_lot_ends_at_what_the_last_accepted_line_requires_and_twice_is_once(
    carried: int, required: list[int], method: str, us_gaap: bool, year: int
) -> None:
    cost = 10_000
    state = LotState(1, "X", ONE, 0, cost * 100, 0)
    if carried:
        down = plans.write_down(state, (cost - carried) * 100, method=method, fiscal_year=year, exponent=2)
        state = after(state, down)
    for amount in required:
        accepted = AcceptedLine(9, 1, True, "NRV", "PRICE_FALL", ONE, cost * 100, amount * 100)
        asked = Asked(2, us_gaap, 2026)
        floor = sum(charged for own, charged in state.write_downs if own != 2026) if us_gaap else 0
        state = booked(state, accepted, method, asked)
        assert attached(state) == max(amount * 100, floor)
        assert booked(state, accepted, method, asked) == state
        assert 0 <= state.cost - state.allowance <= cost * 100
