"""Propose, approve, post: documents, decisions, duties."""

from django.apps import AppConfig


class ProposalsConfig(AppConfig):
    name = "writeoffs.proposals"
    default_auto_field = "django.db.models.BigAutoField"
