"""Assessments: what each lot should carry as of a day, worked out over all lots at once, and what people made of it.

Invariants: a line keeps every figure that it was worked out from; it is worked out once, only override and acceptance
are added, each with its person; an assessment is whole or not there.
"""

from __future__ import annotations

from decimal import Decimal

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone

from core.models import Entity, Job
from core.money import MoneyField, QuantityField, UnitCostField
from core.words import Framework, Reason
from inventory.models import Lot
from writeoffs.valuation.inputs import Price
from writeoffs.valuation.policies import Basis, CostFormula, Level, ValuationPolicy
from writeoffs.valuation.remarks import Remark, remarks_of


class Assessment(models.Model):
    """One run as of a day. scope: {"categories": [ids], "locations": [ids]}, empty lists: all. Totals are caches of the
    lines: cost (original), carried and required write-down, movements up and down."""

    class Status(models.TextChoices):
        RUNNING = "RUNNING", "Running"
        DONE = "DONE", "To be looked at"
        PROPOSED = "PROPOSED", "Proposed"
        RECORDED = "RECORDED", "Recorded"
        FAILED = "FAILED", "Failed"
        DISCARDED = "DISCARDED", "Discarded"

    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, related_name="assessments")
    number = models.CharField(max_length=20)
    as_of = models.DateField("as of")
    basis = models.CharField(max_length=7, choices=Basis.choices, default=Basis.LEADING)
    framework = models.CharField(max_length=10, choices=Framework.choices)
    scope = models.JSONField(default=dict)
    status = models.CharField(max_length=9, choices=Status.choices, default=Status.RUNNING)
    job = models.ForeignKey(Job, on_delete=models.PROTECT, null=True, related_name="+")
    message = models.CharField(max_length=500, blank=True)
    assumptions = models.JSONField(default=list, help_text="What was assumed where an input was missing, in sentences.")
    previous = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="+")
    line_count = models.PositiveIntegerField(default=0)
    untested_count = models.PositiveIntegerField(default=0)
    cost = MoneyField(default=Decimal(0))
    carried = MoneyField(default=Decimal(0))
    required = MoneyField(default=Decimal(0))
    by_level = models.JSONField(default=dict, help_text="Level -> carrying amount it would give, raw money.")
    created_at = models.DateTimeField(default=timezone.now)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-id",)
        constraints = (models.UniqueConstraint(fields=("entity", "number"), name="assessment_number_once"),)

    def __str__(self) -> str:
        return self.number

    def get_absolute_url(self) -> str:
        return reverse("valuation:assessment", args=[self.entity.slug, self.number])

    @property
    def source_ref(self) -> str:
        return f"assessment:{self.number}"


class AssessmentLine(models.Model):
    """One lot. Money is of the whole lot, in the entity's currency; unit figures are those of the price used.

    cost: original cost. carried: write-down still attached. needs (nrv_need, ageing_need, excess_need, expiry_need):
    None where not tested. required: what governs, after level, contract and framework. movement = required - carried.
    override: what a person says is required instead, with the reason. nrv_unit: per unit in the entity's currency.
    """

    class Outcome(models.TextChoices):
        TESTED = "TESTED", "Tested"
        UNTESTED = "UNTESTED", "Untested"
        OUT = "OUT", "Not valued"

    class Governs(models.TextChoices):
        NRV = "NRV", "Net realisable value"
        MARKET = "MARKET", "Market"
        CONTRACT = "CONTRACT", "Firm contract"
        MATERIAL = "MATERIAL", "Product sells at or above cost"
        REPLACEMENT = "REPLACEMENT", "Replacement cost"
        AGEING = "AGEING", "Ageing"
        EXCESS = "EXCESS", "Excess over demand"
        EXPIRY = "EXPIRY", "Expiry"
        NEW_COST = "NEW_COST", "New cost basis"
        NONE = "NONE", "Nothing"

    class Change(models.TextChoices):
        """Against the run before."""

        NEW = "NEW", "New"
        GROWN = "GROWN", "Grown"
        SHRUNK = "SHRUNK", "Shrunk"
        GONE = "GONE", "Gone"
        SAME = "SAME", "Unchanged"

    assessment = models.ForeignKey(Assessment, on_delete=models.PROTECT, related_name="lines", db_index=False)
    # Nothing asks for the lines of a lot, a policy, a price or a person in all assessments at once; four indexes of
    # 100,000 rows would only cost time.
    lot = models.ForeignKey(Lot, on_delete=models.PROTECT, related_name="+", db_index=False)
    policy = models.ForeignKey(ValuationPolicy, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    price = models.ForeignKey(Price, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    outcome = models.CharField(max_length=8, choices=Outcome.choices)
    governs = models.CharField(max_length=11, choices=Governs.choices, default=Governs.NONE)
    reason = models.CharField(max_length=20, choices=Reason.choices, blank=True)
    level = models.CharField(max_length=8, choices=Level.choices, default=Level.ITEM)
    cost_formula = models.CharField(max_length=8, choices=CostFormula.choices, default=CostFormula.SPECIFIC)
    quantity = QuantityField()
    cost = MoneyField()
    carried = MoneyField()
    nrv_unit = UnitCostField(null=True)
    market_unit = UnitCostField(null=True)
    contract_quantity = QuantityField(default=Decimal(0))
    contract_value = MoneyField(null=True, help_text="What the contracted units fetch, net of their costs.")
    nrv_value = MoneyField(null=True, help_text="What the lot fetches in all, contracted units included.")
    age_days = models.PositiveIntegerField(null=True)
    ageing_need = MoneyField(null=True)
    excess_quantity = QuantityField(null=True)
    excess_need = MoneyField(null=True)
    expiry_need = MoneyField(null=True)
    nrv_need = MoneyField(null=True)
    required = MoneyField()
    flag = models.CharField(max_length=200, blank=True, help_text="What a person should look at.")
    change = models.CharField(max_length=6, choices=Change.choices, default=Change.NEW)
    change_amount = MoneyField(default=Decimal(0), help_text="Required, less that of the run before.")
    change_why = models.CharField(max_length=200, blank=True)
    override = MoneyField(null=True)
    override_reason = models.CharField(max_length=300, blank=True)
    override_cause = models.CharField(
        "loss is of", max_length=20, choices=Reason.choices, blank=True, help_text="Instead of the line's own reason."
    )
    override_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    override_at = models.DateTimeField(null=True)
    proposal_ref = models.CharField(max_length=120, blank=True, help_text="source_ref of the proposal made from it.")

    class Meta:
        ordering = ("assessment", "id")
        indexes = (
            models.Index(fields=("proposal_ref",), name="assessment_line_proposed", condition=~Q(proposal_ref="")),
        )
        constraints = (
            models.UniqueConstraint(fields=("assessment", "lot"), name="assessment_line_once_per_lot"),
            models.CheckConstraint(
                name="assessment_required_within_cost",
                condition=Q(required__gte=Decimal(0)) & (Q(required=Decimal(0)) | Q(required__lte=F("cost"))),
                violation_error_message="What is required is neither below nil nor above cost.",
            ),
            models.CheckConstraint(
                name="assessment_override_whole",
                condition=Q(override__isnull=True, override_by__isnull=True, override_reason="")
                | (Q(override__isnull=False, override_by__isnull=False) & ~Q(override_reason="")),
                violation_error_message="An override says how much, by whom and why.",
            ),
            models.CheckConstraint(
                name="assessment_override_within_cost",
                condition=Q(override__isnull=True)
                | Q(override=Decimal(0))
                | (Q(override__gt=Decimal(0)) & Q(override__lte=F("cost"))),
                violation_error_message="An override is neither below nil nor above cost.",
            ),
        )

    def __str__(self) -> str:
        return f"{self.assessment}: {self.lot}"

    @property
    def governing(self) -> Decimal:
        """What is required after the override."""
        amount: Decimal = self.required if self.override is None else self.override
        return amount

    @property
    def remarks(self) -> list[Remark]:
        """What a person should look at, remark by remark."""
        return remarks_of(self.flag)

    @property
    def cause(self) -> str:
        """The reason of the loss, after the override."""
        return self.override_cause or self.reason

    @property
    def movement(self) -> Decimal:
        """What has to be booked: write-down above nil, reversal below."""
        amount: Decimal = self.governing - self.carried
        return amount
