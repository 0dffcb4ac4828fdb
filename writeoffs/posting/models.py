"""What has been posted and whether the ERP has followed: one Posting per posted document.

Invariant: `outstanding` of a line is what the ERP still has to do (issue written-off units, receive found ones); a
newer stock list is compared with book + outstanding, so that written-off units never come back as a receipt.
"""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from core.models import Entity
from core.money import QuantityField
from inventory.models import Lot


class Posting(models.Model):
    """A posted document. UNACKNOWLEDGED until the next stock list agrees or a person confirms that the ERP has it."""

    class Status(models.TextChoices):
        UNACKNOWLEDGED = "UNACKNOWLEDGED", "Not yet in the ERP"
        ACKNOWLEDGED = "ACKNOWLEDGED", "In the ERP"
        NOT_NEEDED = "NOT_NEEDED", "Nothing for the ERP's stock"
        VOIDED = "VOIDED", "Voided"

    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, related_name="postings")
    source_ref = models.CharField(max_length=120)
    posted_on = models.DateField()
    posted_at = models.DateTimeField()
    posted_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    status = models.CharField(max_length=14, choices=Status.choices)
    acknowledged_at = models.DateTimeField(null=True)
    acknowledged_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    acknowledged_how = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ("-id",)
        constraints = (models.UniqueConstraint(fields=("entity", "source_ref"), name="posting_once_per_document"),)

    def __str__(self) -> str:
        return self.source_ref


class PostingLine(models.Model):
    """The units of one lot that a posting moved, signed as in our books, and what the ERP has yet to follow."""

    posting = models.ForeignKey(Posting, on_delete=models.PROTECT, related_name="lines")
    lot = models.ForeignKey(Lot, on_delete=models.PROTECT, related_name="+")
    quantity = QuantityField()
    outstanding = QuantityField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("posting", "lot"), name="posting_line_once_per_lot"),)
        indexes = (models.Index(fields=("lot",), condition=~Q(outstanding=0), name="posting_line_outstanding"),)

    def __str__(self) -> str:
        return f"{self.lot}: {self.quantity}"
