"""Checked rows of the sheets of inputs, waiting for their commit. Raw integers and keys that were found; no foreign
keys, since the rows come and go. The columns bear the names of those that they go to (writeoffs/valuation/inputs.py).
"""

from __future__ import annotations

from django.db import models


class StagedInput(models.Model):
    """version: the one that the row becomes; 1 where nothing stood for its subject and day."""

    upload_id = models.BigIntegerField(db_index=True)
    row = models.PositiveIntegerField()
    version = models.PositiveIntegerField()
    source = models.CharField(max_length=200)
    reason = models.CharField(max_length=200, blank=True)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.upload_id}/{self.row}"


class StagedPrice(StagedInput):
    item_id = models.BigIntegerField()
    lot_id = models.BigIntegerField(null=True)
    as_of = models.DateField()
    currency = models.CharField(max_length=3)
    selling_price = models.BigIntegerField(null=True)
    cost_to_complete = models.BigIntegerField(null=True)
    cost_to_sell = models.BigIntegerField(null=True)
    nrv = models.BigIntegerField(null=True)
    replacement_cost = models.BigIntegerField(null=True)
    normal_profit = models.BigIntegerField(null=True)
    excess_recoverable = models.BigIntegerField(null=True)
    offered_on = models.DateField(null=True)
    recovers_in_year = models.BooleanField()


class StagedAgreement(StagedInput):
    reference = models.CharField(max_length=60)
    item_id = models.BigIntegerField()
    quantity = models.BigIntegerField()
    price = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    starts_on = models.DateField()
    ends_on = models.DateField()

    class Meta:
        abstract = True


class StagedContract(StagedAgreement):
    customer = models.CharField(max_length=120, blank=True)
    cost_to_complete = models.BigIntegerField(null=True)
    cost_to_sell = models.BigIntegerField(null=True)


class StagedCommitment(StagedAgreement):
    supplier = models.CharField(max_length=120, blank=True)


class StagedUse(StagedInput):
    material_id = models.BigIntegerField()
    product_id = models.BigIntegerField()
    as_of = models.DateField()


class StagedDemand(StagedInput):
    item_id = models.BigIntegerField()
    month = models.DateField()
    quantity = models.BigIntegerField()


class StagedCondition(StagedInput):
    lot_id = models.BigIntegerField()
    as_of = models.DateField()
    kind = models.CharField(max_length=8)
    lifted = models.BooleanField()
    note = models.CharField(max_length=200, blank=True)


class StagedSales(StagedInput):
    location_id = models.BigIntegerField(null=True)
    category_id = models.BigIntegerField(null=True)
    starts_on = models.DateField()
    ends_on = models.DateField()
    revenue = models.BigIntegerField()


class StagedPriceRate(StagedInput):
    currency = models.CharField(max_length=3)
    as_of = models.DateField()
    rate = models.BigIntegerField()


class StagedMark(models.Model):
    """What stood last when a sheet was checked: the commit is refused where something was given since."""

    upload_id = models.BigIntegerField(primary_key=True)
    last_input = models.BigIntegerField()

    def __str__(self) -> str:
        return f"Check of upload {self.upload_id}"
