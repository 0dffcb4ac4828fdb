"""The report of the valuation policies: what is in force, what changed within the days, and every form of it."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from core.changes import change_decide
from tests.conftest import Company
from writeoffs.valuation.policy_changes import PolicyAsked, policy_request

pytestmark = pytest.mark.django_db
AT = "/e/north/reports/policies"


@pytest.fixture
def client_(company: Company, signed_in: Any) -> Client:
    for month, months, basis in ((1, 12, "LEADING"), (5, 9, "LEADING"), (6, 6, "TAX")):
        asked = PolicyAsked(dt.date(2026, month, 1), basis=basis, excess_months=months, expired_rate=Decimal(1))
        change = policy_request(entity=company.entity, user=company["CONTROLLER"], asked=asked, why=f"Month {month}")
        change_decide(change=change, user=company["APPROVER"], approve=True)
    return signed_in(company["AUDITOR"])  # type: ignore[no-any-return]


def test_what_is_in_force_and_what_changed(client_: Client) -> None:
    report = client_.get(f"{AT}/?period=2026-05").context["report"]
    in_force, changes = ([[cell.value for cell in row.cells] for row in table.rows] for table in report.tables)
    assert [row[:3] for row in in_force] == [["Leading", "All stock", dt.date(2026, 5, 1)]]
    assert "excess beyond 9 months" in in_force[0][3]
    [changed] = changes
    assert "excess beyond 12 months" in changed[4]
    assert changed[5:8] == ["Month 5", "Controller north", "Approver north"]
    year = client_.get(f"{AT}/?period=FY2026").context["report"]
    assert [len(table.rows) for table in year.tables] == [2, 3]
    assert year.tables[1].rows[0].cells[4].value == "None: the first policy"
    assert "keeps write-downs by the allowance method" in year.notes[0]


@pytest.mark.parametrize("ending", ["/print/", ".xlsx", ".csv"])
def test_every_form_is_given(client_: Client, ending: str) -> None:
    assert client_.get(f"{AT}{ending}?period=FY2026").status_code == 200
