"""The NRV test in every form, held to the lines of its assessment."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from core.models import User
from tests.conftest import Company
from tests.posting.stock import make_lot
from tests.proposals.documents import DAY
from tests.valuation.assessed import finished
from writeoffs.valuation.models import Assessment, AssessmentLine, Price

pytestmark = pytest.mark.django_db


@pytest.fixture
def client_(company: Company, signed_in: Any) -> Client:
    return signed_in(company["AUDITOR"])  # type: ignore[no-any-return]


@pytest.fixture
def assessment(company: Company) -> Assessment:
    lots = [make_lot(company.entity, sku, allowance=a) for sku, a in (("LAMP", "0"), ("DESK", "400"), ("ODD", "0"))]
    price = Price.objects.create(
        entity=company.entity,
        item=lots[0].item,
        as_of=DAY,
        currency="EUR",
        selling_price=Decimal(35),
        cost_to_complete=Decimal(1),
        cost_to_sell=Decimal(4),
        source="Price list of March",
        entered_by=company["PRICE_OWNER"],
    )
    own = {
        lots[0]: {"price": price, "nrv_unit": Decimal(30), "nrv_value": Decimal(3000)},
        lots[2]: {"outcome": AssessmentLine.Outcome.UNTESTED},
    }
    return finished(company, (lots[0], "1000"), (lots[1], "100"), (lots[2], "0"), own=own)


def test_each_lot_stands_with_its_price_source_and_movement(assessment: Assessment, client_: Client) -> None:
    page = client_.get("/e/north/reports/nrv/")
    report = page.context["report"]
    summary, lots = report.tables
    assert [cell.value for cell in summary.foot[0].cells][1:] == [
        3,
        1,
        *map(Decimal, (12000, 3000, 10900, 1100, 400, 700)),
    ]
    labels = [column.label for column in lots.columns]
    row = dict(zip(labels, (cell.value for cell in lots.rows[1].cells), strict=True))
    assert row["Item"] == "LAMP"
    assert (row["Price"], row["Completion"], row["Selling cost"], row["NRV per unit, EUR"]) == (35, 1, 4, 30)
    assert (row["Price source"], row["Price from"]) == ("Price list of March", DAY)
    assert (row["Lower value, EUR"], row["Required, EUR"], row["Movement, EUR"]) == (3000, 1000, 1000)
    foot = dict(zip(labels, (cell.value for cell in lots.foot[0].cells), strict=True))
    assert (foot["Cost, EUR"], foot["Movement, EUR"]) == (12000, 700)
    assert "1 of 3 lots are untested" in page.content.decode()


def test_it_is_narrowed_by_the_address(assessment: Assessment, client_: Client) -> None:
    page = client_.get("/e/north/reports/nrv/?assessment=AS-2026-0001&governs=NONE")
    assert len(page.context["report"].tables[1].rows) == 1


@pytest.mark.parametrize("ending", ["nrv/print/", "nrv.xlsx", "nrv.csv"])
def test_every_form_is_given(assessment: Assessment, client_: Client, ending: str) -> None:
    assert client_.get(f"/e/north/reports/{ending}").status_code == 200


def test_without_an_assessment_the_page_says_the_next_step(company: Company, client_: Client) -> None:
    assert "Go to the assessments" in client_.get("/e/north/reports/nrv/").content.decode()


def test_nobody_else_reads_it(assessment: Assessment, other_company: Company, signed_in: Any) -> None:
    outsider: User = other_company["AUDITOR"]
    assert signed_in(outsider).get("/e/north/reports/nrv/").status_code == 404


def test_it_asks_as_many_questions_with_many_lots(assessment: Assessment, company: Company, client_: Client) -> None:
    def count() -> int:
        with CaptureQueriesContext(connection) as found:
            client_.get("/e/north/reports/nrv/")
        return len(found)

    count()
    few = count()
    for n in range(10):
        AssessmentLine.objects.create(
            assessment=assessment,
            lot=make_lot(company.entity, f"S{n}"),
            outcome="TESTED",
            quantity=1,
            cost=40,
            carried=0,
            required=5,
        )
    assert count() == few
