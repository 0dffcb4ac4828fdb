"""The page of the controls, in every form; for auditors and controllers."""

from __future__ import annotations

from django.http import HttpResponse

from core.access import EntityRequest, for_entity
from core.words import Role
from writeoffs.reports.builders.controls import controls_report
from writeoffs.reports.controls import controls_of
from writeoffs.reports.controls_trail import trail_facts
from writeoffs.reports.present import PAPER_LINES
from writeoffs.reports.views import CSV, SCREEN, XLSX, _answer, _asked

SCREEN_LINES = 200


@for_entity(Role.AUDITOR, Role.CONTROLLER)
def controls(request: EntityRequest, shape: str = SCREEN) -> HttpResponse:
    """Who did what with the documents of the days chosen, and what should be looked at."""
    asked = _asked(request, shape)
    entity, span = request.entity, asked.frame.span
    report = controls_report(
        asked.frame,
        controls=controls_of(entity=entity, span=span),
        trail=trail_facts(entity=entity, span=span),
        cut=0 if shape in (XLSX, CSV) else SCREEN_LINES if shape == SCREEN else PAPER_LINES,
    )
    return _answer(request, report, shape, forms=(asked.form,))
