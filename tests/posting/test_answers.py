"""The ERP's answer as a sheet: accepted with its number, or rejected and why."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.urls import reverse

from core.errors import StaleContent
from core.models import AuditEvent
from core.verify import Tally
from tests.conftest import Company
from tests.inventory.sheets import check, commit, upload_of
from tests.posting.stock import make_lot
from tests.proposals.documents import DAY, draft, posted, write_down_draft
from tests.proposals.test_void import void
from writeoffs.ledger.models import FiscalPeriod
from writeoffs.ledger.periods import period_checks
from writeoffs.posting.acknowledge import posting_acknowledge, postings_settle
from writeoffs.posting.batches import batch_make
from writeoffs.posting.followed import outstanding_by_lot
from writeoffs.posting.models import Posting, PostingLine
from writeoffs.posting.verifiers import acknowledgements, posting_lines, posting_states
from writeoffs.proposals import services
from writeoffs.proposals.models import Proposal

pytestmark = pytest.mark.django_db


def answer(company: Company, *rows: dict[str, Any]) -> str:
    upload = upload_of(company, "erp_answer")
    _, issues = check(upload, list(rows))
    assert not issues.kept
    return commit(upload, company["CONTROLLER"])


def complaints(company: Company, *rows: dict[str, Any]) -> list[str]:
    _, issues = check(upload_of(company, "erp_answer"), list(rows))
    return [message for *_, message in issues.kept]


def accepted(proposal: Proposal, number: str = "4900", **cells: Any) -> dict[str, Any]:
    return {"document": proposal.number, "status": "accepted", "erp_document": number, **cells}


def rejected(proposal: Proposal, message: str = "Account 5100 is blocked", **cells: Any) -> dict[str, Any]:
    return {"document": proposal.number, "status": "Rejected", "message": message, **cells}


def two_lots(company: Company) -> Proposal:
    proposal = draft(company, make_lot(company.entity, "A"), "10")
    lot = make_lot(company.entity, "B")
    services.line_add(proposal=proposal, user=company["PREPARER"], lot=lot, quantity=Decimal(5))
    return posted(company, proposal)


def is_proven() -> bool:
    tally = Tally()
    return not [*posting_states(tally), *acknowledgements(tally), *posting_lines(tally)]


def test_an_accepted_document_is_settled_with_the_erps_number(company: Company) -> None:
    proposal = posted(company, draft(company, make_lot(company.entity)))
    answer(company, accepted(proposal, amount="400"))
    posting = Posting.objects.get()
    assert (posting.status, posting.erp_document, posting.acknowledged_how) == (
        "ACKNOWLEDGED",
        "4900",
        "ERP document 4900",
    )
    assert posting.acknowledged_by == company["CONTROLLER"]
    assert PostingLine.objects.get().outstanding == 0
    assert AuditEvent.objects.filter(kind="posting.acknowledged", subject=proposal.source_ref).count() == 1


def test_a_rejected_document_stays_outstanding_and_says_why(company, signed_in) -> None:
    proposal = posted(company, draft(company, make_lot(company.entity), "10"))
    batch_make(entity=company.entity, user=company["CONTROLLER"], kind="WRITE_OFF", takes="ADJUSTMENT")
    answer(company, rejected(proposal))
    posting = Posting.objects.get()
    assert (posting.status, posting.erp_message, posting.batch) == ("REJECTED", "Account 5100 is blocked", None)
    assert list(outstanding_by_lot(company.entity.pk).values()) == [100_000]
    client = signed_in(company["CONTROLLER"])
    for address in (reverse("postings:list", args=["north"]), reverse("desk:home", args=["north"])):
        assert "Account 5100 is blocked" in client.get(address).content.decode()
    period = FiscalPeriod.objects.get(entity=company.entity, fiscal_year=2026, number=DAY.month)
    found = {one.label: one for one in period_checks(period=period)}["The ERP rejected nothing"]
    assert found.open == 1
    assert f"{proposal.number}: Account 5100 is blocked" in found.detail
    assert is_proven()


def test_what_was_rejected_is_sent_again_confirmed_or_voided(company: Company) -> None:
    proposals = [posted(company, draft(company, make_lot(company.entity, sku))) for sku in ("A", "B", "C", "D")]
    answer(company, *(rejected(one) for one in proposals))
    user = company["CONTROLLER"]
    posting_acknowledge(entity=company.entity, source_ref=proposals[0].source_ref, user=user, how="By hand, 4711")
    void(company, proposals[1], DAY)
    PostingLine.objects.filter(posting__source_ref=proposals[2].source_ref).update(outstanding=0)
    postings_settle(entity=company.entity, how="stock list")
    batch = batch_make(entity=company.entity, user=user, kind="WRITE_OFF", takes="ADJUSTMENT")
    states = dict(Posting.objects.values_list("source_ref", "status"))
    assert [states[one.source_ref] for one in proposals] == ["ACKNOWLEDGED", "VOIDED", "ACKNOWLEDGED", "UNACKNOWLEDGED"]
    assert list(batch.postings.values_list("source_ref", flat=True)) == [proposals[3].source_ref]
    answer(company, accepted(proposals[3]))
    assert Posting.objects.get(source_ref=proposals[3].source_ref).erp_message == ""
    assert is_proven()


def test_lots_are_answered_one_by_one(company: Company) -> None:
    proposal = two_lots(company)
    lot_a = {"sku": "A", "lot_code": "L1", "location": "MAIN", "quantity": "-10"}
    lot_b = {"sku": "B", "lot_code": "L1", "location": "MAIN"}
    answer(company, accepted(proposal, **lot_a), rejected(proposal, "Bin is locked", **lot_b))
    posting = Posting.objects.get()
    assert (posting.status, posting.erp_document, posting.erp_message) == ("REJECTED", "4900", "Bin is locked")
    assert list(posting.lines.order_by("pk").values_list("outstanding", flat=True)) == [0, 5]
    answer(company, accepted(proposal, "4901", **lot_b))
    posting.refresh_from_db()
    assert (posting.status, posting.acknowledged_how) == ("ACKNOWLEDGED", "ERP document 4901")
    assert is_proven()


def test_a_journal_without_units_is_answered_too(company: Company) -> None:
    first, second = (
        posted(company, write_down_draft(company, make_lot(company.entity, sku), "1")) for sku in ("A", "B")
    )
    answer(company, accepted(first), rejected(second))
    assert list(Posting.objects.order_by("pk").values_list("status", flat=True)) == ["ACKNOWLEDGED", "REJECTED"]
    assert is_proven()
    batch_make(entity=company.entity, user=company["CONTROLLER"], kind="WRITE_DOWN", takes="JOURNAL")
    assert list(Posting.objects.order_by("pk").values_list("status", flat=True)) == ["ACKNOWLEDGED", "NOT_NEEDED"]
    assert is_proven()


def test_every_row_that_cannot_be_is_complained_of(company: Company) -> None:
    proposal, done = two_lots(company), posted(company, draft(company, make_lot(company.entity, "C")))
    user = company["CONTROLLER"]
    posting_acknowledge(entity=company.entity, source_ref=done.source_ref, user=user, how="4711")
    lot = {"sku": "A", "lot_code": "L1", "location": "MAIN"}
    said = complaints(
        company,
        {"document": "WO-1999-0001", "status": "accepted"},
        accepted(done),
        {"document": proposal.number, "status": "perhaps"},
        rejected(proposal, ""),
        accepted(proposal, "", **lot),
        accepted(proposal, amount="599.99"),
        accepted(proposal, sku="NONE", lot_code="L1", location="MAIN"),
        accepted(proposal, **lot, quantity="-9"),
    )
    for place, words in enumerate(
        (
            "Row 2: nothing was posted as 'WO-1999-0001'",
            "does not wait for an answer: in the erp",
            "'perhaps' is neither",
            "rejected without a message",
            "accepted without the ERP's document number",
            "the ERP says 599.99 EUR",
            "nothing outstanding for NONE/L1/MAIN",
            "the ERP says -9 units",
        )
    ):
        assert any(words in message for message in said), (place, words, said)
    assert any("both answer" in message for message in said)
    assert Posting.objects.filter(status="REJECTED").count() == 0


def test_an_answer_to_what_was_settled_since_takes_nothing_in(company: Company) -> None:
    proposals = [posted(company, draft(company, make_lot(company.entity, sku))) for sku in ("A", "B")]
    upload = upload_of(company, "erp_answer")
    check(upload, [accepted(one) for one in proposals])
    user = company["CONTROLLER"]
    posting_acknowledge(entity=company.entity, source_ref=proposals[0].source_ref, user=user, how="4711")
    with pytest.raises(StaleContent, match="settled since it was checked"):
        commit(upload, user)
    assert Posting.objects.filter(status="UNACKNOWLEDGED").count() == 1


def test_nothing_of_another_company_is_answered(company: Company, other_company: Company) -> None:
    proposal = posted(other_company, draft(other_company, make_lot(other_company.entity)))
    assert "nothing was posted as" in complaints(company, accepted(proposal))[0]
