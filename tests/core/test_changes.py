"""A change that needs a second person happens when that person agrees, once, or not at all."""

from collections.abc import Iterator

import pytest
from django.db import IntegrityError, transaction

from core import changes
from core.changes import ChangeKind, change_decide, change_request
from core.errors import BadInput, NotAllowed, SegregationOfDuties, WrongState
from core.models import AuditEvent, ChangeRequest, Membership, User
from core.sentences import ended
from core.words import Role
from tests.conftest import Company

done: list[str] = []


@pytest.fixture(autouse=True)
def kind() -> Iterator[None]:
    def apply(change: ChangeRequest, user: User) -> None:
        if change.details.get("impossible"):
            raise WrongState("This cannot be done any more.")
        done.append(change.subject)

    roles = frozenset({Role.CONTROLLER})
    changes.register(ChangeKind("test.change", "A test change", roles, roles | {Role.APPROVER}, apply))
    done.clear()
    yield
    del changes._KINDS["test.change"]


def ask(company: Company, **details: object) -> ChangeRequest:
    return change_request(
        entity=company.entity,
        kind="test.change",
        subject="period:2026-01",
        summary="Re-open January",
        reason="A late invoice",
        user=company["CONTROLLER"],
        details=details,
    )


def test_a_second_person_carries_the_change_out_once(company: Company) -> None:
    change = ask(company)
    change_decide(change=change, user=company["APPROVER"], approve=True)
    assert done == ["period:2026-01"]
    with pytest.raises(WrongState, match="decided it already"):
        change_decide(change=change, user=company["APPROVER"], approve=True)
    assert done == ["period:2026-01"]
    kinds = AuditEvent.objects.order_by("sequence").values_list("kind", flat=True)
    assert list(kinds) == ["change.requested", "change.approved"]


def test_nobody_decides_their_own_change(company: Company) -> None:
    change = ask(company)
    with pytest.raises(SegregationOfDuties, match="second person"):
        change_decide(change=change, user=company["CONTROLLER"], approve=True)
    with pytest.raises(IntegrityError, match="change_request_second_person"), transaction.atomic():
        ChangeRequest.objects.filter(pk=change.pk).update(decided_by=company["CONTROLLER"])
    assert done == []


def test_a_person_without_the_role_neither_asks_nor_decides(company: Company, other_company: Company) -> None:
    change = ask(company)
    for stranger in (company["PREPARER"], other_company["APPROVER"]):
        with pytest.raises(NotAllowed):
            change_decide(change=change, user=stranger, approve=True)
    Membership.objects.filter(user=company["CONTROLLER"]).delete()
    with pytest.raises(NotAllowed, match="only a controller"):
        ask(company)


def test_a_refused_change_does_nothing_and_can_be_asked_for_again(company: Company) -> None:
    change_decide(change=ask(company), user=company["APPROVER"], approve=False, comment="Not needed")
    assert done == []
    assert ask(company).status == ChangeRequest.Status.OPEN


def test_the_same_change_waits_once_and_needs_a_reason(company: Company) -> None:
    ask(company)
    with pytest.raises(WrongState, match="waits for a second person already"):
        ask(company)
    with pytest.raises(BadInput, match="say why"):
        change_request(
            entity=company.entity,
            kind="test.change",
            subject="x",
            summary="Y",
            reason="  ",
            user=company["CONTROLLER"],
        )


def test_a_change_that_fails_leaves_the_request_open(company: Company) -> None:
    change = ask(company, impossible=True)
    with pytest.raises(WrongState, match="any more"):
        change_decide(change=change, user=company["APPROVER"], approve=True)
    change.refresh_from_db()
    assert change.status == ChangeRequest.Status.OPEN
    assert change.decided_by is None


def test_a_sentence_keeps_the_end_that_it_has() -> None:
    assert [ended(text) for text in ("Make the group A Inc.", "Late rate ", "Sure?")] == [
        "Make the group A Inc.",
        "Late rate.",
        "Sure?",
    ]
