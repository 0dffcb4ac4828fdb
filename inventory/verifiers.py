"""Inventory's proofs: movements are whole and unaltered, lots equal the sum of their movements, counts add up.

All set-wise in SQL: the digests are recomputed by the expression that made them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from core import chains, verify
from core.models import AuditEvent, ChainHead, Counter, Entity
from core.verify import Tally, money_said, quantity_said, rows, streamed
from inventory import erp_proof, register_proof  # noqa: F401  the first registers its own
from inventory.batches import MovementBatch, batch_hash, chain_of, content_hash
from inventory.counting import content_digest
from inventory.models import CountSheet, Movement
from inventory.movements import SERIES, digest_sql, years_sql

LIMIT = 100


def movement_sequences(tally: Tally) -> Iterator[str]:
    """Gapless from 1 to the entity's counter, and on the chain of no other."""
    for entity in Entity.objects.order_by("pk"):
        [(count, last)] = rows(
            "select count(*), coalesce(max(sequence), 0) from inventory_movement where entity_id = %s", [entity.pk]
        )
        tally["movements"] += count
        taken = Counter.objects.filter(entity=entity, series=SERIES).values_list("last", flat=True).first() or 0
        if count == last == taken:
            continue
        gap = rows(
            "select n.place from (select sequence, row_number() over (order by sequence) as place "
            "from inventory_movement where entity_id = %s) n where n.sequence <> n.place order by n.place limit 1",
            [entity.pk],
        )
        place = gap[0][0] if gap else min(count, taken) + 1
        yield f"{entity}: movement {place} is missing; {taken:,} were written and {count:,} are stored."


def movement_digests(tally: Tally) -> Iterator[str]:
    """Each row, with what it does to write-downs by fiscal year, gives its digest."""
    return _digests()


def _digests(entity: Entity | None = None) -> Iterator[str]:
    own = "and m.entity_id = %s " if entity else ""
    # Most have the first version, so that the second one is asked of few.
    years = years_sql("m")
    found = Movement.objects.raw(
        f"select m.* from inventory_movement m where m.digest <> {digest_sql('m')} "
        f"and ({years} = '' or m.digest <> {digest_sql('m', years)}) {own}order by m.id limit {LIMIT}",
        [entity.pk] if entity else [],
    )
    for movement in found.prefetch_related("entity", "lot__item"):
        yield (
            f"{movement.entity}: movement {movement.sequence} ({movement.get_kind_display().lower()} of lot "
            f"{movement.lot} "
            f"of {movement.lot.item}, {movement.source_ref}) is not what was written: its digest is "
            f"{movement.digest[:16]}…, its values (quantity {movement.quantity.normalize():f}, cost {movement.cost:f}, "
            f"allowance {movement.allowance:f}, write-down {movement.write_down:f}) and fiscal years give another."
        )


def movement_batches(tally: Tally) -> Iterator[str]:
    """Every set of movements has the digests and write-downs that its link covers, and the links are a chain from the
    first movement to the last."""
    for entity in Entity.objects.order_by("pk"):
        yield from _batches(entity)


def _batches(entity: Entity) -> Iterator[str]:
    previous, covered, place = "", 0, 0
    taken = _Taken(
        streamed("select sequence, digest from inventory_movement where entity_id = %s order by sequence", [entity.pk])
    )
    changed = _Taken(
        streamed(
            "select m.sequence, w.fiscal_year, w.amount from inventory_writedownmovement w "
            "join inventory_movement m on m.id = w.movement_id where m.entity_id = %s "
            "order by m.sequence, w.fiscal_year",
            [entity.pk],
        )
    )
    for batch in MovementBatch.objects.filter(entity=entity).order_by("sequence").iterator(chunk_size=1000):
        place += 1
        yield from _batch_complaints(entity, batch, place, covered, previous, taken, changed)
        previous, covered, place = batch.hash, batch.last, batch.sequence
    head = ChainHead.objects.filter(chain=chain_of(entity)).first() or ChainHead()
    if (head.sequence, head.hash) != (place, previous):
        yield (
            f"{entity}: the chain of movements ends with set {place:,} ({previous[:16] or 'none'}…), but its head "
            f"says {head.sequence:,} ({head.hash[:16] or 'none'}…): a set is missing at the end, or the head was "
            f"changed."
        )
    if (over := next(taken, None)) is not None:
        yield f"{entity}: movement {over[0]} belongs to no set of the chain of movements."


class _Taken:
    """Rows in ascending order of their sequence, taken up to a bound; held as one row ahead."""

    def __init__(self, ordered: Iterator[tuple[Any, ...]]) -> None:
        self._rows, self._ahead = ordered, next(ordered, None)

    def __next__(self) -> tuple[Any, ...]:
        row, self._ahead = self._ahead, next(self._rows, None)
        if row is None:
            raise StopIteration
        return row

    def upto(self, last: int) -> Iterator[tuple[Any, ...]]:
        while self._ahead is not None and self._ahead[0] <= last:
            yield next(self)


def _batch_complaints(
    entity: Entity, batch: MovementBatch, place: int, covered: int, previous: str, taken: _Taken, changed: _Taken
) -> Iterator[str]:
    name = f"{entity}: movements {batch.first:,} to {batch.last:,} ({batch.source_ref})"
    if batch.sequence != place or batch.first != covered + 1:
        yield f"{name}: they are set {batch.sequence:,} of the chain of movements; set {place:,} is missing."
    if batch.previous_hash != previous:
        yield (
            f"{name}: they name {batch.previous_hash[:16] or 'none'}… as the hash before, but that is "
            f"{previous[:16] or 'none'}…."
        )
    content = content_hash((digest for _, digest in taken.upto(batch.last)), changed.upto(batch.last))
    due = batch_hash(
        (
            *(batch.hash_version, entity.pk, batch.sequence, batch.first, batch.last),
            *(batch.source_ref, content, batch.previous_hash),
        )
    )
    if content != batch.content or due != batch.hash:
        yield (
            f"{name}: they are not what was written: their digests, write-downs by fiscal year and document give "
            f"{due[:16]}…, their link in the chain says {batch.hash[:16]}…."
        )


_CACHES = ("quantity", "cost", "allowance", "write_down")


def lot_caches(tally: Tally) -> Iterator[str]:
    """A lot's quantity, cost, allowance and write-down are the sums of its movements."""
    stored = ", ".join(f"l.{c}, coalesce(s.{c}, 0)" for c in _CACHES)
    sums = ", ".join(f"sum({c}) as {c}" for c in _CACHES)
    differ = " or ".join(f"l.{c} <> coalesce(s.{c}, 0)" for c in _CACHES)
    found = rows(
        f"select l.entity_id, l.code, i.sku, p.code, {stored} from inventory_lot l "
        "join inventory_item i on i.id = l.item_id join core_location p on p.id = l.location_id "
        f"left join (select lot_id, {sums} from inventory_movement group by lot_id) s on s.lot_id = l.id "
        f"where {differ} order by l.id limit {LIMIT}"
    )
    entities = Entity.objects.in_bulk()
    for entity_id, code, sku, place, *values in found:
        entity = entities[entity_id]
        for cache, stored_value, should in zip(_CACHES, values[::2], values[1::2], strict=True):
            if stored_value != should:
                say = quantity_said if cache == "quantity" else lambda raw, e=entity: money_said(e, raw)
                yield (
                    f"{entity}: lot {code} of {sku} at {place}: {cache.replace('_', '-')} {say(stored_value)} is "
                    f"stored, "
                    f"its movements add up to {say(should)}."
                )


def lot_companies(tally: Tally) -> Iterator[str]:
    """A lot, its item, its place and its movements are of one company."""
    for code, sku in rows(
        "select l.code, i.sku from inventory_lot l join inventory_item i on i.id = l.item_id "
        "join core_location p on p.id = l.location_id where i.entity_id <> l.entity_id or p.entity_id <> l.entity_id "
        "or exists (select 1 from inventory_movement m where m.lot_id = l.id and m.entity_id <> l.entity_id) "
        f"order by l.id limit {LIMIT}"
    ):
        yield f"Lot {code} of {sku}: its item, place or movements are of another company."


def count_numbers(tally: Tally) -> Iterator[str]:
    """The counts of a year are as many as the numbers that were handed out."""
    entities = Entity.objects.in_bulk()
    for counter in Counter.objects.filter(series__startswith="count:").order_by("entity_id", "series"):
        year = counter.series.partition(":")[2]
        stored = CountSheet.objects.filter(entity=counter.entity_id, number__startswith=f"CS-{year}-").count()
        if stored != counter.last:
            yield (
                f"{entities[counter.entity_id]}: of CS-{year} {counter.last:,} numbers were handed out and {stored:,} "
                "counts are stored."
            )


def lot_allowances(tally: Tally) -> Iterator[str]:
    found = rows(
        "select l.entity_id, l.code, i.sku, l.allowance, l.cost from inventory_lot l "
        "join inventory_item i on i.id = l.item_id "
        f"where l.allowance < 0 or (l.allowance <> 0 and l.allowance > l.cost) order by l.id limit {LIMIT}"
    )
    entities = Entity.objects.in_bulk()
    for entity_id, code, sku, allowance, cost in found:
        entity = entities[entity_id]
        yield (
            f"{entity}: lot {code} of {sku}: the allowance {money_said(entity, allowance)} is not between nil and "
            f"the cost "
            f"{money_said(entity, cost)}."
        )


def write_downs_by_year(tally: Tally) -> Iterator[str]:
    """What movements do to the write-down by year adds up to what they do to it, on the same lot, and no year falls
    below nil."""
    entities = Entity.objects.in_bulk()
    for entity_id, sequence, stored, should in rows(
        "select m.entity_id, m.sequence, coalesce(w.amount, 0), m.write_down from inventory_movement m "
        "left join (select movement_id, sum(amount) as amount from inventory_writedownmovement group by movement_id) w "
        f"on w.movement_id = m.id where coalesce(w.amount, 0) <> m.write_down order by m.id limit {LIMIT}"
    ):
        entity = entities[entity_id]
        yield (
            f"{entity}: movement {sequence}: its write-downs by fiscal year add up to {money_said(entity, stored)}, "
            f"the "
            f"movement says {money_said(entity, should)}."
        )
    for entity_id, sequence in rows(
        "select m.entity_id, m.sequence from inventory_writedownmovement w join inventory_movement m "
        f"on m.id = w.movement_id where m.lot_id <> w.lot_id order by m.id limit {LIMIT}"
    ):
        yield f"{entities[entity_id]}: movement {sequence}: its write-down by fiscal year names another lot."
    for entity_id, code, year, left in rows(
        "select l.entity_id, l.code, w.fiscal_year, w.amount from inventory_lot l "
        "join (select lot_id, fiscal_year, sum(amount) as amount from inventory_writedownmovement "
        f"group by lot_id, fiscal_year having sum(amount) < 0) w on w.lot_id = l.id order by l.id limit {LIMIT}"
    ):
        entity = entities[entity_id]
        yield (
            f"{entity}: lot {code}: the write-down left of fiscal year {year} is {money_said(entity, left)}, below nil."
        )


def count_sheets(tally: Tally) -> Iterator[str]:
    for number, row in rows(
        "select s.number, c.row from inventory_countline c join inventory_countsheet s on s.id = c.sheet_id "
        f"where c.counted_quantity - c.book_quantity <> c.difference order by c.id limit {LIMIT}"
    ):
        yield f"Count {number}, row {row}: counted less book is not the stored difference."
    for number, lines, line_count, differences, difference_count in rows(
        "select s.number, coalesce(c.lines, 0), s.line_count, coalesce(c.differences, 0), s.difference_count "
        "from inventory_countsheet s left join (select sheet_id, count(*) as lines, "
        "sum(case when difference <> 0 then 1 else 0 end) as differences from inventory_countline group by sheet_id) c "
        "on c.sheet_id = s.id where coalesce(c.lines, 0) <> s.line_count "
        f"or coalesce(c.differences, 0) <> s.difference_count order by s.id limit {LIMIT}"
    ):
        yield (
            f"Count {number}: it says {line_count:,} lines and {difference_count:,} differences, stored are "
            f"{lines:,} and "
            f"{differences:,}."
        )


def count_contents(tally: Tally) -> Iterator[str]:
    """Every count gives the digest that the audit event of its commit keeps."""
    told = {
        (entity_id, subject): (data.get("count"), data.get("count_version", 1))
        for entity_id, subject, data in AuditEvent.objects.filter(kind="upload.committed")
        .values_list("entity_id", "subject", "data")
        .iterator(chunk_size=2000)
    }
    for sheet in CountSheet.objects.select_related("entity").order_by("pk").iterator(chunk_size=1000):
        kept, version = told.get((sheet.entity_id, f"upload:{sheet.upload_id}"), (None, 1))
        digest = content_digest(sheet, version)
        if kept != digest:
            yield (
                f"{sheet.entity}: count {sheet.number} is not what was taken in: its lines give the digest "
                f"{digest[:16]}…, the audit trail says {(kept or 'none')[:16]}…."
            )


def quarantine(tally: Tally) -> Iterator[str]:
    """What an entry of the register carried when it left the books is what its write-off took off the lot."""
    entities = Entity.objects.in_bulk()
    for entity_id, code, ref, stored, should in rows(
        "select q.entity_id, l.code, q.source_ref, q.cost, -coalesce(m.cost, 0) from inventory_quarantineentry q "
        "join inventory_lot l on l.id = q.lot_id left join (select lot_id, source_ref, sum(quantity) as quantity, "
        "sum(cost) as cost, sum(allowance) as allowance from inventory_movement where kind = 'WRITE_OFF' "
        "group by lot_id, source_ref) m on m.lot_id = q.lot_id and m.source_ref = q.source_ref "
        "where q.cost <> -coalesce(m.cost, 0) or q.allowance <> -coalesce(m.allowance, 0) "
        f"or q.quantity <> -coalesce(m.quantity, 0) order by q.id limit {LIMIT}"
    ):
        entity = entities[entity_id]
        yield (
            f"{entity}: quarantine of lot {code} ({ref}): quantity, cost ({money_said(entity, stored)}) or allowance "
            f"differ "
            f"from its write-off (cost {money_said(entity, should)})."
        )


def _hashes(chain: str, sequences: Sequence[int]) -> dict[int, str]:
    found = MovementBatch.objects.filter(entity=chains.entity_id_of(chain), sequence__in=sequences)
    return dict(found.values_list("sequence", "hash"))


def _link(chain: str, sequence: int) -> str:
    batch = MovementBatch.objects.filter(entity=chains.entity_id_of(chain), sequence=sequence).first()
    if batch is None:
        return f"the set of movements of place {sequence:,}"
    return f"the set of movements {batch.first:,} to {batch.last:,} ({batch.source_ref})"


def _prove(chain: str) -> Iterator[str]:
    entity = chains.entity_of(chain)
    yield from _digests(entity)
    yield from _batches(entity)


chains.register(chains.ChainKind("movements", "Movements", _hashes, _link, _prove))
verify.register("movement sequences", movement_sequences)
verify.register("movement digests", movement_digests)
verify.register("movement batches", movement_batches)
verify.register("lot caches", lot_caches)
verify.register("lot companies", lot_companies)
verify.register("registers of lots", register_proof.lot_registers)
verify.register("count numbers", count_numbers)
verify.register("lot allowances", lot_allowances)
verify.register("write-downs by year", write_downs_by_year)
verify.register("count sheets", count_sheets)
verify.register("count contents", count_contents)
verify.register("quarantine", quarantine)
