"""Accounts, periods and the journal; knows no stock."""

from django.apps import AppConfig


class LedgerConfig(AppConfig):
    name = "writeoffs.ledger"
    default_auto_field = "django.db.models.BigAutoField"
