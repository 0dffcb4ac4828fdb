"""The journal's pages: list, entry, accounts, one account; who sees them, what they say, what is exported."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Callable
from decimal import Decimal

import openpyxl
import pytest
from django.test import Client

from core.models import User
from core.words import READERS, Role
from tests.conftest import Company
from tests.ledger.books import post
from writeoffs.ledger.models import Account, AccountMap

SignIn = Callable[[User], Client]
PAGES = [
    "/e/north/ledger/entries/",
    "/e/north/ledger/entries/export.csv",
    "/e/north/ledger/entries/2026-000001/",
    "/e/north/ledger/accounts/",
    "/e/north/ledger/accounts/1400/lines/",
]


@pytest.mark.parametrize("address", PAGES)
def test_a_stranger_is_sent_to_sign_in(company: Company, client: Client, address: str) -> None:
    post(company)
    answer = client.get(address)
    assert answer.status_code == 302
    assert answer["Location"].startswith("/accounts/login/")


@pytest.mark.parametrize("address", PAGES)
def test_another_company_answers_as_if_there_were_nothing(
    company: Company, other_company: Company, signed_in: SignIn, address: str
) -> None:
    post(company)
    assert signed_in(other_company["CONTROLLER"]).get(address).status_code == 404


@pytest.mark.parametrize("address", PAGES)
@pytest.mark.parametrize("role", Role)
def test_whoever_reads_the_business_reads_the_journal(
    company: Company, signed_in: SignIn, address: str, role: Role
) -> None:
    post(company)
    assert signed_in(company[role]).get(address).status_code == (200 if role in READERS else 403)


def test_an_empty_journal_says_the_next_step(company: Company, signed_in: SignIn) -> None:
    text = signed_in(company["AUDITOR"]).get(PAGES[0]).content.decode()
    assert "Nothing is posted yet" in text
    assert 'href="/e/north/uploads/"' in text


def test_the_list_shows_what_is_filtered_and_its_total(company: Company, signed_in: SignIn) -> None:
    post(company, "100")
    post(company, "23.45", ref="proposal:WO-2", day=dt.date(2026, 4, 2))
    post(company, "7", ref="upload:3", leg="RECEIPT", origin="ERP", description="Received")
    client = signed_in(company["AUDITOR"])

    def shown(query: str) -> tuple[list[str], Decimal]:
        context = client.get(f"{PAGES[0]}?{query}").context
        return [entry.number for entry, _ in context["rows"]], context["totals"].debit

    assert shown("") == (["2026-000003", "2026-000002", "2026-000001"], Decimal("130.45"))
    assert shown("period=2026-04-01") == (["2026-000002"], Decimal("23.45"))
    assert shown("origin=ERP") == (["2026-000003"], Decimal("7"))
    assert shown("leg=WRITE_OFF") == (["2026-000002", "2026-000001"], Decimal("123.45"))
    assert shown("q=wo-2") == (["2026-000002"], Decimal("23.45"))
    assert shown("q=2026-000001") == (["2026-000001"], Decimal("100"))
    assert shown("q=received&origin=OWN") == ([], Decimal("0"))


def test_a_filter_that_does_not_exist_is_named_and_left_out(company: Company, signed_in: SignIn) -> None:
    post(company)
    answer = signed_in(company["AUDITOR"]).get(f"{PAGES[0]}?period=1999-01-01&leg=NONSENSE")
    assert answer.status_code == 200
    assert set(answer.context["form"].errors) == {"period", "leg"}


def test_the_list_takes_as_many_queries_for_sixty_entries_as_for_one(
    company: Company, signed_in: SignIn, django_assert_max_num_queries: Callable
) -> None:
    client = signed_in(company["AUDITOR"])
    for number in range(60):
        post(company, ref=f"proposal:WO-{number}")
    with django_assert_max_num_queries(14):
        answer = client.get(PAGES[0])
    assert len(answer.context["rows"]) == 50


def test_the_csv_is_exactly_what_is_filtered(company: Company, signed_in: SignIn) -> None:
    entry = post(company, "1234.5", description="=HYPERLINK(1)")
    post(company, "7", ref="upload:3", leg="RECEIPT", origin="ERP")
    answer = signed_in(company["AUDITOR"]).get(f"{PAGES[1]}?origin=OWN")
    rows = list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode())))
    assert answer["Content-Disposition"] == 'attachment; filename="journal-north.csv"'
    assert [(r["entry"], r["date"], r["account"], r["debit"], r["credit"]) for r in rows] == [
        ("2026-000001", "2026-03-14", "5100", "1234.5", ""),
        ("2026-000001", "2026-03-14", "1400", "", "1234.5"),
    ]
    assert rows[0]["description"] == "'=HYPERLINK(1)"
    assert (rows[0]["prepared_by"], rows[0]["approved_by"], rows[0]["posted_by"]) == (
        "Preparer north",
        "Approver north",
        "Controller north",
    )
    assert rows[0]["hash"] == entry.hash


def test_the_workbook_holds_numbers_and_no_formula(company: Company, signed_in: SignIn) -> None:
    post(company, "1234.5", description="=HYPERLINK(1)")
    answer = signed_in(company["AUDITOR"]).get("/e/north/ledger/entries/export.xlsx")
    sheet = openpyxl.load_workbook(io.BytesIO(b"".join(answer.streaming_content))).active
    rows = list(sheet.iter_rows(values_only=True))
    names = rows[0]
    first = dict(zip(names, rows[1], strict=True))
    assert (first["debit"], first["credit"], first["period"]) == (1234.5, None, "2026-03")
    assert first["description"] == "=HYPERLINK(1)"
    assert sheet.cell(2, names.index("description") + 1).data_type == "s"
    assert len(rows) == 3


def test_an_entry_shows_lines_people_proof_and_its_neighbours(company: Company, signed_in: SignIn) -> None:
    first, second = post(company, "100"), post(company, "5", ref="proposal:WO-2")
    text = signed_in(company["AUDITOR"]).get(PAGES[2]).content.decode()
    assert "100.00" in text
    assert "5100</a> Inventory write-downs" in text
    assert "As posted" in text
    assert first.hash in text
    assert "None: this is the first." in text
    assert f'href="/e/north/ledger/entries/{second.number}/"' in text
    for person in ("Preparer north", "Approver north", "Controller north"):
        assert person in text
    assert "ab" * 32 in text


def test_an_entry_links_what_it_reverses_and_what_reverses_it(company: Company, signed_in: SignIn) -> None:
    first = post(company, "100")
    post(company, "-100", leg="VOID", reverses=first)
    client = signed_in(company["AUDITOR"])
    assert "Reversed by" in client.get(PAGES[2]).content.decode()
    text = client.get("/e/north/ledger/entries/2026-000002/").content.decode()
    assert 'Reverses <a href="/e/north/ledger/entries/2026-000001/">' in text


@pytest.mark.parametrize("number", ["2026-000009", "2026-1", "x", "2026-000001x"])
def test_a_number_that_is_no_entry_is_not_found(company: Company, signed_in: SignIn, number: str) -> None:
    post(company)
    assert signed_in(company["AUDITOR"]).get(f"/e/north/ledger/entries/{number}/").status_code == 404


def test_roles_without_an_account_are_named_and_a_controller_maps_them(company: Company, signed_in: SignIn) -> None:
    AccountMap.objects.filter(role__in=["COGS", "INVENTORY"]).delete()
    Account.objects.filter(code="5000").delete()
    auditor, controller = signed_in(company["AUDITOR"]), signed_in(company["CONTROLLER"])
    text = auditor.get(PAGES[3]).content.decode()
    assert "2 roles have no account" in text
    assert "Ask a controller to map them" in text
    assert "Map 2 roles to the proposed accounts" in controller.get(PAGES[3]).content.decode()
    assert auditor.post("/e/north/ledger/accounts/propose/").status_code == 403
    answer = controller.post("/e/north/ledger/accounts/propose/", follow=True)
    assert answer.context["unmapped"] == []
    assert AccountMap.objects.get(role="COGS").account.code == "5000"


def test_an_account_shows_its_lines_with_a_running_balance(company: Company, signed_in: SignIn) -> None:
    post(company, "100", day=dt.date(2026, 2, 1))
    post(company, "40", ref="proposal:WO-2", day=dt.date(2026, 3, 1))
    post(company, "-15", ref="proposal:WO-3", day=dt.date(2026, 3, 5))
    context = signed_in(company["AUDITOR"]).get(f"{PAGES[4]}?starts_on=2026-03-01&ends_on=2026-03-31").context
    assert [(line.amount, balance) for line, balance in context["rows"]] == [
        (Decimal("-40"), Decimal("-140")),
        (Decimal("15"), Decimal("-125")),
    ]
    ledger = context["ledger"]
    assert (ledger.opening, ledger.debit, ledger.credit, ledger.closing) == (
        Decimal("-100"),
        Decimal("15"),
        Decimal("40"),
        Decimal("-125"),
    )


def test_the_balance_runs_on_over_the_pages(company: Company, signed_in: SignIn) -> None:
    for number in range(60):
        post(company, "1", ref=f"proposal:WO-{number}")
    context = signed_in(company["AUDITOR"]).get(f"{PAGES[4]}?page=2").context
    assert [balance for _, balance in context["rows"]] == [Decimal(-n) for n in range(51, 61)]


def test_an_account_without_lines_says_so(company: Company, signed_in: SignIn) -> None:
    assert "No lines yet" in signed_in(company["AUDITOR"]).get(PAGES[4]).content.decode()


def test_dates_that_are_none_are_complained_of(company: Company, signed_in: SignIn) -> None:
    answer = signed_in(company["AUDITOR"]).get(f"{PAGES[4]}?starts_on=soon")
    assert "Enter a valid date" in answer.content.decode()
