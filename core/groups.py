"""The groups that may work in the admin: made wherever the product is, so that a right there is a membership in one.

Invariant: a group's permissions are what is written here; each migration puts them back. A group gives nothing in the
business: roles do that.
"""

from __future__ import annotations

from typing import Any

from django.apps import AppConfig, apps
from django.contrib.auth.management import create_permissions
from django.contrib.auth.models import Group, Permission
from django.db import connections
from django.db.models import Q

USER_ADMINISTRATORS = "User administrators"
# Nobody deletes a person or a company: the books name them.
_KEPT, _FREE = ("view", "add", "change"), ("view", "add", "change", "delete")
_RIGHTS = {
    "user": _KEPT, "entity": _KEPT, "membership": _FREE, "category": _FREE, "location": _FREE, "costcentre": _FREE,
}  # fmt: skip


def group_set(*, name: str, app: AppConfig, rights: dict[str, tuple[str, ...]], using: str) -> None:
    """Give the group exactly these rights: model name -> verbs, all of one app."""
    if Group._meta.db_table not in connections[using].introspection.table_names():
        return
    # Django makes permissions after a migration as well, but perhaps after this.
    create_permissions(app, verbosity=0, using=using)
    codes = [f"{verb}_{model}" for model, verbs in rights.items() for verb in verbs]
    group, _ = Group.objects.using(using).get_or_create(name=name)
    found = Permission.objects.using(using).filter(Q(content_type__app_label=app.label) & Q(codename__in=codes))
    group.permissions.set(found)


def make_own(using: str, **_: Any) -> None:
    """After core's migration."""
    group_set(name=USER_ADMINISTRATORS, app=apps.get_app_config("core"), rights=_RIGHTS, using=using)
