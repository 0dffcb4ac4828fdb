"""Addresses of the room's pages."""

from django.urls import path

from writeoffs.posting import charge_views, feed_views, views

app_name = "postings"
urlpatterns = [
    path("", views.posting_list, name="list"),
    path("files/", feed_views.batches, name="batches"),
    path("files/make/", feed_views.batch_new, name="batch_new"),
    path("files/<int:batch_id>/", feed_views.batch_file, name="batch_file"),
    path("charges/", charge_views.charges, name="charges"),
    path("charges/<int:entry_id>/confirm/", charge_views.charge_confirm, name="charge_confirm"),
    path("feeds/", feed_views.feeds, name="feeds"),
    path("<int:posting_id>/confirm/", views.posting_confirm, name="confirm"),
    path("<int:posting_id>/journal.csv", views.journal_file, name="journal"),
    path("<int:posting_id>/stock-adjustment.csv", views.adjustment_file, name="adjustment"),
]
