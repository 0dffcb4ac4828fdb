"""From draft to posted and voided: what each step leaves in lots, journal, quarantine and the ERP's to-do."""

from __future__ import annotations

from decimal import Decimal

from inventory.models import QuarantineEntry
from tests.conftest import Company
from tests.posting.stock import make_lot
from tests.proposals.documents import DAY, draft, posted, write_down_draft
from writeoffs.ledger.models import JournalEntry
from writeoffs.posting.models import Posting, PostingLine
from writeoffs.proposals import services
from writeoffs.proposals.models import Proposal, Status


def journal(proposal: Proposal) -> list[tuple[str, Decimal]]:
    entries = JournalEntry.objects.filter(source_ref=proposal.source_ref).order_by("chain_sequence")
    return [(line.role, line.amount) for entry in entries for line in entry.lines.all()]


def test_a_posted_write_off_takes_units_cost_and_allowance_and_leaves_the_goods_in_quarantine(company: Company) -> None:
    lot = make_lot(company.entity, quantity="480", unit_cost="3.25", allowance="780")
    proposal = posted(company, draft(company, lot, "480"))
    lot.refresh_from_db()
    assert (lot.quantity, lot.cost, lot.allowance, lot.write_down) == (0, 0, 0, 0)
    assert journal(proposal) == [
        ("INVENTORY_ALLOWANCE", Decimal("780.0000")),
        ("WRITE_DOWN_EXPENSE", Decimal("780.0000")),
        ("INVENTORY", Decimal("-1560.0000")),
    ]
    entry = QuarantineEntry.objects.get()
    assert (entry.quantity, entry.quantity_left, entry.cost, entry.allowance, entry.since) == (480, 480, 1560, 780, DAY)
    assert PostingLine.objects.values_list("quantity", "outstanding").get() == (-480, 480)
    assert Posting.objects.get().status == Posting.Status.UNACKNOWLEDGED


def test_a_write_down_to_an_amount_charges_the_allowance_and_leaves_the_units(company: Company) -> None:
    lot = make_lot(company.entity)
    proposal = posted(company, write_down_draft(company, lot, "3500"))
    lot.refresh_from_db()
    assert (lot.quantity, lot.cost, lot.allowance, lot.write_down) == (100, 4000, 500, 500)
    assert journal(proposal) == [("WRITE_DOWN_EXPENSE", 500), ("INVENTORY_ALLOWANCE", -500)]
    assert Posting.objects.get().status == Posting.Status.NOT_NEEDED


def test_a_void_mirrors_entry_movement_and_quarantine(company: Company) -> None:
    lot = make_lot(company.entity, allowance="100")
    proposal = posted(company, draft(company, lot, "50"))
    change = services.void_request(proposal=proposal, user=company["PREPARER"], reason="Wrong lot", posted_on=DAY)
    services.void_decide(change=change, user=company["APPROVER"], approve=True)
    lot.refresh_from_db()
    proposal.refresh_from_db()
    assert proposal.status == Status.VOIDED
    assert (lot.quantity, lot.cost, lot.allowance, lot.write_down) == (100, 4000, 100, 100)
    assert sum(amount for _, amount in journal(proposal)) == 0
    mirror = JournalEntry.objects.get(leg="VOID")
    assert mirror.reverses is not None
    assert mirror.reverses.leg == "WRITE_OFF"
    assert QuarantineEntry.objects.get().status == QuarantineEntry.Status.VOIDED
    assert PostingLine.objects.get().outstanding == 0
    assert Posting.objects.get().status == Posting.Status.VOIDED
