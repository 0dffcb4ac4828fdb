"""The guards of postings: what was posted, when, by whom and of which lots stays, and so does what the ERP was to take
and what was handed out to it; what it answered changes."""

from __future__ import annotations

from core import guards

guards.register(
    *guards.kept(
        "posting_posting",
        noun="a posting",
        fixed=["entity_id", "source_ref", "posted_on", "posted_at", "posted_by_id", "kind", "takes"],
        keys=[["entity_id", "source_ref"]],
    ),
    *guards.kept(
        "posting_postingline",
        noun="a line of a posting",
        fixed=["posting_id", "lot_id", "quantity"],
        keys=[["posting_id", "lot_id"]],
    ),
    # In the place of foreign keys to the two, of which neither is ever deleted.
    guards.refused_insert(
        "postingline_company",
        "posting_postingline",
        lacking="select 1 from posting_posting p join inventory_lot l on l.entity_id = p.entity_id "
        "where p.id = {row}.posting_id and l.id = {row}.lot_id",
        message="a line of a posting is of a lot of the company that posted",
    ),
    *guards.append_only("posting_erpbatch", noun="a batch for the ERP", keys=[["entity_id", "sequence"]]),
    *guards.append_only(
        "posting_erphandout", noun="a file handed out to the ERP", keys=[["entity_id", "subject", "copy"]]
    ),
    *guards.kept("posting_erpcharge", noun="an entry handed to the ERP", fixed=["entity_id", "entry_id", "batch_id"]),
    guards.refused_update(
        "erpcharge_answered",
        "posting_erpcharge",
        columns=["status", "erp_document", "erp_message", "answered_at", "answered_by_id"],
        condition="old.status <> 'SENT'",
        message="what the ERP answered about an entry stays",
    ),
    *guards.kept(
        "posting_erpfeed",
        noun="a choice of what the ERP takes",
        fixed=["entity_id", "kind"],
        keys=[["entity_id", "kind"]],
    ),
)
