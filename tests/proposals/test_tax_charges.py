"""What losses cost and brought beside the stock meets tax as well; a count that misses goods repays input tax."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse

from core.errors import BadInput
from core.models import User
from core.words import Reason
from tests.conftest import Company
from tests.posting.stock import make_lot
from tests.proposals.documents import draft, posted, submitted
from tests.proposals.test_charges import add, entries
from tests.proposals.test_claims import filed
from tests.proposals.test_disposal import disposal, void
from tests.proposals.test_tax_entries import bridge, prepared, rule
from writeoffs.proposals import services
from writeoffs.proposals.models import Kind, Proposal
from writeoffs.proposals.tax_due import tax_due

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]


@pytest.mark.database
def test_scrap_money_and_disposal_cost_are_taxed_with_the_loss(company: Company, signed_in: SignIn) -> None:
    rule(company, "RECOGNITION", rate="0.25")
    proposal = disposal(company, make_lot(company.entity, quantity="10", unit_cost="100"), "10")
    add(company, proposal, "PROCEEDS", "120", "CASH")
    add(company, proposal, "DISPOSAL_COST", "40", "CASH")
    proposal = posted(company, proposal)
    found = bridge(company)
    assert [(row.label, row.document, row.book_loss, row.deductible, row.current) for row in found.charges] == [
        ("Disposal cost", proposal.number, 40, 40, 10),
        ("Scrap proceeds", proposal.number, -120, -120, -30),
    ]
    assert (found.total("book_loss"), found.total("current"), found.total("closing_asset")) == (920, 230, 0)
    assert entries(posted(company, prepared(company, "2026-03"))) == {
        "TAX": {"2200": Decimal(260), "8000": Decimal(-260)},
        "TAX_DUE": {"8000": Decimal(30), "2200": Decimal(-30)},
    }
    client = signed_in(company["AUDITOR"])
    for name in ("reports:tax_bridge", "proposals:tax"):
        address = reverse(name, args=["north"])
        page = client.get(f"{address}?period=2026-03").content.decode()
        assert "Scrap proceeds" in page, address
        assert proposal.number in page
    void(company, proposal)
    assert not bridge(company).charges


def test_insurance_is_taxed_as_booked_and_never_where_the_loss_is_not_deducted(company: Company) -> None:
    rule(company, "RECOGNITION", rate="0.25")
    claim, document = filed(company, "CERTAIN")
    assert document is not None
    posted(company, document)
    (row,) = bridge(company).charges
    assert (row.label, row.deductible, row.current) == ("Insurance", -28000, -7000)
    rule(company, "NEVER", rate="0.25", reason=claim.proposal.reason)
    (row,) = bridge(company).charges
    assert (row.deductible, row.permanent, row.current) == (0, -28000, 0)


def test_a_count_that_misses_goods_repays_input_tax_where_a_rule_says_so(company: Company) -> None:
    rule(
        company,
        "RECOGNITION",
        reason=Reason.COUNT_DIFFERENCE,
        input_tax="REPAY",
        input_rate=Decimal("0.2"),
    )
    proposal = draft(
        company, make_lot(company.entity), "-3", kind=Kind.COUNT_ADJUSTMENT, reason=Reason.COUNT_DIFFERENCE
    )
    found = make_lot(company.entity, "DESK", "10", "90")
    proposal = services.line_add(proposal=proposal, user=company["PREPARER"], lot=found, quantity=Decimal(2))
    with pytest.raises(BadInput, match=r"input tax of 24\.00 EUR has to be repaid \(Illinois: 20 % of 120\)"):
        submitted(company, proposal)
    proposal = services.input_tax_add(proposal=proposal, user=company["PREPARER"])
    assert entries(posted(company, Proposal.objects.get(pk=proposal.pk)))["INPUT_TAX"] == {
        "6520": Decimal(24),
        "2100": Decimal(-24),
    }


def test_a_count_that_only_found_goods_repays_nothing(company: Company) -> None:
    rule(company, "RECOGNITION", reason=Reason.COUNT_DIFFERENCE, input_tax="REPAY", input_rate=Decimal("0.2"))
    more = draft(company, make_lot(company.entity), "3", kind=Kind.COUNT_ADJUSTMENT, reason=Reason.COUNT_DIFFERENCE)
    assert submitted(company, more).status == "SUBMITTED"


def test_the_page_says_in_words_that_nothing_of_the_asset_is_booked(company: Company, signed_in: SignIn) -> None:
    rule(company, "DISPOSAL", rate="0.25")
    lot = make_lot(company.entity, allowance="400")
    due = tax_due(entity=company.entity, starts_on=dt.date(2026, 3, 1), ends_on=dt.date(2026, 3, 31))
    assert (lot.write_down, due.opening, due.has_nothing_before) == (400, 100, True)
    page = signed_in(company["AUDITOR"]).get("/e/north/proposals/tax/?period=2026-03").content.decode()
    assert "The books have none of the opening asset of 100.00 EUR: tax of earlier periods" in page
