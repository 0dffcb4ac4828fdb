"""Addresses of the room's pages."""

from django.urls import URLPattern

app_name = "counts"
urlpatterns: list[URLPattern] = []
