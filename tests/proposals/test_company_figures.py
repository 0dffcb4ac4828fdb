"""Before and after on a proposal's page, where the ERP's trial balance tells the whole company's figures."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal

import pytest
import time_machine
from django.test import Client

from tests.conftest import Company
from tests.ledger.trial import taken_in
from tests.posting.stock import make_lot
from tests.proposals.documents import draft, posted
from tests.reports.books import opened, write_off
from writeoffs.posting.acknowledge import posting_acknowledge
from writeoffs.proposals.company import balance_behind
from writeoffs.proposals.models import Proposal
from writeoffs.proposals.statements import effects_shown

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def in_april() -> object:
    with time_machine.travel(dt.datetime(2026, 4, 3, 9, tzinfo=dt.UTC)) as traveller:
        yield traveller


@pytest.fixture
def lamps(company: Company) -> object:
    lot = make_lot(company.entity, "LAMP", "100", "40")
    opened(company, lot)
    return lot


def balance(company: Company, inventory: str = "4000", cost: str = "6000") -> None:
    rest = -(Decimal(inventory) + Decimal(cost) - 9000 + 500)
    taken_in(
        company,
        [
            f"1400,Inventory,{inventory},,,",
            "1000,Cash,500,,,",
            "4000,Revenue,-9000,,,",
            f"5000,Cost of sales,{cost},,,",
            f"3000,Equity,{rest},,,",
        ],
    )


def effects(proposal: Proposal) -> dict[str, tuple[Decimal, Decimal, Decimal]]:
    return {e.label: (e.before, e.change, e.after) for e in effects_shown(proposal, balance_behind(proposal))}


def test_before_is_the_whole_company_and_after_with_the_document(company: Company, lamps: object) -> None:
    balance(company)
    found = effects(draft(company, lamps, "10"))
    assert found["Gross profit"] == (3000, -400, 2600)
    assert found["Profit before tax"] == (3000, -400, 2600)
    assert found["Tax"] == (0, 100, 100)
    assert found["Inventory"] == (4000, -400, 3600)
    assert found["Cash"] == (500, 0, 500)


def test_what_the_erp_lacked_of_other_documents_is_counted_before(company: Company, lamps: object) -> None:
    write_off(company, lamps, "5")
    balance(company)
    found = effects(draft(company, lamps, "10"))
    assert found["Gross profit"] == (2800, -400, 2400)
    assert found["Inventory"] == (3800, -400, 3400)


def test_a_posted_document_shows_the_same_figures_as_its_draft_did(company: Company, lamps: object) -> None:
    balance(company)
    proposal = draft(company, lamps, "10")
    planned = effects(proposal)
    assert effects(posted(company, proposal)) == planned


def test_a_document_that_the_erp_has_taken_is_not_counted_twice(company: Company, lamps: object) -> None:
    proposal = write_off(company, lamps, "10")
    posting_acknowledge(
        entity=company.entity, source_ref=proposal.source_ref, user=company["CONTROLLER"], how="49000177"
    )
    balance(company, "3600", "6400")
    found = effects(proposal)
    assert found["Gross profit"] == (3000, -400, 2600)
    assert found["Inventory"] == (4000, -400, 3600)


def test_the_page_says_on_which_trial_balance_the_figures_stand(
    company: Company, lamps: object, signed_in: Callable[..., Client]
) -> None:
    proposal = draft(company, lamps, "10")
    client = signed_in(company["PREPARER"])
    path = f"/e/{company.entity.slug}/proposals/{proposal.number}/"
    assert "With the ERP&#x27;s trial balance" in client.get(path).content.decode().replace("'", "&#x27;")
    balance(company)
    page = client.get(path).content.decode()
    assert "trial balance of March 2026</a>" in page
    assert "2,600.00" in page
