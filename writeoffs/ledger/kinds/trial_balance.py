"""The ERP's trial balance of a period: one row an account, debits equal to credits.

Invariant: what is staged balances to nil, names each account once, and belongs to one fiscal period that contains the
moment it speaks of.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from core.errors import BadInput
from core.models import Entity, Upload, User
from core.money import MONEY_SCALE, display_money, from_raw, plain
from core.sheets.kinds import Cell, Chunk, Column, Committed, Issues, Option, SheetKind, Summary
from core.words import Role
from writeoffs.ledger.kinds.words import liquidity_of, section_of
from writeoffs.ledger.models import Account, AccountMap, FiscalPeriod, StagedBalance
from writeoffs.ledger.roles import TIED_ROLES, Section
from writeoffs.ledger.trial_balance import (
    CODE,
    LEAVE,
    period_choices,
    period_of_upload,
    refuse_older,
    trial_balance_commit,
)

COLUMNS = (
    Column(
        "account_code",
        "Account",
        Cell.TEXT,
        required=True,
        filled=True,
        max_length=30,
        aliases=("account", "account no", "account number", "gl account", "g/l account", "konto", "code", "number"),
        example="1400",
    ),
    Column(
        "account_name",
        "Name",
        Cell.TEXT,
        max_length=120,
        aliases=("name", "description", "account description", "text", "bezeichnung"),
        example="Inventory",
    ),
    Column(
        "balance",
        "Balance",
        Cell.MONEY,
        aliases=("closing balance", "closing", "balance end", "ending balance", "saldo", "amount", "net"),
        help="The closing balance: debit positive, credit negative or in parentheses. Or give debit and credit.",
        example="(125,000.00)",
    ),
    Column(
        "debit",
        "Debit",
        Cell.MONEY,
        aliases=("debits", "dr", "soll", "debit balance"),
        help="Used where there is no balance column: the closing balance is debit less credit.",
        example="125000.00",
    ),
    Column("credit", "Credit", Cell.MONEY, aliases=("credits", "cr", "haben", "credit balance"), example="0.00"),
    Column(
        "opening",
        "Opening balance",
        Cell.MONEY,
        aliases=("opening", "balance forward", "beginning balance", "eröffnungssaldo", "carried forward"),
        help="The balance on the first day that the sheet covers; the ratios' average of inventory needs it.",
        example="90000.00",
    ),
    Column(
        "section",
        "Section",
        Cell.TEXT,
        max_length=40,
        aliases=("type", "account type", "class", "category", "group"),
        help="For accounts that the chart does not know: asset, liability, equity, revenue, cost of sales, other, tax.",
        example="asset",
    ),
    Column(
        "liquidity",
        "Liquidity",
        Cell.TEXT,
        max_length=40,
        aliases=("current", "maturity"),
        help="For the ratios, of assets and liabilities: quick (cash, receivables), current (stock), non-current.",
        example="current",
    ),
)

EXPECTED_SECTION = "Expected asset, liability, equity, revenue, cost of sales, other or tax."
EXPECTED_LIQUIDITY = "Expected quick, current or non-current."


@dataclass(slots=True)
class BalanceCheck:
    """The chart and what the check found. chart: code -> (section, name). Amounts raw, debit +."""

    entity: Entity
    period: FiscalPeriod
    take: bool
    signed: bool
    chart: dict[str, tuple[str, str]]
    tied: dict[str, str]
    seen: dict[str, int] = field(default_factory=dict)
    net: int = 0
    debit: int = 0
    opening: int = 0
    has_opening: bool = False
    added: int = 0
    unknown: int = 0
    kept: int = 0

    def said(self, raw: int) -> str:
        amount = display_money(from_raw(raw, MONEY_SCALE), self.entity.currency, self.entity.locale)
        return f"{amount} {self.entity.currency}"


class TrialBalanceKind(SheetKind):
    code = CODE
    title = "Trial balance"
    lead = "Every account of the ERP with its balance at the end of a period: it is tied to these books."
    columns = COLUMNS
    options = (
        Option("period", "Period", choices_of=period_choices, help="It has to contain the moment above."),
        Option(
            "covers",
            "Income and expense accounts show",
            (("", "the fiscal year to date"), ("PERIOD", "the period alone")),
            help="Most ERPs show the year to date until the year-end closing.",
        ),
        Option(
            "unknown",
            "Accounts that the chart does not know",
            (("", "Take them into the chart where the sheet gives a section"), (LEAVE, "Leave the chart as it is")),
        ),
    )
    asks_control_total = False
    # It may add accounts to the chart, which controllers keep.
    commit_roles = (Role.CONTROLLER,)
    staging_table = StagedBalance._meta.db_table
    staging_columns = ("row", "code", "name", "section", "liquidity", "balance", "opening")

    def precheck(self, upload: Upload) -> None:
        refuse_older(upload, period_of_upload(upload))

    def begin(self, upload: Upload) -> BalanceCheck:
        mapped = upload.mapping
        signed = "balance" in mapped
        if not signed and not ("debit" in mapped and "credit" in mapped):
            raise BadInput(
                f"{upload.file_name} has no balances yet: choose its balance column, or both debit and credit, on the "
                "columns page."
            )
        entity = upload.entity
        accounts = Account.objects.filter(entity=entity).values_list("code", "section", "name")
        tied = AccountMap.objects.filter(entity=entity, role__in=TIED_ROLES).values_list(
            "account__code", "account__name"
        )
        return BalanceCheck(
            entity=entity,
            period=period_of_upload(upload),
            take=upload.options.get("unknown") != LEAVE,
            signed=signed,
            chart={code: (section, name) for code, section, name in accounts},
            tied=dict(tied),
        )

    def check_chunk(self, context: BalanceCheck, chunk: Chunk, issues: Issues) -> list[tuple[Any, ...]]:
        empty = [None] * len(chunk.rows)
        names = ("account_code", "account_name", "balance", "debit", "credit", "opening", "section", "liquidity")
        rows = zip(chunk.rows, *(chunk.columns.get(name, empty) for name in names), strict=True)
        staged = (_row(context, issues, *cells) for at, cells in enumerate(rows) if at not in chunk.bad)
        kept = [row for row in staged if row is not None]
        context.kept += len(kept)
        return kept

    def finish(self, context: BalanceCheck, upload: Upload, issues: Issues) -> Summary:
        if context.net and not issues.errors:
            side, other = ("debits", "credits") if context.net > 0 else ("credits", "debits")
            issues.error(
                "does_not_balance",
                None,
                "balance",
                plain(from_raw(context.net, MONEY_SCALE)),
                f"The {side} are {context.said(abs(context.net))} more than the {other}. Expected them to be equal: "
                "look for an account that the ERP's report left out, or a total that stands among the accounts.",
            )
        if context.has_opening and context.opening:
            issues.warning(
                "opening_does_not_balance",
                None,
                "opening",
                plain(from_raw(context.opening, MONEY_SCALE)),
                f"The opening balances add up to {context.said(context.opening)} instead of nil. They are used for the "
                "average of inventory only.",
            )
        for code, name in sorted(context.tied.items()):
            if code not in context.seen:
                issues.warning(
                    "account_missing",
                    None,
                    "account_code",
                    code,
                    f"Account {code} {name}, which our stock is tied to, is not on this trial balance. It counts as "
                    "nil there.",
                )
        return _summary(context)

    def commit(self, upload: Upload, user: User) -> Committed:
        return trial_balance_commit(upload=upload, user=user)


def _summary(check: BalanceCheck) -> Summary:
    accounts = f"{check.kept:,} account{'' if check.kept == 1 else 's'}"
    figures = [("Period", str(check.period)), ("Debits", check.said(check.debit))]
    figures += [("Credits", check.said(check.debit - check.net))]
    if check.added:
        figures.append(("New in the chart", f"{check.added:,}"))
    if check.unknown:
        figures.append(("Not in the chart", f"{check.unknown:,}"))
    notes = []
    if check.period.status != FiscalPeriod.Status.OPEN:
        notes.append(f"{check.period} is not open any more: what was frozen at its close stays as it was.")
    return Summary(
        rows=check.kept,
        value=check.debit,
        figures=figures,
        commit_label=f"Keep {accounts} as the trial balance of {check.period}",
        notes=notes,
    )


def _row(
    check: BalanceCheck,
    issues: Issues,
    row: int,
    code: str,
    name: str | None,
    balance: int | None,
    debit: int | None,
    credit: int | None,
    opening: int | None,
    section: str | None,
    liquidity: str | None,
) -> tuple[Any, ...] | None:
    first = check.seen.setdefault(code, row)
    if first != row:
        issues.error(
            "account_twice",
            row,
            "account_code",
            code,
            f"Rows {first} and {row} are both account {code}. An account stands once on a trial balance: add the two "
            "up in the sheet.",
        )
        return None
    closing = (balance or 0) if check.signed else (debit or 0) - (credit or 0)
    if not _whole(check, issues, row, code, closing, opening):
        return None
    if check.signed and opening is not None and (debit is not None or credit is not None):
        _complain_of_movement(check, issues, row, closing, opening + (debit or 0) - (credit or 0))
    check.net += closing
    check.debit += max(closing, 0)
    if opening is not None:
        check.has_opening = True
        check.opening += opening
    placed = _placed(check, issues, row, code, section or "", liquidity or "")
    return None if placed is None else (row, code, name or "", *placed, closing, opening)


def _whole(check: BalanceCheck, issues: Issues, row: int, code: str, closing: int, opening: int | None) -> bool:
    unit = 10 ** (MONEY_SCALE - check.entity.exponent)
    for column, amount in (("balance", closing), ("opening", opening or 0)):
        if amount % unit:
            text = plain(from_raw(amount, MONEY_SCALE))
            issues.error(
                "too_many_decimals",
                row,
                column,
                text,
                f"Row {row}, account {code}: {text} has more decimals than {check.entity.currency}. Expected at most "
                f"{check.entity.exponent}.",
            )
            return False
    return True


def _complain_of_movement(check: BalanceCheck, issues: Issues, row: int, closing: int, moved: int) -> None:
    if moved != closing:
        issues.warning(
            "movement_differs",
            row,
            "balance",
            plain(from_raw(closing, MONEY_SCALE)),
            f"Row {row}: opening + debit - credit is {check.said(moved)}, the balance says {check.said(closing)}. "
            "The balance is taken.",
        )


def _placed(
    check: BalanceCheck, issues: Issues, row: int, code: str, section: str, liquidity: str
) -> tuple[str, str] | None:
    """(section, liquidity) of the row; None where the sheet's words are not understood."""
    given, soon = section_of(section), liquidity_of(liquidity or section)
    if section and given is None:
        issues.error(
            "unknown_section", row, "section", section, f"Row {row}, section: '{section}' is none. {EXPECTED_SECTION}"
        )
        return None
    if liquidity and soon is None:
        text = f"Row {row}, liquidity: '{liquidity}' is none. {EXPECTED_LIQUIDITY}"
        issues.error("unknown_liquidity", row, "liquidity", liquidity, text)
        return None
    known = check.chart.get(code)
    if known is None:
        _complain_of_unknown(check, issues, row, code, given)
        return (given or "", soon or "")
    if given and given != known[0]:
        issues.warning(
            "another_section",
            row,
            "section",
            section,
            f"Row {row}: the chart has account {code} under {known[0].replace('_', ' ').lower()}, which stays.",
        )
    return known[0], soon or ""


def _complain_of_unknown(check: BalanceCheck, issues: Issues, row: int, code: str, section: Section | None) -> None:
    if section and check.take:
        check.added += 1
        return
    check.unknown += 1
    if not section:
        issues.warning(
            "account_not_in_chart",
            row,
            "account_code",
            code,
            f"Row {row}: the chart does not know account {code}, and the sheet gives it no section. It is kept, but "
            "stands in no line of the statements. Give its section, or add it to the chart.",
        )
