"""Commits a sheet of ERP movements: per day one document of movements, ERP-origin entries and the allowance released.

Invariant: what is committed is what the preview showed, or nothing is. Everything of one day stands under one
source_ref. Of a sale only the released allowance is ours to book (Dr INVENTORY_ALLOWANCE, Cr COGS); gross cost and
revenue are the ERP's. Lock order: periods by date, lots by id, counter, chain heads.
"""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterable, Sequence

from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from core.access import roles_in
from core.errors import BadInput, StaleContent, WrongState
from core.models import Entity, Upload, User
from core.sets import rows_insert, rows_update
from core.sheets.kinds import Committed
from core.words import Role
from inventory.books import last_movement
from inventory.erp_books import is_history
from inventory.erp_days import Days, days_checked
from inventory.erp_plan import ErpPlan, Told
from inventory.erp_proof import content_digest
from inventory.intake import Bases, lots_follow, records_make
from inventory.kinds.erp_movements import plan_of
from inventory.kinds.stock_preview import Words
from inventory.models import ErpMovement, StagedCheck, StagedErpMovement, StagedLot, UnexplainedFall
from inventory.movements import MovementRow, movements_append
from inventory.registers import register_make
from writeoffs.ledger.journal import entries_write, period_lock
from writeoffs.ledger.models import FiscalPeriod
from writeoffs.posting.acknowledge import postings_settle
from writeoffs.posting.erp_entries import OWN, entries_of_day
from writeoffs.posting.erp_proof import postings_told
from writeoffs.posting.feeds import release_post
from writeoffs.posting.followed import lines_follow, outstanding_by_lot
from writeoffs.posting.models import Posting
from writeoffs.posting.refs import movements_ref
from writeoffs.posting.stock_list import lots_lock, second_controller


def days_that_post(entity: Entity, days: Iterable[str]) -> Days:
    """Which days of a sheet take no posting, and why. One query."""
    periods = list(
        FiscalPeriod.objects.filter(entity=entity, number__lt=FiscalPeriod.ADJUSTMENT)
        .order_by("starts_on")
        .values_list("starts_on", "ends_on", "status", "fiscal_year", "number")
    )
    first = next((p[0].isoformat() for p in periods if p[2] == FiscalPeriod.Status.OPEN), "")
    step = f"The first open date is {first}." if first else "No period is open: a controller opens one."
    refused: dict[str, str] = {}
    second: set[str] = set()
    for day in days:
        date = dt.date.fromisoformat(day)
        period = next((p for p in periods if p[0] <= date <= p[1]), None)
        if period is None:
            refused[day] = f"{day} lies in no fiscal period of {entity}. {step}"
        elif period[2] == FiscalPeriod.Status.CLOSED:
            refused[day] = (
                f"{day} cannot be posted: {period[0]:%B %Y} is closed. {step} Have the period re-opened, or give the "
                "movement the date on which it is to count."
            )
        elif period[2] == FiscalPeriod.Status.SOFT_CLOSED:
            second.add(day)
    return Days(refused, frozenset(second), first)


@transaction.atomic
def erp_movements_commit(upload: Upload, user: User) -> Committed:
    """Take the sheet into the books. StaleContent, PeriodClosed, NotAllowed, SegregationOfDuties or UnmappedRole leave
    everything as it was."""
    entity = upload.entity
    if ErpMovement.objects.filter(upload=upload).exists():
        raise WrongState(f"'{upload.file_name}' has been committed already. Nothing was done a second time.")
    days = days_checked(entity, sorted({str(day) for day in _days(upload)}))
    second = user.pk != upload.created_by_id and Role.CONTROLLER in roles_in(entity, user)
    before = last_movement(entity)
    pending = outstanding_by_lot(entity.pk)
    plan = plan_of(upload, days)
    _refuse_other(upload, plan)
    periods = {
        day: period_lock(entity=entity, posted_on=dt.date.fromisoformat(day), second_approver=second)
        for day in sorted({told.posted for told in plan.told})
    }
    if (plan.released or plan.carried.value) and not is_history(upload):
        second_controller(upload, user)
    lots_lock(sorted({move.lot for told in plan.told for move in told.moves if move.lot > 0}))
    bases = _lots_make(upload, plan)
    source_refs = {}
    for day, parts in itertools.groupby(sorted(plan.told, key=_posted), key=_posted):
        source_refs[day], moved = _day_book(upload, user, periods[day], day, list(parts), bases, after=before)
        before += moved
    _keep(upload, plan, bases, source_refs)
    rows_update("inventory_lot", ("unit_cost",), sorted(plan.costs.items()))
    lots_follow(upload, bases, {lot: _aged_like(plan, source, bases) for lot, source in plan.aged.items()})
    _falls_explain(upload, user, plan)
    if not lines_follow(entity=entity, seen=pending, followed=plan.acknowledged):
        raise _stale(upload)
    settled = postings_settle(entity=entity, how=f"movements sheet {upload.file_name}")
    made = Posting.objects.filter(entity=entity, source_ref__in=source_refs.values()).order_by("pk")
    return Committed(
        message=_message(entity, plan),
        url=reverse("stock:movements", args=[entity.slug]),
        told={
            "erp_movements": content_digest(upload),
            "settled": settled,
            **postings_told(*made),
            **register_make(upload=upload),
        },
    )


def _posted(told: Told) -> str:
    return told.posted


def _days(upload: Upload) -> Iterable[dt.date]:
    found = StagedErpMovement.objects.filter(upload_id=upload.pk).order_by()
    return found.values_list("happened_on", flat=True).distinct()


def _stale(upload: Upload) -> StaleContent:
    return StaleContent(
        f"The books have moved since '{upload.file_name}' was checked, so it would no longer do what the preview "
        "showed. Check the sheet again, then commit it."
    )


def _refuse_other(upload: Upload, plan: ErpPlan) -> None:
    if plan.digest() != StagedCheck.objects.get(upload_id=upload.pk).content:
        raise _stale(upload)
    problem = next((problem for problem in plan.problems if problem.error), None)
    if problem is not None:
        raise BadInput(problem.message)


def _lots_make(upload: Upload, plan: ErpPlan) -> Bases:
    """The new lots with the items, categories and locations that they need, by the road of the stock list."""
    rows_insert(
        StagedLot._meta.db_table,
        (
            *("upload_id", '"row"', "lot", "item", "location", "category", "code", "quantity", "unit_cost", "cost"),
            *("allowance", "write_down", "received_on", "write_down_years", "sku", "description", "unit_of_measure"),
            *("new_location", "new_category"),
        ),
        [
            (
                *(upload.pk, p.row, p.ref, p.item, p.location, p.category, p.code, 0, p.unit_cost, 0, 0, 0),
                *(p.received_on, "", p.new_item, "", "unit" if p.new_item else "", p.new_place, p.new_category),
            )
            for p in plan.new
        ],
    )
    bases = records_make(upload, with_values=False)
    lots_follow(upload, bases, {p.ref: _aged_like(plan, p.source, bases) for p in plan.new if p.source})
    StagedLot.objects.filter(upload_id=upload.pk).delete()
    return bases


def _aged_like(plan: ErpPlan, source: int, bases: Bases) -> int:
    """The lot at the beginning of a chain of transfers."""
    while source < 0 and plan.new[-source - 1].source:
        source = plan.new[-source - 1].source
    return bases.resolve("lot", source)


def _day_book(
    upload: Upload,
    user: User,
    period: FiscalPeriod,
    day: str,
    parts: Sequence[Told],
    bases: Bases,
    *,
    after: int,
) -> tuple[str, int]:
    """The day's source_ref, and how many movements it made. after: the last movement so far, on which the plan was
    worked out. StaleContent where another posting has slipped in between."""
    entity, posted_on = upload.entity, dt.date.fromisoformat(day)
    history = is_history(upload)
    source_ref = movements_ref(upload, day, history=history)
    moves = [move for told in parts for move in told.moves]
    first, _ = movements_append(
        entity=entity,
        posted_on=posted_on,
        source_ref=source_ref,
        rows=[
            MovementRow(bases.resolve("lot", m.lot), m.kind, m.quantity, m.cost, m.allowance, m.write_down, m.by_year)
            for m in moves
        ],
    )
    if moves and first != after + 1:
        raise _stale(upload)
    entries = entries_of_day(parts, bases, history=history, title=upload.file_name)
    entries_write(
        entity=entity,
        period=period,
        posted_on=posted_on,
        source_ref=source_ref,
        entries=entries,
        posted_by=user,
        prepared_by=upload.created_by,
        evidence=[upload.file.sha256],
    )
    if any(entry.origin == OWN for entry in entries):
        release_post(entity=entity, source_ref=source_ref, posted_on=posted_on, user=user)
    return source_ref, len(moves)


def _keep(upload: Upload, plan: ErpPlan, bases: Bases, source_refs: dict[str, str]) -> None:
    """The rows as they came, with what they took along."""
    named = {
        row: (document, line)
        for row, document, line in StagedErpMovement.objects.filter(upload_id=upload.pk).values_list(
            "row", "document", "line"
        )
    }
    history = is_history(upload)
    rows_insert(
        ErpMovement._meta.db_table,
        (
            *("entity_id", "upload_id", '"row"', "part", "document", "line", "kind", "happened_on", "lot_id"),
            *("to_lot_id", "quantity", "cost", "allowance", "write_down", "to_cost", "revenue", "settlement"),
            *("fall_id", "history", "source_ref"),
        ),
        [
            (
                *(upload.entity_id, upload.pk, t.row, t.part, *named[t.row], t.kind, t.day),
                *(bases.resolve("lot", t.lot), bases.resolve("lot", t.to_lot) if t.to_lot else None),
                *(t.quantity, t.cost, t.allowance, t.write_down, t.to_cost, t.revenue, t.settlement),
                *(t.fall or None, history, source_refs[t.posted]),
            )
            for t in plan.told
        ],
    )


def _falls_explain(upload: Upload, user: User, plan: ErpPlan) -> None:
    """The falls that are explained to the last unit leave the worklist; one statement a kind of explanation."""
    for explanation in sorted({how for how in plan.explained.values() if how}):
        falls = [fall for fall, how in plan.explained.items() if how == explanation]
        changed = UnexplainedFall.objects.filter(
            entity=upload.entity, pk__in=falls, explanation=UnexplainedFall.Explanation.NONE
        ).update(
            explanation=explanation,
            note=f"Movements sheet {upload.file_name}"[:200],
            explained_by=user,
            explained_at=timezone.now(),
        )
        if changed != len(falls):
            raise _stale(upload)


def _message(entity: Entity, plan: ErpPlan) -> str:
    words = Words(entity)
    parts = [f"{words.count(len(plan.told))} taken in"]
    if plan.released:
        parts.append(f"allowance of {words.money(plan.released)} released")
    if plan.settled.lots:
        parts.append(f"{words.count(plan.settled.lots)} falls of stock lists explained")
    if plan.carried.value:
        parts.append(f"allowance of {words.money(plan.carried.value)} moved with units that a list had shown")
    if plan.left_out:
        parts.append(f"{words.count(plan.left_out)} left out, in a stock list already")
    return f"ERP movements: {'; '.join(parts)}."
