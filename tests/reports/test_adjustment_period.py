"""The adjustment period in the reports: its own figures, not those of the month whose last day it shares."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from urllib.parse import urlsplit

import pytest
from django.db.models import Sum
from django.test import Client

from core.words import Reason
from inventory.models import Movement
from tests.conftest import Company
from tests.posting.stock import make_lot
from tests.proposals.documents import draft, posted
from tests.proposals.test_void import void
from tests.reports.books import opened
from writeoffs.ledger.models import FiscalPeriod, JournalEntry
from writeoffs.posting.erp_gap import movements_until
from writeoffs.proposals import services
from writeoffs.proposals.models import Proposal
from writeoffs.reports.charges import charges_posted
from writeoffs.reports.selectors import RegisterFilter, RegisterLines, accounts_summed, periods_all, roll_facts
from writeoffs.reports.statements.spans import span_of

pytestmark = pytest.mark.django_db
LAST = dt.date(2026, 12, 31)


@pytest.fixture
def books(company: Company, signed_in: Callable[..., Client], time_machine: object) -> Company:
    time_machine.move_to(dt.datetime(2027, 1, 15, 12, tzinfo=dt.UTC))  # type: ignore[attr-defined]
    entity = company.entity
    FiscalPeriod.objects.create(entity=entity, fiscal_year=2026, number=13, starts_on=LAST, ends_on=LAST)
    lot = make_lot(entity, "LAMP", "100", "10")
    opened(company, lot)
    days = {"event_on": LAST, "found_on": LAST, "posting_on": LAST}
    posted(company, draft(company, lot, "3", reason=Reason.EXPIRY, **days))
    late = draft(company, lot, "5", reason=Reason.EXPIRY, **days, adjustment=True)
    cost = services.ChargeInput("DISPOSAL_COST", Decimal(7), "CASH")
    posted(company, services.charge_add(proposal=late, user=company["PREPARER"], charge=cost))
    return company


@pytest.mark.parametrize(
    ("code", "loss", "opening", "closing"),
    [
        ("2026-12", "30", "1000", "970"),
        ("2026-13", "50", "970", "920"),
        ("FY2026", "80", "0", "920"),
        ("2027-01", "0", "920", "920"),
    ],
)
def test_each_span_has_its_own_figures(books: Company, code: str, loss: str, opening: str, closing: str) -> None:
    span = span_of(code, periods_all(entity=books.entity), "en")
    assert span is not None
    sums = {fact.role: fact.debit - fact.credit for fact in accounts_summed(entity=books.entity, span=span)}
    assert sums.get("WRITE_DOWN_EXPENSE", Decimal(0)) == Decimal(loss)
    facts = roll_facts(entity=books.entity, span=span)
    assert sum(fact.amount for fact in facts.gross if fact.before) == Decimal(opening)
    assert sum(fact.amount for fact in facts.gross) == Decimal(closing)
    assert sum(facts.gl_gross.values()) == Decimal(closing)


@pytest.mark.parametrize("code", ["2026-12", "2026-13"])
def test_every_figure_of_the_roll_forward_leads_to_lines_that_add_up_to_it(
    books: Company, signed_in: Callable[..., Client], code: str
) -> None:
    client = signed_in(books["AUDITOR"])
    page = client.get(f"/e/north/reports/rollforward/?period={code}")
    table = page.context["tables"][0]
    report = page.context["report"].tables[0]
    assert table
    followed = 0
    for cell in report.rows[0].cells:
        if cell.url and "movements" in cell.url:
            behind = client.get(f"{urlsplit(cell.url).path}?{urlsplit(cell.url).query}")
            foot = behind.context["report"].tables[0].foot[0].cells
            assert cell.value in [one.value for one in foot], (cell.url, cell.value)
            followed += 1
    assert followed >= 3


def test_the_register_names_the_period_that_a_document_stands_in(
    books: Company, signed_in: Callable[..., Client]
) -> None:
    client = signed_in(books["AUDITOR"])
    december = client.get("/e/north/reports/register/?period=2026-12").content.decode()
    thirteen = client.get("/e/north/reports/register/?period=2026-13").content.decode()
    assert ("30.00" in december, "50.00" in december) == (True, False)
    assert ("30.00" in thirteen, "50.00" in thirteen) == (False, True)
    assert "2026-13" in thirteen


@pytest.mark.parametrize(("code", "charges"), [("2026-12", []), ("2026-13", [7]), ("FY2026", [7])])
def test_a_charge_stands_in_the_period_of_its_document(books: Company, code: str, charges: list[int]) -> None:
    span = span_of(code, periods_all(entity=books.entity), "en")
    assert span is not None
    found = charges_posted(entity=books.entity, span=span, narrow=RegisterFilter())
    assert [charge.amount for charge in found] == charges


@pytest.mark.parametrize(("code", "debits"), [("2026-12", {"30.00"}), ("2026-13", {"50.00", "7.00"})])
def test_the_listing_holds_the_lines_of_its_own_period(
    books: Company, signed_in: Callable[..., Client], code: str, debits: set[str]
) -> None:
    page = signed_in(books["AUDITOR"]).get(f"/e/north/reports/listing/?period={code}").content.decode()
    assert {amount for amount in ("30.00", "50.00", "7.00") if f">{amount}<" in page} == debits


def test_a_void_dated_as_its_posting_stands_in_the_adjustment_period_too(
    books: Company, signed_in: Callable[..., Client]
) -> None:
    """December stays as it was; what the adjustment period held is undone there."""
    late = Proposal.objects.get(adjustment=True)
    page = signed_in(books["PREPARER"]).get(f"/e/north/proposals/{late.number}/void/").content.decode()
    assert 'value="2026-12-31"' in page
    FiscalPeriod.objects.filter(number=12).update(status="CLOSED")
    void(books, late, LAST)
    mirrors = JournalEntry.objects.filter(reverses__isnull=False)
    assert {(entry.period.number, entry.posted_on) for entry in mirrors} == {(13, LAST)}
    for code, closing, lines in (("2026-12", "970", 1), ("2026-13", "970", 2), ("FY2026", "970", 3)):
        span = span_of(code, periods_all(entity=books.entity), "en")
        assert span is not None
        facts = roll_facts(entity=books.entity, span=span)
        assert sum(fact.amount for fact in facts.gross) == Decimal(closing)
        assert sum(facts.gl_gross.values()) == Decimal(closing)
        register = RegisterLines(entity=books.entity, span=span, narrow=RegisterFilter())
        assert len(register) == lines
    december, thirteen = (FiscalPeriod.objects.get(fiscal_year=2026, number=number) for number in (12, 13))
    for period in (december, thirteen):
        kept = Movement.objects.filter(movements_until(entity=books.entity, period=period))
        assert kept.aggregate(units=Sum("quantity"))["units"] == 97
