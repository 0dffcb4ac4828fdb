"""The tie between stock and ledger: what movements say of every document is what its entries say, and in total."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from core import verify
from core.models import Entity
from core.verify import Tally, money_said, quantity_said, rows

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


verify.register("documents", documents)
verify.register("subledger", subledger)
verify.register("postings", postings)
