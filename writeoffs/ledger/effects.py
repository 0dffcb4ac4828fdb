"""What a journal does to the statements: profit, balance sheet and indirect cash flow. Pure.

Invariant: profit + losses added back + change in inventories + change in other balances + equity-only items = cash,
exactly, for every balanced journal; each figure is a sum of the journal's own amounts, nothing is rounded here.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from writeoffs.ledger.roles import LOSS_ROLES, NET_INVENTORY_ROLES, ROLES, Section

ZERO = Decimal(0)
BALANCE_SHEET = frozenset({Section.ASSET, Section.LIABILITY, Section.EQUITY})
GROSS_PROFIT = frozenset({Section.REVENUE, Section.COST_OF_SALES})

type_pair = tuple[str, Decimal]


@dataclass(frozen=True, slots=True)
class CashFlow:
    """Indirect method, gross presentation (IAS 7.20(b)): losses added back in full, inventories without the losses.

    change_in_inventories = -(change in net inventory + losses added back). The parts add up to `cash`.
    """

    profit: Decimal
    losses_added_back: Decimal
    change_in_inventories: Decimal
    change_in_other_balances: Decimal
    equity_only_items: Decimal
    cash: Decimal


@dataclass(frozen=True, slots=True)
class Effects:
    """The effects of some journal lines, in the entity's currency.

    by_role: net amount, debit +, credit -, in the order of the chart; roles that netted to nil stay. income_statement:
    effect on profit, income +, expense -. balance_sheet: net change, debit +, credit -. tax: what the tax roles do to
    profit, income +, expense -.
    """

    by_role: tuple[type_pair, ...]
    income_statement: tuple[type_pair, ...]
    balance_sheet: tuple[type_pair, ...]
    gross_profit: Decimal
    profit_before_tax: Decimal
    tax: Decimal
    profit_after_tax: Decimal
    net_inventory: Decimal
    cash: Decimal
    cash_flow: CashFlow


def effects(pairs: Iterable[type_pair]) -> Effects:
    """Effects of (role, amount) pairs, debit +, credit -. KeyError for a role that does not exist."""
    net: dict[str, Decimal] = {}
    for role, amount in pairs:
        net[role] = net.get(role, ZERO) + amount
    by_role = tuple((role, net[role]) for role in ROLES if role in net)
    if len(by_role) != len(net):
        raise KeyError(f"unknown account roles: {', '.join(sorted(net.keys() - ROLES.keys()))}")
    income = tuple((role, ZERO - amount) for role, amount in by_role if ROLES[role].section not in BALANCE_SHEET)
    balance = tuple((role, amount) for role, amount in by_role if ROLES[role].section in BALANCE_SHEET)
    tax = _in_sections(income, frozenset({Section.TAX}))
    after_tax = sum((amount for _, amount in income), ZERO)
    net_inventory = sum((amount for role, amount in balance if role in NET_INVENTORY_ROLES), ZERO)
    cash = net.get("CASH", ZERO)
    return Effects(
        by_role=by_role,
        income_statement=income,
        balance_sheet=balance,
        gross_profit=_in_sections(income, GROSS_PROFIT),
        profit_before_tax=after_tax - tax,
        tax=tax,
        profit_after_tax=after_tax,
        net_inventory=net_inventory,
        cash=cash,
        cash_flow=_cash_flow(after_tax, income, balance, net_inventory, cash),
    )


def _in_sections(pairs: tuple[type_pair, ...], sections: frozenset[Section]) -> Decimal:
    return sum((amount for role, amount in pairs if ROLES[role].section in sections), ZERO)


def _cash_flow(
    profit: Decimal,
    income: tuple[type_pair, ...],
    balance: tuple[type_pair, ...],
    net_inventory: Decimal,
    cash: Decimal,
) -> CashFlow:
    losses = ZERO - sum((amount for role, amount in income if role in LOSS_ROLES), ZERO)
    equity = ZERO - _in_sections(balance, frozenset({Section.EQUITY}))
    everything = -sum((amount for _, amount in balance), ZERO)
    return CashFlow(
        profit=profit,
        losses_added_back=losses,
        change_in_inventories=ZERO - (net_inventory + losses),
        # All balances but inventory, cash and equity, whose changes stand in lines of their own.
        change_in_other_balances=everything + net_inventory + cash - equity,
        equity_only_items=equity,
        cash=cash,
    )
