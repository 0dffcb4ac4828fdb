"""What goes on to the ERP: two files and a confirmation."""

from __future__ import annotations

import csv
import io

import pytest
from django.urls import reverse

from core import verify
from core.csvfiles import safe_text
from core.errors import BadInput, NotAllowed, WrongState
from inventory.models import Item
from tests.conftest import Company
from tests.posting.stock import make_lot
from tests.proposals.documents import draft, posted, write_down_draft
from writeoffs.posting.acknowledge import posting_acknowledge, postings_settle
from writeoffs.posting.models import Posting, PostingLine

pytestmark = pytest.mark.django_db


def rows(response) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(response.content.decode("utf-8-sig"))))


def test_the_journal_file_holds_every_line_with_plain_figures(company, signed_in) -> None:
    posted(company, draft(company, make_lot(company.entity, allowance="1000"), "50"))
    posting = Posting.objects.get()
    response = signed_in(company["AUDITOR"]).get(reverse("postings:journal", args=["north", posting.pk]))
    assert 'filename="WO-' in response["Content-Disposition"]
    lines = rows(response)
    assert [(line["account"], line["debit"], line["credit"]) for line in lines] == [
        ("1490", "500", ""),
        ("5100", "1500", ""),
        ("1400", "", "2000"),
    ]
    assert {(line["date"], line["entry"], line["currency"], line["location"], line["reason"]) for line in lines} == {
        ("2026-03-16", "2026-000001", "EUR", "MAIN", "Expiry")
    }


def test_the_stock_adjustment_file_holds_the_units_that_the_erp_has_to_move(company, signed_in) -> None:
    lot = make_lot(company.entity)
    Item.objects.update(description="=1+1")
    posted(company, draft(company, lot, "7.5"))
    address = reverse("postings:adjustment", args=["north", Posting.objects.get().pk])
    (row,) = rows(signed_in(company["CONTROLLER"]).get(address))
    assert (row["sku"], row["lot_code"], row["location"], row["quantity"]) == ("LAMP", "L1", "MAIN", "-7.5")
    assert row["reason"] == "Expiry"
    assert row["description"] == "'=1+1"


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx"])
def test_text_that_looks_like_a_formula_is_marked_as_text(text: str) -> None:
    assert safe_text(text) == f"'{text}"
    assert safe_text("plain") == "plain"


def test_a_person_confirms_once_that_the_erp_has_it_and_says_how(company: Company) -> None:
    proposal = posted(company, draft(company, make_lot(company.entity)))
    of = {"entity": company.entity, "source_ref": proposal.source_ref}
    with pytest.raises(BadInput, match="say how the ERP got it"):
        posting_acknowledge(**of, user=company["CONTROLLER"], how=" ")
    with pytest.raises(NotAllowed):
        posting_acknowledge(**of, user=company["AUDITOR"], how="4711")
    posting = posting_acknowledge(**of, user=company["CONTROLLER"], how="4711")
    assert (posting.status, posting.acknowledged_by) == (Posting.Status.ACKNOWLEDGED, company["CONTROLLER"])
    assert PostingLine.objects.get().outstanding == 0
    with pytest.raises(WrongState, match="marked already: In the ERP"):
        posting_acknowledge(**of, user=company["PREPARER"], how="4712")


def test_a_list_that_leaves_nothing_outstanding_acknowledges_the_posting(company: Company) -> None:
    for sku in ("A", "B"):
        posted(company, draft(company, make_lot(company.entity, sku)))
    first = Posting.objects.order_by("pk")[0]
    PostingLine.objects.filter(posting=first).update(outstanding=0)
    assert len(postings_settle(entity=company.entity, how="stock list of 2026-03-23")) == 1
    assert set(Posting.objects.values_list("status", flat=True)) == {"ACKNOWLEDGED", "UNACKNOWLEDGED"}


def test_the_page_confirms_and_says_what_is_wrong(company, signed_in) -> None:
    posted(company, draft(company, make_lot(company.entity)))
    posting = Posting.objects.get()
    address = reverse("postings:confirm", args=["north", posting.pk])
    client = signed_in(company["CONTROLLER"])
    assert "say how the ERP got it" in client.post(address, {"how": ""}, follow=True).content.decode()
    assert "confirmed, the ERP has it" in client.post(address, {"how": "Doc 4711"}, follow=True).content.decode()
    assert signed_in(company["APPROVER"]).post(address, {"how": "x"}).status_code == 403


def test_a_journal_alone_is_confirmed_too_and_then_ties(company: Company, signed_in) -> None:
    """A write-down moves no units; the ERP takes its journal, and a person may say so."""
    proposal = posted(company, write_down_draft(company, make_lot(company.entity), "1000"))
    posting = Posting.objects.get()
    assert posting.status == Posting.Status.NOT_NEEDED
    page = signed_in(company["CONTROLLER"]).get(proposal.get_absolute_url()).content.decode()
    assert "the ERP has to take the journal" in page
    posting_acknowledge(
        entity=company.entity, source_ref=posting.source_ref, user=company["CONTROLLER"], how="Document 4711"
    )
    posting.refresh_from_db()
    assert posting.status == Posting.Status.ACKNOWLEDGED
    with pytest.raises(WrongState):
        posting_acknowledge(entity=company.entity, source_ref=posting.source_ref, user=company["CONTROLLER"], how="x")
    assert [said for said in verify.complaints(verify.Tally()) if "osting" in said] == []
