"""Proposals for tests, brought as far along as a test needs, by the people whose duty each step is."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from core.words import Reason
from inventory.models import Lot
from tests.conftest import Company
from writeoffs.proposals import services
from writeoffs.proposals.models import Kind, Proposal

DAY = dt.date(2026, 3, 16)


def header(kind: str = Kind.WRITE_OFF, reason: str = Reason.EXPIRY, **fields: object) -> services.Header:
    return services.Header(
        **{"kind": kind, "reason": reason, "event_on": DAY, "found_on": DAY, "posting_on": DAY, **fields}
    )


def draft(company: Company, lot: Lot, quantity: str = "10", **fields: object) -> Proposal:
    proposal = services.proposal_create(entity=company.entity, user=company["PREPARER"], header=header(**fields))
    return services.line_add(proposal=proposal, user=company["PREPARER"], lot=lot, quantity=Decimal(quantity))


def write_down_draft(company: Company, lot: Lot, to: str) -> Proposal:
    made = header(kind=Kind.WRITE_DOWN, reason=Reason.PRICE_FALL)
    proposal = services.proposal_create(entity=company.entity, user=company["PREPARER"], header=made)
    return services.line_add(proposal=proposal, user=company["PREPARER"], lot=lot, new_carrying_amount=Decimal(to))


def submitted(company: Company, proposal: Proposal) -> Proposal:
    return services.proposal_submit(proposal=proposal, user=company["PREPARER"])


def approved(company: Company, proposal: Proposal) -> Proposal:
    proposal = submitted(company, proposal)
    return services.proposal_approve(proposal=proposal, user=company["APPROVER"], digest=proposal.digest)


def posted(company: Company, proposal: Proposal) -> Proposal:
    proposal = approved(company, proposal)
    return services.proposal_post(proposal=proposal, user=company["CONTROLLER"], digest=proposal.digest).proposal
