"""Documents that propose a loss (or a recovery), the decisions on them and their evidence.

Invariants: a status changes only by compare-and-set through states.py; decisions are only ever added and each names the
digest of the content that it saw; a posted document never changes.
"""

from __future__ import annotations

from decimal import Decimal

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone

from core.models import Category, CostCentre, Entity, Location, StoredFile
from core.money import MoneyField, QuantityField, bounded
from core.words import Reason
from inventory.models import CountLine, CountSheet, Lot, QuarantineEntry
from writeoffs.valuation.inputs import PurchaseCommitment


class Kind(models.TextChoices):
    WRITE_OFF = "WRITE_OFF", "Write-off"
    WRITE_DOWN = "WRITE_DOWN", "Write-down"
    COUNT_ADJUSTMENT = "COUNT_ADJUSTMENT", "Count adjustment"
    RECOVERY = "RECOVERY", "Recovery"
    DISPOSAL = "DISPOSAL", "Disposal"
    REVERSAL = "REVERSAL", "Reversal of a write-down"
    TAX = "TAX", "Income tax"
    ACCRUAL = "ACCRUAL", "Shrinkage accrual"
    CLAIM = "CLAIM", "Insurance claim"
    ESTIMATE = "ESTIMATE", "Estimated loss"
    PROVISION = "PROVISION", "Provision for purchase commitments"


# Kinds whose lines are typed without a sign: the units leave.
LEAVING = frozenset({Kind.WRITE_OFF.value, Kind.DISPOSAL.value})
# Kinds whose lines come from the quarantine register; a disposal can take lots as well.
FROM_QUARANTINE = frozenset({Kind.RECOVERY.value, Kind.DISPOSAL.value})
# Kinds whose lines say which carrying amount a lot has from then on; no unit moves.
VALUED = frozenset({Kind.WRITE_DOWN.value, Kind.REVERSAL.value})


class Finding(models.TextChoices):
    """What a loss that was found late is (IAS 8.5): news about the time since, or what was known then and missed."""

    ESTIMATE = "ESTIMATE", "Change in estimate"
    ERROR = "ERROR", "Error"


class Status(models.TextChoices):
    DRAFT = "DRAFT", "Draft"
    SUBMITTED = "SUBMITTED", "Waiting for approval"
    APPROVED = "APPROVED", "Approved, to post"
    REJECTED = "REJECTED", "Rejected"
    POSTED = "POSTED", "Posted"
    VOIDED = "VOIDED", "Voided"


class Proposal(models.Model):
    """One document of one kind and reason. gross_loss and net_loss are caches of its lines, set with every change of
    them.

    gross_loss: absolute amounts added up at cost, before allowance or offsetting overages (what limits judge).
    net_loss: what profit bears, losses positive and gains negative.
    """

    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, related_name="proposals")
    number = models.CharField(max_length=20)
    kind = models.CharField(max_length=20, choices=Kind.choices)
    reason = models.CharField(
        max_length=20, choices=Reason.choices, blank=True, help_text="Empty: the tax of a period, for all reasons."
    )
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.DRAFT)
    event_on = models.DateField("event date", help_text="The day on which the loss happened, as far as it is known.")
    found_on = models.DateField("found date", help_text="The day on which somebody noticed.")
    posting_on = models.DateField("posting date", help_text="Drives the period, the quantity and the journal.")
    adjustment = models.BooleanField(
        "adjustment period", default=False, help_text="Posted into the year's period 13, dated the year's last day."
    )
    note = models.TextField(blank=True)
    count_sheet = models.ForeignKey(CountSheet, on_delete=models.PROTECT, null=True, related_name="proposals")
    quarantine_goods = models.BooleanField(
        "goods stay in quarantine", default=True, help_text="Written-off goods stand at nil value until disposed of."
    )
    finding = models.CharField(
        "a loss found late is", max_length=8, choices=Finding.choices, blank=True, help_text="Empty: not found late."
    )
    material = models.BooleanField("material", null=True)
    finding_why = models.CharField("why", max_length=1000, blank=True)
    made_from = models.CharField(
        max_length=120, blank=True, help_text="source_ref of the assessment whose accepted lines it holds."
    )
    also_prepared_by = models.JSONField(
        default=list, blank=True, help_text="Ids of people who overrode lines of it; they count as its preparers."
    )
    line_count = models.PositiveIntegerField(default=0)
    gross_loss = MoneyField(default=Decimal(0))
    net_loss = MoneyField(default=Decimal(0))
    digest = models.CharField(max_length=64, blank=True, help_text="SHA-256 of the content as submitted.")
    version = models.PositiveIntegerField(default=0, help_text="Rises with every change, so that a stale form is told.")
    created_at = models.DateTimeField(default=timezone.now)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="proposals")
    submitted_at = models.DateTimeField(null=True)
    approved_at = models.DateTimeField(null=True)
    approved_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    countersigned_at = models.DateTimeField(null=True)
    countersigned_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        help_text="The second approver, whom a soft-closed period asks for.",
    )
    limits = models.ForeignKey(
        "proposals.ApprovalLimits",
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        help_text="The version of the approval limits that it was submitted under; none where there were none.",
    )
    posted_at = models.DateTimeField(null=True)
    posted_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ("-id",)
        constraints = (
            models.UniqueConstraint(fields=("entity", "number"), name="proposal_number_once"),
            models.CheckConstraint(
                name="proposal_approver_is_not_preparer",
                condition=Q(approved_by__isnull=True) | ~Q(approved_by=F("created_by")),
                violation_error_message="The person who prepared a proposal cannot approve it.",
            ),
            models.CheckConstraint(
                name="proposal_poster_is_third_person",
                condition=Q(posted_by__isnull=True)
                | (~Q(posted_by=F("created_by")) & Q(approved_by__isnull=False) & ~Q(posted_by=F("approved_by"))),
                violation_error_message="Preparer, approver and poster of one document are three people.",
            ),
            models.CheckConstraint(
                name="proposal_second_approver_is_another",
                condition=Q(countersigned_by__isnull=True)
                | (
                    Q(approved_by__isnull=False)
                    & ~Q(countersigned_by=F("created_by"))
                    & ~Q(countersigned_by=F("approved_by"))
                    & (Q(posted_by__isnull=True) | ~Q(countersigned_by=F("posted_by")))
                ),
                violation_error_message="The second approver is neither preparer, first approver nor poster.",
            ),
            models.CheckConstraint(
                name="proposal_found_after_event",
                condition=Q(found_on__gte=F("event_on")),
                violation_error_message="A loss cannot be found before it happened.",
            ),
            models.CheckConstraint(
                name="proposal_finding_whole",
                condition=Q(finding="", material__isnull=True, finding_why="")
                | (Q(finding__in=Finding.values, material__isnull=False) & ~Q(finding_why="")),
                violation_error_message="A loss found late is an estimate or an error, material or not, and says why.",
            ),
        )
        indexes = (models.Index(fields=("entity", "status"), name="proposal_status"),)

    def __str__(self) -> str:
        return self.number

    def get_absolute_url(self) -> str:
        return reverse("proposals:detail", args=[self.entity.slug, self.number])

    @property
    def source_ref(self) -> str:
        return f"proposal:{self.number}"

    @property
    def is_valued(self) -> bool:
        """Whether its lines say a carrying amount instead of a quantity."""
        return self.kind in VALUED

    @property
    def about(self) -> str:
        """ "obsolescence": the reason inside a sentence."""
        return self.get_reason_display().lower() if self.reason else "all reasons"


class ProposalLine(models.Model):
    """What happens to one lot. quantity is signed as the lot will see it: -12 leaves, +3 is found; 0 in a write-down
    and in its reversal. Of goods that are disposed of out of quarantine it is what leaves the register.

    cost, allowance, write_down: the movement's signed deltas, as recomputed when the content was last changed and, at
    posting, from the lot itself. loss: what profit bears; positive is a loss. new_carrying_amount: for
    those two.
    """

    proposal = models.ForeignKey(Proposal, on_delete=models.PROTECT, related_name="lines")
    line_number = models.PositiveIntegerField()
    lot = models.ForeignKey(Lot, on_delete=models.PROTECT, related_name="proposal_lines")
    quantity = QuantityField(default=Decimal(0))
    new_carrying_amount = MoneyField(null=True)
    cost = MoneyField(default=Decimal(0))
    allowance = MoneyField(default=Decimal(0))
    write_down = MoneyField(default=Decimal(0))
    loss = MoneyField(default=Decimal(0))
    count_line = models.ForeignKey(CountLine, on_delete=models.PROTECT, null=True, related_name="+")
    quarantine = models.ForeignKey(QuarantineEntry, on_delete=models.PROTECT, null=True, related_name="+")
    cost_centre = models.ForeignKey(CostCentre, on_delete=models.PROTECT, null=True, related_name="+")
    note = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ("proposal", "line_number")
        constraints = (
            models.UniqueConstraint(fields=("proposal", "line_number"), name="proposal_line_number_once"),
            models.UniqueConstraint(
                fields=("proposal", "lot"),
                condition=Q(quarantine__isnull=True),
                name="proposal_line_once_per_lot",
                violation_error_message="A lot stands once on a proposal.",
            ),
            models.UniqueConstraint(
                fields=("proposal", "quarantine"),
                condition=Q(quarantine__isnull=False),
                name="proposal_line_once_per_quarantine",
                violation_error_message="A quarantine entry stands once on a proposal.",
            ),
            *bounded("proposal_line", quantity=QuantityField, cost=MoneyField, loss=MoneyField),
        )

    def __str__(self) -> str:
        return f"{self.proposal_id}/{self.line_number}"


class ChargeKind(models.TextChoices):
    """What a write-off can bring along, or a document without lots consists of; each is a leg of the posting
    (writeoffs/posting/charges.py)."""

    DISPOSAL_COST = "DISPOSAL_COST", "Disposal cost"
    PROCEEDS = "PROCEEDS", "Scrap proceeds"
    INPUT_TAX = "INPUT_TAX", "Input tax to repay"
    INSURANCE = "INSURANCE", "Insurance claim"
    TAX = "TAX", "Income tax saved"
    TAX_DUE = "TAX_DUE", "Income tax due"
    DEFERRED_TAX = "DEFERRED_TAX", "Deferred tax asset"
    DEFERRED_TAX_UNWOUND = "DEFERRED_TAX_UNWOUND", "Deferred tax asset unwound"
    SHRINKAGE_ACCRUAL = "SHRINKAGE_ACCRUAL", "Shrinkage to accrue"
    SHRINKAGE_RELEASE = "SHRINKAGE_RELEASE", "Shrinkage accrual to release"
    ESTIMATED_LOSS = "ESTIMATED_LOSS", "Estimated loss"
    ESTIMATE_RELEASE = "ESTIMATE_RELEASE", "Estimated loss to release"
    PROVISION = "PROVISION", "Loss on a purchase commitment"
    PROVISION_REVERSED = "PROVISION_REVERSED", "Provision to reverse"
    PROVISION_USED = "PROVISION_USED", "Provision used by a delivery"
    INSURANCE_DENIED = "INSURANCE_DENIED", "Insurance claim to write back"
    INSURANCE_SETTLED = "INSURANCE_SETTLED", "Insurance received"


class Settlement(models.TextChoices):
    CASH = "CASH", "In cash"
    ACCOUNT = "ACCOUNT", "On account"


class Certainty(models.TextChoices):
    """How sure it is that the insurer pays."""

    VIRTUALLY_CERTAIN = "CERTAIN", "Virtually certain"
    PROBABLE = "PROBABLE", "Probable"
    POSSIBLE = "POSSIBLE", "Possible"


_SETTLED = Q(kind__in=(ChargeKind.DISPOSAL_COST, ChargeKind.PROCEEDS))
PROVISIONS = (ChargeKind.PROVISION, ChargeKind.PROVISION_REVERSED, ChargeKind.PROVISION_USED)


class ProposalCharge(models.Model):
    """Money that the goods' leaving costs or brings, posted on the proposal's posting date. amount: without a sign, the
    kind says which side. certainty: of an insurance claim only. location, category: of a document without lots; where
    there are lots, theirs hold. commitment, units: of a provision, what it is for and how many units it stands for from
    then on; of a delivery how many came in."""

    proposal = models.ForeignKey(Proposal, on_delete=models.PROTECT, related_name="charges")
    number = models.PositiveIntegerField()
    kind = models.CharField(max_length=20, choices=ChargeKind.choices)
    amount = MoneyField()
    settlement = models.CharField(max_length=8, choices=Settlement.choices, blank=True)
    certainty = models.CharField(max_length=10, choices=Certainty.choices, blank=True)
    cost_centre = models.ForeignKey(CostCentre, on_delete=models.PROTECT, null=True, related_name="+")
    location = models.ForeignKey(Location, on_delete=models.PROTECT, null=True, related_name="+")
    category = models.ForeignKey(Category, on_delete=models.PROTECT, null=True, related_name="+")
    note = models.CharField(max_length=200, blank=True)
    commitment = models.ForeignKey(PurchaseCommitment, on_delete=models.PROTECT, null=True, related_name="+")
    units = QuantityField(null=True)

    class Meta:
        ordering = ("proposal", "number")
        constraints = (
            models.UniqueConstraint(fields=("proposal", "number"), name="charge_number_once"),
            models.CheckConstraint(
                name="charge_of_a_commitment",
                condition=(Q(kind__in=PROVISIONS, commitment__isnull=False, units__isnull=False))
                | (~Q(kind__in=PROVISIONS) & Q(commitment__isnull=True, units__isnull=True)),
                violation_error_message="A provision says for which commitment and units it is, and nothing else does.",
            ),
            models.CheckConstraint(
                name="charge_amount_above_nil",
                condition=Q(amount__gt=Decimal(0)),
                violation_error_message="A charge is above nil; its kind says which side it is on.",
            ),
            models.CheckConstraint(
                name="charge_settled_where_it_can_be",
                condition=(_SETTLED & ~Q(settlement="")) | (~_SETTLED & Q(settlement="")),
                violation_error_message="Disposal cost and scrap proceeds say how they are settled, and nothing else.",
            ),
            models.CheckConstraint(
                name="charge_certainty_of_insurance",
                condition=(Q(kind=ChargeKind.INSURANCE) & ~Q(certainty=""))
                | (~Q(kind=ChargeKind.INSURANCE) & Q(certainty="")),
                violation_error_message="An insurance claim says how certain it is, and nothing else does.",
            ),
            *bounded("charge", amount=MoneyField),
        )

    def __str__(self) -> str:
        return f"{self.get_kind_display()} of {self.proposal_id}"


class Void(models.Model):
    """One void of a posted document: all lines that still stood, or some of them. Append-only, like what it undid.

    entries: numbers of the mirror entries, none where the lines had no value.
    """

    proposal = models.ForeignKey(Proposal, on_delete=models.PROTECT, related_name="voids")
    number = models.PositiveIntegerField(help_text="From 1 within the document.")
    posted_on = models.DateField()
    reason = models.TextField()
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(default=timezone.now)
    entries = models.JSONField(default=list)

    class Meta:
        ordering = ("proposal", "number")
        constraints = (
            models.UniqueConstraint(fields=("proposal", "number"), name="void_number_once"),
            models.CheckConstraint(
                name="void_decided_by_second_person",
                condition=~Q(asked_by=F("decided_by")),
                violation_error_message="A void is decided by somebody who did not ask for it.",
            ),
        )

    def __str__(self) -> str:
        return f"void {self.number} of {self.proposal}"


class VoidedLine(models.Model):
    """A line that a void undid; once only."""

    void = models.ForeignKey(Void, on_delete=models.PROTECT, related_name="lines")
    line = models.OneToOneField(ProposalLine, on_delete=models.PROTECT, related_name="voided")

    def __str__(self) -> str:
        return f"{self.line} by {self.void}"


class Verb(models.TextChoices):
    SUBMIT = "SUBMIT", "Submitted"
    WITHDRAW = "WITHDRAW", "Withdrawn"
    RETURN = "RETURN", "Returned"
    REJECT = "REJECT", "Rejected"
    DISCARD = "DISCARD", "Discarded"
    APPROVE = "APPROVE", "Approved"
    SECOND = "SECOND", "Approved a second time"
    POST = "POST", "Posted"
    VOID = "VOID", "Voided"


class Decision(models.Model):
    """One step of one person on one proposal, bound to the digest of the content that they saw. Append-only."""

    proposal = models.ForeignKey(Proposal, on_delete=models.PROTECT, related_name="decisions")
    verb = models.CharField(max_length=8, choices=Verb.choices)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)
    digest = models.CharField(max_length=64)
    comment = models.TextField(blank=True)

    class Meta:
        ordering = ("id",)

    def __str__(self) -> str:
        return f"{self.get_verb_display()} by {self.by}"


class Evidence(models.Model):
    """A paper behind a proposal: the file under its digest, and what it is. Frozen once the proposal is approved."""

    class Kind(models.TextChoices):
        CERTIFICATE = "CERTIFICATE", "Certificate of destruction"
        SCRAP_TICKET = "SCRAP_TICKET", "Scrap ticket"
        POLICE_REPORT = "POLICE_REPORT", "Police report"
        PHOTOGRAPH = "PHOTOGRAPH", "Photograph"
        PRICE_SOURCE = "PRICE_SOURCE", "Price source"
        COUNT_SHEET = "COUNT_SHEET", "Count sheet"
        OTHER = "OTHER", "Other"

    proposal = models.ForeignKey(Proposal, on_delete=models.PROTECT, related_name="evidence")
    kind = models.CharField(max_length=15, choices=Kind.choices, default=Kind.OTHER)
    file = models.ForeignKey(StoredFile, on_delete=models.PROTECT, related_name="+")
    file_name = models.CharField(max_length=255)
    added_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    added_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("id",)
        verbose_name_plural = "evidence"
        constraints = (
            models.UniqueConstraint(
                fields=("proposal", "file"),
                name="evidence_file_once",
                violation_error_message="This file is attached to the proposal already.",
            ),
        )

    def __str__(self) -> str:
        return self.file_name


# Every model of the room is found here; these are written beside their rules.
from writeoffs.proposals.claim_models import Claim as Claim  # noqa: E402
from writeoffs.proposals.claim_models import ClaimStep as ClaimStep  # noqa: E402
from writeoffs.proposals.estimate_models import EstimateFigure as EstimateFigure  # noqa: E402
from writeoffs.proposals.estimate_models import LossEstimate as LossEstimate  # noqa: E402
from writeoffs.proposals.event_models import SubsequentEvent as SubsequentEvent  # noqa: E402
from writeoffs.proposals.limit_models import ApprovalBand as ApprovalBand  # noqa: E402
from writeoffs.proposals.limit_models import ApprovalLimits as ApprovalLimits  # noqa: E402
from writeoffs.proposals.limit_models import ApprovalTitle as ApprovalTitle  # noqa: E402
from writeoffs.proposals.limit_models import TitleHolder as TitleHolder  # noqa: E402
