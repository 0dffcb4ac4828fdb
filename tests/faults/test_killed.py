"""kill -9 at the n-th SQL statement of posting, voiding and committing an upload: all of it or nothing, for every n."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from core import jobs
from core.errors import KeyUsed
from core.keys import StepKey
from core.models import ChangeRequest, Upload, User
from core.sheets import pipeline
from inventory.models import Lot, Movement
from tests.faults import company as faults
from tests.faults.company import Company, Expected
from tests.faults.conftest import copy_of, proved
from tests.faults.processes import Child, alone, die, killed_at
from tests.faults.size import sized
from tests.proposals import documents
from tests.proposals.documents import DAY
from writeoffs.ledger.models import JournalEntry
from writeoffs.proposals import services
from writeoffs.proposals.models import Proposal

pytestmark = [pytest.mark.faults, pytest.mark.database]
# At CI size every k-th statement is tried, and the last ones all.
EVERY = sized(7, 1, "EVERY")
KEY = "press-number-one"
# What Django and the queue keep beside the books.
BESIDE = ("django_session", "django_migrations", "axes_", "sqlite_sequence", "django_tasks")


def contents() -> dict[str, str]:
    """Every row of every table of ours, as one digest per table."""
    digests = {}
    with connection.cursor() as cursor:
        for table in sorted(connection.introspection.table_names(cursor)):
            if table.startswith(BESIDE):
                continue
            cursor.execute(f"select * from {connection.ops.quote_name(table)}")
            rows = sorted(repr([bytes(v) if isinstance(v, memoryview) else v for v in row]) for row in cursor)
            digests[table] = hashlib.sha256(repr(rows).encode()).hexdigest()
    return digests


def points(tries: Callable[[int], Child]) -> Iterator[tuple[int, Child]]:
    """Every EVERY-th statement until the step ends well; then back over those that were left out at the end, where
    the commit is."""
    n = 1
    while True:
        child = tries(n)
        yield n, child
        if not child.was_killed:
            break
        n += EVERY
    last = n
    for n in range(max(1, last - EVERY + 1), last):
        yield n, tries(n)


@pytest.fixture
def figures(record_property: Callable[[str, object], None]) -> Callable[[str, int], None]:
    def keep(step: str, count: int) -> None:
        record_property(f"kills while {step}", count)

    return keep


def approver() -> User:
    return faults.person("APPROVER", 0)


def sweep(
    template: str, folder: Path, prepare: Callable[[], Any], step: Callable[[Any], Any], done: Callable[[], bool]
) -> int:
    """Kill the step at each point on a database in the same state; give how many kills there were."""
    kills = 0
    todo = _Database(template, folder, prepare)
    try:
        for n, child in points(lambda n: killed_at(n, lambda: step(todo.given))):
            kills += child.was_killed
            if not child.was_killed:
                assert done(), f"at {n}: it ended well, but is not done"
            elif not (changed := todo.changed()):
                assert not StepKey.objects.filter(key=KEY).exists(), f"killed at {n}: nothing happened but its key"
                proved()
                continue
            else:
                assert done(), f"killed at {n}: half of it was kept, in {changed}"
            # It happened: the same press again is answered, and nothing happens again.
            after = contents()
            step(todo.given)
            assert contents() == after, f"at {n}: the retry changed something"
            proved()
            todo.renew()
        # Killed before its commit, the step can be done as if nothing had been.
        killed_at(5, lambda: step(todo.given))
        step(todo.given)
        assert done()
        proved()
    finally:
        todo.leave()
    return kills


class _Database:
    """A database in which everything is prepared for the step; a fresh copy after one in which it happened."""

    def __init__(self, template: str, folder: Path, prepare: Callable[[], Any]) -> None:
        self.template, self.folder, self.prepare = template, folder, prepare
        self.context: Any = None
        self.given: Any = None
        self.before: dict[str, str] = {}
        self.enter()

    def enter(self) -> None:
        self.context = copy_of(self.template, self.folder)
        self.context.__enter__()
        self.given = self.prepare()
        self.before = contents()

    def changed(self) -> list[str]:
        """The tables whose contents are not those from before the step."""
        now = contents()
        return [table for table in now if now[table] != self.before.get(table)]

    def leave(self) -> None:
        if self.context is not None:
            self.context.__exit__(None, None, None)
            self.context = None

    def renew(self) -> None:
        self.leave()
        self.enter()


@pytest.fixture
def unblocked(django_db_blocker: Any) -> Iterator[None]:
    with django_db_blocker.unblock():
        yield


def test_posting_is_done_wholly_or_not_at_all(
    books_template: str, tmp_path: Path, unblocked: None, figures: Callable[[str, int], None]
) -> None:
    def prepare() -> Proposal:
        return faults.approved(faults.found(), 1)

    def post(proposal: Proposal) -> None:
        user = faults.found()["CONTROLLER"]
        services.proposal_post(proposal=proposal, user=user, digest=proposal.digest, key=KEY)

    def done() -> bool:
        return Expected(10).holds(1) and JournalEntry.objects.filter(leg="WRITE_OFF").count() == 1

    kills = sweep(books_template, tmp_path, prepare, post, done)
    figures("posting", kills)
    assert kills >= 40 // EVERY


def test_voiding_is_done_wholly_or_not_at_all(
    books_template: str, tmp_path: Path, unblocked: None, figures: Callable[[str, int], None]
) -> None:
    def prepare() -> ChangeRequest:
        north = faults.found()
        proposal = documents.posted(north, documents.draft(north, faults.lot(1), "10"))
        return services.void_request(proposal=proposal, user=north["CONTROLLER"], reason="Wrong lot", posted_on=DAY)

    def void(change: ChangeRequest) -> None:
        services.void_decide(change=change, user=approver(), approve=True, key=KEY)

    def done() -> bool:
        return Expected(0).holds(1) and JournalEntry.objects.filter(leg="VOID").count() == 1

    kills = sweep(books_template, tmp_path, prepare, void, done)
    figures("voiding", kills)
    assert kills >= 40 // EVERY


def test_an_upload_is_committed_once_whenever_its_worker_is_killed(
    books_template: str, tmp_path: Path, unblocked: None, figures: Callable[[str, int], None]
) -> None:
    """The worker's job is put back and finished, or the press is repeated: the list is in the books once."""
    newer = dt.datetime(2026, 2, 1, 8, 0, tzinfo=dt.UTC)
    moves = faults.LOTS + 6

    def commit(upload: Upload) -> str:
        return pipeline.upload_commit(upload=upload, user=faults.found()["CONTROLLER"], key=KEY).status

    def recovered(upload: Upload) -> str:
        """What a new worker does first, then what a person does who was never answered."""
        jobs.jobs_recover(older_than=dt.timedelta(0))
        told = commit(upload)
        if told == "COMMITTING":
            [job] = [upload.job for upload in Upload.objects.filter(status="COMMITTING").select_related("job")]
            assert job is not None
            jobs.job_enqueue(job=job)
        return Upload.objects.get(pk=upload.pk).status

    kills = 0

    def prepare() -> Upload:
        return faults.receive(faults.found(), faults.stock_list(moves), newer, commit=False)

    def attempt(n: int) -> Child:
        todo = _Database(books_template, tmp_path, prepare)
        try:
            child = killed_at(n, lambda: commit(todo.given))
            proved()
            assert Lot.objects.count() in (faults.LOTS, moves)
            assert alone(lambda: recovered(todo.given)).answer() == "COMMITTED", f"killed at {n}"
            assert Lot.objects.count() == moves, f"killed at {n}"
            assert Movement.objects.filter(source_ref=f"upload:{todo.given.pk}").count() == 6, f"killed at {n}"
            proved()
        finally:
            todo.leave()
        return child

    for _, child in points(attempt):
        kills += child.was_killed
    figures("committing an upload", kills)
    assert kills >= 40 // EVERY


def test_killed_after_its_commit_the_retry_is_answered_and_another_body_refused(north: Company) -> None:
    proposal = faults.approved(north, 1)
    user = north["CONTROLLER"]

    def post(digest: str) -> str:
        return services.proposal_post(proposal=proposal, user=user, digest=digest, key=KEY).message

    def press() -> None:
        post(proposal.digest)
        # The books have it; the person never hears of it.
        die()

    assert alone(press).was_killed
    assert Expected(10).holds(1)
    assert post(proposal.digest).startswith("Posted: 400.00 EUR, expiry, entry 2026-")
    with pytest.raises(KeyUsed, match=r"This form was sent before, by you .*“Posted: 400\.00 EUR"):
        post("0" * 64)
    assert JournalEntry.objects.filter(leg="WRITE_OFF").count() == 1
