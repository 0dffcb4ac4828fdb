"""The tax entries that a period has to make: what the bridge gives, less what the books and waiting documents have."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Sum

from core.models import Entity
from writeoffs.ledger.models import JournalLine, Origin
from writeoffs.proposals.models import ChargeKind, Kind, ProposalCharge, Status
from writeoffs.proposals.tax_facts import Bridge, bridge_of

ZERO = Decimal(0)
_WAITING = (Status.DRAFT, Status.SUBMITTED, Status.APPROVED)


@dataclass(frozen=True, slots=True)
class Side:
    """Current tax, or deferred tax. up, down: what the rows come to, without a sign (tax saved and due; asset built up
    and unwound); booked, waiting: net, as posted in the days and as documents on their way would."""

    up: Decimal
    down: Decimal
    booked: Decimal
    waiting: Decimal

    @property
    def computed(self) -> Decimal:
        return self.up - self.down

    @property
    def due(self) -> Decimal:
        return self.computed - self.booked - self.waiting

    def legs(self, more: ChargeKind, less: ChargeKind) -> list[tuple[ChargeKind, Decimal]]:
        """Gross while nothing is booked, so that what is built up and what is unwound are never netted; afterwards the
        difference alone."""
        if self.booked or self.waiting:
            parts = [(more, max(self.due, ZERO)), (less, max(-self.due, ZERO))]
        else:
            parts = [(more, self.up), (less, self.down)]
        return [(kind, amount) for kind, amount in parts if amount]


@dataclass(frozen=True, slots=True)
class TaxDue:
    starts_on: dt.date
    ends_on: dt.date
    bridge: Bridge
    current: Side
    deferred: Side
    opening_booked: Decimal = ZERO

    @property
    def opening(self) -> Decimal:
        """The deferred tax asset before the first day, by the rules."""
        return self.bridge.total("opening_asset")

    @property
    def before_is_open(self) -> bool:
        """Whether the books had another asset by then than the rules give: earlier periods are not booked."""
        return self.opening != self.opening_booked

    @property
    def has_nothing_before(self) -> bool:
        """Whether the books hold none of the asset that the rules give before the first day."""
        return self.before_is_open and not self.opening_booked

    @property
    def is_due(self) -> bool:
        return bool(self.charges)

    @property
    def charges(self) -> list[tuple[ChargeKind, Decimal]]:
        return [
            *self.current.legs(ChargeKind.TAX, ChargeKind.TAX_DUE),
            *self.deferred.legs(ChargeKind.DEFERRED_TAX, ChargeKind.DEFERRED_TAX_UNWOUND),
        ]


def tax_due(*, entity: Entity, starts_on: dt.date, ends_on: dt.date) -> TaxDue:
    """Over the days given, both included."""
    bridge = bridge_of(entity=entity, starts_on=starts_on, ends_on=ends_on)
    days = (starts_on, ends_on)
    lines = JournalLine.objects.filter(
        entry__entity=entity,
        entry__origin=Origin.OWN,
        entry__posted_on__range=days,
        role__in=("CURRENT_TAX_PAYABLE", "DEFERRED_TAX_ASSET"),
    )
    booked = dict(lines.order_by().values_list("role").annotate(total=Sum("amount")))
    waiting: defaultdict[str, Decimal] = defaultdict(lambda: ZERO)
    open_charges = ProposalCharge.objects.filter(
        proposal__entity=entity,
        proposal__kind=Kind.TAX,
        proposal__status__in=_WAITING,
        proposal__posting_on__range=days,
    )
    for kind, total in open_charges.order_by().values_list("kind").annotate(total=Sum("amount")):
        waiting[kind] += total
    currents = [row.current for row in bridge.every]
    moved = [row.movement for row in bridge.every]
    return TaxDue(
        starts_on,
        ends_on,
        bridge,
        current=Side(
            *_sides(currents),
            booked.get("CURRENT_TAX_PAYABLE", ZERO),
            waiting[ChargeKind.TAX] - waiting[ChargeKind.TAX_DUE],
        ),
        deferred=Side(
            *_sides(moved),
            booked.get("DEFERRED_TAX_ASSET", ZERO),
            waiting[ChargeKind.DEFERRED_TAX] - waiting[ChargeKind.DEFERRED_TAX_UNWOUND],
        ),
        opening_booked=_booked_before(entity, starts_on),
    )


def _booked_before(entity: Entity, day: dt.date) -> Decimal:
    """The deferred tax asset that our own entries had made before the day."""
    lines = JournalLine.objects.filter(
        entry__entity=entity, entry__origin=Origin.OWN, entry__posted_on__lt=day, role="DEFERRED_TAX_ASSET"
    )
    booked: Decimal = lines.aggregate(total=Sum("amount"))["total"] or ZERO
    return booked


def _sides(amounts: list[Decimal]) -> tuple[Decimal, Decimal]:
    return (
        sum((amount for amount in amounts if amount > ZERO), ZERO),
        sum((-amount for amount in amounts if amount < ZERO), ZERO),
    )
