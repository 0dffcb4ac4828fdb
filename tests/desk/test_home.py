"""Home is the inbox: what waits for this person, how much, how old; and what stands around it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import DjangoAssertNumQueries

from core.changes import change_request
from core.models import Membership, Upload, User
from core.words import Role
from inventory.models import Lot
from tests.conftest import Company
from tests.posting.stock import make_lot
from tests.proposals import documents
from writeoffs.ledger.models import FiscalPeriod
from writeoffs.proposals import services
from writeoffs.proposals.models import Proposal

pytestmark = pytest.mark.django_db
SignedIn = Callable[[User], Client]


def home(company: Company, **params: str) -> str:
    query = "&".join(f"{name}={value}" for name, value in params.items())
    return reverse("desk:home", args=[company.entity.slug]) + (f"?{query}" if query else "")


def page(company: Company, signed_in: SignedIn, role: str, **params: str) -> str:
    response = signed_in(company[role]).get(home(company, **params))
    assert response.status_code == 200
    return response.content.decode()


@pytest.fixture
def lot(company: Company) -> Lot:
    return make_lot(company.entity, quantity="100", unit_cost="12.5")


def test_an_anonymous_person_is_sent_to_sign_in(client: Client, company: Company) -> None:
    response = client.get(home(company))
    assert response.status_code == 302
    assert response["location"].startswith(reverse("account_login"))


def test_another_company_does_not_exist(company: Company, other_company: Company, signed_in: SignedIn) -> None:
    assert signed_in(other_company["CONTROLLER"]).get(home(company)).status_code == 404


@pytest.mark.parametrize("role", list(Role))
def test_home_stands_for_every_role_with_nothing_there(company: Company, signed_in: SignedIn, role: str) -> None:
    assert "<h1>Inbox</h1>" in page(company, signed_in, role)


@pytest.mark.parametrize(
    ("role", "sentence"),
    [
        ("APPROVER", "Nothing to approve"),
        ("CONTROLLER", "Nothing to post"),
        ("PREPARER", "Nothing came back to you"),
        ("AUDITOR", "Nothing is asked of you here"),
        ("COUNTER", "No count waits for you"),
        ("ADMIN", "You look after users and roles"),
    ],
)
def test_an_empty_inbox_says_so_in_the_words_of_the_role(
    company: Company, signed_in: SignedIn, role: str, sentence: str
) -> None:
    assert sentence in page(company, signed_in, role)


def test_a_submitted_proposal_waits_for_the_approver_and_for_nobody_else(
    company: Company, signed_in: SignedIn, lot: Lot
) -> None:
    proposal = documents.submitted(company, documents.draft(company, lot))
    text = page(company, signed_in, "APPROVER")
    assert "1 proposal waits for your approval: 125.00 EUR at cost." in text
    assert proposal.get_absolute_url() in text
    assert 'value="approve"' in text
    assert proposal.number not in page(company, signed_in, "CONTROLLER")
    assert "To approve" not in page(company, signed_in, "PREPARER")


def test_the_tab_counts_what_it_lists(company: Company, signed_in: SignedIn, lot: Lot) -> None:
    documents.submitted(company, documents.draft(company, lot))
    response = signed_in(company["APPROVER"]).get(home(company))
    (tab,) = response.context["tabs"]
    assert (tab.label, tab.count, tab.current) == ("To approve", 1, True)
    assert len(response.context["lines"]) == 1


def test_a_line_says_what_where_how_old_by_whom_and_whether_a_paper_is_there(
    company: Company, signed_in: SignedIn, lot: Lot
) -> None:
    proposal = documents.submitted(company, documents.draft(company, lot))
    Proposal.objects.filter(pk=proposal.pk).update(submitted_at=proposal.submitted_at - dt.timedelta(days=6))
    text = page(company, signed_in, "APPROVER")
    for words in ("Write-off: expiry, 1 line", lot.location.code, "6 days", str(company["PREPARER"]), "No paper"):
        assert words in text
    assert "the oldest for 6 days" in text


def test_an_approved_proposal_waits_for_a_controller_who_neither_prepared_nor_approved_it(
    company: Company, signed_in: SignedIn, lot: Lot
) -> None:
    proposal = documents.approved(company, documents.draft(company, lot))
    assert proposal.number in page(company, signed_in, "CONTROLLER")
    Membership.objects.create(entity=company.entity, user=company["APPROVER"], role=Role.CONTROLLER)
    text = page(company, signed_in, "APPROVER", tab="to_post")
    assert proposal.get_absolute_url() not in text
    assert "1 more waits to be posted, but not by you" in text


def test_a_returned_proposal_waits_for_its_preparer(company: Company, signed_in: SignedIn, lot: Lot) -> None:
    proposal = documents.submitted(company, documents.draft(company, lot))
    services.proposal_return(proposal=proposal, user=company["APPROVER"], comment="Which pallet?")
    response = signed_in(company["PREPARER"]).get(home(company))
    assert response.context["current"] == "returned"
    assert proposal.number in response.content.decode()


def test_what_was_sent_is_followed_with_its_status(company: Company, signed_in: SignedIn, lot: Lot) -> None:
    documents.submitted(company, documents.draft(company, lot))
    assert "Waiting for approval" in page(company, signed_in, "PREPARER", tab="sent")


def test_chosen_proposals_are_approved_from_the_inbox(company: Company, signed_in: SignedIn, lot: Lot) -> None:
    proposal = documents.submitted(company, documents.draft(company, lot))
    client = signed_in(company["APPROVER"])
    data = {
        "verb": "approve",
        "proposal": proposal.number,
        f"digest-{proposal.number}": proposal.digest,
        "next": home(company),
    }
    response = client.post(reverse("proposals:bulk", args=[company.entity.slug]), data, follow=True)
    assert response.redirect_chain[-1][0] == home(company)
    assert f"Approved: {proposal.number}." in response.content.decode()
    proposal.refresh_from_db()
    assert proposal.status == "APPROVED"


def test_an_unknown_tab_or_page_shows_the_inbox_all_the_same(company: Company, signed_in: SignedIn, lot: Lot) -> None:
    documents.submitted(company, documents.draft(company, lot))
    assert "125.00 EUR" in page(company, signed_in, "APPROVER", tab="nonsense", page="99")


def test_a_change_waits_for_the_second_person_only(company: Company, signed_in: SignedIn) -> None:
    period = FiscalPeriod.objects.filter(entity=company.entity).first()
    assert period is not None
    change_request(
        entity=company.entity,
        kind="period.reopen",
        subject=f"period:{period.code}",
        summary="Re-open January 2025",
        reason="A late count.",
        user=company["CONTROLLER"],
        details={"period": period.pk},
    )
    assert "Re-open January 2025" in page(company, signed_in, "APPROVER")
    assert "Re-open January 2025" not in page(company, signed_in, "CONTROLLER")
    assert "Re-open January 2025" not in page(company, signed_in, "AUDITOR")


def _upload(company: Company, role: str, **fields: object) -> Upload:
    from core.files import file_store

    stored = file_store(
        entity=company.entity, name="list.csv", content=b"sku\nA\n", content_type="text/csv", user=company[role]
    )
    return Upload.objects.create(
        entity=company.entity,
        kind="stock_list",
        file=stored,
        file_name="list.csv",
        as_of=dt.datetime(2026, 3, 1, tzinfo=dt.UTC),
        created_by=company[role],
        **{"status": Upload.Status.CHECKED, **fields},
    )


def test_a_checked_sheet_waits_for_its_uploader(company: Company, signed_in: SignedIn) -> None:
    _upload(company, "PREPARER")
    assert "Commit: list.csv" in page(company, signed_in, "PREPARER")
    assert "list.csv" not in page(company, signed_in, "CONTROLLER")


def test_a_sheet_that_releases_allowance_waits_for_a_controller_not_for_its_uploader(
    company: Company, signed_in: SignedIn
) -> None:
    _upload(company, "PREPARER", summary={"needs_controller": True})
    assert "Commit: list.csv" in page(company, signed_in, "CONTROLLER")
    assert "list.csv" not in page(company, signed_in, "PREPARER")


def test_a_refused_sheet_asks_to_be_mended(company: Company, signed_in: SignedIn) -> None:
    _upload(company, "PREPARER", status=Upload.Status.REFUSED, error_count=3)
    assert "Mend the errors: list.csv" in page(company, signed_in, "PREPARER")


def test_a_posting_that_the_erp_has_not_followed_is_shown_by_its_number(
    company: Company, signed_in: SignedIn, lot: Lot
) -> None:
    proposal = documents.posted(company, documents.draft(company, lot))
    text = page(company, signed_in, "CONTROLLER")
    assert "Posted, not yet in the ERP" in text
    assert f">{proposal.number}</a>" in text


@time_machine.travel("2026-03-20 12:00")
def test_stock_at_risk_is_added_up_at_carrying_amount_with_a_link_to_the_lots(
    company: Company, signed_in: SignedIn, lot: Lot
) -> None:
    Lot.objects.filter(pk=lot.pk).update(
        expires_on=dt.date(2026, 3, 19), end_of_sale_on=dt.date(2026, 1, 1), allowance=Decimal("250")
    )
    response = signed_in(company["CONTROLLER"]).get(home(company))
    risks = {risk.label: (risk.lots, risk.carrying) for risk in response.context["risks"]}
    assert risks == {"Expired": (1, Decimal(1000)), "End of sale passed": (1, Decimal(1000))}
    assert "?expiry=expired&amp;stock=on_hand" in response.content.decode()


@time_machine.travel("2026-03-20 12:00")
def test_today_and_the_ninetieth_day_count_as_expiring_and_nothing_on_hand_counts_nowhere(
    company: Company, signed_in: SignedIn, lot: Lot
) -> None:
    for day, label in ((dt.date(2026, 3, 20), True), (dt.date(2026, 6, 18), True), (dt.date(2026, 6, 19), False)):
        Lot.objects.filter(pk=lot.pk).update(expires_on=day)
        risks = signed_in(company["CONTROLLER"]).get(home(company)).context["risks"]
        assert [risk.label for risk in risks] == (["Expiring within 90 days"] if label else [])


@time_machine.travel("2026-03-20 12:00")
def test_the_next_close_is_the_earliest_open_period_that_has_begun(company: Company, signed_in: SignedIn) -> None:
    assert "January 2025" in page(company, signed_in, "CONTROLLER")
    FiscalPeriod.objects.filter(entity=company.entity, starts_on__lt=dt.date(2026, 3, 1)).update(status="CLOSED")
    text = page(company, signed_in, "CONTROLLER")
    assert "March 2026" in text
    assert "in 11 days" in text


def test_what_changed_since_the_last_close_leaves_out_what_came_before(
    company: Company, signed_in: SignedIn, lot: Lot
) -> None:
    proposal = documents.posted(company, documents.draft(company, lot))
    response = signed_in(company["CONTROLLER"]).get(home(company))
    assert (response.context["since"].posted, response.context["since"].net_loss) == (1, Decimal(125))
    FiscalPeriod.objects.filter(entity=company.entity, fiscal_year=2026, number=2).update(
        status="CLOSED", closed_at=proposal.posted_at
    )
    response = signed_in(company["CONTROLLER"]).get(home(company))
    assert response.context["since"].nothing
    assert "Since February 2026 was closed" in response.content.decode()


@pytest.mark.parametrize("role", ["COUNTER", "ADMIN"])
def test_a_role_that_does_not_read_the_books_sees_no_figure_of_them(
    company: Company, signed_in: SignedIn, lot: Lot, role: str
) -> None:
    documents.posted(company, documents.draft(company, lot))
    text = page(company, signed_in, role)
    for words in ("Stock at risk", "Next close", "not yet in the ERP", "/reports/", "/ledger/"):
        assert words not in text


def test_home_makes_the_same_number_of_queries_however_much_waits(
    company: Company,
    signed_in: SignedIn,
    lot: Lot,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    client = signed_in(company["APPROVER"])
    for n in range(4):
        other = make_lot(company.entity, sku=f"Q-{n}", quantity="100", unit_cost="3")
        documents.submitted(company, documents.draft(company, other))
    with django_assert_max_num_queries(25):
        client.get(home(company))


def test_the_person_of_two_companies_chooses_and_the_person_of_one_does_not(
    company: Company, other_company: Company, signed_in: SignedIn
) -> None:
    user = company["AUDITOR"]
    assert signed_in(user).get("/")["location"] == company.entity.get_absolute_url()
    Membership.objects.create(entity=other_company.entity, user=user, role=Role.AUDITOR)
    text = signed_in(user).get("/").content.decode()
    assert "Choose a company" in text
    assert other_company.entity.get_absolute_url() in text


def test_a_person_without_a_company_is_told_whom_to_ask(company: Company, signed_in: SignedIn) -> None:
    stranger = User.objects.create_user("new@north.example", full_name="New")
    text = signed_in(stranger).get("/").content.decode()
    assert "no company has given you a role" in text
    assert "Ask your administrator to add new@north.example" in text
    assert company.entity.name not in text
