"""Reads assessments for pages and files: totals, groups, levels, the comparison with the run before.

Invariant: every selector is bound to one assessment and makes a constant number of queries, whatever the data's size.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Count, Q, QuerySet, Sum, Value
from django.db.models.functions import Coalesce, NullIf

from core.models import Entity
from core.money import MONEY_SCALE, from_raw
from core.words import Reason
from writeoffs.valuation.models import Assessment, AssessmentLine, CommitmentLine, Level

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class LineTotals:
    """What a set of lines adds up to. required: after overrides. up, down: the movements by their side."""

    lines: int
    cost: Decimal
    carried: Decimal
    required: Decimal
    up: Decimal
    down: Decimal

    @property
    def movement(self) -> Decimal:
        return self.up + self.down


_SUMS = {
    "lines": Count("id"),
    "sum_cost": Sum("cost"),
    "sum_carried": Sum("carried"),
    "sum_now": Sum("now"),
    "sum_up": Sum("up"),
    "sum_down": Sum("down"),
}


def _totals(row: dict[str, object]) -> LineTotals:
    sums = [row[name] or ZERO for name in ("sum_cost", "sum_carried", "sum_now", "sum_up", "sum_down")]
    return LineTotals(row["lines"], *sums)  # type: ignore[arg-type]


def line_totals(lines: QuerySet[AssessmentLine]) -> LineTotals:
    """lines: as assessment_filters.with_movement gives them."""
    return _totals(lines.order_by().aggregate(**_SUMS))


def lines_page(*, lines: QuerySet[AssessmentLine], first: int, count: int) -> list[AssessmentLine]:
    """The lines first .. first + count. Ids are sorted alone and the rows fetched afterwards."""
    ids = list(lines.values_list("pk", flat=True)[first : first + count])
    rows = AssessmentLine.objects.filter(pk__in=ids).select_related(
        "lot__item__category", "lot__location", "price", "assessment__entity"
    )
    found = {line.pk: line for line in rows}
    return [found[pk] for pk in ids if pk in found]


@dataclass(frozen=True, slots=True)
class Grouping:
    """key: of the address; fields: the group's value and its name; param: the filter that shows its lines."""

    key: str
    label: str
    fields: tuple[str, str]
    param: str


GROUPINGS: dict[str, Grouping] = {
    grouping.key: grouping
    for grouping in (
        Grouping("category", "Category", ("lot__item__category_id", "lot__item__category__name"), "category"),
        Grouping("location", "Location", ("lot__location_id", "lot__location__code"), "location"),
        Grouping("item", "Item", ("lot__item_id", "lot__item__sku"), "q"),
        Grouping("reason", "Reason", ("because", "because"), "reason"),
        Grouping("governs", "What governs", ("governs", "governs"), "governs"),
    )
}
_WORDS: dict[str, dict[str, str]] = {
    "reason": {"": "No reason", **{value: str(label) for value, label in Reason.choices}},
    "governs": {value: str(label) for value, label in AssessmentLine.Governs.choices},
}


@dataclass(frozen=True, slots=True)
class Group:
    """One group. value: what the filter `param` takes to show its lines."""

    name: str
    value: str
    totals: LineTotals


def groups_query(*, lines: QuerySet[AssessmentLine], grouping: Grouping) -> Any:
    """A row a group, the largest write-down first; hand each row of a page to group_of."""
    if grouping.key == "reason":
        lines = lines.annotate(because=_because())
    by = dict.fromkeys(grouping.fields)
    return lines.order_by().values(*by).annotate(**_SUMS).order_by("-sum_up", "sum_down", grouping.fields[1])


def _because() -> Coalesce:
    return Coalesce(NullIf("override_cause", Value("")), "reason")


def group_of(row: dict[str, object], grouping: Grouping) -> Group:
    value, name = row[grouping.fields[0]], str(row[grouping.fields[1]])
    if grouping.key == "item":
        return Group(name, name, _totals(row))
    given = str(value) or "none"
    return Group(_WORDS.get(grouping.key, {}).get(name, name), given, _totals(row))


@dataclass(frozen=True, slots=True)
class LevelFigure:
    """The carrying amount that a level would give, and how much more or less of a write-down than the item level."""

    code: str
    label: str
    carrying: Decimal
    write_down: Decimal


def by_level(assessment: Assessment) -> list[LevelFigure]:
    """The three levels side by side (IAS 2.29; ASC 330-10-35-8 to 35-11); none where the run kept no comparison."""
    found = []
    for level in Level:
        raw = assessment.by_level.get(level.value)
        if raw is not None:
            carrying = from_raw(int(raw), MONEY_SCALE)
            found.append(LevelFigure(level.value, str(level.label), carrying, assessment.cost - carrying))
    return found


@dataclass(frozen=True, slots=True)
class Changed:
    """Lines that changed alike against the run before. amount: required now, less required then."""

    code: str
    label: str
    lines: int
    amount: Decimal


def changes(assessment: Assessment) -> list[Changed]:
    """New, grown, shrunk, gone, unchanged; nothing without a run before."""
    if assessment.previous_id is None:
        return []
    rows = (
        AssessmentLine.objects.filter(assessment=assessment)
        .order_by()
        .values_list("change")
        .annotate(Count("id"), Sum("change_amount"))
    )
    found = {code: (lines, amount or ZERO) for code, lines, amount in rows}
    gone = gone_lines(assessment).aggregate(lines=Count("id"), amount=Sum("required"))
    found[AssessmentLine.Change.GONE.value] = (gone["lines"], ZERO - (gone["amount"] or ZERO))
    return [
        Changed(c.value, str(c.label), *found[c.value]) for c in AssessmentLine.Change if found.get(c.value, (0,))[0]
    ]


def gone_lines(assessment: Assessment) -> QuerySet[AssessmentLine]:
    """Lines of the run before, with something required, whose lots this run does not value: sold, written off, or out
    of its scope."""
    here = AssessmentLine.objects.filter(assessment=assessment).exclude(change=AssessmentLine.Change.GONE).values("lot")
    before = AssessmentLine.objects.filter(assessment=assessment.previous_id)
    return before.filter(required__gt=ZERO).exclude(lot__in=here).order_by("-required", "id")


def assessments_of(entity: Entity) -> QuerySet[Assessment]:
    return Assessment.objects.filter(entity=entity).select_related("created_by", "previous", "job")


def overridden(assessment: Assessment) -> tuple[int, Decimal]:
    """How many lines people overrode, and what that adds to what is required."""
    lines = AssessmentLine.objects.filter(assessment=assessment, override__isnull=False).order_by()
    found = lines.aggregate(lines=Count("id"), was=Sum("required"), now=Sum("override"))
    return found["lines"], (found["now"] or ZERO) - (found["was"] or ZERO)


@dataclass(frozen=True, slots=True)
class CommitmentTotals:
    """Of the purchase commitments of a run. movement: to provide above nil, to reverse below."""

    count: int
    untested: int
    cost: Decimal
    required: Decimal
    carried: Decimal

    @property
    def movement(self) -> Decimal:
        return self.required - self.carried


def commitment_totals(assessment: Assessment) -> CommitmentTotals | None:
    """None where the run had no commitment; one query."""
    found = CommitmentLine.objects.filter(assessment=assessment).aggregate(
        count=Count("pk"),
        untested=Count("pk", filter=Q(outcome=AssessmentLine.Outcome.UNTESTED)),
        cost=Sum("cost"),
        required=Sum("required"),
        carried=Sum("carried"),
    )
    return CommitmentTotals(**found) if found["count"] else None
