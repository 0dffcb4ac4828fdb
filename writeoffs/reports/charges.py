"""What write-offs cost and brought beside the stock, as it was posted: a row an entry of such a leg.

Invariant: each row is one journal entry, a void's mirror with signs turned on its own day; amounts are the journal's.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Q, Sum
from django.db.models.functions import Coalesce

from core.models import Entity
from writeoffs.ledger.models import JournalLine, Origin
from writeoffs.proposals.charges import CARRIERS
from writeoffs.proposals.models import ChargeKind
from writeoffs.proposals.services.create import PREFIX
from writeoffs.reports.selectors import RegisterFilter, dated
from writeoffs.reports.statements.spans import Span

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class ChargeFact:
    """One leg of one document. amount: without a sign as posted, turned in a void."""

    number: str
    posted_on: dt.date
    kind: str
    amount: Decimal
    entry: str
    void: bool


def charges_posted(*, entity: Entity, span: Span, narrow: RegisterFilter) -> list[ChargeFact]:
    """The charges of the span in the order of the journal; one query."""
    if narrow.kind and narrow.kind not in CARRIERS:
        return []
    kinds = ChargeKind.values
    lines = JournalLine.objects.filter(
        dated(span, "entry__"),
        Q(entry__leg__in=kinds, amount__gt=ZERO) | Q(entry__reverses__leg__in=kinds, amount__lt=ZERO),
        entry__entity=entity,
        entry__origin=Origin.OWN,
    )
    if narrow.reason:
        lines = lines.filter(reason=narrow.reason)
    if narrow.location_id:
        lines = lines.filter(location=narrow.location_id)
    if narrow.category_id:
        lines = lines.filter(category=narrow.category_id)
    if narrow.kind:
        lines = lines.filter(entry__source_ref__startswith=f"proposal:{PREFIX[narrow.kind]}-")
    if narrow.number:
        lines = lines.filter(entry__source_ref=f"proposal:{narrow.number}")
    rows = (
        lines.order_by("entry__chain_sequence")
        .values_list(
            *("entry__source_ref", "entry__posted_on", "entry__fiscal_year", "entry__sequence", "entry__reverses"),
            Coalesce("entry__reverses__leg", "entry__leg"),
        )
        .annotate(total=Sum("amount"))
    )
    return [
        ChargeFact(ref.partition(":")[2], day, leg, total, f"{year}-{sequence:06d}", mirrored is not None)
        for ref, day, year, sequence, mirrored, leg, total in rows
    ]
