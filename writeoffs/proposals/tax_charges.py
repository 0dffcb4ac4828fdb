"""The tax of what losses cost and brought beside the stock: scrap money, disposal cost, input tax repaid, insurance.

Invariant: amounts are the journal's, voids taken off. They are taxed or deducted in the period that books them; where
the rule of the document's reason never lets a loss be deducted, neither is what came of it taxed: a permanent
difference. None of them makes a temporary one.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Sum

from core.models import Entity
from core.money import at_rate
from writeoffs.ledger.models import JournalLine, Origin
from writeoffs.valuation.rules.tax_terms import Timing
from writeoffs.valuation.tax_rules import TaxTerms

ZERO = Decimal(0)
# Role in profit and loss -> what it is called among the rows of the bridge.
ROLES = {
    "SCRAP_PROCEEDS": "Scrap proceeds",
    "DISPOSAL_COST": "Disposal cost",
    "VAT_ADJUSTMENT_EXPENSE": "Input tax repaid",
    "INSURANCE_RECOVERY": "Insurance",
}


@dataclass(frozen=True, slots=True)
class ChargeRow:
    """One role of one document over a period, named as a row of the bridge is. book_loss: a cost positive, income
    negative. No temporary difference, so no asset."""

    document: str
    role: str
    reason: str
    location_id: int | None
    book_loss: Decimal
    deductible: Decimal
    permanent: Decimal
    rate: Decimal
    current: Decimal
    opening_difference: Decimal = ZERO
    closing_difference: Decimal = ZERO
    opening_asset: Decimal = ZERO
    closing_asset: Decimal = ZERO
    unrecognised: Decimal = ZERO
    movement: Decimal = ZERO

    @property
    def label(self) -> str:
        return ROLES[self.role]


def charge_rows(*, entity: Entity, terms: TaxTerms, starts_on: dt.date, ends_on: dt.date) -> Sequence[ChargeRow]:
    """Those of the days given, both included, by document. One query."""
    lines = JournalLine.objects.filter(
        entry__entity=entity,
        entry__origin=Origin.OWN,
        entry__posted_on__range=(starts_on, ends_on),
        entry__source_ref__startswith="proposal:",
        role__in=ROLES,
    )
    grouped = lines.order_by("entry__source_ref", "role", "reason", "location_id").values_list(
        "entry__source_ref", "role", "reason", "location_id"
    )
    rows = []
    for ref, role, reason, location_id, amount in grouped.annotate(total=Sum("amount")):
        if not amount:
            continue
        held = terms.of(reason=reason, location_id=location_id, day=ends_on)
        never = held.timing == Timing.NEVER
        deductible = ZERO if never else amount
        rows.append(
            ChargeRow(
                ref.partition(":")[2],
                role,
                reason,
                location_id,
                book_loss=amount,
                deductible=deductible,
                permanent=amount - deductible,
                rate=held.rate,
                current=at_rate(deductible, held.rate, entity.currency),
            )
        )
    return rows
