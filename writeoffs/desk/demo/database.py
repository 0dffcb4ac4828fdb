"""Puts the demo companies into a database, and takes them out again: by replacing file or schema, never row by row.

Invariant: a database that holds anything but demo companies is never touched.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from core.errors import BadInput, WrongState
from core.models import Entity, User

Say = Callable[[str], None]


def migrations_pending() -> bool:
    executor = MigrationExecutor(connection)
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def is_untouched() -> bool:
    """Whether nobody has put anything in: no tables yet, or no company and no person."""
    tables = connection.introspection.table_names()
    if Entity._meta.db_table not in tables:
        return True
    return not Entity.objects.exists() and not User.objects.exists()


def demo_install(*, say: Say) -> bool:
    """Build the demo companies where nothing is yet; whether that was so."""
    if not is_untouched():
        return False
    say("First start: building the demo company ...")
    if connection.vendor == "sqlite":
        _build_beside(_sqlite_file())
    else:
        call_command("migrate", verbosity=0, interactive=False)
        call_command("demo", verbosity=0)
    return True


def demo_reset(*, say: Say) -> None:
    """Start the demo anew. WrongState where a company in this database is not a demo."""
    if not is_untouched():
        real = Entity.objects.filter(is_demo=False).first()
        if real is not None or not Entity.objects.exists():
            whose = f"'{real}' is not a demo company" if real else "there are people but no demo company"
            raise WrongState(
                f"{whose}, so nothing was reset. Point DATABASE_URL or WRITEOFFS_DATA at the demo's own database."
            )
    say("Building the demo company anew ...")
    if connection.vendor == "sqlite":
        _build_beside(_sqlite_file())
        return
    with connection.cursor() as cursor:
        cursor.execute("select current_schema()")
        name = connection.ops.quote_name(cursor.fetchone()[0])
        cursor.execute(f"drop schema {name} cascade")
        cursor.execute(f"create schema {name}")
    connection.close()
    call_command("migrate", verbosity=0, interactive=False)
    call_command("demo", verbosity=0)


def _sqlite_file() -> Path:
    name = str(settings.DATABASES["default"]["NAME"])
    if ":memory:" in name or "mode=memory" in name:
        raise BadInput("The demo is kept in a file; the database at hand is in memory.")
    return Path(name)


def _build_beside(target: Path) -> None:
    """Build in a second file and rename it into place: a start cut short leaves the old file, or none."""
    draft = target.with_name(f"{target.stem}.draft{target.suffix}")
    _remove(draft)
    env = {**os.environ, "DATABASE_URL": f"sqlite:///{draft}"}
    try:
        for command in (["migrate", "--verbosity=0"], ["demo"]):
            subprocess.run([sys.executable, "manage.py", *command], check=True, env=env, cwd=settings.BASE_DIR)
        connection.close()
        draft.replace(target)
    finally:
        _remove(draft)


def _remove(draft: Path) -> None:
    for path in (draft, draft.with_name(f"{draft.name}-journal")):
        with contextlib.suppress(FileNotFoundError):
            path.unlink()
