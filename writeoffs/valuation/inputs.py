"""What an assessment knows: prices, contracts, commitments, uses of materials, demand, condition, sales, rates.

Invariants: an input is never changed; a later version for the same subject and day replaces it, with its reason, and a
withdrawn one counts as none. Each says who gave it, where it is from and since when it was known.
"""

from __future__ import annotations

from decimal import Decimal

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Coalesce
from django.utils import timezone

from core.models import Category, Entity, Location, StoredFile, Upload
from core.money import ExchangeRateField, MoneyField, QuantityField, UnitCostField, bounded
from core.validators import known_currency
from inventory.models import Item, Lot


class Input(models.Model):
    """Where a figure is from. version: 1, 2, .. for the same subject and day; the highest counts. withdrawn: it says
    that there is none. entered_at: since when it was known."""

    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, related_name="+", db_index=False)
    version = models.PositiveIntegerField(default=1)
    withdrawn = models.BooleanField(default=False)
    reason = models.CharField(max_length=200, blank=True, help_text="Why it replaces the version before.")
    source = models.CharField(max_length=200, help_text="Where the figure is from: price list 2026-03, offer 4711.")
    evidence = models.ForeignKey(StoredFile, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    upload = models.ForeignKey(Upload, on_delete=models.PROTECT, null=True, related_name="+")
    entered_at = models.DateTimeField(default=timezone.now)
    entered_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    class Meta:
        abstract = True


def _replaced(model: str) -> models.CheckConstraint:
    return models.CheckConstraint(
        name=f"{model}_replaced_with_a_reason",
        condition=Q(version=1, withdrawn=False) | (Q(version__gt=1) & ~Q(reason="")),
        violation_error_message="What replaces another figure needs a reason.",
    )


class Price(Input):
    """What one unit of an item, or of one lot of it, fetches or costs from a day on. Per unit, in `currency`.

    NRV is `nrv` where it is given, else selling_price - cost_to_complete - cost_to_sell (IAS 2.6); it may be negative.
    replacement_cost, normal_profit: for raw materials (IAS 2.32) and lower of cost and market (ASC 330-10-35-1C).
    excess_recoverable: what a unit beyond demand still fetches. offered_on: when the goods were really offered at this
    price (Treas. Reg. 1.471-2(c)). recovers_in_year: a decline that is expected to recover within the fiscal year
    (ASC 270-10-45-6(c)).
    """

    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="prices", db_index=False)
    lot = models.ForeignKey(Lot, on_delete=models.PROTECT, null=True, blank=True, related_name="prices")
    as_of = models.DateField("valid from")
    currency = models.CharField(max_length=3, validators=[known_currency])
    selling_price = UnitCostField(null=True, blank=True)
    cost_to_complete = UnitCostField(null=True, blank=True)
    cost_to_sell = UnitCostField(null=True, blank=True)
    nrv = UnitCostField("net realisable value", null=True, blank=True)
    replacement_cost = UnitCostField(null=True, blank=True)
    normal_profit = UnitCostField(null=True, blank=True)
    excess_recoverable = UnitCostField("recoverable per excess unit", null=True, blank=True)
    offered_on = models.DateField(null=True, blank=True)
    recovers_in_year = models.BooleanField("expected to recover within the year", default=False)

    class Meta:
        ordering = ("item", "-as_of", "-version")
        constraints = (
            models.UniqueConstraint(
                fields=("item", "as_of", "version"),
                condition=Q(lot__isnull=True),
                name="price_version_once",
                violation_error_message="Somebody has given another price for this day. Reload the page.",
            ),
            models.UniqueConstraint(
                fields=("lot", "as_of", "version"),
                condition=Q(lot__isnull=False),
                name="price_of_lot_version_once",
                violation_error_message="Somebody has given another price of this lot for this day. Reload the page.",
            ),
            models.CheckConstraint(
                name="price_says_something",
                condition=Q(withdrawn=True)
                | Q(nrv__isnull=False)
                | Q(selling_price__isnull=False)
                | Q(replacement_cost__isnull=False)
                | Q(excess_recoverable__isnull=False),
                violation_error_message="A price gives a selling price, an NRV, a replacement cost or what excess "
                "units fetch.",
            ),
            models.CheckConstraint(
                name="price_given_or_worked_out",
                condition=Q(nrv__isnull=True)
                | Q(selling_price__isnull=True, cost_to_complete__isnull=True, cost_to_sell__isnull=True),
                violation_error_message="Give the NRV, or the selling price with its costs, not both.",
            ),
            _replaced("price"),
            *bounded(
                "price",
                selling_price=UnitCostField,
                cost_to_complete=UnitCostField,
                cost_to_sell=UnitCostField,
                nrv=UnitCostField,
                replacement_cost=UnitCostField,
            ),
        )
        indexes = (
            models.Index(fields=("entity", "as_of"), name="price_as_of"),
            # Those that replace another, few as they are: so that it is quick to see that none does (known.py).
            models.Index(fields=("item", "as_of", "version"), name="price_replaces", condition=Q(version__gt=1)),
        )

    def __str__(self) -> str:
        lot = f", lot {self.lot}" if self.lot_id else ""
        return f"{self.item}{lot} from {self.as_of.isoformat()}"

    @property
    def net(self) -> Decimal | None:
        """Net realisable value per unit, in the price's currency; None where nothing is said of it."""
        if self.nrv is not None or self.selling_price is None:
            given: Decimal | None = self.nrv
            return given
        costs: Decimal = (self.cost_to_complete or Decimal(0)) + (self.cost_to_sell or Decimal(0))
        net: Decimal = self.selling_price - costs
        return net


class Contract(Input):
    """A firm sale: so many units at this price until a day (IAS 2.31). The costs are the contract's own, per unit;
    where they are empty those of the item's price hold."""

    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="contracts")
    reference = models.CharField(max_length=60)
    customer = models.CharField(max_length=120, blank=True)
    quantity = QuantityField()
    price = UnitCostField()
    currency = models.CharField(max_length=3, validators=[known_currency])
    cost_to_complete = UnitCostField(null=True, blank=True)
    cost_to_sell = UnitCostField(null=True, blank=True)
    starts_on = models.DateField()
    ends_on = models.DateField("until")

    class Meta:
        ordering = ("ends_on", "reference")
        constraints = (
            models.UniqueConstraint(fields=("entity", "reference", "item", "version"), name="contract_version_once"),
            models.CheckConstraint(
                name="contract_quantity_above_nil",
                condition=Q(quantity__gt=0),
                violation_error_message="A contract is for more than nil.",
            ),
            models.CheckConstraint(
                name="contract_days_in_order",
                condition=Q(starts_on__lte=F("ends_on")),
                violation_error_message="A contract ends on or after the day it starts.",
            ),
            _replaced("contract"),
            *bounded("contract", quantity=QuantityField, price=UnitCostField),
        )

    def __str__(self) -> str:
        return f"{self.reference}: {self.item}"


class PurchaseCommitment(Input):
    """A firm purchase that has not come in yet; a loss on it is told beside the stock (ASC 330-10-35-17; IAS 37.66)."""

    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="commitments")
    reference = models.CharField(max_length=60)
    supplier = models.CharField(max_length=120, blank=True)
    quantity = QuantityField()
    price = UnitCostField()
    currency = models.CharField(max_length=3, validators=[known_currency])
    starts_on = models.DateField()
    ends_on = models.DateField("until")

    class Meta:
        ordering = ("ends_on", "reference")
        constraints = (
            models.UniqueConstraint(fields=("entity", "reference", "item", "version"), name="commitment_version_once"),
            models.CheckConstraint(
                name="commitment_quantity_above_nil",
                condition=Q(quantity__gt=0),
                violation_error_message="A commitment is for more than nil.",
            ),
            models.CheckConstraint(
                name="commitment_days_in_order",
                condition=Q(starts_on__lte=F("ends_on")),
                violation_error_message="A commitment ends on or after the day it starts.",
            ),
            _replaced("commitment"),
            *bounded("commitment", quantity=QuantityField, price=UnitCostField),
        )

    def __str__(self) -> str:
        return f"{self.reference}: {self.item}"


class MaterialUse(Input):
    """A raw material and a product that it goes into, from a day on (IAS 2.32)."""

    material = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="uses")
    product = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="materials")
    as_of = models.DateField("valid from")

    class Meta:
        ordering = ("material", "product", "-as_of", "-version")
        constraints = (
            models.UniqueConstraint(fields=("material", "product", "as_of", "version"), name="use_version_once"),
            models.CheckConstraint(
                name="use_of_another_item",
                condition=~Q(material=F("product")),
                violation_error_message="A material does not go into itself.",
            ),
            _replaced("use"),
        )

    def __str__(self) -> str:
        return f"{self.material} in {self.product}"


class Demand(Input):
    """Units of an item that were sold or used in a month; `month` is its first day."""

    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="demand", db_index=False)
    month = models.DateField()
    quantity = QuantityField()

    class Meta:
        ordering = ("item", "-month", "-version")
        constraints = (
            models.UniqueConstraint(fields=("item", "month", "version"), name="demand_version_once"),
            models.CheckConstraint(
                name="demand_of_a_month",
                condition=Q(month__day=1),
                violation_error_message="Demand is given for a month: its first day.",
            ),
            _replaced("demand"),
            *bounded("demand", quantity=QuantityField),
        )
        indexes = (
            models.Index(fields=("entity", "month"), name="demand_month"),
            models.Index(fields=("item", "month", "version"), name="demand_replaces", condition=Q(version__gt=1)),
        )

    def __str__(self) -> str:
        return f"{self.item}, {self.month:%Y-%m}"


class ConditionMark(Input):
    """What was seen on the goods of a lot. It gives the reason of a loss; how much is lost, a price of the lot says.
    Goods pledged as security for a liability lose nothing by it: the notes tell of them (IAS 2.36(h)). lifted: from
    this day on the lot is sound again, or no longer pledged."""

    class Kind(models.TextChoices):
        DAMAGED = "DAMAGED", "Damaged"
        OBSOLETE = "OBSOLETE", "Obsolete"
        PLEDGED = "PLEDGED", "Pledged as security"

    lot = models.ForeignKey(Lot, on_delete=models.PROTECT, related_name="conditions")
    kind = models.CharField(max_length=8, choices=Kind.choices)
    as_of = models.DateField("seen on")
    lifted = models.BooleanField(default=False)
    note = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ("lot", "-as_of", "-version")
        constraints = (
            models.UniqueConstraint(fields=("lot", "as_of", "kind", "version"), name="condition_version_once"),
            _replaced("condition"),
        )

    def __str__(self) -> str:
        return f"{self.lot.item}, lot {self.lot}: {self.get_kind_display().lower()}, {self.as_of.isoformat()}"


class SalesFigure(Input):
    """Revenue of a place and class over some days, for the shrinkage accrual. Empty: all places, all classes."""

    location = models.ForeignKey(Location, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    category = models.ForeignKey(Category, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    starts_on = models.DateField()
    ends_on = models.DateField()
    revenue = MoneyField()

    class Meta:
        ordering = ("-ends_on", "-version")
        constraints = (
            models.UniqueConstraint(
                *("entity", Coalesce("location", 0), Coalesce("category", 0), "starts_on", "ends_on", "version"),
                name="sales_figure_version_once",
            ),
            models.CheckConstraint(
                name="sales_figure_days_in_order",
                condition=Q(starts_on__lte=F("ends_on")),
                violation_error_message="Sales end on or after the day they start.",
            ),
            _replaced("sales_figure"),
            *bounded("sales_figure", revenue=MoneyField),
        )

    def __str__(self) -> str:
        return f"{self.starts_on.isoformat()} to {self.ends_on.isoformat()}"


class PriceRate(Input):
    """What one unit of `currency` is worth in the entity's own, as of a day, for prices in another currency (IAS
    21.25)."""

    currency = models.CharField(max_length=3, validators=[known_currency])
    as_of = models.DateField()
    rate = ExchangeRateField()

    class Meta:
        ordering = ("currency", "-as_of", "-version")
        constraints = (
            models.UniqueConstraint(fields=("entity", "currency", "as_of", "version"), name="price_rate_version_once"),
            models.CheckConstraint(
                name="price_rate_is_positive",
                condition=Q(rate__gt=0),
                violation_error_message="A rate is more than nil.",
            ),
            _replaced("price_rate"),
        )

    def __str__(self) -> str:
        return f"{self.currency}, {self.as_of.isoformat()}"
