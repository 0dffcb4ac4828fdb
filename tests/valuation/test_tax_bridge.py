"""The bridge from book loss to tax, as a pure rule: whatever happens to a lot, the three differences add up."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from writeoffs.valuation.rules.tax_bridge import Does, Event, Treated, folded

UNIT = 100  # raw money of one cent
LATER, NOW, NEVER = Treated.LATER, Treated.NOW, Treated.NEVER


def charge(amount: int, treated: Treated = LATER, reason: str = "PRICE_FALL") -> Event:
    return Event(Does.CHARGE, 1, reason, amount=amount * UNIT, treated=treated)


def figures(*events: Event, reason: str = "PRICE_FALL") -> tuple[int, int, int]:
    """book, deducted, temporary in cents."""
    found = folded(events, exponent=2)[1, reason]
    return found.book // UNIT, found.deducted // UNIT, found.temporary // UNIT


def test_what_waited_is_deducted_as_the_units_are_sold_and_the_last_unit_takes_the_rest() -> None:
    sold = [Event(Does.RELEASE, 1, attached=33 * UNIT), Event(Does.RELEASE, 1, attached=67 * UNIT)]
    assert figures(charge(100), sold[0]) == (100, 33, 67)
    assert figures(charge(100), *sold) == (100, 100, 0)


def test_a_reversal_takes_back_what_was_charged_whether_it_was_deducted_or_not() -> None:
    back = Event(Does.REVERSE, 1, attached=40 * UNIT)
    assert figures(charge(100), back) == (60, 0, 60)
    assert figures(charge(100, NOW), back) == (60, 60, 0)
    assert figures(charge(100, NEVER), back) == (60, 0, 0)


def test_a_transfer_takes_the_difference_to_the_other_lot() -> None:
    moved = [Event(Does.MOVE_OUT, 1, attached=30 * UNIT, ref="u"), Event(Does.MOVE_IN, 2, attached=30 * UNIT, ref="u")]
    found = folded([charge(100), *moved], exponent=2)
    assert (found[1, "PRICE_FALL"].temporary, found[2, "PRICE_FALL"].temporary) == (70 * UNIT, 30 * UNIT)


def test_units_that_a_count_finds_bring_no_tax() -> None:
    found = [
        Event(Does.LEAVE, 1, "COUNT_DIFFERENCE", amount=-5 * UNIT),
        Event(Does.FOUND, 1, "COUNT_DIFFERENCE", attached=10 * UNIT),
        Event(Does.RELEASE, 1, attached=110 * UNIT),
    ]
    assert figures(charge(100), *found) == (100, 100, 0)
    assert figures(*found, reason="COUNT_DIFFERENCE") == (-5, -5, 0)


AMOUNTS = st.integers(1, 9999).map(lambda cents: cents * UNIT)
EVENTS = st.lists(
    st.one_of(
        st.builds(
            Event,
            st.just(Does.CHARGE),
            st.just(1),
            st.sampled_from(["THEFT", "EXPIRY"]),
            AMOUNTS,
            treated=st.sampled_from(Treated),
        ),
        st.builds(Event, st.sampled_from([Does.RELEASE, Does.REVERSE]), st.just(1), attached=AMOUNTS),
        st.builds(
            Event,
            st.just(Does.LEAVE),
            st.just(1),
            st.just("FIRE"),
            AMOUNTS,
            AMOUNTS,
            st.sampled_from(Treated),
            st.booleans(),
            st.just("WO"),
            st.integers(1, 50),
        ),
        st.builds(
            Event,
            st.sampled_from([Does.DISPOSE, Does.RECOVER]),
            st.just(1),
            ref=st.just("WO"),
            units=st.integers(1, 50),
        ),
    ),
    max_size=12,
)


@settings(max_examples=60, deadline=None)
@given(EVENTS)
def test_nothing_is_deducted_twice_and_no_difference_falls_below_nil(events: list[Event]) -> None:
    """Of losses alone: book = deducted + permanent + temporary, none below nil, and each a whole cent."""
    for found in folded(events, exponent=2).values():
        assert found.book == found.deducted + found.permanent + found.temporary
        assert min(found.book, found.deducted, found.permanent, found.temporary) >= 0
        assert all(amount % UNIT == 0 for amount in (found.book, found.deducted, found.permanent))
