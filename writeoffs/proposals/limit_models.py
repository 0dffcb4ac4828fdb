"""Up to which gross loss a person approves: titles that an entity names itself, who holds them, and their bands.

Invariant: a version of the limits is whole and never changed; another one, decided by two people, follows it from its
day on. A proposal keeps the version that it was submitted under.
"""

from __future__ import annotations

from decimal import Decimal

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from core.models import Category, ChangeRequest, Entity, Location
from core.money import MoneyField, bounded
from core.words import Reason


class ApprovalLimits(models.Model):
    """One version of an entity's limits, in force from `starts_on` until the next one starts."""

    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, related_name="approval_limits")
    version = models.PositiveIntegerField()
    starts_on = models.DateField("in force from")
    reason = models.TextField(help_text="Why the limits were chosen or changed.")
    change = models.OneToOneField(ChangeRequest, on_delete=models.PROTECT, related_name="+")
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("entity", "-version")
        verbose_name_plural = "approval limits"
        constraints = (
            models.UniqueConstraint(fields=("entity", "version"), name="approval_limits_version_once"),
            models.CheckConstraint(
                name="approval_limits_two_people",
                condition=~Q(asked_by=F("decided_by")),
                violation_error_message="Limits are decided by somebody who did not ask for them.",
            ),
        )

    def __str__(self) -> str:
        return f"limits {self.version}"


class ApprovalTitle(models.Model):
    """Under which name people approve: Warehouse manager, CFO. rank: 1 approves least; code: stable, for refusals."""

    limits = models.ForeignKey(ApprovalLimits, on_delete=models.PROTECT, related_name="titles")
    rank = models.PositiveSmallIntegerField()
    code = models.CharField(max_length=60)
    name = models.CharField(max_length=60)

    class Meta:
        ordering = ("limits", "rank")
        constraints = (
            models.UniqueConstraint(fields=("limits", "code"), name="approval_title_once"),
            models.UniqueConstraint(fields=("limits", "rank"), name="approval_title_rank_once"),
        )

    def __str__(self) -> str:
        return self.name


class TitleHolder(models.Model):
    """A person who approves under a title."""

    title = models.ForeignKey(ApprovalTitle, on_delete=models.PROTECT, related_name="holders")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ("title", "user")
        constraints = (models.UniqueConstraint(fields=("title", "user"), name="title_holder_once"),)

    def __str__(self) -> str:
        return f"{self.user}: {self.title}"


class ApprovalBand(models.Model):
    """Up to `up_to` (inclusive; empty: without a limit) the title approves, of documents of a reason, class or place
    where the band names one. Of bands that fit, those with the most conditions count."""

    limits = models.ForeignKey(ApprovalLimits, on_delete=models.PROTECT, related_name="bands")
    title = models.ForeignKey(ApprovalTitle, on_delete=models.PROTECT, related_name="bands")
    up_to = MoneyField(null=True, blank=True)
    reason = models.CharField(max_length=20, choices=Reason.choices, blank=True)
    category = models.ForeignKey(Category, on_delete=models.PROTECT, null=True, related_name="+")
    location = models.ForeignKey(Location, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ("limits", "location", "category", "reason", F("up_to").asc(nulls_last=True))
        constraints = (
            models.CheckConstraint(
                name="approval_band_above_nil",
                condition=Q(up_to__isnull=True) | Q(up_to__gt=Decimal(0)),
                violation_error_message="A limit is above nil; leave it empty where there is none.",
            ),
            *bounded("approval_band", up_to=MoneyField),
        )

    def __str__(self) -> str:
        return f"{self.title}: {self.up_to if self.up_to is not None else 'no limit'}"
