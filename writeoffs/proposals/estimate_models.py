"""Losses estimated since their records are gone: every figure with its source, and what was worked out of them.

Invariants: an estimate and its figures are kept as they were; one that says something else replaces it and says why;
what an estimate books stands apart from stock until a count of the place takes its part of it (posting/shrinkage.py).
Sources: ASC 270-10-45-6(a) (gross profit); IAS 2.22, ASC 330-10-30-13 (retail).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal

from django.conf import settings
from django.db import connection, models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone

from core.models import Category, Entity, Location, StoredFile
from core.money import MONEY_SCALE, RATE_SCALE, MoneyField, RateField, bounded, to_raw
from core.words import Reason
from writeoffs.posting.shrinkage import ESTIMATED, Scope, accrued
from writeoffs.proposals.models import Kind, Proposal, ProposalCharge, Status
from writeoffs.valuation.rules import estimating
from writeoffs.valuation.rules.estimating import Figure, Worked

# What destroys records with the goods; an ordinary loss is counted.
ABNORMAL = (Reason.FIRE, Reason.FLOOD, Reason.THEFT, Reason.ABNORMAL_DAMAGE)
PREFIX = "estimate"


class LossEstimate(models.Model):
    """location, category: where the goods were, empty for all. estimated: the stock that was there, at cost; at_retail:
    at selling prices; saved: what of it is left; loss: the rest. book: what our books carried there at the end of the
    day of the loss."""

    class Method(models.TextChoices):
        GROSS_PROFIT = estimating.GROSS_PROFIT, "Gross profit method"
        RETAIL = estimating.RETAIL, "Retail method"

    class Variant(models.TextChoices):
        CONVENTIONAL = estimating.CONVENTIONAL, "Conventional: lower of cost and market"
        AVERAGE = estimating.AVERAGE, "Average cost"
        FIFO = estimating.FIFO, "FIFO cost"

    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, related_name="loss_estimates")
    number = models.CharField(max_length=20)
    method = models.CharField(max_length=12, choices=Method.choices)
    variant = models.CharField(max_length=12, choices=Variant.choices, blank=True)
    reason = models.CharField(max_length=20, choices=Reason.choices)
    event_on = models.DateField("day of the loss")
    location = models.ForeignKey(Location, on_delete=models.PROTECT, null=True, related_name="+")
    category = models.ForeignKey(Category, on_delete=models.PROTECT, null=True, related_name="+")
    what = models.CharField("what happened, and why the records are gone", max_length=1000)
    estimated = MoneyField()
    at_retail = MoneyField(null=True)
    saved = MoneyField()
    loss = MoneyField()
    book = MoneyField()
    file = models.ForeignKey(StoredFile, on_delete=models.PROTECT, null=True, related_name="+")
    file_name = models.CharField(max_length=255, blank=True)
    replaces = models.OneToOneField("self", on_delete=models.PROTECT, null=True, related_name="replaced_by")
    replaces_why = models.CharField(max_length=300, blank=True)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("-id",)
        constraints = (
            models.UniqueConstraint(fields=("entity", "number"), name="estimate_number_once"),
            models.CheckConstraint(
                name="estimate_loss_is_what_is_not_saved",
                condition=Q(estimated__gte=F("saved"), saved__gte=Decimal(0), loss__gte=Decimal(0)),
                violation_error_message="No more is saved than was there.",
            ),
            models.CheckConstraint(
                name="estimate_variant_of_retail",
                condition=(Q(method="RETAIL") & ~Q(variant="")) | Q(method="GROSS_PROFIT", variant=""),
                violation_error_message="The retail method says which variant, the gross profit method has none.",
            ),
            models.CheckConstraint(
                name="estimate_replaces_with_a_reason",
                condition=Q(replaces__isnull=True, replaces_why="") | (Q(replaces__isnull=False) & ~Q(replaces_why="")),
                violation_error_message="An estimate that replaces another says why.",
            ),
            *bounded("estimate", estimated=MoneyField, at_retail=MoneyField, saved=MoneyField, loss=MoneyField),
        )

    def __str__(self) -> str:
        return self.number

    def get_absolute_url(self) -> str:
        return reverse("proposals:estimate", args=[self.entity.slug, self.number])

    @property
    def source_ref(self) -> str:
        return f"{PREFIX}:{self.number}"

    def worked(self) -> Worked:
        """Every step, from the figures that are kept."""
        return estimating.worked(
            method=self.method, variant=self.variant, figures=figures_of(self), exponent=self.entity.exponent
        )


class EstimateFigure(models.Model):
    """One figure and where it is from. cost, retail: at cost, at selling prices; rate: a margin or a markup."""

    estimate = models.ForeignKey(LossEstimate, on_delete=models.PROTECT, related_name="figures")
    code = models.CharField(max_length=24)
    cost = MoneyField(null=True)
    retail = MoneyField(null=True)
    rate = RateField(null=True)
    source = models.CharField(max_length=200)

    class Meta:
        ordering = ("id",)
        constraints = (
            models.UniqueConstraint(fields=("estimate", "code"), name="estimate_figure_once"),
            models.CheckConstraint(
                name="estimate_figure_has_a_source",
                condition=~Q(source=""),
                violation_error_message="Every figure of an estimate says where it is from.",
            ),
            *bounded("estimate_figure", cost=MoneyField, retail=MoneyField),
        )

    def __str__(self) -> str:
        return f"{self.code} of {self.estimate_id}"


def figures_of(estimate: LossEstimate) -> Mapping[str, Figure]:
    return {
        one.code: Figure(
            to_raw(one.cost or Decimal(0), MONEY_SCALE),
            to_raw(one.retail or Decimal(0), MONEY_SCALE),
            None if one.rate is None else to_raw(one.rate, RATE_SCALE),
        )
        for one in estimate.figures.all()
    }


def estimate_of(proposal: Proposal) -> LossEstimate | None:
    """The estimate that a document was made from."""
    prefix, _, number = proposal.made_from.partition(":")
    if prefix != PREFIX:
        return None
    return LossEstimate.objects.filter(entity=proposal.entity, number=number).first()


def document_of(estimate: LossEstimate) -> Proposal | None:
    """The document that books it, but for one that was rejected or voided."""
    made = Proposal.objects.filter(entity=estimate.entity, kind=Kind.ESTIMATE, made_from=estimate.source_ref)
    booking = made.filter(charges__kind="ESTIMATED_LOSS").exclude(status__in=(Status.REJECTED, Status.VOIDED))
    return booking.order_by("-pk").first()


def estimates_before(*, entity: Entity, day: dt.date) -> dict[Scope, int]:
    """What stands of losses estimated for days up to `day`, by location and category, raw; none of a place where one
    of a later day stands as well."""
    posted = ProposalCharge.objects.filter(
        proposal__entity=entity, proposal__status=Status.POSTED, kind="ESTIMATED_LOSS"
    )
    later = set(posted.filter(proposal__event_on__gt=day).values_list("location_id", "category_id"))
    return {s: amount for s, amount in accrued(entity=entity, role=ESTIMATED).items() if s not in later}


def book_carrying(*, entity: Entity, day: dt.date, location: Location | None, category: Category | None) -> int:
    """What our books carried at the place and of the class at the end of the day, raw; one query."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select coalesce(sum(m.cost), 0) - coalesce(sum(m.allowance), 0) from inventory_movement m "
            "join inventory_lot l on l.id = m.lot_id join inventory_item i on i.id = l.item_id "
            "where m.entity_id = %s and m.posted_on <= %s"
            + (" and l.location_id = %s" if location else "")
            + (" and i.category_id = %s" if category else ""),
            [entity.pk, day.isoformat(), *([location.pk] if location else []), *([category.pk] if category else [])],
        )
        [(carrying,)] = cursor.fetchall()
    return int(carrying)
