"""The room's pages: every reader, every state, another entity's numbers, constant queries, bulk steps, the inbox."""

from __future__ import annotations

import pytest
from django.urls import reverse

from core.models import AuditEvent
from core.words import Role
from tests.conftest import Company
from tests.posting.stock import make_lot
from tests.proposals.documents import DAY, approved, draft, posted, submitted
from tests.proposals.test_duties import give
from writeoffs.ledger.models import JournalEntry
from writeoffs.proposals import selectors, services
from writeoffs.proposals.models import Proposal, Status

pytestmark = pytest.mark.django_db


def in_every_state(company: Company) -> list[Proposal]:
    lots = [make_lot(company.entity, sku=f"S{number}") for number in range(6)]
    made = [draft(company, lots[0]), submitted(company, draft(company, lots[1]))]
    made += [approved(company, draft(company, lots[2])), posted(company, draft(company, lots[3]))]
    rejected = submitted(company, draft(company, lots[4]))
    services.proposal_reject(proposal=rejected, user=company["APPROVER"], comment="No")
    voided = posted(company, draft(company, lots[5]))
    change = services.void_request(proposal=voided, user=company["PREPARER"], reason="Wrong", posted_on=DAY)
    services.void_decide(change=change, user=company["APPROVER"], approve=True)
    return [*made, rejected, voided]


def test_the_pages_open_for_every_reader_in_every_state(company, signed_in) -> None:
    made = in_every_state(company)
    for role in ("PREPARER", "PRICE_OWNER", "APPROVER", "CONTROLLER", "AUDITOR"):
        client = signed_in(company[role])
        for proposal in made:
            page = client.get(proposal.get_absolute_url())
            assert page.status_code == 200
            assert proposal.number in page.content.decode()
        for name in ("proposals:list", "postings:list"):
            assert client.get(reverse(name, args=["north"])).status_code == 200
    for role in ("COUNTER", "ADMIN"):
        assert signed_in(company[role]).get(made[0].get_absolute_url()).status_code == 403


def test_another_entitys_numbers_and_ids_answer_404_in_every_address(company, other_company, signed_in) -> None:
    their_number = "WO-2020-0001"
    theirs = draft(other_company, make_lot(other_company.entity))
    Proposal.objects.filter(pk=theirs.pk).update(number=their_number)
    theirs = posted(other_company, theirs)
    (paper,) = services.evidence_add(
        proposal=draft(other_company, make_lot(other_company.entity, "X")),
        user=other_company["PREPARER"],
        kind="OTHER",
        papers=[services.Paper("a.pdf", b"%PDF-1")],
    )
    own = draft(company, make_lot(company.entity, "OWN"))
    for role in Role:
        give(company, company["CONTROLLER"], role)
    client = signed_in(company["CONTROLLER"])
    own_number = own.number
    for name in ("detail", "edit", "lots", "line_add", "void"):
        assert client.get(reverse(f"proposals:{name}", args=["north", their_number])).status_code == 404
        assert client.get(reverse(f"proposals:{name}", args=["south", their_number])).status_code == 404
    for name in ("submit", "withdraw", "return", "reject", "approve", "post", "evidence_add", "void_decide"):
        assert client.post(reverse(f"proposals:{name}", args=["north", their_number])).status_code == 404
    lot, line = theirs.lines.get().lot, theirs.lines.get()
    assert client.post(reverse("proposals:line_add", args=["north", own_number]), {"lot": lot.pk}).status_code == 404
    assert line.line_number == 1
    for name in ("evidence", "evidence_remove"):
        address = reverse(f"proposals:{name}", args=["north", own_number, paper.pk])
        assert client.post(address).status_code in (404, 405)
    posting = other_company.entity.postings.get()
    for name in ("journal", "adjustment"):
        assert client.get(reverse(f"postings:{name}", args=["north", posting.pk])).status_code == 404
    assert client.post(reverse("postings:confirm", args=["north", posting.pk])).status_code == 404
    assert client.post(reverse("proposals:from_count", args=["north", "CS-2026-0001"])).status_code == 404
    quarantine = other_company.entity.quarantine.get()
    assert (
        client.post(reverse("proposals:from_quarantine", args=["north"]), {"entry": quarantine.pk}).status_code == 404
    )


def test_the_page_shows_journal_effects_and_the_one_thing_to_do_before_the_decision(company, signed_in) -> None:
    proposal = submitted(company, draft(company, make_lot(company.entity, allowance="1000"), "100"))
    page = signed_in(company["APPROVER"]).get(proposal.get_absolute_url()).content.decode()
    assert "Journal that will be made" in page
    assert "1490 Allowance for inventory" in page
    assert "5100 Inventory write-downs" in page
    assert "Approve 4,000.00 EUR" in page
    assert "(3,000.00)" in page
    assert "(2,250.00)" in page
    assert "Return with a question" in page


def test_an_unmapped_role_shows_in_the_journal_of_a_draft(company, signed_in) -> None:
    proposal = draft(company, make_lot(company.entity))
    company.entity.account_maps.filter(role="INVENTORY").delete()
    assert "No account mapped" in signed_in(company["PREPARER"]).get(proposal.get_absolute_url()).content.decode()


def test_the_list_filters_by_state_kind_reason_and_text(company, signed_in) -> None:
    made = in_every_state(company)
    client, address = signed_in(company["AUDITOR"]), reverse("proposals:list", args=["north"])
    page = client.get(address, {"status": "REJECTED"}).content.decode()
    assert made[4].number in page
    assert made[0].number not in page
    assert made[3].number in client.get(address, {"q": "s3"}).content.decode()
    assert "No proposal matches" in client.get(address, {"kind": "RECOVERY"}).content.decode()


@pytest.mark.parametrize("name", ["list", "detail", "postings"])
def test_a_page_makes_as_many_queries_for_many_rows_as_for_one(
    company, signed_in, django_assert_max_num_queries, name: str
) -> None:
    client = signed_in(company["CONTROLLER"])
    first = posted(company, draft(company, make_lot(company.entity, "A0")))
    address = {
        "list": reverse("proposals:list", args=["north"]),
        "detail": first.get_absolute_url(),
        "postings": reverse("postings:list", args=["north"]),
    }[name]
    with django_assert_max_num_queries(40) as before:
        client.get(address)
    for number in range(1, 4):
        posted(company, draft(company, make_lot(company.entity, f"A{number}", location=f"W{number}")))
    with django_assert_max_num_queries(len(before)):
        client.get(address)


def test_bulk_steps_do_the_eligible_ones_and_say_why_not_the_others(company, signed_in) -> None:
    good = submitted(company, draft(company, make_lot(company.entity, "A")))
    still_draft = draft(company, make_lot(company.entity, "B"))
    address = reverse("proposals:bulk", args=["north"])
    form = {"verb": "approve", "proposal": [good.number, still_draft.number, "WO-2026-9999"], "next": "//evil.example"}
    form[f"digest-{good.number}"] = good.digest
    answer = signed_in(company["APPROVER"]).post(address, form)
    assert answer.url == reverse("desk:home", args=["north"])
    page = signed_in(company["APPROVER"]).get(address)
    assert page.status_code == 405
    good.refresh_from_db()
    still_draft.refresh_from_db()
    assert (good.status, still_draft.status) == (Status.APPROVED, Status.DRAFT)
    refused = AuditEvent.objects.filter(kind="refused").latest("sequence")
    assert f"{still_draft.number} is a draft, so it cannot be approved" in refused.message
    client = signed_in(company["CONTROLLER"])
    said = client.post(
        address, {"verb": "post", "proposal": [good.number], f"digest-{good.number}": good.digest}, follow=True
    ).content.decode()
    assert f"Posted: {good.number}." in said
    assert JournalEntry.objects.count() == 1


def test_bulk_approves_only_what_the_page_showed(company, signed_in) -> None:
    proposal = submitted(company, draft(company, make_lot(company.entity)))
    form = {"verb": "approve", "proposal": proposal.number, f"digest-{proposal.number}": "0" * 64}
    signed_in(company["APPROVER"]).post(reverse("proposals:bulk", args=["north"]), form)
    proposal.refresh_from_db()
    assert proposal.status == Status.SUBMITTED


def test_the_inbox_holds_what_waits_for_each_person_and_nothing_that_duties_keep_from_them(company) -> None:
    made = in_every_state(company)
    returned = submitted(company, draft(company, make_lot(company.entity, "R")))
    services.proposal_return(proposal=returned, user=company["APPROVER"], comment="Which pallet?")

    def of(role: str, *roles: str) -> dict[str, int]:
        box = selectors.inbox(entity=company.entity, user=company[role], roles={role, *roles})
        for name, count in box.counts.items():
            assert len(getattr(box, name)) == count
        return {name: count for name, count in box.counts.items() if count}

    assert of("APPROVER") == {"to_approve": 1}
    assert of("CONTROLLER") == {"to_post": 1}
    assert of("PREPARER") == {"returned": 1, "sent": 2, "drafts": 1}
    assert of("PREPARER", "APPROVER", "CONTROLLER") == {"returned": 1, "sent": 2, "drafts": 1}
    assert of("APPROVER", "CONTROLLER") == {"to_approve": 1}
    assert of("AUDITOR") == {}
    line = selectors.inbox(entity=company.entity, user=company["APPROVER"], roles={"APPROVER"}).to_approve.get()
    assert (line.number, line.first_location, line.evidence_count) == (made[1].number, "MAIN", 0)
