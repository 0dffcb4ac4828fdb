"""Templates of databases that outlive a run: a migration of everything costs more than most rooms' tests.

A kept template is a SQLite file or a dump of pg_dump, named after a digest of what made it, so that a changed migration
or library never meets an old one. Guards, permissions and groups are put up anew in every copy (post_migrate).

    TEST_TEMPLATES=folder    keep them there, the demo too: `.ci/run` gives its stages an empty folder of their own
    otherwise                a folder of the user's beside the temporary ones; only what migrations alone made
"""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import shutil
import sqlite3
import subprocess
import tempfile
import time
import uuid
from pathlib import Path
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parents[2]
FOLDER = "TEST_TEMPLATES"
# Where pg_dump and pg_restore of the running server lie; without them PostgreSQL's templates are made anew.
BINARIES = "TEST_POSTGRES_BINARIES"
MIGRATED = "migrated"
WEEK = 7 * 24 * 3600


def fetch(name: str, url: str) -> bool:
    """Fill the empty database at the address with the kept template of that name; False where none is kept."""
    file = _place(name, url)
    if file is None or not file.exists():
        return False
    os.utime(file)
    if url.startswith("postgres"):
        _run("pg_restore", "--exit-on-error", "--single-transaction", f"--dbname={url}", str(file))
    else:
        shutil.copyfile(file, urlsplit(url).path)
    return True


def put(name: str, url: str) -> None:
    """Keep the database at the address, to which nobody is connected, as the template of that name."""
    file = _place(name, url)
    if file is None:
        return
    draft = file.with_suffix(f".{uuid.uuid4().hex}")
    if url.startswith("postgres"):
        _run("pg_dump", "--format=custom", f"--file={draft}", url)
    else:
        shutil.copyfile(urlsplit(url).path, draft)
    draft.replace(file)
    for old in file.parent.iterdir():
        if old.stat().st_mtime < time.time() - WEEK:
            old.unlink(missing_ok=True)


def _place(name: str, url: str) -> Path | None:
    is_postgres = url.startswith("postgres")
    given = os.environ.get(FOLDER)
    if (is_postgres and BINARIES not in os.environ) or (name != MIGRATED and not given):
        return None
    folder = Path(given) if given else Path(tempfile.gettempdir()) / f"writeoffs-templates-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.stat().st_uid != os.getuid():
        return None
    return folder / f"{'postgres' if is_postgres else 'sqlite'}-{name}-{_digest(name)}.kept"


def _digest(name: str) -> str:
    """Of our migrations, our guards and every library's version; of all our code and the day for what more made."""
    files = [ROOT / "requirements.txt", ROOT / "requirements-dev.txt"]
    for room in ("core", "inventory", "writeoffs"):
        if name == MIGRATED:
            # Guards too: a server meets its copy as it is and asks for every guard that is declared.
            files += [*(ROOT / room).rglob("migrations/*.py"), *(ROOT / room).rglob("guards*.py")]
            files += (ROOT / room).rglob("guards/*.py")
        else:
            files += (ROOT / room).rglob("*.py")
    found = hashlib.sha256(sqlite3.sqlite_version.encode())
    if name != MIGRATED:
        found.update(dt.datetime.now(dt.UTC).date().isoformat().encode())
    for file in sorted(files):
        found.update(f"{file.relative_to(ROOT)}\n".encode())
        found.update(file.read_bytes())
    return found.hexdigest()[:16]


def _run(tool: str, *arguments: str) -> None:
    done = subprocess.run(
        [Path(os.environ[BINARIES]) / tool, *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    assert done.returncode == 0, done.stdout
