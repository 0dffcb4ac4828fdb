"""The report of the valuation policies, in every form."""

from __future__ import annotations

from django.http import HttpResponse

from core.access import EntityRequest, for_entity
from writeoffs.reports.builders.policies import policies_report
from writeoffs.reports.policies import policy_facts
from writeoffs.reports.views import SCREEN, _answer, _asked


@for_entity()
def policies(request: EntityRequest, shape: str = SCREEN) -> HttpResponse:
    """What was in force at the end of the days chosen, and what changed within them."""
    asked = _asked(request, shape)
    span = asked.frame.span
    facts = policy_facts(entity=request.entity, starts_on=span.starts_on, ends_on=span.ends_on)
    return _answer(request, policies_report(asked.frame, facts=facts), shape, forms=(asked.form,))
