"""Proof of the approval limits: each version, with its titles, their holders and its bands, is what two people agreed
to."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import Model, QuerySet

from core.models import AuditEvent
from core.records import Record
from core.verify import Tally
from writeoffs.proposals.limit_models import ApprovalBand, ApprovalLimits, ApprovalTitle, TitleHolder

# `record` of the event of the decision.
LIMITS = Record(
    (ApprovalLimits, ApprovalTitle, TitleHolder, ApprovalBand),
    [
        (
            "asked_by_id change_id decided_at decided_by_id entity_id reason starts_on version",
            "code limits_id name rank",
            "title_id user_id",
            "category_id limits_id location_id reason title_id up_to",
        )
    ],
)


def limits_rows(key: int) -> tuple[QuerySet[Model], ...]:
    return (
        ApprovalLimits.objects.filter(pk=key),
        ApprovalTitle.objects.filter(limits=key),
        TitleHolder.objects.filter(title__limits=key),
        ApprovalBand.objects.filter(limits=key),
    )


def approval_limits(tally: Tally) -> Iterator[str]:
    told = {
        data["limits"]: (version, data["record"])
        for version, data in AuditEvent.objects.filter(kind="approval.limits", data__has_key="record").values_list(
            "data__version", "data"
        )
    }
    for limits in ApprovalLimits.objects.select_related("entity").order_by("pk").iterator(chunk_size=200):
        _, kept = told.pop(limits.pk, (0, None))
        if kept is not None and not LIMITS.agrees(kept, *limits_rows(limits.pk)):
            yield (
                f"{limits.entity}: approval limits {limits.version}: their day, reason, people, titles, holders or "
                "bands are not what two people agreed to."
            )
    for version, _ in told.values():
        yield f"Approval limits {version} are missing: they stand in the audit trail only."
