"""Proposals, decisions and evidence, to be read only: they are worked with on the proposals' own pages."""

from __future__ import annotations

from django.contrib import admin

from core.admin import ReadOnlyAdmin
from writeoffs.proposals.models import Decision, Evidence, Proposal, ProposalCharge, ProposalLine, Void, VoidedLine


@admin.register(Proposal)
class ProposalAdmin(ReadOnlyAdmin):
    list_display = ("number", "entity", "kind", "reason", "status", "gross_loss", "posting_on", "created_by")
    list_filter = ("entity", "kind", "status", "reason")
    list_select_related = ("entity", "created_by")
    search_fields = ("number", "note")


@admin.register(ProposalLine)
class ProposalLineAdmin(ReadOnlyAdmin):
    list_display = ("proposal", "line_number", "lot", "quantity", "cost", "loss")
    list_select_related = ("proposal", "lot")
    search_fields = ("proposal__number",)


@admin.register(ProposalCharge)
class ProposalChargeAdmin(ReadOnlyAdmin):
    list_display = ("proposal", "number", "kind", "amount", "settlement", "certainty")
    list_filter = ("kind",)
    list_select_related = ("proposal",)


@admin.register(Decision)
class DecisionAdmin(ReadOnlyAdmin):
    list_display = ("proposal", "verb", "by", "at", "comment")
    list_filter = ("verb",)
    list_select_related = ("proposal", "by")


@admin.register(Void)
class VoidAdmin(ReadOnlyAdmin):
    list_display = ("proposal", "number", "posted_on", "asked_by", "decided_by", "decided_at", "reason")
    list_select_related = ("proposal", "asked_by", "decided_by")
    search_fields = ("proposal__number",)


@admin.register(VoidedLine)
class VoidedLineAdmin(ReadOnlyAdmin):
    list_display = ("void", "line")
    list_select_related = ("void__proposal", "line")
    search_fields = ("void__proposal__number",)


@admin.register(Evidence)
class EvidenceAdmin(ReadOnlyAdmin):
    list_display = ("file_name", "proposal", "kind", "added_by", "added_at")
    list_select_related = ("proposal", "added_by")
