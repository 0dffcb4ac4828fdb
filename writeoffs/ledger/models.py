"""Accounts, the map from role to account, fiscal periods, and the journal.

Invariants, kept by the database on both engines (writeoffs/ledger/guards.py): an entry is sealed before its transaction
commits, since until then `net` points at no row of Zero; it is sealed only with two lines or more that add up to nil;
once sealed nothing is added to it or changed; entries and lines are never deleted; numbers have no gaps.
"""

from __future__ import annotations

from decimal import Decimal

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils import timezone

from core.models import Category, CostCentre, Entity, Location
from core.money import MoneyField, bounded
from core.words import Reason
from writeoffs.ledger.export_models import ExportSetting
from writeoffs.ledger.pack_models import PeriodPack as PeriodPack
from writeoffs.ledger.pack_models import PeriodPackFile as PeriodPackFile
from writeoffs.ledger.roles import ROLES, Section
from writeoffs.ledger.trial_models import (
    LIQUIDITIES,
    StagedBalance,
    TieOutAcceptance,
    TrialBalance,
    TrialBalanceLine,
)

__all__ = [
    "Account",
    "AccountMap",
    "ExportSetting",
    "FiscalPeriod",
    "JournalEntry",
    "JournalLine",
    "Leg",
    "Origin",
    "StagedBalance",
    "TieOutAcceptance",
    "TrialBalance",
    "TrialBalanceLine",
    "Zero",
]


class Account(models.Model):
    """One account of an entity's own chart."""

    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, related_name="accounts")
    code = models.CharField(max_length=30)
    name = models.CharField(max_length=120)
    section = models.CharField(
        max_length=15, choices=[(s.value, s.value.replace("_", " ").capitalize()) for s in Section]
    )
    active = models.BooleanField(default=True, help_text="A retired account takes no new rule of the map.")
    liquidity = models.CharField(
        max_length=11,
        choices=LIQUIDITIES,
        blank=True,
        help_text="For the ratios: quick (cash, receivables), current (stock, payables) or non-current. Assets and "
        "liabilities only; empty: as the account's role has it.",
    )

    class Meta:
        ordering = ("code",)
        constraints = (
            models.UniqueConstraint(
                fields=("entity", "code"),
                name="account_code_once",
                violation_error_message="This entity has an account of that code already.",
            ),
        )

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


class AccountMap(models.Model):
    """The account that a role stands for in one entity: by default, or for lines of a location, category or reason
    (writeoffs/ledger/mapping.py says which rule wins)."""

    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, related_name="account_maps")
    role = models.CharField(max_length=30, choices=[(code, info.label) for code, info in ROLES.items()])
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    location = models.ForeignKey(Location, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    category = models.ForeignKey(Category, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    reason = models.CharField(max_length=20, choices=Reason.choices, blank=True)

    class Meta:
        ordering = ("role",)
        constraints = (
            # Nulls are told apart by both engines, so nothing is written as 0, which is no key.
            models.UniqueConstraint(
                "entity",
                "role",
                "reason",
                Coalesce("location", 0),
                Coalesce("category", 0),
                name="account_map_rule_once",
                violation_error_message="This role has an account for these lines already.",
            ),
        )

    def __str__(self) -> str:
        return f"{self.role} -> {self.account}"


class StagedAccount(models.Model):
    """A checked row of a chart of accounts, waiting for its commit."""

    upload_id = models.BigIntegerField(db_index=True)
    row = models.PositiveIntegerField()
    code = models.CharField(max_length=30)
    name = models.CharField(max_length=120)
    section = models.CharField(max_length=15)
    active = models.BooleanField()
    liquidity = models.CharField(max_length=11, blank=True)

    def __str__(self) -> str:
        return f"{self.upload_id}/{self.row}"


class StagedCostCentre(models.Model):
    """A checked row of a list of cost centres, waiting for its commit."""

    upload_id = models.BigIntegerField(db_index=True)
    row = models.PositiveIntegerField()
    code = models.CharField(max_length=30)
    name = models.CharField(max_length=120, blank=True)
    active = models.BooleanField()

    def __str__(self) -> str:
        return f"{self.upload_id}/{self.row}"


class FiscalPeriod(models.Model):
    """One month of a fiscal year, named after the calendar year in which the fiscal year ends; or its period 13, which
    takes adjustments dated the year's last day once December (or whichever month ends the year) is closed."""

    ADJUSTMENT = 13

    class Status(models.TextChoices):
        OPEN = "OPEN", "Open"
        SOFT_CLOSED = "SOFT", "Soft-closed"
        CLOSED = "CLOSED", "Closed"

    # What takes postings: a soft-closed period only with a second approver for each.
    TAKING = (Status.OPEN, Status.SOFT_CLOSED)

    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, related_name="periods")
    fiscal_year = models.PositiveSmallIntegerField()
    number = models.PositiveSmallIntegerField()
    starts_on = models.DateField()
    ends_on = models.DateField()
    status = models.CharField(max_length=8, choices=Status.choices, default=Status.OPEN)
    closed_at = models.DateTimeField(null=True)
    closed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    soft_closed_at = models.DateTimeField(null=True)
    soft_closed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    reopened_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("starts_on",)
        constraints = (
            models.UniqueConstraint(fields=("entity", "fiscal_year", "number"), name="period_once"),
            models.UniqueConstraint(fields=("entity", "starts_on"), name="period_start_once"),
            models.CheckConstraint(
                name="period_ends_after_start",
                condition=Q(ends_on__gte=F("starts_on")),
                violation_error_message="A period ends on or after the day it starts.",
            ),
            models.CheckConstraint(
                name="period_number_is_a_month_or_13",
                condition=Q(number__gte=1, number__lte=13),
                violation_error_message="A fiscal year has twelve months and the adjustment period 13.",
            ),
        )

    def __str__(self) -> str:
        return f"Adjustment period of {self.fiscal_year}" if self.is_adjustment else f"{self.starts_on:%B %Y}"

    @property
    def code(self) -> str:
        """2026-03: fiscal year and number, as it stands in addresses."""
        return f"{self.fiscal_year}-{self.number:02d}"

    @property
    def is_adjustment(self) -> bool:
        return self.number == self.ADJUSTMENT


class Zero(models.Model):
    """One row, id 0: what the net of every entry must point at when a transaction commits."""

    # What an unsealed entry's net points at: a row that can never be, so that the commit fails.
    UNSEALED = 1

    id = models.BigIntegerField(primary_key=True)

    class Meta:
        constraints = (models.CheckConstraint(name="zero_is_nil", condition=Q(id=0)),)

    def __str__(self) -> str:
        return "0"


class Origin(models.TextChoices):
    ERP = "ERP", "ERP"
    OWN = "OWN", "Own"


class Leg(models.TextChoices):
    """The parts of one posting; each is a balanced entry of its own."""

    OPENING = "OPENING", "Opening stock"
    RECEIPT = "RECEIPT", "Receipts"
    ISSUE = "ISSUE", "Issues"
    REVALUATION = "REVALUATION", "Revaluation"
    TRANSFER = "TRANSFER", "Transfers"
    RELEASE = "RELEASE", "Release of allowance"
    SALE = "SALE", "Sales"
    REVENUE = "REVENUE", "Revenue"
    PRODUCTION = "PRODUCTION", "Production"
    RETURN = "RETURN", "Returns"
    SCRAP = "SCRAP", "Scrap"
    EXPLAINED = "EXPLAINED", "Falls explained as sales"
    HISTORY = "HISTORY", "History taken over"
    WRITE_DOWN = "WRITE_DOWN", "Write-down"
    WRITE_OFF = "WRITE_OFF", "Write-off"
    COUNT_LOSS = "COUNT_LOSS", "Count losses"
    COUNT_GAIN = "COUNT_GAIN", "Count gains"
    DISPOSAL = "DISPOSAL", "Disposal"
    RECOVERY = "RECOVERY", "Recovery"
    REVERSAL = "REVERSAL", "Reversal of a write-down"
    CORRECTION = "CORRECTION", "Correction of an earlier year"
    CORRECT_GAIN = "CORRECT_GAIN", "Correction of an earlier year, gains"
    DISPOSAL_COST = "DISPOSAL_COST", "Disposal cost"
    PROCEEDS = "PROCEEDS", "Scrap proceeds"
    INPUT_TAX = "INPUT_TAX", "Input tax repaid"
    INSURANCE = "INSURANCE", "Insurance"
    TAX = "TAX", "Income tax"
    TAX_DUE = "TAX_DUE", "Income tax due"
    DEFERRED_TAX = "DEFERRED_TAX", "Deferred tax"
    DEFERRED_TAX_UNWOUND = "DEFERRED_TAX_UNWOUND", "Deferred tax unwound"
    SHRINKAGE_ACCRUAL = "SHRINKAGE_ACCRUAL", "Shrinkage accrued"
    SHRINKAGE_RELEASE = "SHRINKAGE_RELEASE", "Shrinkage accrual released"
    ESTIMATED_LOSS = "ESTIMATED_LOSS", "Estimated loss"
    ESTIMATE_RELEASE = "ESTIMATE_RELEASE", "Estimated loss released"
    PROVISION = "PROVISION", "Loss on purchase commitments"
    PROVISION_REVERSED = "PROVISION_REVERSED", "Provision reversed"
    PROVISION_USED = "PROVISION_USED", "Provision used"
    INSURANCE_DENIED = "INSURANCE_DENIED", "Insurance denied"
    INSURANCE_SETTLED = "INSURANCE_SETTLED", "Insurance received"
    VOID = "VOID", "Void"


class JournalEntry(models.Model):
    """One balanced entry of one posting's leg. Numbered without gaps by fiscal year; one hash chain an entity."""

    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, related_name="journal_entries")
    period = models.ForeignKey(FiscalPeriod, on_delete=models.PROTECT, related_name="entries")
    fiscal_year = models.PositiveSmallIntegerField()
    sequence = models.PositiveIntegerField(help_text="Gapless within entity and fiscal year.")
    posted_on = models.DateField()
    origin = models.CharField(max_length=3, choices=Origin.choices)
    leg = models.CharField(max_length=20, choices=Leg.choices)
    source_ref = models.CharField(max_length=120, help_text="The document: proposal:WO-2026-0001, upload:17.")
    document = models.CharField(
        max_length=160, help_text="source_ref and leg: unique, so that nothing is posted twice."
    )
    description = models.CharField(max_length=200)
    currency = models.CharField(max_length=3)
    # Several mirrors of one entry: a document may be voided line by line, never by more than was posted (guards.py).
    reverses = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="reversals")
    prepared_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    approved_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    posted_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    evidence = models.JSONField(default=list, help_text="SHA-256 of each paper behind the document; part of the hash.")
    net = models.ForeignKey(Zero, on_delete=models.PROTECT, default=Zero.UNSEALED, related_name="+", db_index=False)
    sealed = models.BooleanField(default=False)
    chain_sequence = models.BigIntegerField(help_text="Place in the entity's chain of entries, from 1, without gaps.")
    previous_hash = models.CharField(max_length=64, blank=True)
    hash_version = models.PositiveSmallIntegerField(default=1, help_text="What the hash covers (hashes.py).")
    hash = models.CharField(max_length=64, blank=True)

    class Meta:
        ordering = ("-chain_sequence",)
        verbose_name_plural = "journal entries"
        constraints = (
            models.UniqueConstraint(fields=("entity", "fiscal_year", "sequence"), name="entry_number_once"),
            models.UniqueConstraint(fields=("entity", "document"), name="entry_document_once"),
            models.UniqueConstraint(fields=("entity", "chain_sequence"), name="entry_chain_once"),
        )
        indexes = (
            models.Index(fields=("entity", "source_ref"), name="entry_source"),
            models.Index(fields=("entity", "posted_on"), name="entry_posted_on"),
        )

    def __str__(self) -> str:
        return self.number

    @property
    def number(self) -> str:
        """2026-000123."""
        return f"{self.fiscal_year}-{self.sequence:06d}"

    def get_absolute_url(self) -> str:
        return reverse("ledger:entry", args=[self.entity.slug, self.number])


class JournalLine(models.Model):
    """One line: debit positive, credit negative, summed by account x location x category x reason x cost centre."""

    # A constraint and an index below begin with these keys, so that indexes of their own would only cost time.
    entry = models.ForeignKey(JournalEntry, on_delete=models.PROTECT, related_name="lines", db_index=False)
    line_number = models.PositiveIntegerField()
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="lines", db_index=False)
    role = models.CharField(max_length=30)
    amount = MoneyField()
    location = models.ForeignKey(Location, on_delete=models.PROTECT, null=True, related_name="+")
    category = models.ForeignKey(Category, on_delete=models.PROTECT, null=True, related_name="+")
    cost_centre = models.ForeignKey(CostCentre, on_delete=models.PROTECT, null=True, related_name="+")
    reason = models.CharField(max_length=20, choices=Reason.choices, blank=True)

    class Meta:
        ordering = ("entry", "line_number")
        constraints = (
            models.UniqueConstraint(fields=("entry", "line_number"), name="line_number_once"),
            models.CheckConstraint(name="line_amount_not_nil", condition=~Q(amount=Decimal(0))),
            *bounded("line", amount=MoneyField),
        )
        # The trial balance is read from this index alone.
        indexes = (models.Index(fields=("account", "amount"), name="line_account_amount"),)

    def __str__(self) -> str:
        return f"{self.entry_id}/{self.line_number}"

    @property
    def debit(self) -> Decimal:
        amount: Decimal = self.amount
        return max(amount, Decimal(0))

    @property
    def credit(self) -> Decimal:
        amount: Decimal = self.amount
        return max(-amount, Decimal(0))
