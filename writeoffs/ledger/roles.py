"""The account roles: what an entry means, before an entity's own chart gives it an account. Pure.

Every entry is built from roles; an entity maps each role to one account. A role's section says where it stands in the
statements; `LOSS_ROLES` are added back in the cash flow statement, since they moved no cash (IAS 7.20(b)).
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

from core.words import Reason


class Section(enum.StrEnum):
    ASSET = "ASSET"
    LIABILITY = "LIABILITY"
    EQUITY = "EQUITY"
    REVENUE = "REVENUE"
    COST_OF_SALES = "COST_OF_SALES"
    OTHER = "OTHER"
    TAX = "TAX"


class Liquidity(enum.StrEnum):
    """How soon an asset or liability turns into money, for the ratios. QUICK: cash and what is cash without a sale
    (receivables); CURRENT: within a year (stock, prepayments, payables); NON_CURRENT: later."""

    QUICK = "QUICK"
    CURRENT = "CURRENT"
    NON_CURRENT = "NON_CURRENT"


@dataclass(frozen=True, slots=True)
class RoleInfo:
    """label: for people. section: where it stands. account: number and name in the chart that the product proposes."""

    label: str
    section: Section
    account: tuple[str, str]


ROLES: dict[str, RoleInfo] = {
    "INVENTORY": RoleInfo("Inventory", Section.ASSET, ("1400", "Inventory")),
    "INVENTORY_ALLOWANCE": RoleInfo("Inventory allowance", Section.ASSET, ("1490", "Allowance for inventory")),
    "SHRINKAGE_ACCRUAL": RoleInfo("Shrinkage accrual", Section.ASSET, ("1495", "Accrued shrinkage")),
    "ESTIMATED_LOSSES": RoleInfo("Estimated losses", Section.ASSET, ("1496", "Estimated losses of inventory")),
    "STOCK_CLEARING": RoleInfo("Stock clearing", Section.ASSET, ("1499", "Stock clearing (ERP)")),
    "CASH": RoleInfo("Cash", Section.ASSET, ("1000", "Cash at bank")),
    "RECEIVABLE": RoleInfo("Receivables", Section.ASSET, ("1200", "Receivables")),
    "INSURANCE_RECEIVABLE": RoleInfo("Insurance receivable", Section.ASSET, ("1250", "Insurance claims receivable")),
    "DEFERRED_TAX_ASSET": RoleInfo("Deferred tax asset", Section.ASSET, ("1700", "Deferred tax asset")),
    "PAYABLE": RoleInfo("Payables", Section.LIABILITY, ("2000", "Payables")),
    "VAT_PAYABLE": RoleInfo("VAT payable", Section.LIABILITY, ("2100", "VAT payable")),
    "COMMITMENT_PROVISION": RoleInfo(
        "Provision for purchase commitments", Section.LIABILITY, ("2300", "Provision for purchase commitments")
    ),
    "CURRENT_TAX_PAYABLE": RoleInfo("Current tax payable", Section.LIABILITY, ("2200", "Income tax payable")),
    "RETAINED_EARNINGS": RoleInfo("Retained earnings", Section.EQUITY, ("3000", "Retained earnings")),
    "TRANSLATION_RESERVE": RoleInfo("Translation reserve", Section.EQUITY, ("3200", "Translation reserve")),
    "REVENUE": RoleInfo("Revenue", Section.REVENUE, ("4000", "Revenue")),
    "COGS": RoleInfo("Cost of goods sold", Section.COST_OF_SALES, ("5000", "Cost of goods sold")),
    "WRITE_DOWN_EXPENSE": RoleInfo(
        "Write-downs of inventory", Section.COST_OF_SALES, ("5100", "Inventory write-downs")
    ),
    "REVERSAL_OF_WRITE_DOWN": RoleInfo(
        "Reversals of write-downs", Section.COST_OF_SALES, ("5110", "Reversals of write-downs")
    ),
    "COMMITMENT_LOSS": RoleInfo(
        "Losses on purchase commitments", Section.COST_OF_SALES, ("5150", "Losses on purchase commitments")
    ),
    "SHRINKAGE_EXPENSE": RoleInfo("Shrinkage", Section.COST_OF_SALES, ("5200", "Inventory shrinkage")),
    "SCRAP_PROCEEDS": RoleInfo("Scrap proceeds", Section.COST_OF_SALES, ("5300", "Scrap proceeds")),
    "DISPOSAL_COST": RoleInfo("Disposal cost", Section.COST_OF_SALES, ("5310", "Disposal cost")),
    "ABNORMAL_LOSS": RoleInfo("Abnormal losses", Section.OTHER, ("6500", "Abnormal inventory losses")),
    "INSURANCE_RECOVERY": RoleInfo("Insurance recoveries", Section.OTHER, ("6510", "Insurance recoveries")),
    "VAT_ADJUSTMENT_EXPENSE": RoleInfo("VAT adjustments", Section.OTHER, ("6520", "Irrecoverable input VAT")),
    "FX_GAIN_LOSS": RoleInfo("Exchange differences", Section.OTHER, ("6600", "Exchange differences")),
    "CURRENT_TAX_EXPENSE": RoleInfo("Current tax", Section.TAX, ("8000", "Current tax expense")),
    "DEFERRED_TAX_EXPENSE": RoleInfo("Deferred tax", Section.TAX, ("8100", "Deferred tax expense")),
}

_LIQUIDITY: dict[str, Liquidity] = {
    "INVENTORY": Liquidity.CURRENT,
    "INVENTORY_ALLOWANCE": Liquidity.CURRENT,
    "SHRINKAGE_ACCRUAL": Liquidity.CURRENT,
    "ESTIMATED_LOSSES": Liquidity.CURRENT,
    "COMMITMENT_PROVISION": Liquidity.CURRENT,
    "STOCK_CLEARING": Liquidity.CURRENT,
    "CASH": Liquidity.QUICK,
    "RECEIVABLE": Liquidity.QUICK,
    "INSURANCE_RECEIVABLE": Liquidity.CURRENT,
    "DEFERRED_TAX_ASSET": Liquidity.NON_CURRENT,
    "PAYABLE": Liquidity.CURRENT,
    "VAT_PAYABLE": Liquidity.CURRENT,
    "CURRENT_TAX_PAYABLE": Liquidity.CURRENT,
}


def liquidity_of_role(role: str) -> str:
    """What an account is for the ratios where nobody has said it and this role leads to it; "" for profit and loss."""
    return _LIQUIDITY.get(role, "")


# The balance-sheet roles whose whole balance we keep, so that it can be tied to the ERP's; of cash, receivables and
# payables we see only our own part.
TIED_ROLES = (
    *("INVENTORY", "INVENTORY_ALLOWANCE", "SHRINKAGE_ACCRUAL", "ESTIMATED_LOSSES", "INSURANCE_RECEIVABLE"),
    "COMMITMENT_PROVISION",
)
NET_INVENTORY_ROLES = frozenset({"INVENTORY", "INVENTORY_ALLOWANCE", "SHRINKAGE_ACCRUAL", "ESTIMATED_LOSSES"})
LOSS_ROLES = frozenset({"WRITE_DOWN_EXPENSE", "REVERSAL_OF_WRITE_DOWN", "SHRINKAGE_EXPENSE", "ABNORMAL_LOSS"})

_LOSS_ROLE_OF_REASON: dict[str, str] = {
    Reason.OBSOLESCENCE: "WRITE_DOWN_EXPENSE",
    Reason.EXPIRY: "WRITE_DOWN_EXPENSE",
    Reason.DAMAGE: "WRITE_DOWN_EXPENSE",
    Reason.PRICE_FALL: "WRITE_DOWN_EXPENSE",
    Reason.COUNT_DIFFERENCE: "SHRINKAGE_EXPENSE",
    Reason.FIRE: "ABNORMAL_LOSS",
    Reason.FLOOD: "ABNORMAL_LOSS",
    Reason.THEFT: "ABNORMAL_LOSS",
    Reason.ABNORMAL_DAMAGE: "ABNORMAL_LOSS",
}


def loss_role(reason: str) -> str:
    """The role that bears a loss of this reason (IAS 2.34; abnormal losses stand apart, IAS 1.97-98)."""
    return _LOSS_ROLE_OF_REASON[reason]
