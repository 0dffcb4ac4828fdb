"""Approval limits: inclusive, on the gross loss, by title; decided by two people; kept by the proposal and its void."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal

import pytest
import time_machine
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from core import changes
from core.errors import BadInput, NotAllowed, OverLimit, SegregationOfDuties, WrongState
from core.models import Category, ChangeRequest, Membership, User
from core.words import Reason, Role
from tests.conftest import Company
from tests.posting.stock import make_lot
from tests.proposals.documents import DAY, draft, submitted
from writeoffs.proposals import services
from writeoffs.proposals.limits import Band, asked_for
from writeoffs.proposals.models import ApprovalLimits, Proposal
from writeoffs.proposals.services.limits import BandInput, TitleInput, limits_request

pytestmark = pytest.mark.django_db
TODAY = dt.date(2026, 3, 20)


@pytest.fixture(autouse=True)
def in_march() -> object:
    with time_machine.travel(dt.datetime(2026, 3, 20, 9, tzinfo=dt.UTC)) as clock:
        yield clock


def approver(company: Company, name: str) -> User:
    user = User.objects.create(email=f"{name}@limits.example", full_name=name.capitalize())
    Membership.objects.create(entity=company.entity, user=user, role=Role.APPROVER)
    return user


@pytest.fixture
def people(company: Company) -> dict[str, User]:
    """The approver of the company is the warehouse manager; two more approve above."""
    return {"manager": company["APPROVER"], "chief": approver(company, "chief"), "board": approver(company, "board")}


def ask(company: Company, people: dict[str, User], *extra: BandInput, starts_on: dt.date = TODAY) -> ChangeRequest:
    titles = [
        TitleInput("Warehouse manager", [people["manager"]]),
        TitleInput("CFO", [people["chief"]]),
        TitleInput("Board", [people["board"]]),
    ]
    bands = [
        BandInput("Warehouse manager", Decimal(1000)),
        BandInput("CFO", Decimal(10000)),
        BandInput("Board", None),
        *extra,
    ]
    return limits_request(
        entity=company.entity, user=company["CONTROLLER"], titles=titles, bands=bands, starts_on=starts_on, why="Audit"
    )


@pytest.fixture
def limits(company: Company, people: dict[str, User]) -> ApprovalLimits:
    change = ask(company, people)
    outsider = approver(company, "outsider")
    changes.change_decide(change=change, user=outsider, approve=True)
    return ApprovalLimits.objects.get()


def sent(company: Company, units: str) -> Proposal:
    """At 40.00 a unit, with half of it provided for: limits see the gross."""
    lot = make_lot(company.entity, f"SKU-{units}", "10000", "40", allowance="200000")
    return submitted(company, draft(company, lot, units))


def approve(proposal: Proposal, user: User) -> Proposal:
    return services.proposal_approve(proposal=proposal, user=user, digest=proposal.digest)


def test_a_limit_is_inclusive_and_judged_on_the_gross_loss(
    company: Company, people: dict[str, User], limits: ApprovalLimits
) -> None:
    assert approve(sent(company, "25"), people["manager"]).status == "APPROVED"
    above = sent(company, "25.01")
    with pytest.raises(
        OverLimit, match=r"1,000\.40 EUR; it is approved by CFO.*up to 1,000\.00 EUR as Warehouse"
    ) as told:
        approve(above, people["manager"])
    assert told.value.code == "LIMIT_NEEDS_CFO"
    assert above.limits == limits
    assert approve(above, people["chief"]).status == "APPROVED"


def test_who_approves_more_approves_less_as_well_and_nobody_without_a_title(
    company: Company, people: dict[str, User], limits: ApprovalLimits
) -> None:
    assert approve(sent(company, "1"), people["board"]).status == "APPROVED"
    with pytest.raises(OverLimit, match="You hold no title here"):
        approve(sent(company, "2"), User.objects.get(email="outsider@limits.example"))


def test_the_duties_of_the_page_name_those_who_may(
    company: Company, people: dict[str, User], limits: ApprovalLimits, signed_in: Callable[[User], Client]
) -> None:
    proposal = sent(company, "300")
    page = signed_in(people["manager"]).get(proposal.get_absolute_url()).content.decode()
    assert "Waiting for an approver: Board." in page
    assert "up to 1,000.00 EUR as Warehouse manager" in page


def test_a_band_for_a_category_goes_before_that_for_all(company: Company, people: dict[str, User]) -> None:
    lot = make_lot(company.entity, "LAMP", "100", "40")
    category = Category.objects.get(pk=lot.item.category_id)
    change = ask(company, people, BandInput("Board", None, category=category))
    changes.change_decide(change=change, user=approver(company, "outsider"), approve=True)
    proposal = submitted(company, draft(company, lot, "1"))
    with pytest.raises(OverLimit, match=r"approved by Board \(the band for the category\)"):
        approve(proposal, people["chief"])


def test_a_void_follows_the_limits_of_the_document_that_it_undoes(
    company: Company, people: dict[str, User], limits: ApprovalLimits
) -> None:
    proposal = sent(company, "100")
    approve(proposal, people["chief"])
    proposal.refresh_from_db()
    services.proposal_post(proposal=proposal, user=company["CONTROLLER"], digest=proposal.digest)
    change = services.void_request(
        proposal=proposal, user=company["CONTROLLER"], reason="Counted wrongly", posted_on=DAY
    )
    with pytest.raises(OverLimit) as told:
        services.void_decide(change=change, user=people["manager"], approve=True)
    assert told.value.code == "LIMIT_NEEDS_CFO"
    assert services.void_decide(change=change, user=people["chief"], approve=True).status == "APPROVED"


def test_a_proposal_keeps_the_version_that_it_was_submitted_under(
    company: Company, people: dict[str, User], limits: ApprovalLimits
) -> None:
    proposal = sent(company, "25")
    titles = [TitleInput("Board", [people["board"]])]
    change = limits_request(
        entity=company.entity,
        user=company["CONTROLLER"],
        titles=titles,
        bands=[BandInput("Board", None)],
        starts_on=TODAY,
        why="Everything to the board",
    )
    changes.change_decide(change=change, user=people["chief"], approve=True)
    assert ApprovalLimits.objects.count() == 2
    assert approve(proposal, people["manager"]).status == "APPROVED"
    with pytest.raises(OverLimit):
        approve(sent(company, "24"), people["manager"])


def test_nobody_agrees_to_a_title_of_their_own(company: Company, people: dict[str, User]) -> None:
    change = ask(company, people)
    with pytest.raises(SegregationOfDuties, match="you would hold the title CFO"):
        changes.change_decide(change=change, user=people["chief"], approve=True)
    with pytest.raises(SegregationOfDuties):
        changes.change_decide(change=change, user=company["CONTROLLER"], approve=True)
    assert not ApprovalLimits.objects.exists()


@pytest.mark.parametrize(
    ("titles", "bands", "said"),
    [
        (["CFO"], [("CFO", "10000")], "Nobody approves more than CFO up to 10,000.00"),
        (["CFO", "Board"], [("CFO", "500"), ("Board", "400")], "the higher title has to approve more"),
        (["CFO"], [("CEO", None)], "the title 'CEO', which is not on the list"),
        (["CFO", "cfo"], [("CFO", None)], "are the same title"),
        (["CFO"], [("CFO", "0.001"), ("CFO", None)], "0.001 cannot be a limit"),
        ([], [], "Name at least one title"),
    ],
)
def test_limits_that_cannot_be_are_refused_by_name(
    company: Company, people: dict[str, User], titles: list[str], bands: list[tuple[str, str | None]], said: str
) -> None:
    with pytest.raises(BadInput, match=said):
        limits_request(
            entity=company.entity,
            user=company["CONTROLLER"],
            titles=[TitleInput(name, [people["chief"]]) for name in titles],
            bands=[BandInput(name, Decimal(limit) if limit else None) for name, limit in bands],
            starts_on=TODAY,
            why="Audit",
        )
    assert not ChangeRequest.objects.exists()


def test_a_title_is_held_by_approvers_and_limits_start_today_at_the_earliest(
    company: Company, people: dict[str, User]
) -> None:
    with pytest.raises(BadInput, match="is no approver in"):
        limits_request(
            entity=company.entity,
            user=company["CONTROLLER"],
            titles=[TitleInput("CFO", [company["AUDITOR"]])],
            bands=[BandInput("CFO", None)],
            starts_on=TODAY,
            why="Audit",
        )
    with pytest.raises(BadInput, match="2026-03-19 would lie in the past"):
        ask(company, people, starts_on=TODAY - dt.timedelta(days=1))
    with pytest.raises(NotAllowed):
        limits_request(
            entity=company.entity,
            user=people["chief"],
            titles=[TitleInput("CFO", [people["chief"]])],
            bands=[BandInput("CFO", None)],
            starts_on=TODAY,
            why="Audit",
        )


def test_other_limits_decided_in_between_make_a_request_stale(company: Company, people: dict[str, User]) -> None:
    first = ask(company, people)
    outsider = approver(company, "outsider")
    with pytest.raises(WrongState, match="waits for a second person already"):
        ask(company, people)
    changes.change_decide(change=first, user=outsider, approve=True)
    assert ask(company, people).details["after"] == 1


@pytest.mark.database
def test_a_version_of_the_limits_is_never_changed(limits: ApprovalLimits) -> None:
    for table in ("approvallimits", "approvaltitle", "titleholder", "approvalband"):
        with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"delete from proposals_{table}")
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("update proposals_approvalband set up_to = null")


def test_the_pages_show_try_and_ask(
    company: Company, people: dict[str, User], signed_in: Callable[[User], Client]
) -> None:
    slug, client = company.entity.slug, signed_in(company["CONTROLLER"])
    page = client.get(reverse("proposals:limits", args=[slug])).content.decode()
    assert "No limits stand" in page
    data = {
        "band-TOTAL_FORMS": "3",
        "band-INITIAL_FORMS": "0",
        "band-0-title": "Manager",
        "band-0-holders": [people["manager"].pk],
        "band-0-up_to": "1000",
        "band-1-title": "CFO",
        "band-1-holders": [people["chief"].pk],
        "starts_on": "2026-03-20",
        "why": "Asked for by the auditors",
    }
    refused = client.post(reverse("proposals:limits_ask", args=[slug]), {**data, "band-1-title": ""})
    assert refused.status_code == 400
    assert "Name the title that this band is of" in refused.content.decode()
    assert client.post(reverse("proposals:limits_ask", args=[slug]), {**data, "band-1-up_to": "900"}).status_code == 400
    assert client.post(reverse("proposals:limits_ask", args=[slug]), data).status_code == 302
    changes.change_decide(change=ChangeRequest.objects.get(), user=people["board"], approve=True)
    tried = client.get(reverse("proposals:limits", args=[slug]), {"amount": "1000.01", "reason": "FIRE"})
    assert "<strong>CFO</strong>" in tried.content.decode()
    again = client.get(reverse("proposals:limits_ask", args=[slug])).content.decode()
    assert 'value="Manager"' in again
    assert signed_in(people["chief"]).get(reverse("proposals:limits_ask", args=[slug])).status_code == 403


@given(
    gross=st.integers(0, 10**7).map(lambda raw: Decimal(raw) / 100),
    limits=st.lists(st.integers(1, 10**6), min_size=1, max_size=5, unique=True).map(sorted),
)
def test_the_lowest_band_that_reaches_the_amount_decides(gross: Decimal, limits: list[int]) -> None:
    bands = [Band(Decimal(limit), rank, str(rank), str(rank), frozenset({rank})) for rank, limit in enumerate(limits)]
    bands.append(Band(None, len(limits), "top", "TOP", frozenset({len(limits)})))
    asked = asked_for(bands, gross=gross, reason=Reason.FIRE, places=[(None, None)])
    assert asked.band is not None
    below = [band for band in bands if band.rank < asked.band.rank]
    assert all(band.up_to is not None and band.up_to < gross for band in below)
    assert asked.band.up_to is None or gross <= asked.band.up_to
    assert asked.holders() == {band.rank for band in bands if band.rank >= asked.band.rank}
