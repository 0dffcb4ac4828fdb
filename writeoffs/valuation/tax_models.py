"""What tax law says of losses, by reason, place and jurisdiction, from a day on. A later version replaces an earlier
one; none is ever changed (docs/adr/0021)."""

from __future__ import annotations

from decimal import Decimal

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Coalesce
from django.utils import timezone

from core.models import ChangeRequest, Entity, Location
from core.money import RateField
from core.words import Reason

_FRACTION = {"violation_error_message": "A rate is a fraction between 0 and 1: 0.25 for 25 %%."}


class TaxRule(models.Model):
    """In force from starts_on for losses of a reason (empty: all) at a location (empty: all); where none fits, the
    entity's tax rate and timing hold. evidence: papers in words, such as "Police report"."""

    class Timing(models.TextChoices):
        RECOGNITION = "RECOGNITION", "When the loss is recognised"
        DISPOSAL = "DISPOSAL", "When the goods are disposed of"
        EVIDENCE = "EVIDENCE", "When recognised, where the papers prove it; else at disposal"
        NEVER = "NEVER", "Never (a permanent difference)"

    class InputTax(models.TextChoices):
        NONE = "NONE", "Nothing to repay"
        UNLESS_PROVED = "UNLESS_PROVED", "Repay, unless the papers prove the loss"
        REPAY = "REPAY", "Repay, even where the loss is proved"

    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, related_name="tax_rules")
    jurisdiction = models.CharField(max_length=60)
    reason = models.CharField(max_length=20, choices=Reason.choices, blank=True)
    location = models.ForeignKey(Location, on_delete=models.PROTECT, null=True, related_name="+")
    starts_on = models.DateField("in force from")
    version = models.PositiveIntegerField(default=1)
    timing = models.CharField("losses are deductible", max_length=12, choices=Timing.choices)
    rate = RateField("income tax rate")
    recoverable = RateField("recoverable part of deferred tax", default=Decimal(1))
    offer_days = models.PositiveSmallIntegerField(null=True)
    input_tax = models.CharField(max_length=13, choices=InputTax.choices, default=InputTax.NONE)
    input_rate = RateField("input tax rate", default=Decimal(0))
    evidence = models.JSONField(default=list)
    why = models.CharField(max_length=300)
    change = models.OneToOneField(ChangeRequest, on_delete=models.PROTECT, related_name="+")
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("entity", "location", "reason", "-starts_on", "-version")
        constraints = (
            models.UniqueConstraint(
                *("entity", "reason", Coalesce("location", 0), "starts_on", "version"), name="tax_rule_version_once"
            ),
            models.CheckConstraint(
                name="tax_rule_two_people",
                condition=~Q(asked_by=F("decided_by")),
                violation_error_message="A tax rule is decided by somebody who did not ask for it.",
            ),
            models.CheckConstraint(
                name="tax_rule_rates_are_fractions",
                condition=Q(
                    rate__gte=Decimal(0),
                    rate__lte=Decimal(1),
                    recoverable__gte=Decimal(0),
                    recoverable__lte=Decimal(1),
                    input_rate__gte=Decimal(0),
                    input_rate__lte=Decimal(1),
                ),
                **_FRACTION,
            ),
        )

    @property
    def rate_percent(self) -> Decimal:
        percent: Decimal = self.rate * 100
        return percent

    @property
    def recoverable_percent(self) -> Decimal:
        percent: Decimal = self.recoverable * 100
        return percent

    @property
    def input_percent(self) -> Decimal:
        percent: Decimal = self.input_rate * 100
        return percent

    def __str__(self) -> str:
        return f"{self.jurisdiction}, {self.get_reason_display().lower() or 'all reasons'} from {self.starts_on}"
