"""Gathers the corrections of earlier fiscal years for the reports, in two queries however many there are."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal

from django.db.models import Q, Sum

from core.models import Entity
from core.words import Reason
from writeoffs.ledger.models import JournalLine
from writeoffs.posting.corrections import LEGS
from writeoffs.posting.lots import fiscal_year_of
from writeoffs.proposals.late import restates
from writeoffs.proposals.models import Finding, Kind, Proposal, Status
from writeoffs.reports.statements.restated import CorrectionFact


def corrections_all(*, entity: Entity) -> list[CorrectionFact]:
    """Every correction of the entity that still stands, oldest first; what was voided is taken off. One query where
    there is none."""
    errors = Proposal.objects.filter(
        entity=entity, finding=Finding.ERROR, material=True, status__in=(Status.POSTED, Status.VOIDED)
    )
    proposals = [p for p in errors.select_related("entity").order_by("posting_on", "pk") if restates(p)]
    if not proposals:
        return []
    legs = set(LEGS.values())
    rows = (
        JournalLine.objects.filter(entry__entity=entity, entry__source_ref__in=[p.source_ref for p in proposals])
        .filter(Q(entry__leg__in=legs) | Q(entry__reverses__leg__in=legs))
        .order_by()
        .values_list("entry__source_ref", "role")
        .annotate(total=Sum("amount"))
    )
    posted: defaultdict[str, list[tuple[str, Decimal]]] = defaultdict(list)
    for ref, role, total in rows:
        if total:
            posted[ref].append((role, total))
    return [
        CorrectionFact(
            number=proposal.number,
            kind=Kind(proposal.kind).label,
            reason=proposal.reason,
            reason_label=Reason(proposal.reason).label,
            why=proposal.finding_why,
            year=fiscal_year_of(entity, proposal.event_on),
            event_on=proposal.event_on,
            posted_on=proposal.posting_on,
            posted=tuple(sorted(posted[proposal.source_ref])),
        )
        for proposal in proposals
        if proposal.source_ref in posted
    ]
