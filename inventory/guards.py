"""The guards of inventory's tables: movements, and what they do to write-downs, are only ever added, as
are the lines of a count."""

from core import guards

guards.register(
    *guards.append_only("inventory_movement", noun="a movement", keys=[["entity_id", "sequence"]]),
    *guards.append_only(
        "inventory_writedownmovement", noun="a write-down movement", keys=[["movement_id", "fiscal_year"]]
    ),
    *guards.append_only(
        "inventory_movementbatch", noun="a set of movements", keys=[["entity_id", "sequence"], ["entity_id", "first"]]
    ),
    # A hundred thousand lines come in one statement, which a guard of inserts would slow down by half.
    *guards.append_only("inventory_countline", noun="a count line", keys=None),
)
