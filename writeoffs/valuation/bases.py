"""The write-down attached under the bases that are not posted (group, tax): per lot and fiscal year of its charge, kept
when somebody records an assessment of such a basis.

Invariants: rows are only added, a set for each recorded assessment; a basis is recorded in the order of its days, over
all stock; what leaves takes its share along, what comes back takes the latest charge first, as under the leading basis.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping
from decimal import Decimal

from django.db import connection, models, transaction

from core import audit
from core.access import roles_in
from core.errors import NotAllowed, WrongState
from core.models import Entity, User
from core.money import MONEY_SCALE, MoneyField, from_raw, share_raw
from core.words import Framework, Role
from inventory.models import Lot
from writeoffs.ledger.calendar import fiscal_year_of
from writeoffs.valuation.assessments import Assessment
from writeoffs.valuation.bases_moved import type_years, with_transfers
from writeoffs.valuation.basis_proofs import charges_digest
from writeoffs.valuation.policies import Basis

ROLES = frozenset({Role.PREPARER, Role.CONTROLLER})


class BasisCharge(models.Model):
    """What of a lot's write-down one fiscal year charged and is still attached after the recorded assessment."""

    assessment = models.ForeignKey(Assessment, on_delete=models.PROTECT, related_name="charges", db_index=False)
    lot = models.ForeignKey(Lot, on_delete=models.PROTECT, related_name="+")
    fiscal_year = models.PositiveSmallIntegerField()
    amount = MoneyField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("assessment", "lot", "fiscal_year"), name="basis_charge_once"),
            models.CheckConstraint(
                name="basis_charge_above_nil",
                condition=models.Q(amount__gt=Decimal(0)),
                violation_error_message="A charge that is attached is above nil.",
            ),
        )

    def __str__(self) -> str:
        return f"{self.assessment}: {self.lot}, {self.fiscal_year}"


def still_attached(before: type_years, *, held: int, holds: int, exponent: int) -> dict[int, int]:
    """Pure: fiscal year -> what is left of its charge after units have left and taken their share."""
    years = dict(before)
    if held > holds:
        years, cumulated, kept = {}, 0, 0
        for year, amount in before:
            cumulated += amount
            share = share_raw(cumulated, max(holds, 0), held, exponent)
            years[year], kept = share - kept, share
    return years


def attached_after(
    before: type_years, *, held: int, holds: int, required: int, fiscal_year: int, us_gaap: bool, exponent: int
) -> type_years:
    """Pure: the charges by fiscal year after a run that requires `required`, from those of the run before. held, holds:
    raw units then and now; units that left took their share. Under US GAAP an earlier year's charge stays (ASC
    330-10-35-14)."""
    years = still_attached(before, held=held, holds=holds, exponent=exponent)
    movement = required - sum(years.values())
    if movement > 0:
        years[fiscal_year] = years.get(fiscal_year, 0) + movement
    for year in sorted(years, reverse=True):
        if movement >= 0:
            break
        if us_gaap and year != fiscal_year:
            continue
        back = min(years[year], -movement)
        years[year] -= back
        movement += back
    return tuple((year, amount) for year, amount in sorted(years.items()) if amount)


def recorded_before(assessment: Assessment) -> Assessment | None:
    """The last recorded run of the same basis."""
    found = Assessment.objects.filter(
        entity=assessment.entity_id, basis=assessment.basis, status=Assessment.Status.RECORDED
    )
    return found.exclude(pk=assessment.pk).order_by("-as_of", "-pk").first()


@transaction.atomic
def basis_record(*, assessment: Assessment, user: User) -> Assessment:
    """Keep what the assessment requires as the write-down of its basis, by fiscal year of the charge. NotAllowed;
    WrongState for the leading basis, part of the stock, an earlier day than the last one, or twice."""
    assessment = Assessment.objects.select_for_update(of=("self",)).select_related("entity").get(pk=assessment.pk)
    entity = assessment.entity
    if not ROLES & set(roles_in(entity, user)):
        raise NotAllowed(f"A basis is recorded by a preparer or controller; you have no such role in {entity}.")
    previous = recorded_before(assessment)
    _check(assessment, previous)
    rows = list(_charges(assessment, previous))
    BasisCharge.objects.bulk_create(rows, batch_size=2000)
    changed = Assessment.objects.filter(pk=assessment.pk, status=Assessment.Status.DONE)
    if changed.update(status=Assessment.Status.RECORDED) != 1:
        raise WrongState(f"{assessment} was changed by somebody else in the meantime. Reload the page.")
    assessment.refresh_from_db()
    audit.record(
        entity=entity,
        actor=user,
        kind="assessment.recorded",
        subject=assessment.source_ref,
        message=f"{user} recorded {assessment} for the {assessment.get_basis_display().lower()} basis as of "
        f"{assessment.as_of.isoformat()}.",
        data={
            "rows": len(rows),
            "required": assessment.required,
            "after": previous.number if previous else "",
            "charges": charges_digest(assessment.pk),
        },
    )
    return assessment


def _check(assessment: Assessment, previous: Assessment | None) -> None:
    if assessment.basis == Basis.LEADING:
        raise WrongState(f"{assessment} is of the leading basis, which is proposed and posted instead of recorded.")
    if assessment.status != Assessment.Status.DONE:
        raise WrongState(f"{assessment} is {assessment.get_status_display().lower()}, so it cannot be recorded.")
    if assessment.scope.get("categories") or assessment.scope.get("locations"):
        raise WrongState(f"{assessment} covers part of the stock. Record an assessment of all stock.")
    if previous is not None and previous.as_of > assessment.as_of:
        raise WrongState(
            f"{previous}, as of {previous.as_of.isoformat()}, is recorded already, so {assessment} of "
            f"{assessment.as_of.isoformat()} is too late. Start an assessment of a later day."
        )


def carried_as_of(
    *, entity: Entity, basis: str, day: dt.date
) -> tuple[Assessment | None, dict[int, type_years], Mapping[int, int]]:
    """The last recorded run of a basis up to a day, each lot's charges after it, and the units that it held then; both
    with the transfers since. Four queries more than none at most."""
    found = Assessment.objects.filter(
        entity=entity, basis=basis, status=Assessment.Status.RECORDED, as_of__lte=day
    ).order_by("-as_of", "-pk")
    last = found.select_related("entity").first()
    return (last, *carried_after(last, day)) if last is not None else (None, {}, {})


def carried_after(last: Assessment, day: dt.date) -> tuple[dict[int, type_years], Mapping[int, int]]:
    """The charges of a recorded run and the units they are of, with what transfers until the day took elsewhere."""
    return with_transfers(last=last, day=day, charges=charges_of(last), held=units_of(last))


def _charges(assessment: Assessment, previous: Assessment | None) -> Iterable[BasisCharge]:
    entity = assessment.entity
    # The first record of a basis begins with what the books carry, so that only what differs is a charge of its year.
    before: Mapping[int, type_years]
    before, held = leading_by_year(assessment), units_of(assessment)
    if previous is not None:
        before, held = carried_after(previous, assessment.as_of)
    year = fiscal_year_of(entity, assessment.as_of)
    for lot_id, quantity, required in _required(assessment):
        after = attached_after(
            before.get(lot_id, ()),
            held=held.get(lot_id, 0),
            holds=quantity,
            required=required,
            fiscal_year=year,
            us_gaap=assessment.framework == Framework.US_GAAP,
            exponent=entity.exponent,
        )
        for fiscal_year, amount in after:
            yield BasisCharge(
                assessment=assessment,
                lot_id=lot_id,
                fiscal_year=fiscal_year,
                amount=from_raw(amount, MONEY_SCALE),
            )


def charges_of(assessment: Assessment) -> dict[int, type_years]:
    """Lot -> its charges after a recorded assessment."""
    found: defaultdict[int, list[tuple[int, int]]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(
            "select lot_id, fiscal_year, amount from valuation_basischarge where assessment_id = %s "
            "order by lot_id, fiscal_year",
            [assessment.pk],
        )
        for lot_id, year, amount in cursor.fetchall():
            found[lot_id].append((year, int(amount)))
    return {lot_id: tuple(years) for lot_id, years in found.items()}


def units_of(assessment: Assessment) -> Mapping[int, int]:
    return {lot_id: quantity for lot_id, quantity, _ in _required(assessment)}


def _required(assessment: Assessment) -> list[tuple[int, int, int]]:
    """(lot, units, required after the override), raw, of the lots that are valued."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select lot_id, quantity, coalesce(override, required) from valuation_assessmentline "
            "where assessment_id = %s and outcome <> 'OUT' order by lot_id",
            [assessment.pk],
        )
        return [(lot_id, int(quantity), int(required)) for lot_id, quantity, required in cursor.fetchall()]


def leading_by_year(assessment: Assessment, lots: Iterable[int] | None = None) -> dict[int, type_years]:
    """Lot -> the write-down that the books carried on the assessment's day, by fiscal year of its charge."""
    chosen = None if lots is None else sorted(set(lots))
    found: defaultdict[int, list[tuple[int, int]]] = defaultdict(list)
    narrow = "" if chosen is None else f" and w.lot_id in ({', '.join(map(str, map(int, chosen))) or 'null'})"
    with connection.cursor() as cursor:
        cursor.execute(
            "select w.lot_id, w.fiscal_year, sum(w.amount) from inventory_writedownmovement w "
            "join inventory_movement m on m.id = w.movement_id where m.entity_id = %s and m.posted_on <= %s"
            f"{narrow} group by w.lot_id, w.fiscal_year having sum(w.amount) <> 0 order by w.lot_id, w.fiscal_year",
            [assessment.entity_id, assessment.as_of.isoformat()],
        )
        for lot_id, year, amount in cursor.fetchall():
            found[lot_id].append((year, int(amount)))
    return {lot_id: tuple(years) for lot_id, years in found.items()}
