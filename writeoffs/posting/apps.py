"""Turns decided losses and stock lists into movements and entries, in one transaction."""

from django.apps import AppConfig


class PostingConfig(AppConfig):
    name = "writeoffs.posting"
    default_auto_field = "django.db.models.BigAutoField"
