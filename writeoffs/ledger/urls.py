"""Addresses of the room's pages."""

from django.urls import path, re_path

from writeoffs.ledger import cost_centre_views, export_views, mapping_views, trial_views, views

app_name = "ledger"
urlpatterns = [
    path("export/", export_views.export, name="export"),
    path("export/file/", export_views.export_file, name="export_file"),
    path("export/settings/<slug:layout>/", export_views.export_settings, name="export_settings"),
    path("entries/", views.entries, name="entries"),
    re_path(r"^entries/export\.(?P<form>csv|xlsx)$", views.entries_export, name="entries_export"),
    path("entries/<str:number>/", views.entry, name="entry"),
    path("accounts/", views.accounts, name="accounts"),
    path("accounts/propose/", views.accounts_propose, name="accounts_propose"),
    path("accounts/mapping/", mapping_views.mapping, name="mapping"),
    path("accounts/mapping/rule/", mapping_views.rule, name="rule"),
    path("cost-centres/", cost_centre_views.cost_centres, name="cost_centres"),
    path("cost-centres/new/", cost_centre_views.cost_centre, name="cost_centre_new"),
    path("cost-centres/<int:pk>/", cost_centre_views.cost_centre, name="cost_centre"),
    path("accounts/<path:code>/lines/", views.account, name="account"),
    path("trial-balances/<int:pk>/", trial_views.trial_balance, name="trial_balance"),
]
