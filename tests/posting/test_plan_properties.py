"""Whatever the order of partial write-offs, counts and write-downs: caches stay consistent, the last takes the rest."""

from __future__ import annotations

import hypothesis.strategies as st
from hypothesis import given, settings

from core.words import Method
from writeoffs.posting import plans
from writeoffs.posting.plans import Change, LotState

ONE = 10_000
exponents = st.sampled_from([0, 2, 3])
steps = st.lists(st.tuples(st.sampled_from(["off", "down", "count"]), st.integers(1, 10**9)), max_size=12)


def after(lot: LotState, change: Change) -> LotState:
    """The lot as the movement leaves it, by addition alone."""
    years = dict(lot.write_downs)
    for year, amount in change.by_year:
        years[year] = years.get(year, 0) + amount
    return lot._replace(
        quantity=lot.quantity + change.quantity,
        cost=lot.cost + change.cost,
        allowance=lot.allowance + change.allowance,
        write_downs=tuple((year, amount) for year, amount in sorted(years.items()) if amount),
    )


def step(lot: LotState, what: str, size: int, method: str, year: int, exponent: int) -> Change | None:
    unit = 10 ** (4 - exponent)
    carrying = lot.cost - lot.allowance
    if lot.quantity <= 0:
        return None
    if what == "off":
        return plans.write_off(lot, 1 + size % lot.quantity, exponent=exponent)
    if what == "count":
        found = size % 3 == 0
        return plans.count_adjustment(lot, (1 + size % lot.quantity) * (1 if found else -1), exponent=exponent)
    if carrying < unit:
        return None
    return plans.write_down(lot, size % (carrying // unit) * unit, method=method, fiscal_year=year, exponent=exponent)


@given(
    quantity=st.integers(1, 10**7),
    units=st.integers(0, 10**8),
    method=st.sampled_from([Method.DIRECT, Method.ALLOWANCE]),
    exponent=exponents,
    sequence=steps,
)
@settings(max_examples=300, deadline=None)
def test_any_sequence_leaves_a_consistent_lot_and_the_last_unit_takes_the_rest(
    quantity: int, units: int, method: str, exponent: int, sequence: list[tuple[str, int]]
) -> None:
    unit = 10 ** (4 - exponent)
    lot = LotState(1, "X", quantity, 0, units * unit, 0)
    lost = 0
    for place, (what, size) in enumerate(sequence):
        change = step(lot, what, size, method, 2024 + place % 3, exponent)
        if change is None:
            continue
        assert change.loss == -(change.cost - change.allowance)
        assert change.loss * change.quantity <= 0
        assert change.write_down == sum(amount for _, amount in change.by_year)
        lost += change.loss
        lot = after(lot, change)
        assert 0 <= lot.allowance <= lot.cost
        assert lot.quantity >= 0
        assert all(amount > 0 for _, amount in lot.write_downs)
        assert lot.cost % unit == 0
        assert lot.allowance % unit == 0
        if method == Method.ALLOWANCE:
            assert lot.allowance == sum(amount for _, amount in lot.write_downs)
    if lot.quantity:
        change = plans.write_off(lot, lot.quantity, exponent=exponent)
        lost += change.loss
        lot = after(lot, change)
    assert (lot.quantity, lot.cost, lot.allowance, lot.write_downs) == (0, 0, 0, ())
    assert lost == units * unit


@given(
    quantity=st.integers(1, 10**7),
    units=st.integers(0, 10**8),
    share=st.integers(0, 100),
    cuts=st.lists(st.integers(1, 10**7), max_size=6),
    exponent=exponents,
)
@settings(max_examples=200, deadline=None)
def test_recoveries_in_any_pieces_bring_back_exactly_what_left(
    quantity: int, units: int, share: int, cuts: list[int], exponent: int
) -> None:
    unit = 10 ** (4 - exponent)
    allowance = units * share // 100 * unit
    early = allowance // (3 * unit) * unit
    by_year = tuple(pair for pair in ((2024, early), (2025, allowance - early)) if pair[1])
    lot = LotState(1, "X", 0, 0, 0, 0)
    left, back = quantity, Change(lot, 0, 0, 0, 0, (), 0)
    for cut in [*cuts, quantity]:
        pieces = min(cut, left)
        if not pieces:
            break
        state = plans.QuarantineState(lot, quantity, left, units * unit, allowance, by_year, 2026, "WO")
        change = plans.recovery(state, pieces, exponent=exponent, us_gaap=True, fiscal_year=2026)
        assert change.cost >= change.allowance >= 0
        assert all(amount > 0 for _, amount in change.by_year)
        assert change.allowance == change.write_down == sum(amount for _, amount in change.by_year)
        left -= pieces
        back = back._replace(
            quantity=back.quantity + change.quantity,
            cost=back.cost + change.cost,
            allowance=back.allowance + change.allowance,
            write_down=back.write_down + change.write_down,
        )
    if left == 0:
        assert (back.quantity, back.cost, back.allowance, back.write_down) == (
            quantity,
            units * unit,
            allowance,
            allowance,
        )
