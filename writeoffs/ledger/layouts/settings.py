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


def settings_of(*, entity: Entity, layout: str) -> dict[str, str]:
    found = ExportSetting.objects.filter(entity=entity, layout=layout).values_list("options", flat=True).first()
    return dict(found or {})


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
