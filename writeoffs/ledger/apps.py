"""Accounts, periods and the journal."""

from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate


def _keep_zero(using: str, **_: Any) -> None:
    """The one row that a sealed entry's net points at; also after a flush, which empties the table."""
    from writeoffs.ledger.models import Zero

    if Zero._meta.db_table in _tables(using):
        Zero.objects.using(using).get_or_create(pk=0)


def _tables(using: str) -> list[str]:
    from django.db import connections

    return connections[using].introspection.table_names()


def _make_group(using: str, **_: Any) -> None:
    """Who reads the chart and the role map in the admin, beside the superusers; they change on their own pages."""
    from django.apps import apps

    from core.groups import group_set

    rights: dict[str, tuple[str, ...]] = {"account": ("view",), "accountmap": ("view",)}
    group_set(name="Controllers' master data", app=apps.get_app_config("ledger"), rights=rights, using=using)


def _period_url(entity: Any, code: str) -> str:
    from django.urls import reverse

    return reverse("desk:period", args=[entity.slug, code])


def _mapping_url(entity: Any, rule: str) -> str:
    from django.urls import reverse

    return reverse("ledger:mapping", args=[entity.slug])


def _cost_centres_url(entity: Any, code: str) -> str:
    from django.urls import reverse

    return reverse("ledger:cost_centres", args=[entity.slug])


def _export_url(entity: Any, layout: str) -> str:
    from django.urls import reverse

    return reverse("ledger:export", args=[entity.slug])


class LedgerConfig(AppConfig):
    name = "writeoffs.ledger"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from core import refs
        from writeoffs.ledger import kinds, mapping_changes, periods
        from writeoffs.ledger.layouts import settings as export_settings

        periods.register_changes()
        mapping_changes.register()
        export_settings.register()
        kinds.register_all()
        refs.register("period", _period_url)
        refs.register("account_map", _mapping_url)
        refs.register("cost_centre", _cost_centres_url)
        refs.register(export_settings.PREFIX, _export_url)
        post_migrate.connect(_keep_zero, sender=self, dispatch_uid="ledger.zero")
        post_migrate.connect(_make_group, sender=self, dispatch_uid="ledger.group")
