"""The sheets of this room: the chart of accounts, the cost centres and the ERP's trial balance."""

from core.sheets.kinds import register
from writeoffs.ledger.kinds.chart import ChartKind
from writeoffs.ledger.kinds.cost_centres import CostCentreKind
from writeoffs.ledger.kinds.trial_balance import TrialBalanceKind


def register_all() -> None:
    register(ChartKind())
    register(CostCentreKind())
    register(TrialBalanceKind())
