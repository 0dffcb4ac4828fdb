"""Posting and voiding by key: pressed again, sent by another, with other content, and by several processes at once."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse

from core.key_proof import step_keys
from core.keys import StepKey
from core.models import ChangeRequest, Membership, User
from core.verify import Tally
from core.words import Role
from tests.conftest import Company, make_company
from tests.plugins.database import ServerDatabase
from tests.posting.stock import make_lot
from tests.proposals.documents import DAY, approved, draft, posted
from writeoffs.ledger.models import JournalEntry
from writeoffs.posting.models import Posting
from writeoffs.proposals.models import Proposal, Status

SignIn = Callable[[User], Client]
ROOT = Path(__file__).resolve().parents[2]
POSTED = "Posted: 400.00 EUR, expiry, entry 2026-000001, March 2026."


def address(name: str, proposal: Proposal) -> str:
    return reverse(f"proposals:{name}", args=["north", proposal.number])


def post(client: Client, proposal: Proposal, key: str = "press-number-one", digest: str = "") -> tuple[int, str]:
    form = {"digest": digest or proposal.digest, "step_key": key}
    response = client.post(address("post", proposal), form, follow=True)
    return response.status_code, response.content.decode()


@pytest.fixture
def proposal(company: Company) -> Proposal:
    return approved(company, draft(company, make_lot(company.entity)))


def test_the_page_brings_a_key_which_a_refused_form_keeps(
    company: Company, signed_in: SignIn, proposal: Proposal
) -> None:
    client = signed_in(company["CONTROLLER"])
    page = client.get(address("detail", proposal)).content.decode()
    assert '<input type="hidden" name="step_key" value="' in page
    status, page = post(client, proposal, digest="0" * 64)
    assert status == 409
    assert '<input type="hidden" name="step_key" value="press-number-one">' in page
    assert not StepKey.objects.exists()
    assert POSTED in post(client, proposal)[1]


def test_the_same_press_is_answered_as_the_first_was(company: Company, signed_in: SignIn, proposal: Proposal) -> None:
    client = signed_in(company["CONTROLLER"])
    assert [POSTED in post(client, proposal)[1] for _ in range(3)] == [True] * 3
    assert JournalEntry.objects.count() == Posting.objects.count() == StepKey.objects.filter(given=True).count() == 1


def test_the_header_is_as_good_as_the_field(company: Company, signed_in: SignIn, proposal: Proposal) -> None:
    client, form = signed_in(company["CONTROLLER"]), {"digest": proposal.digest}
    for _ in range(2):
        answer = client.post(address("post", proposal), form, headers={"Idempotency-Key": "press-number-one"})
        assert (answer.status_code, answer["Location"]) == (302, proposal.get_absolute_url())
    assert StepKey.objects.get().key == "press-number-one"


def test_the_same_key_with_other_content_is_409(company: Company, signed_in: SignIn, proposal: Proposal) -> None:
    client = signed_in(company["CONTROLLER"])
    post(client, proposal)
    status, page = post(client, proposal, digest="0" * 64)
    assert status == 409
    assert "This form was sent before, by you" in page
    assert POSTED in page


def test_the_same_key_for_another_document_is_409_and_posts_nothing(
    company: Company, signed_in: SignIn, proposal: Proposal
) -> None:
    other = approved(company, draft(company, make_lot(company.entity, "DESK")))
    client = signed_in(company["CONTROLLER"])
    post(client, proposal)
    assert post(client, other)[0] == 409
    other.refresh_from_db()
    assert other.status == Status.APPROVED


def test_the_same_key_of_another_person_is_409(company: Company, signed_in: SignIn, proposal: Proposal) -> None:
    second = User.objects.create(email="second@north.example", full_name="Second")
    Membership.objects.create(entity=company.entity, user=second, role=Role.CONTROLLER)
    post(signed_in(company["CONTROLLER"]), proposal)
    status, page = post(signed_in(second), proposal)
    assert status == 409
    assert "by Controller north" in page


def test_each_document_of_a_bulk_posting_has_a_key_of_its_own(company: Company, signed_in: SignIn) -> None:
    made = [approved(company, draft(company, make_lot(company.entity, sku))) for sku in ("A", "B")]
    client, bulk = signed_in(company["CONTROLLER"]), reverse("proposals:bulk", args=["north"])
    digests = {f"digest-{one.number}": one.digest for one in made}
    form = {"verb": "post", "proposal": [one.number for one in made], "step_key": "press-number-one", **digests}
    for _ in range(2):
        page = client.post(bulk, form, follow=True).content.decode()
        assert f"Posted: {made[0].number}, {made[1].number}." in page
    assert JournalEntry.objects.count() == StepKey.objects.filter(action="proposal.post").count() == 2
    other = {**form, **dict.fromkeys(digests, "0" * 64)}
    assert client.post(bulk, other).status_code == 409


def test_a_void_is_asked_for_and_decided_once_by_key(company: Company, signed_in: SignIn) -> None:
    proposal = posted(company, draft(company, make_lot(company.entity)))
    form = {"reason": "Wrong lot", "posted_on": DAY.isoformat(), "scope": "all", "step_key": "ask-to-void-it"}
    asker = signed_in(company["CONTROLLER"])
    for _ in range(2):
        answer = asker.post(address("void", proposal), form)
        assert (answer.status_code, answer["Location"]) == (302, proposal.get_absolute_url())
    assert ChangeRequest.objects.count() == 1
    assert asker.post(address("void", proposal), {**form, "reason": "Other"}).status_code == 409
    decider, form = signed_in(company["APPROVER"]), {"decision": "approve", "step_key": "yes-void-it"}
    for _ in range(2):
        page = decider.post(address("void_decide", proposal), form, follow=True).content.decode()
        assert f"{proposal.number} is voided; the mirror entry is posted." in page
    assert JournalEntry.objects.filter(leg="VOID").count() == 1
    assert decider.post(address("void_decide", proposal), {**form, "decision": "refuse"}).status_code == 409
    # The asker's retry is answered still, now that the proposal is no longer posted.
    ask = {"reason": "Wrong lot", "posted_on": DAY.isoformat(), "scope": "all", "step_key": "ask-to-void-it"}
    assert asker.post(address("void", proposal), ask).status_code == 302
    assert list(step_keys(Tally())) == []


# Each process connects, says that it is ready, and presses when the test closes its input.
SCRIPT = """
import os, sys
os.environ["DJANGO_SETTINGS_MODULE"] = "writeoffs.settings"
import django
django.setup()
from django.test import Client
from core.models import User
address, person, key, digest = sys.argv[1:]
client = Client()
client.force_login(User.objects.get(email=person), backend="django.contrib.auth.backends.ModelBackend")
print("ready", flush=True)
sys.stdin.read()
answer = client.post(address, {"digest": digest, "step_key": key}, HTTP_HOST="localhost")
told = client.get(answer["Location"], HTTP_HOST="localhost").content.decode()
print(answer.status_code, "first" if "Posted: 400.00 EUR" in told else "already" if "already" in told else told)
"""


def at_once(database: ServerDatabase, proposal: Proposal, presses: list[tuple[User, str]]) -> Counter[str]:
    running = [
        subprocess.Popen(
            [sys.executable, "-c", SCRIPT, address("post", proposal), person.email, key, proposal.digest],
            env=database.env,
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for person, key in presses
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


@pytest.mark.database
def test_one_key_from_several_processes_at_once_is_answered_the_same(server_database: ServerDatabase) -> None:
    with server_database.in_process():
        company = make_company()
        proposal = approved(company, draft(company, make_lot(company.entity)))
    answers = at_once(server_database, proposal, [(company["CONTROLLER"], "press-number-one")] * 5)
    assert answers == {"302 first": 5}
    with server_database.in_process():
        assert JournalEntry.objects.filter(source_ref=proposal.source_ref).count() == 1
        assert StepKey.objects.filter(action="proposal.post").count() == 1
        assert list(step_keys(Tally())) == []


@pytest.mark.database
def test_different_keys_at_once_post_once_and_tell_the_others(server_database: ServerDatabase) -> None:
    with server_database.in_process():
        company = make_company()
        proposal = approved(company, draft(company, make_lot(company.entity)))
    answers = at_once(server_database, proposal, [(company["CONTROLLER"], f"press-number-{n}") for n in range(4)])
    assert answers == {"302 first": 1, "302 already": 3}
