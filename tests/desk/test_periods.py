"""The pages of periods and of changes that need a second person."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
from django.test import Client

from core.files import file_store
from core.models import AuditEvent, ChangeRequest, Entity, Upload, User
from core.words import READERS, Role
from tests.conftest import Company
from tests.posting.stock import make_lot
from tests.proposals import documents
from writeoffs.desk.closing import checks
from writeoffs.ledger.models import FiscalPeriod

SignIn = Callable[[User], Client]
LIST, PAGE, CLOSE = "/e/north/periods/", "/e/north/periods/2025-01/", "/e/north/periods/2025-01/close/"
REOPEN, CHANGES, YEAR = "/e/north/periods/2025-01/reopen/", "/e/north/changes/", "/e/north/periods/open-year/"


@pytest.fixture
def january(company: Company) -> FiscalPeriod:
    return FiscalPeriod.objects.get(entity=company.entity, fiscal_year=2025, number=1)


@pytest.mark.parametrize("address", [LIST, PAGE, CHANGES])
@pytest.mark.parametrize("role", Role)
def test_whoever_reads_the_business_reads_the_periods(
    company: Company, signed_in: SignIn, address: str, role: Role
) -> None:
    assert signed_in(company[role]).get(address).status_code == (200 if role in READERS else 403)


@pytest.mark.parametrize("address", [LIST, PAGE, CHANGES, CLOSE, REOPEN, YEAR])
def test_another_company_answers_as_if_there_were_nothing(
    company: Company, other_company: Company, signed_in: SignIn, address: str
) -> None:
    client = signed_in(other_company["CONTROLLER"])
    answer = client.post(address) if address in (CLOSE, REOPEN, YEAR) else client.get(address)
    assert answer.status_code == 404


@pytest.mark.parametrize("address", [LIST, PAGE, CHANGES])
def test_a_stranger_is_sent_to_sign_in(company: Company, client: Client, address: str) -> None:
    assert client.get(address).status_code == 302


@pytest.mark.parametrize(
    "code", ["2025-13", "1999-01", "x", "2025-", "2025-01-01", "²", "2025-²", "٢٠٢٥-٠١", "9" * 5000]
)
def test_a_period_that_is_none_is_not_found(company: Company, signed_in: SignIn, code: str) -> None:
    assert signed_in(company["AUDITOR"]).get(f"/e/north/periods/{code}/").status_code == 404


def test_the_button_names_the_period_and_closes_it(company: Company, signed_in: SignIn, january: FiscalPeriod) -> None:
    client = signed_in(company["CONTROLLER"])
    assert "Close January 2025</button>" in client.get(PAGE).content.decode()
    answer = client.post(CLOSE, follow=True)
    assert "January 2025 is closed" in answer.content.decode()
    january.refresh_from_db()
    assert (january.status, january.closed_by) == ("CLOSED", company["CONTROLLER"])


@pytest.mark.parametrize("role", ["PREPARER", "APPROVER", "AUDITOR"])
def test_nobody_else_is_offered_the_button_or_closes(
    company: Company, signed_in: SignIn, january: FiscalPeriod, role: str
) -> None:
    client = signed_in(company[role])
    assert "Close January 2025</button>" not in client.get(PAGE).content.decode()
    answer = client.post(CLOSE)
    assert answer.status_code == 403
    assert "Closing January 2025 needs the role controller" in answer.content.decode()
    january.refresh_from_db()
    assert january.status == "OPEN"
    assert AuditEvent.objects.filter(kind="refused").count() == 1


def test_a_proposal_that_waits_blocks_the_close_and_is_linked(company: Company, signed_in: SignIn) -> None:
    FiscalPeriod.objects.filter(entity=company.entity, starts_on__lt=dt.date(2026, 3, 1)).update(status="CLOSED")
    documents.submitted(company, documents.draft(company, make_lot(company.entity), "10"))
    client = signed_in(company["CONTROLLER"])
    text = client.get("/e/north/periods/2026-03/").content.decode()
    assert "1 proposal is still waiting" in text
    assert 'href="/e/north/proposals/?status=SUBMITTED"' in text
    assert "Close March 2026</button>" not in text
    answer = client.post("/e/north/periods/2026-03/close/")
    assert answer.status_code == 409
    assert "Proposals are decided: 1 proposal is still waiting" in answer.content.decode()
    assert "<title>Error: March 2026" in answer.content.decode()


def test_stock_that_does_not_tie_to_the_ledger_blocks(company: Company, january: FiscalPeriod) -> None:
    assert not any(check.open for check in checks(january))
    make_lot(company.entity, quantity="10", unit_cost="4")
    [tie] = [check for check in checks(january) if check.open]
    assert (tie.label, tie.blocks) == ("Stock ties to the ledger", True)
    assert tie.detail == "Inventory: lots 40.00 EUR, ledger 0.00 EUR."


def test_a_draft_is_shown_and_blocks_nothing(company: Company) -> None:
    documents.draft(company, make_lot(company.entity), "10")
    march = FiscalPeriod.objects.get(entity=company.entity, fiscal_year=2026, number=3)
    [draft] = [check for check in checks(march) if check.open and "Draft" in check.label]
    assert (draft.detail, draft.blocks) == ("1 proposal is still in draft.", False)


@pytest.mark.parametrize(
    ("at", "open_in_january", "open_in_february"),
    [("2025-02-01T05:30:00Z", 1, 0), ("2025-02-01T06:30:00Z", 0, 1)],
)
def test_a_list_belongs_to_the_period_of_the_days_at_the_companys_place(
    company: Company, january: FiscalPeriod, at: str, open_in_january: int, open_in_february: int
) -> None:
    Entity.objects.update(time_zone="America/Chicago")
    file = file_store(
        entity=company.entity, user=company["PREPARER"], name="a.csv", content=b"a", content_type="text/csv"
    )
    Upload.objects.create(
        entity=company.entity, kind="stock-list", status="CHECKED", file=file, file_name="a.csv",
        as_of=dt.datetime.fromisoformat(at), created_by=company["PREPARER"],
    )  # fmt: skip
    for number, left in ((1, open_in_january), (2, open_in_february)):
        period = FiscalPeriod.objects.get(entity=company.entity, fiscal_year=2025, number=number)
        [sheets] = [check for check in checks(period) if check.label.startswith("Sheets")]
        assert sheets.open == left


def test_the_checklist_takes_a_constant_number_of_queries(
    company: Company, january: FiscalPeriod, django_assert_max_num_queries: Callable
) -> None:
    with django_assert_max_num_queries(14):
        list(checks(january))


def test_a_closed_period_is_reopened_by_two(company: Company, signed_in: SignIn, january: FiscalPeriod) -> None:
    controller, approver = signed_in(company["CONTROLLER"]), signed_in(company["APPROVER"])
    controller.post(CLOSE)
    assert "Ask to re-open January 2025" in controller.get(PAGE).content.decode()
    controller.post(REOPEN, {"reason": "A late invoice"})
    change = ChangeRequest.objects.get()
    assert "You asked for it, so a second person decides." in controller.get(CHANGES).content.decode()
    assert "Approve: Re-open January 2025" in approver.get(CHANGES).content.decode()
    refused = controller.post(f"{CHANGES}{change.pk}/decide/", {"decision": "approve"})
    assert refused.status_code == 403
    answer = approver.post(f"{CHANGES}{change.pk}/decide/", {"decision": "approve", "comment": "Yes"}, follow=True)
    assert "Approved: Re-open January 2025." in answer.content.decode()
    january.refresh_from_db()
    assert january.status == "OPEN"


def test_a_request_without_a_reason_comes_back(company: Company, signed_in: SignIn, january: FiscalPeriod) -> None:
    controller = signed_in(company["CONTROLLER"])
    controller.post(CLOSE)
    answer = controller.post(REOPEN, {"reason": " "})
    assert answer.status_code == 400
    assert "say why" in answer.content.decode()
    assert not ChangeRequest.objects.exists()


def test_a_refused_change_leaves_things_as_they_are(company: Company, signed_in: SignIn, january: FiscalPeriod) -> None:
    controller = signed_in(company["CONTROLLER"])
    controller.post(CLOSE)
    controller.post(REOPEN, {"reason": "A late invoice"})
    change = ChangeRequest.objects.get()
    signed_in(company["APPROVER"]).post(f"{CHANGES}{change.pk}/decide/", {"decision": "refuse", "comment": "February"})
    change.refresh_from_db()
    january.refresh_from_db()
    assert (change.status, change.comment, january.status) == ("REFUSED", "February", "CLOSED")
    assert "February" in controller.get(CHANGES).content.decode()


def test_a_change_of_another_company_is_not_found(
    company: Company, other_company: Company, signed_in: SignIn, january: FiscalPeriod
) -> None:
    controller = signed_in(company["CONTROLLER"])
    controller.post(CLOSE)
    controller.post(REOPEN, {"reason": "x"})
    change = ChangeRequest.objects.get()
    answer = signed_in(other_company["APPROVER"]).post(f"/e/south/changes/{change.pk}/decide/", {"decision": "approve"})
    assert answer.status_code == 404


def test_a_controller_opens_the_next_fiscal_year(company: Company, signed_in: SignIn) -> None:
    client = signed_in(company["CONTROLLER"])
    assert "Open fiscal year 2028" in client.get(LIST).content.decode()
    answer = client.post(YEAR, {"fiscal_year": "2028"}, follow=True)
    assert "Fiscal year 2028 is open: January 2028 to December 2028." in answer.content.decode()
    assert FiscalPeriod.objects.filter(entity=company.entity, fiscal_year=2028).count() == 13


@pytest.mark.parametrize(
    ("year", "said", "status"),
    [
        ("soon", "is not a fiscal year", 400),
        ("²", "is not a fiscal year", 400),
        ("9" * 5000, "is not a fiscal year", 400),
        ("2030", "leave a gap", 409),
    ],
)
def test_a_year_that_cannot_be_opened_is_refused_in_words(
    company: Company, signed_in: SignIn, year: str, said: str, status: int
) -> None:
    answer = signed_in(company["CONTROLLER"]).post(YEAR, {"fiscal_year": year})
    assert answer.status_code == status
    assert said in answer.content.decode()


def test_only_a_controller_opens_a_year(company: Company, signed_in: SignIn) -> None:
    assert signed_in(company["APPROVER"]).post(YEAR, {"fiscal_year": "2028"}).status_code == 403


def test_a_company_without_periods_is_told_the_next_step(company: Company, signed_in: SignIn) -> None:
    FiscalPeriod.objects.filter(entity=company.entity).delete()
    assert "No fiscal year is open" in signed_in(company["CONTROLLER"]).get(LIST).content.decode()
    assert "Ask a controller" in signed_in(company["PREPARER"]).get(LIST).content.decode()
