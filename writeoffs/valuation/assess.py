"""Starts assessments and runs them in the background: load, judge, compare with the run before, keep.

Invariant: an assessment is RUNNING until its lines and totals are there, in one transaction, or it has FAILED with a
sentence and no line; a run killed half-way is done anew by the next worker.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone

from core import audit, jobs
from core.access import roles_in
from core.errors import BadInput, NotAllowed, WrongState
from core.models import Category, Entity, Job, Location, User
from core.money import MONEY_SCALE, display_money, from_raw
from core.numbers import numbers_take
from core.sets import rows_insert
from core.words import Role
from writeoffs.ledger.calendar import fiscal_year_of
from writeoffs.valuation.loading import Scope, known_as_of, lots_as_of
from writeoffs.valuation.models import Assessment, AssessmentLine, Basis
from writeoffs.valuation.rules.assessing import OUT, UNTESTED, Assessed, Known, Line, assess

RUN = "valuation.assess"
ROLES = frozenset({Role.PREPARER, Role.CONTROLLER})
COLUMNS = (
    *("assessment_id", "lot_id", "policy_id", "price_id", "outcome", "governs", "reason", "level", "cost_formula"),
    *("quantity", "cost", "carried", "nrv_unit", "market_unit", "contract_quantity", "contract_value", "nrv_value"),
    *("age_days", "ageing_need", "excess_quantity", "excess_need", "expiry_need", "nrv_need", "required", "flag"),
    *("change", "change_amount", "change_why", "override_reason", "override_cause", "proposal_ref"),
)
Change = AssessmentLine.Change
# What a run remembers of a lot: required, quantity, original cost, price, policy.
_Before = tuple[int, int, int, int | None, int | None]


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
    assessment = Assessment.objects.select_related("entity").get(job=run.job)
    if assessment.status != Assessment.Status.RUNNING:
        return
    entity, day = assessment.entity, assessment.as_of
    scope = Scope(frozenset(assessment.scope["categories"]), frozenset(assessment.scope["locations"]))
    run.progress(done=0, stage="Reading stock")
    lots = lots_as_of(entity=entity, day=day, scope=scope)
    run.progress(done=0, total=len(lots), stage="Reading prices and policies")
    known, told = known_as_of(entity=entity, day=day, basis=assessment.basis)
    run.progress(done=0, total=len(lots), stage="Judging lots")
    found = assess(lots, known, entity.exponent)
    previous = _previous(assessment)
    with transaction.atomic():
        rows = _rows(assessment, found, _before(previous), day)
        rows_insert("valuation_assessmentline", COLUMNS, rows)
        _finish(assessment, found, previous, [*told, *_assumed(found, known, day)], len(rows))
        run.progress(done=len(lots), total=len(lots), stage="Kept")


def _finish(
    assessment: Assessment, found: Assessed, previous: Assessment | None, told: list[str], line_count: int
) -> None:
    valued = [line for line in found.lines if line.outcome != OUT]
    carried, required = (sum(getattr(x, name) for x in values) for name, values in _sums(valued))
    changed = Assessment.objects.filter(pk=assessment.pk, status=Assessment.Status.RUNNING).update(
        status=Assessment.Status.DONE,
        previous=previous,
        assumptions=told,
        line_count=line_count,
        untested_count=sum(line.outcome == UNTESTED for line in found.lines),
        cost=from_raw(sum(line.lot.cost for line in valued), MONEY_SCALE),
        carried=from_raw(carried, MONEY_SCALE),
        required=from_raw(required, MONEY_SCALE),
        by_level=dict(found.by_level),
        finished_at=timezone.now(),
    )
    if changed != 1:
        raise WrongState(f"{assessment.number} is not running any more.")
    entity = assessment.entity
    amount = display_money(from_raw(required - carried, MONEY_SCALE), entity.currency)
    audit.record(
        entity=entity,
        actor=assessment.created_by,
        kind="assessment.done",
        subject=assessment.source_ref,
        message=f"{assessment.number} judged {len(valued):,} lots as of {assessment.as_of.isoformat()}: movement "
        f"{amount} {entity.currency}.",
        data={"lines": line_count, "required": required, "carried": carried},
    )


def _sums(valued: Sequence[Line]) -> tuple[tuple[str, list[Any]], tuple[str, list[Any]]]:
    return ("carried", [line.lot for line in valued]), ("required", list(valued))


# --- lines -----------------------------------------------------------------------------------------------------------


def _rows(
    assessment: Assessment, found: Assessed, before: Mapping[int, _Before], day: dt.date
) -> list[tuple[Any, ...]]:
    number, rows, seen = assessment.pk, [], set()
    for line in found.lines:
        lot, policy = line.lot, line.policy
        seen.add(lot.lot_id)
        change = _change(line, before.get(lot.lot_id))
        required = line.required if lot.cost > 0 else 0
        rows.append(
            (
                *(number, lot.lot_id, policy.policy_id, line.price_id, line.outcome, line.governs, line.reason),
                *(policy.level, policy.cost_formula, lot.quantity, lot.cost, lot.carried, line.nrv_unit),
                *(line.market_unit, line.contract_quantity, line.contract_value, line.nrv_value, lot.age),
                *(line.ageing_need, line.excess_quantity, line.excess_need, line.expiry_need, line.nrv_need),
                *(min(required, lot.cost) if required else 0, " ".join(line.flags)[:200], *change, "", "", ""),
            )
        )
    for lot_id, (was, *_) in before.items():
        if lot_id not in seen and was:
            rows.append(_gone(number, lot_id, was))
    return rows


def _gone(number: int, lot_id: int, was: int) -> tuple[Any, ...]:
    none = (None,) * 5
    return (
        *(number, lot_id, None, None, OUT, "NONE", "", "ITEM", "SPECIFIC", 0, 0, 0, None, None, 0, None, None, None),
        *(*none, 0, "", Change.GONE.value, -was, "No units were on hand any more."[:200], "", "", ""),
    )


def _change(line: Line, before: _Before | None) -> tuple[str, int, str]:
    """Against the run before: how, by how much, and why."""
    if before is None:
        return Change.NEW.value, line.required, ""
    was, quantity, cost, price_id, policy_id = before
    delta = line.required - was
    if not delta:
        return Change.SAME.value, 0, ""
    lot = line.lot
    causes = [
        name
        for name, differs in (
            ("quantity", quantity != lot.quantity),
            ("cost", cost != lot.cost and quantity == lot.quantity),
            ("price", price_id != line.price_id),
            ("policy", policy_id != line.policy.policy_id),
        )
        if differs
    ]
    why = ", ".join(causes) or "age, demand or the group"
    return (Change.GROWN if delta > 0 else Change.SHRUNK).value, delta, why.capitalize()


def _previous(assessment: Assessment) -> Assessment | None:
    """The last run of the same basis and scope whose day is no later."""
    return (
        Assessment.objects.filter(
            Q(status=Assessment.Status.DONE) | Q(status=Assessment.Status.PROPOSED),
            entity=assessment.entity,
            basis=assessment.basis,
            scope=assessment.scope,
            as_of__lte=assessment.as_of,
        )
        .exclude(pk=assessment.pk)
        .order_by("-as_of", "-pk")
        .first()
    )


def _before(previous: Assessment | None) -> dict[int, _Before]:
    if previous is None:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            "select lot_id, required, quantity, cost, price_id, policy_id from valuation_assessmentline "
            "where assessment_id = %s",
            [previous.pk],
        )
        return {row[0]: row[1:] for row in cursor.fetchall()}


def _assumed(found: Assessed, known: Known, day: dt.date) -> list[str]:
    """What was taken for granted, in sentences."""
    untested = sum(line.outcome == UNTESTED for line in found.lines)
    valued = [line for line in found.lines if line.outcome != OUT]
    without = {
        line.lot.item_id
        for line in valued
        if line.policy.excess_months is not None and line.lot.item_id not in known.demand
    }
    said = []
    if without:
        said.append(
            f"{len(without):,} items have no demand up to {day.isoformat()}: they were not tested for excess. Enter "
            "their demand, nil months too."
        )
    undated = sum(line.policy.matrix is not None and line.lot.age is None for line in valued)
    if undated:
        said.append(f"{undated:,} lots have no receipt date: they were not aged.")
    if untested:
        said.append(
            f"{untested:,} lots have neither a price nor a policy that judges them: they stay as they are, untested."
        )
    out = sum(line.outcome == OUT for line in found.lines)
    if out:
        said.append(f"{out:,} lots were not valued: negative stock, no cost, or no units.")
    return said


def _failed(job: Job, message: str) -> None:
    Assessment.objects.filter(job=job, status=Assessment.Status.RUNNING).update(
        status=Assessment.Status.FAILED, message=message[:500], finished_at=timezone.now()
    )


def connect() -> None:
    """Called when Django is ready."""
    jobs.register(RUN, assessment_run, _failed)
