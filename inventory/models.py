"""What is on the shelf and how we know it: items, lots, movements, counts.

Invariants: movements are only ever added; a lot's quantity, cost, allowance and write_down are caches of its movements
(`manage.py verify` proves it); a count line keeps the book quantity of the moment it was frozen at.
"""

from __future__ import annotations

from decimal import Decimal

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone

from core.models import Category, Entity, Location, Upload
from core.money import MoneyField, QuantityField, RateField, UnitCostField, bounded


class Item(models.Model):
    """What is sold or used, known by its SKU."""

    # The unique constraints below begin with these keys, so that an index of their own would only cost time.
    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, related_name="items", db_index=False)
    sku = models.CharField("SKU", max_length=60)
    description = models.CharField(max_length=200, blank=True)
    category = models.ForeignKey(Category, on_delete=models.PROTECT, related_name="items")
    unit_of_measure = models.CharField(max_length=20, default="unit")

    class Meta:
        ordering = ("sku",)
        constraints = (
            models.UniqueConstraint(
                fields=("entity", "sku"),
                name="item_sku_once",
                violation_error_message="This entity has an item with that SKU already.",
            ),
        )

    def __str__(self) -> str:
        return self.sku

    @property
    def has_movements(self) -> bool:
        return Movement.objects.filter(lot__item=self).exists()

    def clean(self) -> None:
        """The class of an item with movements stays: the roll-forward by class would no longer tie to them."""
        was = Item.objects.filter(pk=self.pk).select_related("category").first() if self.pk else None
        if was is not None and was.category_id != self.category_id and was.has_movements:
            raise ValidationError(
                {
                    "category": f"{self.sku} has movements in {was.category}, so its category stays. A "
                    "reclassification comes as a transfer between classes, in a later version; until then use another "
                    "SKU."
                }
            )


class Lot(models.Model):
    """Units of one item, received together, at one location. Cost is authoritative: quantity x unit cost only at
    intake.

    `unit_cost` is the one the ERP last listed (the original cost, from which a write-down is measured); under the
    direct method `cost` falls below quantity x unit_cost by `write_down`. `write_down` is the write-down still attached
    to the units on hand, under both methods. Carrying amount = cost - allowance.
    """

    # Each of these keys leads an index or a unique constraint below: three indexes of their own would only cost time.
    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, related_name="lots", db_index=False)
    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="lots", db_index=False)
    location = models.ForeignKey(Location, on_delete=models.PROTECT, related_name="lots", db_index=False)
    code = models.CharField("lot", max_length=60, blank=True)
    quantity = QuantityField(default=Decimal(0))
    unit_cost = UnitCostField(default=Decimal(0))
    cost = MoneyField(default=Decimal(0))
    allowance = MoneyField(default=Decimal(0))
    write_down = MoneyField(default=Decimal(0))
    received_on = models.DateField(null=True, blank=True)
    expires_on = models.DateField(null=True, blank=True)
    end_of_sale_on = models.DateField("end of sale", null=True, blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("item", "code", "location"),
                name="lot_once_per_location",
                violation_error_message="This item has a lot of that code at this location already.",
            ),
            models.CheckConstraint(
                name="lot_allowance_not_negative",
                condition=Q(allowance__gte=Decimal(0)),
                violation_error_message="A lot's allowance cannot be negative.",
            ),
            models.CheckConstraint(
                name="lot_allowance_within_cost",
                condition=Q(allowance=Decimal(0)) | Q(allowance__lte=F("cost")),
                violation_error_message="A lot's allowance cannot exceed its cost.",
            ),
            *bounded("lot", quantity=QuantityField, unit_cost=UnitCostField, cost=MoneyField, allowance=MoneyField),
        )
        indexes = (
            models.Index(fields=("location", "entity"), name="lot_location"),
            models.Index(fields=("entity", "expires_on"), name="lot_expiry", condition=Q(expires_on__isnull=False)),
            models.Index(
                fields=("entity", "end_of_sale_on"), name="lot_end_of_sale", condition=Q(end_of_sale_on__isnull=False)
            ),
        )

    def __str__(self) -> str:
        return self.code

    def get_absolute_url(self) -> str:
        return reverse("stock:lot", args=[self.entity.slug, self.pk])

    @property
    def carrying_amount(self) -> Decimal:
        carrying: Decimal = self.cost - self.allowance
        return carrying


class MovementKind(models.TextChoices):
    OPENING = "OPENING", "Opening stock"
    RECEIPT = "RECEIPT", "Receipt"
    ISSUE = "ISSUE", "Issue, not yet explained"
    SALE = "SALE", "Sale"
    RETURN = "RETURN", "Return"
    TRANSFER = "TRANSFER", "Transfer"
    REVALUATION = "REVALUATION", "Revaluation"
    COUNT = "COUNT", "Count difference"
    WRITE_DOWN = "WRITE_DOWN", "Write-down"
    WRITE_OFF = "WRITE_OFF", "Write-off"
    DISPOSAL = "DISPOSAL", "Disposal"
    REVERSAL = "REVERSAL", "Reversal of a write-down"
    RECOVERY = "RECOVERY", "Recovery"
    RELEASE = "RELEASE", "Release of allowance"
    EXCHANGE = "EXCHANGE", "Exchange"
    PRODUCTION = "PRODUCTION", "Production"
    SCRAP = "SCRAP", "Scrapped in the ERP"
    VOID = "VOID", "Void"


class Movement(models.Model):
    """One change of one lot. Append-only; deltas are signed; `sequence` is gapless per entity and gives the order.

    `digest` is the SHA-256 (hex) over the row's own values, made by the database (see inventory/movements.py).
    """

    # The lot's own company, which a guard asks once a statement (guards.py); a foreign key would ask it of each row.
    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False)
    sequence = models.BigIntegerField()
    lot = models.ForeignKey(Lot, on_delete=models.PROTECT, related_name="movements")
    posted_on = models.DateField()
    kind = models.CharField(max_length=12, choices=MovementKind.choices)
    quantity = QuantityField(default=Decimal(0))
    cost = MoneyField(default=Decimal(0))
    allowance = MoneyField(default=Decimal(0))
    write_down = MoneyField(default=Decimal(0))
    source_ref = models.CharField(max_length=120)
    digest = models.CharField(max_length=64)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("entity", "sequence"), name="movement_sequence_once"),
            *bounded("movement", quantity=QuantityField, cost=MoneyField, allowance=MoneyField, write_down=MoneyField),
        )
        indexes = (
            models.Index(fields=("entity", "posted_on"), name="movement_posted_on"),
            models.Index(fields=("source_ref",), name="movement_source"),
        )

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.sequence}"


class WriteDownMovement(models.Model):
    """What a movement does to the write-down still attached to its lot, by fiscal year of the charge. Append-only."""

    movement = models.ForeignKey(
        Movement, on_delete=models.PROTECT, related_name="write_down_movements", db_index=False
    )
    lot = models.ForeignKey(Lot, on_delete=models.PROTECT, related_name="write_down_movements")
    fiscal_year = models.PositiveSmallIntegerField()
    amount = MoneyField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("movement", "fiscal_year"), name="write_down_once_per_movement_and_year"),
        )

    def __str__(self) -> str:
        return f"{self.fiscal_year}: {self.amount}"


class UnexplainedFall(models.Model):
    """Units that a newer stock list no longer shows and nobody has explained: a line of the worklist."""

    class Explanation(models.TextChoices):
        NONE = "", "Not explained yet"
        SALE = "SALE", "Sale"
        PRODUCTION = "PRODUCTION", "Used in production"
        TRANSFER = "TRANSFER", "Transfer"
        RETURN = "RETURN", "Return to supplier"
        SCRAP = "SCRAP", "Scrap"
        LOSS = "LOSS", "Loss"

    movement = models.OneToOneField(Movement, on_delete=models.PROTECT, related_name="unexplained_fall")
    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, related_name="unexplained_falls")
    upload = models.ForeignKey(Upload, on_delete=models.PROTECT, related_name="+")
    explanation = models.CharField(max_length=12, choices=Explanation.choices, blank=True, default="")
    note = models.CharField(max_length=200, blank=True)
    explained_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    explained_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"Fall {self.pk}"


class QuarantineEntry(models.Model):
    """Goods written off that still stand in the warehouse, at nil value, until disposed of or recovered.

    cost and allowance are what the units carried when they left the books (the ceiling of a recovery).
    """

    class Status(models.TextChoices):
        STANDING = "STANDING", "Awaiting disposal"
        RECOVERED = "RECOVERED", "Recovered"
        DISPOSED = "DISPOSED", "Disposed of"
        VOIDED = "VOIDED", "Write-off voided"

    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, related_name="quarantine")
    lot = models.ForeignKey(Lot, on_delete=models.PROTECT, related_name="quarantine")
    source_ref = models.CharField(max_length=120, help_text="The write-off that put it here.")
    reason = models.CharField(max_length=20)
    since = models.DateField()
    quantity = QuantityField()
    cost = MoneyField()
    allowance = MoneyField(default=Decimal(0))
    quantity_left = QuantityField()
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.STANDING)

    class Meta:
        ordering = ("since", "id")
        verbose_name_plural = "quarantine entries"
        constraints = (
            models.UniqueConstraint(fields=("lot", "source_ref"), name="quarantine_once_per_write_off"),
            models.CheckConstraint(
                name="quarantine_left_within_quantity",
                condition=Q(quantity_left__gte=Decimal(0), quantity_left__lte=F("quantity")),
                violation_error_message="More units cannot leave quarantine than entered it.",
            ),
        )

    def __str__(self) -> str:
        return f"{self.lot}: {self.quantity_left}"


class CountSheet(models.Model):
    """One count of some lots, against the book quantities frozen when it was taken in."""

    class Status(models.TextChoices):
        OPEN = "OPEN", "Differences open"
        PROPOSED = "PROPOSED", "Differences proposed"
        CLOSED = "CLOSED", "Settled"

    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, related_name="count_sheets")
    number = models.CharField(max_length=20)
    upload = models.ForeignKey(Upload, on_delete=models.PROTECT, related_name="+")
    counted_on = models.DateField()
    frozen_at = models.DateTimeField(default=timezone.now)
    status = models.CharField(max_length=8, choices=Status.choices, default=Status.OPEN)
    line_count = models.PositiveIntegerField(default=0)
    difference_count = models.PositiveIntegerField(default=0)
    tolerance = RateField("recount above, % of units", null=True, blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ("-id",)
        constraints = (models.UniqueConstraint(fields=("entity", "number"), name="count_sheet_number_once"),)

    def __str__(self) -> str:
        return self.number

    def get_absolute_url(self) -> str:
        return reverse("counts:detail", args=[self.entity.slug, self.number])


class CountLine(models.Model):
    """One counted row: every one is kept, different or not. value = difference at the lot's carrying cost.

    counted_quantity: what is accepted. first_count, second_count: of a lot that was counted twice; beyond the sheet's
    tolerance the second count is the accepted one, within it the first.
    """

    sheet = models.ForeignKey(CountSheet, on_delete=models.PROTECT, related_name="lines", db_index=False)
    lot = models.ForeignKey(Lot, on_delete=models.PROTECT, related_name="count_lines")
    row = models.PositiveIntegerField(help_text="The row of the uploaded sheet.")
    book_quantity = QuantityField()
    counted_quantity = QuantityField()
    difference = QuantityField()
    value = MoneyField(help_text="The difference at cost: negative when short.")
    counted_on = models.DateField(null=True)
    note = models.CharField(max_length=200, blank=True)
    first_count = QuantityField(null=True)
    second_count = QuantityField(null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("sheet", "lot"),
                name="count_line_once_per_lot",
                violation_error_message="A lot is counted once on a sheet.",
            ),
            models.CheckConstraint(
                name="count_line_difference_adds_up",
                condition=Q(counted_quantity=F("book_quantity") + F("difference")),
            ),
            *bounded("count_line", counted_quantity=QuantityField, value=MoneyField),
        )
        indexes = (
            models.Index(fields=("sheet", "value"), name="count_line_difference", condition=~Q(difference=Decimal(0))),
        )

    def __str__(self) -> str:
        return f"{self.lot}: {self.difference}"

    @property
    def percent(self) -> Decimal | None:
        """The difference in percent of the book quantity; None where the books had nothing."""
        book: Decimal = self.book_quantity
        return None if not book else self.difference * 100 / abs(book)


class StagedCheck(models.Model):
    """What the books stood at when a sheet was checked; the commit is refused where they have moved on since.

    last_movement: the entity's last movement sequence. content: what the preview promised, as a digest of the plan.
    """

    upload_id = models.BigIntegerField(primary_key=True)
    last_movement = models.BigIntegerField(default=0)
    opening = models.BooleanField(default=False)
    content = models.CharField(max_length=64, blank=True)

    def __str__(self) -> str:
        return f"Check of upload {self.upload_id}"


class StagedLot(models.Model):
    """A checked row of a stock list, waiting for its commit. Raw integers; no keys to other tables, since it comes and
    goes.

    lot, item, location, category are references: the id of a record that is there, or -1, -2, .. for the first, second,
    .. new one of this sheet. sku, description and unit_of_measure stand on the first row of a new item only,
    new_location and new_category on the first row that names them.
    """

    upload_id = models.BigIntegerField()
    row = models.PositiveIntegerField()
    lot = models.BigIntegerField()
    item = models.BigIntegerField()
    location = models.BigIntegerField()
    category = models.BigIntegerField()
    code = models.CharField(max_length=60, blank=True)
    quantity = models.BigIntegerField()
    unit_cost = models.BigIntegerField()
    cost = models.BigIntegerField()
    allowance = models.BigIntegerField(default=0)
    write_down = models.BigIntegerField(default=0)
    received_on = models.DateField(null=True)
    expires_on = models.DateField(null=True)
    end_of_sale_on = models.DateField(null=True)
    write_down_years = models.CharField(max_length=200, blank=True)
    sku = models.CharField(max_length=60, blank=True)
    description = models.CharField(max_length=200, blank=True)
    unit_of_measure = models.CharField(max_length=20, blank=True)
    new_location = models.CharField(max_length=60, blank=True)
    new_category = models.CharField(max_length=100, blank=True)

    class Meta:
        indexes = (models.Index(fields=("upload_id",), name="staged_lot_upload"),)

    def __str__(self) -> str:
        return f"{self.upload_id}/{self.row}"


class StagedCount(models.Model):
    """A checked row of a count sheet with the book figures it was compared with, waiting for its commit. Raw
    integers."""

    upload_id = models.BigIntegerField()
    row = models.PositiveIntegerField()
    lot_id = models.BigIntegerField()
    book_quantity = models.BigIntegerField()
    counted_quantity = models.BigIntegerField()
    difference = models.BigIntegerField()
    value = models.BigIntegerField()
    counted_on = models.DateField(null=True)
    note = models.CharField(max_length=200, blank=True)
    first_count = models.BigIntegerField(null=True)
    second_count = models.BigIntegerField(null=True)

    class Meta:
        indexes = (models.Index(fields=("upload_id",), name="staged_count_upload"),)

    def __str__(self) -> str:
        return f"{self.upload_id}/{self.row}"


# Every model of the room is found here; these are written beside what they belong to.
from inventory.batches import MovementBatch as MovementBatch  # noqa: E402
from inventory.erp_models import ErpMovement as ErpMovement  # noqa: E402
from inventory.erp_models import StagedErpMovement as StagedErpMovement  # noqa: E402
from inventory.registers import LotRegister as LotRegister  # noqa: E402
