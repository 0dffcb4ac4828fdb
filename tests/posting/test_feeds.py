"""What the ERP takes of each kind: one source, chosen by two people, kept by each posting."""

from __future__ import annotations

import csv
import io

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from core.changes import change_decide
from core.errors import BadInput, NotAllowed, SegregationOfDuties, WrongState
from core.models import AuditEvent
from tests.conftest import Company
from tests.posting.stock import make_lot
from tests.proposals.documents import draft, posted, write_down_draft
from writeoffs.ledger.handing import entries_to_import
from writeoffs.ledger.models import JournalEntry
from writeoffs.posting.feeds import feed_request, feeds_of
from writeoffs.posting.models import ErpFeed, Posting

pytestmark = pytest.mark.django_db


def choose(company: Company, kind: str, takes: str) -> None:
    change = feed_request(entity=company.entity, user=company["CONTROLLER"], kind=kind, takes=takes, why="Our ERP.")
    change_decide(change=change, user=company["APPROVER"], approve=True)


def rows(response) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(response.content.decode("utf-8-sig"))))


def test_a_choice_needs_a_second_person_and_counts_from_then_on(company: Company) -> None:
    posted(company, draft(company, make_lot(company.entity, "A")))
    change = feed_request(
        entity=company.entity, user=company["CONTROLLER"], kind="WRITE_OFF", takes="JOURNAL", why="It values itself."
    )
    with pytest.raises(SegregationOfDuties):
        change_decide(change=change, user=company["CONTROLLER"], approve=True)
    assert not ErpFeed.objects.exists()
    change_decide(change=change, user=company["APPROVER"], approve=True)
    posted(company, draft(company, make_lot(company.entity, "B")))
    assert list(Posting.objects.order_by("pk").values_list("takes", flat=True)) == ["ADJUSTMENT", "JOURNAL"]
    event = AuditEvent.objects.get(kind="erp.feed_changed")
    assert (event.data["before"], event.data["after"]) == ("ADJUSTMENT", "JOURNAL")
    assert [feed.takes for feed in feeds_of(entity=company.entity) if feed.chosen] == ["JOURNAL"]


def test_what_cannot_be_chosen_is_refused(company: Company) -> None:
    ask = {"entity": company.entity, "why": "x"}
    with pytest.raises(BadInput, match="move no units"):
        feed_request(**ask, user=company["CONTROLLER"], kind="WRITE_DOWN", takes="ADJUSTMENT")
    with pytest.raises(BadInput, match="takes the stock adjustment already"):
        feed_request(**ask, user=company["CONTROLLER"], kind="RECOVERY", takes="ADJUSTMENT")
    with pytest.raises(BadInput, match="no kind of posting"):
        feed_request(**ask, user=company["CONTROLLER"], kind="LUNCH", takes="BOTH")
    with pytest.raises(NotAllowed):
        feed_request(**ask, user=company["PREPARER"], kind="RECOVERY", takes="JOURNAL")
    with pytest.raises(IntegrityError, match="erp_feed_journal"), transaction.atomic():
        ErpFeed.objects.create(entity=company.entity, kind="WRITE_DOWN", takes="ADJUSTMENT")


def test_a_choice_that_has_changed_since_it_was_asked_is_not_made(company: Company) -> None:
    change = feed_request(entity=company.entity, user=company["CONTROLLER"], kind="RECOVERY", takes="JOURNAL", why="x")
    ErpFeed.objects.create(entity=company.entity, kind="RECOVERY", takes="JOURNAL")
    with pytest.raises(WrongState, match="has changed since"):
        change_decide(change=change, user=company["APPROVER"], approve=True)


def test_of_one_posting_only_one_file_is_to_be_imported(company, signed_in) -> None:
    posted(company, draft(company, make_lot(company.entity, "A")))
    choose(company, "WRITE_OFF", "JOURNAL")
    posted(company, draft(company, make_lot(company.entity, "B")))
    client = signed_in(company["CONTROLLER"])
    for posting in Posting.objects.order_by("pk"):
        used = {}
        for name in ("journal", "adjustment"):
            response = client.get(reverse(f"postings:{name}", args=["north", posting.pk]))
            used[name] = {row["use"] for row in rows(response)}
            assert ("for-information" in response["Content-Disposition"]) == (used[name] != {"import"})
        assert sorted(used.values(), key=str) == [{"for information, not to be imported"}, {"import"}]
        assert used[posting.takes.lower()] == {"import"}


def test_entries_that_the_erp_books_itself_are_not_in_its_journal(company: Company) -> None:
    posted(company, draft(company, make_lot(company.entity, "A")))
    posted(company, write_down_draft(company, make_lot(company.entity, "B"), "1"))
    own = JournalEntry.objects.filter(entity=company.entity, origin="OWN")
    assert set(own.values_list("leg", flat=True)) == {"WRITE_OFF", "WRITE_DOWN"}
    assert set(entries_to_import(own).values_list("leg", flat=True)) == {"WRITE_DOWN"}


def test_the_page_asks_and_shows_what_waits(company, signed_in) -> None:
    address = reverse("postings:feeds", args=["north"])
    client = signed_in(company["CONTROLLER"])
    asked = {"kind": "WRITE_OFF", "takes": "JOURNAL", "why": ""}
    refused = client.post(address, asked)
    assert (refused.status_code, "say why" in refused.content.decode()) == (400, True)
    page = client.post(address, {**asked, "why": "Our ERP values stock."}, follow=True).content.decode()
    assert "A second person decides" in page
    assert "Waiting for a second person" in page
    assert signed_in(company["PREPARER"]).post(address, asked).status_code == 403
    assert signed_in(company["AUDITOR"]).get(address).status_code == 200
