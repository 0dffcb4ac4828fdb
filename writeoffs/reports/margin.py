"""Gathers what was sold of stock written down before: the rows of movements sheets, and falls that a person explained
as sales, whose revenue the ERP did not tell. Two queries."""

from __future__ import annotations

from decimal import Decimal

from django.db.models import Count, Exists, OuterRef, Q, Sum

from core.models import Entity
from inventory.erp_words import ErpKind
from inventory.models import ErpMovement, UnexplainedFall
from writeoffs.reports.statements.margin import SoldFact
from writeoffs.reports.statements.spans import ADJUSTMENTS, Span

ZERO = Decimal(0)
_ITEM = ("item_id", "item__sku", "item__description")


def sold_facts(*, entity: Entity, span: Span) -> list[SoldFact]:
    """By item, in the span. An adjustment period has no sales of its own."""
    if span.part == ADJUSTMENTS:
        return []
    days = (span.starts_on, span.ends_on)
    sold = ErpMovement.objects.filter(entity=entity, kind__in=(ErpKind.SALE, ErpKind.CUSTOMER_RETURN), history=False)
    known = Q(revenue__isnull=False)
    by_sheet = (
        sold.filter(happened_on__range=days)
        .exclude(write_down=ZERO)
        .order_by()
        .values_list(*(f"lot__{name}" for name in _ITEM))
        .annotate(
            *(Sum(name) for name in ("quantity", "revenue", "cost", "allowance", "write_down")),
            known_cost=Sum("cost", filter=known),
            known_allowance=Sum("allowance", filter=known),
            without=Count("pk", filter=~known),
        )
    )
    by_person = (
        UnexplainedFall.objects.filter(
            ~Exists(ErpMovement.objects.filter(fall=OuterRef("pk"))),
            entity=entity,
            explanation=UnexplainedFall.Explanation.SALE,
            movement__posted_on__range=days,
        )
        .exclude(movement__write_down=ZERO)
        .order_by()
        .values_list(*(f"movement__lot__{name}" for name in _ITEM))
        .annotate(
            *(Sum(f"movement__{name}") for name in ("quantity", "cost", "allowance", "write_down")),
            without=Count("pk"),
        )
    )
    found: dict[int, SoldFact] = {}
    for item, sku, description, quantity, revenue, cost, allowance, write_down, cost_known, less, without in by_sheet:
        priced = (less or ZERO) - (cost_known or ZERO)
        found[item] = SoldFact(
            item, sku, description, -quantity, revenue or ZERO, -cost, -allowance, -write_down, priced, without
        )
    for item, sku, description, quantity, cost, allowance, write_down, without in by_person:
        was = found.get(item, SoldFact(item, sku, description, ZERO, ZERO, ZERO, ZERO, ZERO, ZERO))
        found[item] = SoldFact(
            item,
            sku,
            description,
            was.quantity - quantity,
            was.revenue,
            was.cost - cost,
            was.allowance - allowance,
            was.write_down - write_down,
            was.priced,
            was.without + without,
        )
    return list(found.values())
