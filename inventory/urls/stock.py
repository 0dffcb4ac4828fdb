"""Addresses of the room's pages."""

from django.urls import URLPattern

app_name = "stock"
urlpatterns: list[URLPattern] = []
