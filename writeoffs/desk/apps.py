"""Home, inbox, periods, commands: everything that stands above the rooms."""

from django.apps import AppConfig


class DeskConfig(AppConfig):
    name = "writeoffs.desk"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from writeoffs.desk import closing
        from writeoffs.ledger import periods

        periods.register_checker(closing.checks)
