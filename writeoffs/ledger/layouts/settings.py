"""What an entity has set for an ERP's layout.

Invariant: a setting is changed by two people and told in the audit trail with what it was before.
"""

from __future__ import annotations

from collections.abc import Mapping

from core import audit
from core.changes import ChangeKind, change_request
from core.changes import register as register_change
from core.errors import BadInput, WrongState
from core.models import ChangeRequest, Entity, User
from core.words import Role
from writeoffs.ledger.export_models import ExportSetting
from writeoffs.ledger.layouts.base import Layout, shortened

KIND = "export.settings"
PREFIX = "export"


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


def settings_request(
    *, entity: Entity, layout: Layout, options: Mapping[str, str], user: User, why: str, key: str = ""
) -> ChangeRequest:
    """Ask for other settings of a layout. NotAllowed but for a controller; BadInput where they are as they were, or a
    required one would be missing."""
    before = settings_of(entity=entity, layout=layout.code)
    after = {field.name: value for field in layout.fields if (value := options.get(field.name, "").strip())}
    if before == after:
        raise BadInput(f"{layout.label}: the settings are so already. Nothing to change.")
    missing = [field.label for field in layout.fields if field.required and field.name not in after]
    if missing:
        raise BadInput(f"{layout.label}: {', '.join(missing)} must not be empty. Fill it in.")
    wrong = layout.wrong(after)
    if wrong:
        raise BadInput(wrong)
    said = ", ".join(f"{field.label.lower()} {after.get(field.name) or 'none'}" for field in layout.fields)
    return change_request(
        entity=entity,
        kind=KIND,
        subject=f"{PREFIX}:{layout.code}",
        summary=shortened(f"Export settings for {layout.label}: {said}", 200),
        reason=why,
        user=user,
        details={"layout": layout.code, "label": layout.label, "before": before, "after": after},
        key=key,
    )


def _apply(change: ChangeRequest, decider: User) -> None:
    entity, details = change.entity, change.details
    layout, after = details["layout"], details["after"]
    Entity.objects.select_for_update(no_key=True).get(pk=entity.pk)
    if settings_of(entity=entity, layout=layout) != details["before"]:
        raise WrongState(f"{change.summary}: the settings have changed since. Refuse it and ask again.")
    ExportSetting.objects.update_or_create(entity=entity, layout=layout, defaults={"options": after})
    audit.record(
        entity=entity,
        actor=decider,
        kind="export.settings_changed",
        subject=change.subject,
        message=f"{decider} agreed with {change.requested_by}: {change.summary}.",
        data={"layout": layout, "before": details["before"], "after": after, "change": change.pk},
    )


def register() -> None:
    """Called once, when the app is ready."""
    register_change(
        ChangeKind(
            code=KIND,
            label="Change the export settings",
            requested_by=frozenset({Role.CONTROLLER}),
            decided_by=frozenset({Role.CONTROLLER, Role.APPROVER}),
            apply=_apply,
        )
    )
