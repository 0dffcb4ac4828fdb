"""make cases [FILE=path]: a line per case and `N passed, N failed` last; exits 1 where one failed.

    python -m tests.cases [FILE] [--only P01 P02 ...] [--raise]

On SQLite in a folder of its own, or on the database of DATABASE_URL, which must be empty.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import traceback
from pathlib import Path

from tests.cases.given import Case, cases_of

FILE = Path(__file__).resolve().parents[1] / "worked_examples" / "worked_examples.json"


def main() -> int:
    parser = argparse.ArgumentParser(prog="make cases")
    parser.add_argument("file", nargs="?", default="", help="a file of the shape of worked_examples.json")
    parser.add_argument("--only", nargs="*", default=[])
    parser.add_argument("--raise", action="store_true", dest="stop", help="show where a case stopped")
    options = parser.parse_args()
    path = Path(options.file or FILE)
    if not path.exists():
        print(f"There is no file {path}. Give one: make cases FILE=path", file=sys.stderr)
        return 2
    try:
        cases = [case for case in cases_of(path) if not options.only or case.id in options.only]
    except ValueError as error:
        print(f"{path} cannot be read: {error}", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as folder:
        os.environ.setdefault("WRITEOFFS_DATA", folder)
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "writeoffs.settings")
        import django

        django.setup()
        return _all(cases, stop=options.stop)


def _all(cases: list[Case], *, stop: bool) -> int:
    from django.conf import settings
    from django.core.management import call_command
    from django.db import connection

    from tests.cases import every_kind  # noqa: F401
    from tests.cases.run import told

    settings.JOBS_INLINE = True
    if connection.vendor == "sqlite":
        # Thrown away afterwards: nothing has to reach the disk.
        connection.cursor().execute("pragma synchronous = off")
    call_command("migrate", verbosity=0)
    failed = 0
    for case in cases:
        try:
            difference = told(case)
        except Exception as error:
            if stop:
                traceback.print_exc()
            difference = f"stopped by {type(error).__name__}: {' '.join(str(error).split())}"
        failed += bool(difference)
        told_so = f": {difference}" if difference else ""
        print(f"{case.id}  {'FAIL' if difference else 'pass'}  {case.title}{told_so}", flush=True)
    print(f"{len(cases) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
