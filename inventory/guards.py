"""The guards of inventory's tables: movements, their sets and what they do to write-downs are only ever added, as are
the lines of a count and of a movements sheet. A lot, an entry of the quarantine register and a count stay what they
are."""

from core import guards

guards.register(
    *guards.append_only("inventory_movement", noun="a movement", keys=[["entity_id", "sequence"]]),
    # In the place of a foreign key to the company: the lot has one.
    guards.refused_insert(
        "movement_company",
        "inventory_movement",
        lacking="select 1 from inventory_lot l where l.id = {row}.lot_id and l.entity_id = {row}.entity_id",
        message="a movement is of a lot of its own company",
    ),
    *guards.append_only(
        "inventory_writedownmovement", noun="a write-down movement", keys=[["movement_id", "fiscal_year"]]
    ),
    *guards.append_only(
        "inventory_movementbatch", noun="a set of movements", keys=[["entity_id", "sequence"], ["entity_id", "first"]]
    ),
    guards.refused_update(
        "chainhead_movements",
        "core_chainhead",
        columns=["sequence", "hash"],
        # Where the chain is another one, the key of no company is looked for.
        condition="new.chain like 'movements:%' and not exists (select 1 from inventory_movementbatch b "
        "where b.entity_id = cast(substr(new.chain, 11) as bigint) and b.sequence = new.sequence "
        "and b.hash = new.hash)",
        message="the head of a chain of movements points at its last set",
    ),
    *guards.kept(
        "inventory_lot",
        noun="a lot",
        fixed=["entity_id", "item_id", "location_id", "code"],
        keys=[["item_id", "code", "location_id"]],
    ),
    *guards.kept(
        "inventory_quarantineentry",
        noun="an entry of the quarantine register",
        fixed=["entity_id", "lot_id", "source_ref", "reason", "since", "quantity", "cost", "allowance"],
        keys=[["lot_id", "source_ref"]],
    ),
    *guards.kept(
        "inventory_countsheet",
        noun="a count",
        fixed=["entity_id", "number", "upload_id", "counted_on", "frozen_at", "created_by_id", "tolerance"],
        keys=[["entity_id", "number"]],
    ),
    *guards.append_only("inventory_lotregister", noun="a register of lots", keys=[["upload_id"]]),
    *guards.append_only("inventory_countline", noun="a count line", keys=[["sheet_id", "lot_id"]]),
    *guards.append_only("inventory_erpmovement", noun="a movement of the ERP", keys=[["upload_id", '"row"', "part"]]),
)
