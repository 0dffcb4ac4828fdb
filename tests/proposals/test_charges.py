"""Charges of a write-off: what the framework forbids is refused; each kind is a leg of its own, which a void undoes."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.test import Client

from core import guards
from core.errors import BadInput, StaleContent, UnmappedRole, WrongState
from core.models import AuditEvent, CostCentre, User
from core.verify import Tally
from tests.conftest import Company, make_company
from tests.posting.stock import make_lot
from tests.proposals.documents import DAY, approved, draft, posted, submitted, write_down_draft
from writeoffs.ledger.models import AccountMap, JournalEntry, JournalLine
from writeoffs.proposals import proofs, services
from writeoffs.proposals.models import Proposal, ProposalCharge
from writeoffs.proposals.services import ChargeInput

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]


def add(company: Company, proposal: Proposal, kind: str, amount: str, *more: str) -> Proposal:
    charge = ChargeInput(kind, Decimal(amount), *more)
    return services.charge_add(proposal=proposal, user=company["PREPARER"], charge=charge)


def loss_of_400(company: Company, **fields: object) -> Proposal:
    return draft(company, make_lot(company.entity), **fields)


def entries(proposal: Proposal) -> dict[str, dict[str, Decimal]]:
    """leg -> account code -> amount of the entries that are no mirrors."""
    found: dict[str, dict[str, Decimal]] = {}
    for line in JournalLine.objects.filter(
        entry__source_ref=proposal.source_ref, entry__reverses__isnull=True
    ).select_related("entry", "account"):
        found.setdefault(line.entry.leg, {})[line.account.code] = line.amount
    return found


def test_each_kind_of_charge_is_posted_as_its_own_balanced_entry_with_the_same_people(company: Company) -> None:
    proposal = loss_of_400(company, quarantine_goods=False)
    add(company, proposal, "DISPOSAL_COST", "30", "CASH")
    add(company, proposal, "DISPOSAL_COST", "20", "ACCOUNT")
    add(company, proposal, "PROCEEDS", "75.50", "ACCOUNT")
    add(company, proposal, "INPUT_TAX", "80")
    add(company, proposal, "INSURANCE", "390", "", "CERTAIN")
    add(company, proposal, "TAX", "100")
    proposal = posted(company, proposal)
    assert entries(proposal) == {
        "WRITE_OFF": {"5100": Decimal(400), "1400": Decimal(-400)},
        "DISPOSAL_COST": {"5310": Decimal(50), "1000": Decimal(-30), "2000": Decimal(-20)},
        "PROCEEDS": {"1200": Decimal("75.50"), "5300": Decimal("-75.50")},
        "INPUT_TAX": {"6520": Decimal(80), "2100": Decimal(-80)},
        "INSURANCE": {"1250": Decimal(390), "6510": Decimal(-390)},
        "TAX": {"2200": Decimal(100), "8000": Decimal(-100)},
    }
    people = JournalEntry.objects.values_list("prepared_by", "approved_by", "posted_by", "posted_on", "origin")
    assert set(people) == {
        (company["PREPARER"].pk, company["APPROVER"].pk, company["CONTROLLER"].pk, DAY, "OWN"),
    }  # fmt: skip
    # The goods of all lines share location, category and reason, so overrides of the map reach the charges.
    assert {line.location.code for line in JournalLine.objects.select_related("location") if line.location} == {"MAIN"}


def test_a_void_mirrors_every_leg(company: Company) -> None:
    proposal = add(company, loss_of_400(company), "DISPOSAL_COST", "30", "CASH")
    proposal = posted(company, proposal)
    change = services.void_request(proposal=proposal, user=company["PREPARER"], reason="Found", posted_on=DAY)
    services.void_decide(change=change, user=company["APPROVER"], approve=True)
    for line in JournalLine.objects.values("account").distinct():
        total = sum(JournalLine.objects.filter(account=line["account"]).values_list("amount", flat=True))
        assert total == 0
    assert JournalEntry.objects.filter(leg="VOID").count() == 2
    assert [*proofs.charges(Tally()), *proofs.proposals(Tally()), *proofs.entries(Tally())] == []


@pytest.mark.parametrize(
    ("kind", "amount", "more", "message"),
    [
        ("DISPOSAL_COST", "0", ("CASH",), "not above nil"),
        ("DISPOSAL_COST", "-5", ("CASH",), "not above nil"),
        ("DISPOSAL_COST", "1.005", ("CASH",), "more decimals than EUR"),
        ("DISPOSAL_COST", "5", (), "in cash or stays on account"),
        ("INPUT_TAX", "5", ("CASH",), "Leave the settlement empty"),
        ("INSURANCE", "5", (), "how certain"),
        ("INSURANCE", "5", ("", "PROBABLE"), r"only when it is virtually certain \(IAS 37.33\); this one is probable"),
        ("INSURANCE", "5", ("", "POSSIBLE"), "this one is possible"),
        ("PROCEEDS", "5", ("CASH", "CERTAIN"), "Only an insurance claim"),
        ("TAX", "100.01", (), r"100\.01 EUR is more than the loss and its costs can save at 25 %, 100\.00 EUR"),
    ],
)
def test_a_charge_that_the_rules_forbid_is_refused(
    company: Company, kind: str, amount: str, more: tuple[str, ...], message: str
) -> None:
    proposal = loss_of_400(company)
    with pytest.raises(BadInput, match=message):
        add(company, proposal, kind, amount, *more)
    assert not ProposalCharge.objects.exists()


@pytest.mark.parametrize(
    ("certainty", "amount", "message"),
    [
        ("POSSIBLE", "1", "only when it is probable"),
        ("PROBABLE", "400.01", r"up to the loss of 400\.00 EUR.*the other 0\.01 EUR wait"),
        ("CERTAIN", "401", "up to the loss"),
    ],
)
def test_under_us_gaap_a_claim_is_probable_and_not_above_the_loss(certainty: str, amount: str, message: str) -> None:
    company = make_company("gaap", framework="US_GAAP")
    proposal = loss_of_400(company)
    with pytest.raises(BadInput, match=message):
        add(company, proposal, "INSURANCE", amount, "", certainty)
    add(company, proposal, "INSURANCE", "400", "", "PROBABLE")
    with pytest.raises(BadInput, match="up to the loss"):
        add(company, proposal, "INSURANCE", "0.01", "", "PROBABLE")


def test_a_claim_that_a_smaller_loss_no_longer_carries_stops_the_submission() -> None:
    company = make_company("gaap", framework="US_GAAP")
    proposal = add(company, loss_of_400(company), "INSURANCE", "400", "", "PROBABLE")
    services.line_edit(line=proposal.lines.get(), user=company["PREPARER"], quantity=Decimal(9))
    with pytest.raises(BadInput, match=r"up to the loss of 360\.00 EUR"):
        submitted(company, proposal)


@pytest.mark.parametrize(
    ("timing", "quarantine", "message"),
    [("NEVER", False, "cannot deduct"), ("DISPOSAL", True, "stay in quarantine"), ("DISPOSAL", False, "")],
)
def test_income_tax_is_saved_only_by_what_is_deductible_now(timing: str, quarantine: bool, message: str) -> None:
    company = make_company("taxed", tax_timing=timing)
    proposal = loss_of_400(company, quarantine_goods=quarantine)
    if not message:
        add(company, proposal, "TAX", "100")
        return
    with pytest.raises(BadInput, match=message):
        add(company, proposal, "TAX", "100")


def test_only_a_write_off_carries_charges(company: Company) -> None:
    proposal = write_down_draft(company, make_lot(company.entity), "3000")
    with pytest.raises(BadInput, match="only a write-off or a disposal carries charges"):
        add(company, proposal, "DISPOSAL_COST", "5", "CASH")


def test_a_charge_is_part_of_what_is_approved(company: Company) -> None:
    bare = submitted(company, loss_of_400(company)).digest
    proposal = services.proposal_withdraw(proposal=Proposal.objects.get(), user=company["PREPARER"])
    proposal = approved(company, add(company, proposal, "DISPOSAL_COST", "30", "CASH"))
    assert proposal.digest != bare
    ProposalCharge.objects.update(amount=Decimal(31))
    with pytest.raises(StaleContent):
        services.proposal_post(proposal=proposal, user=company["CONTROLLER"], digest=proposal.digest)
    assert not JournalEntry.objects.exists()


def test_a_role_that_only_a_charge_needs_stops_the_submission_too(company: Company, signed_in: SignIn) -> None:
    AccountMap.objects.filter(role__in=["DISPOSAL_COST", "PAYABLE"]).delete()
    proposal = add(company, loss_of_400(company), "DISPOSAL_COST", "30", "ACCOUNT")
    with pytest.raises(UnmappedRole, match=r"Disposal cost \(DISPOSAL_COST\), Payables \(PAYABLE\)"):
        submitted(company, proposal)
    page = signed_in(company["PREPARER"]).get(f"/e/north/proposals/{proposal.number}/").content.decode()
    assert "cannot be submitted yet: North Trading maps no account to Disposal cost, Payables." in page


def test_a_charge_of_a_submitted_proposal_is_not_changed(company: Company) -> None:
    proposal = submitted(company, add(company, loss_of_400(company), "DISPOSAL_COST", "30", "CASH"))
    charge = ProposalCharge.objects.get()
    with pytest.raises(WrongState, match="no draft any more"):
        services.charge_edit(charge=charge, user=company["PREPARER"], to=ChargeInput("INPUT_TAX", Decimal(1)))
    with pytest.raises(WrongState, match="no draft any more"):
        services.charge_remove(charge=charge, user=company["PREPARER"])
    assert proposal.charges.get().amount == 30


def test_changes_of_charges_stand_in_the_audit_trail(company: Company) -> None:
    add(company, loss_of_400(company), "DISPOSAL_COST", "30", "CASH")
    changed = ChargeInput("DISPOSAL_COST", Decimal(40), "ACCOUNT")
    services.charge_edit(charge=ProposalCharge.objects.get(), user=company["PREPARER"], to=changed)
    services.charge_remove(charge=ProposalCharge.objects.get(), user=company["PREPARER"])
    told = AuditEvent.objects.filter(kind="proposal.edited").order_by("sequence").values_list("message", flat=True)
    assert [text.split(", ", 1)[1].split(":")[0] for text in told][1:] == [
        "added disposal cost 30.00",
        "disposal cost 30.00 is disposal cost 40.00",
        "took off disposal cost 40.00",
    ]


@pytest.mark.parametrize(
    ("fields", "name", "message"),
    [
        ({"amount": Decimal(0)}, "charge_amount_above_nil", "above nil"),
        ({"settlement": ""}, "charge_settled_where_it_can_be", "say how they are settled"),
        ({"certainty": "CERTAIN"}, "charge_certainty_of_insurance", "An insurance claim says"),
        ({"number": 1}, "charge_number_once", "already exists"),
    ],
)
def test_a_rule_of_one_charge_is_said_in_words_and_kept_by_the_database(
    company: Company, fields: dict[str, object], name: str, message: str
) -> None:
    proposal = add(company, loss_of_400(company), "DISPOSAL_COST", "30", "CASH")
    values = {"number": 2, "kind": "PROCEEDS", "amount": Decimal(5), "settlement": "CASH", **fields}
    with pytest.raises(ValidationError, match=message):
        ProposalCharge(proposal=proposal, **values).full_clean()
    with pytest.raises(IntegrityError, match=f"{name}|proposals_proposalcharge.number"), transaction.atomic():
        ProposalCharge.objects.create(proposal=proposal, **values)


@pytest.mark.database
@pytest.mark.parametrize(
    "sql",
    [
        "update proposals_proposalcharge set amount = amount + 100",
        "delete from proposals_proposalcharge",
        "insert into proposals_proposalcharge (proposal_id, number, kind, amount, settlement, certainty, note) "
        "select proposal_id, 9, kind, amount, settlement, certainty, note from proposals_proposalcharge",
    ],
)
def test_the_database_refuses_to_change_the_charges_of_a_posted_proposal(company: Company, sql: str) -> None:
    posted(company, add(company, loss_of_400(company), "DISPOSAL_COST", "30", "CASH"))
    refused = pytest.raises(IntegrityError, match="charges of a posted proposal never change")
    with refused, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)


@pytest.mark.database
@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("update proposals_proposalcharge set amount = 310000", "cost add up to 31, its entries of that leg to 30."),
        ("delete from proposals_proposalcharge", "disposal cost add up to 0, its entries of that leg to 30."),
        (
            "update proposals_proposalcharge set kind = 'PROCEEDS'",
            "scrap proceeds add up to 30, its entries of that leg",
        ),
    ],
)
def test_verify_names_charges_that_are_not_their_legs(company: Company, sql: str, said: str) -> None:
    posted(company, add(company, loss_of_400(company), "DISPOSAL_COST", "30", "CASH"))
    assert list(proofs.charges(Tally())) == []
    guards.drop()
    with connection.cursor() as cursor:
        cursor.execute(sql)
    assert any(said in complaint for complaint in proofs.charges(Tally()))
    assert any("it is not what was posted" in complaint for complaint in proofs.proposals(Tally()))


def test_a_preparer_adds_edits_and_removes_a_charge_on_the_pages(company: Company, signed_in: SignIn) -> None:
    proposal = loss_of_400(company)
    page, client = f"/e/north/proposals/{proposal.number}/", signed_in(company["PREPARER"])
    form = {"kind": "INSURANCE", "amount": "50", "certainty": "PROBABLE"}
    refused = client.post(f"{page}charges/add/", form)
    assert refused.status_code == 400
    assert "virtually certain (IAS 37.33)" in refused.content.decode()
    assert client.post(f"{page}charges/add/", {"kind": "INSURANCE", "amount": "much"}).status_code == 400
    text = client.post(f"{page}charges/add/", {**form, "certainty": "CERTAIN"}, follow=True).content.decode()
    assert "Insurance claim: " in text
    assert "Virtually certain" in text
    assert client.get(f"{page}charges/1/").status_code == 200
    client.post(f"{page}charges/1/", {"kind": "PROCEEDS", "amount": "7", "settlement": "CASH"})
    assert ProposalCharge.objects.get().kind == "PROCEEDS"
    client.post(f"{page}charges/1/remove/")
    assert not ProposalCharge.objects.exists()


def test_charges_are_the_preparers_and_another_entitys_are_not_found(
    company: Company, other_company: Company, signed_in: SignIn
) -> None:
    proposal = add(company, loss_of_400(company), "DISPOSAL_COST", "30", "CASH")
    page = f"/e/north/proposals/{proposal.number}/charges/"
    assert signed_in(company["APPROVER"]).post(f"{page}add/", {}).status_code == 403
    assert signed_in(other_company["PREPARER"]).get(f"{page}1/").status_code == 404
    assert signed_in(company["PREPARER"]).get(f"{page}9/").status_code == 404


def test_all_lines_get_a_cost_centre_at_once_which_the_journal_carries(company: Company, signed_in: SignIn) -> None:
    proposal = loss_of_400(company)
    lot = make_lot(company.entity, "MILK")
    services.line_add(proposal=proposal, user=company["PREPARER"], lot=lot, quantity=Decimal(1))
    centre = CostCentre.objects.create(entity=company.entity, code="K100", name="Warehouse")
    retired = CostCentre.objects.create(entity=company.entity, code="K900", active=False)
    address, client = f"/e/north/proposals/{proposal.number}/cost-centre/", signed_in(company["PREPARER"])
    assert client.post(address, {"cost_centre": retired.pk}).status_code == 400
    client.post(address, {"cost_centre": centre.pk})
    assert set(proposal.lines.values_list("cost_centre__code", flat=True)) == {"K100"}
    posted(company, Proposal.objects.get())
    assert set(JournalLine.objects.values_list("cost_centre__code", flat=True)) == {"K100"}
