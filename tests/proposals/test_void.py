"""A void is the mirror of everything that a posting did, or it is refused whole."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.db.models import Sum

from core.errors import BadInput, NotEnoughStock, PeriodClosed, WrongState
from core.models import ChangeRequest
from core.words import Reason
from inventory.models import Movement, QuarantineEntry, WriteDownMovement
from tests.conftest import Company
from tests.posting.stock import make_lot
from tests.proposals.documents import DAY, draft, header, posted, write_down_draft
from tests.proposals.test_digest import sell
from writeoffs.ledger.models import Account, AccountMap, FiscalPeriod, JournalEntry, JournalLine
from writeoffs.posting.acknowledge import posting_acknowledge
from writeoffs.posting.models import Posting, PostingLine
from writeoffs.proposals import services
from writeoffs.proposals.models import Kind, Proposal, Status

pytestmark = pytest.mark.django_db

# The first days of the fiscal year after DAY's, where it begins in July.
NEXT_YEAR = dt.date(2026, 7, 2)


def void(company: Company, proposal: Proposal, on: dt.date = DAY) -> None:
    change = services.void_request(
        proposal=proposal, user=company["PREPARER"], reason="Posted by mistake", posted_on=on
    )
    services.void_decide(change=change, user=company["APPROVER"], approve=True)
    proposal.refresh_from_db()


def us_gaap_from_july(company: Company) -> None:
    company.entity.framework = "US_GAAP"
    company.entity.fiscal_year_start = 7
    company.entity.save()


def recovery(company: Company, entry: QuarantineEntry, quantity: str) -> Proposal:
    made = header(kind=Kind.RECOVERY, reason=entry.reason)
    proposal = services.proposal_create(entity=company.entity, user=company["PREPARER"], header=made)
    return services.line_add(
        proposal=proposal, user=company["PREPARER"], lot=entry.lot, quarantine=entry, quantity=Decimal(quantity)
    )


def test_every_movement_and_line_of_a_voided_document_adds_up_to_nil(company: Company) -> None:
    lot = make_lot(
        company.entity, quantity="7", unit_cost="3.33", by_year=((2024, "5.00"), (2025, "1.00")), allowance="6"
    )
    proposal = posted(company, draft(company, lot, "3"))
    void(company, proposal)
    sums = Movement.objects.filter(source_ref=proposal.source_ref).aggregate(
        *(Sum(name) for name in ("quantity", "cost", "allowance", "write_down"))
    )
    assert set(sums.values()) == {0}
    years = WriteDownMovement.objects.filter(movement__source_ref=proposal.source_ref).values("fiscal_year")
    assert {row["amount__sum"] for row in years.annotate(Sum("amount"))} == {0}
    roles = JournalLine.objects.filter(entry__source_ref=proposal.source_ref).values("role").annotate(Sum("amount"))
    assert {row["amount__sum"] for row in roles} == {0}
    assert lot.movements.count() == 3


def test_a_void_posts_on_its_own_date_in_an_open_period(company: Company) -> None:
    proposal = posted(company, draft(company, make_lot(company.entity)))
    FiscalPeriod.objects.filter(starts_on__lte=DAY).update(status=FiscalPeriod.Status.CLOSED)
    with pytest.raises(PeriodClosed, match="Take 2026-04-01"):
        void(company, proposal)
    void(company, proposal, dt.date(2026, 4, 1))
    assert JournalEntry.objects.get(leg="VOID").period.code == "2026-04"


def test_a_void_goes_to_the_accounts_of_the_posting_whatever_the_map_says_by_then(company: Company) -> None:
    proposal = posted(company, draft(company, make_lot(company.entity)))
    other = Account.objects.create(entity=company.entity, code="1411", name="Other stock", section="ASSET")
    AccountMap.objects.filter(entity=company.entity, role="INVENTORY").update(account=other)
    void(company, proposal)
    accounts = JournalLine.objects.filter(entry__source_ref=proposal.source_ref, role="INVENTORY")
    assert set(accounts.values_list("account__code", flat=True)) == {"1400"}
    sums = accounts.values("account").annotate(Sum("amount"))
    assert [row["amount__sum"] for row in sums] == [0]


def test_a_void_before_its_posting_is_refused(company: Company) -> None:
    proposal = posted(company, draft(company, make_lot(company.entity)))
    with pytest.raises(BadInput, match="was posted on 2026-03-16"):
        void(company, proposal, dt.date(2026, 3, 15))


def test_a_void_needs_a_reason_and_is_asked_for_once(company: Company) -> None:
    proposal = posted(company, draft(company, make_lot(company.entity)))
    with pytest.raises(BadInput, match="say why"):
        services.void_request(proposal=proposal, user=company["PREPARER"], reason=" ", posted_on=DAY)
    services.void_request(proposal=proposal, user=company["PREPARER"], reason="Wrong", posted_on=DAY)
    with pytest.raises(WrongState, match="waits for a second person already"):
        services.void_request(proposal=proposal, user=company["PREPARER"], reason="Wrong", posted_on=DAY)


def test_a_refused_void_leaves_the_proposal_posted(company: Company) -> None:
    proposal = posted(company, draft(company, make_lot(company.entity)))
    change = services.void_request(proposal=proposal, user=company["PREPARER"], reason="Wrong", posted_on=DAY)
    services.void_decide(change=change, user=company["APPROVER"], approve=False, comment="It is right")
    proposal.refresh_from_db()
    assert proposal.status == Status.POSTED
    assert not JournalEntry.objects.filter(leg="VOID").exists()


def test_a_write_down_whose_units_were_partly_sold_cannot_be_voided(company: Company) -> None:
    lot = make_lot(company.entity)
    proposal = posted(company, write_down_draft(company, lot, "3000"))
    posted(company, draft(company, lot, "60"))
    with pytest.raises(NotEnoughStock, match=r"LAMP / L1 at MAIN.*has left since"):
        void(company, proposal)
    proposal.refresh_from_db()
    assert proposal.status == Status.POSTED


def test_a_count_gain_that_was_sold_since_cannot_be_voided(company: Company) -> None:
    lot = make_lot(company.entity, quantity="5")
    gain = draft(company, lot, "2", kind=Kind.COUNT_ADJUSTMENT, reason=Reason.COUNT_DIFFERENCE)
    proposal = posted(company, gain)
    sell(lot, "6", "240")
    with pytest.raises(NotEnoughStock, match="holds 1; voiding takes 2 back out"):
        void(company, proposal)


def test_a_write_off_whose_goods_were_recovered_is_voided_only_after_the_recovery(company: Company) -> None:
    lot = make_lot(company.entity)
    off = posted(company, draft(company, lot, "10"))
    back = posted(company, recovery(company, QuarantineEntry.objects.get(), "4"))
    with pytest.raises(WrongState, match="left quarantine since"):
        void(company, off)
    void(company, back)
    entry = QuarantineEntry.objects.get()
    assert (entry.quantity_left, entry.status) == (10, QuarantineEntry.Status.STANDING)
    # The request that was refused still waits: it is decided again, now that the goods are back.
    services.void_decide(change=ChangeRequest.objects.get(status="OPEN"), user=company["APPROVER"], approve=True)
    lot.refresh_from_db()
    assert (lot.quantity, lot.cost) == (100, 4000)


def test_recoveries_of_the_same_goods_are_voided_in_the_opposite_order(company: Company) -> None:
    posted(company, draft(company, make_lot(company.entity), "10"))
    first = posted(company, recovery(company, QuarantineEntry.objects.get(), "4"))
    posted(company, recovery(company, QuarantineEntry.objects.get(), "6"))
    assert QuarantineEntry.objects.get().status == QuarantineEntry.Status.RECOVERED
    with pytest.raises(WrongState, match=r"RC-\d+-0002 took units of the same goods out of quarantine later"):
        void(company, first)


def test_a_void_that_the_erp_must_follow_stays_open_until_it_has(company: Company) -> None:
    lot = make_lot(company.entity)
    proposal = posted(company, draft(company, lot))
    posting_acknowledge(entity=company.entity, source_ref=proposal.source_ref, user=company["PREPARER"], how="ERP 4711")
    void(company, proposal)
    posting = Posting.objects.get()
    assert posting.status == Posting.Status.UNACKNOWLEDGED
    # The ERP's list lacks ten units that our book has again: book + outstanding is what it shows.
    lot.refresh_from_db()
    assert lot.quantity + PostingLine.objects.get().outstanding == 90


def test_a_recovery_brings_back_cost_allowance_and_its_years_and_credits_the_loss_role(company: Company) -> None:
    lot = make_lot(company.entity, allowance="1000")
    posted(company, draft(company, lot, "10", reason=Reason.FIRE))
    proposal = posted(company, recovery(company, QuarantineEntry.objects.get(), "5"))
    lot.refresh_from_db()
    assert (lot.quantity, lot.cost, lot.allowance, lot.write_down) == (95, 3800, 950, 950)
    lines = JournalLine.objects.filter(entry__source_ref=proposal.source_ref).order_by("line_number")
    assert [(line.role, line.amount) for line in lines] == [
        ("INVENTORY", 200),
        ("ABNORMAL_LOSS", -150),
        ("INVENTORY_ALLOWANCE", -50),
    ]
    assert WriteDownMovement.objects.filter(movement__source_ref=proposal.source_ref).get().fiscal_year == 2025


def test_under_us_gaap_a_recovery_of_an_earlier_fiscal_year_is_refused(company: Company) -> None:
    us_gaap_from_july(company)
    posted(company, draft(company, make_lot(company.entity), "10"))
    entry = QuarantineEntry.objects.get()
    late = NEXT_YEAR
    made = header(kind=Kind.RECOVERY, reason=entry.reason, event_on=late, found_on=late, posting_on=late)
    with pytest.raises(WrongState, match="ASC 330-10-35-14"):
        services.proposal_create_from_quarantine(
            entity=company.entity, user=company["PREPARER"], header=made, entries=QuarantineEntry.objects.all()
        )
    assert not Proposal.objects.filter(kind=Kind.RECOVERY).exists()


@pytest.mark.parametrize("kind", ["WRITE_OFF", "WRITE_DOWN"])
def test_under_us_gaap_a_loss_of_an_earlier_fiscal_year_is_not_voided(company: Company, kind: str) -> None:
    us_gaap_from_july(company)
    lot = make_lot(company.entity)
    made = draft(company, lot) if kind == "WRITE_OFF" else write_down_draft(company, lot, "1000")
    proposal = posted(company, made)
    with pytest.raises(WrongState, match=r"ASC 330-10-35-14.*second person.*ASC 250"):
        void(company, proposal, NEXT_YEAR)
    assert not ChangeRequest.objects.exists()
    void(company, proposal, dt.date(2026, 6, 30))
    assert proposal.status == Status.VOIDED


def test_under_ifrs_a_loss_of_an_earlier_fiscal_year_may_be_voided(company: Company) -> None:
    company.entity.fiscal_year_start = 7
    company.entity.save()
    proposal = posted(company, write_down_draft(company, make_lot(company.entity), "1000"))
    void(company, proposal, NEXT_YEAR)
    assert proposal.status == Status.VOIDED
