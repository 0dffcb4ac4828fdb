"""Who may open the reports: readers of the entity, nobody else; and what a wrong address says."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from core.models import User
from core.words import READERS, Role
from tests.conftest import Company

PAGES = (
    "",
    "register/",
    "register/print/",
    "register.pdf",
    "register.xlsx",
    "register.csv",
    "rollforward/",
    "rollforward/print/",
    "rollforward.xlsx",
    "rollforward.csv",
    "impact/",
    "impact/print/",
    "impact.xlsx",
    "impact.csv",
    "listing/",
    "listing/print/",
    "listing.xlsx",
    "listing.csv",
    "movements/",
    "movements.xlsx",
    "movements.csv",
    "lines/",
    "lines.xlsx",
    "lines.csv",
)


def test_nobody_in_particular_is_sent_to_sign_in(company: Company, client: Client) -> None:
    for page in PAGES:
        response = client.get(f"/e/north/reports/{page}")
        assert response.status_code == 302, page
        assert response["Location"].startswith("/accounts/login/")


def test_another_company_answers_as_if_it_did_not_exist(company: Company, other_company: Company, signed_in) -> None:
    client = signed_in(other_company["CONTROLLER"])
    assert {client.get(f"/e/north/reports/{page}").status_code for page in PAGES} == {404}


@pytest.mark.parametrize("role", ["COUNTER", "ADMIN"])
def test_a_counter_and_an_administrator_of_users_are_refused(company: Company, signed_in, role: str) -> None:
    client = signed_in(company[role])
    for page in PAGES:
        response = client.get(f"/e/north/reports/{page}")
        assert response.status_code == 403, page
        assert b"needs the role" in response.content


@pytest.mark.parametrize("role", READERS)
def test_every_reader_opens_every_page_of_empty_books(company: Company, signed_in, role: Role) -> None:
    client = signed_in(company[role])
    for page in PAGES:
        assert client.get(f"/e/north/reports/{page}").status_code == 200, page


def test_empty_books_say_the_next_step(company: Company, signed_in) -> None:
    client = signed_in(company["AUDITOR"])
    for page, words in (
        ("", b"Open the stock list"),
        ("register/", b"Choose another period, or propose what has lost its value"),
        ("rollforward/", b"Upload the opening stock list first"),
        ("impact/", b"Post an approved proposal, or choose another period"),
        ("movements/", b"Widen the days or the class above"),
        ("lines/", b"Widen the days or the roles above"),
    ):
        assert words in client.get(f"/e/north/reports/{page}").content, page


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("period=range&from=2026-03-09&to=2026-03-01", "2026-03-01 is before 2026-03-09. Give the later day here."),
        ("period=range&from=2026-03-09", "A range needs its first and its last day."),
        ("from=yesterday&to=2026-03-01", "From:"),
        ("period=2031-44", "Period:"),
    ],
)
def test_days_that_make_no_sense_are_said_and_focused(company: Company, signed_in, query: str, words: str) -> None:
    text = signed_in(company["AUDITOR"]).get(f"/e/north/reports/register/?{query}").content.decode()
    assert "<title>Error: " in text
    assert words in text
    assert "data-error-summary" in text


def test_a_document_of_another_company_has_no_impact_here(company: Company, signed_in) -> None:
    response = signed_in(company["AUDITOR"]).get("/e/north/reports/impact/?proposal=WO-2026-9999")
    assert response.status_code == 404


def test_a_category_of_another_company_narrows_nothing(company: Company, other_company: Company, signed_in) -> None:
    foreign = other_company.entity.categories.create(name="Foreign")
    response = signed_in(company["AUDITOR"]).get(f"/e/north/reports/register/?category={foreign.pk}")
    assert response.status_code == 200
    assert "Foreign" not in response.content.decode()


def test_a_company_without_periods_still_has_reports(company: Company, signed_in) -> None:
    company.entity.periods.all().delete()
    client = signed_in(company["AUDITOR"])
    for page in PAGES:
        assert client.get(f"/e/north/reports/{page}").status_code == 200, page


@pytest.mark.parametrize("page", ["", "impact/", "impact.xlsx"])
@pytest.mark.parametrize("compare", ["year", "previous"])
@pytest.mark.parametrize("days", [("0001-01-01", "0001-01-01"), ("0001-02-01", "9999-12-31")])
def test_days_without_days_before_them_are_refused_in_words(
    company: Company, signed_in: Callable[[User], Client], page: str, compare: str, days: tuple[str, str]
) -> None:
    asked = {"period": "range", "from": days[0], "to": days[1], "compare": compare}
    response = signed_in(company["CONTROLLER"]).get(f"/e/north/reports/{page}", asked)
    assert response.status_code == 200
    if not page.endswith("xlsx"):
        assert f"{days[0]} is out of reach. Give a day from 1990-01-01" in response.content.decode()
