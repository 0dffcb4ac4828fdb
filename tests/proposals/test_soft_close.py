"""What is dated in a soft-closed period wants one more person, on every way in; adjustments go into period 13."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from core import verify
from core.errors import PeriodClosed, PeriodSoftClosed, SegregationOfDuties, WrongState
from core.models import Membership, User
from core.verify import Tally
from core.words import Role
from inventory.models import Lot
from tests.conftest import Company
from tests.posting.stock import make_lot
from tests.proposals.documents import DAY, approved, draft, posted
from tests.reports.books import opened
from writeoffs.ledger.models import FiscalPeriod, JournalEntry
from writeoffs.ledger.periods import period_soft_close
from writeoffs.posting.tie_facts import books_tied
from writeoffs.proposals import policy, services
from writeoffs.proposals.models import Proposal, Status
from writeoffs.proposals.selectors import inbox

pytestmark = pytest.mark.django_db
YEAR_END = dt.date(2025, 12, 31)


@pytest.fixture
def lot(company: Company) -> Lot:
    return make_lot(company.entity, quantity="100", unit_cost="2.50", opened=dt.date(2025, 12, 1))


@pytest.fixture
def second(company: Company) -> User:
    return one_more(company, "second@north.example", Role.APPROVER)


def one_more(company: Company, email: str, role: str) -> User:
    user = User.objects.create(email=email, full_name=email.partition("@")[0].capitalize())
    Membership.objects.create(entity=company.entity, user=user, role=role)
    return user


def unproved() -> list[str]:
    """What the books say against documents and requests; the test's lots came in without a ledger entry."""
    return [said for said in verify.complaints(Tally()) if "roposal" in said or "request" in said]


def soften(company: Company, day: dt.date = DAY) -> FiscalPeriod:
    period = FiscalPeriod.objects.get(entity=company.entity, starts_on__lte=day, ends_on__gte=day, number__lte=12)
    return period_soft_close(period=period, user=company["CONTROLLER"])


def post(company: Company, proposal: Proposal) -> Proposal:
    return services.proposal_post(proposal=proposal, user=company["CONTROLLER"], digest=proposal.digest).proposal


def test_a_posting_into_a_soft_closed_period_waits_for_a_second_approver(
    company: Company, lot: Lot, second: User
) -> None:
    proposal = approved(company, draft(company, lot))
    soften(company)
    with pytest.raises(PeriodSoftClosed, match="needs a second approver"):
        post(company, proposal)
    assert not JournalEntry.objects.filter(source_ref=proposal.source_ref).exists()
    proposal = services.proposal_countersign(proposal=proposal, user=second, digest=proposal.digest)
    assert (proposal.status, proposal.countersigned_by) == (Status.APPROVED, second)
    assert post(company, proposal).status == Status.POSTED
    assert unproved() == []


@pytest.mark.parametrize("who", ["PREPARER", "APPROVER", "CONTROLLER", "AUDITOR"])
def test_the_second_approver_is_an_approver_who_has_no_other_part_in_it(company: Company, lot: Lot, who: str) -> None:
    proposal = approved(company, draft(company, lot))
    soften(company)
    Membership.objects.get_or_create(entity=company.entity, user=company["PREPARER"], role=Role.APPROVER)
    with pytest.raises(Exception, match=r"somebody else|no such role"):
        services.proposal_countersign(proposal=proposal, user=company[who], digest=proposal.digest)


def test_the_second_approver_does_not_post(company: Company, lot: Lot, second: User) -> None:
    proposal = approved(company, draft(company, lot))
    soften(company)
    Membership.objects.create(entity=company.entity, user=second, role=Role.CONTROLLER)
    proposal = services.proposal_countersign(proposal=proposal, user=second, digest=proposal.digest)
    with pytest.raises(SegregationOfDuties):
        services.proposal_post(proposal=proposal, user=second, digest=proposal.digest)


@pytest.mark.parametrize("field", ["created_by", "approved_by"])
def test_the_database_refuses_a_second_approver_with_another_part(company: Company, lot: Lot, field: str) -> None:
    proposal = approved(company, draft(company, lot))
    with pytest.raises(IntegrityError, match="proposal_second_approver_is_another"), transaction.atomic():
        Proposal.objects.filter(pk=proposal.pk).update(countersigned_by=getattr(proposal, field))


def test_an_open_period_asks_for_no_second_approver(company: Company, lot: Lot, second: User) -> None:
    proposal = approved(company, draft(company, lot))
    with pytest.raises(WrongState, match="needs no second approver"):
        services.proposal_countersign(proposal=proposal, user=second, digest=proposal.digest)


def test_a_return_voids_the_second_approval_too(company: Company, lot: Lot, second: User) -> None:
    proposal = approved(company, draft(company, lot))
    soften(company)
    proposal = services.proposal_countersign(proposal=proposal, user=second, digest=proposal.digest)
    proposal = services.proposal_return(proposal=proposal, user=company["CONTROLLER"], comment="Which pallet?")
    assert (proposal.approved_by, proposal.countersigned_by) == (None, None)


def test_the_inbox_offers_it_to_the_second_approver_and_not_to_the_controller_yet(
    company: Company, lot: Lot, second: User
) -> None:
    proposal = approved(company, draft(company, lot))
    soften(company)

    def waits(user: User, name: str, *roles: str) -> bool:
        box = inbox(entity=company.entity, user=user, roles=roles)
        assert box.counts[name] == len(getattr(box, name))
        return proposal in getattr(box, name)

    assert waits(second, "to_approve", Role.APPROVER)
    assert not waits(company["APPROVER"], "to_approve", Role.APPROVER)
    assert not waits(company["CONTROLLER"], "to_post", Role.CONTROLLER)
    services.proposal_countersign(proposal=proposal, user=second, digest=proposal.digest)
    assert not waits(second, "to_approve", Role.APPROVER)
    assert waits(company["CONTROLLER"], "to_post", Role.CONTROLLER)


def test_the_page_offers_the_second_approval_and_bulk_takes_it(
    company: Company, lot: Lot, second: User, signed_in: Callable[[User], Client]
) -> None:
    proposal = approved(company, draft(company, lot))
    soften(company)
    page = signed_in(second).get(proposal.get_absolute_url()).content.decode()
    assert "Approve 25.00 EUR a second time" in page
    waiting = signed_in(company["CONTROLLER"]).get(proposal.get_absolute_url()).content.decode()
    assert "Waiting for a second approver: Second" in waiting
    form = {"verb": "approve", "proposal": proposal.number, f"digest-{proposal.number}": proposal.digest}
    signed_in(second).post("/e/north/proposals/bulk/", form)
    proposal.refresh_from_db()
    assert proposal.countersigned_by == second


def test_a_void_into_a_soft_closed_period_wants_two_who_agree(company: Company, lot: Lot, second: User) -> None:
    proposal = posted(company, draft(company, lot))
    soften(company)
    change = services.void_request(proposal=proposal, user=company["PREPARER"], reason="Wrong lot", posted_on=DAY)
    change = services.void_decide(change=change, user=second, approve=True)
    assert (change.status, change.seconded_by) == ("OPEN", second)
    with pytest.raises(SegregationOfDuties, match="agreed already"):
        services.void_decide(change=change, user=second, approve=True)
    services.void_decide(change=change, user=company["APPROVER"], approve=True)
    proposal.refresh_from_db()
    assert proposal.status == Status.VOIDED
    assert unproved() == []


def test_the_first_of_two_who_agree_to_a_void_has_no_part_in_the_document(
    company: Company, lot: Lot, second: User, signed_in: Callable[[User], Client]
) -> None:
    proposal = posted(company, draft(company, lot))
    soften(company)
    Membership.objects.create(entity=company.entity, user=company["PREPARER"], role=Role.APPROVER)
    change = services.void_request(proposal=proposal, user=company["CONTROLLER"], reason="Wrong lot", posted_on=DAY)
    for address in (f"/e/north/changes/{change.pk}/decide/", f"{proposal.get_absolute_url()}void/decide/"):
        response = signed_in(company["PREPARER"]).post(address, {"decision": "approve"})
        assert response.status_code == 403
        assert "You prepared" in response.content.decode()
    change.refresh_from_db()
    assert (change.status, change.seconded_by) == ("OPEN", None)


def test_what_is_adjusted_stands_in_period_13_and_only_there(company: Company, lot: Lot) -> None:
    thirteen = FiscalPeriod.objects.create(
        entity=company.entity, fiscal_year=2025, number=13, starts_on=YEAR_END, ends_on=YEAR_END
    )
    FiscalPeriod.objects.filter(entity=company.entity, fiscal_year=2025, number=12).update(status="CLOSED")
    days = {"event_on": YEAR_END, "found_on": YEAR_END, "posting_on": YEAR_END}
    with pytest.raises(PeriodClosed):
        draft(company, lot, **days)
    early = {**days, "event_on": dt.date(2025, 12, 30), "found_on": dt.date(2025, 12, 30)}
    with pytest.raises(PeriodClosed, match="not the last day of a fiscal year"):
        draft(company, lot, **{**early, "posting_on": dt.date(2025, 12, 30), "adjustment": True})
    plain = approved(company, draft(company, make_lot(company.entity, quantity="5", unit_cost="1", code="B"), "1"))
    proposal = posted(company, draft(company, lot, **days, adjustment=True))
    entry = JournalEntry.objects.get(source_ref=proposal.source_ref)
    assert (entry.period, entry.posted_on, entry.fiscal_year) == (thirteen, YEAR_END, 2025)
    assert policy.posting_date_default(entity=company.entity, found_on=YEAR_END) == dt.date(2026, 1, 1)
    assert plain.adjustment is False


def test_the_stock_of_the_last_month_ties_without_what_is_adjusted_after_it(company: Company, lot: Lot) -> None:
    twelve = FiscalPeriod.objects.get(entity=company.entity, fiscal_year=2025, number=12)
    thirteen = FiscalPeriod.objects.create(
        entity=company.entity, fiscal_year=2025, number=13, starts_on=YEAR_END, ends_on=YEAR_END
    )
    opened(company, lot)
    days = {"event_on": YEAR_END, "found_on": YEAR_END, "posting_on": YEAR_END}
    posted(company, draft(company, lot, "10", **days, adjustment=True))
    march = FiscalPeriod.objects.get(entity=company.entity, fiscal_year=2026, number=3)
    for period, amount in ((twelve, 250), (thirteen, 225), (march, 225)):
        assert books_tied(entity=company.entity, period=period).stock == amount
    tie = books_tied(entity=company.entity, period=march)
    assert (tie.stock_difference, [account.stock for account in tie.accounts if account.stock]) == (0, [225])


def test_the_adjustment_period_is_part_of_what_is_approved(company: Company, lot: Lot) -> None:
    FiscalPeriod.objects.create(
        entity=company.entity, fiscal_year=2025, number=13, starts_on=YEAR_END, ends_on=YEAR_END
    )
    days = {"event_on": YEAR_END, "found_on": YEAR_END, "posting_on": YEAR_END}
    proposal = approved(company, draft(company, lot, **days))
    Proposal.objects.filter(pk=proposal.pk).update(adjustment=True)
    with pytest.raises(Exception, match="no longer what was approved"):
        services.proposal_post(proposal=proposal, user=company["CONTROLLER"], digest=proposal.digest)
