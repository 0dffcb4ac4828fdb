"""What was posted, to be read only: acknowledgements are given on the postings' own page."""

from __future__ import annotations

from django.contrib import admin

from core.admin import ReadOnlyAdmin
from writeoffs.posting.models import Posting, PostingLine


@admin.register(Posting)
class PostingAdmin(ReadOnlyAdmin):
    list_display = ("source_ref", "entity", "posted_on", "posted_by", "status", "acknowledged_by")
    list_filter = ("entity", "status")
    list_select_related = ("entity", "posted_by", "acknowledged_by")
    search_fields = ("source_ref",)


@admin.register(PostingLine)
class PostingLineAdmin(ReadOnlyAdmin):
    list_display = ("posting", "lot", "quantity", "outstanding")
    list_select_related = ("posting", "lot")
