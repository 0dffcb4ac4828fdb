"""Every address. What belongs to an entity stands under /e/<slug>/, so that a link means the same to everyone."""

from django.contrib import admin
from django.urls import include, path

from core.accounts import closed_to_people
from writeoffs.desk import views as desk

entity_patterns = [
    path("", include("writeoffs.desk.urls")),
    path("stock/", include("inventory.urls.stock")),
    path("counts/", include("inventory.urls.counts")),
    path("uploads/", include("core.sheets.urls")),
    path("valuation/", include("writeoffs.valuation.urls")),
    path("proposals/", include("writeoffs.proposals.urls")),
    path("postings/", include("writeoffs.posting.urls")),
    path("ledger/", include("writeoffs.ledger.urls")),
    path("reports/", include("writeoffs.reports.urls")),
]

# Where the database fails outside of a view, in the session or in a template.
handler500 = "core.outages.broken"

urlpatterns = [
    path("", desk.root, name="root"),
    path("healthz", desk.healthz, name="healthz"),
    path("accounts/email/", closed_to_people),
    path("accounts/", include("allauth.account.urls")),
    path("admin/", admin.site.urls),
    path("e/<slug:slug>/", include(entity_patterns)),
    path("g/", include("writeoffs.desk.group_urls")),
]
