"""Batches of files for the ERP: each posting goes out once, and a file that is taken twice says so."""

from __future__ import annotations

import csv
import hashlib
import io

import pytest
from django.urls import reverse

from core.errors import NotAllowed, WrongState
from core.models import AuditEvent
from tests.conftest import Company
from tests.posting.stock import make_lot
from tests.proposals.documents import draft, posted, write_down_draft
from writeoffs.posting.batches import batch_make, batches_waiting
from writeoffs.posting.models import ErpBatch, Posting

pytestmark = pytest.mark.django_db


def rows(response) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(response.content.decode("utf-8-sig"))))


def make(company: Company, kind: str = "WRITE_OFF", takes: str = "ADJUSTMENT") -> ErpBatch:
    return batch_make(entity=company.entity, user=company["CONTROLLER"], kind=kind, takes=takes)


def test_a_batch_holds_all_that_waits_of_a_kind_and_nothing_twice(company: Company) -> None:
    for sku in ("A", "B"):
        posted(company, draft(company, make_lot(company.entity, sku), "2.5"))
    posted(company, write_down_draft(company, make_lot(company.entity, "C"), "1"))
    assert [(one.kind, one.takes, one.count) for one in batches_waiting(entity=company.entity)] == [
        ("WRITE_DOWN", "JOURNAL", 1),
        ("WRITE_OFF", "ADJUSTMENT", 2),
    ]
    first = make(company)
    assert (first.number, first.posting_count) == ("ERP-000001", 2)
    with pytest.raises(WrongState, match="taken again"):
        make(company)
    posted(company, draft(company, make_lot(company.entity, "D")))
    assert (make(company).number, make(company, "WRITE_DOWN", "JOURNAL").number) == ("ERP-000002", "ERP-000003")
    assert batches_waiting(entity=company.entity) == []
    with pytest.raises(NotAllowed):
        batch_make(entity=company.entity, user=company["AUDITOR"], kind="WRITE_OFF", takes="ADJUSTMENT")


def test_a_second_download_is_a_repeat_and_each_is_told_with_its_digest(company, signed_in) -> None:
    proposal = posted(company, draft(company, make_lot(company.entity), "2.5"))
    batch = make(company)
    address = reverse("postings:batch_file", args=["north", batch.pk])
    client = signed_in(company["CONTROLLER"])
    first, second = client.get(address), client.get(address)
    assert 'filename="ERP-000001-stock-adjustment.csv"' in first["Content-Disposition"]
    assert 'filename="ERP-000001-stock-adjustment-repeat-2.csv"' in second["Content-Disposition"]
    ([one], [two]) = rows(first), rows(second)
    assert (one["sku"], one["quantity"], one["document"]) == ("LAMP", "-2.5", proposal.number)
    assert (one["use"], one["batch"], one["copy"]) == ("import", "ERP-000001", "1")
    assert two == {**one, "copy": "2 (repeat)"}
    told = AuditEvent.objects.filter(kind="erp.file_taken").order_by("sequence")
    assert [event.data["sha256"] for event in told] == [
        hashlib.sha256(response.content).hexdigest() for response in (first, second)
    ]
    # The single file of a posting that went out in a batch is a repeat too.
    single = client.get(reverse("postings:adjustment", args=["north", Posting.objects.get().pk]))
    assert "repeat-3" in single["Content-Disposition"]
    assert rows(single)[0]["batch"] == "ERP-000001"


def test_who_only_reads_gets_a_listing_that_counts_as_no_copy(company, signed_in) -> None:
    posted(company, draft(company, make_lot(company.entity)))
    address = reverse("postings:batch_file", args=["north", make(company).pk])
    listing = signed_in(company["AUDITOR"]).get(address)
    assert "stock-adjustment-for-information.csv" in listing["Content-Disposition"]
    assert {(row["use"], row["copy"]) for row in rows(listing)} == {("for information, not to be imported", "")}
    first = signed_in(company["PREPARER"]).get(address)
    assert 'filename="ERP-000001-stock-adjustment.csv"' in first["Content-Disposition"]
    assert AuditEvent.objects.filter(kind="erp.file_taken").count() == 2


def test_the_page_makes_batches_for_those_who_may(company, other_company, signed_in) -> None:
    posted(company, draft(company, make_lot(company.entity)))
    address = reverse("postings:batch_new", args=["north"])
    asked = {"kind": "WRITE_OFF", "takes": "ADJUSTMENT"}
    assert signed_in(company["AUDITOR"]).post(address, asked).status_code == 403
    client = signed_in(company["PREPARER"])
    assert "Batch ERP-000001 holds 1 postings" in client.post(address, asked, follow=True).content.decode()
    assert "wait for the ERP" in client.post(address, asked, follow=True).content.decode()
    assert "no kind of posting" in client.post(address, {"kind": "x"}, follow=True).content.decode()
    batch = ErpBatch.objects.get()
    foreign = signed_in(other_company["CONTROLLER"])
    assert foreign.get(reverse("postings:batch_file", args=["south", batch.pk])).status_code == 404
    assert foreign.get(reverse("postings:batches", args=["south"])).status_code == 200
