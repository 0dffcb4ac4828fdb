"""Background work that a person waits for: a Job row of our own over django-tasks' queue.

Invariant: a job runs under one attempt number; whoever lost it (its worker was taken for dead and another one took
over) writes nothing more, since every report of progress is a compare-and-set on that number inside the transaction
that it reports. A worker that is killed leaves its job RUNNING with an old heartbeat; `jobs_recover` puts such jobs
back.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone
from django_tasks import task
from django_tasks_db.models import DBTaskResult

from core.errors import DomainError
from core.models import Entity, Job, User
from core.outages import outage_of

logger = logging.getLogger(__name__)

MAX_ATTEMPTS = 3
STALE_AFTER = dt.timedelta(seconds=60)
UNEXPECTED = (
    "Something went wrong that we did not foresee; it was written to the log. Nothing was saved: start it again."
)
KILLED = (
    "The worker stopped {attempts} times while doing this, the last time after {done:,} rows. Nothing was saved. "
    "Start it again; if it stops again, a smaller file may help."
)


class Superseded(Exception):
    """Another worker has taken this job over; what this one has not committed is rolled back."""


@dataclass(frozen=True, slots=True)
class Run:
    """One attempt at a job, as its handler sees it."""

    job: Job
    attempt: int

    def progress(self, *, done: int, total: int | None = None, stage: str | None = None) -> None:
        """Say how far it is. Call it last in the transaction that did the work: Superseded rolls that back."""
        changes: dict[str, Any] = {"done": done, "heartbeat_at": timezone.now()}
        if total is not None:
            changes["total"] = total
        if stage is not None:
            changes["stage"] = stage
        mine = Job.objects.filter(pk=self.job.pk, status=Job.Status.RUNNING, attempts=self.attempt)
        if mine.update(**changes) != 1:
            raise Superseded(f"job {self.job.pk} was taken over after attempt {self.attempt}")


@dataclass(frozen=True, slots=True)
class Handler:
    """run does the work; failed(job, message) brings the record that the job is about to a state a person can act
    on."""

    run: Callable[[Run], None]
    failed: Callable[[Job, str], None] | None = None


_HANDLERS: dict[str, Handler] = {}


def register(kind: str, run: Callable[[Run], None], failed: Callable[[Job, str], None] | None = None) -> None:
    _HANDLERS[kind] = Handler(run, failed)


def job_create(*, entity: Entity, kind: str, user: User, arguments: Mapping[str, Any] | None = None) -> Job:
    """A waiting job. Tie it to its record in the same transaction, then start it with `job_enqueue`."""
    if kind not in _HANDLERS:
        raise KeyError(f"no room registered the job {kind}")
    return Job.objects.create(entity=entity, kind=kind, created_by=user, arguments=dict(arguments or {}))


def job_enqueue(*, job: Job) -> None:
    """Hand it to a worker (the task is a row in the same database), or do it now where JOBS_INLINE is set."""
    if settings.JOBS_INLINE:
        run_job.call(job.pk)
    else:
        run_job.enqueue(job.pk)


@task()
def run_job(job_id: int) -> None:
    """What a worker runs. Never raises for what the job itself did wrong: that is kept on the Job."""
    jobs_recover(besides=job_id)
    taken = Job.objects.filter(pk=job_id, status=Job.Status.QUEUED).update(
        status=Job.Status.RUNNING, attempts=F("attempts") + 1, started_at=timezone.now(), heartbeat_at=timezone.now()
    )
    if taken != 1:
        return  # Done, failed, or running elsewhere.
    job = Job.objects.select_related("entity", "created_by").get(pk=job_id)
    run = Run(job=job, attempt=job.attempts)
    try:
        _HANDLERS[job.kind].run(run)
    except Superseded:
        logger.warning("job %s: taken over by another worker", job.pk)
        return
    except DomainError as error:
        _fail(job, error.message)
        return
    except Exception as error:
        if outage_of(error) is not None:
            logger.warning("job %s: %s", job.pk, error)
            _put_back(job, str(error))
            return
        if connection.in_atomic_block:
            raise  # Inline inside somebody's transaction: it is their failure too.
        logger.exception("job %s (%s) failed", job.pk, job.kind)
        _fail(job, UNEXPECTED)
        return
    Job.objects.filter(pk=job.pk, status=Job.Status.RUNNING, attempts=run.attempt).update(
        status=Job.Status.DONE, finished_at=timezone.now()
    )


def _fail(job: Job, message: str) -> None:
    with transaction.atomic():
        mine = Job.objects.filter(pk=job.pk, attempts=job.attempts).exclude(
            status__in=(Job.Status.DONE, Job.Status.FAILED)
        )
        if mine.update(status=Job.Status.FAILED, error=message, finished_at=timezone.now()) != 1:
            return
        handler = _HANDLERS.get(job.kind)
        if handler and handler.failed:
            handler.failed(job, message)


def _put_back(job: Job, why: str) -> bool:
    """Queue it again, or fail it after the last attempt. False where somebody else did either already."""
    if job.attempts >= MAX_ATTEMPTS:
        _fail(job, KILLED.format(attempts=job.attempts, done=job.done))
        return False
    with transaction.atomic():
        mine = Job.objects.filter(pk=job.pk, status=Job.Status.RUNNING, attempts=job.attempts)
        # done and total stay: the page shows how far the lost attempt came until the next one reports.
        if mine.update(status=Job.Status.QUEUED, error="", stage=f"Starting again ({why})"[:60]) != 1:
            return False
        logger.warning("job %s put back after attempt %s: %s", job.pk, job.attempts, why)
        if not settings.JOBS_INLINE:
            run_job.enqueue(job.pk)
    if settings.JOBS_INLINE:
        run_job.call(job.pk)
    return True


def jobs_recover(*, older_than: dt.timedelta = STALE_AFTER, besides: int = 0) -> int:
    """Put back the jobs whose worker died: RUNNING without a heartbeat for `older_than`. Gives how many.

    Called by every worker before each task, and by the page that waits for a job. A server that runs the only worker
    calls it with zero when it (re)starts that worker: then nobody else can be running anything.
    """
    limit = timezone.now() - older_than
    stale = Job.objects.filter(Q(heartbeat_at__lt=limit) | Q(heartbeat_at=None), status=Job.Status.RUNNING)
    put_back = sum(_put_back(job, "the worker stopped") for job in stale)
    waiting = Job.objects.filter(status=Job.Status.QUEUED, created_at__lt=limit).exclude(pk=besides)
    return put_back + (_enqueue_lost(waiting) if not settings.JOBS_INLINE else 0)


def _enqueue_lost(waiting: QuerySet[Job]) -> int:
    """Hand waiting jobs to the queue again whose task is gone: its worker died between taking the task and the job.

    A task too many does no harm: whoever comes second finds the job taken.
    """
    numbers = list(waiting.values_list("pk", flat=True))
    if not numbers:
        return 0
    tasks = DBTaskResult.objects.ready().filter(task_path=run_job.module_path).values_list("args_kwargs", flat=True)
    queued = {task["args"][0] for task in tasks}
    lost = [number for number in numbers if number not in queued]
    for number in lost:
        run_job.enqueue(number)
    return len(lost)


def job_is_waiting_long(job: Job) -> bool:
    """Whether no worker has taken it for so long that there is probably none."""
    return job.status == Job.Status.QUEUED and timezone.now() - job.created_at > dt.timedelta(seconds=20)


def progress_of(job: Job) -> dict[str, Any]:
    """What a page that waits shows: job, percent, seconds_left (None while unknown), waiting_long."""
    percent = min(99, job.done * 100 // job.total) if job.total else 0
    left = None
    if job.status == Job.Status.RUNNING and job.started_at and job.done and job.total > job.done:
        spent = (timezone.now() - job.started_at).total_seconds()
        left = max(1, round(spent * (job.total - job.done) / job.done))
    return {"job": job, "percent": percent, "seconds_left": left, "waiting_long": job_is_waiting_long(job)}
