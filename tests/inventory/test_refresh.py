"""What a newer list means: worked examples, and that quantities are conserved whatever the books and the list say."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from inventory.refresh import Held, Listed, RefreshPlan, refresh_plan, settle

EUR = 2
Q, M, U = 10**4, 10**4, 10**6


def held(lot: int, quantity: int, unit_cost: int = 10, *, code: str = "L1", at: int = 1, **more: int) -> Held:
    return Held(
        lot,
        1,
        code,
        at,
        7,
        quantity * Q,
        unit_cost * U,
        more.get("cost", quantity * unit_cost) * M,
        more.get("allowance", 0) * M,
        more.get("write_down", more.get("allowance", 0)) * M,
    )


def listed(lot: int, quantity: int, unit_cost: int = 10, *, code: str = "L1", at: int = 1) -> Listed:
    return Listed(lot, 1, code, at, 7, quantity * Q, unit_cost * U)


def plan(
    books: list[Held], rows: list[Listed], outstanding: dict[int, int] | None = None, **more: object
) -> RefreshPlan:
    years = {lot.lot: {2024: lot.write_down} for lot in books if lot.write_down}
    return refresh_plan(
        held={lot.lot: lot for lot in books},
        listed=rows,
        outstanding={lot: units * Q for lot, units in (outstanding or {}).items()},
        years=years,
        exponent=EUR,
        **more,
    )


def moves(made: RefreshPlan) -> list[tuple[int, str, int, int, int]]:
    return [(m.lot, m.kind, m.quantity // Q, m.cost // M, m.allowance // M) for m in made.moves]


def test_a_list_that_agrees_moves_nothing() -> None:
    assert moves(plan([held(1, 5)], [listed(1, 5)])) == []


def test_a_new_lot_is_received_at_its_unit_cost() -> None:
    assert moves(plan([], [listed(-1, 5)])) == [(-1, "RECEIPT", 5, 50, 0)]


def test_a_rise_is_a_receipt_and_a_fall_takes_its_share_of_cost_and_allowance() -> None:
    made = plan([held(1, 10, allowance=40), held(2, 4, code="L2")], [listed(1, 5), listed(2, 6, code="L2")])

    assert moves(made) == [(1, "ISSUE", -5, -50, -20), (2, "RECEIPT", 2, 20, 0)]
    assert made.moves[0].by_year == ((2024, -20 * M),)
    assert made.released == 20 * M


def test_a_lot_that_the_list_no_longer_names_is_gone_with_all_it_carries() -> None:
    made = plan([held(1, 3, cost=31, allowance=7)], [])

    assert moves(made) == [(1, "ISSUE", -3, -31, -7)]
    assert made.gone.lots == 1


def test_a_list_of_some_locations_leaves_the_others_alone() -> None:
    made = plan([held(1, 3, at=1), held(2, 4, at=2)], [], only_locations=frozenset({2}))

    assert moves(made) == [(2, "ISSUE", -4, -40, 0)]


def test_a_lot_that_moved_takes_cost_allowance_and_write_downs_along() -> None:
    made = plan([held(1, 10, allowance=40)], [listed(-1, 10, at=2)])

    assert moves(made) == [(1, "TRANSFER", -10, -100, -40), (-1, "TRANSFER", 10, 100, 40)]
    assert [m.by_year for m in made.moves] == [((2024, -40 * M),), ((2024, 40 * M),)]
    assert made.carried == {-1: 1}
    assert made.released == 0
    assert [m.location for m in made.moves] == [1, 2]


def test_part_of_a_lot_may_move_and_the_rest_of_the_fall_stays_to_be_explained() -> None:
    made = plan([held(1, 10)], [listed(1, 2), listed(-1, 5, at=2)])

    assert moves(made) == [(1, "TRANSFER", -5, -50, 0), (1, "ISSUE", -3, -30, 0), (-1, "TRANSFER", 5, 50, 0)]


def test_lots_without_a_code_are_never_taken_for_moved() -> None:
    made = plan([held(1, 10, code="")], [listed(-1, 10, code="", at=2)])

    assert [m.kind for m in made.moves] == ["ISSUE", "RECEIPT"]


def test_a_changed_unit_cost_revalues_what_is_on_hand() -> None:
    assert moves(plan([held(1, 10, 10)], [listed(1, 10, 12)])) == [(1, "REVALUATION", 0, 20, 0)]


def test_a_transferred_lot_listed_at_another_cost_is_revalued_where_it_arrives() -> None:
    made = plan([held(1, 10, 10)], [listed(-1, 10, 11, at=2)])

    assert moves(made)[-1] == (-1, "REVALUATION", 0, 10, 0)


def test_an_unchanged_unit_cost_does_not_undo_a_direct_write_down() -> None:
    assert moves(plan([held(1, 10, 10, cost=60, write_down=40)], [listed(1, 10, 10)])) == []


def test_an_erp_that_follows_a_direct_write_down_does_not_write_it_down_twice() -> None:
    assert moves(plan([held(1, 10, 10, cost=60, write_down=40)], [listed(1, 10, 6)])) == []
    assert moves(plan([held(1, 10, 10, cost=60, write_down=40)], [listed(1, 10, 5)])) == [(1, "REVALUATION", 0, -10, 0)]


def followed(*unit_costs: int, cost: int = 600, listed_at: int = 10) -> list[int]:
    """100 units written down directly by 400: their cost after each list's unit cost."""
    costs = []
    for unit_cost in unit_costs:
        made = plan([held(1, 100, listed_at, cost=cost, write_down=400)], [listed(1, 100, unit_cost)])
        cost += sum(move.cost for move in made.moves) // M
        listed_at = unit_cost
        costs.append(cost)
    return costs


def test_a_direct_write_down_is_followed_once_however_many_steps_the_erp_takes() -> None:
    assert followed(6, 2) == [600, 200]
    assert followed(8, 7, 6, 5) == [600, 600, 600, 500]
    assert followed(2) == [200]


def test_a_rise_of_the_unit_cost_takes_back_what_was_followed_before_it_adds_value() -> None:
    assert followed(8, 10, 8, 10) == [600, 600, 600, 600]
    assert followed(6, 12) == [600, 800]
    assert followed(12) == [800]


def test_an_opening_cost_below_the_original_contains_its_write_down_already() -> None:
    assert followed(5, cost=600, listed_at=6) == [500]
    assert followed(10, cost=600, listed_at=6) == [600]


def test_a_revaluation_below_the_allowance_releases_what_the_cost_no_longer_holds() -> None:
    made = plan([held(1, 10, 10, allowance=80)], [listed(1, 10, 5)])

    assert moves(made) == [(1, "REVALUATION", 0, -50, -30)]
    assert made.released == 30 * M
    assert made.moves[0].by_year == ((2024, -30 * M),)


def test_a_fall_below_zero_takes_all_that_is_carried_and_stands_at_unit_cost_beyond() -> None:
    assert moves(plan([held(1, 3, cost=31, allowance=5)], [listed(1, -2)])) == [(1, "ISSUE", -5, -51, -5)]


def test_a_lot_that_comes_back_from_below_zero_starts_anew_at_its_unit_cost() -> None:
    assert moves(plan([held(1, -5, cost=-48)], [listed(1, 3)])) == [(1, "RECEIPT", 8, 78, 0)]
    assert moves(plan([held(1, -5, cost=-48)], [listed(1, 0)])) == [(1, "RECEIPT", 5, 48, 0)]


def test_written_off_units_that_the_erp_still_shows_are_not_received_again() -> None:
    made = plan([held(1, 0)], [listed(1, 12)], {1: 12})

    assert moves(made) == []
    assert made.acknowledged == {}
    assert made.outstanding.lots == 1
    assert made.new.lots == 0


def test_a_list_without_the_written_off_units_acknowledges_them() -> None:
    made = plan([held(1, 0)], [], {1: 12})

    assert moves(made) == []
    assert made.acknowledged == {1: (12 * Q, 0)}


def test_a_list_may_follow_in_part() -> None:
    made = plan([held(1, 8)], [listed(1, 11)], {1: 12})

    assert moves(made) == []
    assert made.acknowledged == {1: (9 * Q, 3 * Q)}


def test_beyond_the_ends_the_nearer_one_is_the_base_and_the_rest_moves() -> None:
    assert settle(8, 12, 25) == (5, 12)
    assert settle(8, 12, 6) == (-2, 0)
    assert settle(8, -3, 4) == (-1, -3)
    assert settle(8, -3, 9) == (1, 0)


def test_found_units_that_the_erp_does_not_list_yet_do_not_fall() -> None:
    assert settle(8, -3, 5) == (0, -3)
    assert settle(8, -3, 8) == (0, 0)
    assert settle(8, -3, 6) == (0, -2)


def test_the_digest_changes_with_the_plan_and_only_with_it() -> None:
    one, again = plan([held(1, 5)], [listed(1, 4)]), plan([held(1, 5)], [listed(1, 4)])

    assert one.digest() == again.digest()
    assert one.digest() != plan([held(1, 5)], [listed(1, 3)]).digest()


@st.composite
def worlds(draw: st.DrawFn) -> tuple[list[Held], list[Listed], dict[int, int], dict[int, dict[int, int]]]:
    books, years = [], {}
    for lot in range(1, draw(st.integers(0, 5)) + 1):
        quantity = draw(st.integers(-5, 20)) * Q // draw(st.sampled_from([1, 2, 3]))
        unit_cost = draw(st.integers(0, 5_000)) * 10_000
        cost = max(quantity, 0) * unit_cost // 10**8 * 100 if quantity > 0 else -(-quantity * unit_cost // 10**8) * 100
        direct = draw(st.integers(0, 3)) * 100 if cost > 300 else 0
        cost -= direct
        allowance = draw(st.integers(0, max(cost, 0) // 100)) * 100 if quantity > 0 else 0
        if allowance + direct:
            years[lot] = {2023: (allowance + direct) // 200 * 100, 2024: 0}
            years[lot][2024] = allowance + direct - years[lot][2023]
        code = draw(st.sampled_from(["L1", "L2", ""]))
        books.append(Held(lot, 1, code, lot, 7, quantity, unit_cost, cost, allowance, allowance + direct))
    pending = {lot.lot: draw(st.integers(-4, 8)) * Q for lot in books if draw(st.booleans())}
    rows = [
        Listed(
            lot.lot, 1, lot.code, lot.location, 7, draw(st.integers(-5, 20)) * Q, draw(st.integers(0, 5_000)) * 10_000
        )
        for lot in books
        if draw(st.booleans())
    ]
    rows += [
        Listed(-n, 1, draw(st.sampled_from(["L1", "L2", ""])), 100 + n, 7, draw(st.integers(-5, 20)) * Q, 3 * U)
        for n in range(1, draw(st.integers(0, 4)) + 1)
    ]
    return books, rows, pending, years


@given(worlds())
def test_books_plus_what_the_erp_has_yet_to_follow_are_what_the_list_shows(world: tuple) -> None:
    books, rows, pending, years = world
    made = refresh_plan(
        held={lot.lot: lot for lot in books}, listed=rows, outstanding=pending, years=years, exponent=EUR
    )
    after = {lot.lot: lot.quantity for lot in books}
    cost = {lot.lot: lot.cost for lot in books}
    allowance = {lot.lot: lot.allowance for lot in books}
    attached = {lot: dict(by_year) for lot, by_year in years.items()}
    for move in made.moves:
        after[move.lot] = after.get(move.lot, 0) + move.quantity
        cost[move.lot] = cost.get(move.lot, 0) + move.cost
        allowance[move.lot] = allowance.get(move.lot, 0) + move.allowance
        for year, amount in move.by_year:
            attached.setdefault(move.lot, {})[year] = attached.get(move.lot, {}).get(year, 0) + amount
    shown = {row.lot: row.quantity for row in rows}
    for lot, quantity in after.items():
        left = made.acknowledged[lot][1] if lot in made.acknowledged else pending.get(lot, 0)
        assert quantity + left == shown.get(lot, 0)
        assert 0 <= allowance[lot] <= max(cost[lot], 0)
        assert cost[lot] % 100 == 0
        assert quantity != 0 or (cost[lot] == 0 and allowance[lot] == 0)
        assert all(amount >= 0 for amount in attached.get(lot, {}).values())


@given(worlds())
def test_transfers_neither_make_nor_lose_value(world: tuple) -> None:
    books, rows, pending, years = world
    made = refresh_plan(
        held={lot.lot: lot for lot in books}, listed=rows, outstanding=pending, years=years, exponent=EUR
    )
    moved = [m for m in made.moves if m.kind == "TRANSFER"]

    assert sum(m.quantity for m in moved) == 0
    assert sum(m.cost for m in moved) == 0
    assert sum(m.allowance for m in moved) == 0
    assert sum(m.write_down for m in moved) == 0
