"""The words of a movements sheet: what the ERP did, and how a sale is paid."""

from __future__ import annotations

from django.db import models


class ErpKind(models.TextChoices):
    """What happened. The kinds behind CHARGE tell of the past of a subledger that is taken over: of history only."""

    SALE = "SALE", "Sale"
    RECEIPT = "RECEIPT", "Receipt"
    PRODUCTION_IN = "PRODUCTION_IN", "Made in production"
    PRODUCTION_OUT = "PRODUCTION_OUT", "Used in production"
    TRANSFER = "TRANSFER", "Transfer"
    CUSTOMER_RETURN = "CUSTOMER_RETURN", "Return by a customer"
    SUPPLIER_RETURN = "SUPPLIER_RETURN", "Return to a supplier"
    SCRAP = "SCRAP", "Scrap"
    REVALUATION = "REVALUATION", "Revaluation"
    OPENING = "OPENING", "Opening stock"
    COUNT = "COUNT", "Count difference"
    EXCHANGE = "EXCHANGE", "Exchange difference"
    CHARGE = "CHARGE", "Write-down charged"
    REVERSAL = "REVERSAL", "Write-down reversed"
    UTILISED = "UTILISED", "Written off, allowance used"
    RELEASED = "RELEASED", "Allowance released on sale"


HISTORY_ONLY = frozenset(
    {
        ErpKind.OPENING.value,
        ErpKind.COUNT.value,
        ErpKind.EXCHANGE.value,
        ErpKind.CHARGE.value,
        ErpKind.REVERSAL.value,
        ErpKind.UTILISED.value,
        ErpKind.RELEASED.value,
    }
)
# Units leave the lot by these; a stock list may have shown it before the sheet came.
OUTWARD = frozenset(
    {
        ErpKind.SALE.value,
        ErpKind.PRODUCTION_OUT.value,
        ErpKind.TRANSFER.value,
        ErpKind.SUPPLIER_RETURN.value,
        ErpKind.SCRAP.value,
        ErpKind.UTILISED.value,
    }
)


class Settlement(models.TextChoices):
    CASH = "CASH", "Cash"
    RECEIVABLE = "RECEIVABLE", "Receivable"


# Kind of row -> kind of movement.
MOVEMENT = {
    "SALE": "SALE",
    "RECEIPT": "RECEIPT",
    "PRODUCTION_IN": "PRODUCTION",
    "PRODUCTION_OUT": "PRODUCTION",
    "TRANSFER": "TRANSFER",
    "CUSTOMER_RETURN": "RETURN",
    "SUPPLIER_RETURN": "RETURN",
    "SCRAP": "SCRAP",
    "REVALUATION": "REVALUATION",
    "OPENING": "OPENING",
    "COUNT": "COUNT",
    "EXCHANGE": "EXCHANGE",
    "CHARGE": "WRITE_DOWN",
    "REVERSAL": "REVERSAL",
    "UTILISED": "WRITE_OFF",
    "RELEASED": "RELEASE",
}
# What a fall becomes where a row of the kind explains it.
EXPLAINS = {
    "SALE": "SALE",
    "PRODUCTION_OUT": "PRODUCTION",
    "TRANSFER": "TRANSFER",
    "SUPPLIER_RETURN": "RETURN",
    "SCRAP": "SCRAP",
    "UTILISED": "SCRAP",
}
MAKES_LOTS = frozenset({"RECEIPT", "PRODUCTION_IN", "CUSTOMER_RETURN", "OPENING"})
