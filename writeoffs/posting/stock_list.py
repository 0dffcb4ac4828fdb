"""Commits a stock list: the movements and the ERP-origin entries that it means, in one transaction.

Invariant: what is committed is what the preview showed, or nothing is: the plan is worked out again from the books as
they stand, and its digest must be the one of the check. Lock order: period, lots by id, counter, chain heads.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django.db import connection, transaction
from django.urls import reverse

from core.access import roles_in
from core.errors import NotAllowed, SegregationOfDuties, StaleContent, WrongState
from core.models import Entity, Upload, User
from core.money import MONEY_SCALE, from_raw
from core.sets import among, ids
from core.sheets.kinds import Committed
from core.words import Role
from inventory.books import held, last_movement, staged_rows, write_down_years
from inventory.intake import STAGED, Bases, falls_record, lots_follow, opening_movements, records_make
from inventory.kinds.stock_list import refuse_outdated
from inventory.kinds.stock_preview import Words, locations_named, opening_content
from inventory.models import Movement, StagedCheck
from inventory.movements import MovementRow, movements_append
from inventory.refresh import RefreshPlan, outstanding_of, refresh_plan
from inventory.registers import register_make
from writeoffs.ledger.journal import PlannedEntry, PlannedLine, entries_write, period_lock
from writeoffs.posting.acknowledge import postings_settle
from writeoffs.posting.erp_proof import postings_told
from writeoffs.posting.feeds import release_post
from writeoffs.posting.followed import lines_follow

ERP, OWN = "ERP", "OWN"


@transaction.atomic
def stock_list_commit(upload: Upload, user: User) -> Committed:
    """Take the list's figures into the books. OutdatedList, PeriodClosed, StaleContent, NotAllowed or UnmappedRole
    leave everything as it was."""
    entity = upload.entity
    source_ref = f"upload:{upload.pk}"
    refuse_outdated(upload)
    if Movement.objects.filter(entity=entity, source_ref=source_ref).exists():
        raise WrongState(f"'{upload.file_name}' has been committed already. Nothing was done a second time.")
    posted_on = entity.local_date(upload.as_of)
    # In a soft-closed period a second person stands behind the list: a controller other than its uploader.
    second = user.pk != upload.created_by_id and Role.CONTROLLER in roles_in(entity, user)
    period = period_lock(entity=entity, posted_on=posted_on, second_approver=second)
    checked = StagedCheck.objects.get(upload_id=upload.pk)
    told: dict[str, Any] = {}
    if checked.opening:
        message, entries = _open(upload, checked, posted_on, source_ref)
    else:
        message, entries, told["settled"] = _refresh(upload, user, checked, posted_on, source_ref)
    # Asked again now that the entity's movements are ours until the end: a posting may have slipped in before.
    refuse_outdated(upload)
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
        told |= postings_told(release_post(entity=entity, source_ref=source_ref, posted_on=posted_on, user=user))
    told |= register_make(upload=upload)
    return Committed(message=message, url=reverse("stock:list", args=[entity.slug]), told=told)


def _stale(upload: Upload) -> StaleContent:
    return StaleContent(
        f"The books have moved since '{upload.file_name}' was checked, so it would no longer do what the preview "
        f"showed. "
        "Check the list again, then commit it."
    )


def _open(upload: Upload, checked: StagedCheck, posted_on: dt.date, source_ref: str) -> tuple[str, list[PlannedEntry]]:
    """The first list: lots with all their figures, one OPENING movement each."""
    words = Words(upload.entity)
    with connection.cursor() as cursor:
        cursor.execute(
            "select count(*), coalesce(sum(quantity), 0), coalesce(sum(cost), 0), coalesce(sum(allowance), 0) "
            f"from {STAGED} where upload_id = %s",
            [upload.pk],
        )
        rows, quantity, cost, allowance = (int(figure) for figure in cursor.fetchone())
    if opening_content(rows, quantity, cost, allowance) != checked.content:
        raise _stale(upload)
    bases = records_make(upload, with_values=True)
    made = opening_movements(upload, bases, posted_on=posted_on, source_ref=source_ref)
    if last_movement(upload.entity) != made:
        # Somebody opened the books at the same time; this list is no opening any more.
        raise _stale(upload)
    with connection.cursor() as cursor:
        cursor.execute(
            f"select {bases.sql('location')}, {bases.sql('category')}, sum(s.cost), sum(s.allowance) "
            f"from {STAGED} s where s.upload_id = %s group by 1, 2 order by 1, 2",
            [upload.pk],
        )
        lines: list[PlannedLine] = []
        for location, category, group_cost, group_allowance in cursor.fetchall():
            lines += _lines(location, category, INVENTORY=int(group_cost), INVENTORY_ALLOWANCE=-int(group_allowance))
    entry = PlannedEntry(leg="OPENING", origin=ERP, description=f"Opening stock, {upload.file_name}", lines=lines)
    message = (
        f"Added {words.lots(rows)}: quantity {words.units(quantity)}, value {words.money(cost)}, as of "
        f"{posted_on.isoformat()}."
    )
    return message, [entry]


def _refresh(
    upload: Upload, user: User, checked: StagedCheck, posted_on: dt.date, source_ref: str
) -> tuple[str, list[PlannedEntry], dict[str, list[Any]]]:
    """A later list: what it changes, against the books and what the ERP has yet to follow; the third value says which
    postings it settled."""
    entity = upload.entity
    before = last_movement(entity)
    pending = outstanding_of(entity.pk)
    listed = list(staged_rows(upload))
    plan = refresh_plan(
        held={lot.lot: lot for lot in held(entity)},
        listed=listed,
        outstanding=pending,
        years=write_down_years(entity),
        exponent=entity.exponent,
        only_locations=locations_named(upload, listed),
    )
    if plan.digest() != checked.content:
        raise _stale(upload)
    if plan.released:
        second_controller(upload, user)
    lots_lock(sorted({move.lot for move in plan.moves if move.lot > 0}))
    bases = records_make(upload, with_values=False)
    first, last = movements_append(
        entity=entity, posted_on=posted_on, source_ref=source_ref, rows=_movement_rows(plan, bases)
    )
    if plan.moves and first != before + 1:
        raise _stale(upload)
    lots_follow(upload, bases, plan.carried)
    falls_record(entity=entity, upload=upload, first=first, last=last)
    if not lines_follow(entity=entity, seen=pending, followed=plan.acknowledged):
        raise _stale(upload)
    settled = postings_settle(entity=entity, how=f"stock list of {posted_on.isoformat()}, {upload.file_name}")
    return _message(entity, plan, posted_on), _entries(upload, plan, bases), settled


def second_controller(upload: Upload, user: User) -> None:
    """Released allowance lowers cost of sales: the one step of a list that profit sees."""
    if Role.CONTROLLER not in roles_in(upload.entity, user):
        raise NotAllowed(
            f"'{upload.file_name}' releases allowance to cost of sales, so a controller commits it. Ask one to do so."
        )
    if user.pk == upload.created_by_id:
        raise SegregationOfDuties(
            f"'{upload.file_name}' releases allowance to cost of sales, so a controller other than its uploader "
            f"commits it."
        )


def lots_lock(lots: list[int]) -> None:
    if connection.vendor == "postgresql" and lots:
        with connection.cursor() as cursor:
            cursor.execute(f"select id from inventory_lot where {among('id')} order by id for update", [ids(lots)])


def _movement_rows(plan: RefreshPlan, bases: Bases) -> list[MovementRow]:
    return [
        MovementRow(
            bases.resolve("lot", move.lot),
            move.kind,
            move.quantity,
            move.cost,
            move.allowance,
            move.write_down,
            move.by_year,
        )
        for move in plan.moves
    ]


def _lines(location: int, category: int, **amounts: int) -> Iterable[PlannedLine]:
    """Lines of the roles with their raw amounts, debit positive, and STOCK_CLEARING for the rest."""
    amounts["STOCK_CLEARING"] = -sum(amounts.values())
    return [
        PlannedLine(role, from_raw(raw, MONEY_SCALE), location_id=location, category_id=category)
        for role, raw in amounts.items()
        if raw
    ]


_TITLES = {
    "RECEIPT": "Receipts",
    "ISSUE": "Issues not yet explained",
    "REVALUATION": "Revaluation",
    "TRANSFER": "Transfers",
}


def _entries(upload: Upload, plan: RefreshPlan, bases: Bases) -> list[PlannedEntry]:
    """One entry a leg. What a fall or a revaluation takes off the allowance is ours to book, against cost of sales."""
    lines: dict[str, list[PlannedLine]] = {leg: [] for leg in (*_TITLES, "RELEASE")}
    for move in plan.moves:
        location, category = bases.resolve("location", move.location), bases.resolve("category", move.category)
        if move.kind == "TRANSFER":
            for role, raw in (("INVENTORY", move.cost), ("INVENTORY_ALLOWANCE", -move.allowance)):
                lines["TRANSFER"].append(PlannedLine(role, from_raw(raw, MONEY_SCALE), location, category))
            continue
        lines[move.kind] += _lines(location, category, INVENTORY=move.cost)
        if move.allowance:
            release = from_raw(-move.allowance, MONEY_SCALE)
            lines["RELEASE"] += (
                PlannedLine("INVENTORY_ALLOWANCE", release, location, category),
                PlannedLine("COGS", -release, location, category),
            )
    entries = [
        PlannedEntry(leg=leg, origin=ERP, description=f"{title}, {upload.file_name}", lines=lines[leg])
        for leg, title in _TITLES.items()
    ]
    entries.append(
        PlannedEntry(
            leg="RELEASE",
            origin=OWN,
            description=f"Allowance released with units that left, {upload.file_name}",
            lines=lines["RELEASE"],
        )
    )
    return [entry for entry in entries if any(line.amount != Decimal(0) for line in entry.lines)]


def _message(entity: Entity, plan: RefreshPlan, posted_on: dt.date) -> str:
    words = Words(entity)
    parts = [
        f"{label} {words.tally(tally)}"
        for label, tally in (
            ("new", plan.new),
            ("gone", plan.gone),
            ("received", plan.received),
            ("fallen and to be explained", plan.fallen),
            ("transferred", plan.transferred),
            ("revalued", plan.revalued),
            ("acknowledged by the ERP", plan.followed),
        )
        if tally.lots
    ]
    what = "; ".join(parts) or f"all {words.lots(plan.unchanged)} agree with the books"
    return f"Stock list as of {posted_on.isoformat()}: {what}."
