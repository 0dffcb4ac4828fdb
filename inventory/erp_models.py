"""What the ERP did to stock, as its movements sheets told it: kept row by row, beside the movements that they made.

Invariants: a row is only ever added; a document's line is told once; the movements under a row's source_ref are what
its rows say, unless a stock list had shown them before: then the row explains that list's fall and moves nothing.
"""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from core.models import Entity, Upload
from core.money import MoneyField, QuantityField, bounded
from inventory.erp_words import ErpKind, Settlement


class ErpMovement(models.Model):
    """One row of a movements sheet, or a part of one (`part` counts from 1 where a row explains several falls).

    quantity, cost, allowance, write_down: signed as the lot sees them, of a transfer as the giving lot does. revenue:
    of a sale positive, of a customer's return negative. fall: what a stock list had shown of it before; then nothing
    moved under source_ref, but for a transfer whose to_lot the same list had shown: its allowance follows the units,
    and to_cost is what the receiving lot's cost changed by. history: already in the ERP's books with all that followed
    from it.
    """

    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, related_name="erp_movements", db_index=False)
    upload = models.ForeignKey(Upload, on_delete=models.PROTECT, related_name="+", db_index=False)
    row = models.PositiveIntegerField(help_text="The row of the uploaded sheet.")
    part = models.PositiveSmallIntegerField(default=1)
    document = models.CharField(max_length=60)
    line = models.CharField(max_length=20, blank=True)
    kind = models.CharField(max_length=16, choices=ErpKind.choices)
    happened_on = models.DateField()
    lot = models.ForeignKey("inventory.Lot", on_delete=models.PROTECT, related_name="erp_movements")
    to_lot = models.ForeignKey("inventory.Lot", on_delete=models.PROTECT, null=True, related_name="+")
    quantity = QuantityField()
    cost = MoneyField()
    allowance = MoneyField()
    write_down = MoneyField()
    to_cost = MoneyField(null=True)
    revenue = MoneyField(null=True)
    settlement = models.CharField(max_length=10, choices=Settlement.choices, blank=True)
    fall = models.ForeignKey(
        "inventory.UnexplainedFall", on_delete=models.PROTECT, null=True, related_name="erp_movements"
    )
    history = models.BooleanField(default=False)
    source_ref = models.CharField(max_length=120)

    class Meta:
        app_label = "inventory"
        ordering = ("upload", "row", "part")
        constraints = (
            models.UniqueConstraint(fields=("upload", "row", "part"), name="erp_movement_row_once"),
            models.CheckConstraint(
                name="erp_movement_revenue_is_settled",
                condition=Q(revenue__isnull=True) | ~Q(settlement=""),
                violation_error_message="Revenue needs a settlement: cash or receivable.",
            ),
            *bounded("erp_movement", quantity=QuantityField, cost=MoneyField, allowance=MoneyField, revenue=MoneyField),
        )
        indexes = (
            models.Index(fields=("entity", "document"), name="erp_movement_document"),
            models.Index(fields=("entity", "happened_on"), name="erp_movement_day"),
            models.Index(fields=("source_ref",), name="erp_movement_source"),
        )

    def __str__(self) -> str:
        return f"{self.document}, row {self.row}"


class StagedErpMovement(models.Model):
    """A checked row of a movements sheet, waiting for its commit: as it was read, in raw integers. Which lot it names
    and what it takes along is worked out against the books, at the check and again at the commit."""

    upload_id = models.BigIntegerField()
    row = models.PositiveIntegerField()
    document = models.CharField(max_length=60)
    line = models.CharField(max_length=20, blank=True)
    happened_on = models.DateField()
    kind = models.CharField(max_length=16)
    sku = models.CharField(max_length=60)
    code = models.CharField(max_length=60, blank=True)
    place = models.CharField(max_length=60)
    to_code = models.CharField(max_length=60, blank=True)
    to_place = models.CharField(max_length=60, blank=True)
    category = models.CharField(max_length=100, blank=True)
    quantity = models.BigIntegerField(default=0)
    cost = models.BigIntegerField(null=True)
    allowance = models.BigIntegerField(null=True)
    revenue = models.BigIntegerField(null=True)
    settlement = models.CharField(max_length=10, blank=True)
    year = models.PositiveSmallIntegerField(null=True)

    class Meta:
        app_label = "inventory"
        indexes = (models.Index(fields=("upload_id",), name="staged_erp_upload"),)

    def __str__(self) -> str:
        return f"{self.upload_id}/{self.row}"
