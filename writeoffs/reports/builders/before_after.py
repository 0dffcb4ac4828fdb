"""The statements before and after our entries, as tables of the financial impact."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from writeoffs.reports.builders.base import Frame
from writeoffs.reports.erp import ErpStatements
from writeoffs.reports.statements.before_after import CashLine, Line, Ratio
from writeoffs.reports.statements.spans import date_text
from writeoffs.reports.tables import Cell, Column, Kind, Row, Table

# More accounts than this make no address that a browser takes.
CODES = 60


def before_after_tables(frame: Frame, erp: ErpStatements) -> tuple[Table, ...]:
    """Income statement, balance sheet, ratios and cash flow. Before = after less our entries of these days; after = the
    trial balance with what the ERP had not taken of ours."""
    locale = frame.entity.locale
    days = f"{date_text(erp.starts_on, locale)} – {date_text(erp.ends_on, locale)}"
    as_of = date_text(frame.entity.local_date(erp.balance.as_of), locale)
    found = erp.statement
    tables = [
        _statement(
            frame,
            erp,
            "before_income",
            "Income, before and after",
            found.income,
            f"Income +, expense in parentheses; {days}. Trial balance as of {as_of}; tax on our entries by policy.",
        ),
        _statement(
            frame,
            erp,
            "before_balance",
            "Balance sheet, before and after",
            found.balance,
            "After = trial balance + what it lacked of our entries. Before = after - our entries, whoever has them.",
        ),
        _ratios(found.ratios, _ratio_note(erp)),
    ]
    if found.cash_flow:
        tables.append(_cash(frame, found.cash_flow, days))
    return tuple(tables)


def _statement(frame: Frame, erp: ErpStatements, slug: str, title: str, lines: Iterable[Line], note: str) -> Table:
    headings = ("Before", "Our entries", "After", "ERP's trial balance", "Not in it yet")
    return Table(
        slug=slug,
        title=title,
        columns=(Column("Line", room=2), *(Column(frame.heading(words), Kind.MONEY) for words in headings)),
        rows=[_row(frame, erp, line) for line in lines],
        note=note,
    )


def _row(frame: Frame, erp: ErpStatements, line: Line) -> Row:
    effect = ""
    if line.effect and line.roles:
        effect = frame.links.lines(starts_on=erp.starts_on, ends_on=erp.ends_on, roles=line.roles, origin="OWN")
    trial = ""
    if line.trial and 0 < len(line.codes) <= CODES:
        trial = frame.links.trial_balance(erp.balance.pk, line.codes)
    missing = frame.links.tie_out(erp.balance.period.code) if line.missing and line.key == "inventory" else ""
    return Row(
        (
            Cell(line.label),
            Cell(line.before),
            Cell(line.effect, effect),
            Cell(line.after),
            Cell(line.trial, trial),
            Cell(line.missing, missing),
        ),
        line.style,
    )


def _ratios(ratios: Iterable[Ratio], note: str) -> Table:
    return Table(
        slug="ratios",
        title="Ratios, before and after",
        columns=(
            Column("Ratio", room=2),
            *(Column(words, Kind.RATIO) for words in ("Before", "After", "Change")),
        ),
        rows=[
            Row((Cell(each.label), Cell(_said(each.before)), Cell(_said(each.after)), Cell(each.change)))
            for each in ratios
        ],
        note=note,
    )


def _said(value: Decimal | None) -> Decimal | str:
    return "not known" if value is None else value


def _ratio_note(erp: ErpStatements) -> str:
    said = (
        "Quick = cash and receivables / current liabilities; turnover = cost of sales / average of opening and closing "
        "inventory; days = days of the statement / turnover. A write-down lifts turnover and lowers days: that is "
        "accounting, not efficiency."
    )
    if erp.statement.is_unsaid:
        said += " Say for every asset and liability whether it is current, and the liquidity ratios show."
    if not erp.statement.has_opening:
        said += " With an opening column, or last year's trial balance, turnover and days show."
    return said


def _cash(frame: Frame, lines: Iterable[CashLine], days: str) -> Table:
    return Table(
        slug="two_cash_flows",
        title="Cash flow in two presentations",
        columns=(
            Column("Line", room=2),
            Column(frame.heading("Gross presentation"), Kind.MONEY),
            Column(frame.heading("Net presentation"), Kind.MONEY),
        ),
        rows=[Row((Cell(each.label), Cell(each.gross), Cell(each.net)), each.style) for each in lines],
        note=f"After our entries, {days}. Losses are added back and inventories change without them, or neither "
        "(IAS 7.20(b); ASC 230-10-45-28): the cash is the same.",
    )
