"""How much of each fault is tried: FAULTS=ci fits a build of two cores, FAULTS=soak is everything.

FAULTS_OPERATIONS, FAULTS_FILES and FAULTS_EVERY set one figure by hand.
"""

from __future__ import annotations

import os

SOAK = os.environ.get("FAULTS") == "soak"
# A run that failed is repeated with its seed: FAULTS_SEED=20261128 make faults
SEED = int(os.environ.get("FAULTS_SEED", "20261128"))


def sized(ci: int, soak: int, name: str = "") -> int:
    """The count of this size; `name`: that of the variable that sets it by hand."""
    by_hand = os.environ.get(f"FAULTS_{name}", "") if name else ""
    return int(by_hand) if by_hand else soak if SOAK else ci
