"""The proof of insurance claims and of events after the reporting date: rows are what the audit trail kept, and a
claim is what its last step says."""

from __future__ import annotations

from collections.abc import Iterator

from core.models import AuditEvent, Counter, Entity
from core.told import row_agrees, rows_told
from core.verify import Tally, rows
from writeoffs.proposals.claim_models import Claim, ClaimStep
from writeoffs.proposals.estimate_models import LossEstimate
from writeoffs.proposals.event_models import SubsequentEvent

LIMIT = 100


def events(tally: Tally) -> Iterator[str]:
    """Every event after the reporting date is as it was judged, and none is missing."""
    yield from rows_told(SubsequentEvent, "event.judged", key="event")
    yield from numbers_stored(SubsequentEvent, "event")


def claims(tally: Tally) -> Iterator[str]:
    """Every claim and step as it was told; status and amounts of a claim as its last step has them."""
    yield from rows_told(ClaimStep, "claim.step", key="step")
    told = {
        data["claim"]: data["opened"]
        for data in AuditEvent.objects.filter(kind="claim.step", data__has_key="opened").values_list("data", flat=True)
    }
    for claim in Claim.objects.order_by("pk").iterator(chunk_size=500):
        if not row_agrees(claim, told.pop(claim.pk, "")):
            yield f"Claim {claim}: it is not what was filed."
    yield from (f"Claim of key {missing} is missing: it stands in the audit trail only." for missing in sorted(told))
    for number, status, last in rows(
        "select c.number, c.status, s.status from proposals_claim c left join proposals_claimstep s "
        "on s.claim_id = c.id and s.number = (select max(x.number) from proposals_claimstep x where x.claim_id = c.id) "
        "where s.id is null or s.status <> c.status or s.claimed <> c.claimed or s.settled <> c.settled "
        f"order by c.id limit {LIMIT}"
    ):
        yield f"Claim {number}: it is stored as {status.lower()}, its last step says {(last or 'nothing').lower()}."
    yield from numbers_stored(Claim, "claim")


def numbers_stored(model: type[Claim | SubsequentEvent | LossEstimate], series: str) -> Iterator[str]:
    """Of every year and company as many are stored as numbers were handed out."""
    handed_out = {
        (counter.entity_id, counter.series.partition(":")[2]): counter.last
        for counter in Counter.objects.filter(series__startswith=f"{series}:")
    }
    stored: dict[tuple[int, str], int] = {}
    for entity_id, number in model._default_manager.order_by("pk").values_list("entity_id", "number").iterator():
        key = (entity_id, number.split("-")[1])
        stored[key] = stored.get(key, 0) + 1
    entities = Entity.objects.in_bulk()
    for entity_id, year in sorted(handed_out.keys() | stored.keys()):
        last, count = handed_out.get((entity_id, year), 0), stored.get((entity_id, year), 0)
        if last != count:
            yield (
                f"{entities[entity_id]}: of the {series}s of {year} {last:,} numbers were handed out and {count:,} are "
                "stored."
            )
