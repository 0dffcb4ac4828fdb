"""Addresses of the room's pages."""

from django.urls import URLPattern

app_name = "postings"
urlpatterns: list[URLPattern] = []
