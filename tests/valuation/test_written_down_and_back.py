"""From prices to the books and back, over stored lots: what is required is what is booked, and a recovery restores
every figure."""

from __future__ import annotations

import datetime as dt
import itertools
from decimal import Decimal

import pytest
import time_machine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inventory.models import Lot
from tests.conftest import Company, make_company
from tests.posting.stock import make_lot
from tests.proposals.documents import posted
from writeoffs.proposals import services
from writeoffs.valuation.assess import assessment_start
from writeoffs.valuation.giving import input_give
from writeoffs.valuation.models import Assessment, Basis, Price, ValuationPolicy

pytestmark = [pytest.mark.django_db, pytest.mark.database]
FELL, ROSE = dt.date(2026, 3, 10), dt.date(2026, 3, 16)
_names = itertools.count(1)
stock = st.lists(
    st.tuples(st.integers(1, 5_000_000), st.integers(1, 90_000_000), st.integers(-20, 130), st.integers(0, 1)),
    min_size=1,
    max_size=3,
)


def judged(company: Company, day: dt.date) -> Assessment:
    """Assessed as of the day, everything accepted and posted on the last of the days."""
    found = assessment_start(entity=company.entity, user=company["PREPARER"], as_of=day)
    assert found.status == "DONE", found.message
    header = services.Header("WRITE_DOWN", "PRICE_FALL", ROSE, ROSE, ROSE)
    if any(line.movement for line in found.lines.all()):
        made, _ = services.proposals_from_assessment(
            assessment=found, lines=found.lines.all(), user=company["PREPARER"], header=header
        )
        for proposal in made:
            posted(company, proposal)
    return found


def figures(company: Company) -> list[tuple[object, ...]]:
    lots = Lot.objects.filter(entity=company.entity).order_by("pk")
    return list(lots.values_list("pk", "quantity", "cost", "allowance", "write_down"))


def give_price(company: Company, lot: Lot, nrv: Decimal, day: dt.date) -> None:
    price = Price(item=lot.item, as_of=day, currency=company.entity.currency, nrv=nrv, source="Price list")
    input_give(entity=company.entity, user=company["PRICE_OWNER"], given=price)


def valuing(level: str, **fields: str) -> Company:
    """A company that tests at the level."""
    company = make_company(f"north-{next(_names)}", years=(2026,), **fields)
    ValuationPolicy.objects.create(
        entity=company.entity,
        basis=Basis.LEADING,
        level=level,
        level_reason="One product line",
        starts_on=dt.date(2026, 1, 1),
        reason="Policy",
        asked_by=company["CONTROLLER"],
        decided_by=company["APPROVER"],
    )
    return company


def priced(company: Company, lots: list[tuple[int, int, int, int]]) -> list[tuple[Lot, Decimal]]:
    """(raw quantity, raw unit cost, NRV in percent of it, class) -> the lots and their unit costs."""
    made = []
    for place, (quantity, unit_cost, percent, group) in enumerate(lots):
        cost = Decimal(unit_cost).scaleb(-6) + 1
        lot = make_lot(
            company.entity, f"SKU{place}", str(Decimal(quantity).scaleb(-4) + 1), str(cost), category=f"G{group}"
        )
        give_price(company, lot, (cost * percent / 100).quantize(Decimal("0.000001")), FELL)
        made.append((lot, cost))
    return made


@given(stock)
@settings(max_examples=3, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_wider_the_level_the_smaller_the_write_down(db: None, lots: list[tuple[int, int, int, int]]) -> None:
    required = []
    with time_machine.travel(dt.datetime(2026, 3, 20, 9, tzinfo=dt.UTC), tick=False):
        for level in ("TOTAL", "CATEGORY", "ITEM"):
            company = valuing(level)
            priced(company, lots)
            found = assessment_start(entity=company.entity, user=company["PREPARER"], as_of=FELL)
            assert found.status == "DONE", found.message
            assert all(0 <= line.required <= line.cost for line in found.lines.all())
            required.append(found.required)
    assert required == sorted(required)


@given(stock, st.sampled_from(["DIRECT", "ALLOWANCE"]), st.sampled_from(["EUR", "JPY"]), st.sampled_from([1, 2]))
@settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_write_down_and_its_reversal_restore_every_figure(
    db: None, lots: list[tuple[int, int, int, int]], method: str, currency: str, classes: int
) -> None:
    with time_machine.travel(dt.datetime(2026, 3, 20, 9, tzinfo=dt.UTC), tick=False):
        company = valuing("CATEGORY" if classes == 2 else "ITEM", method=method, currency=currency)
        made = priced(company, lots)
        before = figures(company)
        found = judged(company, FELL)
        lines = {line.lot_id: line for line in found.lines.all()}
        for pk, _, cost, allowance, write_down in figures(company):
            line = lines[pk]
            assert write_down == line.required == line.carried + line.movement  # type: ignore[comparison-overlap]
            assert cost - allowance == line.cost - line.required  # type: ignore[operator]
            assert 0 <= cost - allowance <= line.cost  # type: ignore[operator]
        for lot, cost in made:
            give_price(company, lot, cost * 2, ROSE)
        again = judged(company, ROSE)
        assert again.required == 0
        assert figures(company) == before
        assert judged(company, ROSE).lines.exclude(required=0).count() == 0
