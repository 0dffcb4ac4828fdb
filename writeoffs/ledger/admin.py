"""The chart and the role map are master data; periods, entries and lines are to be read only."""

from __future__ import annotations

from django.contrib import admin

from core.admin import MasterDataAdmin, ReadOnlyAdmin, register_books
from writeoffs.ledger.models import Account, AccountMap, FiscalPeriod, JournalEntry, JournalLine

register_books(lambda entity: JournalEntry.objects.filter(entity=entity).exists())


@admin.register(Account)
class AccountAdmin(MasterDataAdmin):
    list_display = ("code", "name", "section", "entity")
    list_filter = ("entity", "section")
    search_fields = ("code", "name")
    # An account with entries would take them to another section of closed statements.
    set_once = ("entity", "section")


@admin.register(AccountMap)
class AccountMapAdmin(MasterDataAdmin):
    list_display = ("role", "account", "entity")
    list_select_related = ("entity", "account")
    set_once = ("entity", "role")


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
