"""Changes of a draft: what they may not change, and the event that each leaves behind."""

from __future__ import annotations

from decimal import Decimal

import pytest

from core import audit
from core.errors import BadInput
from core.models import AuditEvent
from core.words import Reason
from inventory.models import CountSheet, QuarantineEntry
from tests.conftest import Company
from tests.posting.stock import make_lot
from tests.proposals.documents import draft, header, posted, submitted
from tests.proposals.test_counted import count_of
from writeoffs.proposals import services
from writeoffs.proposals.models import Kind, Proposal, ProposalLine

pytestmark = pytest.mark.django_db


def recovery_draft(company: Company, reason: str) -> Proposal:
    made = header(kind=Kind.RECOVERY, reason=reason)
    return services.proposal_create(entity=company.entity, user=company["PREPARER"], header=made)


def test_a_recovery_has_the_reason_of_its_write_off(company: Company) -> None:
    posted(company, draft(company, make_lot(company.entity), "10", reason=Reason.EXPIRY))
    entry = QuarantineEntry.objects.select_related("lot__item").get()
    of = {"user": company["PREPARER"], "lot": entry.lot, "quarantine": entry, "quantity": Decimal(4)}
    with pytest.raises(BadInput, match=r"LAMP / L1 was written off for expiry.*the reason expiry"):
        services.line_add(proposal=recovery_draft(company, Reason.FIRE), **of)
    good = services.line_add(proposal=recovery_draft(company, Reason.EXPIRY), **of)
    fire = header(kind=Kind.RECOVERY, reason=Reason.FIRE)
    with pytest.raises(BadInput, match="was written off for expiry"):
        services.proposal_edit(proposal=good, user=company["PREPARER"], header=fire, version=good.version)
    Proposal.objects.filter(pk=good.pk).update(reason=Reason.FIRE)
    with pytest.raises(BadInput, match="was written off for expiry"):
        submitted(company, good)
    Proposal.objects.filter(pk=good.pk).update(reason=Reason.EXPIRY)
    assert submitted(company, good).status == "SUBMITTED"


def counted(company: Company) -> tuple[CountSheet, Proposal]:
    lots = [make_lot(company.entity, f"S{number}") for number in range(3)]
    sheet = count_of(company, dict(zip(lots, ("-3", "-5", "10"), strict=True)))
    return sheet, services.proposal_create_from_count(entity=company.entity, user=company["PREPARER"], sheet=sheet)


def test_a_counted_difference_is_not_changed_and_no_other_lot_joins_it(company: Company) -> None:
    _, proposal = counted(company)
    line = ProposalLine.objects.select_related("lot__item", "proposal").filter(proposal=proposal).first()
    with pytest.raises(BadInput, match="S0 / L1 was counted: its difference is -3 and stays so"):
        services.line_edit(line=line, user=company["PREPARER"], quantity=Decimal(-1))
    services.line_edit(line=line, user=company["PREPARER"], quantity=Decimal(-3), note="Counted twice")
    lot = make_lot(company.entity, "X")
    with pytest.raises(BadInput, match=r"holds the differences of count CS-.* and no others"):
        services.line_add(proposal=proposal, user=company["PREPARER"], lot=lot, quantity=Decimal(1))


def test_a_count_stays_open_with_what_was_taken_off_until_that_is_posted_too(company, signed_in) -> None:
    sheet, proposal = counted(company)
    for line in ProposalLine.objects.select_related("lot__item", "proposal").filter(proposal=proposal)[1:]:
        services.line_remove(line=line, user=company["PREPARER"])
    page = signed_in(company["APPROVER"]).get(proposal.get_absolute_url()).content.decode()
    assert "1 of 3 differences" in page
    posted(company, proposal)
    sheet.refresh_from_db()
    assert sheet.status == CountSheet.Status.OPEN
    rest = services.proposal_create_from_count(entity=company.entity, user=company["PREPARER"], sheet=sheet)
    assert set(rest.lines.values_list("quantity", flat=True)) == {Decimal(-5), Decimal(10)}
    assert rest.note == f"Differences of count {sheet.number}."
    posted(company, rest)
    sheet.refresh_from_db()
    assert sheet.status == CountSheet.Status.CLOSED


def test_each_change_of_a_draft_leaves_one_event_with_the_totals_before_and_after(company: Company) -> None:
    lot, user = make_lot(company.entity), company["PREPARER"]
    proposal = draft(company, lot, "10")
    line = ProposalLine.objects.select_related("lot__item", "proposal").get()
    services.line_edit(line=line, user=user, quantity=Decimal(4))
    proposal.refresh_from_db()
    edited = header(reason=Reason.DAMAGE, note="Wet")
    services.proposal_edit(proposal=proposal, user=user, header=edited, version=proposal.version)
    services.line_remove(line=line, user=user)
    events = list(AuditEvent.objects.filter(kind="proposal.edited").order_by("sequence"))
    assert [(event.data["before"]["gross_loss"], event.data["after"]["gross_loss"]) for event in events] == [
        ("0.0000", "400.0000"),
        ("400.0000", "160.0000"),
        ("160.0000", "160.0000"),
        ("160.0000", "0.0000"),
    ]
    assert {(event.actor, event.subject) for event in events} == {(user, proposal.source_ref)}
    assert [event.message.partition(", ")[2].partition(":")[0] for event in events] == [
        "added lot LAMP / L1",
        "line 1, lot LAMP / L1",
        "reason, note",
        "took off line 1, lot LAMP / L1",
    ]
    assert not audit.chain_verify(audit.entity_chain(company.entity)).complaint
