"""Addresses of the room's pages."""

from django.urls import path

from writeoffs.posting import views

app_name = "postings"
urlpatterns = [
    path("", views.posting_list, name="list"),
    path("<int:posting_id>/confirm/", views.posting_confirm, name="confirm"),
    path("<int:posting_id>/journal.csv", views.journal_file, name="journal"),
    path("<int:posting_id>/stock-adjustment.csv", views.adjustment_file, name="adjustment"),
]
