"""Commands that read the books say in one line that there are no tables yet."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from django.conf import settings

# All in one process: what takes the time is starting it.
_RUN = """
import sys
import django
django.setup()
from django.core.management import call_command
for command in ("verify", "demo", "head"):
    try:
        call_command(command)
    except SystemExit as end:
        print(command, end.code)
"""


def test_a_database_without_tables_is_told_in_a_line(tmp_path: Path) -> None:
    env = {**os.environ, "WRITEOFFS_DATA": str(tmp_path), "DATABASE_URL": f"sqlite:///{tmp_path / 'empty.sqlite3'}"}
    env["DJANGO_SETTINGS_MODULE"] = "writeoffs.settings"
    done = subprocess.run(
        [sys.executable, "-c", _RUN], capture_output=True, text=True, env=env, cwd=settings.BASE_DIR, check=False
    )
    assert done.stdout.splitlines() == ["verify 1", "demo 1", "head 1"]
    assert done.stderr.splitlines() == ["The database has no tables yet: run manage.py migrate first"] * 3
