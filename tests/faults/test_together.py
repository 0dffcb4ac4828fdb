"""Several people at the same moment, each in a process of its own: one of them does it, the others are told."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from core.errors import DomainError
from inventory.models import Movement
from tests.faults import company as faults
from tests.faults.company import Company, Expected
from tests.faults.processes import together
from tests.proposals import documents
from tests.proposals.documents import DAY
from writeoffs.ledger.models import FiscalPeriod, JournalEntry
from writeoffs.ledger.periods import period_close
from writeoffs.posting.models import Posting
from writeoffs.proposals import services
from writeoffs.proposals.models import Decision, Proposal, Status

pytestmark = [pytest.mark.faults, pytest.mark.database]


def refused(action: Callable[[], Any]) -> Callable[[], str]:
    """What it gave, or the name of the rule that refused it."""

    def told() -> str:
        try:
            return str(action())
        except DomainError as error:
            return type(error).__name__

    return told


def posting(proposal: Proposal, user: Any, key: str = "") -> Callable[[], str]:
    def post() -> str:
        done = services.proposal_post(proposal=proposal, user=user, digest=proposal.digest, key=key)
        return "already" if done.already else "posted"

    return refused(post)


def closing(period: FiscalPeriod, user: Any, key: str = "") -> Callable[[], str]:
    return refused(lambda: period_close(period=period, user=user, key=key).status)


def march(company: Company) -> FiscalPeriod:
    """March 2026, with everything before it closed."""
    earlier = FiscalPeriod.objects.filter(entity=company.entity, ends_on__lt=dt.date(2026, 3, 1))
    for period in earlier.order_by("starts_on"):
        period_close(period=period, user=company["CONTROLLER"])
    return FiscalPeriod.objects.get(entity=company.entity, fiscal_year=2026, number=3)


def entries_of(proposal: Proposal) -> int:
    return JournalEntry.objects.filter(source_ref=proposal.source_ref).count()


def test_eight_posters_make_one_entry(north: Company) -> None:
    proposal = faults.approved(north, 1)
    answers = Counter(together(*[posting(proposal, north["CONTROLLER"])] * 8))
    assert answers == {"posted": 1, "already": 7}
    assert entries_of(proposal) == Posting.objects.filter(source_ref=proposal.source_ref).count() == 1
    assert Movement.objects.filter(source_ref=proposal.source_ref).count() == 1
    assert Decision.objects.filter(proposal=proposal, verb="POST").count() == 1
    assert Expected(10).holds(1)


def test_eight_posters_with_one_key_are_answered_the_same(north: Company) -> None:
    proposal = faults.approved(north, 1)

    def press() -> str:
        return services.proposal_post(
            proposal=proposal, user=north["CONTROLLER"], digest=proposal.digest, key="press-number-one"
        ).message

    [message] = set(together(*[press] * 8))
    assert message.startswith("Posted: 400.00 EUR")
    assert entries_of(proposal) == 1


@pytest.mark.parametrize("run", range(3))
def test_posting_against_closing_leaves_nothing_behind_the_close(north: Company, run: int) -> None:
    period = march(north)
    proposals = [faults.approved(north, number) for number in range(1, 5)]
    *told, closed = together(
        *(posting(proposal, north["CONTROLLER"]) for proposal in proposals),
        closing(period, faults.person("CONTROLLER", 0)),
    )
    period.refresh_from_db()
    posted = told.count("posted")
    if closed == "CLOSED":
        # Every one of them was posted before the close: an approved one would have stopped it.
        assert posted == 4
    else:
        assert closed == "WrongState"
        assert period.status == FiscalPeriod.Status.OPEN
    assert posted + told.count("PeriodClosed") == 4
    assert JournalEntry.objects.filter(period=period, origin="OWN").count() == posted
    assert Proposal.objects.filter(status=Status.POSTED).count() == posted


def test_of_two_closers_one_closes(north: Company) -> None:
    period = march(north)
    people = [north["CONTROLLER"], faults.person("CONTROLLER", 0)]
    assert Counter(together(*(closing(period, user) for user in people))) == {"CLOSED": 1, "WrongState": 1}
    period.refresh_from_db()
    assert period.status == FiscalPeriod.Status.CLOSED


def test_two_closers_with_one_key_are_answered_the_same(north: Company) -> None:
    period = march(north)
    assert together(*[closing(period, north["CONTROLLER"], "close-march")] * 2) == ["CLOSED"] * 2


def test_of_two_proposals_that_together_exceed_a_lot_one_posts(north: Company) -> None:
    made = [documents.draft(north, faults.lot(2), "60") for _ in range(2)]
    proposals = [documents.approved(north, one) for one in made]
    answers = together(*(posting(proposal, north["CONTROLLER"]) for proposal in proposals))
    assert answers.count("posted") == 1
    assert sorted(answers)[0] in ("NotEnoughStock", "StaleContent")
    assert Expected(60).holds(2)
    assert sum(entries_of(proposal) for proposal in proposals) == 1


def test_a_void_decided_by_several_is_posted_once(north: Company) -> None:
    proposal = documents.posted(north, documents.draft(north, faults.lot(3), "10"))
    change = services.void_request(proposal=proposal, user=north["CONTROLLER"], reason="Wrong lot", posted_on=DAY)
    people = [north["APPROVER"], faults.person("APPROVER", 0), faults.person("APPROVER", 1)]

    def decide(user: Any) -> Callable[[], str]:
        return refused(lambda: services.void_decide(change=change, user=user, approve=True).status)

    assert Counter(together(*map(decide, people))) == {"APPROVED": 1, "WrongState": 2}
    assert JournalEntry.objects.filter(leg="VOID").count() == 1
    assert Expected(0).holds(3)
