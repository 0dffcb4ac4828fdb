"""The proposals' proofs: what is posted has its posting, movements and entries (and the other way round), lines are
what was posted, and each decision is what the audit trail heard of it."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from core import verify
from core.models import AuditEvent, Counter, Entity
from core.verify import Tally, money_said, rows
from inventory.models import CountSheet
from writeoffs.proposals import claim_proofs, estimate_proofs, findings, limit_proof, proofs, provision_proofs
from writeoffs.proposals.entry_only import borne_sql, kinds_sql
from writeoffs.proposals.models import Decision, Proposal, Verb
from writeoffs.proposals.proofs import VERB_OF_EVENT
from writeoffs.proposals.records import DECIDED, POSTED, VOIDED, posted_rows, void_row

LIMIT = 100
_POSTED = "p.status in ('POSTED', 'VOIDED')"


def posted_documents(tally: Tally) -> Iterator[str]:
    """A posted proposal has one posting; a posting, movement or entry of a proposal has a posted proposal."""
    for number, status in rows(
        "select p.number, p.status from proposals_proposal p left join posting_posting o "
        "on o.entity_id = p.entity_id and o.source_ref = 'proposal:' || p.number "
        f"where {_POSTED} and o.id is null order by p.id limit {LIMIT}"
    ):
        yield f"Proposal {number} is {status.lower()}, but there is no posting of it."
    for table, word in (
        ("posting_posting", "a posting"),
        ("inventory_movement", "a movement"),
        ("ledger_journalentry", "an entry"),
    ):
        for (ref,) in rows(
            f"select o.source_ref from (select distinct entity_id, source_ref from {table} "
            "where source_ref like 'proposal:%%') o left join proposals_proposal p on p.entity_id = o.entity_id "
            f"and 'proposal:' || p.number = o.source_ref and {_POSTED} "
            f"where p.id is null order by o.source_ref limit {LIMIT}"
        ):
            yield f"There is {word} of {ref}, but no posted proposal of that number."
    for (number,) in rows(
        "select p.number from proposals_proposal p left join ledger_journalentry e "
        "on e.entity_id = p.entity_id and e.source_ref = 'proposal:' || p.number "
        f"where {_POSTED} and (p.net_loss <> 0 or p.kind in ({kinds_sql()})) and e.id is null order by p.id "
        f"limit {LIMIT}"
    ):
        yield f"Proposal {number} is posted with a loss or with charges, but there is no journal entry of it."


_AMOUNTS = ("quantity", "cost", "allowance", "write_down")


def posted_lines(tally: Tally) -> Iterator[str]:
    """The lines of a posted proposal are its movements, lot by lot, and its totals are those of its lines."""
    entities = Entity.objects.in_bulk()
    sums = ", ".join(f"sum({proofs.lot_sees(a)}) as {a}" for a in _AMOUNTS)
    moved = ", ".join(f"sum({a}) as {a}" for a in _AMOUNTS)
    differ = " or ".join(f"l.{a} <> coalesce(m.{a}, 0)" for a in _AMOUNTS)
    for entity_id, number, code, cost, allowance, moved_cost, moved_allowance in rows(
        "select p.entity_id, p.number, o.code, l.cost, l.allowance, coalesce(m.cost, 0), coalesce(m.allowance, 0) "
        f"from (select l.proposal_id, l.lot_id, {sums} from proposals_proposalline l group by l.proposal_id, "
        "l.lot_id) l "
        "join proposals_proposal p on p.id = l.proposal_id join inventory_lot o on o.id = l.lot_id "
        f"left join (select entity_id, source_ref, lot_id, {moved} from inventory_movement where kind <> 'VOID' "
        "group by entity_id, source_ref, lot_id) m on m.entity_id = p.entity_id "
        "and m.source_ref = 'proposal:' || p.number and m.lot_id = l.lot_id "
        f"where {_POSTED} and ({differ}) order by p.id, o.id limit {LIMIT}"
    ):
        entity = entities[entity_id]
        yield (
            f"{entity}: proposal {number}, lot {code}: its line says cost {money_said(entity, cost)} and allowance "
            f"{money_said(entity, allowance)}, its movement {money_said(entity, moved_cost)} and "
            f"{money_said(entity, moved_allowance)}, or their quantities or write-downs differ."
        )
    for entity_id, number, line, loss, should in rows(
        "select p.entity_id, p.number, l.line_number, l.loss, l.allowance - l.cost from proposals_proposalline l "
        f"join proposals_proposal p on p.id = l.proposal_id where {_POSTED} and l.loss <> l.allowance - l.cost "
        f"order by l.id limit {LIMIT}"
    ):
        entity = entities[entity_id]
        yield (
            f"{entity}: proposal {number}, line {line}: the loss {money_said(entity, loss)} should be "
            f"{money_said(entity, should)}."
        )
    yield from _totals(entities)


def _totals(entities: dict[int, Entity]) -> Iterator[str]:
    for entity_id, number, lines, line_count, net, net_loss, gross, gross_loss in rows(
        "select p.entity_id, p.number, coalesce(l.lines, 0), p.line_count, coalesce(l.net, 0), p.net_loss, "
        "coalesce(l.gross, 0), p.gross_loss from proposals_proposal p left join (select proposal_id, count(*) as "
        "lines, "
        "sum(loss) as net, sum(case when abs(cost) > abs(loss) then abs(cost) else abs(loss) end) as gross "
        "from proposals_proposalline group by proposal_id "
        f"union all select c.proposal_id, 0, sum(c.amount * {borne_sql('c.kind')}), sum(c.amount) "
        "from proposals_proposalcharge c join proposals_proposal o on o.id = c.proposal_id "
        f"where o.kind in ({kinds_sql()}) group by c.proposal_id) l on l.proposal_id = p.id "
        "where coalesce(l.lines, 0) <> p.line_count or coalesce(l.net, 0) <> p.net_loss "
        f"or coalesce(l.gross, 0) <> p.gross_loss order by p.id limit {LIMIT}"
    ):
        entity = entities[entity_id]
        yield (
            f"{entity}: proposal {number}: it says lines: {line_count:,}, gross {money_said(entity, gross_loss)}, net "
            f"{money_said(entity, net_loss)}; its lines give {lines:,}: {money_said(entity, gross)} and "
            f"{money_said(entity, net)}."
        )


@dataclass(frozen=True, slots=True)
class Step:
    """One decision, as it is stored (key: its row) or as the audit trail heard of it (record: the digest of the row);
    None where the trail was not told."""

    verb: str
    by_id: int | None
    digest: str | None
    comment: str | None
    key: int = 0
    record: str = ""

    def agrees(self, heard: Step) -> bool:
        return (self.verb, self.by_id) == (heard.verb, heard.by_id) and all(
            told is None or own == told for own, told in ((self.digest, heard.digest), (self.comment, heard.comment))
        )


Steps: TypeAlias = defaultdict[tuple[int | None, str], list[Step]]


def _heard() -> Steps:
    """(entity, number) -> what the audit trail tells of each decision."""
    heard: Steps = defaultdict(list)
    for entity_id, subject, kind, actor_id, data in (
        AuditEvent.objects.filter(kind__in=VERB_OF_EVENT)
        .order_by("chain", "sequence")
        .values_list("entity_id", "subject", "kind", "actor_id", "data")
        .iterator(chunk_size=2000)
    ):
        step = Step(
            VERB_OF_EVENT[kind], actor_id, data.get("digest"), data.get("comment"), record=data.get("decision", "")
        )
        heard[entity_id, subject.partition(":")[2]].append(step)
    return heard


def _kept() -> Steps:
    kept: Steps = defaultdict(list)
    for entity_id, number, verb, by_id, digest, comment, key in (
        Decision.objects.order_by("pk")
        .values_list("proposal__entity_id", "proposal__number", "verb", "by_id", "digest", "comment", "pk")
        .iterator(chunk_size=2000)
    ):
        kept[entity_id, number].append(Step(verb, by_id, digest, comment, key))
    return kept


def decisions(tally: Tally) -> Iterator[str]:
    """Decision by decision against the audit events of the same proposal, which their chain keeps unaltered."""
    heard, kept = _heard(), _kept()
    digests: dict[int, str] = {}
    names: dict[int, str] = {}
    for key in sorted(heard.keys() | kept.keys(), key=str):
        number = key[1]
        steps = itertools.zip_longest(kept[key], heard[key])
        for place, (own, told) in enumerate(steps, start=1):
            if own is None or told is None:
                where = "the audit trail, not among the decisions" if own is None else "no audit event"
                yield f"Proposal {number}: decision {place} stands in {where}."
            elif not own.agrees(told):
                yield (
                    f"Proposal {number}: decision {place} ({Verb(own.verb).label.lower()}) is not what was decided: "
                    f"the audit trail tells of {Verb(told.verb).label.lower()}, another person, content or comment."
                )
            elif told.record:
                digests[own.key], names[own.key] = told.record, f"{number}: decision {place}"
    for pk in DECIDED.differing(digests, Decision.objects.all()):
        yield f"Proposal {names[pk]} is not what was decided: its row does not give what the audit trail kept of it."


def records(tally: Tally) -> Iterator[str]:
    """What a posting and a void fixed is as their audit events kept it; what was posted before they did has none."""
    found = {(p.entity_id, p.number): p for p in Proposal.objects.filter(status__in=("POSTED", "VOIDED"))}
    told = AuditEvent.objects.filter(
        kind__in=("proposal.posted", "proposal.voided", "proposal.partly_voided"), data__has_key="record"
    )
    for entity_id, subject, kind, data in (
        told.order_by("chain", "sequence").values_list("entity_id", "subject", "kind", "data").iterator(chunk_size=2000)
    ):
        proposal = found.get((entity_id, subject.partition(":")[2]))
        if proposal is None:
            continue
        if kind == "proposal.posted" and not POSTED.agrees(data["record"], *posted_rows(proposal)):
            yield f"Proposal {proposal.number}: its row, or that of one of its papers, is not what was posted."
        if kind != "proposal.posted" and not VOIDED.agrees(data["record"], void_row(proposal, data["void"])):
            yield f"Proposal {proposal.number}: its void {data['void']} is not what was decided."


def numbers(tally: Tally) -> Iterator[str]:
    """Every number of a proposal was handed out, and none that was handed out is missing."""
    handed_out = {
        (counter.entity_id, counter.series): counter.last
        for counter in Counter.objects.filter(series__startswith="proposal:")
    }
    kept: defaultdict[tuple[int, str], list[int]] = defaultdict(list)
    for entity_id, number in Proposal.objects.order_by("pk").values_list("entity_id", "number").iterator():
        stem, _, place = number.rpartition("-")
        kept[entity_id, f"proposal:{stem.replace('-', ':')}"].append(int(place) if place.isdecimal() else 0)
    entities = Entity.objects.in_bulk()
    for entity_id, series in sorted(handed_out.keys() | kept.keys()):
        places, last = sorted(kept[entity_id, series]), handed_out.get((entity_id, series), 0)
        if places != list(range(1, last + 1)):
            stem = series.partition(":")[2].replace(":", "-")
            yield (
                f"{entities.get(entity_id, entity_id)}: of {stem} {last:,} numbers were handed out and "
                f"{len(places):,} proposals are stored."
            )


def counted_lines(tally: Tally) -> Iterator[str]:
    """A line that settles a counted row is of that row's lot and of the sheet that the proposal names."""
    for number, line in rows(
        "select p.number, l.line_number from proposals_proposalline l "
        "join proposals_proposal p on p.id = l.proposal_id join inventory_countline c on c.id = l.count_line_id "
        f"where c.lot_id <> l.lot_id or p.count_sheet_id is null or c.sheet_id <> p.count_sheet_id order by l.id "
        f"limit {LIMIT}"
    ):
        yield f"Proposal {number}, line {line}: it names a counted row of another lot or sheet."


def count_states(tally: Tally) -> Iterator[str]:
    """A count is open, proposed or settled as the last step on its differences left it."""
    told: dict[tuple[int | None, str], str] = {}
    events = AuditEvent.objects.filter(kind__startswith="proposal.", data__has_key="sheet")
    for entity_id, data in (
        events.order_by("chain", "sequence").values_list("entity_id", "data").iterator(chunk_size=2000)
    ):
        number, status = data["sheet"]
        told[entity_id, number] = status
    # Counts whose differences were proposed before the audit trail told of them are left out.
    before = set(Proposal.objects.filter(count_sheet__isnull=False).values_list("count_sheet_id", flat=True))
    for sheet in CountSheet.objects.select_related("entity").order_by("pk").iterator(chunk_size=1000):
        status = told.get((sheet.entity_id, sheet.number), sheet.status if sheet.pk in before else "OPEN")
        if sheet.status != status:
            yield (
                f"{sheet.entity}: count {sheet.number} is stored as {sheet.get_status_display().lower()}; the last "
                f"step left it {CountSheet.Status(status).label.lower()}."
            )


verify.register("states of counts", count_states)
verify.register("approval limits", limit_proof.approval_limits)
verify.register("records of proposals", records)
verify.register("numbers of proposals", numbers)
verify.register("counted lines", counted_lines)
verify.register("posted documents", posted_documents)
verify.register("posted lines", posted_lines)
verify.register("decisions", decisions)
verify.register("proposals", proofs.proposals)
verify.register("entries of proposals", proofs.entries)
verify.register("quarantined goods", proofs.quarantine)
verify.register("charges", proofs.charges)
verify.register("events after the reporting date", claim_proofs.events)
verify.register("estimated losses", estimate_proofs.estimates)
verify.register("provisions for commitments", provision_proofs.provisions)
verify.register("insurance claims", claim_proofs.claims)
verify.register("voids", findings.voids)
verify.register("findings", findings.findings)
verify.register("corrections of earlier years", findings.corrections)
