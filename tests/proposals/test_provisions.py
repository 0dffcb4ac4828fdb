"""A loss on a firm purchase: assessed, provided for once, reversed when prices recover, used when the goods come in."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable
from decimal import Decimal as D

import pytest
import time_machine
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.urls import reverse

from core.errors import BadInput, NotAllowed, StaleContent, WrongState
from core.models import User
from inventory.models import Lot
from tests.conftest import Company
from tests.proposals.documents import DAY, header, posted, submitted
from tests.valuation.giving import a_lot, a_price, an_item, give
from writeoffs.ledger.models import JournalEntry
from writeoffs.proposals import proofs, provision_proofs, services
from writeoffs.proposals.models import Proposal
from writeoffs.valuation import commitment_proofs
from writeoffs.valuation.assess import assessment_start
from writeoffs.valuation.commitment_models import standing_of
from writeoffs.valuation.inputs import Contract, PurchaseCommitment
from writeoffs.valuation.models import Assessment, CommitmentLine, ProvisionMovement

SignedIn = Callable[[User], Client]
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def in_march() -> object:
    with time_machine.travel(dt.datetime(2026, 3, 20, 9, tzinfo=dt.UTC)) as clock:
        yield clock


def committed(company: Company, quantity: str = "1000", price: str = "50", **fields: object) -> PurchaseCommitment:
    return give(
        company,
        PurchaseCommitment(
            **{
                "item": an_item(company),
                "reference": "PO-1",
                "supplier": "Hill",
                "quantity": D(quantity),
                "price": D(price),
                "currency": "EUR",
                "starts_on": dt.date(2026, 1, 1),
                "ends_on": dt.date(2026, 12, 31),
                "source": "Signed order",
                **fields,
            }
        ),
    )


def fetches(company: Company, price: str, day: dt.date = DAY, **fields: object) -> None:
    a_price(company, price=price, as_of=day, **fields)


def run(company: Company, day: dt.date = DAY, **how: object) -> Assessment:
    found = assessment_start(entity=company.entity, user=company["PREPARER"], as_of=day, **how)  # type: ignore[arg-type]
    assert found.status == Assessment.Status.DONE, found.message
    return found


def proposed(company: Company, found: Assessment) -> Proposal:
    made, _ = services.provisions_propose(assessment=found, user=company["PREPARER"], header=header())
    return made


def entry(proposal: Proposal, leg: str) -> dict[str, D]:
    found = JournalEntry.objects.get(source_ref=proposal.source_ref, leg=leg)
    return {line.role: line.amount for line in found.lines.all()}


def stands(company: Company) -> tuple[int, int]:
    found = standing_of(entity=company.entity).get(("PO-1", an_item(company).pk))
    return (found.quantity // 10**4, found.amount // 10**4) if found else (0, 0)


def proved() -> bool:
    return not [
        *provision_proofs.provisions(Counter()),
        *commitment_proofs.lines_told(Counter()),
        *proofs.charges(Counter()),
        *proofs.proposals(Counter()),
    ]


@pytest.mark.database
def test_a_run_says_the_loss_and_it_is_provided_for_once(company: Company) -> None:
    committed(company)
    fetches(company, "42")
    first, second = run(company), run(company)
    line = first.commitment_lines.get()
    assert (line.cost, line.worth, line.required, line.movement, line.governs) == (
        *(D(50_000), D(42_000), D(8_000), D(8_000)),
        "NRV",
    )
    proposal = proposed(company, first)
    assert (proposal.number, proposal.gross_loss, proposal.net_loss) == ("PV-2026-0001", D(8_000), D(8_000))
    # The other run of the day: while the first document waits, and after it was posted.
    with pytest.raises(BadInput, match=r"nothing is left to provide or to reverse. Undecided: PV-2026-0001"):
        proposed(company, second)
    posted(company, proposal)
    assert entry(proposal, "PROVISION") == {"COMMITMENT_LOSS": D(8_000), "COMMITMENT_PROVISION": D(-8_000)}
    with pytest.raises(BadInput, match="nothing is left"):
        proposed(company, second)
    assert stands(company) == (1_000, 8_000)
    assert proved()


def test_a_price_that_recovers_reverses_it(company: Company) -> None:
    committed(company)
    fetches(company, "42")
    posted(company, proposed(company, run(company)))
    later = DAY + dt.timedelta(days=2)
    fetches(company, "47", later)
    found = run(company, later)
    line = found.commitment_lines.get()
    assert (line.carried, line.required, line.movement) == (D(8_000), D(3_000), D(-5_000))
    back = posted(company, proposed(company, found))
    assert entry(back, "PROVISION_REVERSED") == {"COMMITMENT_PROVISION": D(5_000), "COMMITMENT_LOSS": D(-5_000)}
    assert (back.net_loss, stands(company)) == (D(-5_000), (1_000, 3_000))
    assert proved()


@pytest.mark.database
@pytest.mark.parametrize("method", ["ALLOWANCE", "DIRECT"])
def test_goods_that_come_in_take_their_share_along(company: Company, method: str) -> None:
    company.entity.method = method
    company.entity.save(update_fields=["method"])
    order = committed(company)
    fetches(company, "42")
    posted(company, proposed(company, run(company)))
    lot = a_lot(company, quantity=D(250), unit_cost=D(50), cost=D(12_500))
    made = services.provision_use(commitment=order, lot=lot, units=D(250), user=company["PREPARER"], header=header())
    posted(company, made)
    stock = "INVENTORY_ALLOWANCE" if method == "ALLOWANCE" else "INVENTORY"
    assert entry(made, "WRITE_DOWN") == {"COMMITMENT_PROVISION": D(2_000), stock: D(-2_000)}
    lot.refresh_from_db()
    assert (lot.carrying_amount, lot.write_down, stands(company)) == (D(10_500), D(2_000), (750, 6_000))
    committed(company, "750", reason="250 came in")
    found = run(company)
    assert found.commitment_lines.get().movement == 0
    assert found.lines.get().movement == 0
    assert proved()
    change = services.void_request(proposal=made, user=company["CONTROLLER"], reason="Other order", posted_on=DAY)
    services.void_decide(change=change, user=company["APPROVER"], approve=True)
    assert stands(company) == (1_000, 8_000)
    assert proved()


def test_what_fell_away_without_a_delivery_is_reversed(company: Company) -> None:
    order = committed(company)
    fetches(company, "42")
    posted(company, proposed(company, run(company)))
    committed(company, "600", reason="The supplier let us off 400")
    line = run(company).commitment_lines.get()
    assert (line.movement, "Units have come in or fallen away" in line.flag) == (D(-3_200), True)
    committed(company, "600", ends_on=DAY - dt.timedelta(days=1), reason="Ended")
    found = run(company)
    line = found.commitment_lines.get()
    assert (line.quantity, line.carried, line.required) == (0, D(8_000), 0)
    posted(company, proposed(company, found))
    assert stands(company) == (0, 0)
    assert order.provisions.count() >= 1
    assert proved()


def test_leaving_the_contract_may_cost_less_and_no_document_provides_more(company: Company) -> None:
    committed(company)
    fetches(company, "42")
    proposal = proposed(company, run(company))
    charge = proposal.charges.get()
    more = services.ChargeInput("PROVISION", D(9_000))
    with pytest.raises(BadInput, match=r"Enter 8,000.00 EUR at most, less where leaving the contract costs less"):
        services.charge_edit(charge=charge, user=company["PREPARER"], to=more)
    penalty = services.ChargeInput("PROVISION", D(2_500), note="Penalty of clause 9")
    services.charge_edit(charge=charge, user=company["PREPARER"], to=penalty)
    posted(company, Proposal.objects.get())
    assert stands(company) == (1_000, 2_500)


def test_two_documents_cannot_both_use_what_stands(company: Company) -> None:
    order = committed(company)
    fetches(company, "42")
    posted(company, proposed(company, run(company)))
    lot, other = (a_lot(company, code=code, quantity=D(900), unit_cost=D(50), cost=D(45_000)) for code in "AB")
    use = {"commitment": order, "user": company["PREPARER"], "header": header()}
    for units, said in ((D(1_001), "Enter 1,000 at most"), (D(0), "more than nil"), (D(950), "Lot B holds 900")):
        with pytest.raises(BadInput, match=said):
            services.provision_use(lot=other, units=units, **use)  # type: ignore[arg-type]
    submitted(company, services.provision_use(lot=lot, units=D(900), **use))  # type: ignore[arg-type]
    with pytest.raises(WrongState, match="is not decided yet"):
        services.provision_use(lot=other, units=D(100), **use)  # type: ignore[arg-type]


def test_what_a_run_cannot_judge_is_said_and_keeps_its_provision(company: Company, other_company: Company) -> None:
    committed(company)
    give(
        company,
        Contract(
            item=an_item(company, "B-2"),
            reference="S-1",
            quantity=D(40),
            price=D(9),
            currency="EUR",
            starts_on=DAY,
            ends_on=DAY,
            source="Order",
        ),
    )
    a_price(company, "B-2", "12", as_of=DAY, replacement_cost=D(11))
    found = run(company)
    assert found.commitment_lines.get().outcome == "UNTESTED"
    told = " ".join(found.assumptions)
    assert "1 purchase commitment without a price or a rate, untested: PO-1" in told
    assert (
        "Firm sales are for more than is on hand and on order: B-2 40 units. At replacement cost they lose 80.00"
        in told
    )
    assert not run(company, locations=[a_lot(company).location]).commitment_lines.exists()
    with pytest.raises(NotAllowed):
        services.provisions_propose(assessment=found, user=company["AUDITOR"], header=header())


@pytest.mark.database
def test_lines_and_movements_never_change(company: Company) -> None:
    committed(company)
    fetches(company, "42")
    posted(company, proposed(company, run(company)))
    assert CommitmentLine.objects.count() == ProvisionMovement.objects.count() == 1
    for table in ("valuation_commitmentline", "valuation_provisionmovement"):
        for statement in (f"delete from {table}", f"update {table} set id = id"):
            with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(statement)


# --- pages ------------------------------------------------------------------------------------------------------------


def test_the_pages_from_the_assessment_to_the_delivery(company: Company, signed_in: SignedIn) -> None:
    order = committed(company)
    fetches(company, "42")
    found = run(company)
    client = signed_in(company["PREPARER"])
    assert b"8,000.00" in client.get(found.get_absolute_url()).content
    address = reverse("proposals:commitments", args=["north", found.number])
    page = client.get(address).content.decode()
    assert "PO-1" in page
    assert "50,000.00" in page
    dates = {"event_on": DAY, "found_on": DAY, "posting_on": DAY}
    draft = client.post(address, dates, follow=True)
    assert b"PV-2026-0001" in draft.content
    assert client.post(address, dates).status_code == 400
    posted(company, Proposal.objects.get())
    lot = a_lot(company, quantity=D(250), unit_cost=D(50), cost=D(12_500))
    listed = client.get(reverse("proposals:provisions", args=["north"])).content.decode()
    assert "8,000.00" in listed
    use = reverse("proposals:provision_use", args=["north", order.pk])
    assert client.get(use).status_code == 200
    assert client.post(use, {**dates, "lot": lot.pk, "units": "5000"}).status_code == 400
    made = client.post(use, {**dates, "lot": lot.pk, "units": "250"}, follow=True)
    assert b"250 units came in" in made.content
    assert Lot.objects.get().carrying_amount == D(12_500)


def test_who_may_see_them(company: Company, other_company: Company, signed_in: SignedIn) -> None:
    order, found = committed(company), run(company)
    foreign, auditor = signed_in(other_company["PREPARER"]), signed_in(company["AUDITOR"])
    for name, key, allowed in (("commitments", found.number, 200), ("provision_use", order.pk, 403)):
        own, of_south = (reverse(f"proposals:{name}", args=[slug, key]) for slug in ("north", "south"))
        assert foreign.get(own).status_code == 404
        assert foreign.get(of_south).status_code == 404
        assert Client().get(own).status_code == 302
        assert auditor.get(own).status_code == allowed
    assert auditor.post(reverse("proposals:commitments", args=["north", found.number])).status_code == 403


def test_a_price_that_changes_the_loss_makes_the_document_stale(
    company: Company, in_march: time_machine.Coordinates
) -> None:
    committed(company)
    fetches(company, "42")
    made = submitted(company, proposed(company, run(company)))
    in_march.shift(dt.timedelta(hours=1))
    fetches(company, "44", reason="Offer")
    with pytest.raises(StaleContent, match=r"PO-1.* required 8,000\.00 EUR when it was assessed, 6,000\.00 EUR now"):
        services.proposal_approve(proposal=made, user=company["APPROVER"], digest=made.digest)
    fetches(company, "42", reason="It fell through")
    assert services.proposal_approve(proposal=made, user=company["APPROVER"], digest=made.digest).status == "APPROVED"
