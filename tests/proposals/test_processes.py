"""Many processes at once on one proposal: real ones, each with its own connection, on either engine."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from core.models import Membership, User
from core.words import Role
from inventory.models import Lot, Movement
from tests.conftest import Company, make_company
from tests.plugins.database import ServerDatabase
from tests.posting.stock import make_lot
from tests.proposals.documents import DAY, approved, draft, posted, submitted
from writeoffs.ledger.models import JournalEntry
from writeoffs.posting.models import Posting
from writeoffs.proposals import services
from writeoffs.proposals.models import Decision, Proposal, Status

pytestmark = pytest.mark.database
ROOT = Path(__file__).resolve().parents[2]

# Each process connects, says that it is ready, and starts when the test closes its input: all at the same moment.
SCRIPT = """
import os, sys
os.environ["DJANGO_SETTINGS_MODULE"] = "writeoffs.settings"
import django
django.setup()
from core.errors import DomainError
from core.models import ChangeRequest, User
from writeoffs.proposals import services
from writeoffs.proposals.models import Proposal
what, number, person, digest = sys.argv[1:]
proposal = Proposal.objects.get(number=number)
user = User.objects.get(email=person)
print("ready", flush=True)
sys.stdin.read()
try:
    if what == "post":
        print("already" if services.proposal_post(proposal=proposal, user=user, digest=digest).already else "posted")
    elif what == "approve":
        services.proposal_approve(proposal=proposal, user=user, digest=digest)
        print("approved")
    else:
        change = ChangeRequest.objects.get()
        services.void_decide(change=change, user=user, approve=True)
        print("voided")
except DomainError as error:
    print(type(error).__name__)
"""


def at_once(database: ServerDatabase, proposal: Proposal, what: str, people: list[User]) -> Counter[str]:
    """What each process answered."""
    running = [
        subprocess.Popen(
            [sys.executable, "-c", SCRIPT, what, proposal.number, person.email, proposal.digest],
            env=database.env,
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for person in people
    ]
    for process in running:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in running:
        assert process.stdin is not None
        process.stdin.close()
    answers: Counter[str] = Counter()
    for process in running:
        assert process.stdout is not None
        answers[process.stdout.read().strip()] += 1
        process.stdout.close()
        assert process.wait(timeout=60) == 0
    return answers


def approver(company: Company, name: str) -> User:
    person = User.objects.create(email=f"{name}@north.example", full_name=name)
    Membership.objects.create(entity=company.entity, user=person, role=Role.APPROVER)
    return person


def test_eight_processes_posting_the_same_proposal_make_one_entry(server_database: ServerDatabase) -> None:
    with server_database.in_process():
        company = make_company()
        lot = make_lot(company.entity)
        proposal = approved(company, draft(company, lot))
    answers = at_once(server_database, proposal, "post", [company["CONTROLLER"]] * 8)
    assert answers == {"posted": 1, "already": 7}
    with server_database.in_process():
        assert JournalEntry.objects.filter(source_ref=proposal.source_ref).count() == 1
        assert Movement.objects.filter(source_ref=proposal.source_ref).count() == 1
        assert Posting.objects.count() == 1
        assert Decision.objects.filter(verb="POST").count() == 1
        assert Lot.objects.get(pk=lot.pk).quantity == 90


def test_of_two_approvers_at_once_one_approves_and_the_other_is_told(server_database: ServerDatabase) -> None:
    with server_database.in_process():
        company = make_company()
        proposal = submitted(company, draft(company, make_lot(company.entity)))
        people = [company["APPROVER"], approver(company, "anna"), approver(company, "tom"), approver(company, "eve")]
    answers = at_once(server_database, proposal, "approve", people)
    assert answers == {"approved": 1, "WrongState": 3}
    with server_database.in_process():
        assert Decision.objects.filter(verb="APPROVE").count() == 1
        assert Proposal.objects.get().status == Status.APPROVED


def test_a_void_decided_by_several_at_once_is_posted_once(server_database: ServerDatabase) -> None:
    with server_database.in_process():
        company = make_company()
        lot = make_lot(company.entity)
        proposal = posted(company, draft(company, lot))
        services.void_request(proposal=proposal, user=company["CONTROLLER"], reason="Wrong lot", posted_on=DAY)
        people = [company["APPROVER"], approver(company, "anna"), approver(company, "tom")]
    answers = at_once(server_database, proposal, "void", people)
    assert answers == {"voided": 1, "WrongState": 2}
    with server_database.in_process():
        assert JournalEntry.objects.filter(leg="VOID").count() == 1
        assert Lot.objects.get(pk=lot.pk).quantity == 100
