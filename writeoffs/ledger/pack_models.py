"""What a close froze: the pack of a period, once for each time it was closed, and the files in it.

Invariant: append-only. `digest` covers the pack and the files that were frozen with the close (packs.py), and the audit
event of the close keeps it too; files printed later from the frozen figures have an audit event of their own.
"""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone

from core.models import Entity, StoredFile


class PeriodPack(models.Model):
    """One close of one period. The heads say how far journal and audit trail had come just before it."""

    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, related_name="period_packs")
    period = models.ForeignKey("ledger.FiscalPeriod", on_delete=models.PROTECT, related_name="packs")
    version = models.PositiveIntegerField(help_text="1, 2, ... within the period: one for each close.")
    closed_at = models.DateTimeField()
    closed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    entry_count = models.PositiveIntegerField(help_text="Journal entries of the period.")
    journal_sequence = models.BigIntegerField()
    journal_hash = models.CharField(max_length=64, blank=True)
    audit_sequence = models.BigIntegerField()
    audit_hash = models.CharField(max_length=64, blank=True)
    digest = models.CharField(max_length=64)

    class Meta:
        ordering = ("period", "-version")
        constraints = (
            models.UniqueConstraint(
                fields=("period", "version"),
                name="period_pack_version_once",
                violation_error_message="This period has a pack of that version already.",
            ),
        )

    def __str__(self) -> str:
        return f"Pack {self.version} of {self.period}"


class PeriodPackFile(models.Model):
    """One file of a pack. printed: made after the close, from the figures that the close froze."""

    pack = models.ForeignKey(PeriodPack, on_delete=models.PROTECT, related_name="files")
    name = models.CharField(max_length=100)
    content_type = models.CharField(max_length=100)
    file = models.ForeignKey(StoredFile, on_delete=models.PROTECT, related_name="+")
    sha256 = models.CharField(max_length=64)
    size = models.PositiveIntegerField()
    printed = models.BooleanField(default=False)
    made_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("pack", "id")
        constraints = (
            models.UniqueConstraint(
                fields=("pack", "name"),
                name="period_pack_file_once",
                violation_error_message="The pack has a file of this name already.",
            ),
        )

    def __str__(self) -> str:
        return self.name
