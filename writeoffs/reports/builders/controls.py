"""Controls (report 11): for every document who prepared, approved and posted it, under which limit, with which papers.
What an auditor should look at stands first."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from writeoffs.reports.builders.base import Frame
from writeoffs.reports.builders.controls_trail import (
    changes_table,
    exports_table,
    overdue_table,
    periods_table,
    proofs_table,
    refused_table,
    voids_table,
    waiting_table,
)
from writeoffs.reports.controls_trail import TrailFacts
from writeoffs.reports.statements.controls import Control, approvals, people
from writeoffs.reports.tables import Cell, Column, Kind, Notice, Report, Row, Table, Tile

ZERO = Decimal(0)


def controls_report(frame: Frame, *, controls: Sequence[Control], trail: TrailFacts, cut: int = 0) -> Report:
    """cut: how many documents are listed at most, 0 for all; figures are of all."""
    entity = frame.entity
    flagged = [control for control in controls if control.is_flagged]
    late = sum(1 for control in controls if control.late)
    return Report(
        slug="controls",
        title="Controls",
        lead="Who prepared, approved and posted what, what was refused, and what an auditor should look at.",
        entity=entity.name,
        currency=entity.currency,
        locale=entity.locale,
        span=frame.span.label,
        generated=frame.generated(),
        tables=(
            _exceptions(frame, flagged),
            _documents(frame, controls, cut),
            _people(frame, controls, trail),
            _approvals(frame, controls),
            refused_table(frame, trail.refused),
            changes_table(frame, trail.changes),
            periods_table(frame, trail.periods),
            voids_table(frame, trail.voids),
            waiting_table(frame, trail.waiting),
            overdue_table(frame, trail),
            exports_table(frame, trail),
            proofs_table(frame, trail.proofs),
        ),
        tiles=(
            Tile(frame.heading("Gross loss of the documents"), sum((c.gross for c in controls), ZERO)),
            Tile("Documents", None, note=f"{len(controls):,}, {sum(c.posted for c in controls):,} posted"),
            Tile("To look at", None, note=f"{len(flagged):,} of them"),
            Tile("Posted after their period", None, note=f"{late:,} of them"),
            Tile("Refused by the rules", None, note=f"{sum(one.times for one in trail.refused):,} steps"),
        ),
        notices=(*frame.standing, *_notices(flagged)),
        notes=(
            "Preparer, approver and poster of one document are three people, and whoever counted does not approve; the "
            "database refuses the rest. Here it is judged anew from who did what.",
            "Limits are judged on the gross loss, by the version that the document was submitted under. A split is "
            "documents of one item at one place within 30 days that together take a higher title than each took.",
            "Papers are those that the tax rule of the reason and place names.",
        ),
    )


def _notices(flagged: Sequence[Control]) -> tuple[Notice, ...]:
    if not flagged:
        return (Notice("No document breaks duties, limits or papers.", "good"),)
    what = "document needs" if len(flagged) == 1 else "documents need"
    return (Notice(f"{len(flagged):,} {what} a look: they stand first below.", "warn"),)


def _name(hand: object) -> Cell:
    return Cell(getattr(hand, "name", ""))


def _number(frame: Frame, control: Control) -> Cell:
    return Cell(control.number, frame.links.document(f"proposal:{control.number}"))


def _found(control: Control) -> list[tuple[str, str]]:
    """What is to be said of the document: (rule, sentence)."""
    papers = f"Not attached: {', '.join(control.missing)}" if control.missing and control.posted else ""
    told = (
        ("Duties", control.duties),
        ("Limit", control.over),
        ("Split", control.split),
        ("Papers", papers),
    )
    return [(rule, said) for rule, said in told if said]


def _exceptions(frame: Frame, flagged: Sequence[Control]) -> Table:
    return Table(
        slug="exceptions",
        title="To look at",
        columns=(
            *(Column("No."), Column("Rule"), Column("What was found", room=3), Column("Posting date", Kind.DATE)),
            Column(frame.heading("Gross loss"), Kind.MONEY),
            *(Column("Prepared", room=1), Column("Approved", room=1), Column("Posted", room=1)),
        ),
        rows=[
            Row(
                (
                    *(_number(frame, control), Cell(rule), Cell(said), Cell(control.posting_on), Cell(control.gross)),
                    *(_name(hand) for hand in (control.preparer, control.approver, control.poster)),
                ),
                "warn",
            )
            for control in flagged
            for rule, said in _found(control)
        ],
        empty="Nothing: duties, limits and papers were kept on every document.",
    )


def _documents(frame: Frame, controls: Sequence[Control], cut: int) -> Table:
    shown = controls[:cut] if cut else controls
    left = len(controls) - len(shown)
    total = (Cell("Total"), *(Cell() for _ in range(3)), Cell(sum((c.gross for c in controls), ZERO)))
    return Table(
        slug="documents",
        title="Documents",
        columns=(
            *(Column("No."), Column("What", room=1.5), Column("State"), Column("Posting date", Kind.DATE)),
            Column(frame.heading("Gross loss"), Kind.MONEY),
            *(Column("Takes", room=1), Column("Approved as", room=1), Column("Prepared", room=1)),
            *(Column("Approved", room=1), Column("Second", room=1), Column("Posted", room=1)),
            *(Column("Controls", room=1), Column("Papers", room=1), Column("Posted late", room=1.5)),
            Column("Days open", Kind.COUNT),
        ),
        rows=[_document_row(frame, control) for control in shown],
        foot=(Row((*total, *(Cell() for _ in range(10))), "total"),) if controls else (),
        note=f"The {len(shown):,} newest are shown; {left:,} more stand in the xlsx file." if left else "",
        empty=f"No document of {frame.span.label} was submitted. Choose another period.",
    )


def _document_row(frame: Frame, control: Control) -> Row:
    found = ", ".join(rule for rule, _ in _found(control))
    kept = "Kept" if control.approver is not None else ""
    papers = [f"{control.papers:,}"] if control.papers else []
    papers += [f"not attached: {', '.join(control.missing)}"] if control.missing else []
    what = f"{control.kind}, {control.reason.lower()}" if control.reason else control.kind
    return Row(
        (
            *(_number(frame, control), Cell(what), Cell(control.status)),
            *(Cell(control.posting_on), Cell(control.gross)),
            *(Cell(control.required or "No limits"), Cell(control.held)),
            *(_name(hand) for hand in (control.preparer, control.approver, control.second, control.poster)),
            *(Cell(found or kept), Cell("; ".join(papers)), Cell(control.late), Cell(control.days)),
        ),
        "warn" if control.is_flagged else "",
    )


def _people(frame: Frame, controls: Sequence[Control], trail: TrailFacts) -> Table:
    money = Kind.MONEY
    return Table(
        slug="people",
        title="People",
        columns=(
            *(Column("Person", room=1), Column("Roles today", room=2)),
            *(Column("Prepared", Kind.COUNT), Column(frame.heading("Gross prepared"), money)),
            *(Column("Approved", Kind.COUNT), Column(frame.heading("Gross approved"), money)),
            *(Column("Posted", Kind.COUNT), Column(frame.heading("Gross posted"), money)),
            *(Column("Asked to void", Kind.COUNT), Column("Decided voids", Kind.COUNT)),
            *(Column("Asked for changes", Kind.COUNT), Column("Decided changes", Kind.COUNT)),
        ),
        rows=[
            Row(
                (
                    *(Cell(did.name), Cell(", ".join(trail.roles.get(did.name, ())) or "None any more")),
                    *(Cell(did.prepared), Cell(did.prepared_gross), Cell(did.approved), Cell(did.approved_gross)),
                    *(Cell(did.posted), Cell(did.posted_gross)),
                    Cell(sum(void.asked_by == did.name for void in trail.voids)),
                    Cell(sum(void.decided_by == did.name for void in trail.voids)),
                    Cell(sum(change.asked_by == did.name for change in trail.changes)),
                    Cell(sum(did.name in (change.decided, change.second) for change in trail.changes)),
                )
            )
            for did in people(controls)
        ],
        note="A second approval counts as an approval. Somebody may prepare some documents and approve others; never "
        "both on one.",
        empty=f"Nobody did anything with a document of {frame.span.label}.",
    )


def _approvals(frame: Frame, controls: Sequence[Control]) -> Table:
    return Table(
        slug="approvals",
        title="Approvals by title",
        columns=(
            *(Column("Title", room=1), Column("People", room=2), Column("Documents", Kind.COUNT)),
            *(Column(frame.heading("Gross approved"), Kind.MONEY), Column(frame.heading("Largest"), Kind.MONEY)),
        ),
        rows=[
            Row(
                (
                    *(Cell(one.title), Cell(", ".join(one.approvers)), Cell(one.documents)),
                    *(Cell(one.gross), Cell(one.most)),
                )
            )
            for one in approvals(controls)
        ],
        empty=f"No document of {frame.span.label} was approved.",
    )
