"""Preparer, approver and poster are three people: by services, pages, direct POST and by the database."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.urls import reverse

from core.errors import NotAllowed, SegregationOfDuties
from core.models import AuditEvent, Membership, User
from core.words import Role
from tests.conftest import Company
from tests.posting.stock import make_lot
from tests.proposals.documents import DAY, approved, draft, posted, submitted
from writeoffs.ledger.models import JournalEntry
from writeoffs.proposals import policy, services
from writeoffs.proposals.models import Proposal, Status

pytestmark = pytest.mark.django_db

EVERY_ROLE = ("COUNTER", "PREPARER", "PRICE_OWNER", "APPROVER", "CONTROLLER", "AUDITOR", "ADMIN")
MAY = {
    "submit": ("PREPARER",),
    "withdraw": ("PREPARER",),
    "discard": ("PREPARER",),
    "return": ("APPROVER",),
    "reject": ("APPROVER",),
    "approve": ("APPROVER",),
    "post": ("CONTROLLER",),
}


def give(company: Company, person: User, *roles: Role) -> None:
    for role in roles:
        Membership.objects.get_or_create(entity=company.entity, user=person, role=role)


def at_stage(company: Company, verb: str) -> Proposal:
    proposal = draft(company, make_lot(company.entity))
    if verb in ("submit", "discard"):
        return proposal
    return approved(company, proposal) if verb == "post" else submitted(company, proposal)


@pytest.mark.parametrize("verb", MAY)
@pytest.mark.parametrize("role", EVERY_ROLE)
def test_a_direct_post_takes_the_step_only_with_the_role_for_it(company, signed_in, verb: str, role: str) -> None:
    proposal = at_stage(company, verb)
    before = proposal.status
    address = reverse(f"proposals:{verb}", args=["north", proposal.number])
    answer = signed_in(company[role]).post(
        address, {"digest": proposal.digest, "version": proposal.version, "comment": "Because"}
    )
    proposal.refresh_from_db()
    if role in MAY[verb]:
        assert answer.status_code == 302
        assert proposal.status != before
    else:
        assert answer.status_code == 403
        assert proposal.status == before
        assert AuditEvent.objects.filter(kind="refused", actor=company[role]).exists()


def test_a_stranger_is_sent_to_sign_in(company, client) -> None:
    proposal = at_stage(company, "submit")
    for name in ("edit", "submit", "approve", "post", "evidence_add", "void"):
        answer = client.post(reverse(f"proposals:{name}", args=["north", proposal.number]))
        assert (answer.status_code, answer.url.split("?")[0]) == (302, reverse("account_login"))


def test_the_preparer_cannot_approve_even_as_an_approver(company: Company) -> None:
    proposal = submitted(company, draft(company, make_lot(company.entity)))
    give(company, company["PREPARER"], Role.APPROVER, Role.CONTROLLER)
    with pytest.raises(SegregationOfDuties, match="You prepared WO-"):
        services.proposal_approve(proposal=proposal, user=company["PREPARER"], digest=proposal.digest)
    with pytest.raises(SegregationOfDuties):
        services.proposal_reject(proposal=proposal, user=company["PREPARER"], comment="No")
    with pytest.raises(SegregationOfDuties):
        services.proposal_return(proposal=proposal, user=company["PREPARER"], comment="No")


def test_neither_preparer_nor_approver_can_post_even_as_a_controller(company: Company) -> None:
    proposal = approved(company, draft(company, make_lot(company.entity)))
    give(company, company["PREPARER"], Role.CONTROLLER)
    give(company, company["APPROVER"], Role.CONTROLLER)
    for person, why in (("PREPARER", "You prepared"), ("APPROVER", "You approved")):
        with pytest.raises(SegregationOfDuties, match=why):
            services.proposal_post(proposal=proposal, user=company[person], digest=proposal.digest)
    assert not JournalEntry.objects.exists()


def test_another_preparer_neither_changes_nor_submits_nor_withdraws(company: Company) -> None:
    give(company, company["APPROVER"], Role.PREPARER)
    proposal = draft(company, make_lot(company.entity))
    with pytest.raises(NotAllowed, match="was prepared by Preparer north"):
        services.proposal_submit(proposal=proposal, user=company["APPROVER"])
    line = proposal.lines.get()
    with pytest.raises(NotAllowed):
        services.line_remove(line=line, user=company["APPROVER"])
    proposal = submitted(company, proposal)
    with pytest.raises(NotAllowed):
        services.proposal_withdraw(proposal=proposal, user=company["APPROVER"])


def test_the_database_refuses_an_approver_who_prepared(company: Company) -> None:
    proposal = submitted(company, draft(company, make_lot(company.entity)))
    with pytest.raises(IntegrityError, match="proposal_approver_is_not_preparer"), transaction.atomic():
        Proposal.objects.filter(pk=proposal.pk).update(approved_by=company["PREPARER"])
    proposal.approved_by = company["PREPARER"]
    with pytest.raises(ValidationError, match="cannot approve it"):
        proposal.full_clean()


@pytest.mark.parametrize("poster", ["PREPARER", "APPROVER"])
def test_the_database_refuses_a_poster_who_is_no_third_person(company: Company, poster: str) -> None:
    proposal = approved(company, draft(company, make_lot(company.entity)))
    with pytest.raises(IntegrityError, match="proposal_poster_is_third_person"), transaction.atomic():
        Proposal.objects.filter(pk=proposal.pk).update(posted_by=company[poster])
    proposal.posted_by = company[poster]
    with pytest.raises(ValidationError, match="three people"):
        proposal.full_clean()


def test_the_page_says_who_is_awaited_and_why_this_person_cannot(company, signed_in) -> None:
    proposal = submitted(company, draft(company, make_lot(company.entity), "10"))
    page = signed_in(company["CONTROLLER"]).get(proposal.get_absolute_url()).content.decode()
    assert "Waiting for an approver: Approver north." in page
    assert "you have no such role" in page
    page = signed_in(company["APPROVER"]).get(proposal.get_absolute_url()).content.decode()
    assert "Approve 400.00 EUR" in page


def test_nobody_left_to_approve_is_said(company: Company) -> None:
    Membership.objects.filter(user=company["APPROVER"]).delete()
    proposal = submitted(company, draft(company, make_lot(company.entity)))
    said = policy.duties(proposal, user=company["PREPARER"], roles={"PREPARER"}, amount="1.00 EUR")
    assert "nobody here may do it. Ask an administrator" in said.waiting
    assert [step.label for step in said.steps] == ["Withdraw to draft"]


def test_a_void_is_decided_by_neither_the_asker_nor_the_preparer(company: Company) -> None:
    proposal = posted(company, draft(company, make_lot(company.entity)))
    give(company, company["PREPARER"], Role.APPROVER)
    give(company, company["CONTROLLER"], Role.APPROVER)
    change = services.void_request(proposal=proposal, user=company["CONTROLLER"], reason="Wrong lot", posted_on=DAY)
    for person in ("CONTROLLER", "PREPARER"):
        with pytest.raises(SegregationOfDuties):
            services.void_decide(change=change, user=company[person], approve=True)
    with pytest.raises(NotAllowed):
        services.void_decide(change=change, user=company["AUDITOR"], approve=True)
    proposal.refresh_from_db()
    assert proposal.status == Status.POSTED
    services.void_decide(change=change, user=company["APPROVER"], approve=True)
    proposal.refresh_from_db()
    assert proposal.status == Status.VOIDED


@pytest.mark.parametrize("role", ["APPROVER", "AUDITOR", "ADMIN", "COUNTER", "PRICE_OWNER"])
def test_a_void_is_asked_for_by_a_controller_or_preparer_only(company: Company, role: str) -> None:
    proposal = posted(company, draft(company, make_lot(company.entity)))
    with pytest.raises(NotAllowed):
        services.void_request(proposal=proposal, user=company[role], reason="Wrong", posted_on=DAY)
