"""An approval belongs to the exact content approved: stale forms, replayed forms, what changes behind it."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.db import transaction
from django.urls import reverse

from core.errors import BadInput, PeriodClosed, StaleContent, UnmappedRole
from core.money import MONEY_SCALE, to_raw
from inventory.models import Lot
from inventory.movements import MovementRow, movements_append
from tests.conftest import Company
from tests.posting.stock import make_lot
from tests.proposals.documents import DAY, approved, draft, header, posted, submitted
from writeoffs.ledger.models import Account, AccountMap, FiscalPeriod, JournalEntry
from writeoffs.posting.models import Posting
from writeoffs.proposals import services
from writeoffs.proposals.models import Proposal, Status

pytestmark = pytest.mark.django_db
PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 40


def revalue(lot: Lot, amount: str) -> None:
    row = MovementRow(lot.pk, "REVALUATION", cost=to_raw(Decimal(amount), MONEY_SCALE))
    with transaction.atomic():
        movements_append(entity=lot.entity, posted_on=DAY, source_ref="upload:9", rows=[row])


def sell(lot: Lot, quantity: str, cost: str) -> None:
    row = MovementRow(lot.pk, "SALE", -to_raw(Decimal(quantity), 4), -to_raw(Decimal(cost), MONEY_SCALE))
    with transaction.atomic():
        movements_append(entity=lot.entity, posted_on=DAY, source_ref="upload:9", rows=[row])


def nothing_posted(proposal: Proposal) -> None:
    proposal.refresh_from_db()
    assert proposal.status == Status.APPROVED
    assert not JournalEntry.objects.exists()
    assert not Posting.objects.exists()


def test_approving_without_the_digest_seen_is_refused(company: Company) -> None:
    proposal = submitted(company, draft(company, make_lot(company.entity)))
    for seen in ("", "0" * 64):
        with pytest.raises(StaleContent, match="has changed since you opened it"):
            services.proposal_approve(proposal=proposal, user=company["APPROVER"], digest=seen)


def test_evidence_added_while_it_waits_voids_what_the_approver_saw(company: Company) -> None:
    proposal = submitted(company, draft(company, make_lot(company.entity)))
    seen = proposal.digest
    services.evidence_add(
        proposal=proposal, user=company["PREPARER"], kind="PHOTOGRAPH", papers=[services.Paper("a.png", PNG)]
    )
    with pytest.raises(StaleContent):
        services.proposal_approve(proposal=proposal, user=company["APPROVER"], digest=seen)
    proposal.refresh_from_db()
    services.proposal_approve(proposal=proposal, user=company["APPROVER"], digest=proposal.digest)


def test_a_form_of_an_earlier_round_approves_nothing_after_the_lines_changed(company: Company) -> None:
    proposal = submitted(company, draft(company, make_lot(company.entity)))
    seen = proposal.digest
    proposal = services.proposal_withdraw(proposal=proposal, user=company["PREPARER"])
    services.line_edit(line=proposal.lines.get(), user=company["PREPARER"], quantity=Decimal(11))
    proposal = submitted(company, proposal)
    assert proposal.digest != seen
    with pytest.raises(StaleContent):
        services.proposal_approve(proposal=proposal, user=company["APPROVER"], digest=seen)


def test_a_revalued_lot_stops_approval_and_posting_and_says_the_difference(company: Company) -> None:
    lot = make_lot(company.entity)
    proposal = approved(company, draft(company, lot))
    revalue(lot, "100")
    with pytest.raises(StaleContent, match=r"net loss 400\.00 when prepared, 410\.00 now.*Return it to the preparer"):
        services.proposal_post(proposal=proposal, user=company["CONTROLLER"], digest=proposal.digest)
    nothing_posted(proposal)
    services.proposal_return(proposal=proposal, user=company["CONTROLLER"], comment="The cost has changed")
    proposal = approved(company, proposal)
    services.proposal_post(proposal=proposal, user=company["CONTROLLER"], digest=proposal.digest)
    assert Proposal.objects.get().net_loss == 410


def test_a_change_behind_it_that_gives_the_same_amounts_does_not_stop_it(company: Company) -> None:
    lot = make_lot(company.entity)
    proposal = approved(company, draft(company, lot))
    sell(lot, "50", "2000")
    services.proposal_post(proposal=proposal, user=company["CONTROLLER"], digest=proposal.digest)
    lot.refresh_from_db()
    assert (lot.quantity, lot.cost) == (40, 1600)


def test_units_that_have_left_since_stop_the_posting_and_name_the_lot(company: Company) -> None:
    lot = make_lot(company.entity)
    proposal = approved(company, draft(company, lot))
    sell(lot, "95", "3800")
    with pytest.raises(Exception, match="LAMP / L1 at MAIN holds 5; 10 were to be written off"):
        services.proposal_post(proposal=proposal, user=company["CONTROLLER"], digest=proposal.digest)
    nothing_posted(proposal)


def test_another_account_than_at_submission_stops_the_posting(company: Company) -> None:
    proposal = approved(company, draft(company, make_lot(company.entity)))
    other = Account.objects.create(entity=company.entity, code="5199", name="Other", section="COST_OF_SALES")
    AccountMap.objects.filter(role="WRITE_DOWN_EXPENSE").update(account=other)
    with pytest.raises(StaleContent, match="account"):
        services.proposal_post(proposal=proposal, user=company["CONTROLLER"], digest=proposal.digest)
    nothing_posted(proposal)


def test_an_unmapped_role_stops_submission_and_posting(company: Company) -> None:
    proposal = draft(company, make_lot(company.entity))
    mapped = AccountMap.objects.get(role="WRITE_DOWN_EXPENSE")
    AccountMap.objects.filter(pk=mapped.pk).delete()
    with pytest.raises(UnmappedRole, match="WRITE_DOWN_EXPENSE"):
        submitted(company, proposal)
    mapped.save(force_insert=True)
    proposal = approved(company, proposal)
    AccountMap.objects.filter(pk=mapped.pk).delete()
    with pytest.raises(StaleContent):
        services.proposal_post(proposal=proposal, user=company["CONTROLLER"], digest=proposal.digest)
    nothing_posted(proposal)


def test_a_period_that_closes_after_approval_refuses_the_posting(company: Company) -> None:
    proposal = approved(company, draft(company, make_lot(company.entity)))
    FiscalPeriod.objects.filter(starts_on__lte=DAY).update(status=FiscalPeriod.Status.CLOSED)
    with pytest.raises(PeriodClosed, match=r"2026-03-16 .*2026-04-01"):
        services.proposal_post(proposal=proposal, user=company["CONTROLLER"], digest=proposal.digest)
    nothing_posted(proposal)


def test_a_typed_date_in_a_closed_period_is_refused_with_the_date_that_can_be_taken(company, signed_in) -> None:
    FiscalPeriod.objects.filter(starts_on__lte=DAY).update(status=FiscalPeriod.Status.CLOSED)
    with pytest.raises(PeriodClosed, match="Take 2026-04-01"):
        services.proposal_create(entity=company.entity, user=company["PREPARER"], header=header())
    form = {"kind": "WRITE_OFF", "reason": "EXPIRY", "event_on": "2026-03-16", "found_on": "2026-03-16"}
    page = signed_in(company["PREPARER"]).post(
        reverse("proposals:new", args=["north"]), {**form, "posting_on": "2026-03-16"}
    )
    assert page.status_code == 400
    assert "Error: New proposal" in page.content.decode()
    assert "Take 2026-04-01" in page.content.decode()
    assert not Proposal.objects.exists()


def test_a_second_press_answers_what_was_posted_and_posts_nothing_more(company, signed_in) -> None:
    proposal = approved(company, draft(company, make_lot(company.entity)))
    client = signed_in(company["CONTROLLER"])
    address, form = reverse("proposals:post", args=["north", proposal.number]), {"digest": proposal.digest}
    first = client.post(address, form, follow=True)
    assert "Posted: 400.00 EUR, expiry, entry 2026-000001, March 2026." in first.content.decode()
    second = client.post(address, form, follow=True)
    assert "Posted: 400.00 EUR, expiry, entry 2026-000001, March 2026." in second.content.decode()
    # Another press, from a page that was opened anew, is told that it came too late.
    third = client.post(address, {**form, "step_key": "another-press"}, follow=True)
    assert "is posted already, as entry 2026-000001. Nothing was posted again." in third.content.decode()
    assert JournalEntry.objects.count() == 1
    assert Posting.objects.count() == 1


def test_a_stale_form_shows_the_proposal_as_it_is_now_and_says_why(company, signed_in) -> None:
    proposal = submitted(company, draft(company, make_lot(company.entity)))
    address = reverse("proposals:approve", args=["north", proposal.number])
    page = signed_in(company["APPROVER"]).post(address, {"digest": "0" * 64})
    assert page.status_code == 409
    assert "has changed since you opened it" in page.content.decode()
    assert proposal.digest in page.content.decode()


def test_a_draft_without_lines_is_not_submitted(company: Company) -> None:
    proposal = services.proposal_create(entity=company.entity, user=company["PREPARER"], header=header())
    with pytest.raises(BadInput, match="has no lines"):
        submitted(company, proposal)


def test_a_draft_changed_in_another_window_is_not_submitted_from_the_old_one(company: Company) -> None:
    proposal = draft(company, make_lot(company.entity))
    services.line_edit(line=proposal.lines.get(), user=company["PREPARER"], quantity=Decimal(3))
    with pytest.raises(StaleContent, match="another window"):
        services.proposal_submit(proposal=proposal, user=company["PREPARER"], version=proposal.version)


def test_returning_and_rejecting_need_a_comment_that_the_decision_keeps(company: Company) -> None:
    proposal = submitted(company, draft(company, make_lot(company.entity)))
    with pytest.raises(BadInput, match="what the preparer should look at"):
        services.proposal_return(proposal=proposal, user=company["APPROVER"], comment="  ")
    with pytest.raises(BadInput, match="say why it is rejected"):
        services.proposal_reject(proposal=proposal, user=company["APPROVER"], comment="")
    seen = proposal.digest
    services.proposal_reject(proposal=proposal, user=company["APPROVER"], comment="Sold, not lost")
    decision = proposal.decisions.latest("pk")
    assert (decision.comment, decision.digest) == ("Sold, not lost", seen)


def test_the_posted_entry_names_the_three_people_and_the_evidence(company: Company) -> None:
    proposal = draft(company, make_lot(company.entity))
    services.evidence_add(
        proposal=proposal, user=company["PREPARER"], kind="PHOTOGRAPH", papers=[services.Paper("a.png", PNG)]
    )
    posted(company, proposal)
    entry = JournalEntry.objects.get()
    assert (entry.prepared_by, entry.approved_by, entry.posted_by) == (
        company["PREPARER"],
        company["APPROVER"],
        company["CONTROLLER"],
    )
    assert entry.evidence == [proposal.evidence.get().file.sha256]
