"""Chooses the database of a test run before settings are read; gives tests with several processes one of their own.

    pytest                            SQLite, in memory
    TEST_DATABASE=postgres pytest     PostgreSQL from the embedded wheel: one server a run, stopped when the run ends
    DATABASE_URL=... pytest           the server at that address, as it is

Whatever a run keeps (secret key, files, template databases) lies in a temporary folder, never in var/. A migrated
database is kept for the next run as well (kept.py).
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest

from tests.plugins import kept

ROOT = Path(__file__).resolve().parents[2]
# Set by the controller and inherited by xdist workers: they share its folder and its server.
RUN_FOLDER = "WRITEOFFS_TEST_FOLDER"


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Iterator[None]:
    # A wrapper runs before pytest-django's own hook, which reads the settings.
    if RUN_FOLDER not in os.environ:
        _prepare(early_config)
    return (yield)


def _prepare(config: pytest.Config) -> None:
    folder = tempfile.mkdtemp(prefix="writeoffs-test-")
    config.add_cleanup(lambda: shutil.rmtree(folder, ignore_errors=True))
    os.environ[RUN_FOLDER] = folder
    os.environ["WRITEOFFS_DATA"] = folder
    config.add_cleanup(lambda: os.environ.pop(RUN_FOLDER, None))
    engine = os.environ.get("TEST_DATABASE", "sqlite")
    if engine not in ("sqlite", "postgres"):
        raise pytest.UsageError(f"TEST_DATABASE is '{engine}'; expected 'sqlite' or 'postgres'.")
    if engine == "postgres" and "DATABASE_URL" not in os.environ:
        from tests.plugins.postgres import EmbeddedPostgres

        server = EmbeddedPostgres()
        config.add_cleanup(server.stop)
        os.environ["DATABASE_URL"] = server.url("writeoffs")
        os.environ[kept.BINARIES] = str(server.binaries)
        config.add_cleanup(lambda: [os.environ.pop(name, None) for name in ("DATABASE_URL", kept.BINARIES)])


def pytest_report_header() -> str:
    url = os.environ.get("DATABASE_URL", "")
    return f"database: {'SQLite in memory' if not url else urlsplit(url)._replace(netloc='...').geturl()}"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Tests of the other engine (`postgres`, `sqlite`) are left out, not skipped: a skip always means that something is
    missing. Tests marked `faults` run by `make faults` and `make soak`, which set FAULTS to the size."""
    is_postgres = os.environ.get("DATABASE_URL", "").startswith("postgres")
    left_out = {"sqlite" if is_postgres else "postgres", *(() if "FAULTS" in os.environ else ("faults",))}
    out = [item for item in items if any(item.get_closest_marker(name) for name in left_out)]
    if out:
        config.hook.pytest_deselected(items=out)
        items[:] = [item for item in items if item not in out]


@dataclass(frozen=True)
class ServerDatabase:
    """A migrated database of its own that several processes may use. `env` is what such a process needs to find it."""

    url: str
    folder: Path

    @property
    def env(self) -> dict[str, str]:
        return {
            **{k: v for k, v in os.environ.items() if k not in (RUN_FOLDER, "TEST_DATABASE")},
            "DATABASE_URL": self.url,
            "WRITEOFFS_DATA": str(self.folder),
            "PYTHONUNBUFFERED": "1",
        }

    @property
    def is_postgres(self) -> bool:
        return self.url.startswith("postgres")

    def connect(self) -> Any:
        """A raw driver connection, around the ORM: sqlite3 or psycopg, in autocommit."""
        if self.is_postgres:
            import psycopg

            return psycopg.connect(self.url, autocommit=True)
        return sqlite3.connect(urlsplit(self.url).path, isolation_level=None, timeout=20)

    def start(self, *command: str, **options: Any) -> subprocess.Popen[str]:
        """manage.py <command> in a process of its own, its output captured as text."""
        options = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True, "cwd": ROOT, **options}
        return subprocess.Popen([sys.executable, "manage.py", *command], env=self.env, **options)

    def manage(self, *command: str, timeout: float = 120) -> subprocess.CompletedProcess[str]:
        """manage.py <command>, waited for; its exit code is for the test to judge."""
        with self.start(*command) as process:
            try:
                output, _ = process.communicate(timeout=timeout)
            except BaseException:
                process.kill()
                raise
        return subprocess.CompletedProcess(process.args, process.returncode, output, "")

    @contextlib.contextmanager
    def in_process(self) -> Iterator[None]:
        """Django's own connection speaks to this database while the block lasts: to make records, to look at them."""
        import dj_database_url
        from django.db import connections

        ordinary = connections["default"]
        settings = {**ordinary.settings_dict, **dj_database_url.parse(self.url)}
        settings["OPTIONS"] = dict(ordinary.settings_dict["OPTIONS"])
        connections["default"] = ordinary.__class__({**settings, "CONN_MAX_AGE": 0, "AUTOCOMMIT": True}, "default")
        try:
            yield
        finally:
            connections["default"].close()
            connections["default"] = ordinary


@pytest.fixture(scope="session")
def migrated_template() -> str:
    """The address of an empty migrated database that others are copied from; one a run, made by the first worker."""
    return template(kept.MIGRATED, ["migrate", "--verbosity=0"])


@pytest.fixture(scope="session")
def demo_template(migrated_template: str) -> str:
    """The same with the demo companies in it, built once a run: by a reset, in the place of a demo that was there."""
    return template("demo", ["shell", "-v", "0", "-c", OLD_DEMO], ["demo", "--reset"], on=migrated_template)


# What a reset has to take away.
OLD_DEMO = """
from core.models import Entity, Location
old = Entity.objects.create(slug="old-demo", name="Old demo", currency="EUR", is_demo=True)
Location.objects.create(entity=old, code="MUC-04")
"""


def template(name: str, *commands: list[str], on: str = "") -> str:
    """What the commands make of an empty database, or of a copy of the template `on`; its address."""
    folder = Path(os.environ[RUN_FOLDER])
    url = os.environ.get("DATABASE_URL", "")
    address = (
        _with_name(url, f"template_{name}") if url.startswith("postgres") else f"sqlite:///{folder}/{name}.sqlite3"
    )
    with (folder / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / f"{name}.done").exists():
            template_make(address, folder, name, *commands, on=on)
            (folder / f"{name}.done").touch()
    return address


def template_make(address: str, folder: Path, name: str, *commands: list[str], on: str = "") -> None:
    """Fill the address with the template: the one that was kept, or else by the commands, and kept then."""
    _empty(address)
    if kept.fetch(name, address):
        return
    if on:
        _empty(address, on)
    for command in commands:
        done = ServerDatabase(address, folder).manage(*command, timeout=300)
        assert done.returncode == 0, done.stdout
    kept.put(name, address)


def _empty(address: str, on: str = "") -> None:
    """A database without tables at the address, or a copy of the one at `on`, in the place of what was there."""
    path = urlsplit(address).path
    if address.startswith("postgres"):
        name, source = path.lstrip("/"), urlsplit(on).path.lstrip("/")
        with _one_copier():
            create = f'create database "{name}"' + (f' template "{source}"' if on else "")
            _admin(address, f'drop database if exists "{name}" with (force)', create)
        return
    Path(path).unlink(missing_ok=True)
    if on:
        shutil.copyfile(urlsplit(on).path, path)


@contextlib.contextmanager
def _one_copier() -> Iterator[None]:
    """PostgreSQL refuses a template that another copy is being made from."""
    with (Path(os.environ[RUN_FOLDER]) / "copy.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@pytest.fixture(scope="session")
def tests_database(migrated_template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Django's own connection speaks to a copy of the migrated template until the run ends: on SQLite in memory.

    What Django itself would migrate, which takes as long as some hundred tests; its post_migrate runs here too."""
    from django.conf import settings
    from django.core.management.sql import emit_post_migrate_signal
    from django.db import connection

    before = connection.settings_dict["NAME"]
    with contextlib.ExitStack() as stack:
        if connection.vendor == "sqlite":
            name = f"file:memorydb_{connection.alias}?mode=memory&cache=shared"
        else:
            copy = stack.enter_context(database_copy(migrated_template, tmp_path_factory.mktemp("database")))
            name = urlsplit(copy.url).path.lstrip("/")
        connection.close()
        settings.DATABASES["default"]["NAME"] = connection.settings_dict["NAME"] = name
        connection.ensure_connection()
        if connection.vendor == "sqlite":
            with contextlib.closing(sqlite3.connect(urlsplit(migrated_template).path)) as source:
                source.backup(connection.connection)
        emit_post_migrate_signal(verbosity=0, interactive=False, db="default")
        yield
        # A database in memory goes with the process; Django leaves its connection open.
        if connection.vendor != "sqlite":
            connection.close()
        settings.DATABASES["default"]["NAME"] = connection.settings_dict["NAME"] = before


@pytest.fixture
def server_database(migrated_template: str, tmp_path: Path, django_db_blocker: Any) -> Iterator[ServerDatabase]:
    """A throw-away copy of the migrated template, for tests with several processes or raw SQL against the guards."""
    with django_db_blocker.unblock(), database_copy(migrated_template, tmp_path) as database:
        yield database


@pytest.fixture
def demo_database(demo_template: str, tmp_path: Path, django_db_blocker: Any) -> Iterator[ServerDatabase]:
    """A throw-away copy of the demo companies."""
    with django_db_blocker.unblock(), database_copy(demo_template, tmp_path) as database:
        yield database


@contextlib.contextmanager
def database_copy(template: str, folder: Path) -> Iterator[ServerDatabase]:
    """A database copied from `template`, in `folder` (SQLite) or on the same server (PostgreSQL); gone afterwards."""
    name = f"copy_{uuid.uuid4().hex[:12]}"
    if not template.startswith("postgres"):
        target = folder / f"{name}.sqlite3"
        shutil.copyfile(urlsplit(template).path, target)
        yield ServerDatabase(f"sqlite:///{target}", folder)
        return
    source = urlsplit(template).path.lstrip("/")
    with _one_copier():
        _admin(template, f'create database "{name}" template "{source}"')
    try:
        yield ServerDatabase(_with_name(template, name), folder)
    finally:
        _admin(template, f'drop database if exists "{name}" with (force)')


def _admin(url: str, *statements: str) -> None:
    import psycopg

    with psycopg.connect(_with_name(url, "postgres"), autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement)


def _with_name(url: str, name: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))
