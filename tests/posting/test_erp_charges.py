"""Disposal cost, proceeds and taxes reach the ERP by journal where it takes the stock adjustment: each once."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.db import IntegrityError
from django.db.models import Q
from django.urls import reverse

from core.errors import KeyUsed, StaleContent, WrongState
from core.models import AuditEvent
from core.verify import Tally
from tests.conftest import Company
from tests.inventory.sheets import check, commit, upload_of
from tests.posting.stock import make_lot
from tests.posting.test_answers import accepted, answer, complaints
from tests.posting.test_erp_proof import run
from tests.posting.test_given_once import sent
from tests.proposals.documents import DAY, draft, posted
from tests.proposals.test_void import void
from writeoffs.ledger.models import FiscalPeriod, JournalEntry
from writeoffs.ledger.periods import CloseCheck, period_checks
from writeoffs.posting.batches import batch_make, batches_waiting
from writeoffs.posting.charge_proof import charges as charges_proven
from writeoffs.posting.erp_charges import charge_acknowledge, charges_waiting
from writeoffs.posting.erp_gap import not_taken, taken_early
from writeoffs.posting.erp_proof import batches, erp_states
from writeoffs.posting.models import ErpCharge, Posting
from writeoffs.proposals import services
from writeoffs.proposals.models import Proposal
from writeoffs.proposals.services import ChargeInput

pytestmark = pytest.mark.django_db


def with_charges(company: Company, sku: str = "LAMP") -> Proposal:
    """A write-off of 400 with disposal cost and scrap proceeds; the ERP takes its stock adjustment."""
    proposal = draft(company, make_lot(company.entity, sku), "10")
    for kind, amount in (("DISPOSAL_COST", "30"), ("PROCEEDS", "12")):
        services.charge_add(
            proposal=proposal, user=company["PREPARER"], charge=ChargeInput(kind, Decimal(amount), "ACCOUNT")
        )
    return posted(company, proposal)


def beside(proposal: Proposal) -> list[JournalEntry]:
    entries = JournalEntry.objects.filter(source_ref=proposal.source_ref, reverses__isnull=True)
    return list(entries.exclude(leg="WRITE_OFF").order_by("chain_sequence"))


def said(entry: JournalEntry, status: str = "accepted", **cells: str) -> dict[str, object]:
    return {"document": entry.number, "status": status, "erp_document": "7001", "message": "Account closed", **cells}


def is_proven() -> bool:
    tally = Tally()
    return not [*charges_proven(tally), *batches(tally), *erp_states(tally)]


def close_checked(company: Company) -> CloseCheck:
    period = FiscalPeriod.objects.get(entity=company.entity, starts_on__lte=DAY, ends_on__gte=DAY, number__lte=12)
    found = {one.label: one for one in period_checks(period=period)}
    return found["The ERP has what goes beside adjustments"]


def close_check(company: Company) -> int:
    return close_checked(company).open


def close_check_said(company: Company) -> str:
    return close_checked(company).detail


def test_they_go_out_in_a_journal_batch_beside_the_adjustment_and_are_answered_one_by_one(
    company: Company, signed_in
) -> None:
    proposal = with_charges(company)
    cost, proceeds = beside(proposal)
    assert [(one.kind, one.takes, one.count, one.charges) for one in batches_waiting(entity=company.entity)] == [
        ("WRITE_OFF", "ADJUSTMENT", 1, 0),
        ("WRITE_OFF", "JOURNAL", 0, 2),
    ]
    assert close_check(company) == 2
    rows = sent(company, "WRITE_OFF")
    assert [(row["document"], row["account"], row["debit"], row["credit"], row["use"]) for row in rows] == [
        (cost.number, "5310", "30", "", "import"),
        (cost.number, "2000", "", "30", "import"),
        (proceeds.number, "1200", "12", "", "import"),
        (proceeds.number, "5300", "", "12", "import"),
    ]
    assert batches_waiting(entity=company.entity)[0].takes == "ADJUSTMENT"
    assert close_check(company) == 2
    assert is_proven()
    answer(company, said(cost, amount="30"), said(proceeds, "rejected"), accepted(proposal, amount="400"))
    assert is_proven()
    assert [one.status for one in ErpCharge.objects.order_by("pk")] == ["ACCEPTED", "REJECTED"]
    assert Posting.objects.get().status == "ACKNOWLEDGED"
    assert f"Rejected: {proceeds.number}: Account closed." in close_check_said(company)
    inbox = signed_in(company["CONTROLLER"]).get(reverse("desk:home", args=["north"])).content.decode()
    assert f"Entry {proceeds.number}" in inbox
    assert "Account closed" in inbox
    # What was rejected goes again, alone.
    assert {row["document"] for row in sent(company, "WRITE_OFF")} == {proceeds.number}
    answer(company, said(proceeds))
    assert close_check(company) == 0
    assert is_proven()
    assert charges_waiting(entity=company.entity) == []


def test_an_answer_that_cannot_be_is_refused_and_one_that_came_late_takes_nothing(company: Company) -> None:
    cost, proceeds = beside(with_charges(company))
    assert "nothing was posted as" in complaints(company, said(cost))[0]
    sent(company, "WRITE_OFF")
    found = complaints(company, said(cost, amount="31", sku="LAMP"), said(proceeds), said(proceeds))
    assert [part in text for part, text in zip(("31.00", "moves no units", "both answer"), found, strict=True)]
    upload = upload_of(company, "erp_answer")
    check(upload, [said(cost), said(proceeds)])
    charge_acknowledge(entity=company.entity, entry=cost, user=company["CONTROLLER"], how="By hand, 4711")
    with pytest.raises(StaleContent, match="settled since"):
        commit(upload, company["CONTROLLER"])
    assert ErpCharge.objects.get(entry=proceeds).status == "SENT"
    assert "does not wait for an answer" in complaints(company, said(cost))[0]


def test_a_void_gives_the_mirror_of_what_was_given_and_nothing_of_what_was_not(company: Company) -> None:
    given = with_charges(company, "A")
    sent(company, "WRITE_OFF")
    held_back = with_charges(company, "B")
    for proposal in (given, held_back):
        void(company, proposal, DAY)
    mirrors = JournalEntry.objects.filter(reverses__in=beside(given))
    assert {one.entry_id for one in charges_waiting(entity=company.entity)} == {entry.pk for entry in mirrors}
    assert {row["document"] for row in sent(company, "WRITE_OFF")} == {entry.number for entry in mirrors}
    assert charges_waiting(entity=company.entity) == []
    assert is_proven()


def test_a_person_confirms_what_was_booked_by_hand(company: Company, other_company: Company, signed_in) -> None:
    proposal = with_charges(company)
    cost, proceeds = beside(proposal)
    client = signed_in(company["PREPARER"])
    page = reverse("postings:charges", args=["north"])
    assert cost.number in client.get(page).content.decode()
    address = reverse("postings:charge_confirm", args=["north", cost.pk])
    assert "say how the ERP got it" in client.post(address, {"how": " "}, follow=True).content.decode()
    assert "confirmed, the ERP has it" in client.post(address, {"how": "4711"}, follow=True).content.decode()
    assert "marked already" in client.post(address, {"how": "4711"}, follow=True).content.decode()
    assert "4711" in client.get(f"{page}?state=ACCEPTED").content.decode()
    assert [one.entry_id for one in charges_waiting(entity=company.entity)] == [proceeds.pk]
    stock = JournalEntry.objects.get(leg="WRITE_OFF")
    with pytest.raises(WrongState, match="with its posting"):
        charge_acknowledge(entity=company.entity, entry=stock, user=company["CONTROLLER"], how="4711")
    assert signed_in(company["AUDITOR"]).post(address, {"how": "x"}).status_code == 403
    foreign = signed_in(other_company["CONTROLLER"])
    assert foreign.post(reverse("postings:charge_confirm", args=["south", cost.pk])).status_code == 404
    assert is_proven()


def test_the_trial_balance_has_them_once_the_erp_confirmed_them(company: Company) -> None:
    proposal = with_charges(company)
    cost, proceeds = beside(proposal)
    sent(company, "WRITE_OFF", "ADJUSTMENT")
    answer(company, accepted(proposal))
    charge_acknowledge(entity=company.entity, entry=cost, user=company["CONTROLLER"], how="4711")
    moment = ErpCharge.objects.get().answered_at
    missing = not_taken(entity=company.entity, received_at=moment, lines=Q())
    assert {piece.number for piece in missing} == {proceeds.number}
    period = FiscalPeriod.objects.filter(entity=company.entity, ends_on__lt=DAY, number__lte=12).latest("ends_on")
    early = taken_early(entity=company.entity, as_of=moment, period=period)
    stock = JournalEntry.objects.get(leg="WRITE_OFF")
    assert {piece.number for piece in early} == {stock.number, cost.number}


def test_making_a_batch_counts_once_for_one_key(company: Company, signed_in) -> None:
    with_charges(company)
    client, address = signed_in(company["CONTROLLER"]), reverse("postings:batch_new", args=["north"])
    asked = {"kind": "WRITE_OFF", "takes": "ADJUSTMENT", "step_key": "0b9f3a52-key"}
    for _ in range(2):
        assert "Batch ERP-000001 holds 1 postings" in client.post(address, asked, follow=True).content.decode()
    assert AuditEvent.objects.filter(kind="erp.batch_made").count() == 1
    with pytest.raises(KeyUsed):
        batch_make(
            entity=company.entity, user=company["CONTROLLER"], kind="WRITE_OFF", takes="JOURNAL", key="0b9f3a52-key"
        )
    assert (
        "2 entries beside stock adjustments"
        in client.post(address, {"kind": "WRITE_OFF", "takes": "JOURNAL"}, follow=True).content.decode()
    )


REFUSED = {
    "another entry": ("update posting_erpcharge set entry_id = entry_id + 1", "keeps what it is"),
    "deleted": ("delete from posting_erpcharge", "is never deleted"),
    "an answer taken back": ("update posting_erpcharge set erp_message = 'x' where status = 'REJECTED'", "stays"),
    "given twice": (
        "insert into posting_erpcharge (entity_id, entry_id, batch_id, status, erp_document, erp_message) "
        "select entity_id, entry_id, batch_id, status, '', '' from posting_erpcharge where status = 'SENT'",
        "(?i)unique",
    ),
}


@pytest.mark.database
@pytest.mark.parametrize("change", REFUSED)
def test_the_database_refuses_it(company: Company, change: str) -> None:
    cost, _ = beside(with_charges(company))
    sent(company, "WRITE_OFF")
    answer(company, said(cost, "rejected"))
    statement, message = REFUSED[change]
    with pytest.raises(IntegrityError, match=message):
        run(statement)


@pytest.mark.database
def test_verify_names_an_answer_that_nobody_gave(company: Company) -> None:
    cost, _ = beside(with_charges(company))
    sent(company, "WRITE_OFF")
    run(f"update posting_erpcharge set status = 'ACCEPTED', answered_at = '2026-03-31' where entry_id = {cost.pk}")
    assert [cost.number in told for told in charges_proven(Tally())] == [True]
