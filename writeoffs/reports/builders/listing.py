"""Journal listing and GL tie-out as one report: stock, ledger and ERP by account, the difference line by line, and
every journal line of the span."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from core.money import display_money
from writeoffs.ledger.models import JournalLine
from writeoffs.posting.tie import AccountTie
from writeoffs.reports.behind import LineTotals
from writeoffs.reports.builders.base import Frame, signatures
from writeoffs.reports.builders.behind import document_words
from writeoffs.reports.erp import PeriodTied
from writeoffs.reports.selectors import People
from writeoffs.reports.tables import Cell, Column, Kind, LazyRows, Notice, Report, Row, Table, Tile

TITLE = "Journal listing and GL tie-out"


def listing_report(
    frame: Frame,
    *,
    lines: Iterable[JournalLine],
    totals: LineTotals,
    tied: PeriodTied | None,
    people: People,
    narrowed: str = "",
) -> Report:
    """lines: those shown, all or a page of them; totals: of all. tied: None where the span ends inside a period."""
    tables = [_tie_table(frame, tied)] if tied else []
    if tied and tied.balance:
        tables.append(_difference_table(frame, tied))
    cut = totals.count - len(lines) if isinstance(lines, list) and not frame.links.entity else 0
    notes = (f"The first {len(lines):,} lines are shown; {cut:,} more are in the xlsx file.",) if cut > 0 else ()  # type: ignore[arg-type]
    return Report(
        slug="listing",
        title=TITLE,
        lead="Every journal line of the period, and what ties the accounts of stock to the ERP at its end.",
        entity=frame.entity.name,
        currency=frame.entity.currency,
        locale=frame.entity.locale,
        span=frame.span.label,
        narrowed=narrowed,
        generated=frame.generated(),
        tables=(*tables, _lines_table(frame, lines, totals)),
        tiles=_tiles(frame, totals, tied),
        notices=(*frame.standing, *_notices(frame, tied)),
        signatures=signatures(people),
        notes=notes,
    )


def _tiles(frame: Frame, totals: LineTotals, tied: PeriodTied | None) -> tuple[Tile, ...]:
    tiles = [
        Tile(frame.heading("Debits"), totals.debit, note=f"{frame.formats.text(totals.count, Kind.COUNT)} lines"),
        Tile(frame.heading("Credits"), totals.credit),
    ]
    if tied and tied.balance:
        left = tied.tie.total("unexplained")
        word = "reconciled" if tied.tie.is_reconciled else "not reconciled"
        tone = "" if tied.tie.is_reconciled else "loss"
        url = frame.links.tie_out(tied.period.code)
        tiles.append(Tile(frame.heading("ERP less our ledger"), tied.tie.total("difference"), url))
        tiles.append(Tile(frame.heading("of which unexplained"), left, url, tone, word))
    return tuple(tiles)


def _notices(frame: Frame, tied: PeriodTied | None) -> Iterator[Notice]:
    if tied is None:
        return
    entity = frame.entity
    if tied.tie.stock_difference:
        said = display_money(tied.tie.stock_difference, entity.currency, entity.locale)
        yield Notice(
            f"Our stock and our ledger differ by {said} {entity.currency}. Have the records proved under Audit.", "bad"
        )
    if tied.balance is None:
        yield Notice(
            f"The ERP's trial balance of {tied.period} is not here yet, so that only our stock and our ledger are tied."
        )
        return
    for one in tied.tie.open_accounts:
        said = display_money(one.unexplained, entity.currency, entity.locale)
        yield Notice(f"{one.code} {one.name}: {said} {entity.currency} is unexplained.", "bad")
    if tied.tie.is_reconciled:
        yield Notice("Reconciled: every difference to the ERP is explained or accepted.", "good")


def _tie_table(frame: Frame, tied: PeriodTied) -> Table:
    with_erp = tied.balance is not None
    before = [Column(frame.heading("ERP"), Kind.MONEY)] if with_erp else []
    after = [Column(frame.heading(words), Kind.MONEY) for words in ("ERP less ledger", "Explained", "Unexplained")]
    return Table(
        slug="tie_out",
        title="Subledger against ledger",
        columns=(
            Column("Account", room=2),
            *before,
            Column(frame.heading("Our ledger"), Kind.MONEY),
            Column(frame.heading("Our stock"), Kind.MONEY),
            *(after if with_erp else ()),
            Column("State"),
        ),
        rows=[_tie_row(frame, tied, one) for one in tied.tie.accounts],
        note="Debit balances are positive, credit balances in parentheses; at the end of "
        f"{frame.formats.text(tied.period.ends_on, Kind.DATE)}.",
        empty="No account of stock has a balance. Upload the opening stock list first.",
    )


def _tie_row(frame: Frame, tied: PeriodTied, one: AccountTie) -> Row:
    links, end = frame.links, tied.period.ends_on
    cells = [Cell(f"{one.code} {one.name}")]
    if tied.balance:
        cells.append(Cell(one.erp, links.trial_balance(tied.balance.pk, (one.code,)) if one.erp is not None else ""))
    cells.append(Cell(one.ledger, links.lines(ends_on=end, account=one.code)))
    cells.append(Cell(one.stock, links.rollforward(starts_on=tied.period.starts_on, ends_on=end) if one.stock else ""))
    if not tied.balance:
        agrees = one.stock is None or one.stock == one.ledger
        return Row((*cells, Cell("Agrees" if agrees else "Differs")), "" if agrees else "warn")
    cells += [Cell(one.difference), Cell(one.explained), Cell(one.unexplained), Cell(one.state)]
    return Row(tuple(cells), "" if one.is_reconciled else "warn")


def _difference_table(frame: Frame, tied: PeriodTied) -> Table:
    return Table(
        slug="difference",
        title="The difference, line by line",
        columns=(
            Column("Account", room=1),
            Column("Why", room=2),
            Column("Document"),
            Column("Entry"),
            Column("Date", Kind.DATE),
            Column(frame.heading("Amount"), Kind.MONEY),
        ),
        rows=[row for one in tied.tie.accounts for row in _difference_rows(frame, one)],
        empty="ERP and ledger agree on every account.",
    )


def _difference_rows(frame: Frame, one: AccountTie) -> Iterator[Row]:
    account = f"{one.code} {one.name}"
    for line in one.explanations:
        yield Row(
            (
                Cell(account),
                Cell(line.why.label),
                Cell(document_words(line.source_ref), frame.links.document(line.source_ref)),
                Cell(line.number, frame.links.entry(line.number)),
                Cell(line.day),
                Cell(line.amount),
            )
        )
    if one.unexplained:
        accepted = one.accepted if one.is_accepted else None
        said = f"Accepted by {accepted.accepted_by}: {accepted.reason}" if accepted else "Unexplained"
        style = "" if accepted else "warn"
        yield Row((Cell(account), Cell(said), Cell(), Cell(), Cell(), Cell(one.unexplained)), style)
    if one.difference or one.explanations:
        yield Row((Cell(account), Cell("ERP less ledger"), *(Cell(),) * 3, Cell(one.difference)), "subtotal")


def _lines_table(frame: Frame, lines: Iterable[JournalLine], totals: LineTotals) -> Table:
    make = functools.partial(_line_row, frame)
    rows: Sequence[Row] = (
        [make(line) for line in lines] if isinstance(lines, list) else LazyRows(lines, make, totals.count)
    )
    blank: tuple[Any, ...] = (Cell(),) * 3
    return Table(
        slug="listing",
        title="Journal listing",
        columns=(
            Column("Entry"),
            Column("Date", Kind.DATE),
            Column("Account", room=2),
            Column("Description", room=2),
            Column(frame.heading("Debit"), Kind.MONEY),
            Column(frame.heading("Credit"), Kind.MONEY),
            Column("Posted by", room=1),
            Column("Document"),
        ),
        rows=rows,
        foot=(Row((Cell("Total"), *blank, Cell(totals.debit), Cell(totals.credit), Cell(), Cell()), "total"),)
        if totals.count
        else (),
        empty=f"No entry in {frame.span.label}. Choose another period.",
    )


def _line_row(frame: Frame, line: JournalLine) -> Row:
    entry = line.entry
    return Row(
        (
            Cell(entry.number, frame.links.entry(entry.number)),
            Cell(entry.posted_on),
            Cell(str(line.account), frame.links.account(line.account.code)),
            Cell(entry.description),
            Cell(line.debit or None),
            Cell(line.credit or None),
            Cell(str(entry.posted_by)),
            Cell(document_words(entry.source_ref), frame.links.document(entry.source_ref)),
        ),
        "void" if entry.leg == "VOID" else "",
    )
