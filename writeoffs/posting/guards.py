"""The guards of postings: what was posted, when, by whom and of which lots stays; the ERP's part changes."""

from __future__ import annotations

from core import guards

guards.register(
    *guards.kept(
        "posting_posting", noun="a posting", fixed=["entity_id", "source_ref", "posted_on", "posted_at", "posted_by_id"]
    ),
    *guards.kept("posting_postingline", noun="a line of a posting", fixed=["posting_id", "lot_id", "quantity"]),
)
