"""What may be recognised of an insurance claim. Pure; the one place of the rule.

IFRS: a separate asset, the whole claim, once it is virtually certain (IAS 37.33, 37.53 by analogy). US GAAP: once it is
probable, up to the loss; what is above the loss is a gain contingency and waits until it is realised (ASC 450-30,
610-30). A settled claim is what was paid, a denied one nothing.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from decimal import Decimal

from core.words import Framework

ZERO = Decimal(0)


class ClaimStatus(enum.StrEnum):
    FILED = "FILED"
    PROBABLE = "PROBABLE"
    CERTAIN = "CERTAIN"
    SETTLED = "SETTLED"
    DENIED = "DENIED"


@dataclass(frozen=True, slots=True)
class Recognised:
    """amount: what stands as income and receivable (or was paid). unrecognised: what waits: a contingent asset, or a
    gain contingency. why: in a sentence, with its source."""

    amount: Decimal
    unrecognised: Decimal
    why: str


def recognised(*, framework: str, status: str, claimed: Decimal, loss: Decimal, settled: Decimal = ZERO) -> Recognised:
    """claimed, settled: above or at nil. loss: what profit bore of the goods; a gain counts as nil."""
    if status == ClaimStatus.SETTLED:
        return Recognised(settled, ZERO, "The insurer has paid: what it paid is realised.")
    if status == ClaimStatus.DENIED:
        return Recognised(ZERO, ZERO, "The insurer has denied it: nothing is recognised.")
    if framework == Framework.IFRS:
        if status == ClaimStatus.CERTAIN:
            return Recognised(
                claimed, ZERO, "Virtually certain: the whole claim is an asset of its own (IAS 37.33, 37.53)."
            )
        return Recognised(
            ZERO, claimed, "Not virtually certain: a contingent asset, disclosed where probable (IAS 37.33-34)."
        )
    if status == ClaimStatus.FILED:
        return Recognised(ZERO, claimed, "Not probable yet: nothing is recognised (ASC 450-30, 610-30).")
    amount = min(claimed, max(loss, ZERO))
    return Recognised(
        amount, claimed - amount, "Probable: up to the loss; what is above it waits until it is realised (ASC 450-30)."
    )
