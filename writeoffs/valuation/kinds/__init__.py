"""The sheets of this room: prices, contracts, commitments, uses, demand, condition marks, sales figures, rates."""

from core.sheets.kinds import register
from writeoffs.valuation.kinds.agreements import CommitmentSheet, ContractSheet
from writeoffs.valuation.kinds.demand import DemandSheet, SalesSheet
from writeoffs.valuation.kinds.marks import ConditionSheet, RateSheet, UseSheet
from writeoffs.valuation.kinds.prices import PriceSheet


def register_all() -> None:
    for kind in (
        *(PriceSheet(), ContractSheet(), CommitmentSheet(), UseSheet(), DemandSheet(), ConditionSheet()),
        *(SalesSheet(), RateSheet()),
    ):
        register(kind)
