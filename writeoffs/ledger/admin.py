"""Chart, map, periods, entries and lines: to be read only. Chart and map are changed on their own pages."""

from __future__ import annotations

from django.contrib import admin

from core.admin import ReadOnlyAdmin, register_books
from writeoffs.ledger.models import Account, AccountMap, FiscalPeriod, JournalEntry, JournalLine, TrialBalance

register_books(lambda entity: JournalEntry.objects.filter(entity=entity).exists())


@admin.register(Account)
class AccountAdmin(ReadOnlyAdmin):
    """Accounts come by an upload of the chart, which keeps what has lines."""

    list_display = ("code", "name", "section", "active", "entity")
    list_filter = ("entity", "section", "active")
    list_select_related = ("entity",)
    search_fields = ("code", "name")


@admin.register(AccountMap)
class AccountMapAdmin(ReadOnlyAdmin):
    """A change of the map is policy: a second person decides it, under Journal, Mapping."""

    list_display = ("role", "location", "category", "reason", "account", "entity")
    list_filter = ("entity",)
    list_select_related = ("entity", "account", "location", "category")


@admin.register(FiscalPeriod)
class FiscalPeriodAdmin(ReadOnlyAdmin):
    list_display = ("code", "entity", "starts_on", "ends_on", "status", "closed_by", "closed_at")
    list_filter = ("entity", "status", "fiscal_year")
    list_select_related = ("entity", "closed_by")


@admin.register(JournalEntry)
class JournalEntryAdmin(ReadOnlyAdmin):
    list_display = ("number", "entity", "posted_on", "origin", "leg", "description", "posted_by")
    list_filter = ("entity", "origin", "leg")
    list_select_related = ("entity", "posted_by")
    search_fields = ("source_ref", "description")


@admin.register(JournalLine)
class JournalLineAdmin(ReadOnlyAdmin):
    list_display = ("entry", "line_number", "account", "amount", "location", "category", "reason")
    list_select_related = ("entry", "account", "location", "category")
    search_fields = ("entry__source_ref",)


@admin.register(TrialBalance)
class TrialBalanceAdmin(ReadOnlyAdmin):
    list_display = ("period", "version", "entity", "as_of", "covers", "line_count", "committed_by")
    list_filter = ("entity", "covers")
    list_select_related = ("entity", "period", "committed_by")
