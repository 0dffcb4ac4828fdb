"""Addresses of home, periods and audit."""

from django.urls import path

from writeoffs.desk import views

app_name = "desk"
urlpatterns = [
    path("", views.home, name="home"),
]
