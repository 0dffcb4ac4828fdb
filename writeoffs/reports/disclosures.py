"""Gathers what the disclosures are made of; a constant number of queries whatever the data's size.

Invariant: amounts are the journal's and the movements' own, as the other reports read them; words are those that
people gave with the documents and their decisions.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Count, Q, QuerySet, Sum
from django.db.models.functions import Coalesce

from core.models import Entity
from inventory.models import Movement
from writeoffs.ledger.models import JournalLine, Leg, Origin
from writeoffs.ledger.roles import LOSS_ROLES, ROLES, Section
from writeoffs.proposals.models import (
    Decision,
    Evidence,
    Finding,
    Kind,
    Proposal,
    Status,
    SubsequentEvent,
    Verb,
)
from writeoffs.reports.behind import lots_lowered
from writeoffs.reports.selectors import POSTED, RollFacts, adjusted_movements, dated, roll_facts
from writeoffs.reports.statements.disclosures import AmountFact, ClassFact, class_facts
from writeoffs.reports.statements.rollforward import ALLOWANCE_COLUMNS, GROSS_COLUMNS, RollForward, roll_forward
from writeoffs.reports.statements.spans import ADJUSTMENTS, MONTHS, Span
from writeoffs.valuation.in_force import policies_as_of
from writeoffs.valuation.known import conditions_as_of
from writeoffs.valuation.models import Assessment, ConditionMark, ValuationPolicy

ZERO = Decimal(0)
# What profit bears of stock: cost of sales, and losses that are shown apart.
EXPENSE_ROLES: dict[str, str] = {
    code: info.label for code, info in ROLES.items() if info.section is Section.COST_OF_SALES or code in LOSS_ROLES
}
_FIRST = (Leg.WRITE_DOWN, Leg.REVERSAL, Leg.WRITE_OFF, Leg.COUNT_LOSS, Leg.COUNT_GAIN, Leg.SHRINKAGE_ACCRUAL)
# Legs in the order in which the losses are told; the rest follows in the journal's own.
LEG_LABELS: dict[str, str] = {
    **{leg.value: str(leg.label) for leg in _FIRST},
    **{leg.value: str(leg.label) for leg in Leg if leg not in (*_FIRST, Leg.VOID)},
    Leg.VOID.value: "Voids of documents",
}
# Balances that rest on an estimate -> what they are called at the end.
ESTIMATED: dict[str, str] = {
    "SHRINKAGE_ACCRUAL": "Shrinkage accrued at the end",
    "ESTIMATED_LOSSES": "Losses estimated without records at the end",
    "COMMITMENT_PROVISION": "Provision for purchase commitments at the end",
}
# The documents whose circumstances are told (IAS 2.36(e)-(g)).
TOLD = (Kind.WRITE_DOWN, Kind.REVERSAL)
# Steps whose comments say why.
_SAYING = (Verb.SUBMIT, Verb.APPROVE, Verb.SECOND, Verb.POST)


@dataclass(frozen=True, slots=True)
class Rolls:
    """The roll-forwards of one span."""

    gross: RollForward
    allowance: RollForward
    classes: tuple[ClassFact, ...]


@dataclass(frozen=True, slots=True)
class DocumentFact:
    """A write-down or reversal with what it charged in the span, voids taken off. why: note and finding, in one text;
    said: "Anna Berg: ..", what was said with the decisions."""

    number: str
    kind: str
    reason: str
    posted_on: dt.date
    amount: Decimal
    why: str
    said: tuple[str, ...]
    made_from: str
    prepared: str
    approved: str
    papers: int


@dataclass(frozen=True, slots=True)
class LateFact:
    """A loss that was found late, as it was classified."""

    number: str
    finding: str
    material: bool
    why: str
    event_on: dt.date
    posted_on: dt.date
    net_loss: Decimal
    approved: str


@dataclass(frozen=True, slots=True)
class DisclosureFacts:
    """before: None where nothing is compared. estimated: what moved the balances of ESTIMATED, by role and leg;
    standing: these at the end, credit +. assessment: the last of the leading basis by the end of the span."""

    now: Rolls
    before: Rolls | None
    expense: tuple[AmountFact, ...]
    losses: tuple[AmountFact, ...]
    documents: tuple[DocumentFact, ...]
    events: tuple[SubsequentEvent, ...]
    late: tuple[LateFact, ...]
    policies: tuple[ValuationPolicy, ...]
    policies_before: Mapping[int | None, ValuationPolicy]
    estimated: tuple[AmountFact, ...]
    standing: tuple[AmountFact, ...]
    assessment: Assessment | None


def disclosure_facts(*, entity: Entity, span: Span, compared: Span | None) -> DisclosureFacts:
    spans = [span, *([compared] if compared else [])]
    in_force = policies_as_of(entity=entity, as_of=span.ends_on)
    earlier = compared.ends_on if compared else span.starts_on - dt.timedelta(days=1)
    return DisclosureFacts(
        now=_rolls(entity, span),
        before=_rolls(entity, compared) if compared else None,
        expense=_amounts(entity, spans, Q(role__in=EXPENSE_ROLES), ("role",)),
        losses=_amounts(
            entity, spans, Q(role__in=LOSS_ROLES, entry__origin=Origin.OWN), ("entry__leg", "reason", "role")
        ),
        documents=documents_told(entity=entity, span=span),
        events=events_after(entity=entity, span=span),
        late=_late(entity, span),
        policies=tuple(sorted(in_force.values(), key=lambda p: (p.category is not None, str(p.category)))),
        policies_before=policies_as_of(entity=entity, as_of=earlier),
        estimated=_amounts(entity, spans, Q(role__in=ESTIMATED), ("role", "entry__leg")),
        standing=tuple(fact for number, one in enumerate(spans) for fact in _standing(entity, one, number)),
        assessment=_assessment(entity, span),
    )


def _rolls(entity: Entity, span: Span) -> Rolls:
    facts: RollFacts = roll_facts(entity=entity, span=span)
    gross = roll_forward(columns=GROSS_COLUMNS, names=facts.names, movements=facts.gross, gl=facts.gl_gross)
    allowance = roll_forward(
        columns=ALLOWANCE_COLUMNS, names=facts.names, movements=facts.allowance, gl=facts.gl_allowance
    )
    lowered, pledged = _lowered(entity, span), _pledged(entity, span)
    return Rolls(gross, allowance, class_facts(gross, allowance, lowered, pledged))


def movements_until(*, entity: Entity, span: Span) -> QuerySet[Movement]:
    """What the closing balances of a roll-forward of the span are made of."""
    found = Movement.objects.filter(entity=entity, posted_on__lte=span.ends_on)
    return found.exclude(adjusted_movements(entity=entity, day=span.ends_on)) if span.part == MONTHS else found


def _lowered(entity: Entity, span: Span) -> dict[int | None, tuple[Decimal, Decimal]]:
    """Class -> (carrying amount of the lots whose write-down is still attached at the end, that write-down)."""
    until = movements_until(entity=entity, span=span).order_by()
    rows = (
        until.filter(lot__in=lots_lowered(until))
        .values_list("lot__item__category_id")
        .annotate(cost_sum=Sum("cost"), allowance_sum=Sum("allowance"), attached=Sum("write_down"))
    )
    return {key: (cost - allowance, attached) for key, cost, allowance, attached in rows}


def _pledged(entity: Entity, span: Span) -> dict[int | None, Decimal]:
    """Class -> carrying amount of the lots marked as pledged on the last day. One query where none ever was."""
    kind = ConditionMark.Kind.PLEDGED
    lots = {row[1] for row in conditions_as_of(entity=entity, as_of=span.ends_on) if row[2] == kind}
    if not lots:
        return {}
    ever = ConditionMark.objects.filter(entity=entity, kind=kind).order_by().values("lot")
    rows = (
        movements_until(entity=entity, span=span)
        .filter(lot__in=ever)
        .order_by()
        .values_list("lot", "lot__item__category_id")
        .annotate(cost_sum=Sum("cost"), allowance_sum=Sum("allowance"))
    )
    found: dict[int | None, Decimal] = {}
    for lot, key, cost, allowance in rows:
        if lot in lots:
            found[key] = found.get(key, ZERO) + cost - allowance
    return found


def _lines(entity: Entity) -> QuerySet[JournalLine]:
    return JournalLine.objects.filter(entry__entity=entity, entry__sealed=True).order_by()


def _amounts(entity: Entity, spans: Sequence[Span], which: Q, key: tuple[str, ...]) -> tuple[AmountFact, ...]:
    """The journal's lines of each span, summed by the key. One query a span."""
    return tuple(
        AmountFact(tuple(row[:-1]), number, row[-1])
        for number, span in enumerate(spans)
        for row in _lines(entity).filter(which, dated(span, "entry__")).values_list(*key).annotate(total=Sum("amount"))
    )


def _standing(entity: Entity, span: Span, number: int) -> list[AmountFact]:
    """What stands accrued and provided for at the end, in credit +."""
    until = _lines(entity).filter(role__in=ESTIMATED, entry__posted_on__lte=span.ends_on)
    if span.part == MONTHS:
        until = until.exclude(entry__period__number=13, entry__posted_on=span.ends_on)
    rows = until.values_list("role").annotate(total=Sum("amount"))
    return [AmountFact((role,), number, ZERO - total) for role, total in rows]


def documents_told(*, entity: Entity, span: Span) -> tuple[DocumentFact, ...]:
    """Write-downs and reversals of the span and what was voided of them in it, the largest first. Four queries."""
    legs = [kind.value for kind in TOLD]
    lines = _lines(entity).filter(
        dated(span, "entry__"),
        Q(entry__leg__in=legs) | Q(entry__reverses__leg__in=legs),
        role__in=LOSS_ROLES,
        entry__origin=Origin.OWN,
    )
    rows = lines.values_list("entry__source_ref", Coalesce("entry__reverses__leg", "entry__leg"))
    charged: dict[str, Decimal] = {}
    for ref, _, total in rows.annotate(total=Sum("amount")):
        charged[ref] = charged.get(ref, ZERO) + total
    if not charged:
        return ()
    days = (span.starts_on, span.ends_on)
    found = Proposal.objects.filter(entity=entity, kind__in=TOLD, status__in=POSTED).filter(
        Q(posting_on__range=days)
        | Q(pk__in=Proposal.objects.filter(entity=entity, voids__posted_on__range=days).values("pk"))
    )
    said = _said(found)
    papers = dict(
        Evidence.objects.filter(proposal__in=found.values("pk"))
        .order_by()
        .values_list("proposal_id")
        .annotate(Count("pk"))
    )
    facts = [
        DocumentFact(
            number=p.number,
            kind=str(p.get_kind_display()),
            reason=str(p.get_reason_display()),
            posted_on=p.posting_on,
            amount=charged[p.source_ref],
            why=" ".join(filter(None, (p.note, p.finding_why))),
            said=tuple(said.get(p.pk, ())),
            made_from=p.made_from,
            prepared=str(p.created_by),
            approved=str(p.approved_by or ""),
            papers=papers.get(p.pk, 0),
        )
        for p in found.select_related("created_by", "approved_by")
        if p.source_ref in charged
    ]
    return tuple(sorted(facts, key=lambda fact: (-abs(fact.amount), fact.number)))


def _said(proposals: QuerySet[Proposal]) -> dict[int, list[str]]:
    """What people said when they submitted, approved and posted; the last word of each is kept."""
    rows = (
        Decision.objects.filter(proposal__in=proposals.order_by().values("pk"), verb__in=_SAYING)
        .exclude(comment="")
        .order_by("pk")
        .values_list("proposal_id", "by__full_name", "comment")
    )
    last: dict[tuple[int, str], str] = {(proposal, name): comment for proposal, name, comment in rows}
    found: dict[int, list[str]] = {}
    for (proposal, name), comment in last.items():
        found.setdefault(proposal, []).append(f"{name}: {comment}")
    return found


def events_after(*, entity: Entity, span: Span) -> tuple[SubsequentEvent, ...]:
    """Events after a reporting date that lies in the span, in the order in which they happened."""
    found = SubsequentEvent.objects.filter(entity=entity, reporting_on__range=(span.starts_on, span.ends_on))
    return tuple(found.select_related("document", "judged_by").order_by("reporting_on", "event_on", "pk"))


def _late(entity: Entity, span: Span) -> tuple[LateFact, ...]:
    """Losses posted in the span that were found late."""
    days = Q(posting_on__range=(span.starts_on, span.ends_on))
    if span.part:
        thirteen = Q(adjustment=True, posting_on=span.ends_on)
        days &= thirteen if span.part == ADJUSTMENTS else ~thirteen
    found = Proposal.objects.filter(days, entity=entity, status=Status.POSTED).exclude(finding="")
    return tuple(
        LateFact(
            p.number,
            str(Finding(p.finding).label),
            bool(p.material),
            p.finding_why,
            p.event_on,
            p.posting_on,
            p.net_loss,
            str(p.approved_by or ""),
        )
        for p in found.select_related("approved_by").order_by("posting_on", "pk")
    )


def _assessment(entity: Entity, span: Span) -> Assessment | None:
    done = (Assessment.Status.DONE, Assessment.Status.PROPOSED)
    found = Assessment.objects.filter(entity=entity, basis="LEADING", status__in=done, as_of__lte=span.ends_on)
    return found.select_related("entity").order_by("-as_of", "-pk").first()
