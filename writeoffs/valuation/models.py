"""Every model of the room is found here; each is written beside those it goes with."""

from writeoffs.valuation import records  # noqa: F401  what digests of the models cover
from writeoffs.valuation.assessments import Assessment, AssessmentLine
from writeoffs.valuation.bases import BasisCharge
from writeoffs.valuation.commitment_models import CommitmentLine, ProvisionMovement
from writeoffs.valuation.inputs import (
    ConditionMark,
    Contract,
    Demand,
    MaterialUse,
    Price,
    PriceRate,
    PurchaseCommitment,
    SalesFigure,
)
from writeoffs.valuation.policies import AgeingBand, Basis, CostFormula, Level, ValuationPolicy
from writeoffs.valuation.staged import (
    StagedCommitment,
    StagedCondition,
    StagedContract,
    StagedDemand,
    StagedMark,
    StagedPrice,
    StagedPriceRate,
    StagedSales,
    StagedUse,
)
from writeoffs.valuation.tax_models import TaxRule

__all__ = [
    "AgeingBand",
    "Assessment",
    "AssessmentLine",
    "Basis",
    "BasisCharge",
    "CommitmentLine",
    "ConditionMark",
    "Contract",
    "CostFormula",
    "Demand",
    "Level",
    "MaterialUse",
    "Price",
    "PriceRate",
    "ProvisionMovement",
    "PurchaseCommitment",
    "SalesFigure",
    "StagedCommitment",
    "StagedCondition",
    "StagedContract",
    "StagedDemand",
    "StagedMark",
    "StagedPrice",
    "StagedPriceRate",
    "StagedSales",
    "StagedUse",
    "TaxRule",
    "ValuationPolicy",
]
