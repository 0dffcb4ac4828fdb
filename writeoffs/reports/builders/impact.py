"""The financial impact as a report: income statement, balance sheet, cash flow, tax, and the journal by account."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from core.words import TaxTiming
from writeoffs.ledger.roles import ROLES
from writeoffs.reports.builders.base import Frame, signatures
from writeoffs.reports.builders.before_after import before_after_tables
from writeoffs.reports.builders.corrections import correction_cells, correction_headings, disclosure_table
from writeoffs.reports.builders.losses import loss_chart, losses_table
from writeoffs.reports.erp import ErpStatements
from writeoffs.reports.selectors import People
from writeoffs.reports.statements.impact import ImpactStatement, JournalRow, StatementLine
from writeoffs.reports.statements.losses import LossTable
from writeoffs.reports.statements.restated import CorrectionFact, corrections_of, disclosed
from writeoffs.reports.statements.spans import PeriodFact
from writeoffs.reports.tables import Cell, Column, Kind, Report, Row, Table, Tile

TITLE = "Financial impact"
ZERO = Decimal(0)


def impact_report(
    frame: Frame,
    *,
    statement: ImpactStatement,
    people: People,
    losses: LossTable | None,
    month_labels: Sequence[str] = (),
    months: Sequence[PeriodFact] = (),
    number: str = "",
    erp: ErpStatements | None = None,
    corrections: Sequence[CorrectionFact] = (),
) -> Report:
    """number: the one document that is shown instead of a span; losses: what the chart draws, None for none;
    erp: the statements before and after, None where no trial balance is there; corrections: of errors of earlier fiscal
    years, all of the entity's."""
    restating = Restating.of(frame, corrections, number)
    tables = [
        *(before_after_tables(frame, erp) if erp else ()),
        _statement_table(frame, "income", "Income statement", statement.income_statement, number, restating),
        _statement_table(frame, "balance", "Balance sheet", statement.balance_sheet, number, restating),
        _statement_table(frame, "cash", "Cash flow, indirect", statement.cash_flow, number, restating),
    ]
    told = () if number else disclosed(frame.span, frame.compared, corrections)
    if told:
        tables.append(disclosure_table(frame, told))
    tables.append(_journal_table(frame, statement, number))
    chart = loss_chart(frame, losses, month_labels) if losses else None
    if losses and losses.reasons:
        tables.append(losses_table(frame, losses, month_labels, months))
    return Report(
        slug="impact",
        title=f"{TITLE} of {number}" if number else TITLE,
        lead="What our own entries did to profit, inventory, cash and tax.",
        entity=frame.entity.name,
        currency=frame.entity.currency,
        locale=frame.entity.locale,
        span=f"Document {number}" if number else frame.span.label,
        compared=frame.compared.label if frame.compared and not number else "",
        generated=frame.generated(),
        tables=tuple(tables),
        tiles=_tiles(frame, statement, number),
        notices=frame.standing,
        signatures=signatures(people),
        notes=_notes(statement),
        landscape=restating.any,
        chart=chart.screen if chart else "",
        paper_chart=chart.paper if chart else "",
        chart_text=chart.description if chart else "",
    )


@dataclass(frozen=True, slots=True)
class Restating:
    """Which corrections restate the span and the span compared with."""

    current: tuple[CorrectionFact, ...] = ()
    prior: tuple[CorrectionFact, ...] = ()

    @classmethod
    def of(cls, frame: Frame, corrections: Sequence[CorrectionFact], number: str) -> Restating:
        if number:
            return cls()
        return cls(corrections_of(frame.span, corrections), corrections_of(frame.compared, corrections))

    @property
    def any(self) -> bool:
        return bool(self.current or self.prior)


def _links(frame: Frame, roles: Sequence[str], number: str, *, account: str = "", leg: str = "") -> str:
    if not roles:
        return ""
    if number:
        ref = f"proposal:{number}"
        return frame.links.lines(roles=roles, origin="OWN", account=account, leg=leg, source_ref=ref)
    span = frame.span
    return frame.links.lines(
        starts_on=span.starts_on,
        ends_on=span.ends_on,
        roles=roles,
        origin="OWN",
        account=account,
        leg=leg,
        part=span.part,
    )


def _tiles(frame: Frame, statement: ImpactStatement, number: str) -> tuple[Tile, ...]:
    whole, tax = statement.impact.whole, statement.impact.tax
    lines = {line.key: line for line in (*statement.income_statement, *statement.balance_sheet)}

    def tile(label: str, key: str, note: str = "") -> Tile:
        line = lines[key]
        tone = "loss" if line.current < 0 else "gain" if line.current > 0 else ""
        return Tile(frame.heading(label), line.current, _links(frame, line.roles, number), tone, note)

    percent = f"{(tax.policy.rate * 100).normalize():f} %"
    return (
        tile("Profit before tax", "profit_before_tax"),
        Tile(
            frame.heading("Tax"), whole.tax, note=f"by policy, at {percent}" if tax.lines else "", tone=_tone(whole.tax)
        ),
        tile("Net profit", "net_profit"),
        tile("Net inventory", "net_inventory"),
        Tile(frame.heading("Cash"), whole.cash, note="unchanged" if not whole.cash else "", tone=_tone(whole.cash)),
    )


def _tone(amount: object) -> str:
    return "" if not amount else "loss" if amount < 0 else "gain"  # type: ignore[operator]


def _statement_table(
    frame: Frame, slug: str, title: str, lines: Iterable[StatementLine], number: str, restating: Restating
) -> Table:
    rows = list(lines)
    voids = any(line.voids for line in rows)
    money = Kind.MONEY
    reported = ", as reported" if restating.current else ""
    first = "Amount" if number else frame.span.label + reported
    columns = [Column("Line", room=2), Column(frame.heading(first), money)]
    if voids:
        columns.append(Column(frame.heading("of which voids"), money))
    if frame.compared and not number:
        reported = ", as reported" if restating.prior else ""
        columns += [
            *correction_headings(frame, restating.current),
            Column(f"{frame.compared.label}{reported}, {frame.entity.currency}", money),
            *correction_headings(frame, restating.prior),
            Column(frame.heading("Change"), money),
            Column("Change, %", Kind.PERCENT),
        ]
    else:
        columns += correction_headings(frame, restating.current)
    notes = {
        "income": "Income +, expense in parentheses.",
        "balance": "Increase of assets and decrease of liabilities +, the opposite in parentheses.",
        "cash": "Gross presentation: losses are added back in full, inventories change without them (IAS 7.20(b)).",
    }
    return Table(
        slug=slug,
        title=title,
        columns=tuple(columns),
        rows=[_statement_row(frame, line, number, restating, voids=voids) for line in rows],
        note=notes[slug],
    )


def _statement_row(frame: Frame, line: StatementLine, number: str, restating: Restating, *, voids: bool) -> Row:
    label = f"{line.label} (by policy, not posted yet)" if line.computed else line.label
    cells = [Cell(label), Cell(line.current, _links(frame, line.roles, number) if line.current else "")]
    if voids:
        cells.append(Cell(line.voids, _links(frame, line.roles, number, leg="VOID") if line.voids else ""))
    cells += correction_cells(frame, restating.current, line.corrections, line.current)
    if frame.compared and not number:
        before = frame.links.lines(
            starts_on=frame.compared.starts_on,
            ends_on=frame.compared.ends_on,
            roles=line.roles,
            origin="OWN",
            part=frame.compared.part,
        )
        cells += [
            Cell(line.prior, before if line.prior and line.roles else ""),
            *correction_cells(frame, restating.prior, line.prior_corrections, line.prior or ZERO),
            Cell(line.change),
            Cell(line.percent),
        ]
    return Row(tuple(cells), line.style)


def _journal_table(frame: Frame, statement: ImpactStatement, number: str) -> Table:
    voids = any(row.of_which_voids for row in statement.journal)
    money = Kind.MONEY
    columns = [
        Column("Account", room=2),
        Column("Role"),
        Column(frame.heading("Debit"), money),
        Column(frame.heading("Credit"), money),
        Column(frame.heading("Net"), money),
    ]
    if voids:
        columns.append(Column(frame.heading("of which voids"), money))
    where = number or frame.span.label
    return Table(
        slug="journal",
        title="Journal by account",
        columns=tuple(columns),
        rows=[_journal_row(frame, row, number, voids=voids) for row in statement.journal],
        foot=(
            Row(
                (
                    Cell("Total"),
                    Cell(),
                    Cell(statement.total_debit),
                    Cell(statement.total_credit),
                    Cell(statement.total_debit - statement.total_credit),
                    *((Cell(),) if voids else ()),
                ),
                "total",
            ),
        )
        if statement.journal
        else (),
        note="Own entries only: what the ERP posts by itself is in the journal, not in this report.",
        empty=f"No own entry in {where}. Post an approved proposal, or choose another period.",
    )


def _journal_row(frame: Frame, row: JournalRow, number: str, *, voids: bool) -> Row:
    url = _links(frame, (row.role,), number, account=row.code)
    cells = [
        Cell(f"{row.code} {row.name}", url),
        Cell(ROLES[row.role].label),
        Cell(row.debit, url if row.debit else ""),
        Cell(row.credit, url if row.credit else ""),
        Cell(row.net, url if row.net else ""),
    ]
    if voids:
        voided = _links(frame, (row.role,), number, account=row.code, leg="VOID")
        cells.append(Cell(row.of_which_voids, voided if row.of_which_voids else ""))
    return Row(tuple(cells))


def _notes(statement: ImpactStatement) -> tuple[str, ...]:
    policy = statement.impact.tax.policy
    rate = f"{(policy.rate * 100).normalize():f} %"
    tax = {
        TaxTiming.RECOGNITION: f"Tax by policy: losses are deductible when recognised; current tax falls by {rate}.",
        TaxTiming.DISPOSAL: f"Tax by policy: losses are deductible at disposal; a deferred tax asset at {rate}.",
        TaxTiming.NEVER: "Tax by policy: losses are never deductible; a permanent difference, no tax.",
    }[TaxTiming(policy.timing)]
    return (tax, "Tax lines are computed here and not in the journal until the period's tax entry is posted.")
