"""The proof of estimated losses: each is, with its figures, what the audit trail kept, and they still give it."""

from __future__ import annotations

from collections.abc import Iterator

from core.errors import DomainError
from core.models import AuditEvent
from core.money import MONEY_SCALE, from_raw, plain
from core.verify import Tally
from writeoffs.proposals.claim_proofs import numbers_stored
from writeoffs.proposals.estimate_models import EstimateFigure, LossEstimate
from writeoffs.proposals.records import ESTIMATE


def estimates(tally: Tally) -> Iterator[str]:
    told = {
        data["estimate"]: data["record"]
        for data in AuditEvent.objects.filter(kind="estimate.made").values_list("data", flat=True)
    }
    for one in LossEstimate.objects.select_related("entity").prefetch_related("figures").order_by("pk"):
        tally["estimated losses"] += 1
        rows = LossEstimate.objects.filter(pk=one.pk), EstimateFigure.objects.filter(estimate=one.pk)
        if not ESTIMATE.agrees(told.pop(one.pk, ""), *rows):
            yield f"{one.entity}: estimate {one} or a figure of it is not what the audit trail kept of it."
            continue
        try:
            loss = from_raw(one.worked().loss, MONEY_SCALE)
        except DomainError as error:
            yield f"{one.entity}: estimate {one} cannot be worked out any more: {error.message}"
            continue
        if loss != one.loss:
            yield f"{one.entity}: estimate {one} says {plain(one.loss)}; its figures give {plain(loss)}."
    yield from (f"Estimate of key {missing} is missing: it stands in the audit trail only." for missing in sorted(told))
    yield from numbers_stored(LossEstimate, "estimate")
