"""Every worked case, through the product: `make cases` tells them one by one, this makes each of them a test."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cases import (  # noqa: F401
    kinds_layers,
    kinds_losses,
    kinds_methods,
    kinds_movements,
    kinds_reports,
    kinds_tax,
    kinds_value,
)
from tests.cases.run import Case, cases_of, run

CASES = cases_of(Path(__file__).parent / "worked_examples.json")
METHODS = cases_of(Path(__file__).parent / "methods.json")


@pytest.mark.django_db
@pytest.mark.parametrize("case", [*CASES, *METHODS], ids=lambda case: case.id)
def test_the_product_gives_what_the_case_expects(case: Case) -> None:
    assert run(case) == ""


def test_there_are_thirty_five_cases() -> None:
    assert len(CASES) == 35


def test_a_case_that_expects_something_else_is_told_by_its_first_difference() -> None:
    """The comparison itself: a wrong figure, a missing key, another leg."""
    from tests.cases.compare import differences, legs_differ, legs_expected

    assert list(differences({"a": "1.00"}, {"a": 2}, "x")) == ["x.a: expected 1.00, the product gives 2"]
    assert list(differences({"a": "1.00"}, {}, "x")) == ["x.a: expected 1.00, the product gives none"]
    assert not list(differences({"a": "1.00", "a_note": "said for people"}, {"a": 1}, "x"))
    journal = [
        {"entry": 1, "account": "COGS", "debit": "5.00", "credit": "0.00"},
        {"entry": 1, "account": "INVENTORY", "debit": "0.00", "credit": "5.00"},
    ]
    other = [{**line, "debit": line["debit"].replace("5", "6")} for line in journal]
    assert "expected [COGS Dr 5.00" in legs_differ(legs_expected(journal), legs_expected(other))
    assert not legs_differ(legs_expected(journal), legs_expected(journal))
