"""Gathers the documents of a span as an auditor tests them; a constant number of queries whatever the data's size."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import Q, QuerySet

from core.models import Entity, User
from core.money import MONEY_SCALE, from_raw
from core.sets import day_of
from writeoffs.ledger.models import FiscalPeriod
from writeoffs.proposals.limits import Asked, Band, asked_for, bands_all, bands_for, type_place
from writeoffs.proposals.models import Evidence, Kind, Proposal, ProposalLine, Status
from writeoffs.proposals.tax_papers import wanted
from writeoffs.reports.statements.controls import (
    WINDOW,
    Control,
    Hand,
    Part,
    duties_broken,
    splits,
    with_splits,
)
from writeoffs.reports.statements.spans import ADJUSTMENTS, Span
from writeoffs.valuation.tax_rules import TaxTerms, tax_terms

ZERO = Decimal(0)
# What is added up: losses of goods. A recovery or reversal is no loss, the rest has no lots.
_ADDED = (Kind.WRITE_OFF, Kind.WRITE_DOWN, Kind.COUNT_ADJUSTMENT, Kind.DISPOSAL)
_POSTED = (Status.POSTED, Status.VOIDED)


@dataclass(frozen=True, slots=True)
class Read:
    """What is read once for all documents. places: (class, location) of each document's lines."""

    bands: dict[int, list[Band]]
    places: dict[int, set[type_place]]
    papers: dict[int, list[str]]
    terms: TaxTerms
    periods: Sequence[FiscalPeriod]
    today: dt.date

    def asked(self, proposal: Proposal) -> Asked | None:
        if proposal.limits_id is None:
            return None
        bands = self.bands.get(proposal.limits_id, [])
        places = self.places.get(proposal.pk, set())
        return asked_for(bands, gross=proposal.gross_loss, reason=proposal.reason, places=places)

    def held(self, proposal: Proposal) -> str:
        """The highest title of the approver in the limits of the document."""
        own = [b for b in self.bands.get(proposal.limits_id or 0, []) if proposal.approved_by_id in b.holders]
        return max(own, key=lambda band: band.rank).title if own else ""


def controls_of(*, entity: Entity, span: Span) -> list[Control]:
    """Every document submitted and dated in the span, the newest first. Nine queries."""
    proposals = list(
        _dated(entity, span)
        .select_related("created_by", "approved_by", "countersigned_by", "posted_by", "count_sheet__upload")
        .order_by("-posting_on", "-pk")
    )
    chosen = _dated(entity, span).order_by().values("pk")
    read = Read(
        bands_all(entity=entity),
        _places(chosen),
        _papers(chosen),
        tax_terms(entity=entity),
        list(FiscalPeriod.objects.filter(entity=entity)),
        entity.local_date(),
    )
    controls = [_control(entity, read, proposal) for proposal in proposals]
    return with_splits(controls, _splits(entity, span, read)) if read.bands else controls


def _dated(entity: Entity, span: Span) -> QuerySet[Proposal]:
    days = Q(posting_on__range=(span.starts_on, span.ends_on))
    if span.part:
        thirteen = Q(adjustment=True, posting_on=span.ends_on)
        days &= thirteen if span.part == ADJUSTMENTS else ~thirteen
    return Proposal.objects.filter(days, entity=entity, submitted_at__isnull=False)


def _places(chosen: QuerySet[Proposal, Any]) -> dict[int, set[type_place]]:
    found: defaultdict[int, set[type_place]] = defaultdict(set)
    lines = ProposalLine.objects.filter(proposal__in=chosen).order_by()
    names = ("proposal_id", "lot__item__category_id", "lot__location_id")
    for proposal, category, location in lines.values_list(*names).distinct():
        found[proposal].add((category, location))
    return found


def _papers(chosen: QuerySet[Proposal, Any]) -> dict[int, list[str]]:
    found: defaultdict[int, list[str]] = defaultdict(list)
    for proposal, kind in Evidence.objects.filter(proposal__in=chosen).values_list("proposal_id", "kind"):
        found[proposal].append(kind)
    return found


def _hand(user: User | None) -> Hand | None:
    return None if user is None else Hand(user.pk, str(user))


def _control(entity: Entity, read: Read, proposal: Proposal) -> Control:
    asked = read.asked(proposal)
    approver, second = _hand(proposal.approved_by), _hand(proposal.countersigned_by)
    poster = _hand(proposal.posted_by)
    sheet = proposal.count_sheet
    counting = (sheet.created_by_id, sheet.upload.committed_by_id) if sheet is not None else ()
    attached = read.papers.get(proposal.pk, [])
    return Control(
        number=proposal.number,
        kind=str(proposal.get_kind_display()),
        reason=str(proposal.get_reason_display()) if proposal.reason else "",
        status=str(proposal.get_status_display()),
        gross=proposal.gross_loss,
        net=proposal.net_loss,
        posting_on=proposal.posting_on,
        preparer=Hand(proposal.created_by_id, str(proposal.created_by)),
        approver=approver,
        second=second,
        poster=poster,
        required="" if asked is None else asked.band.title if asked.band else "None reaches it",
        held=read.held(proposal),
        over=_over(approver, asked),
        duties=duties_broken(
            preparers={proposal.created_by_id, *proposal.also_prepared_by},
            counted={key for key in counting if key is not None},
            approver=approver,
            second=second,
            poster=poster,
        ),
        papers=len(attached),
        missing=_missing(read, proposal, attached),
        late=_late(entity, read, proposal),
        days=_days(entity, read, proposal),
        posted=proposal.status in _POSTED,
    )


def _over(approver: Hand | None, asked: Asked | None) -> str:
    """Why the approver's titles did not reach the amount; "" where they did, or where there were no limits."""
    if approver is None or asked is None or approver.key in asked.holders():
        return ""
    took = asked.band.title if asked.band else "a limit that reaches so far"
    return f"{approver.name} approved what takes {took}"


def _missing(read: Read, proposal: Proposal, attached: Sequence[str]) -> tuple[str, ...]:
    """Papers that the tax rules of its reason name at one of its places, and nobody attached."""
    named: dict[str, None] = {}
    for _, location in read.places.get(proposal.pk, ()):
        terms = read.terms.of(reason=proposal.reason, location_id=location, day=proposal.posting_on)
        named.update(dict.fromkeys(terms.evidence))
    return tuple(one.words for one in wanted(list(named), attached) if not one.attached)


def _late(entity: Entity, read: Read, proposal: Proposal) -> str:
    """Posted after its period had ended, and into what the period was by then."""
    if proposal.posted_at is None:
        return ""
    period = next(
        (
            p
            for p in read.periods
            if p.starts_on <= proposal.posting_on <= p.ends_on and p.is_adjustment == proposal.adjustment
        ),
        None,
    )
    if period is None:
        return ""
    said = []
    days = (entity.local_date(proposal.posted_at) - period.ends_on).days
    if days > 0:
        said.append(f"{days} {'day' if days == 1 else 'days'} after the period's end")
    if proposal.countersigned_by is not None:
        said.append(f"soft-closed, second approval by {proposal.countersigned_by}")
    if period.reopened_at is not None and proposal.posted_at >= period.reopened_at:
        said.append("after a re-opening")
    return ", ".join(said)


def _days(entity: Entity, read: Read, proposal: Proposal) -> int | None:
    if proposal.submitted_at is None or proposal.status == Status.REJECTED:
        return None
    until = entity.local_date(proposal.posted_at) if proposal.posted_at else read.today
    return (until - entity.local_date(proposal.submitted_at)).days


# --- splits -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Limits:
    """How one document's version of the limits judges an amount of its reason."""

    bands: Sequence[Band]
    reason: str

    def title(self, gross: Decimal, part: Part) -> tuple[int, str] | None:
        fitting = bands_for(self.bands, self.reason, (part.category_id, part.location_id))
        reached = next((band for band in fitting if band.up_to is None or gross <= band.up_to), None)
        if reached is not None:
            return reached.rank, f"for {reached.title}"
        return (fitting[-1].rank + 1, "beyond every limit") if fitting else None


def _splits(entity: Entity, span: Span, read: Read) -> dict[str, str]:
    """Documents of the span that make a whole with others within the window before them."""
    rows = _parts(entity, span.starts_on - WINDOW, span.ends_on)
    if not rows:
        return {}
    keys = Proposal.objects.filter(
        entity=entity, posting_on__range=(span.starts_on - WINDOW, span.ends_on), kind__in=_ADDED
    )
    proposals = {p.pk: p for p in keys.exclude(limits=None)}
    limits = {p.number: _Limits(read.bands.get(p.limits_id or 0, []), p.reason) for p in proposals.values()}
    parts = []
    for item, location, category, key, on, gross in rows:
        if (proposal := proposals.get(key)) is None:
            continue
        part = Part(item, location, category, proposal.number, on, gross, 0)
        own = limits[proposal.number].title(proposal.gross_loss, part)
        parts.append(Part(item, location, category, proposal.number, on, gross, own[0] if own else 0))
    return splits(parts, limits)


def _parts(entity: Entity, first: dt.date, last: dt.date) -> list[tuple[int, int, int, int, dt.date, Decimal]]:
    """Item, location, class, document, its day and gross, of items that several documents take at one place."""
    kinds = ", ".join(f"'{kind.value}'" for kind in _ADDED)
    with connection.cursor() as cursor:
        cursor.execute(
            "select item_id, location_id, category_id, proposal_id, posting_on, gross from ("
            "select o.item_id, o.location_id, i.category_id, l.proposal_id, p.posting_on, "
            "sum(case when abs(l.cost) > abs(l.loss) then abs(l.cost) else abs(l.loss) end) as gross, "
            "count(*) over (partition by o.item_id, o.location_id) as documents "
            "from proposals_proposalline l join proposals_proposal p on p.id = l.proposal_id "
            "join inventory_lot o on o.id = l.lot_id join inventory_item i on i.id = o.item_id "
            f"where p.entity_id = %s and p.posting_on between %s and %s and p.kind in ({kinds}) "
            "and p.submitted_at is not null and p.status <> 'REJECTED' and p.limits_id is not null "
            "group by o.item_id, o.location_id, i.category_id, l.proposal_id, p.posting_on) t where documents > 1",
            [entity.pk, first.isoformat(), last.isoformat()],
        )
        return [
            (item, location, category, key, day_of(on), from_raw(int(gross), MONEY_SCALE))
            for item, location, category, key, on, gross in cursor.fetchall()
        ]
