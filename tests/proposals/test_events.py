"""Events after the reporting date: an adjusting one is booked into the year just ended, another is disclosed alone."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse

from core import guards
from core.errors import BadInput, NotAllowed, PeriodClosed
from core.models import User
from core.verify import Tally
from tests.conftest import Company
from tests.posting.stock import make_lot
from tests.proposals.documents import posted
from tests.proposals.test_charges import entries
from tests.valuation.giving import a_price
from writeoffs.ledger.models import FiscalPeriod, JournalEntry
from writeoffs.proposals import claim_proofs, services
from writeoffs.proposals.models import Proposal, SubsequentEvent
from writeoffs.proposals.services import EventInput, Paper
from writeoffs.valuation.assess import assessment_start
from writeoffs.valuation.models import AssessmentLine

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]
YEAR_END, SOLD = dt.date(2025, 12, 31), dt.date(2026, 1, 20)


def lot_of(company: Company, sku: str = "LAMP"):  # type: ignore[no-untyped-def]
    return make_lot(company.entity, sku, quantity="1000", unit_cost="52", opened=dt.date(2025, 1, 1))


def event(company: Company, **more: object) -> SubsequentEvent:
    said = {
        "reporting_on": YEAR_END,
        "event_on": SOLD,
        "what": "Sold below cost to a liquidator.",
        "reason": "PRICE_FALL",
        "condition_existed": True,
        "why": "The season had ended in November.",
    }
    return services.event_record(entity=company.entity, user=company["PREPARER"], event=EventInput(**{**said, **more}))


def test_a_sale_below_cost_adjusts_the_year_just_ended(company: Company) -> None:
    lot = lot_of(company)
    paper = Paper("invoice.txt", b"47,500 for all")
    made = event(company, lot=lot, proceeds=Decimal(47500), costs=Decimal(900), paper=paper)
    assert made.classification == "ADJUSTING"
    assert made.document is not None
    assert made.document.evidence.get().kind == "PRICE_SOURCE"
    proposal = posted(company, made.document)
    assert entries(proposal) == {"WRITE_DOWN": {"5100": Decimal(5400), "1490": Decimal(-5400)}}
    entry = JournalEntry.objects.get()
    assert (entry.posted_on, entry.fiscal_year) == (YEAR_END, 2025)
    lot.refresh_from_db()
    assert lot.carrying_amount == 46600
    assert list(claim_proofs.events(Tally())) == []


def test_a_fire_after_year_end_is_disclosed_and_books_nothing(company: Company) -> None:
    lot = lot_of(company)
    made = event(
        company,
        what="Fire in the warehouse.",
        reason="FIRE",
        condition_existed=False,
        why="The goods were sound at year end.",
        lot=lot,
        proceeds=Decimal(0),
        amount=Decimal(52000),
        disclosure="A fire destroyed stock of 52,000 EUR.",
    )
    assert (made.classification, made.document) == ("NON_ADJUSTING", None)
    assert not Proposal.objects.exists()
    assert not JournalEntry.objects.exists()


def test_where_the_last_month_is_closed_it_goes_into_period_13_and_where_that_is_too_it_is_refused(
    company: Company,
) -> None:
    of = {"lot": lot_of(company), "proceeds": Decimal(40000)}
    FiscalPeriod.objects.filter(fiscal_year=2025, number=12).update(status="CLOSED")
    with pytest.raises(PeriodClosed):
        event(company, **of)
    assert not SubsequentEvent.objects.exists()
    FiscalPeriod.objects.create(
        entity=company.entity, fiscal_year=2025, number=13, starts_on=YEAR_END, ends_on=YEAR_END
    )
    made = event(company, **of)
    assert made.document is not None
    assert made.document.adjustment
    posted(company, made.document)
    assert JournalEntry.objects.get().period.number == 13


def test_an_adjusting_event_that_lowers_nothing_makes_no_document(company: Company) -> None:
    assert event(company, lot=lot_of(company), proceeds=Decimal(60000)).document is None


def test_what_cannot_be_is_refused_and_keeps_nothing(company: Company, other_company: Company) -> None:
    for wrong, message in (
        ({"event_on": YEAR_END}, "does not lie after the reporting date"),
        ({"event_on": dt.date(2999, 1, 1)}, "in the future"),
        ({"what": " "}, "Say what happened"),
        ({"reason": "COUNT_DIFFERENCE"}, "choose a reason"),
        ({"proceeds": Decimal(5)}, "or neither"),
        ({"lot": lot_of(other_company), "proceeds": Decimal(5)}, "not one of North"),
        ({"costs": Decimal(-5)}, "below nil"),
        ({"condition_existed": False}, "what the notes disclose"),
    ):
        with pytest.raises(BadInput, match=message):
            event(company, **wrong)
    with pytest.raises(NotAllowed):
        services.event_record(
            entity=company.entity,
            user=company["APPROVER"],
            event=EventInput(YEAR_END, SOLD, "x", "FIRE", condition_existed=True, why="y"),
        )
    assert not SubsequentEvent.objects.exists()


@pytest.mark.database
def test_the_database_keeps_events_and_verify_names_an_altered_one(company: Company) -> None:
    event(company)
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("update proposals_subsequentevent set why = 'x'")
    guards.drop()
    with connection.cursor() as cursor:
        cursor.execute("update proposals_subsequentevent set why = 'x'")
    assert any("not what the audit trail kept" in one for one in claim_proofs.events(Tally()))


def test_a_preparer_records_an_event_on_the_pages(company: Company, other_company: Company, signed_in: SignIn) -> None:
    lot_of(company)
    client, address = signed_in(company["PREPARER"]), "/e/north/proposals/events/new/"
    assert "2025-12-31" in client.get(address).content.decode()
    form = {
        "reporting_on": YEAR_END,
        "event_on": SOLD,
        "what": "Sold below cost",
        "reason": "PRICE_FALL",
        "condition_existed": "yes",
        "why": "The season had ended",
        "sku": "lamp",
        "code": "L1 at MAIN",
        "proceeds": "47500",
        "costs": "900",
    }
    wrong = client.post(address, {**form, "sku": "NONE"})
    assert wrong.status_code == 400
    assert "There is no lot of" in wrong.content.decode()
    assert client.post(address, {**form, "condition_existed": ""}).status_code == 400
    page = client.post(address, form, follow=True).content.decode()
    assert "adjusts the year just ended" in page
    assert "WD-" in page
    later = {**form, "condition_existed": "no", "disclosure": "Disclosed"}
    assert "does not adjust" in client.post(address, later, follow=True).content.decode()
    listed = signed_in(company["AUDITOR"]).get("/e/north/proposals/events/").content.decode()
    assert listed.count("47,500") == 0
    assert "46,600.00" in listed
    assert signed_in(company["AUDITOR"]).get(address).status_code == 403
    number = SubsequentEvent.objects.first().number
    assert client.get(f"/e/north/proposals/events/{number}/paper/").status_code == 404
    assert signed_in(other_company["PREPARER"]).get("/e/north/proposals/events/").status_code == 404


def assessed_as_of(company: Company, day: dt.date) -> AssessmentLine:
    run = assessment_start(entity=company.entity, user=company["PREPARER"], as_of=day)
    return run.lines.select_related("price").get()


def test_an_adjusting_event_is_the_price_of_the_next_assessment_as_of_the_year_end(
    company: Company, signed_in: SignIn
) -> None:
    lot = lot_of(company)
    assert assessed_as_of(company, YEAR_END).outcome == "UNTESTED"
    made = event(company, lot=lot, proceeds=Decimal(47500), costs=Decimal(900))
    line = assessed_as_of(company, YEAR_END)
    assert (line.price, line.required, line.governs) == (made.price, 5400, "NRV")
    assert (line.price.nrv, line.price.source) == (Decimal("46.6"), f"Event {made.number} of 2026-01-20")
    page = signed_in(company["AUDITOR"]).get(reverse("proposals:events", args=[company.entity.slug])).content.decode()
    assert "NRV 46.6" in page
    # A later event of the same lot replaces it and says why.
    again = event(company, lot=lot, proceeds=Decimal(46000), costs=Decimal(900), what="The buyer claimed a rebate.")
    assert (again.price.version, again.price.reason) == (2, f"Event {again.number} of 2026-01-20")
    assert assessed_as_of(company, YEAR_END).required == 6900
    assert list(claim_proofs.events(Tally())) == []


def test_an_event_that_does_not_adjust_prices_nothing(company: Company) -> None:
    lot = lot_of(company)
    made = event(
        company, condition_existed=False, disclosure="Sold at a loss.", lot=lot, proceeds=Decimal(1000), reason="FIRE"
    )
    assert (made.price, made.document) == (None, None)
    line = assessed_as_of(company, YEAR_END)
    assert (line.price, line.required) == (None, 0)
    price = a_price(company, "LAMP", as_of=YEAR_END)
    with pytest.raises(IntegrityError, match="event_that_does_not_adjust_prices_nothing"), transaction.atomic():
        SubsequentEvent.objects.create(
            **{name: getattr(made, name) for name in ("entity", "reporting_on", "event_on", "what", "reason", "why")},
            condition_existed=False,
            price=price,
            number="SE-2026-0099",
            judged_by=company["PREPARER"],
        )


def test_a_lot_that_held_nothing_on_the_reporting_date_gets_no_price(company: Company) -> None:
    lot = make_lot(company.entity, "LAMP", quantity="10", unit_cost="52", opened=dt.date(2026, 1, 5))
    assert event(company, lot=lot, proceeds=Decimal(600)).price is None
