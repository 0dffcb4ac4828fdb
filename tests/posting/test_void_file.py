"""The stock-adjustment file of a voided posting: only the way back, in the units that the ERP had followed."""

from __future__ import annotations

import csv
import datetime as dt
import io
from decimal import Decimal

import pytest

from core.words import Reason
from inventory.models import Lot
from tests.conftest import Company
from tests.posting.stock import make_lot
from tests.proposals.documents import draft, posted
from tests.proposals.test_void import void
from writeoffs.ledger.models import JournalEntry
from writeoffs.posting.acknowledge import posting_acknowledge
from writeoffs.posting.exports import adjustment_rows, file_text
from writeoffs.posting.followed import lines_follow, outstanding_by_lot
from writeoffs.posting.models import Posting
from writeoffs.proposals import services
from writeoffs.proposals.models import Kind, Proposal

pytestmark = pytest.mark.django_db

VOIDED = dt.date(2026, 4, 2)


def shown(company: Company) -> list[tuple[str, str]]:
    posting = Posting.objects.get(entity=company.entity)
    rows = adjustment_rows(entity=company.entity, postings=[posting])
    text = file_text("ADJUSTMENT", rows, batch="", copy=1)
    return [(row["quantity"], row["date"]) for row in csv.DictReader(io.StringIO(text))]


def confirm(company: Company, proposal: Proposal) -> None:
    user = company["CONTROLLER"]
    posting_acknowledge(entity=company.entity, source_ref=proposal.source_ref, user=user, how="4711")


def followed(company: Company, lot: Lot, units: int) -> None:
    """What a newer list does that shows so many of the units gone."""
    seen = outstanding_by_lot(company.entity.pk)
    raw = units * 10_000
    assert lines_follow(entity=company.entity, seen=seen, followed={lot.pk: (raw, seen[lot.pk] - raw)})


def test_goods_without_cost_are_taken_back_once_and_no_more(company: Company) -> None:
    proposal = posted(company, draft(company, make_lot(company.entity, unit_cost="0"), "5"))
    assert shown(company) == [("-5", "2026-03-16")]
    confirm(company, proposal)
    void(company, proposal, VOIDED)
    assert not JournalEntry.objects.exists()
    assert shown(company) == [("5", "2026-04-02")]
    confirm(company, proposal)
    assert shown(company) == []


def test_a_void_takes_back_only_what_the_list_has_followed(company: Company) -> None:
    lot = make_lot(company.entity)
    proposal = posted(company, draft(company, lot, "100"))
    followed(company, lot, 40)
    void(company, proposal, VOIDED)
    assert shown(company) == [("40", "2026-04-02")]


def test_a_void_that_the_erp_had_not_followed_leaves_it_nothing_to_do(company: Company) -> None:
    proposal = posted(company, draft(company, make_lot(company.entity)))
    void(company, proposal, VOIDED)
    assert Posting.objects.get().status == Posting.Status.VOIDED
    assert shown(company) == []


def test_the_void_of_a_count_gain_takes_the_units_out_again(company: Company) -> None:
    lot = make_lot(company.entity)
    gain = draft(company, lot, "3", kind=Kind.COUNT_ADJUSTMENT, reason=Reason.COUNT_DIFFERENCE)
    proposal = posted(company, gain)
    confirm(company, proposal)
    void(company, proposal, VOIDED)
    assert shown(company) == [("-3", "2026-04-02")]


def test_of_a_document_voided_in_part_only_what_is_left_to_do_is_in_the_file(company: Company) -> None:
    lots = [make_lot(company.entity, sku, "10", "40") for sku in ("CUP", "LAMP")]
    proposal = draft(company, lots[0], "2")
    user = company["PREPARER"]
    proposal = services.line_add(proposal=proposal, user=user, lot=lots[1], quantity=Decimal(3))
    proposal = posted(company, proposal)
    followed(company, lots[1], 3)
    for line in (1, 2):
        if line == 2:
            assert shown(company) == []
        change = services.void_request(proposal=proposal, user=user, reason="Wrong", posted_on=VOIDED, lines=[line])
        services.void_decide(change=change, user=company["APPROVER"], approve=True)
    assert shown(company) == [("3", "2026-04-02")]


def test_a_line_that_stands_keeps_its_own_date_in_the_file(company: Company) -> None:
    lots = [make_lot(company.entity, sku, "10", "40") for sku in ("CUP", "LAMP")]
    user = company["PREPARER"]
    proposal = services.line_add(proposal=draft(company, lots[0], "2"), user=user, lot=lots[1], quantity=Decimal(3))
    proposal = posted(company, proposal)
    change = services.void_request(proposal=proposal, user=user, reason="Wrong", posted_on=VOIDED, lines=[1])
    services.void_decide(change=change, user=company["APPROVER"], approve=True)
    assert shown(company) == [("-3", "2026-03-16")]
