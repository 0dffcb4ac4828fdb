"""What the product gave: journal, carrying amounts and statements of the case's own documents, as its records and
reports say it."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet

from inventory.models import Lot
from tests.cases.company import CaseCompany
from tests.cases.compare import Leg, leg
from writeoffs.ledger.effects import effects
from writeoffs.ledger.models import JournalEntry, JournalLine


def entries_of(case: CaseCompany) -> QuerySet[JournalEntry]:
    """Every entry since the opening list was taken in."""
    opened = [f"upload:{upload.pk}" for upload in case.openings]
    return JournalEntry.objects.filter(entity=case.entity).exclude(source_ref__in=opened).order_by("pk")


def legs(case: CaseCompany, period_of: Callable[[str], str] = lambda code: "") -> list[Leg]:
    """period_of: the case's word for the code of a fiscal period."""
    made = []
    for entry in entries_of(case).select_related("period").prefetch_related("lines"):
        lines = ((line.role, line.debit, line.credit) for line in entry.lines.all())
        made.append(leg(lines, period_of(entry.period.code)))
    return made


def carrying(case: CaseCompany) -> Decimal:
    return sum((lot.carrying_amount for lot in Lot.objects.filter(entity=case.entity)), Decimal(0))


def statements(case: CaseCompany) -> dict[str, Any]:
    """Income statement, balance sheet and cash flow of the case's entries."""
    lines = JournalLine.objects.filter(entry__in=entries_of(case)).values_list("role", "amount")
    made = effects(lines)
    flow = made.cash_flow
    return {
        "income_statement": {
            **dict(made.income_statement),
            "gross_profit_effect": made.gross_profit,
            "profit_before_tax_effect": made.profit_before_tax,
            "profit_after_tax_effect": made.profit_after_tax,
        },
        "balance_sheet": {**dict(made.balance_sheet), "net_inventory_change": made.net_inventory},
        "cash_flow": {
            "profit_after_tax_effect": flow.profit,
            "add_back_inventory_losses": flow.losses_added_back,
            "change_in_inventories_excluding_losses": flow.change_in_inventories,
            "change_in_other_balances": flow.change_in_other_balances,
            "equity_only_items": flow.equity_only_items,
            "net_cash_change": flow.cash,
        },
    }
