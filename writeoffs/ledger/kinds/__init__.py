"""The sheets of this room: the ERP's trial balance."""

from core.sheets.kinds import register
from writeoffs.ledger.kinds.trial_balance import TrialBalanceKind


def register_all() -> None:
    register(TrialBalanceKind())
