"""The export page: what the file holds is shown before it is taken, and its digest is told."""

from __future__ import annotations

import csv
import datetime as dt
import hashlib
import io
import subprocess

import pytest
from django.urls import reverse

from core.changes import change_decide
from core.models import AuditEvent, ChangeRequest
from tests.conftest import Company
from tests.ledger.books import DAY, post
from writeoffs.ledger.models import FiscalPeriod
from writeoffs.ledger.period_journal import HEADER

pytestmark = pytest.mark.django_db
PAGE = "/e/north/ledger/export/"
FILE = f"{PAGE}file/"


def march(company: Company) -> int:
    return FiscalPeriod.objects.get(entity=company.entity, fiscal_year=2026, number=3).pk


def content(response) -> bytes:
    return b"".join(response.streaming_content)


def books(company: Company) -> None:
    post(company, "100.00")
    post(company, "50.00", ref="upload:1", origin="ERP", leg="RECEIPT")
    post(company, "7.00", ref="proposal:WO-2", day=dt.date(2026, 4, 2), description="@April")


def test_the_totals_are_those_of_the_file_and_its_digest_is_told(company, signed_in) -> None:
    books(company)
    client = signed_in(company["AUDITOR"])
    asked = {"period": march(company), "format": "csv"}
    page = client.get(PAGE, asked).content.decode()
    assert ">100.00<" in page
    response = client.get(FILE, asked)
    assert 'filename="journal-north-2026-03-csv.csv"' in response["Content-Disposition"]
    taken = content(response)
    rows = list(csv.DictReader(io.StringIO(taken.decode())))
    assert tuple(rows[0]) == HEADER
    assert [(row["entry"], row["debit"], row["credit"], row["use"]) for row in rows] == [
        ("2026-000001", "100", "", "import"),
        ("2026-000001", "", "100", "import"),
    ]
    event = AuditEvent.objects.get(kind="journal.exported")
    assert (event.data["sha256"], event.data["debit"]) == (hashlib.sha256(taken).hexdigest(), "100.0000")
    assert event.subject == "period:2026-03"


def test_days_can_be_chosen_and_no_cell_is_a_formula(company, signed_in) -> None:
    books(company)
    client = signed_in(company["CONTROLLER"])
    taken = content(client.get(FILE, {"starts_on": "2026-04-01", "format": "csv"})).decode()
    rows = list(csv.DictReader(io.StringIO(taken)))
    assert {row["description"] for row in rows} == {"'@April"}
    everything = content(client.get(FILE, {"format": "csv"})).decode()
    assert len(everything.splitlines()) == 5
    for query, words in (
        ({"period": march(company), "starts_on": "2026-04-01", "format": "csv"}, "not both"),
        ({"starts_on": "2026-04-02", "ends_on": "2026-04-01", "format": "csv"}, "is before"),
        ({"format": "sap"}, "sap is not one of the available choices"),
    ):
        refused = client.get(PAGE, query)
        assert refused.status_code == 400
        assert words in refused.content.decode()
        assert client.get(FILE, query).status_code == 400


def test_the_text_of_a_period_begins_with_the_balances_before_it(company, signed_in, tmp_path) -> None:
    books(company)
    april = FiscalPeriod.objects.get(entity=company.entity, fiscal_year=2026, number=4).pk
    text = content(signed_in(company["AUDITOR"]).get(FILE, {"period": april, "format": "hledger"})).decode()
    assert "2026-03-31 * (opening)" in text
    assert "150.00 EUR" in text
    assert DAY.isoformat() not in text
    file = tmp_path / "april.journal"
    file.write_text(text)
    assert subprocess.run(["hledger", "-f", str(file), "check", "--strict"], check=False).returncode == 0


def test_an_erps_settings_are_asked_for_and_kept(company, signed_in) -> None:
    books(company)
    client = signed_in(company["CONTROLLER"])
    asked = {"format": "business-central"}
    assert "has not set Journal template name, Journal batch name" in client.get(PAGE, asked).content.decode()
    assert client.get(FILE, asked).status_code == 400
    address = reverse("ledger:export_settings", args=["north", "business-central"])
    refused = client.post(address, {"template": "GENERAL"})
    assert (refused.status_code, "Error:" in refused.content.decode()) == (400, True)
    given = {"template": "GENERAL", "batch": "WO", "why": "As the ERP is set up"}
    assert client.post(address, given).status_code == 302
    assert "waits for a second person" in client.post(address, {**given, "batch": "X"}).content.decode()
    change_decide(change=ChangeRequest.objects.get(), user=company["APPROVER"], approve=True)
    assert "WO" in content(client.get(FILE, asked)).decode()
    assert signed_in(company["PREPARER"]).get(address).status_code == 403
    assert client.get(reverse("ledger:export_settings", args=["north", "abacus"])).status_code == 404


def test_another_companys_period_is_none_of_ours(company, other_company, signed_in) -> None:
    client = signed_in(company["CONTROLLER"])
    assert client.get(FILE, {"period": march(other_company), "format": "csv"}).status_code == 400
    assert signed_in(other_company["CONTROLLER"]).get(PAGE).status_code == 404
