"""Gathers what past runs estimated, and what the goods brought since: revenue of sales that movements sheets showed,
and scrap proceeds less disposal cost."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict

from django.db.models import Q, Sum

from core.money import MONEY_SCALE, QUANTITY_SCALE, UNIT_COST_SCALE, share_raw, to_raw
from inventory.erp_models import ErpMovement
from inventory.erp_words import ErpKind
from writeoffs.proposals.models import ChargeKind, Proposal, ProposalCharge, ProposalLine, Status
from writeoffs.reports.statements.back_test import Estimate, Fetched
from writeoffs.valuation.models import Assessment, AssessmentLine

_SOLD = (ErpKind.SALE, ErpKind.CUSTOMER_RETURN)


def estimates_of(assessment: Assessment, narrow: Q) -> list[Estimate]:
    """The lots of the run whose NRV it knew."""
    currency = assessment.entity.currency
    rows = (
        AssessmentLine.objects.filter(narrow, assessment=assessment, nrv_unit__isnull=False)
        .order_by()
        .values_list(
            *("lot_id", "lot__item__category__name", "lot__item__sku", "lot__code", "lot__location__code", "quantity"),
            *("nrv_unit", "price__cost_to_complete", "price__cost_to_sell", "price__currency"),
        )
    )
    found = []
    for lot_id, category, sku, code, place, quantity, nrv, complete, sell, of_price in rows:
        costs = [c for c in (complete, sell) if c is not None and of_price == currency]
        found.append(
            Estimate(
                lot_id,
                category,
                f"{sku} / {code or 'no lot code'} at {place}",
                to_raw(quantity, QUANTITY_SCALE),
                to_raw(nrv, UNIT_COST_SCALE),
                sum(to_raw(cost, UNIT_COST_SCALE) for cost in costs),
            )
        )
    return found


def fetched_since(assessment: Assessment, *, until: dt.date) -> list[Fetched]:
    """What units brought after the run's day, up to and with `until`. Returns of customers count against sales."""
    sales = (
        ErpMovement.objects.filter(
            entity=assessment.entity_id,
            kind__in=_SOLD,
            revenue__isnull=False,
            happened_on__gt=assessment.as_of,
            happened_on__lte=until,
        )
        .order_by()
        .values_list("lot_id")
        .annotate(Sum("quantity"), Sum("revenue"))
    )
    sold = [
        Fetched(lot, -to_raw(quantity, QUANTITY_SCALE), to_raw(revenue, MONEY_SCALE), net=False)
        for lot, quantity, revenue in sales
    ]
    return [*sold, *_disposed(assessment, until)]


def _disposed(assessment: Assessment, until: dt.date) -> list[Fetched]:
    """Proceeds less disposal cost of each posted document, shared among its lots by what they had cost, or by their
    units where they stood at nil."""
    posted = Proposal.objects.filter(
        entity=assessment.entity_id,
        status=Status.POSTED,
        posting_on__gt=assessment.as_of,
        posting_on__lte=until,
        charges__kind=ChargeKind.PROCEEDS,
    ).values("pk")
    net: defaultdict[int, int] = defaultdict(int)
    charges = ProposalCharge.objects.filter(
        proposal__in=posted, kind__in=(ChargeKind.PROCEEDS, ChargeKind.DISPOSAL_COST)
    )
    for proposal_id, kind, amount in charges.values_list("proposal_id", "kind", "amount"):
        raw = to_raw(amount, MONEY_SCALE)
        net[proposal_id] += raw if kind == ChargeKind.PROCEEDS else -raw
    lines: defaultdict[int, list[tuple[int, int, int]]] = defaultdict(list)
    rows = ProposalLine.objects.filter(proposal__in=posted, voided__isnull=True).order_by("proposal_id", "line_number")
    for proposal_id, lot, quantity, cost in rows.values_list("proposal_id", "lot_id", "quantity", "cost"):
        units = abs(to_raw(quantity, QUANTITY_SCALE))
        lines[proposal_id].append((lot, units, abs(to_raw(cost, MONEY_SCALE))))
    found = []
    for proposal_id, own in lines.items():
        weights = [cost for _, _, cost in own] if any(cost for _, _, cost in own) else [units for _, units, _ in own]
        cumulated, given, whole = 0, 0, sum(weights)
        for (lot, units, _), weight in zip(own, weights, strict=True):
            cumulated += weight
            share = share_raw(net[proposal_id], cumulated, whole, assessment.entity.exponent) if whole else 0
            found.append(Fetched(lot, units, share - given, net=True))
            given = share
    return found
