"""What an assessment says of firm purchases, and the provisions that stand for the losses on them.

Invariants: a line is worked out once and keeps every figure; a provision is what its movements add up to, per
commitment, and never below nil; each movement is of one posted document, or of its void.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from django.db import connection, models
from django.db.models import Q
from django.utils import timezone

from core.models import Entity
from core.money import MoneyField, QuantityField, UnitCostField, bounded
from inventory.models import Lot
from writeoffs.valuation.assessments import Assessment, AssessmentLine
from writeoffs.valuation.inputs import Price, PurchaseCommitment


class CommitmentLine(models.Model):
    """One commitment in one assessment. quantity: still to come; cost: what it still costs; contract_quantity: of it,
    what firm sales take; unit, worth: what the others and all fetch; provided, carried: the units and the amount that a
    provision stood for; required: the loss. All in the entity's currency, but price."""

    assessment = models.ForeignKey(Assessment, on_delete=models.PROTECT, related_name="commitment_lines")
    commitment = models.ForeignKey(PurchaseCommitment, on_delete=models.PROTECT, related_name="+")
    used_price = models.ForeignKey(Price, on_delete=models.PROTECT, null=True, related_name="+")
    outcome = models.CharField(max_length=8, choices=AssessmentLine.Outcome.choices)
    governs = models.CharField(max_length=11, choices=AssessmentLine.Governs.choices)
    quantity = QuantityField()
    cost = MoneyField()
    contract_quantity = QuantityField(default=Decimal(0))
    contract_value = MoneyField(null=True)
    unit = UnitCostField(null=True)
    worth = MoneyField(null=True)
    provided = QuantityField(default=Decimal(0))
    carried = MoneyField(default=Decimal(0))
    required = MoneyField()
    flag = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ("assessment", "id")
        constraints = (
            models.UniqueConstraint(fields=("assessment", "commitment"), name="commitment_line_once"),
            models.CheckConstraint(
                name="commitment_line_required_above_nil",
                condition=Q(required__gte=Decimal(0)),
                violation_error_message="A provision is not below nil.",
            ),
            *bounded("commitment_line", quantity=QuantityField, cost=MoneyField, required=MoneyField),
        )

    def __str__(self) -> str:
        return f"{self.assessment}: {self.commitment}"

    @property
    def movement(self) -> Decimal:
        """What has to be provided for; below nil what is reversed."""
        amount: Decimal = self.required - self.carried
        return amount


class ProvisionMovement(models.Model):
    """What one posted document did to the provision for one commitment. amount, quantity: signed, of the loss provided
    for and of the units that it stands for. lot: where goods that came in took it along."""

    class Kind(models.TextChoices):
        CHARGED = "CHARGED", "Provided"
        REVERSED = "REVERSED", "Reversed"
        USED = "USED", "Used by a delivery"
        VOID = "VOID", "Voided"

    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, related_name="+")
    commitment = models.ForeignKey(PurchaseCommitment, on_delete=models.PROTECT, related_name="provisions")
    kind = models.CharField(max_length=8, choices=Kind.choices)
    quantity = QuantityField()
    amount = MoneyField()
    lot = models.ForeignKey(Lot, on_delete=models.PROTECT, null=True, related_name="+")
    posted_on = models.DateField()
    source_ref = models.CharField(max_length=120)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("id",)
        constraints = (
            models.UniqueConstraint(fields=("entity", "source_ref", "commitment", "kind"), name="provision_moved_once"),
            *bounded("provision_movement", quantity=QuantityField, amount=MoneyField),
        )
        indexes = (models.Index(fields=("entity", "posted_on"), name="provision_as_of"),)

    def __str__(self) -> str:
        return f"{self.source_ref}: {self.commitment}"


@dataclass(frozen=True, slots=True)
class Standing:
    """The provision for a commitment, raw. commitment_id: the version that it was last moved for."""

    commitment_id: int
    quantity: int
    amount: int


def standing_of(
    *, entity: Entity, day: dt.date | None = None, commitments: Iterable[int] | None = None
) -> dict[tuple[str, int], Standing]:
    """(reference, item) -> what stands at the end of the day, all days without one; one query. commitments: of their
    subjects alone."""
    chosen = None if commitments is None else sorted(set(commitments))
    with connection.cursor() as cursor:
        cursor.execute(
            "select c.reference, c.item_id, max(c.id), sum(m.quantity), sum(m.amount) "
            "from valuation_provisionmovement m join valuation_purchasecommitment c on c.id = m.commitment_id "
            "where m.entity_id = %s"
            + (" and m.posted_on <= %s" if day is not None else "")
            + " group by c.reference, c.item_id having sum(m.amount) <> 0 or sum(m.quantity) <> 0 order by 3",
            [entity.pk, *([day.isoformat()] if day is not None else [])],
        )
        found = {(row[0], row[1]): Standing(row[2], int(row[3]), int(row[4])) for row in cursor.fetchall()}
    if chosen is None:
        return found
    wanted = set(PurchaseCommitment.objects.filter(pk__in=chosen).values_list("reference", "item_id"))
    return {key: value for key, value in found.items() if key in wanted}
