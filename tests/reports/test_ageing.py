"""Ageing and excess in every form, held to the lines of its assessment, the matrix and the demand."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from tests.conftest import Company
from tests.posting.stock import make_lot
from tests.valuation.assessed import AS_OF, finished
from writeoffs.valuation.models import AgeingBand, Assessment, Demand, ValuationPolicy

pytestmark = pytest.mark.django_db


@pytest.fixture
def client_(company: Company, signed_in: Any) -> Client:
    return signed_in(company["AUDITOR"])  # type: ignore[no-any-return]


@pytest.fixture
def assessment(company: Company) -> Assessment:
    entity = company.entity
    policy = ValuationPolicy.objects.create(
        entity=entity,
        starts_on=dt.date(2026, 1, 1),
        excess_months=6,
        reason="Old stock",
        asked_by=company["CONTROLLER"],
        decided_by=company["APPROVER"],
    )
    for first, last, rate in ((0, 180, "0"), (181, 365, "0.25"), (366, None, "0.5")):
        AgeingBand.objects.create(policy=policy, from_days=first, to_days=last, rate=Decimal(rate))
    new, old = make_lot(entity, code="NEW"), make_lot(entity, code="OLD")
    unaged = make_lot(entity, "DESK")
    Demand.objects.create(
        entity=entity,
        item=new.item,
        month=dt.date(2026, 2, 1),
        quantity=Decimal(60),
        source="ERP",
        entered_by=company["PREPARER"],
    )
    needs = {"age_days": 300, "ageing_need": Decimal(1000), "excess_quantity": Decimal(20), "excess_need": Decimal(800)}
    own = {new: {"age_days": 10, "ageing_need": Decimal(0)}, old: needs}
    return finished(company, (new, "0"), (old, "1000"), (unaged, "0"), policy=policy, own=own)


def test_an_item_stands_with_its_buckets_demand_and_needs(assessment: Assessment, client_: Client) -> None:
    report = client_.get("/e/north/reports/ageing/").context["report"]
    table = report.tables[0]
    labels = [column.label for column in table.columns]
    row = dict(zip(labels, (cell.value for cell in table.rows[1].cells), strict=True))
    assert row["Item"] == "LAMP"
    assert (row["0–180 days, qty"], row["0–180 days (0 %), EUR"]) == (100, 4000)
    assert (row["181–365 days, qty"], row["181–365 days (25 %), EUR"]) == (100, 4000)
    assert row["366 days and more, qty"] is None
    assert (row["12-month demand"], row["Months on hand"]) == (60, 40)
    assert (row["Ageing need, EUR"], row["Excess qty"], row["Excess need, EUR"]) == (1000, 20, 800)
    foot = dict(zip(labels, (cell.value for cell in table.foot[0].cells), strict=True))
    assert (foot["Cost, EUR"], foot["Age unknown, EUR"], foot["181–365 days (25 %), EUR"]) == (12000, 4000, 4000)
    assert "181–365 days: 25 %" in report.tables[1].rows[0].cells[2].value


@pytest.mark.parametrize("ending", ["ageing/print/", "ageing.xlsx", "ageing.csv"])
def test_every_form_is_given(assessment: Assessment, client_: Client, ending: str) -> None:
    assert client_.get(f"/e/north/reports/{ending}?assessment=AS-2026-0001").status_code == 200


def test_what_was_entered_after_the_run_is_not_in_it(assessment: Assessment, company: Company, client_: Client) -> None:
    Demand.objects.create(
        entity=company.entity,
        item=assessment.lines.order_by("pk").first().lot.item,  # type: ignore[union-attr]
        month=dt.date(2026, 1, 1),
        quantity=Decimal(1),
        source="ERP",
        entered_by=company["PREPARER"],
    )
    table = client_.get("/e/north/reports/ageing/").context["report"].tables[0]
    demand = [column.label for column in table.columns].index("12-month demand")
    assert table.rows[1].cells[demand].value == 60
    assert assessment.as_of == AS_OF
