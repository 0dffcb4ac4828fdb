"""manage.py verify: proves that the books are what was written, or names the first broken record and exits 1."""

from __future__ import annotations

import itertools
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from core import verify
from core.models import ChainHead


class Command(BaseCommand):
    help = (
        "Recomputes every hash, chain, number and sum, and compares stock with ledger. "
        "Exits 0 when nothing is wrong; else names the first broken record and exits 1."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--heads", action="store_true", help="Print the head of every chain, to be kept elsewhere.")
        parser.add_argument("--all", action="store_true", help="Name every broken record, not only the first.")

    def handle(self, *args: Any, **options: Any) -> None:
        tally = verify.Tally()
        found = list(itertools.islice(verify.complaints(tally), None if options["all"] else 1))
        for complaint in found:
            self.stderr.write(complaint)
        if found:
            sys.exit(1)
        self.stdout.write(f"Verified: {verify.counted(tally)}; nothing is wrong.")
        if options["heads"]:
            for head in ChainHead.objects.order_by("chain"):
                self.stdout.write(f"{head.chain} {head.sequence} {head.hash}")
