"""Insurance claims: one for the loss of a document, and each step of the insurer's answer.

Invariants: a claim's status and amounts are those of its last step; steps are only ever added; a step that changes what
may be recognised names the document that books the difference.
"""

from __future__ import annotations

from decimal import Decimal

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from core.models import Entity, StoredFile
from core.money import MoneyField, bounded


class Claim(models.Model):
    """A claim on an insurer for what a document lost. claimed, settled: as of the last step; settled: what was paid."""

    class Status(models.TextChoices):
        FILED = "FILED", "Filed"
        PROBABLE = "PROBABLE", "Probable"
        CERTAIN = "CERTAIN", "Virtually certain"
        SETTLED = "SETTLED", "Settled"
        DENIED = "DENIED", "Denied"

    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, related_name="claims")
    number = models.CharField(max_length=20)
    proposal = models.OneToOneField("proposals.Proposal", on_delete=models.PROTECT, related_name="claim")
    insurer = models.CharField(max_length=120)
    policy_number = models.CharField(max_length=60, blank=True)
    status = models.CharField(max_length=8, choices=Status.choices, default=Status.FILED)
    claimed = MoneyField()
    settled = MoneyField(default=Decimal(0))
    opened_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    opened_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("-id",)
        constraints = (
            models.UniqueConstraint(fields=("entity", "number"), name="claim_number_once"),
            models.CheckConstraint(
                name="claim_settled_once_paid",
                condition=(Q(status="SETTLED") & Q(settled__gt=Decimal(0)))
                | (~Q(status="SETTLED") & Q(settled=Decimal(0))),
                violation_error_message="A settled claim says what was paid, and no other does.",
            ),
            models.CheckConstraint(
                name="claim_above_nil",
                condition=Q(claimed__gt=Decimal(0)),
                violation_error_message="A claim is above nil.",
            ),
            *bounded("claim", claimed=MoneyField, settled=MoneyField),
        )

    def __str__(self) -> str:
        return self.number

    def get_absolute_url(self) -> str:
        return reverse("proposals:claim", args=[self.entity.slug, self.number])


class ClaimStep(models.Model):
    """One thing that happened to a claim: filed, judged, settled, denied, or claimed for another amount. Append-only.

    happened_on: the day of the insurer's letter or of the judgement. document: what books the difference, where there
    was one.
    """

    claim = models.ForeignKey(Claim, on_delete=models.PROTECT, related_name="steps")
    number = models.PositiveIntegerField()
    status = models.CharField(max_length=8, choices=Claim.Status.choices)
    happened_on = models.DateField()
    claimed = MoneyField()
    settled = MoneyField(default=Decimal(0))
    note = models.CharField(max_length=500)
    file = models.ForeignKey(StoredFile, on_delete=models.PROTECT, null=True, related_name="+")
    file_name = models.CharField(max_length=255, blank=True)
    document = models.ForeignKey("proposals.Proposal", on_delete=models.PROTECT, null=True, related_name="claim_steps")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("claim", "number")
        constraints = (models.UniqueConstraint(fields=("claim", "number"), name="claim_step_number_once"),)

    def __str__(self) -> str:
        return f"{self.claim}/{self.number}"
