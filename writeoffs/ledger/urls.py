"""Addresses of the room's pages."""

from django.urls import URLPattern

app_name = "ledger"
urlpatterns: list[URLPattern] = []
