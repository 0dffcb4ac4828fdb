"""Every state x verb: what is allowed leads where the table says, the rest is refused and changes nothing."""

from __future__ import annotations

from itertools import product

import pytest

from core.errors import StaleContent, WrongState
from core.models import Membership, User
from tests.conftest import Company
from tests.posting.stock import make_lot
from tests.proposals.documents import DAY, draft
from writeoffs.ledger.models import FiscalPeriod
from writeoffs.ledger.periods import period_soft_close
from writeoffs.proposals import services
from writeoffs.proposals.models import Decision, Proposal, Status, Verb
from writeoffs.proposals.services.steps import step
from writeoffs.proposals.states import TRANSITIONS, next_status, verbs_of

EVERY_PAIR = list(product(Status.values, Verb.values))
ALLOWED = {
    ("DRAFT", "SUBMIT"): "SUBMITTED",
    ("DRAFT", "DISCARD"): "REJECTED",
    ("SUBMITTED", "WITHDRAW"): "DRAFT",
    ("SUBMITTED", "RETURN"): "DRAFT",
    ("SUBMITTED", "REJECT"): "REJECTED",
    ("SUBMITTED", "APPROVE"): "APPROVED",
    ("APPROVED", "WITHDRAW"): "DRAFT",
    ("APPROVED", "RETURN"): "DRAFT",
    ("APPROVED", "SECOND"): "APPROVED",
    ("APPROVED", "POST"): "POSTED",
    ("POSTED", "VOID"): "VOIDED",
}


def bring(company: Company, status: str) -> Proposal:
    """A proposal in the status, by the services alone."""
    proposal = draft(company, make_lot(company.entity))
    for verb in {
        "DRAFT": (),
        "SUBMITTED": ("SUBMIT",),
        "APPROVED": ("SUBMIT", "APPROVE"),
        "REJECTED": ("SUBMIT", "REJECT"),
        "POSTED": ("SUBMIT", "APPROVE", "POST"),
        "VOIDED": ("SUBMIT", "APPROVE", "POST", "VOID"),
    }[status]:
        do(company, proposal, verb)
        proposal.refresh_from_db()
    assert proposal.status == status
    return proposal


def do(company: Company, proposal: Proposal, verb: str) -> object:
    preparer, approver, controller = (company[role] for role in ("PREPARER", "APPROVER", "CONTROLLER"))
    match verb:
        case "SUBMIT":
            return services.proposal_submit(proposal=proposal, user=preparer)
        case "WITHDRAW":
            return services.proposal_withdraw(proposal=proposal, user=preparer)
        case "DISCARD":
            return services.proposal_discard(proposal=proposal, user=preparer)
        case "RETURN":
            return services.proposal_return(proposal=proposal, user=approver, comment="Which pallet?")
        case "REJECT":
            return services.proposal_reject(proposal=proposal, user=approver, comment="Not a loss")
        case "APPROVE":
            return services.proposal_approve(proposal=proposal, user=approver, digest=proposal.digest)
        case "SECOND":
            second, _ = User.objects.get_or_create(email="second@north.example", defaults={"full_name": "Second"})
            Membership.objects.get_or_create(entity=company.entity, user=second, role="APPROVER")
            return services.proposal_countersign(proposal=proposal, user=second, digest=proposal.digest)
        case "POST":
            return services.proposal_post(proposal=proposal, user=controller, digest=proposal.digest)
        case _:
            change = services.void_request(proposal=proposal, user=preparer, reason="Wrong lot", posted_on=DAY)
            return services.void_decide(change=change, user=approver, approve=True)


def test_the_table_is_the_one_that_was_agreed() -> None:
    assert ALLOWED == TRANSITIONS


@pytest.mark.parametrize(("status", "verb"), EVERY_PAIR)
def test_the_table_refuses_whatever_does_not_stand_in_it(status: str, verb: str) -> None:
    if (status, verb) in ALLOWED:
        assert next_status("WO-1", status, verb) == ALLOWED[status, verb]
        assert verb in verbs_of(status)
    else:
        with pytest.raises(WrongState, match=r"WO-1 is .*, so it cannot be"):
            next_status("WO-1", status, verb)


@pytest.mark.django_db
@pytest.mark.parametrize(("status", "verb"), EVERY_PAIR)
def test_every_state_and_verb_through_the_services(company: Company, status: str, verb: str) -> None:
    proposal = bring(company, status)
    decisions = Decision.objects.count()
    if (status, verb) in ALLOWED:
        if verb == "SECOND":
            march = FiscalPeriod.objects.get(entity=company.entity, starts_on=DAY.replace(day=1))
            period_soft_close(period=march, user=company["CONTROLLER"])
        do(company, proposal, verb)
        proposal.refresh_from_db()
        assert proposal.status == ALLOWED[status, verb]
        decision = Decision.objects.latest("pk")
        assert (Decision.objects.count(), decision.verb, decision.proposal) == (decisions + 1, verb, proposal)
        return
    if (status, verb) == ("POSTED", "POST"):
        # Pressed again: an answer, not a refusal, and nothing more is posted.
        assert do(company, proposal, verb).already
    else:
        with pytest.raises(WrongState):
            do(company, proposal, verb)
    proposal.refresh_from_db()
    assert (proposal.status, Decision.objects.count()) == (status, decisions)


@pytest.mark.django_db
def test_a_status_moves_only_from_the_version_that_was_read(company: Company) -> None:
    first = bring(company, "DRAFT")
    second = Proposal.objects.get(pk=first.pk)
    step(first, verb=Verb.SUBMIT, to=Status.SUBMITTED, user=company["PREPARER"])
    with pytest.raises(StaleContent, match="changed by somebody else"):
        step(second, verb=Verb.SUBMIT, to=Status.SUBMITTED, user=company["PREPARER"])
    assert Decision.objects.count() == 1
