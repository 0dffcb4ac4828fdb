"""Nothing goes to the ERP twice, and nothing never: journals voided after they were given, lots rejected alone."""

from __future__ import annotations

import csv
import io
from decimal import Decimal

import pytest

from core.verify import Tally
from inventory.models import Lot
from tests.conftest import Company
from tests.posting.stock import make_lot
from tests.posting.test_answers import accepted, answer, is_proven, rejected, two_lots
from tests.proposals.documents import DAY, draft, posted, write_down_draft
from tests.proposals.test_void import void
from writeoffs.ledger.models import JournalEntry
from writeoffs.posting.acknowledge import posting_acknowledge
from writeoffs.posting.batches import batch_hand_out, batch_make, batches_waiting
from writeoffs.posting.erp_proof import erp_states
from writeoffs.posting.followed import lines_follow, outstanding_by_lot
from writeoffs.posting.models import ErpFeed, Posting
from writeoffs.posting.verifiers import lines_in_flight, posting_lines, posting_states
from writeoffs.proposals import services
from writeoffs.proposals.models import Proposal

pytestmark = pytest.mark.django_db


def sent(company: Company, kind: str, takes: str = "JOURNAL") -> list[dict[str, str]]:
    """The rows of the next batch, as they are handed out."""
    batch = batch_make(entity=company.entity, user=company["CONTROLLER"], kind=kind, takes=takes)
    text = batch_hand_out(batch=batch, user=company["CONTROLLER"]).content.decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))


def entries(rows: list[dict[str, str]]) -> list[str]:
    assert {row["use"] for row in rows} == {"import"}
    return sorted({row["entry"] for row in rows})


def numbers(proposal: Proposal, *, mirrors: bool) -> list[str]:
    found = JournalEntry.objects.filter(source_ref=proposal.source_ref, reverses__isnull=not mirrors)
    return sorted(entry.number for entry in found)


def by_journal(company: Company) -> None:
    ErpFeed.objects.create(entity=company.entity, kind="WRITE_OFF", takes="JOURNAL")


@pytest.mark.parametrize("is_answered", [True, False])
def test_the_void_of_a_journal_that_was_given_goes_to_the_erp_alone(company: Company, is_answered: bool) -> None:
    proposal = posted(company, write_down_draft(company, make_lot(company.entity), "1"))
    assert entries(sent(company, "WRITE_DOWN")) == numbers(proposal, mirrors=False)
    if is_answered:
        answer(company, accepted(proposal))
    void(company, proposal, DAY)
    assert is_proven()
    assert [(one.kind, one.count) for one in batches_waiting(entity=company.entity)] == [("WRITE_DOWN", 1)]
    assert entries(sent(company, "WRITE_DOWN")) == numbers(proposal, mirrors=True)
    assert batches_waiting(entity=company.entity) == []
    answer(company, rejected(proposal))
    assert is_proven()
    assert entries(sent(company, "WRITE_DOWN")) == numbers(proposal, mirrors=True)
    answer(company, accepted(proposal, "4901"))
    assert Posting.objects.get().status == "ACKNOWLEDGED"
    assert is_proven()


def test_a_journal_that_was_never_given_is_not_given_once_it_is_voided(company: Company) -> None:
    proposal = posted(company, write_down_draft(company, make_lot(company.entity), "1"))
    void(company, proposal, DAY)
    assert (Posting.objects.get().status, batches_waiting(entity=company.entity)) == ("VOIDED", [])
    assert is_proven()


@pytest.mark.parametrize("is_answered", [True, False])
def test_units_whose_journal_the_erp_takes_are_given_back_by_the_mirror_alone(
    company: Company, is_answered: bool
) -> None:
    by_journal(company)
    proposal = posted(company, draft(company, make_lot(company.entity)))
    assert entries(sent(company, "WRITE_OFF")) == numbers(proposal, mirrors=False)
    if is_answered:
        posting_acknowledge(
            entity=company.entity, source_ref=proposal.source_ref, user=company["CONTROLLER"], how="4711"
        )
    void(company, proposal, DAY)
    assert entries(sent(company, "WRITE_OFF")) == numbers(proposal, mirrors=True)
    assert not list(posting_states(Tally()))


def test_each_part_that_is_voided_is_given_once(company: Company) -> None:
    by_journal(company)
    proposal = two_lots(company)
    given = [entries(sent(company, "WRITE_OFF"))]
    for line in (1, 2):
        change = services.void_request(
            proposal=proposal, user=company["PREPARER"], reason="Wrong", posted_on=DAY, lines=[line]
        )
        services.void_decide(change=change, user=company["APPROVER"], approve=True)
        given.append(entries(sent(company, "WRITE_OFF")))
        assert not list(posting_states(Tally()))
    everything = [number for part in given for number in part]
    assert sorted(everything) == sorted({entry.number for entry in JournalEntry.objects.all()})
    assert len(everything) == 3


def test_of_what_was_rejected_in_part_the_rest_alone_is_sent_again(company: Company) -> None:
    proposal = two_lots(company)
    first = sent(company, "WRITE_OFF", "ADJUSTMENT")
    assert [(row["sku"], row["quantity"]) for row in first] == [("A", "-10"), ("B", "-5")]
    lots = [{"sku": sku, "lot_code": "L1", "location": "MAIN"} for sku in ("A", "B")]
    answer(company, accepted(proposal, **lots[0]), rejected(proposal, "Bin is locked", **lots[1]))
    again = sent(company, "WRITE_OFF", "ADJUSTMENT")
    assert [(row["sku"], Decimal(row["quantity"])) for row in again] == [("B", Decimal(-5))]


def part_void(company: Company, proposal: Proposal, line: int) -> None:
    change = services.void_request(
        proposal=proposal, user=company["PREPARER"], reason="Wrong", posted_on=DAY, lines=[line]
    )
    services.void_decide(change=change, user=company["APPROVER"], approve=True)


def is_sound() -> bool:
    tally = Tally()
    return not [*posting_states(tally), *posting_lines(tally), *lines_in_flight(tally), *erp_states(tally)]


def way(rows: list[dict[str, str]]) -> list[tuple[str, str]]:
    return [(row["sku"], row["quantity"]) for row in rows]


@pytest.mark.database
@pytest.mark.parametrize("answered", ["accepted", "rejected", "confirmed"])
def test_a_line_voided_while_its_adjustment_waits_for_an_answer_goes_back_once_the_erp_has_it(
    company: Company, answered: str
) -> None:
    proposal = two_lots(company)
    assert way(sent(company, "WRITE_OFF", "ADJUSTMENT")) == [("A", "-10"), ("B", "-5")]
    part_void(company, proposal, 1)
    # Nothing of it is sent again, B least of all; what goes back of A waits for the answer.
    assert batches_waiting(entity=company.entity) == []
    assert is_sound()
    if answered == "accepted":
        answer(company, accepted(proposal))
    elif answered == "rejected":
        answer(company, rejected(proposal))
    else:
        posting_acknowledge(
            entity=company.entity, source_ref=proposal.source_ref, user=company["CONTROLLER"], how="4711"
        )
    assert is_sound()
    again = [("B", "-5")] if answered == "rejected" else [("A", "10")]
    assert way(sent(company, "WRITE_OFF", "ADJUSTMENT")) == again
    answer(company, accepted(proposal, "4901"))
    assert Posting.objects.get().status == "ACKNOWLEDGED"
    assert batches_waiting(entity=company.entity) == []
    assert is_sound()


@pytest.mark.parametrize("takes_it", [True, False])
def test_a_void_of_an_adjustment_without_an_answer_is_undone_there_only_where_the_erp_did_it(
    company: Company, takes_it: bool
) -> None:
    proposal = two_lots(company)
    sent(company, "WRITE_OFF", "ADJUSTMENT")
    void(company, proposal, DAY)
    assert batches_waiting(entity=company.entity) == []
    assert Posting.objects.get().status == "UNACKNOWLEDGED"
    answer(company, accepted(proposal) if takes_it else rejected(proposal))
    assert is_sound()
    if takes_it:
        assert way(sent(company, "WRITE_OFF", "ADJUSTMENT")) == [("A", "10"), ("B", "5")]
        answer(company, accepted(proposal, "4901"))
    assert batches_waiting(entity=company.entity) == []
    assert is_sound()


def test_lots_answered_one_by_one_and_a_list_leave_the_way_back_to_the_next_batch(company: Company) -> None:
    proposal = two_lots(company)
    sent(company, "WRITE_OFF", "ADJUSTMENT")
    lots = [{"sku": sku, "lot_code": "L1", "location": "MAIN"} for sku in ("A", "B")]
    answer(company, accepted(proposal, **lots[0]))
    part_void(company, proposal, 1)
    assert batches_waiting(entity=company.entity) == []
    seen = outstanding_by_lot(company.entity.pk)
    lot = Lot.objects.get(item__sku="B").pk
    # A newer list shows three of the five gone, then the rest.
    for units in (30_000, 20_000):
        seen = outstanding_by_lot(company.entity.pk)
        assert lines_follow(entity=company.entity, seen=seen, followed={lot: (units, seen[lot] - units)})
        assert is_sound()
    assert way(sent(company, "WRITE_OFF", "ADJUSTMENT")) == [("A", "10")]
