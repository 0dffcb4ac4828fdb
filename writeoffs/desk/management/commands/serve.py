"""manage.py serve: the whole product on one machine, with one command."""

from __future__ import annotations

import os
import sys
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection

from core.models import Entity
from writeoffs.desk import serving
from writeoffs.desk.demo import people
from writeoffs.desk.demo.database import demo_install, migrations_pending


class Command(BaseCommand):
    help = "Migrates, builds the demo company at the first run, and serves with a worker until Ctrl-C."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--port", default=os.environ.get("PORT") or "8000", help="Default 8000, or PORT.")
        parser.add_argument("--no-demo", action="store_true", help="Start empty instead of with the demo company.")

    def handle(self, *, port: str, no_demo: bool, **options: Any) -> None:
        # Before anything slow: Ctrl-C during the first migration ends as quietly as later.
        serving.interrupt_on_signals()
        try:
            number = _port(port)
            with serving.serve_lock(settings.DATA_DIR, number):
                serving.port_probe(number)
                self._prepare(no_demo)
                serving.supervise(
                    serving.children(number),
                    ready=lambda: self._announce(number),
                    say=self._say,
                    port=number,
                )
        except serving.CannotServe as refusal:
            self.stderr.write(str(refusal))
            sys.exit(1)
        except KeyboardInterrupt:
            self._say("Stopped.")

    def _say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()

    def _prepare(self, no_demo: bool) -> None:
        if not no_demo and demo_install(say=self._say):
            return
        if migrations_pending():
            self._say("Bringing the database up to date ...")
            call_command("migrate", verbosity=0, interactive=False)
        # The database guards above all: figures must not be served past missing ones.
        self.check(databases=["default"])

    def _announce(self, port: int) -> None:
        lines = ["", f"  Stock write-offs: {serving.address(port)}", ""]
        if Entity.objects.filter(is_demo=True).exists():
            width = max(len(person.email) for person in people.PEOPLE)
            lines += [f"  {person.email:<{width}}  {person.title}" for person in people.PEOPLE]
            lines += ["", f"  Password of each: {people.PASSWORD}"]
        lines += [f"  Data: {_database_name()}", "  Ctrl-C stops everything.", ""]
        connection.close()
        self._say("\n".join(lines))


def _port(text: str) -> int:
    if not text.isdigit() or not 0 < int(text) < 65536:
        raise CommandError(f"PORT is '{text}'; expected a number from 1 to 65535, like 8001.")
    return int(text)


def _database_name() -> str:
    """Where the data lies, without a password."""
    database = settings.DATABASES["default"]
    if connection.vendor == "sqlite":
        return str(database["NAME"])
    return f"{database['NAME']} on {database.get('HOST') or 'this machine'}"
