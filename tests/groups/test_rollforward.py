"""The group's roll-forwards, from the postings of its companies to every form of the report."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse

from core.words import Reason
from tests.conftest import Company
from tests.groups.parties import FEBRUARY_END, MARCH, MARCH_END, Party, make_abroad, make_party
from tests.posting.stock import make_lot
from tests.proposals.documents import posted, write_down_draft
from tests.reports.books import opened, write_off
from tests.reports.conftest import page_of, pdf_text, row_of, rows_of_csv, workbook

pytestmark = [pytest.mark.django_db, pytest.mark.database]


def losses_of_case_p35(company: Company) -> None:
    """Allowance 1,000; 300 of it used by a write-off and 400 charged in March: 1,100 at its end."""
    lot = make_lot(company.entity, "LAMP", "100", "100", allowance="1000")
    opened(company, lot)
    write_off(company, lot, "30")
    lot.refresh_from_db()
    posted(company, write_down_draft(company, lot, "5900"))
    lot.refresh_from_db()
    assert lot.allowance == 1100


def rates_of_case_p35(party: Party) -> None:
    party.closing(FEBRUARY_END, "1.10")
    party.average(MARCH, "1.12")
    party.closing(MARCH_END, "1.15")


@pytest.fixture
def page(signed_in: Callable[..., Client]) -> Callable[..., object]:
    def get(party: Party, form: str = "rollforward", status: int = 200, query: str = "period=2026-03") -> object:
        address = reverse(f"groups:{form}", args=[party.group.slug])
        response = signed_in(party.reader).get(f"{address}?{query}")
        assert response.status_code == status, response.content[:2000]
        return response

    return get


def test_the_allowance_of_a_foreign_company_is_that_of_case_p35(party: Party, page: Callable[..., object]) -> None:
    losses_of_case_p35(party.abroad)
    rates_of_case_p35(party)
    table = page_of(page(party)).tables["Allowance"]
    heads = [head.partition(",")[0] for head in table[0]]
    row = dict(zip(heads, row_of(table, "Abroad"), strict=True))
    assert {name: row[name] for name in ("Opening", "Charged", "Used by write-offs", "Exchange", "Closing")} == {
        "Opening": "1,100.00",
        "Charged": "448.00",
        "Used by write-offs": "(336.00)",
        "Exchange": "53.00",
        "Closing": "1,265.00",
    }
    assert row["GL balance"] == "1,265.00"
    assert row["Difference"] == "–"


def test_what_can_still_change_is_said_of_every_company(party: Party, page: Callable[..., object]) -> None:
    rates_of_case_p35(party)
    text = page(party).content.decode()  # type: ignore[attr-defined]
    for name in ("Abroad Trading", "North Trading"):
        assert f"{name}: Provisional: March 2026 (open) is not closed" in text


def test_companies_add_up_to_the_group_and_rows_to_their_closing(party: Party, page: Callable[..., object]) -> None:
    losses_of_case_p35(party.abroad)
    losses_of_case_p35(party.parent)
    party.closing(FEBRUARY_END, "1.0833333333")
    party.average(MARCH, "1.0777777777")
    party.closing(MARCH_END, "1.0911111111")
    sheets = workbook(page(party, "rollforward_xlsx"))
    for title in ("Gross inventory", "Allowance"):
        _, abroad, north, total = sheets[title]
        for a, b, c in zip(abroad[1:], north[1:], total[1:], strict=True):
            assert round(Decimal(a) + Decimal(b), 2) == round(Decimal(c), 2)
        for row in (abroad, north, total):
            *parts, closing, ledger, difference = (round(Decimal(value), 2) for value in row[1:])
            assert sum(parts) == closing == ledger
            assert difference == 0


def test_the_parent_in_the_groups_currency_needs_no_rate(party: Party, page: Callable[..., object]) -> None:
    losses_of_case_p35(party.parent)
    response = page(party)
    assert row_of(page_of(response).tables["Allowance"], "North")[1] == "1,000.00"
    assert "There is no " not in response.content.decode()


@pytest.mark.parametrize("form", ["rollforward", "rollforward_print", "rollforward_csv"])
def test_a_missing_rate_is_named_and_no_figure_stands_in_for_it(
    form: str, party: Party, page: Callable[..., object]
) -> None:
    losses_of_case_p35(party.abroad)
    party.closing(FEBRUARY_END, "1.10")
    party.average(MARCH, "1.12")
    text = page(party, form).content.decode()
    assert "There is no closing rate from USD to EUR as of 2026-03-31." in text or (
        "USD,Closing rate,as of 2026-03-31,no rate,Enter it under Exchange rates of All of us." in text
    )
    assert "1,265.00" not in text
    assert "1265" not in text


def test_a_missing_rate_stands_in_pdf_and_workbook(party: Party, page: Callable[..., object]) -> None:
    losses_of_case_p35(party.abroad)
    sheets = workbook(page(party, "rollforward_xlsx"))
    assert sheets["Allowance"][1][1] == "no rate"
    missing = [row[:4] for row in sheets["Exchange rates"][1:]]
    assert missing == [
        ["USD", "Closing rate", "as of 2026-02-28", "no rate"],
        ["USD", "Average rate", "2026-03-01 to 2026-03-31", "no rate"],
        ["USD", "Closing rate", "as of 2026-03-31", "no rate"],
    ]
    assert "There is no average rate from USD to EUR 2026-03-01 to 2026-03-31." in " ".join(
        pdf_text(page(party, "rollforward_pdf")).split()
    )


def test_months_are_translated_each_at_its_own_average(party: Party, page: Callable[..., object]) -> None:
    lot = make_lot(party.abroad.entity, "LAMP", "100", "100")
    opened(party.abroad, lot)
    write_off(party.abroad, lot, "10", dt.date(2026, 2, 10), Reason.EXPIRY)
    write_off(party.abroad, lot, "10", dt.date(2026, 3, 10), Reason.EXPIRY)
    party.closing(dt.date(2026, 1, 31), "1.1")
    party.average((dt.date(2026, 2, 1), FEBRUARY_END), "1.2")
    party.average(MARCH, "1.3")
    party.closing(MARCH_END, "1.4")
    both = "period=range&from=2026-02-01&to=2026-03-31"
    rows = rows_of_csv(page(party, "rollforward_csv", query=both))
    at = rows[1].index("Written off, EUR")
    assert next(row[at] for row in rows if row and row[0].startswith("Abroad")) == "-2500"
    party.average((dt.date(2026, 2, 1), MARCH_END), "1.5")
    rows = rows_of_csv(page(party, "rollforward_csv", query=both))
    assert next(row[at] for row in rows if row and row[0].startswith("Abroad")) == "-3000"


@pytest.mark.parametrize(
    ("currency", "cost", "rate", "opening"), [("JPY", "15000", "0.0061234567", "9185.19"), ("KWD", "3.125", "3", "938")]
)
def test_a_currency_without_or_with_three_decimals_is_shown_in_its_own(
    currency: str, cost: str, rate: str, opening: str, company: Company, page: Callable[..., object]
) -> None:
    party = make_party(company, make_abroad(currency))
    lot = make_lot(party.abroad.entity, "LAMP", "100", cost)
    opened(party.abroad, lot)
    party.closing(FEBRUARY_END, rate)
    party.closing(MARCH_END, rate)
    tables = page_of(page(party)).tables
    shown = row_of(tables["Gross inventory, own currencies"], "Abroad")
    assert shown[1:3] == [currency, {"JPY": "1,500,000", "KWD": "312.500"}[currency]]
    assert row_of(tables["Gross inventory"], "Abroad")[1] == f"{Decimal(opening):,.2f}".replace("938.00", "937.50")


def test_only_who_reads_every_company_sees_the_group(party: Party, signed_in: Callable[..., Client]) -> None:
    for name in ("overview", "rollforward", "rates", "rollforward_xlsx"):
        address = reverse(f"groups:{name}", args=[party.group.slug])
        for user in (party.parent["CONTROLLER"], party.abroad["AUDITOR"]):
            assert signed_in(user).get(address).status_code == 404
        assert signed_in(party.reader).get(address).status_code == 200
        assert Client().get(address).status_code == 302
    text = signed_in(party.parent["CONTROLLER"]).get("/e/north/").content.decode()
    assert "All of us" not in text
    assert "All of us" in signed_in(party.reader).get("/e/north/").content.decode()


def test_the_number_of_queries_does_not_grow_with_the_companies(
    party: Party, signed_in: Callable[..., Client], django_assert_max_num_queries: Callable[..., object]
) -> None:
    losses_of_case_p35(party.abroad)
    client = signed_in(party.reader)
    address = reverse("groups:rollforward", args=[party.group.slug])
    with django_assert_max_num_queries(14):
        assert client.get(f"{address}?period=2026-03").status_code == 200
