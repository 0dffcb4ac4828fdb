"""Gathers the facts of the reports on an assessment: the NRV test, ageing and excess, adjustments of other bases.

Invariant: a constant number of queries whatever the number of lots; sums are made by the database.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Count, F, Q, QuerySet, Sum

from core.models import Entity
from writeoffs.proposals.models import Proposal
from writeoffs.valuation.assessment_filters import with_movement
from writeoffs.valuation.models import Assessment, AssessmentLine, Basis

ZERO = Decimal(0)
FINISHED = (Assessment.Status.DONE, Assessment.Status.PROPOSED, Assessment.Status.RECORDED)


def assessments_finished(*, entity: Entity, bases: Sequence[str] = tuple(Basis.values)) -> list[Assessment]:
    """Newest day first."""
    found = Assessment.objects.filter(entity=entity, status__in=FINISHED, basis__in=bases)
    return list(found.select_related("created_by", "entity").order_by("-as_of", "-pk"))


def nrv_lines(assessment: Assessment, narrow: Q) -> QuerySet[AssessmentLine]:
    """The lines of the test, by SKU; narrow: on lines."""
    lines = with_movement(AssessmentLine.objects.filter(narrow, assessment=assessment))
    return lines.select_related("lot__item__category", "lot__location", "price").order_by(
        "lot__item__sku", "lot__code", "pk"
    )


@dataclass(frozen=True, slots=True)
class NrvTotals:
    """What a set of lines adds up to. fetches: of the tested ones; untested: how many say nothing."""

    lines: int
    untested: int
    quantity: Decimal
    cost: Decimal
    fetches: Decimal
    required: Decimal
    carried: Decimal
    markets: int = 0

    @property
    def lower(self) -> Decimal:
        return self.cost - self.required

    @property
    def movement(self) -> Decimal:
        return self.required - self.carried


_SUMS: dict[str, Any] = {
    "lines": Count("id"),
    "untested": Count("id", filter=~Q(outcome=AssessmentLine.Outcome.TESTED)),
    "sum_quantity": Sum("quantity"),
    "sum_cost": Sum("cost"),
    "sum_fetches": Sum("nrv_value"),
    "sum_now": Sum("now"),
    "sum_carried": Sum("carried"),
    "markets": Count("id", filter=Q(market_unit__isnull=False)),
}
_FIELDS = ("sum_quantity", "sum_cost", "sum_fetches", "sum_now", "sum_carried")


def _totals(row: Mapping[str, Any]) -> NrvTotals:
    quantity, cost, fetches, required, carried = (row[name] or ZERO for name in _FIELDS)
    return NrvTotals(row["lines"], row["untested"], quantity, cost, fetches, required, carried, row["markets"])


def nrv_totals(lines: QuerySet[AssessmentLine]) -> NrvTotals:
    return _totals(lines.order_by().aggregate(**_SUMS))


def nrv_by_category(lines: QuerySet[AssessmentLine]) -> list[tuple[str, NrvTotals]]:
    rows = lines.order_by().values(name=F("lot__item__category__name")).annotate(**_SUMS).order_by("name")
    return [(row["name"], _totals(row)) for row in rows]


@dataclass(frozen=True, slots=True)
class RunPeople:
    """Who started the run, who overrode lines of it, and who approved what was proposed from it."""

    prepared: tuple[str, ...]
    overrode: tuple[str, ...]
    approved: tuple[str, ...]


def people_of(assessment: Assessment) -> RunPeople:
    overrides = AssessmentLine.objects.filter(assessment=assessment, override_by__isnull=False).order_by()
    approvals = Proposal.objects.filter(
        entity=assessment.entity, made_from=assessment.source_ref, approved_by__isnull=False
    )
    names = "override_by__full_name", "approved_by__full_name"
    return RunPeople(
        (str(assessment.created_by),),
        tuple(sorted(set(overrides.values_list(names[0], flat=True)))),
        tuple(sorted(set(approvals.order_by().values_list(names[1], flat=True)))),
    )
