"""What an entity has set for an ERP's layout.

Invariant: a setting is changed by a controller and told in the audit trail with what it was before.
"""

from __future__ import annotations

from collections.abc import Mapping

from django.db import transaction

from core import audit
from core.access import roles_in
from core.errors import NotAllowed
from core.models import Entity, User
from core.words import Role
from writeoffs.ledger.export_models import ExportSetting
from writeoffs.ledger.layouts.base import Layout


def settings_of(*, entity: Entity, layout: str) -> dict[str, str]:
    found = ExportSetting.objects.filter(entity=entity, layout=layout).values_list("options", flat=True).first()
    return dict(found or {})


def layout_missing(*, entity: Entity, layout: Layout) -> str:
    """What keeps the layout from being written for the entity, with what to do; "" where nothing does."""
    given = settings_of(entity=entity, layout=layout.code)
    missing = [field.label for field in layout.fields if field.required and not given.get(field.name)]
    if missing:
        return (
            f"{layout.label}: {entity} has not set {', '.join(missing)}. Set {'it' if len(missing) == 1 else 'them'} "
            "under Journal, Export, Settings; then take the file."
        )
    if entity.exponent > layout.decimals:
        return (
            f"{layout.label} takes {layout.decimals} decimals, {entity.currency} has {entity.exponent}. Take our own "
            "CSV and an import of your own, so that nothing is rounded."
        )
    return ""


@transaction.atomic
def settings_save(*, entity: Entity, layout: str, label: str, options: Mapping[str, str], user: User) -> None:
    """Keep the settings of a layout. NotAllowed but for a controller. Unchanged ones are not told."""
    if Role.CONTROLLER not in roles_in(entity, user):
        raise NotAllowed(f"The export settings of {entity} are kept by a controller.")
    Entity.objects.select_for_update(no_key=True).get(pk=entity.pk)
    before = settings_of(entity=entity, layout=layout)
    after = {name: value.strip() for name, value in options.items() if value.strip()}
    if before == after:
        return
    ExportSetting.objects.update_or_create(entity=entity, layout=layout, defaults={"options": after})
    audit.record(
        entity=entity,
        actor=user,
        kind="export.settings_changed",
        subject=f"export:{layout}",
        message=f"{user} changed the export settings for {label}.",
        data={"layout": layout, "before": before, "after": after},
    )
