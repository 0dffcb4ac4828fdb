"""The pages of an assessment: who may open them, what they show, that they ask a constant number of questions."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from decimal import Decimal

import openpyxl
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from core.models import User
from core.words import Reason
from tests.conftest import Company
from tests.posting.stock import make_lot
from tests.valuation.assessed import finished
from writeoffs.valuation.models import Assessment, AssessmentLine

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]
ROOT = "/e/north/valuation/assessments/"


@pytest.fixture
def assessment(company: Company) -> Assessment:
    lots = [make_lot(company.entity, f"SKU{n}", category="Goods" if n % 2 else "Tools") for n in range(3)]
    before = finished(company, (lots[0], "100"), (lots[1], "200"), (lots[2], "50"), number="AS-2026-0000")
    return finished(
        company,
        (lots[0], "1000"),
        (lots[1], "0"),
        previous=before,
        own={
            lots[0]: {"change": "GROWN", "change_amount": Decimal(900), "change_why": "NRV fell"},
            lots[1]: {"change": "SHRUNK", "change_amount": Decimal(-200), "outcome": "UNTESTED"},
        },
    )


@pytest.mark.parametrize("path", ["", "AS-2026-0001/", "AS-2026-0001/compare/", "AS-2026-0001/lines.csv"])
def test_every_reader_opens_the_pages_and_nobody_else(
    assessment: Assessment, company: Company, other_company: Company, signed_in: SignIn, path: str
) -> None:
    assert Client().get(ROOT + path).status_code == 302
    assert signed_in(other_company["CONTROLLER"]).get(ROOT + path).status_code == 404
    assert signed_in(company["COUNTER"]).get(ROOT + path).status_code == 403
    for role in ("PREPARER", "PRICE_OWNER", "APPROVER", "CONTROLLER", "AUDITOR"):
        assert signed_in(company[role]).get(ROOT + path).status_code == 200


def test_another_companys_run_and_line_do_not_exist(
    assessment: Assessment, company: Company, other_company: Company, signed_in: SignIn
) -> None:
    line, client = assessment.lines.first(), signed_in(other_company["PREPARER"])
    assert line is not None
    for path in ("AS-2026-0001/", f"AS-2026-0001/lines/{line.pk}/"):
        assert client.get(f"/e/south/valuation/assessments/{path}").status_code == 404
    assert client.post(f"/e/south/valuation/assessments/AS-2026-0001/lines/{line.pk}/override/").status_code == 404
    assert client.post("/e/south/proposals/from-assessment/AS-2026-0001/").status_code == 404


def test_the_page_shows_movements_and_narrows_them(assessment: Assessment, company: Company, signed_in: SignIn) -> None:
    client = signed_in(company["PREPARER"])
    text = client.get(f"{ROOT}AS-2026-0001/").content.decode()
    assert "1,000.00" in text
    assert "Grown" in text
    assert client.get(f"{ROOT}AS-2026-0001/?show=up").context["totals"].lines == 1
    assert client.get(f"{ROOT}AS-2026-0001/?outcome=UNTESTED").context["totals"].lines == 1
    assert client.get(f"{ROOT}AS-2026-0001/?reason={Reason.PRICE_FALL}").context["totals"].lines == 1
    assert client.get(f"{ROOT}AS-2026-0001/?reason=none&q=SKU1").context["totals"].lines == 1
    refused = client.get(f"{ROOT}AS-2026-0001/?category=abc")
    assert refused.status_code == 400
    assert "cannot be filtered by &#x27;abc&#x27; for category" in refused.content.decode()


@pytest.mark.parametrize(
    ("by", "names"),
    [
        ("category", ["Tools", "Goods"]),
        ("location", ["MAIN"]),
        ("item", ["SKU0", "SKU1"]),
        ("reason", ["Fall in price", "No reason"]),
        ("governs", ["Net realisable value", "Nothing"]),
    ],
)
def test_lines_are_grouped_and_each_group_leads_to_its_lines(
    assessment: Assessment, company: Company, signed_in: SignIn, by: str, names: list[str]
) -> None:
    client = signed_in(company["AUDITOR"])
    groups = client.get(f"{ROOT}AS-2026-0001/?by={by}").context["group_rows"]
    assert [group.name for group, _ in groups] == names
    for group, query in groups:
        totals = client.get(f"{ROOT}AS-2026-0001/?{query}").context["totals"]
        assert totals == group.totals


def test_what_changed_since_the_run_before_is_said_the_gone_included(
    assessment: Assessment, company: Company, signed_in: SignIn
) -> None:
    page = signed_in(company["AUDITOR"]).get(f"{ROOT}AS-2026-0001/compare/")
    assert [(c.code, c.lines, c.amount) for c in page.context["changes"]] == [
        ("GROWN", 1, Decimal(900)),
        ("SHRUNK", 1, Decimal(-200)),
        ("GONE", 1, Decimal(-50)),
    ]
    assert "Outside the scope of this run" in page.content.decode()


def test_a_line_says_how_its_figure_came_about_and_is_overridden_there(
    assessment: Assessment, company: Company, signed_in: SignIn
) -> None:
    line = AssessmentLine.objects.get(assessment=assessment, lot__item__sku="SKU0")
    path = f"{ROOT}AS-2026-0001/lines/{line.pk}/"
    assert "Override the amount" not in signed_in(company["APPROVER"]).get(path).content.decode()
    client = signed_in(company["PREPARER"])
    text = client.get(path).content.decode()
    assert "IAS 2.9" in text
    refused = client.post(f"{path}override/", {"amount": "5000", "cause": "PRICE_FALL", "reason": "x"})
    assert refused.status_code == 400
    assert "from 0 to its cost of 4,000.00 EUR" in refused.content.decode()
    client.post(f"{path}override/", {"amount": "700", "cause": "DAMAGE", "reason": "Offer of 12 March"})
    text = client.get(path).content.decode()
    assert "Offer of 12 March" in text
    line.refresh_from_db()
    assert (line.override, line.cause) == (Decimal(700), "DAMAGE")
    client.post(f"{path}withdraw/")
    line.refresh_from_db()
    assert line.override is None


def test_the_files_hold_what_the_page_shows(assessment: Assessment, company: Company, signed_in: SignIn) -> None:
    client = signed_in(company["AUDITOR"])
    answer = client.get(f"{ROOT}AS-2026-0001/lines.csv?show=up")
    rows = list(csv.DictReader(io.StringIO(b"".join(answer).decode("utf-8-sig"))))
    assert [(row["sku"], row["required"], row["movement"]) for row in rows] == [("SKU0", "1000", "1000")]
    xlsx = client.get(f"{ROOT}AS-2026-0001/lines.xlsx")
    sheet = openpyxl.load_workbook(io.BytesIO(b"".join(xlsx))).active
    assert sheet.max_row == 3


@pytest.mark.parametrize("query", ["", "?by=item", "?by=reason&show=up"])
def test_a_page_asks_as_many_questions_with_many_lots_as_with_few(
    assessment: Assessment, company: Company, signed_in: SignIn, query: str
) -> None:
    client = signed_in(company["PREPARER"])

    def count() -> int:
        with CaptureQueriesContext(
            connection,
        ) as found:
            client.get(f"{ROOT}AS-2026-0001/{query}")
        return len(found)

    count()
    few = count()
    for n in range(10, 30):
        lot = make_lot(company.entity, f"SKU{n}")
        AssessmentLine.objects.create(
            assessment=assessment,
            lot=lot,
            outcome="TESTED",
            quantity=1,
            cost=40,
            carried=0,
            required=5,
            reason="DAMAGE",
        )
    assert count() == few
