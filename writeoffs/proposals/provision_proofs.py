"""The proof of provisions: their movements are the charges of posted documents, and the account holds what stands."""

from __future__ import annotations

from collections.abc import Iterator

from core.models import AuditEvent, Entity
from core.verify import Tally, money_said, rows
from writeoffs.proposals.models import Proposal
from writeoffs.proposals.records import PROVIDED, provided_rows
from writeoffs.valuation.models import ProvisionMovement

LIMIT = 100
_STEPS = {"proposal.posted": False, "proposal.voided": True}
_SIGNED = "case when c.kind = 'PROVISION' then c.amount else -c.amount end"


def provisions(tally: Tally) -> Iterator[str]:
    entities = Entity.objects.in_bulk()
    # Per document and commitment: what it charged, once, and taken back where it is voided.
    for entity_id, number, reference, charged, moved in rows(
        "select u.entity_id, u.number, p.reference, sum(u.charged), sum(u.moved) from ("
        f"select d.entity_id, d.number, c.commitment_id, case when d.status = 'VOIDED' then 0 else {_SIGNED} end "
        "as charged, 0 as moved from proposals_proposalcharge c join proposals_proposal d on d.id = c.proposal_id "
        "where c.commitment_id is not null and d.status in ('POSTED', 'VOIDED') union all "
        "select m.entity_id, substr(m.source_ref, 10), m.commitment_id, 0, m.amount from valuation_provisionmovement m"
        ") u join valuation_purchasecommitment p on p.id = u.commitment_id "
        "group by u.entity_id, u.number, p.reference, u.commitment_id having sum(u.charged) <> sum(u.moved) "
        f"order by u.entity_id, u.number limit {LIMIT}"
    ):
        entity = entities[entity_id]
        yield (
            f"{entity}: proposal {number}, commitment {reference}: its charges come to {money_said(entity, charged)}, "
            f"the movements of the provision to {money_said(entity, moved)}."
        )
    yield from _told()
    for entity_id, ref in rows(
        "select m.entity_id, m.source_ref from valuation_provisionmovement m left join proposals_proposal d "
        "on d.entity_id = m.entity_id and 'proposal:' || d.number = m.source_ref "
        f"where d.id is null order by m.id limit {LIMIT}"
    ):
        yield f"{entities[entity_id]}: a provision was moved by {ref}, which there is not."
    for entity_id, standing, booked in rows(
        "select u.entity_id, sum(u.standing), sum(u.booked) from (select entity_id, amount as standing, 0 as booked "
        "from valuation_provisionmovement union all select e.entity_id, 0, -l.amount from ledger_journalline l "
        "join ledger_journalentry e on e.id = l.entry_id where l.role = 'COMMITMENT_PROVISION') u "
        f"group by u.entity_id having sum(u.standing) <> sum(u.booked) order by u.entity_id limit {LIMIT}"
    ):
        entity = entities[entity_id]
        yield (
            f"{entity}: provisions for purchase commitments come to {money_said(entity, standing)}, the journal has "
            f"{money_said(entity, booked)}."
        )
    tally["provisions"] += len(entities)


def _told() -> Iterator[str]:
    """The movements of each posting and each void are those that its event kept."""
    moved = set(ProvisionMovement.objects.order_by().values_list("entity_id", "source_ref").distinct())
    wanted = {(entity, ref.partition(":")[2]) for entity, ref in moved}
    events = AuditEvent.objects.filter(kind__in=_STEPS, data__has_key="provisions")
    told: dict[tuple[int | None, str], dict[bool, str]] = {}
    for entity_id, subject, kind, data in events.values_list("entity_id", "subject", "kind", "data").iterator(500):
        told.setdefault((entity_id, subject.partition(":")[2]), {})[_STEPS[kind]] = data["provisions"]
    for proposal in Proposal.objects.filter(number__in={number for _, number in {*wanted, *told}}).order_by("pk"):
        kept = told.get((proposal.entity_id, proposal.number), {})
        for void in (False, True):
            rows_of = provided_rows(proposal, void=void)
            if rows_of.exists() != (void in kept) or (void in kept and not PROVIDED.agrees(kept[void], rows_of)):
                yield f"Proposal {proposal.number}: what it did to provisions is not what the audit trail kept of it."
