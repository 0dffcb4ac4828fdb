"""What has been posted and whether the ERP has followed: one Posting per posted document.

Invariant: `outstanding` of a line is what the ERP still has to do (issue written-off units, receive found ones); a
newer stock list is compared with book + outstanding, so that written-off units never come back as a receipt.
"""

from __future__ import annotations

from decimal import Decimal

from django.conf import settings
from django.db import models
from django.db.models import Q

from core.models import Entity
from core.money import QuantityField
from inventory.models import Lot
from writeoffs.posting.charge_models import ErpCharge
from writeoffs.posting.feed_models import ErpBatch, ErpFeed, ErpHandout, FeedKind, StagedAnswer, Takes

__all__ = [
    "ErpBatch",
    "ErpCharge",
    "ErpFeed",
    "ErpHandout",
    "FeedKind",
    "Posting",
    "PostingLine",
    "StagedAnswer",
    "Takes",
]


class Posting(models.Model):
    """A posted document. UNACKNOWLEDGED until the next stock list agrees, a person confirms that the ERP has it, or the
    ERP answers; REJECTED where it answered no, until it is sent again or voided. takes: what the ERP took of this kind
    when it was posted. journal_through: the place in the chain of the last own entry that the ERP had been given before
    the posting was voided, so that the next journal holds the mirror alone; 0 where it had none."""

    class Status(models.TextChoices):
        UNACKNOWLEDGED = "UNACKNOWLEDGED", "Not yet in the ERP"
        REJECTED = "REJECTED", "Rejected by the ERP"
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
    kind = models.CharField(max_length=16, choices=FeedKind.choices)
    takes = models.CharField(max_length=10, choices=Takes.choices)
    batch = models.ForeignKey(ErpBatch, on_delete=models.PROTECT, null=True, related_name="postings")
    erp_document = models.CharField(max_length=60, blank=True)
    erp_message = models.CharField(max_length=300, blank=True)
    rejected_at = models.DateTimeField(null=True)
    journal_through = models.PositiveBigIntegerField(default=0, db_default=0)

    class Meta:
        ordering = ("-id",)
        constraints = (models.UniqueConstraint(fields=("entity", "source_ref"), name="posting_once_per_document"),)

    def __str__(self) -> str:
        return self.source_ref

    @property
    def is_rejected(self) -> bool:
        return self.status == self.Status.REJECTED

    @property
    def is_pending(self) -> bool:
        """The ERP has something left to do."""
        return self.status in PENDING

    @property
    def may_be_confirmed(self) -> bool:
        """The ERP has units to move, or a journal alone to take: a write-down, a release of allowance."""
        return self.is_pending or (self.status == self.Status.NOT_NEEDED and self.takes == Takes.JOURNAL)


# The ERP has yet to follow; what it rejected it has not followed either.
PENDING = (Posting.Status.UNACKNOWLEDGED, Posting.Status.REJECTED)
# What a person or the ERP may still say that it has: Posting.may_be_confirmed as a condition.
CONFIRMABLE = Q(status__in=PENDING) | Q(status=Posting.Status.NOT_NEEDED, takes=Takes.JOURNAL)


class PostingLine(models.Model):
    """The units of one lot that a posting moved, signed as in our books, what the ERP has yet to follow, and what of it
    an unanswered batch asks for (posting/flight.py)."""

    # The constraint below is an index of it already.
    # That both are there and of one company a guard asks once a statement; foreign keys would ask it of each row. A lot
    # is looked for among the lines of a posting, or where something is outstanding: the indexes below.
    posting = models.ForeignKey(
        Posting, on_delete=models.PROTECT, related_name="lines", db_index=False, db_constraint=False
    )
    lot = models.ForeignKey(Lot, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False)
    quantity = QuantityField()
    outstanding = QuantityField()
    sent = QuantityField(default=Decimal(0), db_default=Decimal(0))

    class Meta:
        constraints = (models.UniqueConstraint(fields=("posting", "lot"), name="posting_line_once_per_lot"),)
        indexes = (models.Index(fields=("lot",), condition=~Q(outstanding=0), name="posting_line_outstanding"),)

    def __str__(self) -> str:
        return f"{self.lot}: {self.quantity}"
