"""The page of the margin from stock written down before."""

from __future__ import annotations

from django.http import HttpResponse

from core.access import EntityRequest, for_entity
from writeoffs.reports import selectors
from writeoffs.reports.builders.margin import margin_report
from writeoffs.reports.margin import sold_facts
from writeoffs.reports.present import PAPER_LINES
from writeoffs.reports.statements.margin import margin_lines
from writeoffs.reports.views import CSV, SCREEN, XLSX, _answer, _asked

SCREEN_LINES = 500


@for_entity()
def margin(request: EntityRequest, shape: str = SCREEN) -> HttpResponse:
    """Sales of stock written down before, by item."""
    asked = _asked(request, shape)
    entity, span = request.entity, asked.frame.span
    report = margin_report(
        asked.frame,
        lines=margin_lines(sold_facts(entity=entity, span=span)),
        people=selectors.people_behind(entity=entity, span=span),
        cut=0 if shape in (XLSX, CSV) else SCREEN_LINES if shape == SCREEN else PAPER_LINES,
    )
    return _answer(request, report, shape, forms=(asked.form,))
