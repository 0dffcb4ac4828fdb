"""Starts assessments and runs them in the background: load, judge, compare with the run before, keep.

Invariant: an assessment is RUNNING until its lines and totals are there, in one transaction, or it has FAILED with a
sentence and no line; a run killed half-way is done anew by the next worker.
"""

from __future__ import annotations

import datetime as dt
import gc
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from core import audit, jobs
from core.access import roles_in
from core.errors import BadInput, NotAllowed, WrongState
from core.models import Category, Entity, Job, Location, User
from core.money import MONEY_SCALE, display_money, from_raw
from core.numbers import numbers_take
from core.sets import roomy
from core.verify import consistent_view
from core.words import Role
from writeoffs.ledger.calendar import fiscal_year_of
from writeoffs.valuation.assessment_proofs import FoundDigest
from writeoffs.valuation.commitments import commitments_judge, commitments_keep, commitments_read
from writeoffs.valuation.keeping import Before, Totals, assumed, before_of, lines_keep, previous_of, totals_of
from writeoffs.valuation.loading import Scope, Stock, known_as_of, stock_as_of
from writeoffs.valuation.models import Assessment, Basis
from writeoffs.valuation.rules.assessing import Known, assess
from writeoffs.valuation.rules.commitments import Committed

RUN = "valuation.assess"
ROLES = frozenset({Role.PREPARER, Role.CONTROLLER})


def assessment_start(
    *,
    entity: Entity,
    user: User,
    as_of: dt.date,
    basis: str = Basis.LEADING,
    categories: Sequence[Category] = (),
    locations: Sequence[Location] = (),
) -> Assessment:
    """Start a run over all lots, or those of some classes and places. NotAllowed; BadInput for a day in the future;
    WrongState while another run of the same day and basis is under way."""
    if not roles_in(entity, user) & ROLES:
        raise NotAllowed(f"An assessment is started by a preparer or a controller; you have no such role in {entity}.")
    if as_of > entity.local_date():
        raise BadInput(
            f"{as_of.isoformat()} lies in the future. Take {entity.local_date().isoformat()}, today, or an earlier day."
        )
    with transaction.atomic():
        Entity.objects.select_for_update(no_key=True).get(pk=entity.pk)
        running = Assessment.objects.filter(entity=entity, basis=basis, as_of=as_of, status=Assessment.Status.RUNNING)
        if running.exists():
            raise WrongState(f"{running[0]} of {as_of.isoformat()} is running already. Wait for it, then look at it.")
        year = fiscal_year_of(entity, as_of)
        job = jobs.job_create(entity=entity, kind=RUN, user=user)
        assessment = Assessment.objects.create(
            entity=entity,
            number=f"AS-{year}-{numbers_take(entity=entity, series=f'assessment:{year}'):04d}",
            as_of=as_of,
            basis=basis,
            framework=entity.framework,
            scope={"categories": sorted(c.pk for c in categories), "locations": sorted(p.pk for p in locations)},
            job=job,
            created_by=user,
        )
        audit.record(
            entity=entity,
            actor=user,
            kind="assessment.started",
            subject=assessment.source_ref,
            message=f"{user} started {assessment.number}: {assessment.get_basis_display().lower()} basis as of "
            f"{as_of.isoformat()}.",
            data={"scope": assessment.scope},
        )
    jobs.job_enqueue(job=job)
    assessment.refresh_from_db()
    return assessment


def assessment_run(run: jobs.Run) -> None:
    """The job: reads in one view of the database, writes in one transaction."""
    with uncollected(), roomy():
        _assess(run)


@contextmanager
def uncollected() -> Iterator[None]:
    """Nothing here refers to itself, and looking for what does, among 100,000 lots, costs a tenth of the run."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def _assess(run: jobs.Run) -> None:
    assessment = Assessment.objects.select_related("entity").get(job=run.job)
    if assessment.status != Assessment.Status.RUNNING:
        return
    run.progress(done=0, stage="Reading stock, prices and policies")
    read = _read(assessment)
    total = len(read.stock.lots)
    run.progress(done=0, total=total, stage="Judging lots")
    found = assess(
        read.stock.lots, read.known, assessment.entity.exponent, progress=lambda done: run.progress(done=done)
    )
    judged = commitments_judge(assessment, read.committed, read.known, found)
    told = [*read.told, *assumed(assessment, found, read.known, read.stock), *judged.told]
    run.progress(done=total, stage="Keeping the lines")
    with transaction.atomic():
        digest = lines_keep(assessment, found, read.stock, read.before)
        committed = commitments_keep(assessment, judged, read.known) if judged.lines else ""
        _finish(assessment, totals_of(found, read.stock), read.previous, told, digest, committed)
        run.progress(done=total, stage="Done")


@dataclass(frozen=True, slots=True)
class _Read:
    """What the database said, all of one moment."""

    stock: Stock
    known: Known
    told: list[str]
    previous: Assessment | None
    before: Mapping[int, Before]
    committed: Sequence[Committed]


def _read(assessment: Assessment) -> _Read:
    entity, day = assessment.entity, assessment.as_of
    scope = Scope(frozenset(assessment.scope["categories"]), frozenset(assessment.scope["locations"]))
    with consistent_view():
        stock = stock_as_of(entity=entity, day=day, scope=scope, basis=assessment.basis)
        known, told = known_as_of(
            entity=entity,
            day=day,
            basis=assessment.basis,
            categories={lot.item_id: lot.category_id for lot in stock.lots},
        )
        previous = previous_of(assessment)
        committed = commitments_read(entity=entity, day=day, basis=assessment.basis)
        return _Read(stock, known, [*stock.told, *told], previous, before_of(previous), committed)


def _finish(
    assessment: Assessment,
    totals: Totals,
    previous: Assessment | None,
    told: list[str],
    digest: FoundDigest,
    committed: str,
) -> None:
    changed = Assessment.objects.filter(pk=assessment.pk, status=Assessment.Status.RUNNING).update(
        status=Assessment.Status.DONE,
        previous=previous,
        assumptions=told,
        line_count=totals.lines,
        untested_count=totals.untested,
        cost=from_raw(totals.cost, MONEY_SCALE),
        carried=from_raw(totals.carried, MONEY_SCALE),
        required=from_raw(totals.required, MONEY_SCALE),
        by_level=dict(totals.by_level),
        finished_at=timezone.now(),
    )
    if changed != 1:
        raise WrongState(f"{assessment.number} is not running any more.")
    assessment.refresh_from_db()
    entity = assessment.entity
    amount = display_money(from_raw(totals.required - totals.carried, MONEY_SCALE), entity.currency)
    audit.record(
        entity=entity,
        actor=assessment.created_by,
        kind="assessment.done",
        subject=assessment.source_ref,
        message=f"{assessment.number} judged {totals.valued:,} lots as of {assessment.as_of.isoformat()}: movement "
        f"{amount} {entity.currency}.",
        data={"lines": totals.lines, "required": totals.required, "carried": totals.carried}
        | {"found": digest.of(assessment)}
        | ({"commitments": committed} if committed else {}),
    )


def _failed(job: Job, message: str) -> None:
    Assessment.objects.filter(job=job, status=Assessment.Status.RUNNING).update(
        status=Assessment.Status.FAILED, message=message[:500], finished_at=timezone.now()
    )


def connect() -> None:
    """Called when Django is ready."""
    jobs.register(RUN, assessment_run, _failed)
