"""What is on the shelf and how we know it."""

from django.apps import AppConfig


class InventoryConfig(AppConfig):
    name = "inventory"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from inventory import kinds, quarantine_days

        kinds.register_all()
        quarantine_days.register()
