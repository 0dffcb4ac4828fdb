"""What documents without lots set aside against stock, and what may no longer be undone of them.

Invariant: nothing that was set aside falls below nil: what a count has used cannot be voided as well.
"""

from __future__ import annotations

from core.errors import WrongState
from core.money import MONEY_SCALE, display_money, from_raw, to_raw
from writeoffs.posting.shrinkage import ESTIMATED, accrued
from writeoffs.proposals.models import ChargeKind, Kind, Proposal
from writeoffs.proposals.provisions import refuse_unbacked


def refuse_used(proposal: Proposal) -> None:
    """WrongState where a void would take back an estimated loss of which a count has used a part since."""
    refuse_unbacked(proposal)
    if proposal.kind != Kind.ESTIMATE:
        return
    standing = accrued(entity=proposal.entity, role=ESTIMATED)
    for charge in proposal.charges.filter(kind=ChargeKind.ESTIMATED_LOSS):
        left = standing.get((charge.location_id, charge.category_id), 0)
        if left < to_raw(charge.amount, MONEY_SCALE):
            entity = proposal.entity
            said = f"{display_money(from_raw(left, MONEY_SCALE), entity.currency, entity.locale)} {entity.currency}"
            raise WrongState(
                f"{proposal.number} cannot be voided: counts have used its estimated loss, "
                f"{said if left else 'nothing'} is left of it. Void the count's adjustment first, or release "
                "what is left."
            )
