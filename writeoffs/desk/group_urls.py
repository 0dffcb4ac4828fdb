"""Addresses of groups: /g/<slug>/... stands beside /e/<slug>/..., since a group belongs to no single company."""

from django.urls import path

from writeoffs.desk import group_views
from writeoffs.reports import group_views as reports

app_name = "groups"
urlpatterns = [
    path("", group_views.index, name="index"),
    path("new/", group_views.new, name="new"),
    path("<slug:slug>/", group_views.overview, name="overview"),
    path("<slug:slug>/companies/", group_views.companies, name="companies"),
    path("<slug:slug>/rates/", group_views.rates, name="rates"),
    path("<slug:slug>/rates/enter/", group_views.rate, name="rate"),
    path("<slug:slug>/rollforward/", reports.rollforward, name="rollforward"),
    path("<slug:slug>/rollforward/print/", reports.rollforward, {"shape": "print"}, name="rollforward_print"),
    path("<slug:slug>/rollforward.pdf", reports.rollforward, {"shape": "pdf"}, name="rollforward_pdf"),
    path("<slug:slug>/rollforward.xlsx", reports.rollforward, {"shape": "xlsx"}, name="rollforward_xlsx"),
    path("<slug:slug>/rollforward.csv", reports.rollforward, {"shape": "csv"}, name="rollforward_csv"),
]
