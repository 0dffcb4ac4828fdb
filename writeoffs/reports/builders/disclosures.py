"""Disclosures (report 9): what the notes tell of stock (IAS 2.36; ASC 330-10-50), with the year before and a way to the
lines behind each amount."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence

from core.words import Framework
from writeoffs.ledger.roles import LOSS_ROLES
from writeoffs.reports.builders.base import Frame, signatures
from writeoffs.reports.builders.corrections import disclosure_table
from writeoffs.reports.builders.disclosed_words import (
    assessed_table,
    documents_table,
    estimates_table,
    events_table,
    late_table,
)
from writeoffs.reports.builders.policies import policies_table
from writeoffs.reports.disclosures import EXPENSE_ROLES, LEG_LABELS, DisclosureFacts
from writeoffs.reports.policies import PolicyFacts
from writeoffs.reports.selectors import REASON_LABELS, People
from writeoffs.reports.statements.disclosures import (
    ClassLine,
    Pair,
    Tie,
    class_lines,
    class_total,
    pair_total,
    pairs,
    roll_pairs,
)
from writeoffs.reports.statements.restated import CorrectionFact, disclosed
from writeoffs.reports.statements.rollforward import ALLOWANCE_COLUMNS
from writeoffs.reports.statements.spans import ADJUSTMENTS, BOTH, MONTHS, Span
from writeoffs.reports.tables import Cell, Column, Kind, Notice, Report, Row, Table, Tile

TITLE = "Disclosures"
type_link = Callable[[Span], str]

# What is told -> the paragraph that asks for it, under IFRS and under US GAAP.
PARAGRAPHS: dict[str, tuple[str, str]] = {
    "in_force": ("IAS 2.36(a)", "ASC 235-10-50-3, 330-10-50-1"),
    "changes": ("IAS 8.28-29", "ASC 330-10-50-1, 250-10-50-1"),
    "classes": ("IAS 2.36(b), (c) and (h)", "Regulation S-X 5-02.6; ASC 440-10-50-1"),
    "expense": ("IAS 2.36(d), 2.38", "Regulation S-X 5-03.2"),
    "kinds": ("IAS 2.36(e) and (f), 2.34", "ASC 330-10-50-2"),
    "reasons": ("IAS 2.36(e), 1.98(a)", "ASC 330-10-50-2"),
    "allowance": ("IAS 2.36(e) and (f)", "Regulation S-X 12-09"),
    "documents": ("IAS 2.36(g)", "ASC 330-10-50-2, 270-10-45-6"),
    "events": ("IAS 10.21", "ASC 855-10-50-2"),
    "late": ("IAS 8.39, 8.49", "ASC 250-10-50-4, 50-7"),
    "estimates": ("IAS 1.125, 8.39", "ASC 275-10-50-8, 330-10-50-6"),
    "assessed": ("IAS 2.28-33, 37.84", "ASC 330-10-35, 330-10-50-5"),
}


def paragraph(frame: Frame, what: str) -> str:
    return PARAGRAPHS[what][frame.entity.framework == Framework.US_GAAP]


def disclosures_report(
    frame: Frame,
    *,
    facts: DisclosureFacts,
    policies: PolicyFacts,
    corrections: Sequence[CorrectionFact],
    people: People,
    ties: Sequence[Tie],
    cut: int = 0,
) -> Report:
    """cut: how many documents are listed at most, 0 for all; totals are of all."""
    told = disclosed(frame.span, frame.compared, corrections)
    total = class_total(facts.now.classes)
    losses = _losses(frame, facts, 0, LEG_LABELS)
    entity = frame.entity
    return Report(
        slug="disclosures",
        title=TITLE,
        lead="What the notes tell of stock, each amount with the year before and the lines behind it.",
        entity=entity.name,
        currency=entity.currency,
        locale=entity.locale,
        span=frame.span.label,
        compared=frame.compared.label if frame.compared else "",
        generated=frame.generated(),
        tables=(
            _noted(frame, "in_force", policies_table(frame, policies.in_force, "in_force", "Accounting policies")),
            _noted(
                frame, "changes", policies_table(frame, policies.changes, "changes", "Changes of policy", changed=True)
            ),
            _classes(frame, facts),
            _expense(frame, facts),
            _loss_table(frame, "kinds", "Losses by kind", losses),
            _loss_table(frame, "reasons", "Losses by reason", _losses(frame, facts, 1, REASON_LABELS)),
            _allowance(frame, facts),
            documents_table(frame, facts.documents, paragraph(frame, "documents"), cut=cut),
            events_table(frame, facts.events, paragraph(frame, "events")),
            late_table(frame, facts.late, paragraph(frame, "late")),
            *([disclosure_table(frame, told)] if told else []),
            estimates_table(frame, facts, paragraph(frame, "estimates")),
            assessed_table(frame, facts, paragraph(frame, "assessed")),
            _ties(frame, ties),
        ),
        tiles=(
            Tile(frame.heading("Carrying amount"), total.carrying, _ledger(frame)(frame.span)),
            Tile(frame.heading("of it written down"), total.lowered, note="at what it fetches, at the end"),
            Tile(
                frame.heading("Losses recognised"), pair_total(losses).now, note="write-downs less reversals included"
            ),
            Tile(frame.heading("Allowance"), facts.now.allowance.total.closing, note="at the end"),
        ),
        notices=(*frame.standing, *_notices(frame, ties)),
        signatures=signatures(people),
        notes=(
            f"{entity.name} reports under {entity.get_framework_display()} and keeps write-downs by the "
            f"{entity.get_method_display().lower()} method. Stock without a policy is judged item by item against net "
            "realisable value.",
            "Stock at fair value less costs to sell (IAS 2.36(c)) is not kept in these books; where there is any, the "
            "notes take it from where it is kept.",
            "The subledger knows cost of sales where the ERP's movements sheet tells revenue; what left otherwise "
            "stands against stock clearing, and the ERP's own ledger has its cost of sales.",
        ),
    )


def _noted(frame: Frame, what: str, table: Table) -> Table:
    """The table with the paragraph that asks for it."""
    note = f"Asked for by {paragraph(frame, what)}."
    return Table(table.slug, table.title, table.columns, table.rows, table.foot, note, table.empty)


def _notices(frame: Frame, ties: Sequence[Tie]) -> tuple[Notice, ...]:
    text = frame.formats.text
    apart = [tie for tie in ties if tie.difference]
    if not apart:
        return (Notice("Every figure agrees with the ledger and with the other reports.", "good"),)
    return tuple(
        Notice(
            f"{tie.what} is {text(tie.here, Kind.MONEY)} here and {text(tie.there, Kind.MONEY)} in {tie.where}: "
            f"{text(tie.difference, Kind.MONEY)} {frame.entity.currency} is unexplained. Have the records proved under "
            "Audit before this is printed.",
            "bad",
        )
        for tie in apart
    )


def _headings(frame: Frame, first: str) -> tuple[Column, ...]:
    """The span and, where one is compared, the one before with the change and its percentage."""
    now = Column(f"{frame.span.label}, {frame.entity.currency}", Kind.MONEY)
    if frame.compared is None:
        return (Column(first, room=2), now)
    before = Column(f"{frame.compared.label}, {frame.entity.currency}", Kind.MONEY)
    return (
        Column(first, room=2),
        now,
        before,
        Column(frame.heading("Change"), Kind.MONEY),
        Column("Change, %", Kind.PERCENT),
    )


def _pair_cells(frame: Frame, pair: Pair, link: type_link) -> tuple[Cell, ...]:
    now = Cell(pair.now, link(frame.span) if pair.now else "")
    if frame.compared is None or pair.before is None:
        return (now,)
    percent = (pair.now - pair.before) * 100 / abs(pair.before) if pair.before else None
    return (now, Cell(pair.before, link(frame.compared) if pair.before else ""), Cell(pair.change), Cell(percent))


def _rows(frame: Frame, lines: Sequence[Pair], link: Callable[[Pair], type_link]) -> list[Row]:
    return [Row((Cell(line.label), *_pair_cells(frame, line, link(line)))) for line in lines]


def _ending(span: Span) -> tuple[dt.date, str]:
    """The last day of a closing balance, and which part of it: as the roll-forward has it."""
    return span.ends_on, BOTH if span.part == ADJUSTMENTS else span.part


def _ledger(frame: Frame, class_id: int | None = None) -> type_link:
    def link(span: Span) -> str:
        ends_on, part = _ending(span)
        roles = ("INVENTORY", "INVENTORY_ALLOWANCE")
        return frame.links.lines(ends_on=ends_on, roles=roles, class_id=class_id, part=part)

    return link


def _classes(frame: Frame, facts: DisclosureFacts) -> Table:
    before = facts.before.classes if facts.before else None
    lines = class_lines(facts.now.classes, before)
    heading = frame.heading
    compared = (Column(f"{frame.compared.label}, {frame.entity.currency}", Kind.MONEY),) if frame.compared else ()
    total = ClassLine(class_total(facts.now.classes), class_total(before) if before is not None else None)
    return Table(
        slug="classes",
        title="Carrying amount by class",
        columns=(
            Column("Class", room=2),
            Column(heading("Cost"), Kind.MONEY),
            Column(heading("Allowance"), Kind.MONEY),
            Column(heading("Carrying amount"), Kind.MONEY),
            *compared,
            *((Column(heading("Change"), Kind.MONEY),) if compared else ()),
            Column(heading("Written down"), Kind.MONEY),
            Column(heading("Write-down attached"), Kind.MONEY),
            *((Column(heading("Pledged"), Kind.MONEY),) if total.now.pledged else ()),
        ),
        rows=[_class_row(frame, line, pledged=bool(total.now.pledged)) for line in lines],
        foot=(_class_row(frame, total, total=True, pledged=bool(total.now.pledged)),) if lines else (),
        note=f"Asked for by {paragraph(frame, 'classes')}. Stock of which a write-down is still attached is carried at "
        "what it fetches (net realisable value or market); the rest at cost. "
        + ("Pledged are the lots marked so among the inputs." if total.now.pledged else "No lot is marked as pledged."),
        empty=f"No stock by the end of {frame.span.label}. Upload the opening stock list first.",
    )


def _class_row(frame: Frame, line: ClassLine, *, pledged: bool, total: bool = False) -> Row:
    now, before, links = line.now, line.before, frame.links
    own = None if total else now.class_id or 0
    ends_on, part = _ending(frame.span)

    def moved(lots: str = "") -> str:
        return links.movements(starts_on=None, ends_on=ends_on, class_id=own, part=part, lots=lots)

    ledger = _ledger(frame, own)
    older: tuple[Cell, ...] = ()
    if before is not None and frame.compared is not None:
        older = (Cell(before.carrying, ledger(frame.compared)), Cell(now.carrying - before.carrying))
    lowered = moved("lowered")
    cells = (
        Cell(now.name),
        Cell(now.gross, moved() if now.gross else ""),
        Cell(now.allowance, moved() if now.allowance else ""),
        Cell(now.carrying, ledger(frame.span) if now.carrying else ""),
        *older,
        Cell(now.lowered, lowered if now.lowered else ""),
        Cell(now.write_down, lowered if now.write_down else ""),
        *((Cell(now.pledged, links.marks() if now.pledged else ""),) if pledged else ()),
    )
    return Row(cells, "total" if total else "")


def _expense(frame: Frame, facts: DisclosureFacts) -> Table:
    compared = frame.compared is not None
    lines = pairs(facts.expense, EXPENSE_ROLES, compared=compared)

    def link(roles: Sequence[str]) -> type_link:
        return lambda span: frame.links.lines(
            starts_on=span.starts_on, ends_on=span.ends_on, roles=roles, part=span.part
        )

    total = pair_total(lines, "Recognised as an expense", compared=compared)
    return Table(
        slug="expense",
        title="Inventories as an expense",
        columns=_headings(frame, "Line"),
        rows=_rows(frame, lines, lambda line: link((line.key,))),
        foot=(Row((Cell(total.label), *_pair_cells(frame, total, link(sorted(EXPENSE_ROLES)))), "total"),)
        if lines
        else (),
        note=f"Asked for by {paragraph(frame, 'expense')}. Expenses +, income in parentheses; entries of the ERP and "
        "our own.",
        empty=f"Nothing was recognised as an expense in {frame.span.label}.",
    )


def _losses(frame: Frame, facts: DisclosureFacts, place: int, labels: dict[str, str]) -> list[Pair]:
    return pairs(facts.losses, labels, place=place, compared=frame.compared is not None)


def _loss_table(frame: Frame, slug: str, title: str, lines: Sequence[Pair]) -> Table:
    """slug: kinds (by leg of the journal) or reasons."""
    by_kind, roles = slug == "kinds", sorted(LOSS_ROLES)

    def link(key: str) -> type_link:
        leg, reason = (key, "") if by_kind else ("", key)
        return lambda span: frame.links.lines(
            starts_on=span.starts_on,
            ends_on=span.ends_on,
            roles=roles,
            origin="OWN",
            part=span.part,
            leg=leg,
            reason=reason,
        )

    def of(line: Pair) -> type_link:
        # The journal's own words have none for lines without a reason, so nothing narrower than all can be opened.
        return link(line.key) if line.key else lambda span: ""

    total = pair_total(lines, compared=frame.compared is not None)
    return Table(
        slug=slug,
        title=title,
        columns=_headings(frame, "Kind" if by_kind else "Reason"),
        rows=_rows(frame, lines, of),
        foot=(Row((Cell(total.label), *_pair_cells(frame, total, link(""))), "total"),) if lines else (),
        note=f"Asked for by {paragraph(frame, slug)}. Losses +, reversals and gains in parentheses; what was voided is "
        + ("a line of its own." if by_kind else "taken off."),
        empty=f"No loss was posted in {frame.span.label}.",
    )


def _allowance(frame: Frame, facts: DisclosureFacts) -> Table:
    kinds = {column.key: column.kinds for column in ALLOWANCE_COLUMNS}
    lines = roll_pairs(ALLOWANCE_COLUMNS, facts.now.allowance, facts.before.allowance if facts.before else None)

    def link(line: Pair) -> type_link:
        def address(span: Span) -> str:
            movements = frame.links.movements
            if line.key == "opening":
                if span.part == ADJUSTMENTS:
                    return movements(starts_on=None, ends_on=span.ends_on, part=MONTHS)
                return movements(starts_on=None, ends_on=span.starts_on - dt.timedelta(days=1))
            if line.key == "closing":
                ends_on, part = _ending(span)
                return movements(starts_on=None, ends_on=ends_on, part=part)
            return movements(starts_on=span.starts_on, ends_on=span.ends_on, kinds=kinds[line.key], part=span.part)

        return address

    *body, closing = lines
    shown = facts.now.allowance.rows or (facts.before and facts.before.allowance.rows)
    return Table(
        slug="allowance",
        title="Allowance for inventory",
        columns=_headings(frame, "Line"),
        rows=_rows(frame, body, link) if shown else [],
        foot=(Row((Cell(closing.label), *_pair_cells(frame, closing, link(closing))), "total"),) if shown else (),
        note=f"Asked for by {paragraph(frame, 'allowance')}. By class it stands in the roll-forward.",
        empty="There was no allowance: nothing was written down under the allowance method.",
    )


def _ties(frame: Frame, ties: Sequence[Tie]) -> Table:
    return Table(
        slug="ties",
        title="Tied to the other reports",
        columns=(
            Column("Figure", room=2),
            Column(frame.heading("Here"), Kind.MONEY),
            Column("Other report", room=2),
            Column(frame.heading("There"), Kind.MONEY),
            Column(frame.heading("Difference"), Kind.MONEY),
        ),
        rows=[
            Row(
                (Cell(tie.what), Cell(tie.here), Cell(tie.where), Cell(tie.there), Cell(tie.difference)),
                "warn" if tie.difference else "",
            )
            for tie in ties
        ],
    )
