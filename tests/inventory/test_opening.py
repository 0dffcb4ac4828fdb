"""Earlier write-downs on the first list: read exactly, or refused with what was expected."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from inventory.kinds.opening import OpeningError, fiscal_year_of, opening_values, parse_years

M, U, Q = 10**4, 10**6, 10**4


def values(**given: Any) -> tuple[int, int, int, str]:
    return opening_values(
        **{
            "quantity": 10 * Q,
            "unit_cost": 10 * U,
            "allowance": None,
            "original_unit_cost": None,
            "years": "",
            "direct": False,
            "last_year": 2026,
            "exponent": 2,
            **given,
        }
    )


def test_a_lot_never_written_down_has_its_listed_cost() -> None:
    assert values() == (100 * M, 0, 0, "")
    assert values(allowance=0, original_unit_cost=10 * U) == (100 * M, 0, 0, "")


def test_an_allowance_stands_beside_the_original_cost() -> None:
    assert values(allowance=30 * M, years="2024") == (100 * M, 30 * M, 30 * M, f"2024={30 * M}")


def test_an_allowance_may_come_with_the_written_down_unit_cost() -> None:
    made = values(unit_cost=7 * U, original_unit_cost=10 * U, allowance=30 * M, years="2024")

    assert made == (100 * M, 30 * M, 30 * M, f"2024={30 * M}")


def test_an_original_cost_alone_tells_of_a_direct_write_down() -> None:
    made = values(original_unit_cost=12 * U, years="2024=15; 2025=5", direct=True)

    assert made == (100 * M, 0, 20 * M, f"2024={15 * M};2025={5 * M}")
    assert parse_years(made[3]) == [(2024, 15 * M), (2025, 5 * M)]


@pytest.mark.parametrize(
    ("given", "column", "words"),
    [
        ({"allowance": 30 * M}, "write_down_years", "is empty, but 30 was written down"),
        ({"allowance": 30 * M, "years": "24"}, "write_down_years", "cannot be read"),
        ({"allowance": 30 * M, "years": "2024=10; 2025=10"}, "write_down_years", "adds up to 20; 30 was written down"),
        ({"allowance": 30 * M, "years": "2024=10; 2024=20"}, "write_down_years", "twice"),
        ({"allowance": 30 * M, "years": "2024=-10; 2025=40"}, "write_down_years", "cannot be read"),
        ({"allowance": 30 * M, "years": "2027"}, "write_down_years", "2027 is after the list's own fiscal year 2026"),
        ({"allowance": 300 * M, "years": "2024"}, "allowance", "more than the lot's cost of 100"),
        ({"allowance": -1, "years": "2024"}, "allowance", "nil or more"),
        ({"allowance": 1, "years": "2024"}, "allowance", "more decimals than the currency"),
        ({"allowance": 5 * M, "years": "2024", "direct": True}, "allowance", "writes down directly"),
        ({"original_unit_cost": 9 * U}, "original_unit_cost", "below the unit cost"),
        (
            {"original_unit_cost": 12 * U, "allowance": 30 * M, "years": "2024"},
            "original_unit_cost",
            "120 less allowance 30 is 90, but quantity x unit cost is 100",
        ),
    ],
)
def test_what_does_not_add_up_is_refused_in_words(given: dict[str, Any], column: str, words: str) -> None:
    with pytest.raises(OpeningError, match=words) as refusal:
        values(**given)
    assert refusal.value.column == column


def test_a_fiscal_year_is_named_after_the_year_in_which_it_ends() -> None:
    assert fiscal_year_of(dt.date(2026, 3, 31), 4) == 2026
    assert fiscal_year_of(dt.date(2026, 4, 1), 4) == 2027
    assert fiscal_year_of(dt.date(2026, 12, 31), 1) == 2026
