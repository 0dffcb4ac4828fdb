"""The parts of the controls that come from the audit trail and from what took two people."""

from __future__ import annotations

import datetime as dt
import re
import zoneinfo
from collections.abc import Sequence

from inventory.models import QuarantineEntry
from inventory.selectors import quarantine_worth
from writeoffs.posting.models import Posting
from writeoffs.reports.builders.base import Frame
from writeoffs.reports.controls_trail import PROVED, Changed, Refused, Told, TrailFacts, VoidFact
from writeoffs.reports.tables import Cell, Column, Kind, Row, Table


def _moment(frame: Frame, at: dt.datetime | None) -> Cell:
    """The time at the entity's place."""
    return Cell(f"{at.astimezone(zoneinfo.ZoneInfo(frame.entity.time_zone)):%Y-%m-%d %H:%M}" if at else "")


def rule_said(rule: str) -> str:
    """SegregationOfDuties -> Segregation of duties."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", rule).capitalize() or "Not named"


def refused_table(frame: Frame, refused: Sequence[Refused]) -> Table:
    span = frame.span
    behind = frame.links.audit(kind="refused", starts_on=span.starts_on, ends_on=span.ends_on)
    return Table(
        slug="refused",
        title="Refused by the rules",
        columns=(
            *(Column("Rule", room=1), Column("Times", Kind.COUNT), Column("People", Kind.COUNT), Column("Last")),
            Column("What was said last", room=4),
        ),
        rows=[
            Row(
                (
                    *(Cell(rule_said(one.rule)), Cell(one.times, behind), Cell(one.people)),
                    *(_moment(frame, one.at), Cell(one.last)),
                )
            )
            for one in refused
        ],
        note="Each refusal is an event of the audit trail, with the person and the page.",
        empty=f"Nothing was refused in {span.label}.",
    )


def changes_table(frame: Frame, changes: Sequence[Changed]) -> Table:
    return Table(
        slug="changes",
        title="Changes that took two people",
        columns=(
            *(Column("Kind", room=1.5), Column("What", room=3), Column("Why", room=2), Column("State")),
            *(Column("Asked by", room=1), Column("Asked"), Column("Agreed first", room=1)),
            *(Column("Decided by", room=1), Column("Decided")),
        ),
        rows=[
            Row(
                (
                    *(Cell(one.kind), Cell(one.what, frame.links.changes()), Cell(one.why), Cell(one.status)),
                    *(Cell(one.asked_by), _moment(frame, one.asked_at), Cell(one.second)),
                    *(Cell(one.decided), _moment(frame, one.decided_at)),
                )
            )
            for one in changes
        ],
        note="Policies, limits, tax rules, the map of accounts, feeds, voids and re-openings.",
        empty=f"No such change was asked for or decided in {frame.span.label}.",
    )


def _told_table(frame: Frame, slug: str, title: str, told: Sequence[Told], *, empty: str, note: str = "") -> Table:
    return Table(
        slug=slug,
        title=title,
        columns=(Column("When"), Column("Person", room=1), Column("What", room=4)),
        rows=[Row((_moment(frame, one.at), Cell(one.person or "The program"), Cell(one.message))) for one in told],
        note=note,
        empty=empty,
    )


def periods_table(frame: Frame, told: Sequence[Told]) -> Table:
    return _told_table(
        frame,
        "periods",
        "Periods closed and re-opened",
        told,
        empty=f"No period was opened, closed or re-opened in {frame.span.label}.",
    )


def exports_table(frame: Frame, trail: TrailFacts) -> Table:
    left = trail.exported - len(trail.exports)
    return _told_table(
        frame,
        "exports",
        "Files that left the books",
        trail.exports,
        note=f"The latest are shown; {left:,} more stand in the audit trail." if left > 0 else "",
        empty=f"No journal, ERP file, pack or file of heads was taken in {frame.span.label}.",
    )


def proofs_table(frame: Frame, told: Sequence[Told]) -> Table:
    rows = [
        Row(
            (
                Cell("This company's chains" if one.kind == PROVED else "All records"),
                *(_moment(frame, one.at), Cell(one.person or "manage.py verify"), Cell(one.message)),
            )
        )
        for one in told
    ]
    return Table(
        slug="proofs",
        title="Last proof of the books",
        columns=(Column("What", room=1), Column("When"), Column("By", room=1), Column("Result", room=4)),
        rows=rows,
        empty="Nobody has proved the books on record. Press Prove under Audit, or run manage.py verify --record.",
    )


def voids_table(frame: Frame, voids: Sequence[VoidFact]) -> Table:
    return Table(
        slug="voids",
        title="Voids",
        columns=(
            *(Column("Document"), Column("Void", Kind.COUNT), Column("Posted", Kind.DATE)),
            *(Column(frame.heading("Loss taken back"), Kind.MONEY), Column("Why", room=3)),
            *(Column("Asked by", room=1), Column("Decided by", room=1), Column("Decided"), Column("Mirror", room=1)),
        ),
        rows=[
            Row(
                (
                    *(Cell(void.number, frame.links.document(f"proposal:{void.number}")), Cell(void.void)),
                    *(Cell(void.posted_on), Cell(void.loss), Cell(void.reason)),
                    *(Cell(void.asked_by), Cell(void.decided_by), _moment(frame, void.decided_at)),
                    Cell(", ".join(void.entries), frame.links.entry(void.entries[0]) if void.entries else ""),
                )
            )
            for void in voids
        ],
        note="Losses taken back stand in parentheses.",
        empty=f"Nothing was voided in {frame.span.label}.",
    )


def waiting_table(frame: Frame, waiting: Sequence[Posting]) -> Table:
    today = frame.entity.local_date()
    return Table(
        slug="waiting",
        title="Not yet in the ERP",
        columns=(
            *(Column("Document"), Column("Posted", Kind.DATE), Column("By", room=1), Column("State", room=1)),
            *(Column("The ERP takes"), Column("What the ERP said", room=2), Column("Days", Kind.COUNT)),
        ),
        rows=[
            Row(
                (
                    Cell(posting.source_ref.partition(":")[2], frame.links.document(posting.source_ref)),
                    *(Cell(posting.posted_on), Cell(str(posting.posted_by)), Cell(str(posting.get_status_display()))),
                    *(Cell(str(posting.get_takes_display())), Cell(posting.erp_message)),
                    Cell((today - posting.posted_on).days),
                ),
                "warn" if posting.is_rejected else "",
            )
            for posting in waiting
        ],
        note="As they stand today, of what was posted by the end of the days chosen.",
        empty="The ERP has followed every posting.",
    )


def overdue_table(frame: Frame, trail: TrailFacts) -> Table:
    totals = trail.overdue_totals
    left = totals.entries - len(trail.overdue)
    foot = Row((Cell("Total"), *(Cell() for _ in range(4)), Cell(totals.cost), Cell()), "total")
    return Table(
        slug="overdue",
        title="Disposals overdue",
        columns=(
            *(Column("Item"), Column("Lot"), Column("Location"), Column("Written off by")),
            *(Column("Units left", Kind.QUANTITY), Column(frame.heading("Cost of them"), Kind.MONEY)),
            Column("Days", Kind.COUNT),
        ),
        rows=[_overdue_row(frame, entry) for entry in trail.overdue],
        foot=(foot,) if trail.overdue else (),
        note=f"Written-off goods that have stood in quarantine for more than {frame.entity.quarantine_days:,} days, "
        "as they stand today." + (f" The oldest are shown; {left:,} more stand in the register." if left > 0 else ""),
        empty="No written-off goods have stood in quarantine for too long.",
    )


def _overdue_row(frame: Frame, entry: QuarantineEntry) -> Row:
    lot = entry.lot
    return Row(
        (
            *(Cell(lot.item.sku, frame.links.quarantine()), Cell(lot.code, frame.links.lot(lot.pk))),
            Cell(lot.location.code),
            Cell(entry.source_ref.partition(":")[2], frame.links.document(entry.source_ref)),
            Cell(entry.quantity_left),
            Cell(quarantine_worth(entry=entry, exponent=frame.entity.exponent)[0]),
            Cell((frame.entity.local_date() - entry.since).days),
        )
    )
