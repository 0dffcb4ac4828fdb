"""The tax bridge, in every form."""

from __future__ import annotations

from django.http import HttpResponse

from core.access import EntityRequest, for_entity
from core.models import Location
from writeoffs.proposals.models import ChargeKind
from writeoffs.proposals.tax_facts import bridge_of
from writeoffs.reports.builders.base import Frame
from writeoffs.reports.builders.tax_bridge import BridgeLine, tax_bridge_report
from writeoffs.reports.charges import charges_posted
from writeoffs.reports.selectors import RegisterFilter
from writeoffs.reports.tables import Report
from writeoffs.reports.views import SCREEN, _answer, _asked
from writeoffs.valuation.tax_rules import tax_terms


def tax_bridge_of(frame: Frame) -> Report:
    """A constant number of queries."""
    entity, span = frame.entity, frame.span
    bridge, terms = bridge_of(entity=entity, starts_on=span.starts_on, ends_on=span.ends_on), tax_terms(entity=entity)
    lines = []
    for row in bridge.rows:
        lot = bridge.lots[row.lot_id]
        held = terms.of(reason=row.reason, location_id=lot.location_id, day=span.ends_on)
        item = f"{lot.item.sku} {lot.item.description}".strip()
        lines.append(BridgeLine(row, item, lot.code, lot.location.code, ", ".join(held.evidence)))
    places = dict(Location.objects.filter(entity=entity).values_list("pk", "code")) if bridge.charges else {}
    lines += [
        BridgeLine(charge, charge.label, charge.document, places.get(charge.location_id or 0, ""), "")
        for charge in bridge.charges
    ]
    charges = charges_posted(entity=entity, span=span, narrow=RegisterFilter())
    return tax_bridge_report(
        frame, lines=lines, input_tax=[fact for fact in charges if fact.kind == ChargeKind.INPUT_TAX]
    )


@for_entity()
def tax_bridge(request: EntityRequest, shape: str = SCREEN) -> HttpResponse:
    """From book loss to tax over the days chosen."""
    asked = _asked(request, shape)
    return _answer(request, tax_bridge_of(asked.frame), shape, forms=(asked.form,))
