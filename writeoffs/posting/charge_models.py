"""The own entries that no stock adjustment carries, on their way to the ERP: one row each time one was handed over.

Invariant: an entry stands in one row that the ERP has not rejected, so that it is given once; entry and batch of a row
never change, only what the ERP answered.
"""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from core.models import Entity
from writeoffs.ledger.models import JournalEntry
from writeoffs.posting.feed_models import ErpBatch


class ErpCharge(models.Model):
    """An entry of a posting whose stock adjustment the ERP takes: disposal cost, proceeds, input tax, insurance, tax,
    or the mirror of one. batch: None where a person says that the ERP has it, booked there by hand."""

    class Status(models.TextChoices):
        SENT = "SENT", "Not answered by the ERP"
        REJECTED = "REJECTED", "Rejected by the ERP"
        ACCEPTED = "ACCEPTED", "In the ERP"

    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, related_name="+")
    entry = models.ForeignKey(JournalEntry, on_delete=models.PROTECT, related_name="erp_charges")
    batch = models.ForeignKey(ErpBatch, on_delete=models.PROTECT, null=True, related_name="charges")
    status = models.CharField(max_length=8, choices=Status.choices)
    erp_document = models.CharField(max_length=200, blank=True)
    erp_message = models.CharField(max_length=300, blank=True)
    answered_at = models.DateTimeField(null=True)
    answered_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ("-id",)
        constraints = (
            models.UniqueConstraint(
                fields=("entry",),
                condition=~Q(status="REJECTED"),
                name="erp_charge_given_once",
                violation_error_message="This entry has been handed to the ERP already.",
            ),
            models.CheckConstraint(
                condition=Q(status="SENT", answered_at__isnull=True, batch__isnull=False)
                | (~Q(status="SENT") & Q(answered_at__isnull=False)),
                name="erp_charge_answered_when_it_says_so",
            ),
        )

    def __str__(self) -> str:
        return f"entry {self.entry_id}: {self.status}"
