"""What the product gave: journal, carrying amounts and statements of the case's own documents, as its records and
reports say it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet

from inventory.models import Lot
from inventory.selectors import lot_totals
from tests.cases.company import CaseCompany
from tests.cases.compare import ZERO, Leg, leg, type_line
from writeoffs.ledger.effects import effects
from writeoffs.ledger.models import JournalEntry, JournalLine


def entries_of(case: CaseCompany) -> QuerySet[JournalEntry]:
    """Every entry since the opening list was taken in."""
    opened = [f"upload:{upload.pk}" for upload in case.openings]
    return (
        JournalEntry.objects.filter(entity=case.entity)
        .exclude(source_ref__in=opened)
        # What is taken over as history was booked elsewhere, long ago.
        .exclude(origin="ERP", leg="HISTORY")
        .order_by("pk")
    )


def periods(case: CaseCompany) -> set[str]:
    """The codes of the fiscal periods that the case's entries are in."""
    return {entry.period.code for entry in entries_of(case).select_related("period")}


def days(case: CaseCompany) -> list[dt.date]:
    """The last day of each month that the case's entries are in, in order."""
    posted = entries_of(case).order_by("posted_on").values_list("posted_on", flat=True)
    return list({(day.year, day.month): day for day in posted}.values())


def legs(case: CaseCompany, period_of: Callable[[str], str] = lambda code: "") -> list[Leg]:
    """period_of: the case's word for the code of a fiscal period."""
    made, sold = [], {}
    for entry in entries_of(case).select_related("period").prefetch_related("lines"):
        lines = [(line.role, line.debit, line.credit) for line in entry.lines.all()]
        period = period_of(entry.period.code)
        if entry.leg in ("SALE", "RELEASE"):
            # The ERP books the gross cost of a sale, we the allowance that it releases: one leg in two books.
            sold.setdefault((entry.source_ref, period), []).extend(lines)
        else:
            made.append(leg(lines, period))
    return made + [leg(_netted(lines), period) for (_, period), lines in sold.items()]


def _netted(lines: list[type_line]) -> list[type_line]:
    """One line an account, on the side that is left."""
    net: dict[str, Decimal] = {}
    for role, debit, credit in lines:
        net[role] = net.get(role, ZERO) + debit - credit
    return [(role, max(amount, ZERO), max(-amount, ZERO)) for role, amount in net.items() if amount]


def balances(case: CaseCompany) -> dict[str, Decimal]:
    """What the stock list's page says of all lots at its foot."""
    totals = lot_totals(lots=Lot.objects.filter(entity=case.entity))
    return {"carrying_amount": totals.carrying, "allowance_after": totals.allowance}


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


def profit_by_period(case: CaseCompany, period_of: Callable[[str], str]) -> dict[str, Decimal]:
    """Profit after tax of the case's entries, by the case's word for their period."""
    by_period: dict[str, list[tuple[str, Decimal]]] = {}
    for entry in entries_of(case).select_related("period").prefetch_related("lines"):
        pairs = by_period.setdefault(period_of(entry.period.code), [])
        pairs.extend((line.role, line.amount) for line in entry.lines.all())
    return {name: effects(pairs).profit_after_tax for name, pairs in by_period.items()}
