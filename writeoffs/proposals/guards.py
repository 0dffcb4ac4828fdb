"""The guard of decisions: they are only ever added."""

from core import guards

guards.register(*guards.append_only("proposals_decision", noun="a decision", keys=[]))
