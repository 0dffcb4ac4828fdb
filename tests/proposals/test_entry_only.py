"""Documents without lots (income tax, shrinkage accrual, insurance claims) take the same road and post charges."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest
from django.test import Client

from core.errors import BadInput
from core.models import Category, Location, User
from core.verify import Tally
from inventory.models import Movement
from tests.conftest import Company
from tests.posting.stock import make_lot
from tests.proposals.documents import DAY, approved, header, posted, submitted
from writeoffs.ledger.models import JournalEntry, JournalLine
from writeoffs.posting import verifiers as posting_verifiers
from writeoffs.posting.batches import batch_make, batches_waiting
from writeoffs.posting.models import Posting
from writeoffs.proposals import entry_only, findings, proofs, services, verifiers
from writeoffs.proposals.models import ChargeKind, Kind, Proposal
from writeoffs.proposals.services import ChargeInput
from writeoffs.reports.trace import line_of, trace_of

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]
LEGS = {
    ("TAX", "TAX"): {"2200": 1, "8000": -1},
    ("TAX", "TAX_DUE"): {"8000": 1, "2200": -1},
    ("TAX", "DEFERRED_TAX"): {"1700": 1, "8100": -1},
    ("TAX", "DEFERRED_TAX_UNWOUND"): {"8100": 1, "1700": -1},
    ("ACCRUAL", "SHRINKAGE_ACCRUAL"): {"5200": 1, "1495": -1},
    ("ACCRUAL", "SHRINKAGE_RELEASE"): {"1495": 1, "5200": -1},
}
REASONS = {"TAX": "", "ACCRUAL": "COUNT_DIFFERENCE", "CLAIM": "FIRE"}


def document(company: Company, kind: str, *charges: tuple[str, str], **more: object) -> Proposal:
    made = [
        ChargeInput(charge, Decimal(amount), certainty="CERTAIN" if charge == "INSURANCE" else "", **more)
        for charge, amount in charges
    ]
    return services.proposal_create_of_charges(
        entity=company.entity,
        user=company["PREPARER"],
        header=header(kind=kind, reason=REASONS[kind]),
        charges=made,
    )


def complaints() -> list[str]:
    found = [
        *(verifiers.posted_documents, verifiers.posted_lines, verifiers.decisions, verifiers.numbers),
        *(verifiers.records, proofs.proposals, proofs.entries, proofs.charges, findings.voids),
        *(posting_verifiers.documents, posting_verifiers.postings, posting_verifiers.posting_states),
        *(posting_verifiers.own_entries, posting_verifiers.posting_lines),
    ]
    return [complaint for check in found for complaint in check(Tally())]


@pytest.mark.parametrize(("kind", "charge"), LEGS)
def test_each_charge_posts_its_own_entry_and_no_movement(company: Company, kind: str, charge: str) -> None:
    proposal = document(company, kind, (charge, "6300"))
    assert proposal.number == f"{ {'TAX': 'TX', 'ACCRUAL': 'AC'}[kind] }-2026-0001"
    proposal = posted(company, proposal)
    (entry,) = JournalEntry.objects.all()
    assert (entry.leg, entry.posted_on) == (charge, DAY)
    assert [entry.prepared_by, entry.approved_by, entry.posted_by] == [
        company[role] for role in ("PREPARER", "APPROVER", "CONTROLLER")
    ]
    amounts = dict(entry.lines.values_list("account__code", "amount"))
    assert amounts == {code: sign * Decimal(6300) for code, sign in LEGS[kind, charge].items()}
    assert (proposal.gross_loss, proposal.net_loss) == (6300, entry_only.borne(charge) * Decimal(6300))
    assert not Movement.objects.exists()
    assert complaints() == []


def test_every_charge_that_stands_alone_stands_in_the_tables_of_legs_and_of_documents() -> None:
    with_record = {"INSURANCE", "INSURANCE_DENIED", "INSURANCE_SETTLED"}
    # Each of these is of a record of its own (test_estimates.py, test_provisions.py).
    with_record |= {"ESTIMATED_LOSS", "ESTIMATE_RELEASE", "PROVISION", "PROVISION_REVERSED"}
    assert {kind for kinds in entry_only.CHARGES.values() for kind in kinds} == {kind for _, kind in LEGS} | with_record
    assert {entry_only.borne(kind) for kind in ChargeKind} == {-1, 0, 1}
    assert entry_only.borne("INSURANCE_SETTLED") == 0


def test_a_document_without_lots_goes_to_the_erp_as_a_journal_and_is_voided_whole(company: Company) -> None:
    proposal = posted(company, document(company, "TAX", ("TAX", "10500"), ("DEFERRED_TAX_UNWOUND", "6300")))
    posting = Posting.objects.get()
    assert (posting.status, posting.takes, posting.lines.count()) == ("NOT_NEEDED", "JOURNAL", 0)
    assert [(one.kind, one.count) for one in batches_waiting(entity=company.entity)] == [("TAX", 1)]
    batch = batch_make(entity=company.entity, user=company["CONTROLLER"], kind="TAX", takes="JOURNAL")
    assert len(batch.rows) == 4
    with pytest.raises(BadInput, match="voided whole"):
        services.void_request(
            proposal=proposal, user=company["PREPARER"], reason="Wrong rate", posted_on=DAY, lines=[1]
        )
    change = services.void_request(proposal=proposal, user=company["PREPARER"], reason="Wrong rate", posted_on=DAY)
    services.void_decide(change=change, user=company["APPROVER"], approve=True)
    proposal.refresh_from_db()
    assert proposal.status == "VOIDED"
    for code in ("2200", "8000", "8100", "1700"):
        amounts = JournalLine.objects.filter(account__code=code).values_list("amount", flat=True)
        assert sum(amounts) == 0
        assert len(amounts) == 2
    assert complaints() == []


def test_a_void_before_the_erp_took_anything_leaves_nothing_to_do(company: Company) -> None:
    proposal = posted(company, document(company, "ACCRUAL", ("SHRINKAGE_ACCRUAL", "100")))
    change = services.void_request(proposal=proposal, user=company["PREPARER"], reason="Counted", posted_on=DAY)
    services.void_decide(change=change, user=company["APPROVER"], approve=True)
    assert Posting.objects.get().status == "VOIDED"
    assert batches_waiting(entity=company.entity) == []
    assert complaints() == []


@pytest.mark.parametrize(
    ("kind", "charge", "message"),
    [
        ("TAX", "INSURANCE_SETTLED", "document of income tax; insurance received does not belong on it"),
        ("ACCRUAL", "TAX", "takes shrinkage to accrue, shrinkage accrual to release"),
        ("CLAIM", "DISPOSAL_COST", "disposal cost does not belong on it"),
    ],
)
def test_a_charge_of_another_document_is_refused(company: Company, kind: str, charge: str, message: str) -> None:
    with pytest.raises(BadInput, match=message):
        document(company, kind, (charge, "5"))
    assert not Proposal.objects.exists()


def test_a_write_off_takes_none_of_the_charges_that_stand_alone(company: Company) -> None:
    lot = make_lot(company.entity)
    proposal = services.proposal_create(entity=company.entity, user=company["PREPARER"], header=header())
    services.line_add(proposal=proposal, user=company["PREPARER"], lot=lot, quantity=Decimal(1))
    for kind, message in (("DEFERRED_TAX", "does not belong"), ("INSURANCE_SETTLED", "does not belong")):
        with pytest.raises(BadInput, match=message):
            services.charge_add(proposal=proposal, user=company["PREPARER"], charge=ChargeInput(kind, Decimal(1)))
    placed = ChargeInput("INPUT_TAX", Decimal(1), location=lot.location)
    with pytest.raises(BadInput, match="Name none of your own"):
        services.charge_add(proposal=proposal, user=company["PREPARER"], charge=placed)


def test_without_charges_it_is_not_submitted_and_it_takes_no_lots(company: Company) -> None:
    proposal = document(company, "TAX")
    with pytest.raises(BadInput, match="TX-2026-0001 has no charges"):
        submitted(company, proposal)
    with pytest.raises(BadInput, match="has no lots"):
        services.line_add(
            proposal=proposal, user=company["PREPARER"], lot=make_lot(company.entity), quantity=Decimal(1)
        )


@pytest.mark.parametrize(
    ("kind", "reason", "message"),
    [
        ("ACCRUAL", "THEFT", "shrinkage accrual have the reason count difference"),
        ("CLAIM", "", "Say why the goods lost value"),
        ("WRITE_OFF", "", "Say why the goods lost value"),
        ("TAX", "COUNT_DIFFERENCE", "no other kind has it"),
    ],
)
def test_the_reason_fits_the_kind(company: Company, kind: str, reason: str, message: str) -> None:
    with pytest.raises(BadInput, match=message):
        services.proposal_create(
            entity=company.entity, user=company["PREPARER"], header=header(kind=kind, reason=reason)
        )


def test_an_accrual_by_location_and_category_is_summed_by_them_and_every_line_is_explained(company: Company) -> None:
    east = Location.objects.create(entity=company.entity, code="EAST", name="East")
    food = Category.objects.create(entity=company.entity, name="Food")
    proposal = document(company, "ACCRUAL")
    for amount, place in (("120", {"location": east, "category": food}), ("30.50", {"location": east})):
        services.charge_add(
            proposal=proposal,
            user=company["PREPARER"],
            charge=ChargeInput("SHRINKAGE_ACCRUAL", Decimal(amount), **place),
        )
    posted(company, Proposal.objects.get())
    (entry,) = JournalEntry.objects.all()
    assert set(entry.lines.values_list("account__code", "location__code", "category__name", "amount")) == {
        ("1495", "EAST", None, Decimal("-30.50")),
        ("1495", "EAST", "Food", Decimal(-120)),
        ("5200", "EAST", None, Decimal("30.50")),
        ("5200", "EAST", "Food", Decimal(120)),
    }
    for line in entry.lines.all():
        shown = line_of(entity=company.entity, number=entry.number, line_number=line.line_number)
        assert shown is not None
        trace = trace_of(entity=company.entity, line=shown)
        assert (trace.total, trace.rest) == (line.amount, 0)
    assert complaints() == []


def test_the_place_of_a_charge_is_part_of_what_is_approved(company: Company) -> None:
    proposal = submitted(company, document(company, "ACCRUAL", ("SHRINKAGE_ACCRUAL", "5")))
    before = proposal.digest
    services.proposal_withdraw(proposal=proposal, user=company["PREPARER"])
    east = Location.objects.create(entity=company.entity, code="EAST", name="East")
    services.charge_edit(
        charge=proposal.charges.get(),
        user=company["PREPARER"],
        to=ChargeInput("SHRINKAGE_ACCRUAL", Decimal(5), location=east),
    )
    assert submitted(company, Proposal.objects.get()).digest != before


def test_a_person_makes_submits_and_reads_one_on_the_pages(company: Company, signed_in: SignIn) -> None:
    client = signed_in(company["PREPARER"])
    form = {"kind": "TAX", "reason": "", "event_on": DAY, "found_on": DAY, "posting_on": DAY, "note": ""}
    page = client.post("/e/north/proposals/new/", form, follow=True).content.decode()
    assert "Add its charges" in page
    assert "no lot is touched" in page
    address = "/e/north/proposals/TX-2026-0001/"
    refused = client.post(f"{address}charges/add/", {"kind": "PROCEEDS", "amount": "5"})
    assert refused.status_code == 400
    offered = client.get(f"{address}charges/add/").content.decode()
    assert "Deferred tax asset unwound" in offered
    assert "Scrap proceeds" not in offered
    assert client.post(f"{address}charges/add/", {"kind": "DEFERRED_TAX", "amount": "5"}).status_code == 302
    assert client.get(f"{address}edit/").status_code == 200
    for path in ("lots/?q=a", "lines/add/?lot=1"):
        assert client.get(f"{address}{path}").status_code == 404
    posted(company, Proposal.objects.get())
    text = client.get(address).content.decode()
    assert "Deferred tax: TX-2026-0001, all reasons" in text
    asked = client.get(f"{address}void/").content.decode()
    assert "its entries are voided whole" in asked
    sent = client.post(f"{address}void/", {"posted_on": DAY, "reason": "Wrong"}, follow=True)
    assert "Asked: void TX-2026-0001" in sent.content.decode()
    register = signed_in(company["AUDITOR"]).get("/e/north/reports/register/?kind=TAX&period=FY2026")
    assert "Deferred tax" in register.content.decode()


def test_the_approver_sees_one_in_the_inbox_and_its_approval_binds_the_charges(
    company: Company, signed_in: SignIn
) -> None:
    proposal = submitted(company, document(company, "ACCRUAL", ("SHRINKAGE_ACCRUAL", "28000")))
    assert "AC-2026-0001" in signed_in(company["APPROVER"]).get("/e/north/").content.decode()
    services.proposal_withdraw(proposal=proposal, user=company["PREPARER"])
    proposal = approved(company, Proposal.objects.get())
    assert proposal.approved_by == company["APPROVER"]
    assert proposal.kind == Kind.ACCRUAL
