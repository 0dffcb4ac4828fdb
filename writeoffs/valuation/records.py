"""What the digest of a rule of tax covers, `record` of the event of the decision; inputs have theirs in proofs.py."""

from __future__ import annotations

from core.records import Record
from writeoffs.valuation.tax_models import TaxRule

TAX_RULE = Record(
    (TaxRule,),
    [
        [
            "asked_by_id change_id decided_at decided_by_id entity_id evidence input_rate input_tax jurisdiction "
            "location_id offer_days rate reason recoverable starts_on timing version why"
        ]
    ],
)
