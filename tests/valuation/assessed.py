"""Finished assessments for tests of what comes after the run: lines as the run writes them, one a lot."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal

from core.words import Reason
from inventory.models import Lot
from tests.conftest import Company
from writeoffs.valuation.models import Assessment, AssessmentLine, Basis

AS_OF = dt.date(2026, 3, 16)


def finished(
    company: Company,
    *required: tuple[Lot, str],
    number: str = "AS-2026-0001",
    basis: str = Basis.LEADING,
    as_of: dt.date = AS_OF,
    previous: Assessment | None = None,
    scope: Mapping[str, list[int]] | None = None,
    own: Mapping[Lot, Mapping[str, object]] | None = None,
    **fields: object,
) -> Assessment:
    """Each lot with what is required of it; fields: of every line, own: of that lot's."""
    lots = {}
    for lot, _ in required:
        lot.refresh_from_db()
        lots[lot.pk] = lot
    assessment = Assessment.objects.create(
        entity=company.entity,
        number=number,
        as_of=as_of,
        basis=basis,
        framework=company.entity.framework,
        scope=scope or {},
        status=Assessment.Status.DONE,
        line_count=len(required),
        cost=sum((original(lot) for lot in lots.values()), Decimal(0)),
        carried=sum((lot.write_down for lot in lots.values()), Decimal(0)),
        required=sum((Decimal(amount) for _, amount in required), Decimal(0)),
        previous=previous,
        created_by=company["PREPARER"],
    )
    for lot, amount in required:
        needed = Decimal(amount)
        AssessmentLine.objects.create(
            **{
                "assessment": assessment,
                "lot": lot,
                "outcome": AssessmentLine.Outcome.TESTED,
                "governs": AssessmentLine.Governs.NRV if needed else AssessmentLine.Governs.NONE,
                "reason": Reason.PRICE_FALL if needed else "",
                "quantity": lot.quantity,
                "cost": original(lot),
                "carried": lot.write_down,
                "required": needed,
                "nrv_need": needed,
                **fields,
                **(own or {}).get(lot, {}),
            }
        )
    return assessment


def original(lot: Lot) -> Decimal:
    cost: Decimal = lot.cost + lot.write_down - lot.allowance
    return cost
