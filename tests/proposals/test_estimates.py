"""A loss without records: estimated, kept, booked by the normal road, and taken in by the next count of the place."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable
from decimal import Decimal as D

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.urls import reverse

from core.errors import BadInput, NotAllowed, WrongState
from core.models import Location, User
from inventory.models import CountSheet, Lot
from tests.conftest import Company
from tests.inventory.sheets import lot_row, take_in
from tests.inventory.test_counts import counted, counts
from tests.proposals.documents import DAY, posted
from writeoffs.ledger.models import JournalEntry
from writeoffs.posting.shrinkage import ESTIMATED, accrued
from writeoffs.proposals import estimate_proofs, proofs, services
from writeoffs.proposals.estimate_models import LossEstimate
from writeoffs.proposals.models import Proposal
from writeoffs.proposals.services import EstimateInput, FigureInput, Paper

SignedIn = Callable[[User], Client]
pytestmark = pytest.mark.django_db

FIGURES = (
    FigureInput("OPENING", "Audited accounts 2025", cost=D(80_000)),
    FigureInput("PURCHASES", "Purchase ledger", cost=D(170_000)),
    FigureInput("SALES", "Till archive", retail=D(300_000)),
    FigureInput("MARGIN", "Accounts 2023 to 2025", rate=D("0.4")),
    FigureInput("SALVAGE", "Offer of the salvor", cost=D(12_500)),
)


def given(company: Company, **fields: object) -> EstimateInput:
    return EstimateInput(
        **{
            "method": "GROSS_PROFIT",
            "reason": "FIRE",
            "event_on": DAY,
            "what": "The store burnt down, and the server with it.",
            "figures": FIGURES,
            "location": Location.objects.filter(entity=company.entity).first(),
            "paper": Paper("report.txt", b"Fire brigade, 16 March 2026\n"),
            **fields,
        }
    )


def made(company: Company, **fields: object) -> LossEstimate:
    return services.estimate_make(entity=company.entity, user=company["PREPARER"], estimate=given(company, **fields))


@pytest.fixture
def store(company: Company) -> Company:
    take_in(company, [lot_row("A", "L1", quantity=60_000, cost=1)])
    return company


def booked(company: Company, estimate: LossEstimate) -> Proposal:
    return posted(company, services.estimate_propose(estimate=estimate, user=company["PREPARER"], posting_on=DAY))


def entry(proposal: Proposal, leg: str) -> dict[str, D]:
    found = JournalEntry.objects.get(source_ref=proposal.source_ref, leg=leg)
    return {line.role: line.amount for line in found.lines.all()}


def settled(company: Company, sheet: CountSheet) -> Proposal:
    proposal = services.proposal_create_from_count(entity=company.entity, user=company["PREPARER"], sheet=sheet)
    return posted(company, proposal)


@pytest.mark.database
def test_an_estimate_is_kept_booked_and_used_by_the_next_count(store: Company) -> None:
    estimate = made(store)
    assert (estimate.number, estimate.estimated, estimate.saved, estimate.loss, estimate.book) == (
        *("LE-2026-0001", D(70_000), D(12_500), D(57_500)),
        D(60_000),
    )
    proposal = booked(store, estimate)
    assert (proposal.number, proposal.gross_loss, proposal.net_loss) == ("EL-2026-0001", D(57_500), D(57_500))
    assert entry(proposal, "ESTIMATED_LOSS") == {"ABNORMAL_LOSS": D(57_500), "ESTIMATED_LOSSES": D(-57_500)}
    assert [paper.file_name for paper in proposal.evidence.all()] == ["report.txt"]
    with pytest.raises(WrongState, match="proposed already, by EL-2026-0001"):
        services.estimate_propose(estimate=estimate, user=store["PREPARER"])
    # The count finds one sound unit in a hundred: more is lost than was estimated.
    adjusted = settled(store, counts(store, counted(units=600), by=store["COUNTER"]))
    assert entry(adjusted, "COUNT_LOSS") == {
        "ESTIMATED_LOSSES": D(57_500),
        "SHRINKAGE_EXPENSE": D(1_900),
        "INVENTORY": D(-59_400),
    }
    assert not accrued(entity=store.entity, role=ESTIMATED)
    assert not [*proofs.charges(Counter()), *estimate_proofs.estimates(Counter())]


def test_what_a_count_has_used_is_not_voided_as_well(store: Company) -> None:
    proposal = booked(store, made(store))
    settled(store, counts(store, counted(units=600), by=store["COUNTER"]))
    change = services.void_request(proposal=proposal, user=store["CONTROLLER"], reason="Double", posted_on=DAY)
    with pytest.raises(WrongState, match="counts have used its estimated loss, nothing is left"):
        services.void_decide(change=change, user=store["APPROVER"], approve=True)


def test_what_was_estimated_beyond_the_loss_is_given_back_where_it_was_charged(store: Company) -> None:
    booked(store, made(store))
    adjusted = settled(store, counts(store, counted(units=10_000), by=store["COUNTER"]))
    assert entry(adjusted, "COUNT_LOSS") == {
        "ESTIMATED_LOSSES": D(57_500),
        "ABNORMAL_LOSS": D(-7_500),
        "INVENTORY": D(-50_000),
    }


def test_a_count_of_an_earlier_day_uses_nothing_of_it(store: Company) -> None:
    sheet = counts(store, counted(units=59_990), by=store["COUNTER"])
    day = sheet.counted_on + dt.timedelta(days=1)
    estimate = made(store, event_on=day)
    posted(store, services.estimate_propose(estimate=estimate, user=store["PREPARER"], posting_on=day))
    adjusted = services.proposal_create_from_count(entity=store.entity, user=store["PREPARER"], sheet=sheet)
    assert not adjusted.charges.exists()


def test_what_no_count_used_is_released_by_a_document_of_its_own(store: Company) -> None:
    estimate = made(store)
    with pytest.raises(BadInput, match="Nothing of LE-2026-0001 stands"):
        services.estimate_release(estimate=estimate, user=store["PREPARER"])
    booked(store, estimate)
    release = posted(store, services.estimate_release(estimate=estimate, user=store["PREPARER"], posting_on=DAY))
    assert entry(release, "ESTIMATE_RELEASE") == {"ESTIMATED_LOSSES": D(57_500), "ABNORMAL_LOSS": D(-57_500)}


def test_the_document_books_what_the_estimate_says_and_nothing_else(store: Company) -> None:
    proposal = services.estimate_propose(estimate=made(store), user=store["PREPARER"])
    other = services.ChargeInput("ESTIMATED_LOSS", D(60_000), location=Location.objects.get())
    with pytest.raises(BadInput, match=r"60,000.00 EUR is not what LE-2026-0001 works out, 57,500.00 EUR"):
        services.charge_edit(charge=proposal.charges.get(), user=store["PREPARER"], to=other)


def test_one_of_an_earlier_year_says_what_it_is_and_restates_nothing(store: Company) -> None:
    estimate = made(store, event_on=dt.date(2025, 12, 20))
    proposal = services.estimate_propose(estimate=estimate, user=store["PREPARER"], posting_on=DAY)
    with pytest.raises(BadInput, match="the loss was found late"):
        services.proposal_submit(proposal=proposal, user=store["PREPARER"])
    told = {"finding": "ERROR", "material": True, "finding_why": "The fire was known."}
    header = services.Header("ESTIMATE", "FIRE", estimate.event_on, DAY, DAY, **told)
    proposal = services.proposal_edit(
        proposal=proposal, user=store["PREPARER"], header=header, version=proposal.version
    )
    with pytest.raises(BadInput, match="not known well enough to restate"):
        services.proposal_submit(proposal=proposal, user=store["PREPARER"])
    told["finding"] = "ESTIMATE"
    header = services.Header("ESTIMATE", "FIRE", estimate.event_on, DAY, DAY, **told)
    proposal = services.proposal_edit(
        proposal=proposal, user=store["PREPARER"], header=header, version=proposal.version
    )
    assert services.proposal_submit(proposal=proposal, user=store["PREPARER"]).status == "SUBMITTED"


def test_one_that_was_wrong_is_replaced_with_a_reason_while_nothing_books_it(store: Company) -> None:
    first = made(store)
    with pytest.raises(BadInput, match="Say why this estimate replaces LE-2026-0001"):
        made(store, replaces=first)
    document = services.estimate_propose(estimate=first, user=store["PREPARER"])
    with pytest.raises(WrongState, match="is booked by EL-2026-0001"):
        made(store, replaces=first, replaces_why="An invoice was found.")
    services.proposal_discard(proposal=document, user=store["PREPARER"])
    second = made(store, replaces=first, replaces_why="An invoice was found.")
    with pytest.raises(WrongState, match="was replaced by another estimate"):
        services.estimate_propose(estimate=first, user=store["PREPARER"])
    with pytest.raises(WrongState, match="was replaced already"):
        made(store, replaces=first, replaces_why="Again.")
    assert second.replaces == first


def test_what_cannot_be_is_said(store: Company, other_company: Company) -> None:
    with pytest.raises(BadInput, match="Sales: say where the figure is from"):
        made(store, figures=[*FIGURES[:2], FigureInput("SALES", " ", retail=D(1)), FIGURES[3]])
    with pytest.raises(BadInput, match="choose fire, flood, theft or abnormal damage"):
        made(store, reason="PRICE_FALL")
    with pytest.raises(BadInput, match="is not one of North"):
        made(store, location=Location.objects.create(entity=other_company.entity, code="X"))
    with pytest.raises(NotAllowed):
        services.estimate_make(entity=store.entity, user=store["AUDITOR"], estimate=given(store))


@pytest.mark.database
def test_an_estimate_and_its_figures_never_change_and_verify_names_one_that_did(store: Company) -> None:
    estimate = made(store)
    for table in ("proposals_lossestimate", "proposals_estimatefigure"):
        for statement in (f"delete from {table}", f"update {table} set id = id"):
            with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(statement)
    assert estimate.figures.count() == 5
    assert not list(estimate_proofs.estimates(Counter()))


# --- pages ------------------------------------------------------------------------------------------------------------


def test_the_pages_from_the_form_to_the_draft(store: Company, signed_in: SignedIn) -> None:
    client = signed_in(store["PREPARER"])
    new = reverse("proposals:estimate_new", args=["north"])
    assert client.get(new, {"method": "RETAIL"}).status_code == 200
    fields = {"reason": "THEFT", "event_on": DAY, "location": Lot.objects.get().location_id, "what": "Servers stolen."}
    for code, side, amount in (
        ("OPENING", "cost", "80000"),
        ("PURCHASES", "cost", "170000"),
        ("SALES", "retail", "300000"),
        ("MARGIN", "rate", "40"),
    ):
        fields |= {f"{code}_{side}": amount, f"{code}_source": "Ledger"}
    shown = client.post(new, {**fields, "show": "1"})
    assert b"Worked out, not kept yet" in shown.content
    assert b"180,000.00" in shown.content
    assert not LossEstimate.objects.exists()
    bad = client.post(new, {**fields, "SALES_source": ""})
    assert bad.status_code == 400
    assert b"Say where the figure is from." in bad.content
    kept = client.post(new, fields, follow=True)
    page = kept.content.decode()
    assert "less cost of what was sold: net sales x (1 - margin)" in page
    assert "10,000.00 EUR more than our books carried there" in page
    estimate = LossEstimate.objects.get()
    propose = reverse("proposals:estimate_propose", args=["north", estimate.number])
    draft = client.post(propose, {"posting_on": DAY}, follow=True)
    assert b"EL-2026-0001" in draft.content
    assert b"LE-2026-0001" in draft.content
    assert client.post(propose, {"posting_on": DAY}).status_code == 409
    assert b"EL-2026-0001" in client.get(reverse("proposals:estimates", args=["north"])).content


def test_who_may_see_and_who_may_estimate(store: Company, other_company: Company, signed_in: SignedIn) -> None:
    estimate = made(store)
    address = reverse("proposals:estimate", args=["north", estimate.number])
    assert signed_in(store["AUDITOR"]).get(address).status_code == 200
    assert signed_in(store["AUDITOR"]).get(reverse("proposals:estimate_new", args=["north"])).status_code == 403
    assert signed_in(store["AUDITOR"]).post(f"{address}propose/").status_code == 403
    foreign = signed_in(other_company["PREPARER"])
    assert foreign.get(address).status_code == 404
    assert foreign.get(reverse("proposals:estimate", args=["south", estimate.number])).status_code == 404
    paper = signed_in(store["AUDITOR"]).get(f"{address}paper/")
    assert paper.getvalue() == b"Fire brigade, 16 March 2026\n"
    assert Client().get(address).status_code == 302
