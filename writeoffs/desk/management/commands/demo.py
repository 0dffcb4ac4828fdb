"""manage.py demo: builds the demo companies in an empty database; with --reset, starts them anew."""

from __future__ import annotations

import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from core.errors import DomainError
from writeoffs.desk import serving
from writeoffs.desk.demo.builder import demo_build
from writeoffs.desk.demo.database import demo_reset
from writeoffs.desk.tables import exit_without_tables


class Command(BaseCommand):
    help = "Builds the demo companies in an empty database."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--reset", action="store_true", help="Replace the demo by a fresh one; nothing else.")

    def handle(self, *, reset: bool, verbosity: int, **options: Any) -> None:
        try:
            if reset:
                with serving.serve_lock(settings.DATA_DIR):
                    demo_reset(say=self.stdout.write)
            else:
                exit_without_tables(self.stderr)
                demo_build(say=self.stdout.write if verbosity > 1 else _silent)
        except serving.CannotServe as refusal:
            self.stderr.write(f"{refusal}. Stop it first.")
            sys.exit(1)
        except DomainError as refusal:
            self.stderr.write(refusal.message)
            sys.exit(1)


def _silent(text: str) -> None:
    return None
