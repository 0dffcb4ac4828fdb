"""Shrinkage is accrued from sales, and the next count uses its share first (P17)."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable
from decimal import Decimal as D

import pytest
from django.test import Client
from django.urls import reverse

from core.errors import BadInput, WrongState
from core.models import User
from core.words import Reason
from inventory.models import CountSheet, Lot
from tests.conftest import Company
from tests.inventory.sheets import MARCH, lot_row, take_in
from tests.inventory.test_counts import LATER, counted, counts
from tests.proposals.documents import header, posted
from writeoffs.ledger.models import JournalEntry
from writeoffs.posting.shrinkage import accrued
from writeoffs.proposals import proofs
from writeoffs.proposals.models import Kind, Proposal
from writeoffs.proposals.services import (
    ChargeInput,
    accrual_propose,
    accrual_release_propose,
    accruals_due,
    proposal_create_from_count,
    proposal_create_of_charges,
)
from writeoffs.valuation.models import SalesFigure, ValuationPolicy

SignedIn = Callable[[User], Client]
pytestmark = pytest.mark.django_db
DAY = dt.date(2026, 3, 20)


def sold(company: Company, lot: Lot, revenue: str, starts: str = "2026-03-01", ends: str = "2026-03-19") -> None:
    SalesFigure.objects.create(
        entity=company.entity,
        location=lot.location,
        category=lot.item.category,
        starts_on=starts,
        ends_on=ends,
        revenue=D(revenue),
        source="till",
        entered_by=company["CONTROLLER"],
    )


@pytest.fixture
def shop(company: Company) -> Company:
    """One lot of 412,000 at one place, and a rate of 0.8 % of sales."""
    take_in(company, [lot_row("A", "L1", quantity=412_000, cost=1)])
    ValuationPolicy.objects.create(
        entity=company.entity,
        starts_on=dt.date(2026, 1, 1),
        shrinkage_rate=D("0.008"),
        reason="last year",
        asked_by=company["CONTROLLER"],
        decided_by=company["APPROVER"],
    )
    return company


def accrue(company: Company) -> Proposal:
    made = header(Kind.ACCRUAL, Reason.COUNT_DIFFERENCE, event_on=DAY, found_on=DAY, posting_on=DAY)
    return posted(company, accrual_propose(entity=company.entity, user=company["PREPARER"], header=made))


def entry(proposal: Proposal, leg: str) -> dict[str, D]:
    found = JournalEntry.objects.get(source_ref=proposal.source_ref, leg=leg)
    return {line.role: line.amount for line in found.lines.all()}


def settled(company: Company, sheet: CountSheet) -> Proposal:
    return posted(company, proposal_create_from_count(entity=company.entity, user=company["PREPARER"], sheet=sheet))


def test_a_count_uses_the_accrual_before_anything_is_expensed(shop: Company) -> None:
    sold(shop, Lot.objects.get(), "650000")
    made = accrue(shop)
    assert entry(made, "SHRINKAGE_ACCRUAL") == {"SHRINKAGE_EXPENSE": D(5200), "SHRINKAGE_ACCRUAL": D(-5200)}
    with pytest.raises(BadInput, match="Nothing is to be accrued as of 2026-03-20"):
        accrue(shop)
    proposal = settled(shop, counts(shop, counted(units=406_300), by=shop["COUNTER"]))
    assert entry(proposal, "COUNT_LOSS") == {
        "SHRINKAGE_ACCRUAL": D(5200),
        "SHRINKAGE_EXPENSE": D(500),
        "INVENTORY": D(-5700),
    }
    assert JournalEntry.objects.filter(source_ref=proposal.source_ref).count() == 1
    assert not accrued(entity=shop.entity)
    assert not list(proofs.charges(Counter()))


def test_what_was_accrued_beyond_the_loss_goes_back_to_expense(shop: Company) -> None:
    sold(shop, Lot.objects.get(), "650000")
    accrue(shop)
    proposal = settled(shop, counts(shop, counted(units=409_000), by=shop["COUNTER"]))
    assert entry(proposal, "COUNT_LOSS") == {
        "SHRINKAGE_ACCRUAL": D(5200),
        "SHRINKAGE_EXPENSE": D(-2200),
        "INVENTORY": D(-3000),
    }


def test_a_gain_releases_the_accrual_by_an_entry_of_its_own(shop: Company) -> None:
    sold(shop, Lot.objects.get(), "650000")
    accrue(shop)
    proposal = settled(shop, counts(shop, counted(units=412_100), by=shop["COUNTER"]))
    assert entry(proposal, "COUNT_GAIN") == {"INVENTORY": D(100), "SHRINKAGE_EXPENSE": D(-100)}
    assert entry(proposal, "SHRINKAGE_RELEASE") == {"SHRINKAGE_ACCRUAL": D(5200), "SHRINKAGE_EXPENSE": D(-5200)}


def test_a_count_that_finds_nothing_missing_releases_its_share(shop: Company, signed_in: SignedIn) -> None:
    sold(shop, Lot.objects.get(), "650000")
    sheet = counts(shop, counted(units=412_000), by=shop["COUNTER"])
    address = reverse("proposals:from_count", args=["north", sheet.number])
    client = signed_in(shop["PREPARER"])
    assert "nothing stands accrued for its lots" in client.post(address).content.decode()
    accrue(shop)
    assert "Release what was accrued" in client.get(sheet.get_absolute_url()).content.decode()
    client.post(address)
    proposal = posted(shop, Proposal.objects.get(count_sheet=sheet))
    assert entry(proposal, "SHRINKAGE_RELEASE") == {"SHRINKAGE_ACCRUAL": D(5200), "SHRINKAGE_EXPENSE": D(-5200)}
    assert not accrued(entity=shop.entity)
    sheet.refresh_from_db()
    assert sheet.status == CountSheet.Status.CLOSED
    with pytest.raises(WrongState, match="nothing stands accrued"):
        accrual_release_propose(entity=shop.entity, user=shop["PREPARER"], sheet=sheet)
    assert not list(proofs.charges(Counter()))


def test_a_count_of_a_part_uses_its_share_alone(shop: Company) -> None:
    take_in(
        shop,
        [lot_row("A", "L1", quantity=412_000, cost=1), lot_row("A", "L2", quantity=103_000, cost=1)],
        as_of=MARCH + dt.timedelta(days=5),
    )
    sold(shop, Lot.objects.get(code="L1"), "650000")
    accrue(shop)
    proposal = settled(shop, counts(shop, counted(units=406_300), by=shop["COUNTER"]))
    assert entry(proposal, "COUNT_LOSS")["SHRINKAGE_ACCRUAL"] == D(4160)
    assert sum(accrued(entity=shop.entity).values()) == 1040 * 10**4


def test_an_accrual_is_never_used_twice(shop: Company) -> None:
    lot = Lot.objects.get()
    sold(shop, lot, "650000")
    accrue(shop)
    sheet = counts(shop, counted(units=406_300), by=shop["COUNTER"])
    proposal = proposal_create_from_count(entity=shop.entity, user=shop["PREPARER"], sheet=sheet)
    release = ChargeInput("SHRINKAGE_RELEASE", D(5200), location=lot.location, category=lot.item.category)
    made = header(Kind.ACCRUAL, Reason.COUNT_DIFFERENCE)
    posted(
        shop,
        proposal_create_of_charges(entity=shop.entity, user=shop["PREPARER"], header=made, charges=[release]),
    )
    with pytest.raises(BadInput, match=r"5,200.00 EUR is more than the nothing that stands"):
        posted(shop, proposal)


def test_sales_count_from_the_last_count_and_the_page_says_so(shop: Company, signed_in: SignedIn) -> None:
    lot = Lot.objects.get()
    counts(shop, counted(units=412_000))
    sold(shop, lot, "1000", "2026-03-30", "2026-04-05")
    sold(shop, lot, "2000", "2026-04-01", "2026-04-06")
    (due,) = accruals_due(entity=shop.entity, as_of=dt.date(2026, 4, 30))
    assert (due.since, due.sales, due.amount, due.across) == (LATER.date(), D(2000), D(16), 1)
    client = signed_in(shop["PREPARER"])
    address = reverse("proposals:accrual", args=["north"])
    page = client.get(address, {"as_of": "2026-04-30"}).content.decode()
    assert "16.00" in page
    assert "1 figure of sales across that day left out" in page
    assert signed_in(shop["AUDITOR"]).get(address).status_code == 403
