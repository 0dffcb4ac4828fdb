"""The tie between stock and ledger: what movements say of every document is what its entries say, and in total."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from core import verify
from core.models import Entity
from core.verify import Tally, money_said, quantity_said, rows
from writeoffs.posting import charge_proof, erp_proof, period_ties
from writeoffs.posting.models import Posting

LIMIT = 100

# Signed as the ledger sees it: an allowance that grows is a credit.
_STOCK = (
    "select entity_id, source_ref, sum(cost) as cost, -sum(allowance) as allowance from inventory_movement "
    "group by entity_id, source_ref"
)
_LEDGER = (
    "select e.entity_id, e.source_ref, sum(case when l.role = 'INVENTORY' then l.amount else 0 end) as cost, "
    "sum(case when l.role = 'INVENTORY_ALLOWANCE' then l.amount else 0 end) as allowance "
    "from ledger_journalline l join ledger_journalentry e on e.id = l.entry_id group by e.entity_id, e.source_ref"
)


def documents(tally: Tally) -> Iterator[str]:
    """Every document: movements against entries, in both directions."""
    entities = Entity.objects.in_bulk()
    found = rows(
        f"select u.entity_id, u.source_ref, sum(u.sc), sum(u.lc), sum(u.sa), sum(u.la) from ("
        f"select entity_id, source_ref, cost as sc, 0 as lc, allowance as sa, 0 as la from ({_STOCK}) s "
        f"union all select entity_id, source_ref, 0, cost, 0, allowance from ({_LEDGER}) j) u "
        "group by u.entity_id, u.source_ref having sum(u.sc) <> sum(u.lc) or sum(u.sa) <> sum(u.la) "
        f"order by u.entity_id, u.source_ref limit {LIMIT}"
    )
    for entity_id, ref, stock_cost, ledger_cost, stock_allowance, ledger_allowance in found:
        entity = entities[entity_id]
        for word, stock, ledger in (
            ("inventory", stock_cost, ledger_cost),
            ("allowance", stock_allowance, ledger_allowance),
        ):
            if stock != ledger:
                yield (
                    f"{entity}: {ref}: its movements change {word} by {money_said(entity, stock)}, its entries by "
                    f"{money_said(entity, ledger)}."
                )


def subledger(tally: Tally) -> Iterator[str]:
    """All lots of an entity against its INVENTORY and INVENTORY_ALLOWANCE roles."""
    for entity in Entity.objects.order_by("pk"):
        for tie in tie_out(entity=entity):
            if tie.difference:
                yield (
                    f"{entity}: {tie.label}: the lots add up to {money_said(entity, tie.stock)}, the ledger to "
                    f"{money_said(entity, tie.ledger)}."
                )


@dataclass(frozen=True, slots=True)
class Tie:
    """One role: what the lots say and what the ledger says, raw, signed as the ledger sees it."""

    label: str
    stock: int
    ledger: int

    @property
    def difference(self) -> int:
        return self.stock - self.ledger


def tie_out(*, entity: Entity) -> list[Tie]:
    """The subledger against the ledger, in total, as both stand now."""
    [stock] = rows(
        "select coalesce(sum(cost), 0), coalesce(-sum(allowance), 0) from inventory_lot where entity_id = %s",
        [entity.pk],
    )
    [books] = rows(
        "select coalesce(sum(case when l.role = 'INVENTORY' then l.amount else 0 end), 0), "
        "coalesce(sum(case when l.role = 'INVENTORY_ALLOWANCE' then l.amount else 0 end), 0) "
        "from ledger_journalline l join ledger_journalentry e on e.id = l.entry_id "
        "where e.entity_id = %s and l.role in ('INVENTORY', 'INVENTORY_ALLOWANCE')",
        [entity.pk],
    )
    labels = ("Inventory", "Inventory allowance")
    return [Tie(label, int(a), int(b)) for label, a, b in zip(labels, stock, books, strict=True)]


def postings(tally: Tally) -> Iterator[str]:
    """The units of a posting's lines are those of its movements."""
    for ref, code, stored, should in rows(
        "select p.source_ref, o.code, pl.quantity, coalesce(m.quantity, 0) from posting_postingline pl "
        "join posting_posting p on p.id = pl.posting_id join inventory_lot o on o.id = pl.lot_id "
        "left join (select entity_id, source_ref, lot_id, sum(quantity) as quantity from inventory_movement "
        "where kind <> 'VOID' group by entity_id, source_ref, lot_id) m on m.entity_id = p.entity_id "
        "and m.source_ref = p.source_ref and m.lot_id = pl.lot_id "
        f"where pl.quantity <> coalesce(m.quantity, 0) order by pl.id limit {LIMIT}"
    ):
        yield (
            f"Posting of {ref}, lot {code}: {quantity_said(stored)} units are stored, its movements say "
            f"{quantity_said(should)}."
        )


# A document is voided once its voids have undone all that its movements did; one without lots, once it has a mirror.
_VOIDED = (
    "(exists (select 1 from inventory_movement v where v.entity_id = p.entity_id and v.source_ref = p.source_ref "
    "and v.kind = 'VOID') or (p.kind in ('TAX', 'ACCRUAL', 'CLAIM', 'ESTIMATE', "
    "'PROVISION') and exists (select 1 from ledger_journalentry v "
    "where v.entity_id = p.entity_id and v.source_ref = p.source_ref and v.reverses_id is not null))) "
    "and not exists (select 1 from inventory_movement v where v.entity_id = p.entity_id "
    "and v.source_ref = p.source_ref group by v.lot_id having sum(v.quantity) <> 0 or sum(v.cost) <> 0 "
    "or sum(v.allowance) <> 0 or sum(v.write_down) <> 0)"
)
_TAKEN_BACK = (
    "coalesce((select -sum(v.quantity) from inventory_movement v where v.entity_id = p.entity_id "
    "and v.source_ref = p.source_ref and v.lot_id = pl.lot_id and v.kind = 'VOID'), 0)"
)


def posting_lines(tally: Tally) -> Iterator[str]:
    """Every lot whose units an own document moved stands on its posting; nobody has more to follow than was moved."""
    for ref, code, units in rows(
        "select m.source_ref, o.code, sum(m.quantity) from inventory_movement m "
        "join inventory_lot o on o.id = m.lot_id left join posting_posting p on p.entity_id = m.entity_id "
        "and p.source_ref = m.source_ref left join posting_postingline pl on pl.posting_id = p.id "
        "and pl.lot_id = m.lot_id where m.kind in ('WRITE_OFF', 'COUNT', 'RECOVERY', 'DISPOSAL') and m.quantity <> 0 "
        "and m.source_ref not like 'history:%%' "
        f"and pl.id is null group by m.source_ref, o.id, o.code order by o.id limit {LIMIT}"
    ):
        yield f"Posting of {ref}, lot {code}: its movements say {quantity_said(units)} units, but it has no such line."
    # What stands is to be followed the way it moved, what was voided the other way round.
    for ref, code, outstanding, quantity, back in rows(
        "select u.source_ref, o.code, u.outstanding, u.quantity, u.back from (select p.source_ref, pl.lot_id, pl.id, "
        f"pl.outstanding, pl.quantity, {_TAKEN_BACK} as back from posting_postingline pl "
        "join posting_posting p on p.id = pl.posting_id where pl.outstanding <> 0) u "
        "join inventory_lot o on o.id = u.lot_id "
        "where (u.quantity > 0 and (u.outstanding > u.back or u.outstanding < u.back - u.quantity)) "
        f"or (u.quantity <= 0 and (u.outstanding < u.back or u.outstanding > u.back - u.quantity)) order by u.id "
        f"limit {LIMIT}"
    ):
        near, far = sorted((int(back), int(back - quantity)), key=abs)
        yield (
            f"Posting of {ref}, lot {code}: {quantity_said(outstanding)} units are outstanding, which is not between "
            f"{quantity_said(near) if near else 'nil'} and {quantity_said(far)}."
        )


def lines_in_flight(tally: Tally) -> Iterator[str]:
    """What stands as sent is what the unanswered batch of its posting asks for."""
    for (ref,) in rows(
        "select p.source_ref from posting_posting p where exists (select 1 from posting_postingline l "
        "where l.posting_id = p.id and l.sent <> 0) and (p.batch_id is null or p.takes <> 'ADJUSTMENT' "
        f"or p.status <> 'UNACKNOWLEDGED') order by p.id limit {LIMIT}"
    ):
        yield f"Posting of {ref}: what it waits for the ERP to do is not what its batch asks for."
    for ref, code in rows(
        "select p.source_ref, o.code from posting_postingline l join posting_posting p on p.id = l.posting_id "
        "join inventory_lot o on o.id = l.lot_id where l.sent <> 0 and l.outstanding <> l.sent "
        f"and ((l.outstanding > 0) = (l.sent > 0) or l.outstanding = 0) order by l.id limit {LIMIT}"
    ):
        yield f"Posting of {ref}, lot {code}: neither what was sent nor its way back is outstanding."


def posting_states(tally: Tally) -> Iterator[str]:
    """Its state is what its lines leave to do; date and person are those of its entries and movements."""
    follows = "exists (select 1 from posting_postingline l where l.posting_id = p.id and l.outstanding <> 0)"
    lines = "exists (select 1 from posting_postingline l where l.posting_id = p.id)"
    journal = "p.takes = 'JOURNAL'"
    due = (
        f"case when {follows} and p.status = 'REJECTED' then p.status when {follows} then 'UNACKNOWLEDGED' "
        f"when {journal} and p.journal_through > 0 and p.status in ('NOT_NEEDED', 'REJECTED') then p.status "
        f"when p.status = 'ACKNOWLEDGED' and ({lines} or {journal}) then p.status when {_VOIDED} then 'VOIDED' "
        f"when p.status = 'REJECTED' and {journal} then p.status "
        f"when {lines} then 'ACKNOWLEDGED' else 'NOT_NEEDED' end"
    )
    for ref, status, should in rows(
        f"select u.source_ref, u.status, u.due from (select p.id, p.source_ref, p.status, {due} as due "
        f"from posting_posting p) u where u.status <> u.due order by u.id limit {LIMIT}"
    ):
        words = Posting.Status
        yield f"Posting of {ref}: it is stored as '{words(status).label}', its lines say '{words(should).label}'."
    for ref, posted_on in rows(
        "select p.source_ref, p.posted_on from posting_posting p where exists (select 1 from inventory_movement m "
        "where m.entity_id = p.entity_id and m.source_ref = p.source_ref and m.kind <> 'VOID' "
        "and m.posted_on <> p.posted_on) or exists (select 1 from ledger_journalentry e "
        "where e.entity_id = p.entity_id and e.source_ref = p.source_ref and e.reverses_id is null "
        f"and (e.posted_on <> p.posted_on or e.posted_by_id <> p.posted_by_id)) order by p.id limit {LIMIT}"
    ):
        yield f"Posting of {ref}: its date {posted_on} or its person is not that of its entries and movements."


def acknowledgements(tally: Tally) -> Iterator[str]:
    """What a person confirmed stands in the audit trail under their name."""
    for ref in rows(
        "select p.source_ref from posting_posting p where p.status = 'ACKNOWLEDGED' and (p.acknowledged_at is null "
        "or (p.acknowledged_by_id is not null and not exists (select 1 from core_auditevent a "
        "where a.entity_id = p.entity_id and a.kind = 'posting.acknowledged' and a.subject = p.source_ref "
        f"and a.actor_id = p.acknowledged_by_id))) order by p.id limit {LIMIT}"
    ):
        yield f"Posting of {ref[0]}: no audit event tells that this person confirmed it."


def own_entries(tally: Tally) -> Iterator[str]:
    """Every entry that is ours to book has a posting, which hands it to the ERP."""
    for (ref,) in rows(
        "select distinct e.source_ref from ledger_journalentry e left join posting_posting p "
        "on p.entity_id = e.entity_id and p.source_ref = e.source_ref where e.origin = 'OWN' and p.id is null "
        f"order by e.source_ref limit {LIMIT}"
    ):
        yield f"Entries of {ref} are our own, but no posting hands them to the ERP."


verify.register("documents", documents)
verify.register("subledger", subledger)
verify.register("stock at period ends", period_ties.period_ends)
verify.register("postings", postings)
verify.register("own entries", own_entries)
verify.register("posting lines", posting_lines)
verify.register("lines in flight", lines_in_flight)
verify.register("posting states", posting_states)
verify.register("acknowledgements", acknowledgements)
verify.register("batches for the ERP", erp_proof.batches)
verify.register("files for the ERP", erp_proof.handouts)
verify.register("what the ERP takes", erp_proof.feeds)
verify.register("what the ERP answered", erp_proof.erp_states)
verify.register("entries beside adjustments", charge_proof.charges)
