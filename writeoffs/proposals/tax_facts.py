"""Gathers what tax follows from: the posted lines and the movements that took write-downs along, as events of lots, and
the bridge from book loss to tax over a period. A constant number of queries whatever the period holds."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import connection

from core.models import Entity
from core.sets import day_of
from inventory.models import Lot
from writeoffs.proposals.models import Evidence, Kind
from writeoffs.proposals.tax_charges import ChargeRow, charge_rows
from writeoffs.proposals.tax_papers import complete
from writeoffs.valuation.models import Price
from writeoffs.valuation.rules.tax_bridge import BridgeRow, Does, Event, Figures, Treated, bridge_row, folded
from writeoffs.valuation.rules.tax_terms import Proof, Terms, Timing, deductible_now
from writeoffs.valuation.tax_rules import TaxTerms, tax_terms

# One line of a posted document; a voided one with the day on which it was undone.
_LINES = """
    select s.first, l.line_number, l.lot_id, p.kind, p.reason, p.posting_on, 'proposal:' || p.number,
        p.quarantine_goods, l.quantity, l.write_down, l.loss, q.source_ref, v.posted_on, o.location_id, o.item_id, p.id
    from proposals_proposalline l
    join proposals_proposal p on p.id = l.proposal_id
    join inventory_lot o on o.id = l.lot_id
    join (select source_ref, min(sequence) as first from inventory_movement
        where entity_id = %s and source_ref like 'proposal:%%' group by source_ref) s
        on s.source_ref = 'proposal:' || p.number
    left join inventory_quarantineentry q on q.id = l.quarantine_id
    left join proposals_voidedline x on x.line_id = l.id
    left join proposals_void v on v.id = x.void_id
    where p.entity_id = %s and p.status in ('POSTED', 'VOIDED') and p.posting_on <= %s
"""
_MOVED = """
    select m.sequence, m.lot_id, m.kind, m.posted_on, m.source_ref, m.write_down, o.location_id
    from inventory_movement m join inventory_lot o on o.id = m.lot_id
    where m.entity_id = %s and m.posted_on <= %s and m.write_down <> 0 and m.source_ref not like 'proposal:%%'
"""


@dataclass(frozen=True, slots=True)
class _Line:
    order: tuple[int, int]
    lot_id: int
    kind: str
    reason: str
    posting_on: dt.date
    ref: str
    quarantine_goods: bool
    quantity: int
    write_down: int
    loss: int
    standing_ref: str
    voided_on: dt.date | None
    location_id: int
    item_id: int
    proposal_id: int


@dataclass(frozen=True, slots=True)
class TaxFacts:
    """Everything up to a day, read once; `events` gives what stands as of any day until then."""

    entity: Entity
    terms: TaxTerms
    lines: Sequence[_Line]
    moved: Sequence[tuple[Any, ...]]
    papers: dict[int, list[str]]
    offers: dict[tuple[str, int], list[tuple[dt.date, dt.date]]]

    def events(self, until: dt.date) -> Iterator[Event]:
        """In the order of the movements. What was voided by then never was."""
        made: list[tuple[tuple[int, int], Event]] = []
        for line in self.lines:
            if line.posting_on <= until and (line.voided_on is None or line.voided_on > until):
                made += [(line.order, event) for event in self._of_line(line)]
        first: dict[str, int] = {}
        for sequence, lot_id, kind, day, ref, write_down, location_id in self.moved:
            if day_of(day) <= until:
                at = first.setdefault(ref, sequence)
                event = self._of_movement(lot_id, kind, day_of(day), ref, int(write_down), location_id)
                # Of one transfer what leaves comes before what arrives; what was released of it comes back first.
                first_of = {Does.KEPT: -2, Does.MOVE_OUT: -1}
                made.append(((at, first_of.get(event.does, sequence)), event))
        yield from (event for _, event in sorted(made, key=lambda pair: pair[0]))

    def proof(self, line: _Line, terms: Terms) -> Proof:
        return Proof(
            complete(terms.evidence, self.papers.get(line.proposal_id, [])),
            self._offered(line, terms),
            line.posting_on,
        )

    def _offered(self, line: _Line, terms: Terms) -> dt.date | None:
        """The offer in force at the end of the days that the rule gives, of the lot itself before its item's."""
        if terms.offer_days is None:
            return None
        last = line.posting_on + dt.timedelta(days=terms.offer_days)
        for subject in (("lot", line.lot_id), ("item", line.item_id)):
            known = [(as_of, offered) for as_of, offered in self.offers.get(subject, []) if as_of <= last]
            if known:
                return max(known)[1]
        return None

    def _of_line(self, line: _Line) -> Iterator[Event]:
        terms = self.terms.of(reason=line.reason, location_id=line.location_id, day=line.posting_on)
        of: dict[str, Any] = {"lot_id": line.lot_id, "reason": line.reason}
        if line.kind == Kind.WRITE_DOWN:
            now = deductible_now(terms, self.proof(line, terms))
            treated = Treated.NOW if now else Treated.LATER
            yield Event(Does.CHARGE, amount=line.loss, treated=_unless_never(terms, treated), **of)
        elif line.kind == Kind.REVERSAL:
            yield Event(Does.REVERSE, attached=-line.write_down, **of)
        elif line.standing_ref:
            does = Does.RECOVER if line.kind == Kind.RECOVERY else Does.DISPOSE
            yield Event(does, ref=line.standing_ref, units=abs(line.quantity), **of)
        elif line.quantity > 0:
            yield Event(Does.LEAVE, amount=line.loss, treated=_unless_never(terms, Treated.NOW), **of)
            if line.write_down > 0:
                yield Event(Does.FOUND, attached=line.write_down, **of)
        else:
            gone = not (line.kind == Kind.WRITE_OFF and line.quarantine_goods)
            now = gone or deductible_now(terms, self.proof(line, terms))
            yield Event(
                Does.LEAVE,
                amount=line.loss,
                attached=-line.write_down,
                treated=_unless_never(terms, Treated.NOW if now else Treated.LATER),
                gone=gone,
                ref=line.ref,
                units=-line.quantity,
                **of,
            )

    def _of_movement(self, lot_id: int, kind: str, day: dt.date, ref: str, write_down: int, location_id: int) -> Event:
        if kind == "TRANSFER":
            return Event(Does.MOVE_IN if write_down > 0 else Does.MOVE_OUT, lot_id, attached=abs(write_down), ref=ref)
        if kind == "ISSUE" and write_down > 0:
            return Event(Does.KEPT, lot_id, attached=write_down)
        if write_down < 0:
            return Event(Does.RELEASE, lot_id, attached=-write_down)
        terms = self.terms.of(reason="", location_id=location_id, day=day)
        treated = Treated.NOW if terms.timing == Timing.RECOGNITION else Treated.LATER
        return Event(Does.BROUGHT, lot_id, attached=write_down, treated=_unless_never(terms, treated))


def _unless_never(terms: Terms, treated: Treated) -> Treated:
    return Treated.NEVER if terms.timing == Timing.NEVER else treated


def tax_facts(*, entity: Entity, until: dt.date) -> TaxFacts:
    """Five queries."""
    with connection.cursor() as cursor:
        cursor.execute(_LINES, [entity.pk, entity.pk, until.isoformat()])
        lines = [
            _Line(
                (int(row[0]), int(row[1])),
                row[2],
                row[3],
                row[4],
                day_of(row[5]),
                row[6],
                bool(row[7]),
                int(row[8]),
                int(row[9]),
                int(row[10]),
                row[11] or "",
                day_of(row[12]) if row[12] else None,
                row[13],
                row[14],
                row[15],
            )
            for row in cursor.fetchall()
        ]
        cursor.execute(_MOVED, [entity.pk, until.isoformat()])
        moved = cursor.fetchall()
    papers: defaultdict[int, list[str]] = defaultdict(list)
    for proposal_id, kind in Evidence.objects.filter(proposal__entity=entity).values_list("proposal", "kind"):
        papers[proposal_id].append(kind)
    terms = tax_terms(entity=entity)
    return TaxFacts(entity, terms, lines, moved, dict(papers), _offers(entity, terms))


def _offers(entity: Entity, terms: TaxTerms) -> dict[tuple[str, int], list[tuple[dt.date, dt.date]]]:
    """("lot" or "item", its key) -> (valid from, offered on) of its prices that name an offer; none where no rule asks.
    Of several versions the last one counts."""
    if all(rule.terms.offer_days is None for rule in terms.rules):
        return {}
    newest: dict[tuple[str, int, dt.date], tuple[bool, dt.date | None]] = {}
    prices = Price.objects.filter(entity=entity).order_by("version")
    for item_id, lot_id, as_of, offered, withdrawn in prices.values_list(
        "item", "lot", "as_of", "offered_on", "withdrawn"
    ):
        newest[("lot", lot_id, as_of) if lot_id else ("item", item_id, as_of)] = (withdrawn, offered)
    found: defaultdict[tuple[str, int], list[tuple[dt.date, dt.date]]] = defaultdict(list)
    for (name, key, as_of), (withdrawn, offered) in newest.items():
        if offered is not None and not withdrawn:
            found[name, key].append((as_of, offered))
    return dict(found)


@dataclass(frozen=True, slots=True)
class Bridge:
    """A period's rows, those with nothing left out, in the order of item, lot and reason; and by document what the
    losses cost and brought beside the stock."""

    rows: Sequence[BridgeRow]
    lots: dict[int, Lot]
    charges: Sequence[ChargeRow] = ()

    @property
    def every(self) -> list[BridgeRow | ChargeRow]:
        return [*self.rows, *self.charges]

    def total(self, name: str) -> Decimal:
        return sum((getattr(row, name) for row in self.every), Decimal(0))


def bridge_of(*, entity: Entity, starts_on: dt.date, ends_on: dt.date) -> Bridge:
    """From book loss to tax, lot by lot and reason by reason, over the days given, both included."""
    facts, exponent = tax_facts(entity=entity, until=ends_on), entity.exponent
    before = starts_on - dt.timedelta(days=1)
    opening = folded(facts.events(before), exponent=exponent)
    closing = folded(facts.events(ends_on), exponent=exponent)
    keys = opening.keys() | closing.keys()
    lots = {
        lot.pk: lot
        for lot in Lot.objects.filter(entity=entity, pk__in={lot_id for lot_id, _ in keys}).select_related(
            "item", "location"
        )
    }
    rows = []
    for lot_id, reason in keys:
        place = lots[lot_id].location_id
        at_end = facts.terms.of(reason=reason, location_id=place, day=ends_on)
        row = bridge_row(
            (lot_id, reason),
            opening.get((lot_id, reason), Figures()),
            closing.get((lot_id, reason), Figures()),
            before=facts.terms.of(reason=reason, location_id=place, day=before),
            now=at_end,
            currency=entity.currency,
        )
        if not row.is_nil:
            rows.append(row)
    rows.sort(key=lambda row: (lots[row.lot_id].item.sku, lots[row.lot_id].code, row.lot_id, row.reason))
    charges = charge_rows(entity=entity, terms=facts.terms, starts_on=starts_on, ends_on=ends_on)
    return Bridge(rows, lots, charges)
