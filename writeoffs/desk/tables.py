"""Whether the database has been migrated at all: commands that read it say so in a line instead of a traceback."""

from __future__ import annotations

import sys
from typing import Protocol

from django.db import connection

from core.models import Entity

NO_TABLES = "The database has no tables yet: run manage.py migrate first"


class _Output(Protocol):
    def write(self, msg: str) -> object: ...


def exit_without_tables(stderr: _Output) -> None:
    """One line and exit code 1 where nothing was migrated."""
    if Entity._meta.db_table not in connection.introspection.table_names():
        stderr.write(NO_TABLES)
        sys.exit(1)
