"""A reversal goes the road of every document: proposed, approved and posted by three people, shown, voided."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal

import pytest
from django.test import Client

from core.errors import BadInput, WrongState
from core.models import Entity, User
from core.words import Reason
from inventory.models import Lot, Movement
from tests.conftest import Company
from tests.posting.stock import make_lot
from tests.proposals.documents import DAY, draft, header, posted, write_down_draft
from tests.proposals.test_void import void
from writeoffs.ledger.effects import effects
from writeoffs.ledger.models import JournalEntry, JournalLine
from writeoffs.posting.book import Document, Instruction, posting_preview
from writeoffs.posting.models import Posting
from writeoffs.proposals import services
from writeoffs.proposals.models import Kind, Proposal, Status

pytestmark = pytest.mark.django_db

NEXT_YEAR = dt.date(2027, 2, 1)


def reversal_draft(company: Company, lot: Lot, to: str, day: dt.date = DAY) -> Proposal:
    made = header(kind=Kind.REVERSAL, reason=Reason.PRICE_FALL, event_on=day, found_on=day, posting_on=day)
    proposal = services.proposal_create(entity=company.entity, user=company["PREPARER"], header=made)
    return services.line_add(proposal=proposal, user=company["PREPARER"], lot=lot, new_carrying_amount=Decimal(to))


def figures(lot: Lot) -> tuple[object, ...]:
    lot.refresh_from_db()
    years = lot.write_down_movements.values_list("fiscal_year", "amount")
    sums: dict[int, Decimal] = {}
    for year, amount in years:
        sums[year] = sums.get(year, Decimal(0)) + amount
    return lot.quantity, lot.cost, lot.allowance, lot.write_down, {year: a for year, a in sums.items() if a}


def legs(proposal: Proposal) -> dict[str, Decimal]:
    return dict(JournalLine.objects.filter(entry__source_ref=proposal.source_ref).values_list("role", "amount"))


@pytest.mark.parametrize(("method", "side"), [("ALLOWANCE", "INVENTORY_ALLOWANCE"), ("DIRECT", "INVENTORY")])
def test_a_write_down_and_its_reversal_restore_every_figure_and_profit(
    company: Company, method: str, side: str
) -> None:
    Entity.objects.filter(pk=company.entity.pk).update(method=method)
    company.entity.refresh_from_db()
    lot = make_lot(company.entity, quantity="7", unit_cost="100.01")
    before = figures(lot)
    posted(company, write_down_draft(company, lot, "500"))
    proposal = posted(company, reversal_draft(company, lot, "700.07"))
    assert legs(proposal) == {side: Decimal("200.07"), "REVERSAL_OF_WRITE_DOWN": Decimal("-200.07")}
    assert figures(lot) == before
    assert (proposal.gross_loss, proposal.net_loss) == (Decimal("200.07"), Decimal("-200.07"))
    assert Movement.objects.get(source_ref=proposal.source_ref).kind == "REVERSAL"
    books = JournalLine.objects.filter(entry__entity=company.entity).values_list("role", "amount")
    assert effects(books).profit_before_tax == 0


def test_a_reversal_is_never_netted_with_a_loss_whatever_its_reason(company: Company) -> None:
    lot = make_lot(company.entity, allowance="400")
    made = header(kind=Kind.REVERSAL, reason=Reason.FIRE)
    proposal = services.proposal_create(entity=company.entity, user=company["PREPARER"], header=made)
    services.line_add(proposal=proposal, user=company["PREPARER"], lot=lot, new_carrying_amount=Decimal(3700))
    assert set(legs(posted(company, proposal))) == {"INVENTORY_ALLOWANCE", "REVERSAL_OF_WRITE_DOWN"}


def test_the_erp_takes_a_reversal_as_journal(company: Company) -> None:
    lot = make_lot(company.entity, allowance="400")
    proposal = posted(company, reversal_draft(company, lot, "4000"))
    posting = Posting.objects.get(source_ref=proposal.source_ref)
    assert (posting.kind, posting.takes, posting.status) == ("REVERSAL", "JOURNAL", Posting.Status.NOT_NEEDED)


def test_a_void_of_a_reversal_takes_it_back(company: Company) -> None:
    lot = make_lot(company.entity, by_year=((2024, "100"), (2025, "300")), allowance="400")
    before = figures(lot)
    proposal = posted(company, reversal_draft(company, lot, "3950"))
    assert figures(lot)[4] == {2024: Decimal(50)}
    void(company, proposal)
    assert proposal.status == Status.VOIDED
    assert figures(lot) == before
    assert JournalEntry.objects.filter(source_ref=proposal.source_ref).count() == 2


def test_a_reversal_is_not_voided_once_units_have_left_with_their_share_of_it(company: Company) -> None:
    lot = make_lot(company.entity, allowance="400")
    proposal = posted(company, reversal_draft(company, lot, "4000"))
    posted(company, draft(company, lot, "10"))
    with pytest.raises(WrongState, match="some of its units have left since"):
        void(company, proposal)


def test_the_reversed_part_of_a_write_down_is_not_voided_again(company: Company) -> None:
    lot = make_lot(company.entity)
    down = posted(company, write_down_draft(company, lot, "3000"))
    posted(company, reversal_draft(company, lot, "3500"))
    with pytest.raises(Exception, match="cannot be voided any more"):
        void(company, down)


def test_under_us_gaap_a_recovery_of_another_fiscal_year_is_refused_with_the_paragraph(company: Company) -> None:
    company.entity.framework = "US_GAAP"
    company.entity.save()
    lot = make_lot(company.entity)
    posted(company, write_down_draft(company, lot, "3000"))
    with pytest.raises(WrongState, match=r"ASC 330-10-35-14.*ASC 270-10-45-6"):
        preview(company, lot, NEXT_YEAR)
    proposal = posted(company, reversal_draft(company, lot, "3600"))
    assert legs(proposal)["REVERSAL_OF_WRITE_DOWN"] == -600


def preview(company: Company, lot: Lot, day: dt.date) -> None:
    """The plan of a line posted on a day that has not come yet."""
    instruction = Instruction(lot.pk, 0, 40_000_000)
    posting_preview(Document(company.entity, "proposal:X", "REVERSAL", Reason.PRICE_FALL, day, "x", [instruction]))


def test_chosen_lots_are_reversed_by_a_part_of_what_can_come_back(company: Company) -> None:
    written = make_lot(company.entity, "LAMP", allowance="400")
    make_lot(company.entity, "CHAIR")
    proposal, left_out = services.proposal_create_from_stock(
        entity=company.entity,
        user=company["PREPARER"],
        header=header(kind=Kind.REVERSAL, reason=Reason.PRICE_FALL),
        lots=Lot.objects.filter(entity=company.entity),
        percent=Decimal(60),
    )
    assert left_out == 1
    line = proposal.lines.get()
    assert (line.lot, line.new_carrying_amount, line.loss) == (written, Decimal(3840), Decimal(-240))


def test_chosen_lots_without_a_write_down_make_no_reversal(company: Company) -> None:
    make_lot(company.entity, "CHAIR")
    with pytest.raises(BadInput, match="of a write-down attached"):
        services.proposal_create_from_stock(
            entity=company.entity,
            user=company["PREPARER"],
            header=header(kind=Kind.REVERSAL, reason=Reason.PRICE_FALL),
            lots=Lot.objects.filter(entity=company.entity),
            percent=Decimal(100),
        )


def test_the_pages_make_a_reversal_from_chosen_lots(company: Company, signed_in: Callable[[User], Client]) -> None:
    lot = make_lot(company.entity, allowance="400")
    client = signed_in(company["PREPARER"])
    day = DAY.isoformat()
    sent = {
        "confirmed": "1",
        "kind": "REVERSAL",
        "reason": "PRICE_FALL",
        "note": "",
        "event_on": day,
        "found_on": day,
        "posting_on": day,
    }
    page = client.post(f"/e/north/proposals/from-stock/?lot={lot.pk}", sent)
    assert "enter 100 to reverse all of it" in page.content.decode()
    answer = client.post(f"/e/north/proposals/from-stock/?lot={lot.pk}", sent | {"back": "100"}, follow=True)
    text = answer.content.decode()
    assert "RV-" in text
    assert "Comes back to, EUR" in text
    assert Proposal.objects.get().net_loss == -400
