"""A loss found late is classified before it is submitted; a material error of an earlier year corrects that year."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.db.models import Sum
from django.test import Client
from django.urls import reverse

from core import guards, verify
from core.errors import BadInput, StaleContent, WrongState
from core.models import User
from core.words import Reason
from inventory.models import WriteDownMovement
from tests.conftest import Company
from tests.posting.stock import make_lot
from tests.proposals.documents import DAY, approved, header, posted, submitted
from tests.reports.books import opened
from writeoffs.ledger.models import FiscalPeriod, JournalEntry, JournalLine
from writeoffs.proposals import services
from writeoffs.proposals.late import certification, late_loss, restates
from writeoffs.proposals.models import Finding, Kind, Proposal

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]
LAST_YEAR, FEBRUARY = dt.date(2025, 11, 20), dt.date(2026, 2, 20)
WHY = "The order to scrap them lay in the file of November."
MATERIAL = {"finding": Finding.ERROR, "material": True, "finding_why": WHY}


def late_draft(company: Company, event_on: dt.date = LAST_YEAR, **fields: object) -> Proposal:
    """Ten of a hundred lamps at 40.00."""
    lot = make_lot(company.entity)
    opened(company, lot)
    made = header(event_on=event_on, **fields)
    proposal = services.proposal_create(entity=company.entity, user=company["PREPARER"], header=made)
    return services.line_add(proposal=proposal, user=company["PREPARER"], lot=lot, quantity=Decimal(10))


def taxed(company: Company, timing: str = "RECOGNITION") -> None:
    company.entity.tax_rate, company.entity.tax_timing = Decimal("0.25"), timing
    company.entity.save()


def close(company: Company, last: dt.date) -> None:
    FiscalPeriod.objects.filter(entity=company.entity, ends_on__lte=last).update(status=FiscalPeriod.Status.CLOSED)


def roles_of(proposal: Proposal) -> dict[str, Decimal]:
    lines = JournalLine.objects.filter(entry__source_ref=proposal.source_ref).order_by()
    return dict(lines.values_list("role").annotate(Sum("amount")))


def test_a_loss_of_an_earlier_year_is_not_submitted_without_a_finding(company: Company) -> None:
    proposal = late_draft(company)
    with pytest.raises(BadInput, match=r"2025-11-20 lies in fiscal year 2025, so the loss was found late"):
        submitted(company, proposal)


def test_a_loss_of_an_earlier_period_is_found_late_only_once_that_is_closed(company: Company) -> None:
    proposal = late_draft(company, FEBRUARY)
    assert late_loss(proposal) is None
    close(company, dt.date(2026, 2, 28))
    with pytest.raises(BadInput, match="lies in February 2026, which is closed"):
        submitted(company, proposal)


def test_a_recovery_is_no_loss_and_has_no_finding(company: Company) -> None:
    made = header(kind=Kind.RECOVERY, event_on=LAST_YEAR)
    proposal = services.proposal_create(entity=company.entity, user=company["PREPARER"], header=made)
    assert late_loss(proposal) is None


@pytest.mark.parametrize(
    ("fields", "word"),
    [
        ({"finding": "ERROR"}, "is material"),
        ({"finding": "ERROR", "material": True, "finding_why": " "}, "Say why"),
        ({"material": False}, "estimate or an error"),
        ({"finding": "GUESS", "material": True, "finding_why": WHY}, "is no finding"),
    ],
)
def test_a_finding_is_said_whole_or_not_at_all(company: Company, fields: dict[str, object], word: str) -> None:
    with pytest.raises(BadInput, match=word):
        late_draft(company, **fields)


@pytest.mark.database
def test_the_database_keeps_a_finding_whole(company: Company) -> None:
    proposal = late_draft(company)
    proposal.finding = Finding.ERROR
    with pytest.raises(ValidationError, match="an estimate or an error, material or not, and says why"):
        proposal.validate_constraints()
    with pytest.raises(IntegrityError, match="proposal_finding_whole"), transaction.atomic():
        proposal.save()


@pytest.mark.parametrize(
    "finding", [{**MATERIAL, "material": False}, {**MATERIAL, "finding": Finding.ESTIMATE}], ids=["immaterial", "news"]
)
def test_an_estimate_or_an_immaterial_error_is_this_periods_loss(company: Company, finding: dict[str, object]) -> None:
    proposal = posted(company, late_draft(company, **finding))
    assert roles_of(proposal) == {"WRITE_DOWN_EXPENSE": 400, "INVENTORY": -400}
    assert list(verify.complaints(Counter())) == []


def test_a_material_error_of_this_year_is_this_years_loss(company: Company) -> None:
    proposal = late_draft(company, FEBRUARY, **MATERIAL)
    close(company, dt.date(2026, 2, 28))
    proposal = posted(company, proposal)
    assert not restates(proposal)
    assert roles_of(proposal) == {"WRITE_DOWN_EXPENSE": 400, "INVENTORY": -400}


@pytest.mark.parametrize(
    ("timing", "roles"),
    [
        ("RECOGNITION", {"RETAINED_EARNINGS": 300, "CURRENT_TAX_PAYABLE": 100, "INVENTORY": -400}),
        ("DISPOSAL", {"RETAINED_EARNINGS": 300, "DEFERRED_TAX_ASSET": 100, "INVENTORY": -400}),
        ("NEVER", {"RETAINED_EARNINGS": 400, "INVENTORY": -400}),
    ],
)
@pytest.mark.database
def test_a_material_error_of_an_earlier_year_goes_to_retained_earnings_net_of_tax(
    company: Company, timing: str, roles: dict[str, int]
) -> None:
    taxed(company, timing)
    proposal = posted(company, late_draft(company, **MATERIAL))
    assert roles_of(proposal) == roles
    [entry] = JournalEntry.objects.filter(source_ref=proposal.source_ref)
    assert (entry.leg, entry.posted_on) == ("CORRECTION", DAY)
    assert list(verify.complaints(Counter())) == []


def test_a_write_down_of_a_correction_belongs_to_the_year_of_its_event(company: Company) -> None:
    taxed(company, "NEVER")
    made = header(kind=Kind.WRITE_DOWN, reason=Reason.PRICE_FALL, event_on=LAST_YEAR, **MATERIAL)
    proposal = services.proposal_create(entity=company.entity, user=company["PREPARER"], header=made)
    services.line_add(
        proposal=proposal,
        user=company["PREPARER"],
        lot=make_lot(company.entity),
        new_carrying_amount=Decimal(3000),
    )
    posted(company, proposal)
    assert WriteDownMovement.objects.get().fiscal_year == 2025
    assert roles_of(proposal) == {"RETAINED_EARNINGS": 1000, "INVENTORY_ALLOWANCE": -1000}


@pytest.mark.database
def test_a_correction_voided_by_line_takes_its_tax_back_to_the_cent(company: Company) -> None:
    taxed(company)
    made = header(event_on=LAST_YEAR, **MATERIAL)
    proposal = services.proposal_create(entity=company.entity, user=company["PREPARER"], header=made)
    lots = [make_lot(company.entity, f"S{n}", "10", "0.02") for n in range(3)]
    opened(company, *lots)
    for lot in lots:
        services.line_add(proposal=proposal, user=company["PREPARER"], lot=lot, quantity=Decimal(1))
    proposal = posted(company, proposal)
    assert roles_of(proposal)["CURRENT_TAX_PAYABLE"] == Decimal("0.02")
    for line in (1, 2, 3):
        change = services.void_request(
            proposal=proposal, user=company["PREPARER"], reason="Wrong", posted_on=DAY, lines=[line]
        )
        services.void_decide(change=change, user=company["APPROVER"], approve=True)
    assert set(roles_of(proposal).values()) == {0}
    assert list(verify.complaints(Counter())) == []


def test_a_correction_is_not_voided_by_line_at_another_tax_rate_than_it_was_posted_at(company: Company) -> None:
    taxed(company)
    proposal = services.line_add(
        proposal=late_draft(company, **MATERIAL),
        user=company["PREPARER"],
        lot=make_lot(company.entity, "OTHER"),
        quantity=Decimal(1),
    )
    proposal = posted(company, proposal)
    company.entity.tax_rate = Decimal("0.10")
    company.entity.save()
    change = services.void_request(
        proposal=proposal, user=company["PREPARER"], reason="Wrong", posted_on=DAY, lines=[1]
    )
    with pytest.raises(WrongState, match="the tax rate has changed"):
        services.void_decide(change=change, user=company["APPROVER"], approve=True)
    services.void_decide(change=change, user=company["APPROVER"], approve=False)
    whole = services.void_request(proposal=proposal, user=company["PREPARER"], reason="Wrong", posted_on=DAY)
    services.void_decide(change=whole, user=company["APPROVER"], approve=True)
    assert set(roles_of(proposal).values()) == {0}


def test_the_finding_is_part_of_what_is_approved(company: Company) -> None:
    proposal = submitted(company, late_draft(company, **MATERIAL))
    Proposal.objects.filter(pk=proposal.pk).update(material=False)
    with pytest.raises(StaleContent):
        services.proposal_approve(proposal=proposal, user=company["APPROVER"], digest=proposal.digest)


def test_another_tax_rate_than_the_approved_one_stops_a_correction(company: Company) -> None:
    taxed(company)
    proposal = approved(company, late_draft(company, **MATERIAL))
    company.entity.tax_rate = Decimal("0.30")
    company.entity.save()
    with pytest.raises(StaleContent):
        services.proposal_post(proposal=proposal, user=company["CONTROLLER"], digest=proposal.digest)


def test_a_correction_takes_no_charge_that_saves_tax_again(company: Company) -> None:
    taxed(company)
    proposal = late_draft(company, **MATERIAL)
    charge = services.ChargeInput(kind="TAX", amount=Decimal(100))
    services.charge_add(proposal=proposal, user=company["PREPARER"], charge=charge)
    with pytest.raises(BadInput, match="the tax is in its entry already"):
        submitted(company, proposal)


def test_verify_names_a_finding_that_was_changed_behind_the_approval(company: Company) -> None:
    proposal = posted(company, late_draft(company, **{**MATERIAL, "material": False}))
    with transaction.atomic():
        guards.drop()
        with connection.cursor() as cursor:
            cursor.execute("update proposals_proposal set material = %s", [True])
        said = list(verify.complaints(Counter()))
    assert f"Proposal {proposal.number}: its finding is not the one that was submitted and approved." in said
    assert f"{proposal.source_ref}: its entries are not those of what it was found to be." in said


def test_the_form_asks_for_a_finding_only_where_the_dates_make_it_late(company: Company, signed_in: SignIn) -> None:
    client = signed_in(company["PREPARER"])
    address = reverse("proposals:new", args=["north"])
    assert "Found late" not in client.get(address).content.decode()
    typed = {
        "kind": "WRITE_OFF",
        "reason": "EXPIRY",
        "event_on": LAST_YEAR.isoformat(),
        "found_on": DAY.isoformat(),
        "posting_on": DAY.isoformat(),
    }
    asked = client.post(address, typed)
    assert asked.status_code == 400
    page = asked.content.decode()
    assert "Found late: what it is" in page
    assert "IAS 8.36-42, ASC 250" in page
    assert not Proposal.objects.exists()
    client.post(address, {**typed, "finding": "ERROR", "material": "yes", "finding_why": WHY})
    proposal = Proposal.objects.get()
    assert (proposal.finding, proposal.material, proposal.finding_why) == ("ERROR", True, WHY)


def test_a_draft_that_is_no_longer_late_loses_its_finding(company: Company, signed_in: SignIn) -> None:
    proposal = late_draft(company, **MATERIAL)
    address = reverse("proposals:edit", args=["north", proposal.number])
    client = signed_in(company["PREPARER"])
    assert "Found late: why" in client.get(address).content.decode()
    typed = {"kind": proposal.kind, "reason": proposal.reason, "version": proposal.version}
    days = {name: DAY.isoformat() for name in ("event_on", "found_on", "posting_on")}
    assert client.post(address, {**typed, **days}).status_code == 302
    proposal.refresh_from_db()
    assert (proposal.finding, proposal.material, proposal.finding_why) == ("", None, "")


def test_the_page_tells_the_preparer_and_certifies_to_the_approver(company: Company, signed_in: SignIn) -> None:
    proposal = late_draft(company)
    page = signed_in(company["PREPARER"]).get(proposal.get_absolute_url()).content.decode()
    assert "Say whether it is an estimate or an error" in page
    Proposal.objects.filter(pk=proposal.pk).update(**MATERIAL)
    proposal.refresh_from_db()
    submitted(company, proposal)
    page = signed_in(company["APPROVER"]).get(proposal.get_absolute_url()).content.decode()
    assert "By approving you certify as the second person: a loss found late, error, material" in page
    assert "corrects fiscal year 2025 through retained earnings" in page
    assert WHY in page


def test_nothing_is_certified_of_an_ordinary_loss(company: Company) -> None:
    assert certification(late_draft(company, DAY)) == ""
