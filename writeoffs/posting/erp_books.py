"""The ERP's trial balance and our own entries as the parts of one set of statements: what the ERP has, what of ours it
lacked when the balance was uploaded, and what our entries did in the time that the balance covers.

Invariant: after = trial balance + missing; before = after - effect. Whatever the ERP has taken of ours is in the trial
balance and in the effect, so that it counts once. Tax by policy is computed on each part alike, marked and not posted.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Min, Q, Sum

from core.models import Entity
from writeoffs.ledger.models import (
    Account,
    AccountMap,
    FiscalPeriod,
    JournalLine,
    Origin,
    TrialBalance,
    TrialBalanceLine,
)
from writeoffs.ledger.position import Item, Place, place_of
from writeoffs.ledger.roles import LOSS_ROLES, NET_INVENTORY_ROLES, ROLES, Section, liquidity_of_role
from writeoffs.posting.erp_gap import Piece, lines_until, not_taken

ZERO = Decimal(0)
_INCOME = frozenset({Section.REVENUE, Section.COST_OF_SALES, Section.OTHER, Section.TAX})


@dataclass(frozen=True, slots=True)
class _Placed:
    """Where the lines of one account stand."""

    code: str
    section: str
    liquidity: str
    inventory: bool
    cash: bool


@dataclass(frozen=True, slots=True)
class ErpBooks:
    """starts_on, ends_on: the days that income and expense cover. opening_inventory: None where nothing tells it.
    losses: inventory losses that our entries charged in those days (a gain takes away from them)."""

    balance: TrialBalance
    starts_on: dt.date
    ends_on: dt.date
    trial: tuple[Item, ...]
    missing: tuple[Item, ...]
    effect: tuple[Item, ...]
    opening_inventory: Decimal | None
    losses: Decimal


class Chart:
    """The accounts of an entity with what places their lines; two queries."""

    def __init__(self, entity: Entity) -> None:
        roles: dict[int, set[str]] = {}
        for account, role in AccountMap.objects.filter(entity=entity).values_list("account_id", "role"):
            roles.setdefault(account, set()).add(role)
        self.by_id: dict[int, _Placed] = {}
        for pk, code, section, liquidity in Account.objects.filter(entity=entity).values_list(
            "pk", "code", "section", "liquidity"
        ):
            own = roles.get(pk, set())
            said = liquidity or next((found for role in sorted(own) if (found := liquidity_of_role(role))), "")
            self.by_id[pk] = _Placed(code, section, said, bool(own & NET_INVENTORY_ROLES), "CASH" in own)
        self.by_code = {placed.code: placed for placed in self.by_id.values()}

    def of_balance(self, line: TrialBalanceLine) -> Item:
        """As the chart has the account now, else as the sheet had it."""
        placed = self.by_code.get(line.code)
        if placed is None:
            return Item(place_of(line.section, line.liquidity), line.balance, line.code)
        place = place_of(placed.section, placed.liquidity or line.liquidity, inventory=placed.inventory)
        return Item(place, line.balance, line.code, cash=placed.cash)

    def of_line(self, account_id: int, role: str, amount: Decimal) -> Item:
        """A line of ours on its account. Stock is inventory even where the map has moved on since."""
        placed = self.by_id[account_id]
        inventory = placed.inventory or role in NET_INVENTORY_ROLES
        liquidity = placed.liquidity or liquidity_of_role(role)
        place = place_of(placed.section, liquidity, inventory=inventory)
        return Item(place, amount, placed.code, role, cash=placed.cash or role == "CASH")


def of_role(role: str, amount: Decimal, *, computed: bool = False) -> Item:
    """A line that has no account yet."""
    place = place_of(ROLES[role].section, liquidity_of_role(role), inventory=role in NET_INVENTORY_ROLES)
    return Item(place, amount, "", role, cash=role == "CASH", computed=computed)


def first_day(balance: TrialBalance) -> dt.date:
    """The first day that income and expense of the balance cover."""
    period = balance.period
    if balance.covers == TrialBalance.Covers.PERIOD:
        return period.starts_on
    first: dt.date | None = FiscalPeriod.objects.filter(
        entity_id=balance.entity_id, fiscal_year=period.fiscal_year
    ).aggregate(first=Min("starts_on"))["first"]
    return first or period.starts_on


def erp_books(*, balance: TrialBalance, until: Q | None = None) -> ErpBooks:
    """until: the journal lines that count, those to the end of the balance's period by default. A constant number of
    queries."""
    entity, period = balance.entity, balance.period
    chart, start = Chart(entity), first_day(balance)
    lines = lines_until(entity=entity, period=period) if until is None else until
    stored = list(TrialBalanceLine.objects.filter(trial_balance=balance))
    pieces = not_taken(entity=entity, received_at=balance.received_at, lines=lines)
    inside = lines & Q(entry__posted_on__gte=start)
    own = (
        JournalLine.objects.filter(inside, entry__entity=entity, entry__origin=Origin.OWN, entry__sealed=True)
        .order_by()
        .values_list("account_id", "role")
        .annotate(total=Sum("amount"))
    )
    effect = [chart.of_line(account, role, total) for account, role, total in own]
    return ErpBooks(
        balance=balance,
        starts_on=start,
        ends_on=period.ends_on,
        trial=tuple(chart.of_balance(line) for line in stored),
        missing=tuple(_missing(chart, pieces, start)),
        effect=tuple(effect),
        opening_inventory=_opening(chart, balance, stored, pieces, start),
        losses=sum((item.amount for item in effect if item.role in LOSS_ROLES), ZERO),
    )


def _missing(chart: Chart, pieces: Iterable[Piece], start: dt.date) -> Iterable[Item]:
    """Income and expense of earlier years have gone into equity."""
    for piece in pieces:
        item = chart.of_line(piece.account_id, piece.role, piece.amount)
        if piece.posted_on < start and ROLES[piece.role].section in _INCOME:
            item = Item(Place.EQUITY, piece.amount, item.code, piece.role)
        yield item


def _opening(
    chart: Chart, balance: TrialBalance, stored: list[TrialBalanceLine], pieces: list[Piece], start: dt.date
) -> Decimal | None:
    """Net inventory on the first day, with what the ERP had not taken by then: from the sheet's opening balances, else
    from the trial balance of the period that ends the day before."""
    codes = {code for code, placed in chart.by_code.items() if placed.inventory}
    openings = [line.opening for line in stored if line.code in codes and line.opening is not None]
    if openings:
        late = (p.amount for p in pieces if p.posted_on < start and p.role in NET_INVENTORY_ROLES)
        return sum(openings, ZERO) + sum(late, ZERO)
    before = (
        TrialBalance.objects.filter(
            entity_id=balance.entity_id, period__ends_on=start - dt.timedelta(days=1), period__number__lte=12
        )
        .select_related("entity", "period")
        .order_by("-version")
        .first()
    )
    if before is None:
        return None
    lines = lines_until(entity=before.entity, period=before.period) & Q(role__in=NET_INVENTORY_ROLES)
    late_then = not_taken(entity=before.entity, received_at=before.received_at, lines=lines)
    held = TrialBalanceLine.objects.filter(trial_balance=before, code__in=codes).aggregate(held=Sum("balance"))["held"]
    return (held or ZERO) + sum((piece.amount for piece in late_then), ZERO)
