"""The plans of a posting: pure, so tested without a database. Amounts are raw: 1.00 is 10000."""

from __future__ import annotations

from decimal import Decimal

import pytest

from core.errors import BadInput, NotEnoughStock, WrongState
from core.words import Method
from writeoffs.posting import plans
from writeoffs.posting.plans import LotState, QuarantineState

ONE = 10_000


def lot(
    quantity: int = 3, cost: int = 10, allowance: int = 0, write_downs: tuple[tuple[int, int], ...] = ()
) -> LotState:
    years = tuple((year, amount * ONE) for year, amount in write_downs)
    return LotState(1, "LAMP / L1 at MAIN", quantity * ONE, 3_333_333, cost * ONE, allowance * ONE, years, 7, 8)


def write_down(state: LotState, target: int, method: str = Method.ALLOWANCE) -> plans.Change:
    return plans.write_down(state, target, method=method, fiscal_year=2026, exponent=2)


def recovery(state: QuarantineState, quantity: int, *, us_gaap: bool = False, year: int = 2026) -> plans.Change:
    return plans.recovery(state, quantity * ONE, exponent=2, us_gaap=us_gaap, fiscal_year=year)


def test_a_write_off_takes_a_rounded_share_and_the_last_unit_takes_the_rest() -> None:
    first = plans.write_off(lot(), ONE, exponent=2)
    assert (first.quantity, first.cost, first.loss) == (-ONE, -33_300, 33_300)
    rest = LotState(1, "", 2 * ONE, 0, 66_700, 0)
    second = plans.write_off(rest, ONE, exponent=2)
    last = plans.write_off(LotState(1, "", ONE, 0, 66_700 + second.cost, 0), ONE, exponent=2)
    assert first.cost + second.cost + last.cost == -10 * ONE


def test_a_write_off_takes_its_share_of_allowance_by_fiscal_year_of_the_charge() -> None:
    state = lot(quantity=3, cost=100, allowance=10, write_downs=((2024, 5), (2025, 5)))
    change = plans.write_off(state, ONE, exponent=2)
    assert change.allowance == -33_300
    assert change.write_down == sum(amount for _, amount in change.by_year) == -33_300
    assert [year for year, _ in change.by_year] == [2024, 2025]


@pytest.mark.parametrize("quantity", [0, -5])
def test_a_lot_with_nothing_on_hand_cannot_be_written_off(quantity: int) -> None:
    with pytest.raises(NotEnoughStock, match=r"LAMP / L1 at MAIN has .* on hand.*Remove the line"):
        plans.write_off(lot(quantity=quantity), ONE, exponent=2)


def test_more_than_a_lot_holds_is_refused_with_what_it_holds() -> None:
    with pytest.raises(NotEnoughStock, match=r"holds 3; 4 were to be written off\. Reduce the line to 3"):
        plans.write_off(lot(), 4 * ONE, exponent=2)


@pytest.mark.parametrize("quantity", [0, -ONE])
def test_a_write_off_of_nothing_is_refused(quantity: int) -> None:
    with pytest.raises(BadInput, match="above nil"):
        plans.write_off(lot(), quantity, exponent=2)


def test_a_write_down_under_the_allowance_method_leaves_the_cost() -> None:
    change = write_down(lot(allowance=2), 5 * ONE)
    assert (change.cost, change.allowance, change.write_down, change.loss) == (0, 3 * ONE, 3 * ONE, 3 * ONE)
    assert change.by_year == ((2026, 3 * ONE),)


def test_a_write_down_under_the_direct_method_lowers_the_cost_basis() -> None:
    change = write_down(lot(), 5 * ONE, Method.DIRECT)
    assert (change.cost, change.allowance, change.write_down) == (-5 * ONE, 0, 5 * ONE)


@pytest.mark.parametrize("target", [10, 11])
def test_a_write_down_to_the_carrying_amount_or_above_is_refused(target: int) -> None:
    with pytest.raises(BadInput, match=r"carries 10\.00; writing it down to 1[01]\.00 would not lower it"):
        write_down(lot(), target * ONE)


def test_a_write_down_below_nil_is_refused() -> None:
    with pytest.raises(BadInput, match="below nil"):
        write_down(lot(), -ONE)


def test_a_write_down_to_a_fraction_of_the_smallest_unit_is_refused() -> None:
    with pytest.raises(BadInput, match="finer than the currency"):
        write_down(lot(), 12_345)


def test_a_write_down_of_a_lot_with_nothing_on_hand_is_refused() -> None:
    with pytest.raises(BadInput, match="nothing to write down"):
        write_down(lot(quantity=0), 0)


def test_an_overage_of_a_written_down_lot_comes_in_written_down() -> None:
    down = lot(allowance=10, write_downs=((2025, 4), (2026, 6)))
    over = plans.count_adjustment(down, 2 * ONE, exponent=2)
    assert (over.cost, over.allowance, over.write_down, over.loss) == (66_700, 66_700, 66_700, 0)
    assert over.by_year == ((2025, 26_700), (2026, 40_000))
    direct = lot(cost=4, write_downs=((2026, 6),))
    over = plans.count_adjustment(direct, 3 * ONE, exponent=2)
    assert (over.cost, over.allowance, over.write_down, over.loss) == (4 * ONE, 0, 6 * ONE, -4 * ONE)


def test_an_overage_of_a_lot_that_holds_none_comes_in_at_unit_cost() -> None:
    over = plans.count_adjustment(lot(quantity=0, cost=0), 2 * ONE, exponent=2)
    assert (over.cost, over.allowance, over.loss) == (66_700, 0, -66_700)


def test_an_overage_comes_in_with_the_lots_shares_and_a_shortage_leaves_with_its_shares() -> None:
    over = plans.count_adjustment(lot(), 2 * ONE, exponent=2)
    assert (over.quantity, over.cost, over.allowance, over.loss) == (2 * ONE, 66_700, 0, -66_700)
    short = plans.count_adjustment(lot(allowance=3), -ONE, exponent=2)
    assert (short.quantity, short.cost, short.allowance, short.loss) == (-ONE, -33_300, -10_000, 23_300)


def test_a_shortage_of_more_than_a_lot_holds_says_that_the_lot_moved() -> None:
    with pytest.raises(NotEnoughStock, match="moved since the count"):
        plans.count_adjustment(lot(), -4 * ONE, exponent=2)


def test_a_count_that_brings_a_negative_lot_to_nil_leaves_no_value_behind() -> None:
    change = plans.count_adjustment(lot(quantity=-3, cost=-11), 3 * ONE, exponent=2)
    assert (change.quantity, change.cost) == (3 * ONE, 11 * ONE)


def test_a_count_that_agrees_has_nothing_to_adjust() -> None:
    with pytest.raises(BadInput, match="agrees with the book"):
        plans.count_adjustment(lot(), 0, exponent=2)


def quarantined(left: int = 3, year: int = 2026) -> QuarantineState:
    return QuarantineState(
        lot(quantity=0, cost=0), 3 * ONE, left * ONE, 10 * ONE, 5 * ONE, ((2024, 5 * ONE),), year, "WO-2026-0001"
    )


def test_a_recovery_is_the_mirror_of_its_share_and_the_last_unit_takes_the_rest() -> None:
    parts = [recovery(quarantined(3), 1), recovery(quarantined(2), 1), recovery(quarantined(1), 1)]
    assert sum(part.cost for part in parts) == 10 * ONE
    assert sum(part.allowance for part in parts) == 5 * ONE
    assert sum(amount for part in parts for _, amount in part.by_year) == 5 * ONE
    assert all(part.loss < 0 for part in parts)


def test_more_than_stands_in_quarantine_cannot_be_recovered() -> None:
    with pytest.raises(NotEnoughStock, match="2 of WO-2026-0001 stand in quarantine; 3 were to be"):
        recovery(quarantined(2), 3)


def test_us_gaap_refuses_a_recovery_of_an_earlier_fiscal_year_and_names_the_rule() -> None:
    with pytest.raises(WrongState, match=r"fiscal year 2025 \(WO-2026-0001\).*ASC 330-10-35-14"):
        recovery(quarantined(year=2025), 1, us_gaap=True)
    assert recovery(quarantined(year=2026), 1, us_gaap=True).quantity == ONE
    assert recovery(quarantined(year=2025), 1).quantity == ONE


def test_every_kind_of_change_makes_balanced_entries_and_a_count_two_of_them() -> None:
    short = plans.part_of(plans.count_adjustment(lot(allowance=3), -ONE, exponent=2), reason="COUNT_DIFFERENCE")
    over = plans.part_of(plans.count_adjustment(lot(), ONE, exponent=2), reason="COUNT_DIFFERENCE")
    entries = plans.entries_of("COUNT_ADJUSTMENT", [short, over], title="CA-2026-0001")
    assert [entry.leg for entry in entries] == ["COUNT_LOSS", "COUNT_GAIN"]
    for entry in entries:
        assert sum(line.amount for line in entry.lines) == 0
        assert {(line.location_id, line.category_id, line.reason) for line in entry.lines} == {
            (7, 8, "COUNT_DIFFERENCE")
        }
    assert [(line.role, line.amount) for line in entries[0].lines] == [
        ("INVENTORY_ALLOWANCE", Decimal("1.0000")),
        ("SHRINKAGE_EXPENSE", Decimal("2.3300")),
        ("INVENTORY", Decimal("-3.3300")),
    ]


def test_a_change_without_value_makes_no_entry() -> None:
    nothing = plans.part_of(plans.write_off(lot(cost=0), ONE, exponent=2), reason="EXPIRY")
    assert plans.entries_of("WRITE_OFF", [nothing], title="WO-2026-0001") == []


def test_a_void_is_refused_where_the_units_have_left_since() -> None:
    came = plans.Change(lot(quantity=1, cost=3), 2 * ONE, 6 * ONE, 0, 0, (), -6 * ONE)
    with pytest.raises(NotEnoughStock, match="holds 1; voiding takes 2 back out"):
        plans.void(came)


def test_a_void_of_a_write_down_is_refused_where_part_of_it_has_left_with_its_units() -> None:
    charged = plans.Change(
        lot(allowance=2, write_downs=((2026, 2),)), 0, 0, 5 * ONE, 5 * ONE, ((2026, 5 * ONE),), 5 * ONE
    )
    with pytest.raises(NotEnoughStock, match="has left since"):
        plans.void(charged)
