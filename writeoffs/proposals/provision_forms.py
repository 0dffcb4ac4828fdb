"""What is typed of provisions: the dates of what is proposed, and a delivery that takes its share along."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from django import forms
from django.http import QueryDict

from core.models import Entity
from core.money import QUANTITY_SCALE, RAW_LIMIT, from_raw
from core.words import Reason
from inventory.models import Lot
from writeoffs.proposals.forms import HeaderForm
from writeoffs.proposals.models import Kind
from writeoffs.proposals.services.create import Header
from writeoffs.valuation.models import PurchaseCommitment

# The newest lots of an item that a delivery may be.
LOTS = 200


class DatesForm(HeaderForm):
    """Dates and note; kind and reason follow from what it is."""

    KIND = Kind.PROVISION

    def __init__(self, data: QueryDict | None = None, *, entity: Entity, day: dt.date) -> None:
        initial = {"event_on": day, "found_on": day, "kind": self.KIND}
        super().__init__(data, entity=entity, kinds=(self.KIND.value,), initial=initial)
        for name in ("kind", "reason"):
            del self.fields[name]

    def header(self) -> Header:
        self.cleaned_data |= {"kind": self.KIND, "reason": Reason.PRICE_FALL}
        return super().header()


class _LotField(forms.ModelChoiceField):  # type: ignore[type-arg]
    """Names a lot by its code, its place and its day."""

    def label_from_instance(self, obj: Lot) -> str:
        received = f", received {obj.received_on.isoformat()}" if obj.received_on else ""
        return f"{obj.code or obj.item.sku} at {obj.location.code}{received}"


class UseForm(DatesForm):
    """Which lot the units came in as, and how many; then the dates."""

    KIND = Kind.WRITE_DOWN
    lot = _LotField(Lot.objects.none(), label="Lot that came in")
    units = forms.DecimalField(
        label="Units that came in",
        decimal_places=QUANTITY_SCALE,
        min_value=Decimal(0),
        max_value=from_raw(RAW_LIMIT, QUANTITY_SCALE),
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
    )
    field_order = ("lot", "units", "event_on", "found_on", "posting_on", "adjustment", "note")

    def __init__(self, data: QueryDict | None = None, *, commitment: PurchaseCommitment, day: dt.date) -> None:
        super().__init__(data, entity=commitment.entity, day=day)
        lots = Lot.objects.filter(entity=commitment.entity, item=commitment.item_id, quantity__gt=Decimal(0))
        newest = list(lots.order_by("-received_on", "-pk").values_list("pk", flat=True)[:LOTS])
        field = self.fields["lot"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = Lot.objects.filter(pk__in=newest).select_related("item", "location").order_by("-pk")
