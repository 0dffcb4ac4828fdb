"""The ERP's trial balance of a period, and what two people accepted of its difference to our books.

Invariant: append-only. A newer upload for the same period is a further version beside the older ones; the highest
version counts. `digest` covers the balance and all its lines (writeoffs/ledger/trial_balance.py), and the audit event
of its upload keeps it too.
"""

from __future__ import annotations

from decimal import Decimal

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from core.models import ChangeRequest, Entity, Upload
from core.money import MoneyField, bounded
from writeoffs.ledger.roles import Liquidity, Section

SECTIONS = [(each.value, each.value.replace("_", " ").capitalize()) for each in Section]
LIQUIDITIES = [(each.value, each.value.replace("_", "-").capitalize()) for each in Liquidity]


class TrialBalance(models.Model):
    """One committed trial balance. covers: what its income and expense accounts add up."""

    class Covers(models.TextChoices):
        YEAR = "YEAR", "the fiscal year to date"
        PERIOD = "PERIOD", "the period alone"

    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, related_name="trial_balances")
    period = models.ForeignKey("ledger.FiscalPeriod", on_delete=models.PROTECT, related_name="trial_balances")
    version = models.PositiveIntegerField(help_text="1, 2, ... within the period; the highest counts.")
    upload = models.OneToOneField(Upload, on_delete=models.PROTECT, related_name="+")
    as_of = models.DateTimeField()
    received_at = models.DateTimeField(help_text="When it was uploaded: what the ERP took later is not in it.")
    covers = models.CharField(max_length=6, choices=Covers.choices)
    line_count = models.PositiveIntegerField()
    debit = MoneyField(help_text="Debit balances, which equal the credit balances.")
    committed_at = models.DateTimeField(default=timezone.now)
    committed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    digest = models.CharField(max_length=64)

    class Meta:
        ordering = ("-period__starts_on", "-version")
        constraints = (
            models.UniqueConstraint(
                fields=("period", "version"),
                name="trial_balance_version_once",
                violation_error_message="This period has a trial balance of that version already.",
            ),
            *bounded("trial_balance", debit=MoneyField),
        )

    def __str__(self) -> str:
        return f"Trial balance of {self.period}, version {self.version}"

    def get_absolute_url(self) -> str:
        return reverse("ledger:trial_balance", args=[self.entity.slug, self.pk])


class TrialBalanceLine(models.Model):
    """One account's balance: debit +, credit -. opening: at the first day that the balance covers; None where the sheet
    had none. account: None where the chart did not know the code; section and liquidity as the sheet or the chart had
    them then."""

    trial_balance = models.ForeignKey(TrialBalance, on_delete=models.PROTECT, related_name="lines", db_index=False)
    row = models.PositiveIntegerField(help_text="The row of the uploaded sheet.")
    code = models.CharField(max_length=30)
    name = models.CharField(max_length=120, blank=True)
    account = models.ForeignKey("ledger.Account", on_delete=models.PROTECT, null=True, related_name="+")
    section = models.CharField(max_length=15, choices=SECTIONS, blank=True)
    liquidity = models.CharField(max_length=11, choices=LIQUIDITIES, blank=True)
    balance = MoneyField()
    opening = MoneyField(null=True)

    class Meta:
        ordering = ("code",)
        constraints = (
            models.UniqueConstraint(
                fields=("trial_balance", "code"),
                name="trial_balance_account_once",
                violation_error_message="An account stands once on a trial balance.",
            ),
            *bounded("trial_balance_line", balance=MoneyField, opening=MoneyField),
        )

    def __str__(self) -> str:
        return f"{self.code}: {self.balance}"

    @property
    def debit(self) -> Decimal:
        balance: Decimal = self.balance
        return max(balance, Decimal(0))

    @property
    def credit(self) -> Decimal:
        balance: Decimal = self.balance
        return max(-balance, Decimal(0))


class TieOutAcceptance(models.Model):
    """A difference that nothing explains, accepted by a second person with a reason. It holds for this version of the
    trial balance and this amount only: where either changes, the difference is open again."""

    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, related_name="+")
    trial_balance = models.ForeignKey(TrialBalance, on_delete=models.PROTECT, related_name="acceptances")
    account = models.ForeignKey("ledger.Account", on_delete=models.PROTECT, related_name="+")
    amount = MoneyField(help_text="ERP less our books, less what was explained.")
    change = models.OneToOneField(ChangeRequest, on_delete=models.PROTECT, related_name="+")
    accepted_at = models.DateTimeField(default=timezone.now)
    accepted_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ("-id",)
        constraints = (
            models.CheckConstraint(
                name="acceptance_not_nil",
                condition=~Q(amount=Decimal(0)),
                violation_error_message="Without a difference there is nothing to accept.",
            ),
            *bounded("acceptance", amount=MoneyField),
        )

    def __str__(self) -> str:
        return f"{self.account}: {self.amount}"


class StagedBalance(models.Model):
    """A checked row of a trial balance, waiting for its commit. Raw integers; no keys, since it comes and goes."""

    upload_id = models.BigIntegerField()
    row = models.PositiveIntegerField()
    code = models.CharField(max_length=30)
    name = models.CharField(max_length=120, blank=True)
    section = models.CharField(max_length=15, blank=True)
    liquidity = models.CharField(max_length=11, blank=True)
    balance = models.BigIntegerField()
    opening = models.BigIntegerField(null=True)

    class Meta:
        indexes = (models.Index(fields=("upload_id",), name="staged_balance_upload"),)

    def __str__(self) -> str:
        return f"{self.upload_id}/{self.row}"
