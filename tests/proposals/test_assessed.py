"""Accepted lines of an assessment become proposals, once, whoever accepts them how often and in which order."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal

import pytest
from django.test import Client

from core.errors import BadInput, NotAllowed, SegregationOfDuties, WrongState
from core.files import file_store
from core.models import AuditEvent, Membership, User
from core.words import Reason, Role
from inventory.models import Lot
from tests.conftest import Company, make_company
from tests.posting.stock import make_lot
from tests.proposals.documents import DAY, draft, header, posted
from tests.valuation.assessed import finished
from writeoffs.ledger.models import JournalLine
from writeoffs.proposals import services
from writeoffs.proposals.models import Kind, Proposal
from writeoffs.proposals.services.assessed import Plan
from writeoffs.valuation.assessment_filters import with_movement
from writeoffs.valuation.models import Assessment, AssessmentLine, Basis, Price
from writeoffs.valuation.overrides import line_override, override_withdraw

pytestmark = pytest.mark.django_db


def propose(company: Company, assessment: Assessment, **options: bool) -> tuple[list[Proposal], Plan]:
    lines = with_movement(AssessmentLine.objects.filter(assessment=assessment))
    return services.proposals_from_assessment(
        assessment=assessment, lines=lines, user=company["PREPARER"], header=header(), **options
    )


def books(company: Company) -> dict[str, Decimal]:
    sums: dict[str, Decimal] = {}
    for role, amount in JournalLine.objects.filter(entry__entity=company.entity).values_list("role", "amount"):
        sums[role] = sums.get(role, Decimal(0)) + amount
    return {role: amount for role, amount in sums.items() if amount}


def test_there_is_a_proposal_for_each_kind_reason_and_location(company: Company) -> None:
    lots = [
        make_lot(company.entity, "LAMP"),
        make_lot(company.entity, "CHAIR", location="HALL"),
        make_lot(company.entity, "DESK", allowance="400"),
    ]
    own = {lots[1]: {"reason": Reason.EXPIRY}}
    assessment = finished(company, (lots[0], "1000"), (lots[1], "500"), (lots[2], "100"), own=own)
    made, plan = propose(company, assessment)
    assert [(p.kind, p.reason, p.net_loss) for p in made] == [
        ("REVERSAL", "PRICE_FALL", Decimal(-300)),
        ("WRITE_DOWN", "EXPIRY", Decimal(500)),
        ("WRITE_DOWN", "PRICE_FALL", Decimal(1000)),
    ]
    assert not plan.left
    assessment.refresh_from_db()
    assert assessment.status == Assessment.Status.PROPOSED
    refs = AssessmentLine.objects.order_by("pk").values_list("proposal_ref", flat=True)
    assert set(refs) == {p.source_ref for p in made}
    assert {p.made_from for p in made} == {"assessment:AS-2026-0001"}
    assert AuditEvent.objects.get(kind="assessment.proposed").data["lines"] == 3


def test_posted_the_lots_carry_what_is_required(company: Company) -> None:
    lot, other = make_lot(company.entity, "LAMP"), make_lot(company.entity, "DESK", allowance="400")
    made, _ = propose(company, finished(company, (lot, "1000"), (other, "100")))
    for proposal in made:
        posted(company, proposal)
    assert [x.write_down for x in Lot.objects.order_by("pk")] == [Decimal(1000), Decimal(100)]
    assert books(company) == {
        "WRITE_DOWN_EXPENSE": Decimal(1000),
        "INVENTORY_ALLOWANCE": Decimal(-700),
        "REVERSAL_OF_WRITE_DOWN": Decimal(-300),
    }


def test_two_overlapping_assessments_post_in_either_order_what_one_posts(db: None) -> None:
    found = []
    for order in ((1, 2), (2, 1), (1,)):
        company = make_company(f"c{''.join(map(str, order))}")
        both, only = make_lot(company.entity, "LAMP"), make_lot(company.entity, "DESK")
        runs = {
            1: finished(company, (both, "1000"), (only, "300")),
            2: finished(company, (both, "1000"), number="AS-2026-0002"),
        }
        proposals = []
        for place in order:
            if proposals and place == 2:
                with pytest.raises(BadInput, match="on another proposal that is not decided yet"):
                    propose(company, runs[place])
                continue
            proposals += propose(company, runs[place])[0]
        for proposal in proposals:
            posted(company, proposal)
        for place in order:
            with pytest.raises(BadInput, match="nothing is left to propose"):
                propose(company, runs[place])
        found.append(books(company))
    assert found[0] == found[1] == found[2]


def test_a_lot_on_an_open_proposal_is_left_out_and_named(company: Company) -> None:
    lot, other = make_lot(company.entity, "LAMP"), make_lot(company.entity, "DESK")
    waiting = draft(company, lot, "10")
    made, plan = propose(company, finished(company, (lot, "1000"), (other, "300")))
    assert [p.line_count for p in made] == [1]
    assert f"LAMP / L1 at MAIN on {waiting.number}" in services.left_said(plan)


def test_a_line_can_be_proposed_again_once_its_draft_is_discarded(company: Company) -> None:
    assessment = finished(company, (make_lot(company.entity), "1000"))
    (first,), _ = propose(company, assessment)
    services.proposal_discard(proposal=first, user=company["PREPARER"])
    (second,), _ = propose(company, assessment)
    assert second.number != first.number


def test_only_the_leading_basis_and_a_preparer_propose(company: Company) -> None:
    lot = make_lot(company.entity)
    with pytest.raises(WrongState, match="tax basis, which is not posted"):
        propose(company, finished(company, (lot, "1"), basis=Basis.TAX, number="AS-2026-0009"))
    assessment = finished(company, (lot, "1000"))
    lines = with_movement(AssessmentLine.objects.filter(assessment=assessment))
    with pytest.raises(NotAllowed, match="by a preparer"):
        services.proposals_from_assessment(
            assessment=assessment, lines=lines, user=company["CONTROLLER"], header=header()
        )


def test_the_papers_of_the_prices_become_evidence(company: Company) -> None:
    lot = make_lot(company.entity)
    paper = file_store(
        entity=company.entity, name="list.csv", content=b"sku;price", content_type="text/csv", user=company["PREPARER"]
    )
    price = Price.objects.create(
        entity=company.entity,
        item=lot.item,
        as_of=DAY,
        currency="EUR",
        nrv=Decimal(30),
        source="Price list",
        evidence=paper,
        entered_by=company["PRICE_OWNER"],
    )
    assessment = finished(company, (lot, "1000"), price=price)
    (proposal,), _ = propose(company, assessment)
    evidence = proposal.evidence.get()
    assert (evidence.kind, evidence.file.sha256) == ("PRICE_SOURCE", paper.sha256)


def overridden(company: Company, assessment: Assessment, amount: str, by: str = "CONTROLLER") -> AssessmentLine:
    line = AssessmentLine.objects.get(assessment=assessment)
    return line_override(line=line, user=company[by], amount=Decimal(amount), reason="Offer of 12 March")


def test_whoever_overrode_a_line_does_not_approve_or_post_what_it_is_on(company: Company) -> None:
    author = company["CONTROLLER"]
    Membership.objects.create(entity=company.entity, user=author, role=Role.APPROVER)
    assessment = finished(company, (make_lot(company.entity), "1000"))
    overridden(company, assessment, "700")
    (proposal,), _ = propose(company, assessment)
    assert proposal.net_loss == 700
    services.proposal_submit(proposal=proposal, user=company["PREPARER"])
    proposal.refresh_from_db()
    with pytest.raises(SegregationOfDuties, match="You overrode a line"):
        services.proposal_approve(proposal=proposal, user=author, digest=proposal.digest)
    services.proposal_approve(proposal=proposal, user=company["APPROVER"], digest=proposal.digest)
    proposal.refresh_from_db()
    with pytest.raises(SegregationOfDuties, match="You overrode a line"):
        services.proposal_post(proposal=proposal, user=author, digest=proposal.digest)


def test_who_overrode_is_part_of_what_is_approved(company: Company) -> None:
    assessment = finished(company, (make_lot(company.entity), "1000"))
    overridden(company, assessment, "700")
    (proposal,), _ = propose(company, assessment)
    services.proposal_submit(proposal=proposal, user=company["PREPARER"])
    Proposal.objects.update(also_prepared_by=[])
    proposal.refresh_from_db()
    with pytest.raises(Exception, match="Return it to the preparer"):
        services.proposal_approve(proposal=proposal, user=company["APPROVER"], digest=proposal.digest)


@pytest.mark.parametrize(("amount", "said"), [("-1", "from 0 to its cost"), ("4000.01", "from 0 to its cost")])
def test_an_override_lies_between_nil_and_cost(company: Company, amount: str, said: str) -> None:
    assessment = finished(company, (make_lot(company.entity), "1000"))
    with pytest.raises(BadInput, match=said):
        overridden(company, assessment, amount)


def test_an_override_says_why_and_is_an_audit_event(company: Company) -> None:
    assessment = finished(company, (make_lot(company.entity), "1000"))
    line = AssessmentLine.objects.get()
    with pytest.raises(BadInput, match="say why"):
        line_override(line=line, user=company["PREPARER"], amount=Decimal(1), reason=" ")
    overridden(company, assessment, "700")
    event = AuditEvent.objects.get(kind="assessment.overridden")
    assert (Decimal(event.data["after"]), Decimal(event.data["required"])) == (700, 1000)
    line.refresh_from_db()
    assert (line.movement, line.override_by) == (Decimal(700), company["CONTROLLER"])
    override_withdraw(line=line, user=company["PREPARER"])
    line.refresh_from_db()
    assert (line.movement, line.override, line.override_by) == (Decimal(1000), None, None)


def test_an_untested_line_is_overridden_with_what_the_loss_is_of(company: Company) -> None:
    assessment = finished(company, (make_lot(company.entity), "0"), outcome=AssessmentLine.Outcome.UNTESTED, reason="")
    line = AssessmentLine.objects.get()
    with pytest.raises(BadInput, match="say what the loss is of"):
        overridden(company, assessment, "700")
    line_override(line=line, user=company["PREPARER"], amount=Decimal(700), reason="Seen", cause=Reason.DAMAGE)
    (proposal,), _ = propose(company, assessment)
    assert (proposal.kind, proposal.reason) == (Kind.WRITE_DOWN, Reason.DAMAGE)


def test_under_us_gaap_an_override_does_not_reach_below_the_new_cost_basis(db: None) -> None:
    company = make_company("us", framework="US_GAAP")
    assessment = finished(company, (make_lot(company.entity, allowance="400"), "400"))
    with pytest.raises(BadInput, match=r"at least 400\.00 EUR stays required.*ASC 330-10-35-14"):
        overridden(company, assessment, "399")


def test_a_proposed_line_is_overridden_no_more(company: Company) -> None:
    assessment = finished(company, (make_lot(company.entity), "1000"))
    (proposal,), _ = propose(company, assessment)
    with pytest.raises(WrongState, match=f"Discard {proposal.number} first"):
        overridden(company, assessment, "700")


def test_expired_goods_are_written_off_with_their_allowance_first(company: Company) -> None:
    lot = make_lot(company.entity, allowance="400")
    Lot.objects.filter(pk=lot.pk).update(expires_on=dt.date(2026, 3, 1))
    assessment = finished(company, (lot, "4000"), reason=Reason.EXPIRY, governs=AssessmentLine.Governs.EXPIRY)
    (proposal,), _ = propose(company, assessment, write_off_expired=True)
    assert (proposal.kind, proposal.gross_loss, proposal.net_loss) == ("WRITE_OFF", Decimal(4000), Decimal(3600))
    assert proposal.quarantine_goods


def test_the_pages_accept_chosen_lines(company: Company, signed_in: Callable[[User], Client]) -> None:
    lots = [make_lot(company.entity, sku) for sku in ("LAMP", "CHAIR")]
    assessment = finished(company, (lots[0], "1000"), (lots[1], "500"))
    line = AssessmentLine.objects.get(lot=lots[1])
    client, path = signed_in(company["PREPARER"]), f"/e/north/proposals/from-assessment/{assessment.number}/"
    page = client.post(path, {"scope": "page", "line": str(line.pk)})
    assert "1 lot as they stand now, in 1 draft" in page.content.decode()
    day = DAY.isoformat()
    sent = {"confirmed": "1", "line": str(line.pk), "event_on": day, "found_on": day, "posting_on": day, "note": ""}
    answer = client.post(path, sent, follow=True)
    proposal = Proposal.objects.get()
    assert answer.redirect_chain[-1][0] == proposal.get_absolute_url()
    assert "AS-2026-0001" in answer.content.decode()
    assert proposal.net_loss == 500
    again = client.post(path, sent)
    assert again.status_code == 400
    assert "nothing is left to propose" in again.content.decode()
