"""What the ERP takes of each kind of posting, the batches of files that were made for it, and what it answered.

Invariants: of one posting the ERP takes the stock adjustment or the journal, never both; a posting stands in one batch
at a time; every file that was handed out has its own copy number, so that a repeat says that it is one.
"""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone

from core.models import Entity


class Takes(models.TextChoices):
    """Where the ERP gets a posting from."""

    ADJUSTMENT = "ADJUSTMENT", "The stock adjustment"
    JOURNAL = "JOURNAL", "The journal"


class FeedKind(models.TextChoices):
    """The kinds of postings; RELEASE is the allowance that went with units that a sheet of the ERP shows as gone."""

    WRITE_OFF = "WRITE_OFF", "Write-offs"
    WRITE_DOWN = "WRITE_DOWN", "Write-downs"
    COUNT_ADJUSTMENT = "COUNT_ADJUSTMENT", "Count adjustments"
    RECOVERY = "RECOVERY", "Recoveries"
    DISPOSAL = "DISPOSAL", "Disposals"
    REVERSAL = "REVERSAL", "Reversals of write-downs"
    RELEASE = "RELEASE", "Releases of allowance with what left"
    TAX = "TAX", "Income tax of a period"
    ACCRUAL = "ACCRUAL", "Shrinkage accruals"
    CLAIM = "CLAIM", "Insurance claims"
    ESTIMATE = "ESTIMATE", "Estimated losses"
    PROVISION = "PROVISION", "Provisions for purchase commitments"


# A stock adjustment moves units and an ERP values it by itself, so it is the source where units move.
DEFAULTS: dict[str, Takes] = {
    FeedKind.WRITE_OFF: Takes.ADJUSTMENT,
    FeedKind.WRITE_DOWN: Takes.JOURNAL,
    FeedKind.COUNT_ADJUSTMENT: Takes.ADJUSTMENT,
    FeedKind.RECOVERY: Takes.ADJUSTMENT,
    FeedKind.DISPOSAL: Takes.ADJUSTMENT,
    FeedKind.REVERSAL: Takes.JOURNAL,
    FeedKind.RELEASE: Takes.JOURNAL,
    FeedKind.TAX: Takes.JOURNAL,
    FeedKind.ACCRUAL: Takes.JOURNAL,
    FeedKind.CLAIM: Takes.JOURNAL,
    FeedKind.ESTIMATE: Takes.JOURNAL,
    FeedKind.PROVISION: Takes.JOURNAL,
}
# No unit moves, so there is no stock adjustment to take.
JOURNAL_ONLY = frozenset(
    {
        FeedKind.WRITE_DOWN.value,
        FeedKind.REVERSAL.value,
        FeedKind.RELEASE.value,
        FeedKind.TAX.value,
        FeedKind.ACCRUAL.value,
        FeedKind.CLAIM.value,
        FeedKind.ESTIMATE.value,
        FeedKind.PROVISION.value,
    }
)


class ErpFeed(models.Model):
    """What an entity has chosen for a kind; without a row the default holds."""

    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, related_name="erp_feeds")
    kind = models.CharField(max_length=16, choices=FeedKind.choices)
    takes = models.CharField(max_length=10, choices=Takes.choices)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("entity", "kind"), name="erp_feed_once_per_kind"),
            models.CheckConstraint(
                name="erp_feed_journal_where_no_units_move",
                condition=~models.Q(kind__in=sorted(JOURNAL_ONLY)) | models.Q(takes=Takes.JOURNAL),
                violation_error_message="No unit moves in such a posting, so the ERP can only take its journal.",
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind}: {self.takes}"


class ErpBatch(models.Model):
    """Postings that went to the ERP as one file. The file's rows are kept as they were first written."""

    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, related_name="erp_batches")
    sequence = models.PositiveIntegerField(help_text="Gapless within the entity.")
    kind = models.CharField(max_length=16, choices=FeedKind.choices)
    takes = models.CharField(max_length=10, choices=Takes.choices)
    rows = models.JSONField(help_text="The file's rows without batch and copy.")
    posting_count = models.PositiveIntegerField()
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("-sequence",)
        constraints = (models.UniqueConstraint(fields=("entity", "sequence"), name="erp_batch_number_once"),)

    def __str__(self) -> str:
        return self.number

    @property
    def number(self) -> str:
        """ERP-000012."""
        return f"ERP-{self.sequence:06d}"


class ErpHandout(models.Model):
    """One download of a file for the ERP. subject: batch:7, or posting:12:adjustment; copy: from 1."""

    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, related_name="+")
    subject = models.CharField(max_length=60)
    copy = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    taken_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    taken_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("entity", "subject", "copy"), name="erp_handout_copy_once"),)

    def __str__(self) -> str:
        return f"{self.subject}, copy {self.copy}"


class StagedAnswer(models.Model):
    """A checked row of an ERP answer, waiting for its commit. line_id None: the whole document; charge_id: of an entry
    beside a stock adjustment, then posting_id is None."""

    upload_id = models.BigIntegerField(db_index=True)
    row = models.PositiveIntegerField()
    posting_id = models.BigIntegerField(null=True)
    line_id = models.BigIntegerField(null=True)
    charge_id = models.BigIntegerField(null=True)
    accepted = models.BooleanField()
    erp_document = models.CharField(max_length=60, blank=True)
    message = models.CharField(max_length=300, blank=True)

    def __str__(self) -> str:
        return f"{self.upload_id}/{self.row}"
