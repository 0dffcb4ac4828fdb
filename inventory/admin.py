"""Items are master data; lots, movements, counts and quarantine are the books' own and to be read only."""

from __future__ import annotations

from django.contrib import admin
from django.db import models
from django.http import HttpRequest

from core.admin import MasterDataAdmin, ReadOnlyAdmin, register_books
from inventory.models import (
    CountLine,
    CountSheet,
    Item,
    Lot,
    Movement,
    QuarantineEntry,
    UnexplainedFall,
    WriteDownMovement,
)

register_books(lambda entity: Movement.objects.filter(entity=entity).exists())


@admin.register(Item)
class ItemAdmin(MasterDataAdmin):
    list_display = ("sku", "description", "category", "unit_of_measure", "entity")
    list_filter = ("entity", "category")
    list_select_related = ("entity", "category")
    search_fields = ("sku", "description")

    def get_readonly_fields(self, request: HttpRequest, obj: models.Model | None = None) -> tuple[str, ...]:
        fields = super().get_readonly_fields(request, obj)
        return (*fields, "category") if isinstance(obj, Item) and obj.has_movements else fields


@admin.register(Lot)
class LotAdmin(ReadOnlyAdmin):
    list_display = ("item", "code", "location", "quantity", "cost", "allowance", "expires_on", "entity")
    list_filter = ("entity",)
    list_select_related = ("item", "location", "entity")
    search_fields = ("code", "item__sku")


@admin.register(Movement)
class MovementAdmin(ReadOnlyAdmin):
    list_display = ("sequence", "entity", "kind", "lot", "posted_on", "quantity", "cost", "allowance", "source_ref")
    list_filter = ("entity", "kind")
    list_select_related = ("entity", "lot")
    search_fields = ("source_ref", "lot__code")
    ordering = ("-id",)


@admin.register(WriteDownMovement)
class WriteDownMovementAdmin(ReadOnlyAdmin):
    list_display = ("movement", "lot", "fiscal_year", "amount")
    list_select_related = ("movement", "lot")


@admin.register(UnexplainedFall)
class UnexplainedFallAdmin(ReadOnlyAdmin):
    list_display = ("movement", "entity", "upload", "explanation", "explained_by")
    list_select_related = ("movement", "entity", "upload", "explained_by")


@admin.register(QuarantineEntry)
class QuarantineEntryAdmin(ReadOnlyAdmin):
    list_display = ("lot", "entity", "source_ref", "reason", "since", "quantity", "quantity_left", "status")
    list_filter = ("entity", "status")
    list_select_related = ("lot", "entity")


@admin.register(CountSheet)
class CountSheetAdmin(ReadOnlyAdmin):
    list_display = ("number", "entity", "counted_on", "status", "line_count", "difference_count", "created_by")
    list_filter = ("entity", "status")
    list_select_related = ("entity", "created_by")


@admin.register(CountLine)
class CountLineAdmin(ReadOnlyAdmin):
    list_display = ("sheet", "row", "lot", "book_quantity", "counted_quantity", "difference", "value")
    list_select_related = ("sheet", "lot")
