"""Proof of what went to the ERP beside stock adjustments: each row is what the audit trail tells of it.

Invariant: every handed-over or confirmed entry has its audit events, the last of which says where it stands; none is of
an entry that the ERP gets with its posting.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from core.models import AuditEvent
from core.verify import Tally
from writeoffs.ledger.models import JournalEntry
from writeoffs.posting.charge_models import ErpCharge
from writeoffs.posting.erp_charges import charge_state
from writeoffs.posting.feeds import beside_adjustment

STEPS = ("erp.batch_made", "charge.acknowledged", "charge.rejected")
LIMIT = 100


def charges(tally: Tally) -> Iterator[str]:
    """Each entry handed over beside an adjustment stands as its last event says, and none is untold or missing."""
    told = _told()
    handed = ErpCharge.objects.select_related("entry__entity").order_by("pk")
    for charge in handed.iterator(chunk_size=500):
        entry = charge.entry
        if told.pop((charge.entity_id, charge.pk), None) != charge_state(charge):
            yield (
                f"{entry.entity}: entry {entry.number}: how it went to the ERP beside the stock adjustment is not what "
                "the audit trail tells."
            )
    gone = [told[key] for key in sorted(told, key=str)[:LIMIT]]
    entries = JournalEntry.objects.select_related("entity").in_bulk([state[1] for state in gone])
    for state in gone:
        of = entries.get(state[1])
        name = f"{of.entity}: entry {of.number}" if of else f"Entry {state[1]}"
        yield f"{name}: how it went to the ERP is missing; it stands in the audit trail only."
    own = beside_adjustment(JournalEntry.objects.all()).order_by().values("pk")
    for charge in handed.exclude(entry__in=own)[:LIMIT]:
        yield (
            f"{charge.entry.entity}: entry {charge.entry.number} was handed to the ERP by itself, but goes there with "
            "its posting."
        )


def _told() -> dict[tuple[int | None, int], list[Any]]:
    """(entity, row) -> its state after the last step on it."""
    states: dict[tuple[int | None, int], list[Any]] = {}
    events = AuditEvent.objects.filter(kind__in=STEPS, data__has_key="charges").order_by("chain", "sequence")
    for entity_id, data in events.values_list("entity_id", "data").iterator(chunk_size=500):
        for state in data["charges"]:
            states[entity_id, state[0]] = state
    return states
