"""Insurance claims: what may be recognised follows framework and insurer, and is booked by documents."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, connection, transaction
from django.test import Client

from core import guards
from core.errors import BadInput, NotAllowed, StaleContent, WrongState
from core.models import User
from core.verify import Tally
from tests.conftest import Company, make_company
from tests.posting.stock import make_lot
from tests.proposals.documents import DAY, draft, header, posted
from tests.proposals.test_charges import add
from tests.proposals.test_entry_only import complaints
from writeoffs.ledger.models import JournalLine
from writeoffs.proposals import claim_proofs, services
from writeoffs.proposals.claims import claim_behind, standing_of
from writeoffs.proposals.models import Claim, ClaimStep, Kind, Proposal
from writeoffs.proposals.services import ChargeInput, StepInput
from writeoffs.valuation.rules.claims import recognised

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]


def fire(company: Company) -> Proposal:
    """A posted loss of 25,000."""
    lot = make_lot(company.entity, quantity="1000", unit_cost="25")
    return posted(company, draft(company, lot, "1000", reason="FIRE"))


def step(status: str, claimed: str = "28000", settled: str = "0", on: dt.date = DAY) -> StepInput:
    return StepInput(status, on, Decimal(claimed), f"Letter of the insurer: {status}", Decimal(settled))


def filed(company: Company, status: str = "FILED", loss: Proposal | None = None) -> tuple[Claim, Proposal | None]:
    return services.claim_open(
        proposal=loss or fire(company), user=company["PREPARER"], insurer="Nordic Re", step=step(status)
    )


def balances(*codes: str) -> list[Decimal]:
    lines = JournalLine.objects.filter(account__code__in=codes)
    return [sum((line.amount for line in lines.filter(account__code=code)), Decimal(0)) for code in codes]


@pytest.mark.parametrize(
    ("framework", "status", "settled", "amount", "unrecognised"),
    [
        ("IFRS", "FILED", "0", "0", "28000"),
        ("IFRS", "PROBABLE", "0", "0", "28000"),
        ("IFRS", "CERTAIN", "0", "28000", "0"),
        ("IFRS", "SETTLED", "27000", "27000", "0"),
        ("IFRS", "DENIED", "0", "0", "0"),
        ("US_GAAP", "FILED", "0", "0", "28000"),
        ("US_GAAP", "PROBABLE", "0", "25000", "3000"),
        ("US_GAAP", "CERTAIN", "0", "25000", "3000"),
        ("US_GAAP", "SETTLED", "28000", "28000", "0"),
        ("US_GAAP", "DENIED", "0", "0", "0"),
    ],
)
def test_what_may_be_recognised(framework: str, status: str, settled: str, amount: str, unrecognised: str) -> None:
    rule = recognised(
        framework=framework,
        status=status,
        claimed=Decimal(28000),
        loss=Decimal(25000),
        settled=Decimal(settled),
    )
    assert (rule.amount, rule.unrecognised) == (Decimal(amount), Decimal(unrecognised))


def test_under_ifrs_the_whole_claim_is_booked_when_virtually_certain_and_a_denial_writes_it_back(
    company: Company,
) -> None:
    claim, nothing = filed(company)
    assert nothing is None
    assert claim.number.startswith("IC-")
    claim, nothing = services.claim_step(claim=claim, user=company["PREPARER"], step=step("PROBABLE"))
    assert nothing is None
    claim, document = services.claim_step(claim=claim, user=company["PREPARER"], step=step("CERTAIN"))
    assert document is not None
    assert (document.kind, document.reason, document.gross_loss) == ("CLAIM", "FIRE", 28000)
    assert standing_of(claim).waiting == 28000
    posted(company, document)
    assert balances("6500", "1250", "6510") == [25000, 28000, -28000]
    assert standing_of(claim).is_due is False
    claim, back = services.claim_step(claim=claim, user=company["PREPARER"], step=step("DENIED"))
    assert back is not None
    posted(company, back)
    assert balances("1250", "6510") == [0, 0]
    assert [*complaints(), *claim_proofs.claims(Tally())] == [one for one in complaints() if "upload:0" in one]


def test_under_us_gaap_a_probable_claim_is_booked_up_to_the_loss_and_the_rest_when_it_is_paid() -> None:
    company = make_company("gaap", framework="US_GAAP")
    claim, document = filed(company, "PROBABLE")
    assert document is not None
    posted(company, document)
    assert balances("1250", "6510") == [25000, -25000]
    assert standing_of(claim).rule.unrecognised == 3000
    claim, paid = services.claim_step(claim=claim, user=company["PREPARER"], step=step("SETTLED", settled="28000"))
    assert paid is not None
    posted(company, paid)
    assert balances("1000", "1250", "6510") == [28000, 0, -28000]
    assert standing_of(claim).receivable == 0
    with pytest.raises(WrongState, match="is settled; nothing follows"):
        services.claim_step(claim=claim, user=company["PREPARER"], step=step("DENIED"))


def test_what_is_paid_short_writes_the_rest_back(company: Company) -> None:
    claim, document = filed(company, "CERTAIN")
    assert document is not None
    posted(company, document)
    _, paid = services.claim_step(claim=claim, user=company["PREPARER"], step=step("SETTLED", settled="20000.50"))
    assert paid is not None
    posted(company, paid)
    assert balances("1000", "1250", "6510") == [Decimal("20000.50"), 0, Decimal("-20000.50")]


def test_a_charge_on_the_loss_itself_counts_as_booked(company: Company) -> None:
    lot = make_lot(company.entity, quantity="1000", unit_cost="25")
    proposal = add(company, draft(company, lot, "1000", reason="FIRE"), "INSURANCE", "28000", "", "CERTAIN")
    claim, nothing = filed(company, "CERTAIN", posted(company, proposal))
    assert nothing is None
    assert standing_of(claim).booked == 28000
    _, back = services.claim_step(claim=claim, user=company["PREPARER"], step=step("FILED"))
    assert back is not None
    assert back.charges.get().kind == "INSURANCE_DENIED"


def test_a_document_that_the_claim_has_left_behind_is_not_submitted_and_a_rejected_one_is_prepared_again(
    company: Company,
) -> None:
    claim, document = filed(company, "CERTAIN")
    assert document is not None
    services.claim_step(claim=claim, user=company["PREPARER"], step=step("CERTAIN", claimed="30000"))
    assert [one.gross_loss for one in Proposal.objects.filter(kind="CLAIM").order_by("pk")] == [28000, 2000]
    services.proposal_discard(proposal=document, user=company["PREPARER"])
    second = Proposal.objects.get(kind="CLAIM", status="DRAFT")
    with pytest.raises(BadInput, match=r"books 2,000\.00 EUR of claim .* has 30,000\.00 due by now"):
        services.proposal_submit(proposal=second, user=company["PREPARER"])
    services.proposal_discard(proposal=second, user=company["PREPARER"])
    again = services.claim_book(claim=claim, user=company["PREPARER"])
    assert again.gross_loss == 30000
    assert claim_behind(again) == claim
    posted(company, again)
    with pytest.raises(WrongState, match="nothing is due"):
        services.claim_book(claim=claim, user=company["PREPARER"])


def test_a_claims_document_without_a_claim_is_not_submitted(company: Company) -> None:
    proposal = services.proposal_create_of_charges(
        entity=company.entity,
        user=company["PREPARER"],
        header=header(kind=Kind.CLAIM, reason="FIRE"),
        charges=[ChargeInput("INSURANCE", Decimal(5), certainty="CERTAIN")],
    )
    with pytest.raises(BadInput, match="books no claim"):
        services.proposal_submit(proposal=proposal, user=company["PREPARER"])


def test_steps_that_cannot_be_are_refused_and_keep_nothing(company: Company) -> None:
    claim, _ = filed(company)
    other = {"claim": claim, "user": company["PREPARER"]}
    for wrong, message in (
        (step("SETTLED"), "Say what the insurer paid"),
        (step("PROBABLE", settled="5"), "nothing before"),
        (step("PROBABLE", claimed="0"), "above nil"),
        (step("PROBABLE", claimed="1.001"), "more decimals than EUR"),
        (step("LOST"), "no state of a claim"),
        (step("PROBABLE", on=DAY - dt.timedelta(9)), "Take a later day"),
        (step("PROBABLE", on=dt.date(2999, 1, 1)), "lies in the future"),
        (StepInput("PROBABLE", DAY, Decimal(5), " "), "Say what happened"),
    ):
        with pytest.raises(BadInput, match=message):
            services.claim_step(step=wrong, **other)
    with pytest.raises(NotAllowed):
        services.claim_step(claim=claim, user=company["APPROVER"], step=step("PROBABLE"))
    with pytest.raises(StaleContent, match="moved on"):
        services.claim_step(step=step("PROBABLE"), last=9, **other)
    with pytest.raises(WrongState, match="already"):
        filed(company, loss=claim.proposal)
    with pytest.raises(WrongState, match="no posted loss"):
        filed(company, loss=draft(company, make_lot(company.entity, "MILK"), "1"))
    assert ClaimStep.objects.count() == 1


@pytest.mark.database
def test_the_database_keeps_steps_and_verify_names_what_was_altered(company: Company) -> None:
    filed(company)
    for sql in ("update proposals_claimstep set claimed = 1", "delete from proposals_claimstep"):
        with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql)
    guards.drop()
    for sql in (
        "update proposals_claim set insurer = 'Another'",
        "update proposals_claim set status = 'PROBABLE'",
        "update proposals_claimstep set note = 'Another'",
    ):
        assert list(claim_proofs.claims(Tally())) == []
        with connection.cursor() as cursor:
            cursor.execute("savepoint here")
            cursor.execute(sql)
        assert list(claim_proofs.claims(Tally()))
        with connection.cursor() as cursor:
            cursor.execute("rollback to savepoint here")


def test_a_preparer_files_steps_and_books_a_claim_on_the_pages(
    company: Company, other_company: Company, signed_in: SignIn
) -> None:
    loss = fire(company)
    client = signed_in(company["PREPARER"])
    assert "File an insurance claim" in client.get(f"/e/north/proposals/{loss.number}/").content.decode()
    address = f"/e/north/proposals/{loss.number}/claim/"
    assert "The loss is 25,000.00" in client.get(address).content.decode()
    form = {"insurer": "Nordic Re", "claimed": "28000", "status": "FILED", "happened_on": DAY, "note": "Filed by post"}
    assert client.post(address, {**form, "settled": "5"}).status_code == 400
    letter = SimpleUploadedFile("letter.txt", b"We have your claim.")
    page = client.post(address, {**form, "paper": letter}, follow=True).content.decode()
    assert "Nothing has to be booked by it" in page
    assert "Contingent asset" in page
    claim = Claim.objects.get()
    paper = client.get(f"{claim.get_absolute_url()}papers/1/")
    assert paper.content == b"We have your claim."
    assert client.get(f"{claim.get_absolute_url()}papers/9/").status_code == 404
    next_step = {"claimed": "28000", "status": "CERTAIN", "happened_on": DAY, "note": "They will pay", "last": 1}
    page = client.post(claim.get_absolute_url(), next_step, follow=True).content.decode()
    assert "is a draft of what changes" in page
    assert client.post(claim.get_absolute_url(), next_step).status_code == 409
    listed = signed_in(company["AUDITOR"]).get("/e/north/proposals/claims/?status=CERTAIN").content.decode()
    assert claim.number in listed
    assert signed_in(company["AUDITOR"]).get(claim.get_absolute_url()).status_code == 200
    assert signed_in(other_company["PREPARER"]).get(claim.get_absolute_url()).status_code == 404
    services.proposal_discard(proposal=Proposal.objects.get(kind="CLAIM"), user=company["PREPARER"])
    assert "Prepare it" in client.get(claim.get_absolute_url()).content.decode()
    page = client.post(f"{claim.get_absolute_url()}book/", follow=True).content.decode()
    assert "draft of what is due" in page
