"""The proofs of corrections: what was voided line by line, losses found late, and errors of earlier years."""

from __future__ import annotations

from collections.abc import Iterator

from core.models import AuditEvent, Entity
from core.verify import Tally, money_said, rows
from writeoffs.ledger.roles import ROLES, Section
from writeoffs.posting.corrections import LEGS
from writeoffs.proposals.late import late_loss, restates
from writeoffs.proposals.models import Finding, Proposal, Status
from writeoffs.proposals.proofs import lot_sees

LIMIT = 100
_LINE_SUMS = ("quantity", "cost", "allowance", "write_down")


def voids(tally: Tally) -> Iterator[str]:
    """Voided lines belong to their document, stand for its VOID movements, and leave it posted until the last one."""
    for number, void in rows(
        "select p.number, v.number from proposals_voidedline x join proposals_void v on v.id = x.void_id "
        "join proposals_proposalline l on l.id = x.line_id join proposals_proposal p on p.id = v.proposal_id "
        f"where l.proposal_id <> v.proposal_id order by x.id limit {LIMIT}"
    ):
        yield f"Proposal {number}, void {void}: it names a line of another proposal."
    yield from _states()
    yield from _amounts()
    yield from _mirrors()


def _states() -> Iterator[str]:
    for number, status, lines, voided in rows(
        "select u.number, u.status, u.lines, u.voided from (select p.id, p.number, p.status, count(l.id) as lines, "
        "count(x.id) as voided from proposals_proposal p join proposals_proposalline l on l.proposal_id = p.id "
        "left join proposals_voidedline x on x.line_id = l.id group by p.id, p.number, p.status) u "
        "where (u.status = 'VOIDED' and u.voided <> u.lines) or (u.status = 'POSTED' and u.voided = u.lines) "
        f"or (u.status not in ('POSTED', 'VOIDED') and u.voided <> 0) order by u.id limit {LIMIT}"
    ):
        said = Status(status).label.lower()
        yield f"Proposal {number}: it is stored as {said}, but {voided} of {lines} lines are voided."


def _amounts() -> Iterator[str]:
    entities = Entity.objects.in_bulk()
    lines = ", ".join(f"sum({lot_sees(name)}) as {name}" for name in _LINE_SUMS)
    moved = ", ".join(f"sum(m.{name}) as {name}" for name in _LINE_SUMS)
    differ = " or ".join(f"coalesce(a.{name}, 0) + coalesce(b.{name}, 0) <> 0" for name in _LINE_SUMS)
    posted = (
        f"(select p.entity_id, 'proposal:' || p.number as ref, l.lot_id, {lines} from proposals_voidedline x "
        "join proposals_proposalline l on l.id = x.line_id join proposals_proposal p on p.id = l.proposal_id "
        "group by p.entity_id, p.number, l.lot_id)"
    )
    undone = (
        f"(select m.entity_id, m.source_ref as ref, m.lot_id, {moved} from inventory_movement m where m.kind = 'VOID' "
        "group by m.entity_id, m.source_ref, m.lot_id)"
    )
    for entity_id, ref, code, cost, back in rows(
        "select k.entity_id, k.ref, o.code, coalesce(a.cost, 0), coalesce(b.cost, 0) from "
        f"(select entity_id, ref, lot_id from {posted} y union select entity_id, ref, lot_id from {undone} z) k "
        f"left join {posted} a on a.entity_id = k.entity_id and a.ref = k.ref and a.lot_id = k.lot_id "
        f"left join {undone} b on b.entity_id = k.entity_id and b.ref = k.ref and b.lot_id = k.lot_id "
        f"join inventory_lot o on o.id = k.lot_id where {differ} order by k.entity_id, k.ref, o.id limit {LIMIT}"
    ):
        entity = entities[entity_id]
        yield (
            f"{entity}: {ref}, lot {code}: its voided lines say cost {money_said(entity, cost)}, its void movements "
            f"{money_said(entity, back)}, or their units, allowance or write-down differ."
        )


def _mirrors() -> Iterator[str]:
    """A void names its mirror entries, and each mirror entry carries the void's date and people."""
    found: dict[tuple[int, str], dict[str, tuple[object, ...]]] = {}
    for entity_id, ref, year, sequence, day, asked, decided in rows(
        "select e.entity_id, e.source_ref, e.fiscal_year, e.sequence, e.posted_on, e.prepared_by_id, e.approved_by_id "
        "from ledger_journalentry e where e.reverses_id is not null and e.source_ref like 'proposal:%%'"
    ):
        found.setdefault((entity_id, ref), {})[f"{year}-{sequence:06d}"] = (str(day), asked, decided)
    for proposal in Proposal.objects.filter(voids__isnull=False).distinct().prefetch_related("voids").iterator(500):
        mirrors = found.pop((proposal.entity_id, proposal.source_ref), {})
        for void in proposal.voids.all():
            told = (void.posted_on.isoformat(), void.asked_by_id, void.decided_by_id)
            if any(mirrors.pop(number, None) != told for number in void.entries):
                yield f"Proposal {proposal.number}, void {void.number}: its date, people or mirror entries are others."
        yield from (f"Entry {number} mirrors {proposal.number}, but no void of it names it." for number in mirrors)
    for (_, ref), mirrors in found.items():
        yield from (f"Entry {number} mirrors {ref}, but there is no void of it." for number in mirrors)


def findings(tally: Tally) -> Iterator[str]:
    """A loss found late was classified when it was submitted, and as the audit trail heard it."""
    heard = {
        (event.entity_id, event.subject): event.data["finding"]
        for event in AuditEvent.objects.filter(kind="proposal.submitted", data__has_key="finding").order_by("sequence")
    }
    waiting = (Status.SUBMITTED, Status.APPROVED, Status.POSTED, Status.VOIDED)
    for proposal in Proposal.objects.filter(status__in=waiting).select_related("entity").order_by("pk").iterator(500):
        told = heard.get((proposal.entity_id, proposal.source_ref))
        if told is None:
            continue
        if told != [proposal.finding, proposal.material]:
            yield f"Proposal {proposal.number}: its finding is not the one that was submitted and approved."
        late = None if proposal.finding else late_loss(proposal)
        if late is not None and late.year is not None:
            yield f"Proposal {proposal.number}: its loss lies in {late.said}, but nobody said what it is."


def corrections(tally: Tally) -> Iterator[str]:
    """A material error of an earlier year reaches retained earnings and no income account, and nothing else does."""
    legs = ", ".join(f"'{leg}'" for leg in sorted(set(LEGS.values())))
    income = ", ".join(
        f"'{role}'"
        for role, info in ROLES.items()
        if info.section not in (Section.ASSET, Section.LIABILITY, Section.EQUITY)
    )
    for year, sequence, role in rows(
        "select e.fiscal_year, e.sequence, l.role from ledger_journalentry e join ledger_journalline l "
        f"on l.entry_id = e.id where e.leg in ({legs}) and l.role in ({income}) order by l.id limit {LIMIT}"
    ):
        yield f"Entry {year}-{sequence:06d} corrects an earlier year, but it charges {ROLES[role].label} of this one."
    posted: dict[tuple[int, str], set[str]] = {}
    for entity_id, ref, leg in rows(
        "select distinct entity_id, source_ref, leg from ledger_journalentry where reverses_id is null and (leg in "
        f"({legs}) or source_ref in (select 'proposal:' || number from proposals_proposal "
        f"where finding = '{Finding.ERROR.value}'))"
    ):
        posted.setdefault((entity_id, ref), set()).add(leg)
    for (entity_id, ref), found in sorted(posted.items()):
        proposal = (
            Proposal.objects.select_related("entity").filter(entity_id=entity_id, number=ref.partition(":")[2]).first()
        )
        if (
            proposal is None
            or restates(proposal) != bool(found & set(LEGS.values()))
            or (restates(proposal) and found & LEGS.keys())
        ):
            yield f"{ref}: its entries are not those of what it was found to be."
