"""How much of each fault is tried: FAULTS=ci fits a build of two cores, FAULTS=soak is everything."""

from __future__ import annotations

import os

SOAK = os.environ.get("FAULTS") == "soak"
# A run that failed is repeated with its seed: FAULTS_SEED=20261128 make faults
SEED = int(os.environ.get("FAULTS_SEED", "20261128"))


def sized(ci: int, soak: int) -> int:
    return soak if SOAK else ci
