"""The guards of core's own tables: audit events, stored files and keys of steps are only ever added."""

from core import guards

guards.register(
    *guards.append_only("core_auditevent", noun="an audit event", keys=[["chain", "sequence"]]),
    *guards.append_only("core_storedfile", noun="a stored file", keys=[["entity_id", "sha256"]]),
    *guards.append_only(
        "core_exchangerate",
        noun="an exchange rate",
        keys=[["group_id", "currency", "kind", "starts_on", "ends_on", "version"]],
    ),
    *guards.append_only("core_stepkey", noun="the key of a step", keys=[["entity_id", "key"]]),
)
