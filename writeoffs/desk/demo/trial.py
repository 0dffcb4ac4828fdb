"""The ERP's trial balances of the demo company, as its controller draws and uploads them.

The ERP keeps the whole company; of our entries it shows what it has taken so far. So December ties to the cent, and a
later month shows what is still on its way to the ERP.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from decimal import Decimal

from django.db.models import Sum

from writeoffs.desk.demo.office import Office
from writeoffs.ledger.models import Account, FiscalPeriod, JournalLine
from writeoffs.ledger.roles import ROLES, TIED_ROLES, Section
from writeoffs.posting.erp_gap import lines_until, not_taken, own_pieces

REPORT = "RFSSLD00, all accounts"
HEADER = "G/L account,Name,Closing balance,Section,Liquidity"
INCOME = frozenset({Section.REVENUE, Section.COST_OF_SALES, Section.OTHER})
# A month of the company: account, name, amount (debit +), section.
MONTHLY = (
    ("4000", "Revenue", Decimal("-412650.00"), "revenue"),
    ("5000", "Cost of goods sold", Decimal("268410.00"), "cost of sales"),
    ("6000", "Wages and salaries", Decimal("74300.00"), "other"),
    ("6100", "Rent and energy", Decimal("21890.00"), "other"),
    ("6200", "Freight out", Decimal("13275.40"), "other"),
    ("8000", "Current tax expense", Decimal("7400.00"), "tax"),
)
# What stands still: account, name, amount, section, liquidity.
STANDING = (
    ("0100", "Warehouse equipment", Decimal("486200.00"), "asset", "non-current"),
    ("0120", "Forklifts and vehicles", Decimal("138450.00"), "asset", "non-current"),
    ("1200", "Receivables", Decimal("391870.25"), "asset", "quick"),
    ("1300", "Prepaid expenses", Decimal("18240.00"), "asset", "current"),
    ("2000", "Payables", Decimal("-344905.70"), "liability", "current"),
    ("2100", "VAT payable", Decimal("-61230.00"), "liability", "current"),
    ("2200", "Income tax payable", Decimal("-44100.00"), "liability", "current"),
    ("2700", "Bank loan", Decimal("-250000.00"), "liability", "non-current"),
    ("2900", "Share capital", Decimal("-200000.00"), "equity", ""),
)
RETAINED = ("3000", "Retained earnings", "equity")
CASH = Decimal("127460.15")


def take_in(office: Office, day: dt.date, *, on: dt.date) -> None:
    """The balances of a month's last day, uploaded some days later and committed by the controller."""
    office.clock.go_to(on, 9)
    rows = [
        f"{code},{name},{amount},{section},{liquidity}" for code, name, amount, section, liquidity in _rows(office, day)
    ]
    upload = office.upload(
        "trial_balance",
        f"trial-balance-{day:%Y-%m}.csv",
        "\n".join([HEADER, *rows]).encode(),
        as_of=office.moment(day, 23),
        by="controller",
        report=REPORT,
    )
    office.commit(upload)


def _rows(office: Office, day: dt.date) -> list[tuple[str, str, Decimal, str, str]]:
    period = FiscalPeriod.objects.get(entity=office.entity, ends_on=day, number__lte=12)
    rows = [(code, name, amount * period.number, section, "") for code, name, amount, section in MONTHLY]
    rows += [*STANDING, ("1000", "Cash at bank", CASH, "asset", "quick")]
    known = {code for code, *_ in rows}
    ours = _taken(office, period)
    rows += [(a.code, a.name, ours[a.pk], "", "") for a in Account.objects.filter(pk__in=ours) if a.code not in known]
    code, name, section = RETAINED
    return [*rows, (code, name, -sum((row[2] for row in rows), Decimal(0)), section, "")]


def _taken(office: Office, period: FiscalPeriod) -> dict[int, Decimal]:
    """Account -> what the ERP shows of stock and of our losses: all of our books but what it has not taken yet."""
    entity, now = office.entity, office.clock.moment
    until = lines_until(entity=entity, period=period)
    found: defaultdict[int, Decimal] = defaultdict(Decimal)
    tied = JournalLine.objects.filter(until, role__in=TIED_ROLES).order_by().values_list("account_id")
    for account, total in tied.annotate(total=Sum("amount")):
        found[account] += total
    year = period.starts_on.replace(month=1)
    pieces = [(piece, 1) for piece in own_pieces(entity=entity, lines=until) if piece.role not in TIED_ROLES]
    pieces += [(piece, -1) for piece in not_taken(entity=entity, received_at=now, lines=until)]
    for piece, sign in pieces:
        if piece.role in TIED_ROLES or (ROLES[piece.role].section in INCOME and piece.posted_on >= year):
            found[piece.account_id] += sign * piece.amount
    return {account: amount for account, amount in found.items() if amount}
