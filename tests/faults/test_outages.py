"""The database goes away, is locked or runs full in mid-step: a page with a sentence, and nothing half-saved."""

from __future__ import annotations

import contextlib
import os
import resource
import shutil
import signal
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, connections
from django.db.backends.signals import connection_created

from tests.faults import company as faults
from tests.faults.company import Company, Expected
from tests.faults.conftest import proved
from tests.faults.pages import client_of, press_post
from tests.faults.processes import Statements, alone
from tests.faults.size import sized
from tests.plugins.database import ServerDatabase
from tests.plugins.postgres import EmbeddedPostgres
from writeoffs.ledger.models import JournalEntry
from writeoffs.proposals.models import Proposal

pytestmark = [pytest.mark.faults, pytest.mark.database]
KEY = "press-number-one"


def entries(proposal: Proposal) -> int:
    return JournalEntry.objects.filter(source_ref=proposal.source_ref).count()


def posts_as_if_nothing_had_been(north: Company, proposal: Proposal) -> None:
    """The same press again: it posts now, once."""
    told = press_post(client_of(north["CONTROLLER"]), proposal, KEY)
    assert told["status"] == 302
    assert entries(proposal) == 1
    proved()


# PostgreSQL stops at once in mid-posting


@pytest.fixture
def server(django_db_blocker: Any) -> Iterator[EmbeddedPostgres]:
    """A server of one's own that keeps its promises: what it says is committed is on the disk."""
    server = EmbeddedPostgres(options=("fsync=on", "synchronous_commit=on"))
    with django_db_blocker.unblock():
        yield server
    server.stop()


@pytest.fixture
def served(server: EmbeddedPostgres, books_template: str, tmp_path: Path) -> Iterator[EmbeddedPostgres]:
    """The company's books on that server, brought there by the documented dump and restore."""
    env = {**os.environ, "PATH": f"{server.binaries}:{os.environ['PATH']}"}
    dump = tmp_path / "books.dump"
    for command in (
        ["pg_dump", "--format=custom", f"--file={dump}", books_template],
        ["createdb", f"--maintenance-db={server.url()}", "books"],
        ["pg_restore", f"--dbname={server.url('books')}", str(dump)],
    ):
        subprocess.run(command, check=True, env=env)
    with ServerDatabase(server.url("books"), tmp_path).in_process():
        yield server


@pytest.mark.postgres
def test_postgresql_stopped_at_once_in_mid_posting_is_said_and_recovers(served: EmbeddedPostgres) -> None:
    north = faults.found()
    for number, at in enumerate(range(4, sized(48, 60), sized(20, 4)), start=1):
        proposal = faults.approved(north, number)
        client = client_of(north["CONTROLLER"])
        reached, go_on = os.pipe(), os.pipe()

        def stopped_at(at: int = at, reached: Any = reached, go_on: Any = go_on) -> None:
            os.write(reached[1], b"x")
            os.read(go_on[0], 1)

        def press(at: int = at, proposal: Proposal = proposal, client: Any = client, stop: Any = stopped_at) -> Any:
            Statements(at, stop).watch()
            return press_post(client, proposal, KEY)

        child = alone(press)
        os.read(reached[0], 1)
        served.halt()
        os.write(go_on[1], b"x")
        told = child.answer()
        assert told["status"] == 503, told
        assert "The database stopped while this was done, or cannot be reached." in told["said"]
        assert told["fields"]["digest"] == proposal.digest
        assert told["fields"]["step_key"] == KEY
        assert told["retry_after"] == "30"
        # While it is gone every page says so.
        assert (
            alone(lambda client=client: client.get("/e/north/", headers={"Host": "localhost"}).status_code).answer()
            == 503
        )
        served.resume()
        assert entries(proposal) == 0
        assert Expected(0).holds(number)
        proved()
        told = press_post(client, proposal, f"{KEY}-{number}")
        assert told["status"] == 302
        assert entries(proposal) == 1
        proved()


# SQLite is locked for 30 seconds


@contextlib.contextmanager
def locked(how: str, seconds: float = 3600) -> Iterator[None]:
    """Another program holds the file while the block lasts, or shorter: a backup tool, or a database browser."""
    reading, writing = os.pipe()

    def hold() -> None:
        other = sqlite3.connect(str(connection.settings_dict["NAME"]), isolation_level=None)
        other.execute(f"begin {how}")
        os.write(writing, b"x")
        time.sleep(seconds)
        other.close()

    holder = alone(hold)
    os.read(reading, 1)
    yield
    with contextlib.suppress(ProcessLookupError):
        os.kill(holder.pid, signal.SIGKILL)
    holder.wait()


@pytest.mark.sqlite
@pytest.mark.parametrize("how", ["immediate", "exclusive"])
def test_a_locked_sqlite_is_waited_for_and_then_said_with_the_form_kept(
    books: ServerDatabase, north: Company, how: str
) -> None:
    proposal = faults.approved(north, 1)
    client = client_of(north["CONTROLLER"])
    bound = sized(2, 20)

    def press() -> Any:
        connection.settings_dict["OPTIONS"]["timeout"] = bound
        started = time.monotonic()
        return {**press_post(client, proposal, KEY, comment="What I typed"), "waited": time.monotonic() - started}

    with locked(how):
        told = alone(press).answer()
    assert told["status"] == 503
    assert told["said"] == "The system is saving something large. Nothing of yours was saved; press again in a moment."
    assert told["fields"]["comment"] == "What I typed"
    assert told["fields"]["digest"] == proposal.digest
    assert told["fields"]["csrfmiddlewaretoken"]
    assert bound * 0.9 <= told["waited"] <= bound * 1.5 + 10
    assert entries(proposal) == 0
    posts_as_if_nothing_had_been(north, proposal)


@pytest.mark.sqlite
def test_a_lock_that_goes_in_time_is_not_even_noticed(books: ServerDatabase, north: Company) -> None:
    proposal = faults.approved(north, 1)
    client = client_of(north["CONTROLLER"])
    with locked("exclusive", seconds=1):
        assert alone(lambda: press_post(client, proposal, KEY)).answer()["status"] == 302
    assert entries(proposal) == 1


# The disk is full


def full_after(room: int) -> None:
    """From now on every connection may take `room` pages more in all; then SQLite says what it says on a full disk."""
    with connection.cursor() as cursor:
        # Pages that are free already would be taken first.
        cursor.execute("vacuum")
        cursor.execute("pragma page_count")
        limit = cursor.fetchone()[0] + room

    def bound(connection: Any, **_: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute(f"pragma max_page_count = {limit}")

    connection_created.connect(bound, weak=False)
    connection.close()


@pytest.mark.sqlite
@pytest.mark.parametrize("room", [0, 1])
def test_a_full_disk_under_sqlite_is_said_and_nothing_is_half_saved(
    books: ServerDatabase, north: Company, room: int
) -> None:
    proposals = [faults.approved(north, number) for number in range(1, 21)]
    client = client_of(north["CONTROLLER"])

    def press() -> Any:
        full_after(room)
        return [press_post(client, proposal, KEY + proposal.number) for proposal in proposals]

    answers = alone(press).answer()
    # Where there is room left the first ones are posted; once it is gone nobody is told that they were.
    statuses = [told["status"] for told in answers]
    assert 507 in statuses, statuses
    assert set(statuses) <= {302, 507}
    said = {told["said"] for told in answers if told["status"] == 507}
    assert said == {
        "There is no room left to save anything, so nothing of this was saved. Tell whoever runs the system; reading "
        "still works, and nothing that stood before is lost."
    }
    assert [entries(proposal) for proposal in proposals] == [status == 302 for status in statuses]
    proved()
    for proposal in proposals:
        assert press_post(client, proposal, KEY + proposal.number)["status"] == 302
    assert [entries(proposal) for proposal in proposals] == [1] * 20


@pytest.mark.sqlite
def test_a_file_that_may_not_grow_is_said(books: ServerDatabase, north: Company) -> None:
    """The file system refuses (a quota): SQLite calls it an input/output error, and the page says that it stopped."""
    proposal = faults.approved(north, 1)
    client = client_of(north["CONTROLLER"])

    def press() -> Any:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
        # The answer goes back through a pipe, which has no size.
        return press_post(client, proposal, KEY)

    told = alone(press).answer()
    assert told["status"] in (503, 507), told
    assert told["said"]
    assert entries(proposal) == 0
    posts_as_if_nothing_had_been(north, proposal)


@pytest.mark.postgres
def test_a_full_disk_under_postgresql_is_said_and_nothing_is_half_saved(
    served: EmbeddedPostgres, tmp_path: Path
) -> None:
    """The tables lie on a file system of a few megabytes. Making one takes root; without it nothing is tried."""
    if os.geteuid() != 0:
        pytest.skip("a small file system is made by root only")
    small = served.folder / "small"
    small.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=40m,uid=65534,gid=65534,mode=700", "none", small], check=True)
    try:
        _fill(served, small)
    finally:
        connections["default"].close()
        served.halt()
        subprocess.run(["umount", "-l", small], check=True)
        shutil.rmtree(small, ignore_errors=True)


def _fill(served: EmbeddedPostgres, small: Path) -> None:
    north = faults.found()
    proposals = [faults.approved(north, number) for number in range(1, 13)]
    client = client_of(north["CONTROLLER"])
    connections["default"].close()
    import psycopg

    with psycopg.connect(served.url(), autocommit=True) as admin:
        admin.execute(f"create tablespace small location '{small}'")
        admin.execute("alter database books set tablespace small")
    ballast = small / "ballast"
    free = shutil.disk_usage(small).free
    ballast.write_bytes(b"\0" * free)
    answers = alone(lambda: [press_post(client, one, KEY + one.number) for one in proposals]).answer()
    statuses = [told["status"] for told in answers]
    assert set(statuses) <= {302, 507}, answers
    assert 507 in statuses, statuses
    ballast.unlink()
    assert [entries(one) for one in proposals] == [status == 302 for status in statuses]
    proved()
    for one in proposals:
        assert press_post(client, one, KEY + one.number)["status"] == 302
    proved()
