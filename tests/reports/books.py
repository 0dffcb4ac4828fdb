"""A company with a year of losses, made by the real services: what the reports are tried on."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from django.db import transaction

from core.models import Category
from core.words import Reason
from inventory.models import Lot
from tests.conftest import Company
from tests.posting.stock import OPENED, make_lot
from tests.proposals.documents import draft, posted, write_down_draft
from writeoffs.ledger.journal import PlannedEntry, PlannedLine, entries_write, period_lock
from writeoffs.proposals import services
from writeoffs.proposals.models import Kind, Proposal

MARCH = dt.date(2026, 3, 16)
FEBRUARY = dt.date(2026, 2, 10)
APRIL = dt.date(2026, 4, 2)


def opened(company: Company, *lots: Lot, source_ref: str = "upload:0") -> None:
    """The ERP-origin entry of the opening stock: what a committed stock list writes beside the movements."""
    entity = company.entity
    lines = []
    for lot in lots:
        category_id = lot.item.category_id
        lines += [
            PlannedLine("INVENTORY", lot.cost, lot.location_id, category_id),
            PlannedLine("STOCK_CLEARING", -(lot.cost - lot.allowance), lot.location_id, category_id),
        ]
        if lot.allowance:
            lines.append(PlannedLine("INVENTORY_ALLOWANCE", -lot.allowance, lot.location_id, category_id))
    with transaction.atomic():
        entries_write(
            entity=entity,
            period=period_lock(entity=entity, posted_on=OPENED),
            posted_on=OPENED,
            source_ref=source_ref,
            entries=[PlannedEntry("OPENING", "ERP", "Opening stock", lines)],
            posted_by=company["CONTROLLER"],
        )


def write_off(company: Company, lot: Lot, quantity: str, day: dt.date = MARCH, reason: str = Reason.EXPIRY) -> Proposal:
    return posted(company, draft(company, lot, quantity, reason=reason, event_on=day, found_on=day, posting_on=day))


def count_adjustment(company: Company, *differences: tuple[Lot, str], day: dt.date = MARCH) -> Proposal:
    made = services.Header(
        kind=Kind.COUNT_ADJUSTMENT, reason=Reason.COUNT_DIFFERENCE, event_on=day, found_on=day, posting_on=day
    )
    proposal = services.proposal_create(entity=company.entity, user=company["PREPARER"], header=made)
    for lot, quantity in differences:
        proposal = services.line_add(proposal=proposal, user=company["PREPARER"], lot=lot, quantity=Decimal(quantity))
    return posted(company, proposal)


def void(company: Company, proposal: Proposal, day: dt.date) -> None:
    change = services.void_request(proposal=proposal, user=company["PREPARER"], reason="Wrong lot", posted_on=day)
    services.void_decide(change=change, user=company["APPROVER"], approve=True)


def company_with_losses(company: Company) -> dict[str, Proposal]:
    """Opening 7,360.00, allowance 100.00; written off in February and March, written down and counted in March,
    the write-off of February voided in April."""
    lamps = make_lot(company.entity, "LAMP", "100", "40", allowance="100", category="Lamps")
    bulbs = make_lot(company.entity, "BULB", "1000", "1.20", category="Bulbs")
    chairs = make_lot(company.entity, "CHAIR", "48", "45", category="Chairs")
    opened(company, lamps, bulbs, chairs)
    made = {"flood": write_off(company, chairs, "4", FEBRUARY, Reason.FLOOD)}
    made["expiry"] = write_off(company, lamps, "50")
    made["down"] = posted(company, write_down_draft(company, bulbs, "1000"))
    made["count"] = count_adjustment(company, (bulbs, "-10"), (chairs, "2"))
    void(company, made["flood"], APRIL)
    return made


def category(company: Company, name: str) -> Category:
    return Category.objects.get(entity=company.entity, name=name)
