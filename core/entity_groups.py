"""Groups of companies that report in one currency, and the exchange rates that such a report is translated at.

Invariants: a group is seen only by those who may read every company in it (core/group_access.py); who belongs to it
changes by two people (core/group_changes.py); a rate is only ever added, and another value for the same days is a new
version that says why (core/exchange.py; the database refuses the rest, core/guards/own.py).
"""

from __future__ import annotations

import datetime as dt

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone

from core.money import ExchangeRateField, currency_exponent
from core.validators import known_currency

CODE = RegexValidator(r"^[A-Z]{3}$", "Three capital letters, like EUR.")


class EntityGroup(models.Model):
    """Companies reported together. parent: the company whose controllers keep the group and its rates, in whose audit
    trail every change of them stands. currency: what the group reports in; it never changes."""

    slug = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=120)
    currency = models.CharField(max_length=3, validators=[CODE, known_currency])
    fiscal_year_start = models.PositiveSmallIntegerField(
        "fiscal year starts in month", default=1, validators=[MinValueValidator(1), MaxValueValidator(12)]
    )
    parent = models.ForeignKey("core.Entity", on_delete=models.PROTECT, related_name="+")
    entities = models.ManyToManyField("core.Entity", through="EntityGroupMember", related_name="entity_groups")

    class Meta:
        ordering = ("name",)
        constraints = (
            models.CheckConstraint(
                name="entity_group_fiscal_year_start_is_a_month",
                condition=Q(fiscal_year_start__gte=1, fiscal_year_start__lte=12),
                violation_error_message="The fiscal year starts in a month from 1 to 12.",
            ),
        )

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("groups:overview", args=[self.slug])

    @property
    def exponent(self) -> int:
        """Digits after the point of the group's currency."""
        return currency_exponent(self.currency)


class EntityGroupMember(models.Model):
    """One company of a group."""

    group = models.ForeignKey(EntityGroup, on_delete=models.PROTECT, related_name="members")
    entity = models.ForeignKey("core.Entity", on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ("group", "entity__name")
        constraints = (
            models.UniqueConstraint(
                fields=("group", "entity"),
                name="entity_group_member_once",
                violation_error_message="This company is in the group already.",
            ),
        )

    def __str__(self) -> str:
        return f"{self.entity} in {self.group}"


class ExchangeRate(models.Model):
    """What one unit of `currency` is worth in units of `to_currency`: as of a day (closing) or on average over some
    days. rate: nothing where the version before was withdrawn. Append-only; the highest version counts."""

    class Kind(models.TextChoices):
        CLOSING = "CLOSING", "Closing rate"
        AVERAGE = "AVERAGE", "Average rate"

    group = models.ForeignKey(EntityGroup, on_delete=models.PROTECT, related_name="rates")
    currency = models.CharField("from", max_length=3, validators=[CODE, known_currency])
    to_currency = models.CharField("to", max_length=3, validators=[CODE, known_currency])
    kind = models.CharField(max_length=8, choices=Kind.choices)
    starts_on = models.DateField()
    ends_on = models.DateField()
    version = models.PositiveIntegerField(default=1)
    rate = ExchangeRateField(null=True)
    source = models.CharField(max_length=120, help_text="Who published it: ECB reference rate, 31 March 2026.")
    reason = models.CharField(max_length=200, blank=True, help_text="Why it replaces the version before.")
    upload = models.ForeignKey("core.Upload", on_delete=models.PROTECT, null=True, related_name="+")
    entered_at = models.DateTimeField(default=timezone.now)
    entered_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ("currency", "kind", "-ends_on", "-version")
        constraints = (
            models.UniqueConstraint(
                fields=("group", "currency", "kind", "starts_on", "ends_on", "version"),
                name="exchange_rate_version_once",
                violation_error_message="Somebody has entered another rate for these days. Reload the page.",
            ),
            models.CheckConstraint(
                name="exchange_rate_is_positive",
                condition=Q(rate__isnull=True) | Q(rate__gt=0),
                violation_error_message="A rate is more than nil.",
            ),
            models.CheckConstraint(
                name="exchange_rate_between_two_currencies",
                condition=~Q(currency=F("to_currency")),
                violation_error_message="A currency needs no rate into itself.",
            ),
            models.CheckConstraint(
                name="exchange_rate_days_in_order",
                condition=Q(kind="CLOSING", starts_on=F("ends_on")) | Q(kind="AVERAGE", starts_on__lte=F("ends_on")),
                violation_error_message="A closing rate is of one day; an average ends on or after its first day.",
            ),
            models.CheckConstraint(
                name="exchange_rate_replaced_with_a_reason",
                condition=Q(version=1, rate__isnull=False) | (Q(version__gt=1) & ~Q(reason="")),
                violation_error_message="Another rate for the same days needs a reason.",
            ),
        )

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.currency}/{self.to_currency}, {self.days}"

    @property
    def days(self) -> str:
        """as of 2026-03-31, or 2026-03-01 to 2026-03-31."""
        return days_text(self.kind, self.starts_on, self.ends_on)

    @property
    def source_ref(self) -> str:
        return f"rate:{self.pk}"


def days_text(kind: str, starts_on: dt.date, ends_on: dt.date) -> str:
    if kind == ExchangeRate.Kind.CLOSING:
        return f"as of {ends_on.isoformat()}"
    return f"{starts_on.isoformat()} to {ends_on.isoformat()}"


class StagedRate(models.Model):
    """A checked row of a sheet of exchange rates, waiting for its commit."""

    upload_id = models.BigIntegerField(db_index=True)
    row = models.PositiveIntegerField()
    currency = models.CharField(max_length=3)
    kind = models.CharField(max_length=8)
    starts_on = models.DateField()
    ends_on = models.DateField()
    rate = ExchangeRateField()
    source = models.CharField(max_length=120)
    reason = models.CharField(max_length=200, blank=True)

    def __str__(self) -> str:
        return f"{self.upload_id}/{self.row}"
