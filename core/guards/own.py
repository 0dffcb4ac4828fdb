"""The guards of core's own tables.

Audit events, stored files and keys of steps are only ever added. Heads of chains and counters only move on, and a head
of the audit trail points at an event that is there. What two people decided, and what was committed, stays so.
"""

from core import guards

AUDIT_CHAINS = "(new.chain like 'entity:%' or new.chain in ('sign-in', 'system'))"
BACKWARDS = "the head of a chain never goes back and never changes without a new link"
ADRIFT = "the head of an audit chain points at its last event"
FALLING = "a counter never falls; numbers are handed out once"

guards.register(
    *guards.append_only("core_auditevent", noun="an audit event", keys=[["chain", "sequence"]]),
    *guards.append_only("core_storedfile", noun="a stored file", keys=[["entity_id", "sha256"]]),
    *guards.append_only(
        "core_exchangerate",
        noun="an exchange rate",
        keys=[["group_id", "currency", "kind", "starts_on", "ends_on", "version"]],
    ),
    *guards.append_only("core_stepkey", noun="the key of a step", keys=[["entity_id", "key"]]),
    *guards.kept("core_chainhead", noun="the head of a chain", fixed=["chain"], pk="chain"),
    guards.refused_update(
        "chainhead_forward",
        "core_chainhead",
        columns=["sequence", "hash"],
        condition="new.sequence < old.sequence or (new.sequence = old.sequence and new.hash <> old.hash)",
        message=BACKWARDS,
    ),
    guards.refused_update(
        "chainhead_event",
        "core_chainhead",
        columns=["sequence", "hash"],
        condition=f"{AUDIT_CHAINS} and not exists (select 1 from core_auditevent e where e.chain = new.chain "
        "and e.sequence = new.sequence and e.hash = new.hash)",
        message=ADRIFT,
    ),
    *guards.kept("core_counter", noun="a counter", fixed=["entity_id", "series"], keys=[["entity_id", "series"]]),
    guards.refused_update(
        "counter_forward", "core_counter", columns=["last"], condition="new.last < old.last", message=FALLING
    ),
    *guards.kept(
        "core_changerequest",
        noun="a decided request",
        fixed=[
            *("entity_id", "kind", "subject", "summary", "details", "reason", "status", "comment"),
            *("requested_by_id", "requested_at", "decided_by_id", "decided_at"),
        ],
        when="old.status <> 'OPEN'",
    ),
    *guards.kept(
        "core_upload",
        noun="a committed upload",
        fixed=[
            *("entity_id", "kind", "status", "file_id", "file_name", "as_of", "control_total", "options", "mapping"),
            *("formats", "created_by_id", "committed_at", "committed_by_id"),
        ],
        when="old.status = 'COMMITTED'",
    ),
)
