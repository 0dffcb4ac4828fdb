"""The tie between stock and ledger at the end of every period: by role and account, place by place and class by class.

A document's movements and entries are compared with each other (verifiers.py); here everything that was dated up to a
period's end is added up, as a statement of that day would. Periods are months, so both sides are summed by month, in
the database.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator
from typing import TypeAlias

from django.db import connection

from core.models import Category, Entity, Location
from core.verify import Tally, money_said, streamed
from writeoffs.ledger.models import Account
from writeoffs.ledger.roles import ROLES

LIMIT = 100
INVENTORY, ALLOWANCE = "INVENTORY", "INVENTORY_ALLOWANCE"
# Role, location, category: what a journal line of stock says of where it stands, and a lot as well.
Cell: TypeAlias = tuple[str, int | None, int | None]


def period_ends(tally: Tally) -> Iterator[str]:
    """The first period end of each place and class at which stock and ledger differ."""
    found = 0
    for entity in Entity.objects.order_by("pk"):
        stock, ledger, accounts = _stock(entity), *_ledger(entity)
        for cell in sorted(stock.keys() | ledger.keys(), key=str):
            month, held, booked = _first_difference(stock[cell], ledger[cell])
            if month and found < LIMIT:
                found += 1
                yield _complaint(entity, cell, month, held, booked, sorted(accounts[cell]))


Months: TypeAlias = defaultdict[Cell, dict[str, int]]


def _month(column: str) -> str:
    return f"to_char({column}, 'YYYY-MM')" if connection.vendor == "postgresql" else f"substr({column}, 1, 7)"


def _stock(entity: Entity) -> Months:
    """Signed as the ledger sees it: an allowance that grows is a credit. Moved as days first, which are few."""
    found: Months = defaultdict(dict)
    for month, location, category, cost, allowance in streamed(
        f"select {_month('d.posted_on')}, d.location_id, d.category_id, sum(d.cost), sum(d.allowance) from ("
        "select m.posted_on, l.location_id, i.category_id, sum(m.cost) as cost, sum(m.allowance) as allowance "
        "from inventory_movement m join inventory_lot l on l.id = m.lot_id join inventory_item i on i.id = l.item_id "
        "where m.entity_id = %s group by m.posted_on, l.location_id, i.category_id) d group by 1, 2, 3",
        [entity.pk],
    ):
        for role, amount in ((INVENTORY, int(cost)), (ALLOWANCE, -int(allowance))):
            if amount:
                found[role, location, category][month] = amount
    return found


def _ledger(entity: Entity) -> tuple[Months, defaultdict[Cell, set[int]]]:
    """And the accounts that the lines of each cell stand on."""
    found: Months = defaultdict(dict)
    accounts: defaultdict[Cell, set[int]] = defaultdict(set)
    for month, role, account, location, category, amount in streamed(
        f"select {_month('d.posted_on')}, d.role, d.account_id, d.location_id, d.category_id, sum(d.amount) from ("
        "select e.posted_on, l.role, l.account_id, l.location_id, l.category_id, sum(l.amount) as amount "
        "from ledger_journalline l join ledger_journalentry e on e.id = l.entry_id where e.entity_id = %s "
        "and l.role in (%s, %s) group by e.posted_on, l.role, l.account_id, l.location_id, l.category_id) d "
        "group by 1, 2, 3, 4, 5",
        [entity.pk, INVENTORY, ALLOWANCE],
    ):
        cell = (role, location, category)
        accounts[cell].add(account)
        found[cell][month] = found[cell].get(month, 0) + int(amount)
    return found, accounts


def _first_difference(stock: dict[str, int], ledger: dict[str, int]) -> tuple[str, int, int]:
    """(month, what the movements add up to by its end, what the lines do); an empty month where they never differ."""
    held = booked = 0
    for month in sorted(stock.keys() | ledger.keys()):
        held += stock.get(month, 0)
        booked += ledger.get(month, 0)
        if held != booked:
            return month, held, booked
    return "", held, booked


def _complaint(entity: Entity, cell: Cell, month: str, held: int, booked: int, accounts: list[int]) -> str:
    role, location, category = cell
    place = Location.objects.filter(pk=location or 0).first() or "no place"
    group = Category.objects.filter(pk=category or 0).first() or "no class"
    on = ", ".join(str(account) for account in Account.objects.filter(pk__in=accounts)) or "no account"
    year, number = (int(part) for part in month.split("-"))
    return (
        f"{entity}: {ROLES[role].label} at the end of {dt.date(year, number, 1):%B %Y}, {group} at {place}: the "
        f"movements add up to {money_said(entity, held)}, the journal lines on {on} to {money_said(entity, booked)}."
    )
