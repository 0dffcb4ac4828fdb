"""Valuation policies (IAS 2.36(a); ASC 330-10-50): method, formula and level, and what changed in the period."""

from __future__ import annotations

from collections.abc import Sequence

from writeoffs.reports.builders.base import Frame
from writeoffs.reports.policies import PolicyFact, PolicyFacts
from writeoffs.reports.tables import Cell, Column, Kind, Report, Row, Table


def policies_report(frame: Frame, *, facts: PolicyFacts) -> Report:
    entity = frame.entity
    return Report(
        slug="policies",
        title="Valuation policies",
        lead="How stock is measured, and what changed of it in the period.",
        entity=entity.name,
        currency=entity.currency,
        locale=entity.locale,
        span=frame.span.label,
        generated=frame.generated(),
        tables=(
            policies_table(frame, facts.in_force, "in_force", f"In force on {frame.span.ends_on.isoformat()}"),
            policies_table(frame, facts.changes, "changes", "Changed in the period", changed=True),
        ),
        notices=frame.standing,
        notes=(
            f"{entity.name} reports under {entity.get_framework_display()} and keeps write-downs by the "
            f"{entity.get_method_display().lower()} method. Stock without a policy is judged item by item against net "
            "realisable value.",
        ),
    )


def policies_table(frame: Frame, facts: Sequence[PolicyFact], slug: str, title: str, *, changed: bool = False) -> Table:
    """For a report of its own, and as a section of the disclosures."""
    return Table(
        slug=slug,
        title=title,
        columns=(
            *(Column("Basis"), Column("For", room=1), Column("Valid from", Kind.DATE), Column("Policy", room=4)),
            *((Column("Before", room=3),) if changed else ()),
            *(Column("Why", room=2), Column("Asked by", room=1), Column("Decided by", room=1)),
            Column("Decided on", Kind.DATE),
        ),
        rows=[
            Row(
                (
                    *(Cell(fact.basis), Cell(fact.stock), Cell(fact.starts_on, frame.links.policy(fact.key))),
                    Cell(fact.says),
                    *((Cell(fact.before or "None: the first policy"),) if changed else ()),
                    *(Cell(fact.reason), Cell(fact.asked_by), Cell(fact.decided_by), Cell(fact.decided_on)),
                )
            )
            for fact in facts
        ],
        empty="Nothing changed in the period." if changed else "No policy was in force. Set one under Valuation.",
    )
