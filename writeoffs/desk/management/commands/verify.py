"""manage.py verify: proves that the books are what was written, or names the first broken record and exits 1."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from core import heads, verify
from core.errors import BadInput
from core.models import ChainHead
from writeoffs.desk.tables import exit_without_tables


class Command(BaseCommand):
    help = (
        "Recomputes every hash, chain, number and sum, and compares stock with ledger. "
        "Exits 0 when nothing is wrong; else names the first broken record and exits 1. "
        "A file of heads that cannot be read exits 2."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--heads", action="store_true", help="Print the head of every chain, to be kept elsewhere.")
        parser.add_argument("--all", action="store_true", help="Name every broken record, not only the first.")
        parser.add_argument(
            "--record", action="store_true", help="Keep the result in the audit trail, for the report of the controls."
        )
        parser.add_argument(
            "--against",
            type=Path,
            metavar="HEAD_FILE",
            help="Prove too that the books begin with exactly the past that a file of 'manage.py head' knows.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        exit_without_tables(self.stderr)
        kept = _kept(options["against"]) if options["against"] else None
        tally = verify.Tally()
        with verify.consistent_view():
            found = list(itertools.islice(_complaints(tally, kept), None if options["all"] else 1))
        if options["record"]:
            verify.result_record(tally, found)
        for complaint in found:
            self.stderr.write(complaint)
        if found:
            sys.exit(1)
        begin = f", and they begin with the {kept.links:,} links of {kept.made_at}" if kept else ""
        self.stdout.write(f"Verified: {verify.counted(tally)}; nothing is wrong{begin}.")
        if options["heads"]:
            for head in ChainHead.objects.order_by("chain"):
                self.stdout.write(f"{head.chain} {head.sequence} {head.hash}")


def _kept(file: Path) -> heads.KeptHeads:
    try:
        return heads.heads_read(file.read_bytes())
    except OSError as error:
        raise CommandError(f"{file} could not be read: {error.strerror or error}.", returncode=2) from error
    except BadInput as error:
        raise CommandError(f"{file}: {error.message}", returncode=2) from error


def _complaints(tally: verify.Tally, kept: heads.KeptHeads | None) -> Iterator[str]:
    """The kept past first: it names a rewritten record that is consistent in itself."""
    if kept is not None:
        yield from heads.heads_compare(kept)
    yield from verify.complaints(tally)
