"""What the losses did to the period."""

from django.apps import AppConfig


class ReportsConfig(AppConfig):
    name = "writeoffs.reports"
    default_auto_field = "django.db.models.BigAutoField"
