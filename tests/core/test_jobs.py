"""Background work: progress, failure, take-over, and a worker that is killed in the middle."""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import OperationalError, transaction
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from core import jobs
from core.errors import BadInput
from core.jobs import Run, Superseded
from core.models import Category, Job
from tests.conftest import Company
from tests.plugins.database import template_make
from tests.plugins.kept import MIGRATED

Make = Callable[[Callable[[Run], None]], Job]
failures: list[str] = []


@pytest.fixture
def job(company: Company) -> Iterator[Make]:
    """A job whose work is the given function."""
    before = jobs._HANDLERS.copy()
    failures.clear()

    def make(work: Callable[[Run], None]) -> Job:
        jobs.register("test.work", work, lambda job, message: failures.append(message))
        return jobs.job_create(entity=company.entity, kind="test.work", user=company["PREPARER"])

    yield make
    jobs._HANDLERS.clear()
    jobs._HANDLERS.update(before)


def done(job: Job) -> Job:
    jobs.job_enqueue(job=job)
    job.refresh_from_db()
    return job


def test_a_job_reports_its_progress_and_ends_done(job: Make) -> None:
    finished = done(job(lambda run: run.progress(done=3, total=10, stage="Counting")))
    assert (finished.status, finished.done, finished.total, finished.stage) == ("DONE", 3, 10, "Counting")
    assert finished.attempts == 1
    assert finished.finished_at


def test_a_refusal_is_kept_word_for_word(job: Make) -> None:
    def refuse(run: Run) -> None:
        raise BadInput("Lot L1 holds 3 units. Take fewer.")

    failed = done(job(refuse))
    assert (failed.status, failed.error) == ("FAILED", "Lot L1 holds 3 units. Take fewer.")
    assert failures == ["Lot L1 holds 3 units. Take fewer."]


@pytest.mark.django_db(transaction=True)
def test_a_defect_is_logged_and_the_worker_goes_on(job: Make, caplog: pytest.LogCaptureFixture) -> None:
    failed = done(job(lambda run: {}["missing"]))
    assert failed.status == "FAILED"
    assert failed.error == jobs.UNEXPECTED
    assert "KeyError" in caplog.text


def test_a_locked_database_is_tried_again(job: Make) -> None:
    seen: list[int] = []

    def locked_once(run: Run) -> None:
        seen.append(run.attempt)
        if len(seen) == 1:
            raise OperationalError("database is locked")

    assert done(job(locked_once)).status == "DONE"
    assert seen == [1, 2]


def test_a_job_that_stops_its_worker_every_time_is_given_up(job: Make) -> None:
    def never(run: Run) -> None:
        raise OperationalError("database is locked")

    failed = done(job(never))
    assert (failed.status, failed.attempts) == ("FAILED", jobs.MAX_ATTEMPTS)
    assert "stopped 3 times" in failures[0]


def test_a_job_runs_once_however_often_it_is_called(job: Make) -> None:
    seen: list[int] = []
    finished = done(job(lambda run: seen.append(run.attempt)))
    jobs.run_job.call(finished.pk)
    assert seen == [1]


def test_a_job_without_heartbeat_is_put_back_and_finished(job: Make) -> None:
    seen: list[int] = []
    lost = job(lambda run: seen.append(run.attempt))
    Job.objects.filter(pk=lost.pk).update(
        status="RUNNING", attempts=1, heartbeat_at=timezone.now() - dt.timedelta(minutes=2)
    )
    assert jobs.jobs_recover() == 1
    lost.refresh_from_db()
    assert (lost.status, seen) == ("DONE", [2])


def test_a_job_with_a_fresh_heartbeat_is_left_alone(job: Make) -> None:
    running = job(lambda run: None)
    Job.objects.filter(pk=running.pk).update(status="RUNNING", attempts=1, heartbeat_at=timezone.now())
    assert jobs.jobs_recover() == 0
    running.refresh_from_db()
    assert running.status == "RUNNING"


def test_whoever_lost_a_job_writes_nothing_more(job: Make, company: Company) -> None:
    @transaction.atomic
    def half(run: Run) -> None:
        Category.objects.create(entity=company.entity, name="Half done")
        run.progress(done=1)

    def overtaken(run: Run) -> None:
        Job.objects.filter(pk=run.job.pk).update(attempts=run.attempt + 1)
        with pytest.raises(Superseded):
            half(run)
        half(run)

    left = done(job(overtaken))
    assert (left.status, left.attempts) == ("RUNNING", 2)
    assert not Category.objects.filter(name="Half done").exists()
    assert failures == []


def test_a_job_whose_task_was_lost_is_handed_out_again(job: Make, settings: Any) -> None:
    settings.JOBS_INLINE = False
    lost = job(lambda run: None)
    Job.objects.filter(pk=lost.pk).update(created_at=timezone.now() - dt.timedelta(minutes=2))
    assert jobs.jobs_recover() == 1
    assert [task.args_kwargs["args"] for task in DBTaskResult.objects.ready()] == [[lost.pk]]
    assert jobs.jobs_recover() == 0


def test_an_unknown_kind_of_work_is_not_taken(company: Company) -> None:
    with pytest.raises(KeyError):
        jobs.job_create(entity=company.entity, kind="test.unknown", user=company["PREPARER"])


def test_a_job_that_nobody_takes_is_said_to_wait(job: Make) -> None:
    waiting = job(lambda run: None)
    assert not jobs.job_is_waiting_long(waiting)
    waiting.created_at -= dt.timedelta(minutes=1)
    assert jobs.job_is_waiting_long(waiting)


# A killed worker, with real processes over a database file of their own.

PREPARE = """
import django; django.setup()
import datetime as dt
from core.models import Entity, Membership, User
from core.sheets import pipeline
entity = Entity.objects.create(slug="north", name="North", currency="EUR")
user = User.objects.create(email="p@north.example", full_name="P")
Membership.objects.create(entity=entity, user=user, role="PREPARER")
rows = "".join(f"SKU-{i},L{i},WH1,{i % 90 + 1},1.25\\n" for i in range(60_000))
content = ("sku,lot_code,location,quantity,unit_cost\\n" + rows).encode()
upload = pipeline.upload_receive(
    entity=entity, kind="stock_list", name="stock.csv", content=content, user=user,
    as_of=dt.datetime(2026, 3, 31, tzinfo=dt.UTC),
)
pipeline.upload_check(upload=upload, user=user)
"""
LOOK = """
import django; django.setup()
from core.models import Job, Upload
from django.db import connection
from inventory.models import StagedLot
job, upload = Job.objects.get(), Upload.objects.get()
print(job.status, job.attempts, job.done, upload.status, upload.row_count, StagedLot.objects.count(), sep=",")
"""
RECOVER = """
import django; django.setup()
import datetime as dt
from core import jobs
print(jobs.jobs_recover(older_than=dt.timedelta(0)))
"""


@pytest.fixture
def elsewhere(tmp_path: Path) -> dict[str, str]:
    """The environment of processes with a migrated SQLite database of their own."""
    template_make(f"sqlite:///{tmp_path}/writeoffs.sqlite3", tmp_path, MIGRATED, ["migrate", "--verbosity=0"])
    kept = {k: v for k, v in os.environ.items() if k not in ("DATABASE_URL", "JOBS_INLINE", "WRITEOFFS_ENV")}
    return {
        **kept,
        "WRITEOFFS_DATA": str(tmp_path),
        "DJANGO_SETTINGS_MODULE": "writeoffs.settings",
        "PYTHONPATH": str(django_settings.BASE_DIR),
    }


def run(code: str, env: dict[str, str]) -> str:
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def worker(env: dict[str, str], *arguments: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "manage.py", "db_worker", "--interval", "0.1", "--no-startup-delay", *arguments]
    return subprocess.Popen(
        command, env=env, cwd=django_settings.BASE_DIR, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


def state(env: dict[str, str]) -> list[Any]:
    return run(LOOK, env).split(",")


def wait_for_rows(database: Path) -> None:
    """Until the first rows are staged; read beside Django, since a process of ours takes longer to start than they
    do."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        with contextlib.closing(sqlite3.connect(database, timeout=10)) as connection:
            [(status, done)] = connection.execute("select status, done from core_job").fetchall()
        if status == "RUNNING" and done:
            return
        time.sleep(0.01)
    raise AssertionError("no worker took the job")


def test_a_killed_worker_loses_nothing_and_another_finishes_its_job(elsewhere: dict[str, str], tmp_path: Path) -> None:
    run(PREPARE, elsewhere)
    assert state(elsewhere)[:4] == ["QUEUED", "0", "0", "CHECKING"]
    first = worker(elsewhere)
    try:
        wait_for_rows(tmp_path / "writeoffs.sqlite3")
    finally:
        first.send_signal(signal.SIGKILL)
        first.wait()
    status, attempts, done, upload, _, staged = state(elsewhere)
    assert (status, attempts, upload) == ("RUNNING", "1", "CHECKING")
    assert 0 < int(done) == int(staged)
    assert run(RECOVER, elsewhere) == "1"
    assert worker(elsewhere, "--batch").wait(timeout=120) == 0
    assert state(elsewhere) == ["DONE", "2", "60000", "CHECKED", "60000", "60000"]
