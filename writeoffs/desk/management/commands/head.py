"""manage.py head: writes the head of every chain to a file that is kept elsewhere, for `verify --against`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from core import audit, heads
from writeoffs.desk.tables import exit_without_tables


class Command(BaseCommand):
    help = (
        "Writes the head of every chain (journal, movements, audit trail, sign-ins) to a file. Keep it where nobody "
        "who can change the database can change it; 'manage.py verify --against FILE' proves that the books still "
        "begin with exactly that past."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--out", type=Path, help="The file to write; without it the text is printed.")

    def handle(self, *args: Any, **options: Any) -> None:
        exit_without_tables(self.stderr)
        text = heads.heads_export()
        out: Path | None = options["out"]
        if out is None:
            sys.stdout.write(text)
            return
        try:
            # A head that is there already is evidence: it is not written over.
            with out.open("x", encoding="utf-8") as file:
                file.write(text)
        except OSError as error:
            raise CommandError(f"{out} could not be written: {error.strerror or error}. Name another file.") from error
        kept = heads.heads_read(text.encode())
        audit.record(
            entity=None,
            actor=None,
            kind="heads.exported",
            message=f"The heads of {len(kept.chains)} chains were written to a file by 'manage.py head'.",
            data={"links": kept.links},
            chain=audit.SYSTEM_CHAIN,
        )
        self.stdout.write(f"{out}: the heads of {len(kept.chains)} chains, {kept.links:,} links. Keep it elsewhere.")
