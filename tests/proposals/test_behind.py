"""A change behind a proposal makes it stale only where an amount or account of it would be another; else it is told."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from decimal import Decimal

import pytest
import time_machine
from django.test import Client

from core.errors import StaleContent
from core.models import AuditEvent
from core.words import Reason
from inventory.models import Lot
from tests.conftest import Company
from tests.posting.stock import make_lot
from tests.proposals.documents import DAY, draft, header, submitted
from writeoffs.proposals import services
from writeoffs.proposals.behind import behind
from writeoffs.proposals.models import Kind, Proposal, Status
from writeoffs.valuation.again import anything_since
from writeoffs.valuation.assess import assessment_start
from writeoffs.valuation.assessment_filters import with_movement
from writeoffs.valuation.giving import input_give
from writeoffs.valuation.models import Assessment, AssessmentLine, Price, PriceRate

pytestmark = pytest.mark.django_db
Queries = Callable[[int], AbstractContextManager[object]]
MARCH = dt.datetime(2026, 3, 20, 9, tzinfo=dt.UTC)


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Coordinates]:
    with time_machine.travel(MARCH, tick=False) as at:
        yield at


def price(company: Company, nrv: str, sku: str = "LAMP", day: dt.date = DAY, **fields: object) -> Price:
    item = company.entity.items.get(sku=sku)
    given = Price(**{"item": item, "as_of": day, "currency": "EUR", "source": "List", "nrv": Decimal(nrv), **fields})
    return input_give(entity=company.entity, user=company["PRICE_OWNER"], given=given)


def proposed(company: Company) -> Proposal:
    """One write-down of what an assessment as of DAY requires; then an hour passes."""
    run = assessment_start(entity=company.entity, user=company["PREPARER"], as_of=DAY)
    assert run.status == Assessment.Status.DONE
    lines = with_movement(AssessmentLine.objects.filter(assessment=run))
    (made,), _ = services.proposals_from_assessment(
        assessment=run, lines=lines, user=company["PREPARER"], header=header()
    )
    return made


def later(clock: time_machine.Coordinates) -> None:
    clock.shift(dt.timedelta(hours=1))


@pytest.mark.database
def test_a_price_that_changes_the_amount_makes_it_stale(company: Company, clock: time_machine.Coordinates) -> None:
    make_lot(company.entity, "LAMP", "100", "40")
    price(company, "35")
    made = submitted(company, proposed(company))
    later(clock)
    price(company, "33", reason="The customer paid less", source="Offer 4711")
    with pytest.raises(StaleContent) as refused:
        services.proposal_approve(proposal=made, user=company["APPROVER"], digest=made.digest)
    assert refused.value.message == (
        f"{made.number}: what was known for AS-2026-0001 has changed: lot LAMP / L1 at MAIN required 500.00 EUR when "
        "it was assessed, 700.00 EUR now (net realisable value 35 (EUR), now net realisable value 33 (EUR)). Return "
        "it to the preparer, who edits the lines, or discards it and starts another assessment as of 2026-03-16."
    )
    found = behind(made)
    assert found.stale
    assert [(one.was, one.now) for one in found.moved] == [(5_000_000, 7_000_000)]
    (told,) = found.told
    assert told.startswith(
        "Price of LAMP from 2026-03-16: net realisable value 33 (EUR), from Offer 4711 (The customer"
    )
    made.refresh_from_db()
    assert made.status == Status.SUBMITTED
    assert made.net_loss == 500


def test_what_was_approved_is_not_posted_once_the_amount_is_another(
    company: Company, clock: time_machine.Coordinates
) -> None:
    make_lot(company.entity, "LAMP", "100", "40")
    price(company, "35")
    made = submitted(company, proposed(company))
    made = services.proposal_approve(proposal=made, user=company["APPROVER"], digest=made.digest)
    later(clock)
    standing = price(company, "41", reason="Sold above cost")
    with pytest.raises(StaleContent, match=r"required 500.00 EUR when it was assessed, nothing now"):
        services.proposal_post(proposal=made, user=company["CONTROLLER"], digest=made.digest)
    later(clock)
    price(company, "35", reason=f"{standing.nrv} was a slip")
    assert not behind(made).stale
    assert services.proposal_post(proposal=made, user=company["CONTROLLER"], digest=made.digest).entries


def test_a_price_that_changes_no_amount_is_told_only(company: Company, clock: time_machine.Coordinates) -> None:
    make_lot(company.entity, "LAMP", "100", "40")
    make_lot(company.entity, "DESK", "10", "90")
    price(company, "35")
    made = submitted(company, proposed(company))
    later(clock)
    assert not behind(made)
    price(company, "20", sku="DESK")
    price(company, "12", day=DAY + dt.timedelta(days=4))
    assert not behind(made)
    price(company, "35", reason="Now from the new list", recovers_in_year=False, replacement_cost=Decimal(30))
    found = behind(made)
    assert found
    assert not found.stale
    assert "replacement cost 30" in found.told[0]
    approved = services.proposal_approve(proposal=made, user=company["APPROVER"], digest=made.digest)
    assert services.proposal_post(proposal=approved, user=company["CONTROLLER"], digest=made.digest).entries


def test_a_rate_for_the_assessed_day_counts_as_a_price_does(company: Company, clock: time_machine.Coordinates) -> None:
    make_lot(company.entity, "LAMP", "100", "40")
    price(company, "35", currency="USD")
    rate = PriceRate(currency="USD", as_of=DAY, rate=Decimal("0.9"), source="ECB")
    input_give(entity=company.entity, user=company["CONTROLLER"], given=rate)
    made = submitted(company, proposed(company))
    later(clock)
    again = PriceRate(currency="USD", as_of=DAY, rate=Decimal("0.8"), source="ECB", reason="Was of another day")
    input_give(entity=company.entity, user=company["CONTROLLER"], given=again)
    (moved,) = behind(made).moved
    assert (moved.was, moved.now) == (8_500_000, 12_000_000)


def test_a_draft_that_is_edited_to_what_is_required_now_is_up_to_date(
    company: Company, clock: time_machine.Coordinates
) -> None:
    make_lot(company.entity, "LAMP", "100", "40")
    price(company, "35")
    made = proposed(company)
    later(clock)
    price(company, "33", reason="Offer")
    with pytest.raises(StaleContent, match="Edit the lines, or discard it and start another assessment"):
        submitted(company, made)
    services.line_edit(line=made.lines.get(), user=company["PREPARER"], new_carrying_amount=Decimal(3300))
    assert not behind(made).stale
    assert submitted(company, made).net_loss == 700


def test_a_lot_that_moved_is_told_and_stale_only_where_amounts_differ(company: Company) -> None:
    lot = make_lot(company.entity, "LAMP", "100", "40")
    made = submitted(company, draft(company, lot, "10"))
    assert not behind(made)
    second = submitted(company, draft(company, lot, "5"))
    second = services.proposal_approve(proposal=second, user=company["APPROVER"], digest=second.digest)
    services.proposal_post(proposal=second, user=company["CONTROLLER"], digest=second.digest)
    found = behind(made)
    assert not found.stale
    assert found.told == ["1 lot has moved since it was submitted; the amounts here are the same."]
    down = services.proposal_create(
        entity=company.entity, user=company["PREPARER"], header=header(Kind.WRITE_DOWN, Reason.PRICE_FALL)
    )
    down = services.line_add(
        proposal=down, user=company["PREPARER"], lot=Lot.objects.get(pk=lot.pk), new_carrying_amount=Decimal(1900)
    )
    down = submitted(company, down)
    down = services.proposal_approve(proposal=down, user=company["APPROVER"], digest=down.digest)
    services.proposal_post(proposal=down, user=company["CONTROLLER"], digest=down.digest)
    assert "net loss" in behind(made).lots[0]


def test_the_page_shows_what_was_beside_what_is(
    client: Client, company: Company, clock: time_machine.Coordinates
) -> None:
    make_lot(company.entity, "LAMP", "100", "40")
    price(company, "35")
    made = submitted(company, proposed(company))
    later(clock)
    price(company, "33", reason="Offer")
    client.force_login(company["APPROVER"])
    page = client.get(made.get_absolute_url()).content.decode()
    assert "Changed since: it cannot be approved as it stands" in page
    assert "500.00 EUR" in page
    assert "700.00 EUR" in page


def test_all_concerned_are_told_once_and_told_again_when_it_is_over(
    client: Client, company: Company, clock: time_machine.Coordinates
) -> None:
    make_lot(company.entity, "LAMP", "100", "40")
    price(company, "35")
    made = submitted(company, proposed(company))
    made = services.proposal_approve(proposal=made, user=company["APPROVER"], digest=made.digest)
    later(clock)
    price(company, "33", reason="Offer")
    price(company, "32", reason="Another offer")
    event = AuditEvent.objects.get(kind="proposal.stale")
    assert event.message == (
        f"{made.number} cannot go on as it stands: what was known for AS-2026-0001 has changed: lot LAMP / L1 at MAIN "
        "required 500.00 EUR when it was assessed, 700.00 EUR now (net realisable value 35 (EUR), now net realisable "
        "value 33 (EUR)). It concerns Preparer north, Approver north."
    )
    for role, address in (("CONTROLLER", "/e/north/"), ("PREPARER", "/e/north/?tab=sent"), ("AUDITOR", "proposals/")):
        client.force_login(company[role])
        page = client.get(address if address.startswith("/") else f"/e/north/{address}").content.decode()
        assert "Amount changed since" in page, role
    price(company, "35", reason="Both were withdrawn")
    assert AuditEvent.objects.get(kind="proposal.current").message.startswith(f"{made.number} is up to date again")
    assert "Amount changed since" not in client.get("/e/north/proposals/").content.decode()


def test_whether_anything_is_newer_is_asked_in_one_query(
    company: Company, clock: time_machine.Coordinates, django_assert_num_queries: Queries
) -> None:
    make_lot(company.entity, "LAMP", "100", "40")
    price(company, "35")
    made = proposed(company)
    assessment = Assessment.objects.select_related("entity").get()
    later(clock)
    with django_assert_num_queries(1):
        assert not anything_since(assessment)
    price(company, "12", day=DAY + dt.timedelta(days=4))
    assert not anything_since(assessment)
    price(company, "34", reason="Offer")
    assert anything_since(assessment)
    assert made.made_from == assessment.source_ref
