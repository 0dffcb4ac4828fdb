"""What a page never sends: steps without the content that was seen, addresses that are no path, ids that are no ids."""

from __future__ import annotations

import pytest
from django.urls import reverse

from core.models import AuditEvent
from tests.posting.stock import make_lot
from tests.proposals.documents import DAY, approved, draft, posted, submitted
from writeoffs.ledger.models import JournalEntry
from writeoffs.proposals.models import Proposal, Status

pytestmark = pytest.mark.django_db

BULK = "/e/north/proposals/bulk/"


@pytest.mark.parametrize(("verb", "role"), [("approve", "APPROVER"), ("post", "CONTROLLER")])
def test_a_bulk_step_without_the_digest_that_was_seen_does_nothing(company, signed_in, verb: str, role: str) -> None:
    bring = submitted if verb == "approve" else approved
    proposal = bring(company, draft(company, make_lot(company.entity)))
    before = proposal.status
    page = signed_in(company[role]).post(BULK, {"verb": verb, "proposal": proposal.number}, follow=True)
    proposal.refresh_from_db()
    assert proposal.status == before
    assert f"{proposal.number} was left out." in page.content.decode()
    assert AuditEvent.objects.filter(kind="refused", data__rule="StaleContent").count() == 1
    assert not JournalEntry.objects.exists()


@pytest.mark.parametrize(
    "wanted", ["postings", "desk:home", "?page=2", "//evil.example/", "/\\evil.example", "http://x/"]
)
def test_a_next_that_is_no_path_of_ours_leads_to_the_rooms_own_page(company, signed_in, wanted: str) -> None:
    proposal = submitted(company, draft(company, make_lot(company.entity)))
    form = {"verb": "approve", "proposal": proposal.number, f"digest-{proposal.number}": proposal.digest}
    answer = signed_in(company["APPROVER"]).post(BULK, {**form, "next": wanted})
    assert (answer.status_code, answer.url) == (302, reverse("desk:home", args=["north"]))
    proposal.refresh_from_db()
    assert proposal.status == Status.APPROVED
    posting = posted(company, draft(company, make_lot(company.entity, "B"))).entity.postings.get()
    form = {"how": "Document 1", "next": wanted}
    answer = signed_in(company["CONTROLLER"]).post(reverse("postings:confirm", args=["north", posting.pk]), form)
    assert (answer.status_code, answer.url) == (302, reverse("postings:list", args=["north"]))


@pytest.mark.parametrize("version", ["9" * 5000, "٣", "²", "-1", "", "1e3"])
def test_a_version_that_no_page_showed_is_told_as_an_older_one(company, signed_in, version: str) -> None:
    proposal = draft(company, make_lot(company.entity))
    address = reverse("proposals:submit", args=["north", proposal.number])
    answer = signed_in(company["PREPARER"]).post(address, {"version": version})
    assert answer.status_code == 409
    assert "was changed in another window since" in answer.content.decode()


@pytest.mark.parametrize("number", ["9" * 5000, "٣", "²", "x", "-1"])
def test_ids_that_are_no_numbers_do_not_exist(company, signed_in, number: str) -> None:
    client = signed_in(company["PREPARER"])
    proposal = draft(company, make_lot(company.entity))
    address = reverse("proposals:line_add", args=["north", proposal.number])
    assert client.post(address, {"lot": number}).status_code == 404
    address = reverse("proposals:from_quarantine", args=["north"])
    assert client.post(address, {"entry": number}).status_code == 404


def test_a_write_down_without_a_percent_is_asked_for_it_and_nil_has_to_be_typed(company, signed_in) -> None:
    make_lot(company.entity)
    client, address = signed_in(company["PREPARER"]), reverse("proposals:from_stock", args=["north"])
    days = {"event_on": DAY, "found_on": DAY, "posting_on": DAY}
    form = {"confirmed": "1", "kind": "WRITE_DOWN", "reason": "PRICE_FALL", **days}
    page = client.post(address, {**form, "percent": ""})
    assert page.status_code == 400
    assert "enter 0 to write it down to nil" in page.content.decode()
    assert not Proposal.objects.exists()
    assert client.post(address, {**form, "percent": "0"}).status_code == 302
    assert Proposal.objects.get().lines.get().new_carrying_amount == 0
