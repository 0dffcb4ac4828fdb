"""Proof of groups and rates: every rate is what the audit trail says was entered, by whom; every group has the name and
the companies that two people agreed to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from core.entity_groups import EntityGroup, EntityGroupMember, ExchangeRate
from core.exchange import rate_told
from core.models import AuditEvent
from core.verify import Tally


def exchange_rates(tally: Tally) -> Iterator[str]:
    told: dict[int, tuple[int | None, int | None, dict[str, Any]]] = {
        data["rate"]: (entity, actor, data)
        for entity, actor, data in AuditEvent.objects.filter(kind="rate.entered").values_list(
            "entity_id", "actor_id", "data"
        )
    }
    for rate in ExchangeRate.objects.select_related("group").order_by("pk").iterator(chunk_size=1000):
        tally["exchange rates"] += 1
        entity, actor, data = told.pop(rate.pk, (None, None, {}))
        expected = rate_told(rate)
        if "entered_at" not in data and data:
            # The first events did not tell of the moment.
            del expected["entered_at"]
        if (entity, actor) != (rate.group.parent_id, rate.entered_by_id) or any(
            data.get(name) != value for name, value in expected.items()
        ):
            yield (
                f"{rate.group}: exchange rate {rate.pk} ({rate}, version {rate.version}: {expected['value']}) is not "
                f"what the audit trail says was entered ({data.get('value', 'nothing')})."
            )
    for key, (_, _, data) in sorted(told.items()):
        yield (
            f"Exchange rate {key} ({data['kind'].lower()} {data['from']}/{data['to']} to {data['ends_on']}: "
            f"{data['value']}) is missing: it stands in the audit trail only."
        )


def entity_groups(tally: Tally) -> Iterator[str]:
    agreed: dict[str, dict[str, Any]] = {}
    events = AuditEvent.objects.filter(kind="group.changed").order_by("chain", "sequence")
    for subject, data in events.values_list("subject", "data"):
        agreed[subject.partition(":")[2]] = data
    members: dict[int, set[int]] = {}
    for group_id, entity_id in EntityGroupMember.objects.order_by("pk").values_list("group_id", "entity_id"):
        members.setdefault(group_id, set()).add(entity_id)
    for group in EntityGroup.objects.order_by("pk"):
        data = agreed.pop(group.slug, {})
        stored = (group.name, group.currency, group.fiscal_year_start, members.get(group.pk, set()))
        said = (data.get("name"), data.get("currency"), data.get("fiscal_year_start"), set(data.get("entities", ())))
        if stored != said:
            yield (
                f"Group {group.pk} ({group}): its name, currency, year or companies are not what two people agreed to "
                "in the audit trail."
            )
    for slug in sorted(agreed):
        yield f"The group '{slug}' is missing: it stands in the audit trail only."
