"""What has lost value, and by how much."""

from django.apps import AppConfig


class ValuationConfig(AppConfig):
    name = "writeoffs.valuation"
    default_auto_field = "django.db.models.BigAutoField"
