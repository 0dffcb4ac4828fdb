"""The write-down of a basis that is not posted: by fiscal year of its charge, recorded once, and reported."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import hypothesis.strategies as st
import pytest
from django.db import transaction
from hypothesis import given, settings

from core.errors import NotAllowed, WrongState
from inventory.movements import MovementRow, movements_append
from tests.conftest import Company
from tests.posting.stock import make_lot
from tests.valuation.assessed import finished
from writeoffs.valuation.bases import attached_after, basis_record, carried_as_of
from writeoffs.valuation.bases_moved import Move, carried
from writeoffs.valuation.models import Basis, BasisCharge

ONE = 10_000


def after(before: tuple[tuple[int, int], ...], required: int, **fields: Any) -> tuple[tuple[int, int], ...]:
    given: dict[str, Any] = {"held": ONE, "holds": ONE, "fiscal_year": 2026, "us_gaap": False, "exponent": 2, **fields}
    return attached_after(before, required=required, **given)


def test_more_is_a_charge_of_this_year_and_less_takes_the_latest_back_first() -> None:
    assert after(((2025, 300),), 500) == ((2025, 300), (2026, 200))
    assert after(((2025, 300), (2026, 200)), 200) == ((2025, 200),)


def test_units_that_left_took_their_share() -> None:
    assert after(((2024, 10_000), (2025, 20_000)), 15_000, held=4 * ONE, holds=2 * ONE) == (
        (2024, 5_000),
        (2025, 10_000),
    )


def test_under_us_gaap_an_earlier_years_charge_stays() -> None:
    assert after(((2025, 300), (2026, 200)), 0, us_gaap=True) == ((2025, 300),)


@given(st.lists(st.tuples(st.integers(2024, 2027), st.integers(0, 10**6)), max_size=6))
@settings(max_examples=200, deadline=None)
def test_under_ifrs_the_charges_add_up_to_what_is_required(runs: list[tuple[int, int]]) -> None:
    years: tuple[tuple[int, int], ...] = ()
    for year, required in sorted(runs):
        years = after(years, required, fiscal_year=year)
        assert sum(amount for _, amount in years) == required
        assert all(amount > 0 for _, amount in years)


@pytest.mark.django_db
def test_a_tax_assessment_is_recorded_once_and_reported_by_year(company: Company, signed_in: Any) -> None:
    lot = make_lot(company.entity, by_year=((2024, "100"), (2025, "300")), allowance="400")
    first = finished(company, (lot, "250"), basis=Basis.TAX, number="AS-2025-0001", as_of=dt.date(2025, 12, 31))
    second = finished(company, (lot, "350"), basis=Basis.TAX)
    with pytest.raises(NotAllowed):
        basis_record(assessment=first, user=company["APPROVER"])
    basis_record(assessment=first, user=company["CONTROLLER"])
    client = signed_in(company["PREPARER"])
    page = client.get(f"/e/north/reports/adjustments/?assessment={second.number}")
    assert "is not recorded yet" in page.content.decode()
    client.post(f"/e/north/valuation/assessments/{second.number}/record/")
    charges = list(BasisCharge.objects.order_by("pk").values_list("assessment__number", "fiscal_year", "amount"))
    assert charges == [("AS-2025-0001", 2025, 250), ("AS-2026-0001", 2025, 250), ("AS-2026-0001", 2026, 100)]
    report = client.get(f"/e/north/reports/adjustments/?assessment={second.number}").context["report"]
    labels = [column.label for column in report.tables[0].columns]
    foot = dict(zip(labels, (cell.value for cell in report.tables[0].foot[0].cells), strict=True))
    assert (foot["Books, EUR"], foot["Tax, EUR"], foot["Difference, EUR"]) == (400, 350, -50)
    assert [foot[f"of charges of {year}, EUR"] for year in (2024, 2025, 2026)] == [-100, -50, 100]
    for ending in ("adjustments/print/", "adjustments.xlsx", "adjustments.csv"):
        assert client.get(f"/e/north/reports/{ending}").status_code == 200
    with pytest.raises(WrongState, match="recorded, so it cannot be"):
        basis_record(assessment=second, user=company["CONTROLLER"])


@pytest.mark.django_db
def test_the_leading_basis_a_part_of_the_stock_and_an_earlier_day_are_not_recorded(company: Company) -> None:
    lot, user = make_lot(company.entity), company["CONTROLLER"]
    with pytest.raises(WrongState, match="leading basis, which is proposed"):
        basis_record(assessment=finished(company, (lot, "1")), user=user)
    scope = {"categories": [1], "locations": []}
    part = finished(company, (lot, "1"), basis=Basis.GROUP, number="AS-2", scope=scope)
    with pytest.raises(WrongState, match="part of the stock"):
        basis_record(assessment=part, user=user)
    basis_record(assessment=finished(company, (lot, "1"), basis=Basis.GROUP, number="AS-3"), user=user)
    early = finished(company, (lot, "1"), basis=Basis.GROUP, number="AS-4", as_of=dt.date(2026, 2, 1))
    with pytest.raises(WrongState, match="recorded already"):
        basis_record(assessment=early, user=user)
    assert BasisCharge.objects.get().amount == Decimal(1)


JAN, FEB = dt.date(2026, 1, 10), dt.date(2026, 2, 10)


def test_units_that_were_transferred_take_their_share_of_each_year_along() -> None:
    moves = [
        Move(JAN, "movements:1/2026-01-10", 7, 1, -4 * ONE),
        Move(JAN, "movements:1/2026-01-10", 7, 2, 4 * ONE),
        Move(FEB, "", 7, 2, -2 * ONE),
    ]
    charges = {1: ((2024, 10_000), (2025, 20_000))}
    years, units = carried(moves, charges, {1: 10 * ONE}, exponent=2)
    assert years == {1: ((2024, 6_000), (2025, 12_000)), 2: ((2024, 2_000), (2025, 4_000))}
    assert units == {1: 6 * ONE, 2: 2 * ONE}


@given(st.lists(st.tuples(st.integers(1, 3), st.integers(1, 3), st.integers(1, 40)), max_size=8))
@settings(max_examples=100, deadline=None)
def test_transfers_neither_make_nor_lose_anything(steps: list[tuple[int, int, int]]) -> None:
    held = {1: 100 * ONE, 2: 50 * ONE, 3: 0}
    charges = {1: ((2024, 12_300), (2025, 45_600)), 2: ((2025, 7_700),)}
    moves, there = [], dict(held)
    for number, (source, target, units) in enumerate(steps):
        gone = min(units * ONE, there[source])
        if source != target and gone:
            there[source], there[target] = there[source] - gone, there[target] + gone
            day = JAN + dt.timedelta(number)
            moves += [Move(day, f"r{number}", 7, source, -gone), Move(day, f"r{number}", 7, target, gone)]
    years, units = carried(moves, charges, held, exponent=2)
    assert sum(amount for own in years.values() for _, amount in own) == 65_600
    assert units == there
    assert all(amount > 0 for own in years.values() for _, amount in own)


@pytest.mark.django_db
@pytest.mark.database
def test_a_basis_follows_a_transfer_to_the_lot_where_the_units_are(company: Company) -> None:
    lot = make_lot(company.entity, by_year=((2024, "100"), (2025, "300")), allowance="400")
    other = make_lot(company.entity, code="L2", quantity="0.0001", location="HALL")
    first = finished(company, (lot, "200"), basis=Basis.TAX, as_of=dt.date(2026, 1, 31))
    basis_record(assessment=first, user=company["PREPARER"])
    row = MovementRow(lot.pk, "TRANSFER", -40 * ONE, -16_000_000, -1_600_000, 0, ())
    back = MovementRow(other.pk, "TRANSFER", 40 * ONE, 16_000_000, 1_600_000, 0, ())
    with transaction.atomic():
        movements_append(entity=company.entity, posted_on=FEB, source_ref="movements:9/2026-02-10", rows=[row, back])
    _, charges, held = carried_as_of(entity=company.entity, basis=Basis.TAX, day=FEB)
    assert (charges[lot.pk], charges[other.pk]) == (
        ((2024, 600_000), (2025, 600_000)),
        ((2024, 400_000), (2025, 400_000)),
    )
    assert held[lot.pk] == 60 * ONE
    _, before, _ = carried_as_of(entity=company.entity, basis=Basis.TAX, day=dt.date(2026, 2, 9))
    assert before == {lot.pk: ((2024, 1_000_000), (2025, 1_000_000))}
