"""A void by line undoes exactly the lines chosen; a line is voided once; the last void takes the rest to the cent."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import Sum
from django.test import Client
from django.urls import reverse

from core import verify
from core.errors import BadInput, DomainError, NotAllowed, SegregationOfDuties, WrongState
from core.models import Category, ChangeRequest, User
from core.words import Reason, Role
from inventory.models import Movement, QuarantineEntry
from tests.conftest import Company
from tests.posting.stock import make_lot
from tests.proposals.documents import DAY, draft, header, posted
from tests.proposals.test_duties import give
from tests.reports.books import opened
from writeoffs.ledger.models import JournalEntry, JournalLine
from writeoffs.posting.acknowledge import posting_acknowledge
from writeoffs.posting.models import Posting
from writeoffs.proposals import services
from writeoffs.proposals.models import Kind, Proposal, Status, Void, VoidedLine
from writeoffs.proposals.numbers import numbers_read, said

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]


def three_lots(company: Company, **fields: object) -> Proposal:
    """10 units of each of three lots at 40, 3.33 and 2.50; the second carries an allowance."""
    lots = [
        make_lot(company.entity, "LAMP", "100", "40"),
        make_lot(company.entity, "CUP", "70", "3.33", allowance="20"),
        make_lot(company.entity, "BOWL", "30", "2.50", category="Other"),
    ]
    opened(company, *lots)
    proposal = services.proposal_create(entity=company.entity, user=company["PREPARER"], header=header(**fields))
    for lot in lots:
        proposal = services.line_add(proposal=proposal, user=company["PREPARER"], lot=lot, quantity=Decimal(10))
    return posted(company, proposal)


def void(company: Company, proposal: Proposal, *lines: int, on: dt.date = DAY) -> Proposal:
    change = services.void_request(
        proposal=proposal,
        user=company["PREPARER"],
        reason="Counted again",
        posted_on=on,
        lines=lines or None,
    )
    services.void_decide(change=change, user=company["APPROVER"], approve=True)
    proposal.refresh_from_db()
    return proposal


def complaints() -> list[str]:
    return list(verify.complaints(Counter()))


@pytest.mark.database
def test_a_line_is_voided_alone_and_the_document_stays_posted(company: Company) -> None:
    proposal = void(company, three_lots(company), 2)
    assert proposal.status == Status.POSTED
    mirror = JournalEntry.objects.get(leg="VOID")
    assert mirror.reverses is not None
    assert (mirror.reverses.leg, mirror.description) == (
        "WRITE_OFF",
        f"Part void of entry {mirror.reverses}: Counted again",
    )
    cup = proposal.lines.get(line_number=2)
    assert {line.role: line.amount for line in mirror.lines.all()} == {
        "INVENTORY": -cup.cost,
        "INVENTORY_ALLOWANCE": cup.allowance,
        "WRITE_DOWN_EXPENSE": -cup.loss,
    }
    assert list(Movement.objects.filter(kind="VOID").values_list("lot", flat=True)) == [cup.lot_id]
    standing = QuarantineEntry.objects.filter(status="STANDING").values_list("lot__item__sku", flat=True)
    assert sorted(standing) == ["BOWL", "LAMP"]
    outstanding = Posting.objects.get().lines.values_list("lot__item__sku", "outstanding")
    assert dict(outstanding) == {"LAMP": 10, "CUP": 0, "BOWL": 10}
    assert complaints() == []


@pytest.mark.database
def test_part_after_part_the_mirrors_add_up_to_the_entry_to_the_cent(company: Company) -> None:
    proposal = three_lots(company)
    void(company, proposal, 3)
    void(company, proposal, 1)
    assert proposal.status == Status.POSTED
    void(company, proposal)
    assert proposal.status == Status.VOIDED
    lines = JournalLine.objects.filter(entry__source_ref=proposal.source_ref)
    assert {row["amount__sum"] for row in lines.values("role", "category").annotate(Sum("amount"))} == {0}
    sums = Movement.objects.filter(source_ref=proposal.source_ref).values("lot")
    assert {row["quantity__sum"] for row in sums.annotate(Sum("quantity"))} == {0}
    documents = JournalEntry.objects.filter(leg="VOID").values_list("document", flat=True)
    assert len(set(documents)) == 3
    assert [str(v) for v in Void.objects.all()] == [f"void {n} of {proposal}" for n in (1, 2, 3)]
    assert complaints() == []


def test_a_line_is_voided_once_and_the_refusal_names_the_void_that_did_it(company: Company) -> None:
    proposal = void(company, three_lots(company), 1, 2)
    with pytest.raises(WrongState, match=r"Line 2 of WO-\S+ was voided on 2026-03-16 already, by void 1, entry 2026-0"):
        void(company, proposal, 2, 3)
    assert not ChangeRequest.objects.filter(status="OPEN").exists()


def test_a_line_voided_between_request_and_decision_is_refused_at_the_decision(company: Company) -> None:
    proposal = three_lots(company)
    change = services.void_request(
        proposal=proposal, user=company["PREPARER"], reason="Wrong", posted_on=DAY, lines=[1, 2]
    )
    VoidedLine.objects.create(
        void=Void.objects.create(
            proposal=proposal,
            number=1,
            posted_on=DAY,
            reason="Elsewhere",
            asked_by=company["PREPARER"],
            decided_by=company["APPROVER"],
        ),
        line=proposal.lines.get(line_number=2),
    )
    with pytest.raises(WrongState, match="Line 2 of"):
        services.void_decide(change=change, user=company["APPROVER"], approve=True)
    change.refresh_from_db()
    assert change.status == "OPEN"
    assert not Movement.objects.filter(kind="VOID").exists()


@pytest.mark.parametrize(("lines", "words"), [((), "choose the lines"), ((4, 9), "has no lines 4, 9")])
def test_lines_that_are_not_there_are_refused(company: Company, lines: tuple[int, ...], words: str) -> None:
    proposal = three_lots(company)
    with pytest.raises(BadInput, match=words):
        services.void_request(
            proposal=proposal, user=company["PREPARER"], reason="Wrong", posted_on=DAY, lines=list(lines)
        )


def test_a_line_whose_units_are_gone_is_refused_and_the_others_are_not(company: Company) -> None:
    proposal = three_lots(company, kind=Kind.COUNT_ADJUSTMENT, reason=Reason.COUNT_DIFFERENCE)
    lamp = proposal.lines.get(line_number=1).lot
    taken = services.proposal_create(entity=company.entity, user=company["PREPARER"], header=header())
    posted(company, services.line_add(proposal=taken, user=company["PREPARER"], lot=lamp, quantity=Decimal(105)))
    with pytest.raises(DomainError, match="LAMP / L1 at MAIN holds 5; voiding takes 10 back out"):
        void(company, proposal, 1)
    services.void_decide(change=ChangeRequest.objects.get(status="OPEN"), user=company["APPROVER"], approve=False)
    assert void(company, proposal, 2, 3).status == Status.POSTED


def test_a_voided_line_that_the_erp_had_followed_is_followed_back(company: Company) -> None:
    proposal = three_lots(company)
    posting_acknowledge(entity=company.entity, source_ref=proposal.source_ref, user=company["PREPARER"], how="ERP 1")
    void(company, proposal, 1)
    posting = Posting.objects.get()
    assert posting.status == Posting.Status.UNACKNOWLEDGED
    assert dict(posting.lines.values_list("lot__item__sku", "outstanding")) == {"LAMP": -10, "CUP": 0, "BOWL": 0}
    assert complaints() == []


def test_whoever_could_not_approve_the_original_does_not_decide_its_void(company: Company) -> None:
    proposal = three_lots(company)
    change = services.void_request(
        proposal=proposal, user=company["CONTROLLER"], reason="Wrong", posted_on=DAY, lines=[1]
    )
    give(company, company["AUDITOR"], Role.CONTROLLER)
    with pytest.raises(NotAllowed, match="is voided by an approver"):
        services.void_decide(change=change, user=company["AUDITOR"], approve=True)
    give(company, company["PREPARER"], Role.APPROVER)
    with pytest.raises(SegregationOfDuties, match="You prepared"):
        services.void_decide(change=change, user=company["PREPARER"], approve=True)
    services.void_decide(change=change, user=company["APPROVER"], approve=True)


def test_a_lot_that_changed_its_category_since_is_voided_only_with_the_rest(company: Company) -> None:
    proposal = three_lots(company)
    item = proposal.lines.get(line_number=1).lot.item
    before = item.category
    item.category = Category.objects.get(entity=company.entity, name="Other")
    item.save()
    with pytest.raises(WrongState, match="another location or category than when it was posted"):
        void(company, proposal, 1)
    services.void_decide(change=ChangeRequest.objects.get(status="OPEN"), user=company["APPROVER"], approve=False)
    assert void(company, proposal).status == Status.VOIDED
    # The class of an item with movements never changes by the product; by hand it did, which is told of every month.
    assert any("Goods at MAIN" in told for told in complaints())
    item.category = before
    item.save()
    assert complaints() == []


def test_what_stands_under_another_lots_category_by_now_is_not_taken_from_there(company: Company) -> None:
    proposal = three_lots(company)
    item = proposal.lines.get(line_number=3).lot.item
    item.category = proposal.lines.get(line_number=1).lot.item.category
    item.save()
    with pytest.raises(WrongState, match="another location or category"):
        void(company, proposal, 3)
    assert not JournalEntry.objects.filter(leg="VOID").exists()


@pytest.mark.database
@pytest.mark.parametrize("table", ["proposals_void", "proposals_voidedline"])
@pytest.mark.parametrize("change", ["update {0} set id = id + 100", "delete from {0}"])
def test_what_was_voided_is_never_changed_or_deleted(company: Company, table: str, change: str) -> None:
    void(company, three_lots(company), 1)
    with pytest.raises(IntegrityError, match="corrected by a new one"), transaction.atomic():
        connection.cursor().execute(change.format(table))


def test_the_page_offers_the_lines_that_stand_and_takes_ticks_and_numbers(company: Company, signed_in: SignIn) -> None:
    proposal = void(company, three_lots(company), 2)
    client = signed_in(company["PREPARER"])
    address = reverse("proposals:void", args=["north", proposal.number])
    page = client.get(address).content.decode()
    assert "2 lines stand: 425.00 EUR gross" in page
    assert 'value="3" data-select-row' in page
    assert 'value="2" data-select-row' not in page
    asked = {"posted_on": DAY.isoformat(), "reason": "Wrong", "scope": "all", "line": ["1"]}
    assert "Choose one of the two" in client.post(address, asked).content.decode()
    bad = client.post(address, {**asked, "scope": "some", "numbers": "3-1"})
    assert bad.status_code == 400
    assert "no range of line numbers" in bad.content.decode()
    client.post(address, {**asked, "scope": "some", "numbers": "3"})
    assert ChangeRequest.objects.get(status="OPEN").details["lines"] == [1, 3]


def test_both_pages_show_the_links(company: Company, signed_in: SignIn) -> None:
    proposal = void(company, three_lots(company), 2)
    client = signed_in(company["AUDITOR"])
    page = client.get(proposal.get_absolute_url()).content.decode()
    mirror = JournalEntry.objects.get(leg="VOID")
    assert "Partly voided" in page
    assert f'href="{mirror.get_absolute_url()}"' in page
    assert "Voided, void 1" in page
    assert "line 2" in page
    assert mirror.reverses is not None
    original = client.get(mirror.reverses.get_absolute_url()).content.decode()
    assert "33.30 EUR of 458.30 reversed" in original
    assert f">entry {mirror.number}</a>" in original
    assert "Reverses 33.30 of the 458.30" in client.get(mirror.get_absolute_url()).content.decode()


@pytest.mark.parametrize(("text", "numbers"), [("1, 3-5 9", {1, 3, 4, 5, 9}), ("", set()), ("2 – 3", {2, 3})])
def test_line_numbers_are_read_as_people_write_them(text: str, numbers: set[int]) -> None:
    assert numbers_read(text) == numbers


@pytest.mark.parametrize("text", ["one", "3-1", "0", "1--2", "99999999", "1-9999999", "²"])
def test_what_is_no_line_number_is_refused(text: str) -> None:
    with pytest.raises(BadInput):
        numbers_read(text)


def test_no_range_is_unfolded_further_than_the_document_has_lines() -> None:
    assert numbers_read("2-999999, 400000-500000", last=3) == {2, 3, 4, 400000}


def test_a_void_that_does_not_say_what_is_meant_is_asked_and_not_taken_for_all(company, signed_in) -> None:
    proposal = posted(company, draft(company, make_lot(company.entity)))
    address = f"/e/north/proposals/{proposal.number}/void/"
    asked = {"posted_on": DAY.isoformat(), "reason": "Posted by mistake"}
    refused = signed_in(company["PREPARER"]).post(address, asked)
    assert refused.status_code == 400
    assert "Say whether all lines that stand are voided" in refused.content.decode()
    assert not ChangeRequest.objects.exists()


def test_numbers_are_said_in_runs() -> None:
    assert said([3]) == "line 3"
    assert said([1, 3, 4, 5]) == "lines 1, 3-5"
    assert said(range(1, 30, 2)) == "lines 1, 3, 5, 7 and 11 more"
