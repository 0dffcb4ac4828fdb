"""The report of the controls: duties, limits, splits and papers judged anew; refusals, changes, voids, proofs."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal as D
from typing import Any

import pytest
import time_machine
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from core.changes import change_decide
from core.models import Membership, User
from tests.conftest import Company
from tests.posting.stock import make_lot
from tests.reports.books import opened, write_off
from tests.reports.conftest import Books, figures_in, pdf_text
from writeoffs.proposals.services.limits import BandInput, TitleInput, limits_request
from writeoffs.reports.controls import controls_of
from writeoffs.reports.controls_trail import trail_facts
from writeoffs.reports.statements.controls import Hand, Part, duties_broken, splits
from writeoffs.reports.statements.spans import range_span

YEAR = "controls/?period=FY2026"
A, B, C = Hand(1, "Ann"), Hand(2, "Ben"), Hand(3, "Cid")


def test_three_people_are_apart() -> None:
    kept = duties_broken(preparers={1}, counted={4}, approver=B, second=None, poster=C)
    assert kept == ""
    broken = duties_broken(preparers={1, 2}, counted={3}, approver=B, second=None, poster=C)
    assert broken == "Ben prepared and approved it; Cid counted and posted it"
    assert duties_broken(preparers={1}, counted=set(), approver=B, second=C, poster=B) == "Ben approved and posted it"


class Bands:
    """Up to 1,000 the manager, above it the CFO."""

    def title(self, gross: D, part: Part) -> tuple[int, str]:
        return (1, "for Manager") if gross <= 1000 else (2, "for CFO")


def part(number: str, day: int, gross: int, rank: int = 1, place: int = 1) -> Part:
    return Part(1, place, 1, number, dt.date(2026, 3, 1) + dt.timedelta(day), D(gross), rank)


def test_documents_that_take_a_higher_title_together_are_a_split() -> None:
    bands = dict.fromkeys("ABCDE", Bands())
    found = splits([part("A", 0, 600), part("B", 30, 600)], bands)
    assert found == {"A": "with B: together for CFO", "B": "with A: together for CFO"}
    # A day later it is outside the window; at another place it is another matter; a whole that the CFO saw is none.
    assert splits([part("A", 0, 600), part("B", 31, 600)], bands) == {}
    assert splits([part("A", 0, 600), part("B", 1, 600, place=2)], bands) == {}
    assert splits([part("A", 0, 600), part("B", 1, 600, rank=2)], bands) == {}
    assert splits([part("A", 0, 500), part("B", 1, 500)], bands) == {}


def approver(company: Company, name: str) -> User:
    user = User.objects.create(email=f"{name}@controls.example", full_name=name)
    Membership.objects.create(entity=company.entity, user=user, role="APPROVER")
    return user


@pytest.mark.django_db
@time_machine.travel(dt.datetime(2026, 3, 20, 9, tzinfo=dt.UTC), tick=False)
def test_two_documents_under_the_limit_that_are_over_it_together_are_flagged(company: Company) -> None:
    chief, other = approver(company, "Chief"), approver(company, "Other")
    change = limits_request(
        entity=company.entity,
        user=company["CONTROLLER"],
        titles=[TitleInput("Manager", [company["APPROVER"]]), TitleInput("CFO", [chief])],
        bands=[BandInput("Manager", D(3000)), BandInput("CFO", None)],
        starts_on=dt.date(2026, 3, 20),
        why="Agreed with the board",
    )
    change_decide(change=change, user=other, approve=True)
    lamps = make_lot(company.entity, "LAMP", "100", "40", category="Lamps")
    chairs = make_lot(company.entity, "CHAIR", "48", "45", category="Chairs")
    opened(company, lamps, chairs)
    for lot, quantity in ((lamps, "50"), (lamps, "40"), (chairs, "10")):
        write_off(company, lot, quantity)
    span = range_span(dt.date(2026, 3, 1), dt.date(2026, 3, 31), "en")
    chair, second, first = controls_of(entity=company.entity, span=span)
    assert [one.split for one in (chair, second, first)] == [
        "",
        f"with {first.number}: together for CFO",
        f"with {second.number}: together for CFO",
    ]
    assert {(one.required, one.held, one.over, one.duties) for one in (chair, second, first)} == {
        ("Manager", "Manager", "", "")
    }
    # By the month after, what stood in this one is still within the window of nothing.
    assert controls_of(entity=company.entity, span=range_span(dt.date(2026, 5, 1), dt.date(2026, 5, 2), "en")) == []


@pytest.mark.django_db
def test_every_document_stands_with_its_people(books: Books) -> None:
    page = books.get(YEAR)
    tables = {table.slug: table for table in page.context["report"].tables}
    rows = {row.cells[0].value: [cell.value for cell in row.cells] for row in tables["documents"].rows}
    assert set(rows) == {made.number for made in books.made.values()}
    expiry = rows[books.made["expiry"].number]
    assert expiry[4:11] == [D(2000), "No limits", "", "Preparer north", "Approver north", "", "Controller north"]
    assert expiry[11] == "Kept"
    assert not tables["exceptions"].rows
    [preparer] = [row for row in tables["people"].rows if row.cells[0].value == "Preparer north"]
    assert [cell.value for cell in preparer.cells][2:4] == [4, sum(made.gross_loss for made in books.made.values())]
    [void] = tables["voids"].rows
    assert [void.cells[0].value, void.cells[3].value] == [books.made["flood"].number, D(-180)]
    links = {cell.url for table in tables.values() for row in table.rows for cell in row.cells if cell.url}
    assert {books.client.get(url).status_code for url in links} == {200}


@pytest.mark.django_db
def test_refusals_are_counted_by_rule_and_proofs_are_on_record(books: Books, signed_in: Any) -> None:
    for role in ("PREPARER", "PREPARER", "APPROVER"):
        signed_in(books.company[role]).get("/e/north/audit/")
    books.client.post("/e/north/audit/prove/")
    call_command("verify", "--record", verbosity=0)
    entity = books.company.entity
    today = entity.local_date()
    trail = trail_facts(entity=entity, span=range_span(today - dt.timedelta(1), today, "en"))
    assert [(one.rule, one.times, one.people) for one in trail.refused] == [("NotAllowed", 3, 2)]
    assert [(one.kind, one.status) for one in trail.changes] == [("Void a posted proposal", "Approved")]
    assert [told.person for told in trail.proofs] == ["Auditor north", ""]
    assert all("nothing is wrong" in told.message for told in trail.proofs)


@pytest.mark.django_db
def test_every_form_is_given_to_auditors_and_controllers_alone(books: Books, signed_in: Any) -> None:
    text = pdf_text(books.get("controls.pdf?period=FY2026"))
    assert figures_in(books.get("controls/print/?period=FY2026").content.decode()) <= figures_in(text)
    for ending in (".xlsx", ".csv"):
        books.get(f"controls{ending}?period=FY2026")
    opened = {
        role: signed_in(books.company[role]).get("/e/north/reports/controls/").status_code
        for role in ("AUDITOR", "CONTROLLER", "APPROVER", "PREPARER", "COUNTER")
    }
    assert opened == {"AUDITOR": 200, "CONTROLLER": 200, "APPROVER": 403, "PREPARER": 403, "COUNTER": 403}


@pytest.mark.django_db
def test_the_number_of_queries_does_not_grow(books: Books) -> None:
    with CaptureQueriesContext(connection) as first:
        books.get("controls/?period=2026-03")
    with CaptureQueriesContext(connection) as second:
        books.get(YEAR)
    # What a void took back is asked for where there is a void.
    assert len(second) <= len(first) + 1
    assert len(second) < 60
