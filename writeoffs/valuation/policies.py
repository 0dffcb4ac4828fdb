"""How an entity values its stock: framework, level, cost formula, ageing, excess, expiry. Decided by two people.

Invariants: a policy is never changed; one of a later day, or a higher version of the same day, replaces it. That of a
category goes before that of the whole entity.
"""

from __future__ import annotations

from decimal import Decimal

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Coalesce
from django.utils import timezone

from core.models import Category, Entity
from core.money import MoneyField, RateField, bounded
from core.words import Framework


class Basis(models.TextChoices):
    """For whose books stock is valued. Only the leading basis posts; the others give adjustment reports."""

    LEADING = "LEADING", "Leading"
    GROUP = "GROUP", "Group"
    TAX = "TAX", "Tax"


class Level(models.TextChoices):
    """What cost and NRV are compared for (IAS 2.29; ASC 330-10-35-8 to 35-11)."""

    ITEM = "ITEM", "Item"
    CATEGORY = "CATEGORY", "Category"
    TOTAL = "TOTAL", "Total inventory"


class CostFormula(models.TextChoices):
    SPECIFIC = "SPECIFIC", "Specific lot"
    FIFO = "FIFO", "First in, first out"
    AVERAGE = "AVERAGE", "Weighted average"
    STANDARD = "STANDARD", "Standard cost"
    RETAIL = "RETAIL", "Retail method"
    LIFO = "LIFO", "Last in, first out"


class ValuationPolicy(models.Model):
    """From `starts_on`, for a category or (empty) for all that have none of their own, under one basis.

    framework: empty takes the entity's. level_reason: why items cannot be judged apart (IAS 2.29). excess_months: stock
    beyond so many months' demand is excess, none: not tested. demand_months: over how many months demand is averaged.
    excess_recovery: part of unit cost that an excess unit fetches where its price says nothing. expired_rate,
    expiring_rate: part of carrying cost lost when expired, or when expiring within expiring_days. least: a movement
    below it is listed and left alone. shrinkage_rate: of sales, accrued between counts. quarterly: interim reporting by
    quarter (ASC 270).
    """

    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, related_name="valuation_policies", db_index=False)
    category = models.ForeignKey(Category, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    basis = models.CharField(max_length=7, choices=Basis.choices, default=Basis.LEADING)
    starts_on = models.DateField("valid from")
    version = models.PositiveIntegerField(default=1)
    framework = models.CharField(max_length=10, choices=Framework.choices, blank=True)
    level = models.CharField(max_length=8, choices=Level.choices, default=Level.ITEM)
    level_reason = models.CharField(max_length=300, blank=True)
    cost_formula = models.CharField(max_length=8, choices=CostFormula.choices, default=CostFormula.SPECIFIC)
    variance_rate = RateField("standard cost variance", null=True, blank=True)
    excess_months = models.PositiveSmallIntegerField(null=True, blank=True)
    demand_months = models.PositiveSmallIntegerField(default=12)
    excess_recovery = RateField(default=Decimal(0))
    expired_rate = RateField(null=True, blank=True)
    expiring_days = models.PositiveSmallIntegerField(null=True, blank=True)
    expiring_rate = RateField(null=True, blank=True)
    shrinkage_rate = RateField(null=True, blank=True)
    least = MoneyField(default=Decimal(0))
    quarterly = models.BooleanField(default=False)
    reason = models.CharField(max_length=300, help_text="Why it was chosen or changed.")
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("entity", "basis", "category", "-starts_on", "-version")
        verbose_name_plural = "valuation policies"
        constraints = (
            models.UniqueConstraint(
                *("entity", "basis", Coalesce("category", 0), "starts_on", "version"),
                name="valuation_policy_version_once",
            ),
            models.CheckConstraint(
                name="valuation_policy_two_people",
                condition=~Q(asked_by=F("decided_by")),
                violation_error_message="A policy is decided by somebody who did not ask for it.",
            ),
            models.CheckConstraint(
                name="valuation_policy_rates_are_fractions",
                condition=Q(excess_recovery__gte=Decimal(0), excess_recovery__lte=Decimal(1))
                & (Q(expired_rate__isnull=True) | Q(expired_rate__gte=Decimal(0), expired_rate__lte=Decimal(1)))
                & (Q(expiring_rate__isnull=True) | Q(expiring_rate__gte=Decimal(0), expiring_rate__lte=Decimal(1)))
                & (Q(shrinkage_rate__isnull=True) | Q(shrinkage_rate__gte=Decimal(0), shrinkage_rate__lte=Decimal(1))),
                violation_error_message="A rate is a fraction between 0 and 1: 0.25 for 25 %%.",
            ),
            *bounded("valuation_policy", least=MoneyField),
        )

    def __str__(self) -> str:
        return f"{self.category or 'All stock'} from {self.starts_on.isoformat()}"


class AgeingBand(models.Model):
    """Part of cost that is lost at an age in days since receipt; to_days empty: and more. Bands meet without a gap."""

    policy = models.ForeignKey(ValuationPolicy, on_delete=models.PROTECT, related_name="bands")
    from_days = models.PositiveIntegerField()
    to_days = models.PositiveIntegerField(null=True, blank=True)
    rate = RateField()

    class Meta:
        ordering = ("policy", "from_days")
        constraints = (
            models.UniqueConstraint(fields=("policy", "from_days"), name="ageing_band_once"),
            models.CheckConstraint(
                name="ageing_band_days_in_order",
                condition=Q(to_days__isnull=True) | Q(from_days__lte=F("to_days")),
                violation_error_message="A band ends on or after the day it starts.",
            ),
            models.CheckConstraint(
                name="ageing_band_rate_is_a_fraction",
                condition=Q(rate__gte=Decimal(0), rate__lte=Decimal(1)),
                violation_error_message="A rate is a fraction between 0 and 1: 0.25 for 25 %%.",
            ),
        )

    def __str__(self) -> str:
        return f"{self.from_days}-{self.to_days or ''}"
