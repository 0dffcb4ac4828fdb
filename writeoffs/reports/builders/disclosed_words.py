"""The parts of the disclosures that are told in words: circumstances, events, findings and estimates."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from core.money import plain
from core.sentences import ended
from writeoffs.ledger.roles import LOSS_ROLES
from writeoffs.proposals.models import SubsequentEvent
from writeoffs.reports.builders.base import Frame
from writeoffs.reports.disclosures import ESTIMATED, LEG_LABELS, DisclosureFacts, DocumentFact, LateFact
from writeoffs.reports.statements.disclosures import AmountFact, Pair, pairs
from writeoffs.reports.statements.spans import Span
from writeoffs.reports.tables import Cell, Column, Kind, Row, Table
from writeoffs.valuation.models import ValuationPolicy
from writeoffs.valuation.policy_changes import percent

ZERO = Decimal(0)


def documents_table(frame: Frame, facts: Sequence[DocumentFact], asked_by: str, *, cut: int = 0) -> Table:
    """Each write-down and reversal with the circumstances that led to it. cut: how many at most, the largest."""
    shown = facts[:cut] if cut else facts
    left = len(facts) - len(shown)
    total = sum((fact.amount for fact in facts), ZERO)
    return Table(
        slug="documents",
        title="Circumstances",
        columns=(
            *(Column("No."), Column("Kind"), Column("Reason"), Column("Posted", Kind.DATE)),
            Column(frame.heading("Charged"), Kind.MONEY),
            Column("Circumstances", room=3),
            Column("Said on approval", room=2),
            *(Column("Prepared", room=1), Column("Approved", room=1), Column("Papers", Kind.COUNT)),
        ),
        rows=[_document_row(frame, fact) for fact in shown],
        foot=(Row((Cell("Total"), Cell(), Cell(), Cell(), Cell(total), *(Cell() for _ in range(5))), "total"),)
        if facts
        else (),
        note=f"Asked for by {asked_by}. Write-downs +, reversals in parentheses; voids are taken off."
        + (f" The {len(shown):,} largest are shown; {left:,} more stand in the xlsx file." if left else ""),
        empty=f"Nothing was written down or reversed in {frame.span.label}.",
    )


def _document_row(frame: Frame, fact: DocumentFact) -> Row:
    span, ref = frame.span, f"proposal:{fact.number}"
    behind = frame.links.lines(
        starts_on=span.starts_on, ends_on=span.ends_on, roles=sorted(LOSS_ROLES), source_ref=ref, part=span.part
    )
    source = f"Worked out in {fact.made_from.partition(':')[2]}." if fact.made_from else ""
    return Row(
        (
            Cell(fact.number, frame.links.document(ref)),
            Cell(fact.kind),
            Cell(fact.reason),
            Cell(fact.posted_on),
            Cell(fact.amount, behind if fact.amount else ""),
            Cell(" ".join(filter(None, (fact.why and ended(fact.why), source))) or "Nobody said more than the reason."),
            Cell(" ".join(map(ended, fact.said))),
            Cell(fact.prepared),
            Cell(fact.approved),
            Cell(fact.papers),
        )
    )


def events_table(frame: Frame, events: Sequence[SubsequentEvent], asked_by: str) -> Table:
    return Table(
        slug="events",
        title="Events after the period end",
        columns=(
            *(Column("No."), Column("Reporting date", Kind.DATE), Column("Event", Kind.DATE)),
            *(Column("What happened", room=3), Column("Judged", room=1), Column("Why", room=3)),
            Column(frame.heading("Estimate"), Kind.MONEY),
            *(Column("Told in the notes", room=2), Column("Booked by"), Column("Judged by", room=1)),
        ),
        rows=[_event_row(frame, event) for event in events],
        note=f"Asked for by {asked_by}. What gives evidence of a condition of the reporting date adjusts; what arose "
        "later is told alone.",
        empty=f"No event after a reporting date of {frame.span.label} was recorded.",
    )


def _event_row(frame: Frame, event: SubsequentEvent) -> Row:
    document = event.document
    return Row(
        (
            Cell(event.number, frame.links.events()),
            Cell(event.reporting_on),
            Cell(event.event_on),
            Cell(event.what),
            Cell(str(event.classification.label)),
            Cell(event.why),
            Cell(event.amount),
            Cell(event.disclosure),
            Cell(document.number, frame.links.document(document.source_ref)) if document else Cell(),
            Cell(str(event.judged_by)),
        )
    )


def late_table(frame: Frame, facts: Sequence[LateFact], asked_by: str) -> Table:
    return Table(
        slug="late",
        title="Losses found late",
        columns=(
            *(Column("No."), Column("Event", Kind.DATE), Column("Posted", Kind.DATE), Column("Judged")),
            *(Column("Material"), Column("Why", room=3), Column(frame.heading("Net loss"), Kind.MONEY)),
            Column("Certified by", room=1),
        ),
        rows=[
            Row(
                (
                    Cell(fact.number, frame.links.document(f"proposal:{fact.number}")),
                    Cell(fact.event_on),
                    Cell(fact.posted_on),
                    Cell(fact.finding),
                    Cell("Yes" if fact.material else "No"),
                    Cell(fact.why),
                    Cell(fact.net_loss),
                    Cell(fact.approved),
                )
            )
            for fact in facts
        ],
        note=f"Asked for by {asked_by}. A material error of an earlier year is posted to retained earnings; everything "
        "else is a loss of the period.",
        empty=f"No loss of {frame.span.label} was found late.",
    )


def _estimates_of(policy: ValuationPolicy) -> dict[str, str]:
    """Estimate -> its value in words, in the order in which a policy tells them."""
    said: dict[str, str] = {}
    for band in sorted(policy.bands.all(), key=lambda band: band.from_days):
        until = "and more" if band.to_days is None else f"to {band.to_days:,}"
        said[f"Lost at an age of {band.from_days:,} {until} days"] = percent(band.rate)
    if policy.excess_months is not None:
        said["Demand kept"] = f"{policy.excess_months} months of the average of {policy.demand_months}"
        said["Recovered of an excess unit"] = f"{percent(policy.excess_recovery)} of cost"
    if policy.expired_rate is not None:
        said["Lost when expired"] = percent(policy.expired_rate)
    if policy.expiring_days is not None and policy.expiring_rate is not None:
        said["Lost when expiring soon"] = f"{percent(policy.expiring_rate)} within {policy.expiring_days} days"
    if policy.variance_rate is not None:
        said["Variance on standard cost"] = percent(policy.variance_rate)
    if policy.shrinkage_rate is not None:
        said["Shrinkage between counts"] = f"{percent(policy.shrinkage_rate)} of sales"
    if policy.least:
        said["Movements left alone"] = f"below {plain(policy.least)}"
    return said


def estimates_table(frame: Frame, facts: DisclosureFacts, asked_by: str) -> Table:
    """Each rate in force at the end, beside that of the day compared with."""
    compared = frame.compared.label if frame.compared else "Before"
    rows = []
    for policy in facts.policies:
        older = facts.policies_before.get(policy.category_id)
        before = _estimates_of(older) if older is not None else {}
        own = _estimates_of(policy)
        for name in (*own, *(name for name in before if name not in own)):
            now, was = own.get(name, ""), before.get(name, "")
            rows.append(
                Row(
                    (
                        Cell(name),
                        Cell(str(policy.category or "All stock")),
                        Cell(now or "no longer estimated", frame.links.policy(policy.pk)),
                        Cell(was or "not estimated"),
                        Cell("" if now == was else policy.reason),
                    )
                )
            )
    return Table(
        slug="estimates",
        title="Estimates in force",
        columns=(
            *(Column("Estimate", room=2), Column("For", room=1), Column("At the end", room=2)),
            *(Column(compared, room=2), Column("Why it changed", room=2)),
        ),
        rows=rows,
        note=f"Asked for by {asked_by}. A changed estimate counts from its day on; what it did to a write-down stands "
        "in the assessment's comparison with the run before.",
        empty="No policy estimates anything: write-downs rest on prices alone.",
    )


def assessed_table(frame: Frame, facts: DisclosureFacts, asked_by: str) -> Table:
    """What the estimates came to: shrinkage accrued, purchase commitments provided for, and the last assessment."""
    compared = frame.compared is not None
    rows = []
    for role in ESTIMATED:
        moved = [AmountFact(fact.key, fact.span, -fact.amount) for fact in facts.estimated if fact.key[0] == role]
        rows += [
            _accrual_row(frame, line, role, line.key) for line in pairs(moved, LEG_LABELS, place=1, compared=compared)
        ]
        standing = [fact for fact in facts.standing if fact.key == (role,)]
        rows += [_accrual_row(frame, line, role, "") for line in pairs(standing, ESTIMATED, compared=compared)]
    if (run := facts.assessment) is not None:
        address, extra = frame.links.assessment(run.number), (Cell(),) if compared else ()
        for label, amount in (("Required", run.required), ("Carried", run.carried)):
            rows.append(Row((Cell(f"{label} by {run.number}, {run.as_of.isoformat()}"), Cell(amount, address), *extra)))
    return Table(
        slug="assessed",
        title="Estimates in figures",
        columns=(
            Column("Estimate", room=2),
            Column(f"{frame.span.label}, {frame.entity.currency}", Kind.MONEY),
            *((Column(f"{frame.compared.label}, {frame.entity.currency}", Kind.MONEY),) if frame.compared else ()),
        ),
        rows=rows,
        note=f"Asked for by {asked_by}."
        + (
            f" {run.untested_count:,} lots were untested: nothing says what they fetch."
            if run and run.untested_count
            else ""
        ),
        empty="Nothing was estimated: nothing accrued or provided for, and no assessment by the end of the period.",
    )


def _accrual_row(frame: Frame, line: Pair, role: str, leg: str) -> Row:
    """leg: of what moved in the span; none: what stands at its end."""

    def link(span: Span) -> str:
        starts_on = span.starts_on if leg else None
        roles = (role,)
        return frame.links.lines(starts_on=starts_on, ends_on=span.ends_on, roles=roles, leg=leg, part=span.part)

    cells = [Cell(line.label), Cell(line.now, link(frame.span) if line.now else "")]
    if frame.compared is not None:
        cells.append(Cell(line.before, link(frame.compared) if line.before else ""))
    return Row(tuple(cells))
