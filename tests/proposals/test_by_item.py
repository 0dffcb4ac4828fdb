"""A write-off by item and quantity takes the cost that the cost formula says (IAS 2.25)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from decimal import Decimal as D

import pytest
from django.test import Client
from django.urls import reverse

from core.errors import BadInput, NotEnoughStock
from core.models import User
from core.words import Framework
from inventory.models import Item, Lot
from tests.conftest import Company
from tests.posting.stock import make_lot
from tests.proposals.documents import header, posted
from writeoffs.ledger.models import JournalLine
from writeoffs.posting import verifiers
from writeoffs.proposals import services
from writeoffs.proposals.models import Proposal
from writeoffs.proposals.services.by_item import proposal_create_by_item
from writeoffs.valuation.rules.formulas import LifoRefused

SignedIn = Callable[[User], Client]
pytestmark = pytest.mark.django_db


@pytest.fixture
def bolt(company: Company) -> Item:
    """P23: 30 at 10.00, 50 at 12.40, 20 at 13.00."""
    for code, quantity, cost in (("K1", "30", "10"), ("K2", "50", "12.40"), ("K3", "20", "13")):
        lot = make_lot(company.entity, "BOLT", quantity, cost, code=code)
    return lot.item


def by_item(company: Company, item: Item, formula: str, quantity: str = "40") -> Proposal:
    return proposal_create_by_item(
        entity=company.entity,
        user=company["PREPARER"],
        header=header(),
        item=item,
        quantity=D(quantity),
        formula=formula,
    )


def left(item: Item) -> list[tuple[D, D]]:
    return list(Lot.objects.filter(item=item).order_by("code").values_list("quantity", "cost"))


def loss(proposal: Proposal) -> D:
    lines = JournalLine.objects.filter(entry__source_ref=proposal.source_ref, role="WRITE_DOWN_EXPENSE")
    return sum((line.amount for line in lines), D(0))


def test_first_in_first_out_leaves_the_oldest_lots(company: Company, bolt: Item) -> None:
    proposal = posted(company, by_item(company, bolt, "FIFO"))
    assert (loss(proposal), proposal.gross_loss) == (D(424), D(424))
    assert left(bolt) == [(D(0), D(0)), (D(40), D(496)), (D(20), D(260))]


def test_the_weighted_average_brings_all_lots_to_it(company: Company, bolt: Item) -> None:
    proposal = posted(company, by_item(company, bolt, "AVERAGE"))
    assert loss(proposal) == D(472)
    assert left(bolt) == [(D(0), D(0)), (D(40), D(472)), (D(20), D(236))]
    assert not [said for said in verifiers.documents(Counter()) if "upload:0" not in said]
    assert not list(verifiers.posting_lines(Counter()))


def test_the_average_leaves_allowances_with_their_lots(company: Company, bolt: Item) -> None:
    make_lot(company.entity, "BOLT", "10", "20", code="K0", allowance="50")
    posted(company, by_item(company, bolt, "AVERAGE", "110"))
    assert {(lot.quantity, lot.cost, lot.allowance) for lot in Lot.objects.all()} == {(D(0), D(0), D(0))}


def test_last_in_first_out_is_for_us_gaap_alone(company: Company, bolt: Item) -> None:
    with pytest.raises(LifoRefused, match=r"IAS 2\.25"):
        by_item(company, bolt, "LIFO")
    company.entity.framework = Framework.US_GAAP
    company.entity.save()
    assert loss(posted(company, by_item(company, bolt, "LIFO"))) == D(508)


def test_more_than_is_on_hand_and_a_line_of_an_average_are_refused(company: Company, bolt: Item) -> None:
    with pytest.raises(NotEnoughStock, match="BOLT has 100 on hand; 101 were to be"):
        by_item(company, bolt, "FIFO", "101")
    proposal = by_item(company, bolt, "AVERAGE")
    line = proposal.lines.first()
    assert line is not None
    with pytest.raises(BadInput, match="follows from the average cost"):
        services.line_remove(line=line, user=company["PREPARER"])


def test_the_page_compares_the_formulas_and_makes_the_draft(company: Company, bolt: Item, signed_in: SignedIn) -> None:
    client = signed_in(company["PREPARER"])
    address = reverse("proposals:by_item", args=["north"])
    page = client.get(address, {"sku": "BOLT", "quantity": "40"}, follow=True).content.decode()
    assert "424.00" in page
    assert "472.00" in page
    assert "Last in, first out" not in page
    days = {"event_on": "2026-03-16", "found_on": "2026-03-16", "posting_on": "2026-03-16"}
    form = {"sku": "BOLT", "quantity": "40", "formula": "FIFO", "reason": "DAMAGE", "kind": "WRITE_OFF", **days}
    assert "424.00" in client.post(address, {**form, "compare": "1"}).content.decode()
    answer = client.post(address, form)
    assert answer["Location"] == Proposal.objects.get().get_absolute_url()
    refused = client.post(address, {**form, "sku": "NUT"})
    assert refused.status_code == 400
    assert "No item has the SKU" in refused.content.decode()
    assert signed_in(company["APPROVER"]).get(address).status_code == 403
