"""The room that every other room needs."""

from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate, pre_migrate
from django.utils.module_loading import autodiscover_modules


def _drop_guards(using: str, plan: Any = (), **_: Any) -> None:
    """Only for a migration that has something to do: otherwise the guards never stand aside."""
    from core import guards

    if plan:
        guards.drop(using)


def _make_groups(using: str, **_: Any) -> None:
    from core import groups

    groups.make_own(using)


def _install_guards(using: str, **_: Any) -> None:
    from core import guards

    guards.install(using)


def _tell_memberships(plan: Any = (), **_: Any) -> None:
    """After a migration that had something to do, not when a test's tables were emptied."""
    from core import memberships

    if plan:
        memberships.memberships_found()


class CoreConfig(AppConfig):
    name = "core"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from core import group_changes, rate_sheet, signins
        from core.guards import checks, own  # noqa: F401
        from core.sheets import pipeline

        # Each room's guards.py declares its guards, its verifiers.py what `manage.py verify` proves.
        autodiscover_modules("guards")
        autodiscover_modules("verifiers")
        pre_migrate.connect(_drop_guards, sender=self, dispatch_uid="core.guards.drop")
        post_migrate.connect(_install_guards, sender=self, dispatch_uid="core.guards.install")
        post_migrate.connect(_tell_memberships, sender=self, dispatch_uid="core.memberships.tell")
        post_migrate.connect(_make_groups, sender=self, dispatch_uid="core.groups.make")
        signins.connect()
        group_changes.connect()
        rate_sheet.connect()
        pipeline.connect()
