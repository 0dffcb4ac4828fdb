"""manage.py worker: takes jobs off the queue, one at a time, for as long as it runs."""

from __future__ import annotations

import datetime as dt
import logging
import time
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import OperationalError, connection
from django.utils.crypto import get_random_string
from django_tasks_db.management.commands.db_worker import Worker

from core.jobs import jobs_recover

logger = logging.getLogger(__name__)


class Command(BaseCommand):
    help = "Runs background jobs until stopped. Several workers may run over one database."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--batch", action="store_true", help="Stop when no job waits.")
        parser.add_argument("--sole", action="store_true", help="No other worker runs: take up what the last one lost.")
        parser.add_argument("--interval", type=float, default=0.5, help="Seconds between two looks at the queue.")

    def handle(self, *, batch: bool, interval: float, sole: bool, **options: Any) -> None:
        # A worker that writes past missing guards would do so unseen.
        self.check(databases=["default"])
        # Its own words at every stop would stand between the server's.
        logging.getLogger("django_tasks_db").setLevel(logging.ERROR)
        worker = Worker(
            queue_names=["*"],
            interval=interval,
            batch=batch,
            backend_name="default",
            startup_delay=False,
            max_tasks=None,
            worker_id=get_random_string(32),
            excluded_queue_names=[],
        )
        worker.configure_signals()
        if sole:
            jobs_recover(older_than=dt.timedelta(0))
        while worker.running:
            try:
                worker.run()
            except OperationalError as error:
                if "locked" not in str(error):
                    raise
                # A long write of somebody else: the queue is looked at again when it is over.
                logger.warning("The database is busy; the worker tries again.")
                connection.close()
                time.sleep(interval)
            else:
                return
