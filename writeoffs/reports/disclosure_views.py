"""The page of the disclosures, in every form."""

from __future__ import annotations

from decimal import Decimal

from django.http import HttpResponse

from core.access import EntityRequest, for_entity
from writeoffs.ledger.roles import LOSS_ROLES
from writeoffs.reports import correcting, selectors
from writeoffs.reports.builders.base import Frame
from writeoffs.reports.builders.disclosures import disclosures_report
from writeoffs.reports.disclosures import DisclosureFacts, disclosure_facts
from writeoffs.reports.policies import policy_facts
from writeoffs.reports.present import PAPER_LINES
from writeoffs.reports.statements.disclosures import Tie, class_total
from writeoffs.reports.statements.spans import YEAR
from writeoffs.reports.views import CSV, SCREEN, XLSX, _answer, _asked

ZERO = Decimal(0)
SCREEN_LINES = 200


@for_entity()
def disclosures(request: EntityRequest, shape: str = SCREEN) -> HttpResponse:
    """What the notes tell of stock, with the year before."""
    asked = _asked(request, shape, compares=True, compare=YEAR)
    entity, frame = request.entity, asked.frame
    span = frame.span
    facts = disclosure_facts(entity=entity, span=span, compared=frame.compared)
    report = disclosures_report(
        frame,
        facts=facts,
        policies=policy_facts(entity=entity, starts_on=span.starts_on, ends_on=span.ends_on),
        corrections=correcting.corrections_all(entity=entity),
        people=selectors.people_behind(entity=entity, span=span),
        ties=ties_of(frame, facts),
        cut=0 if shape in (XLSX, CSV) else SCREEN_LINES if shape == SCREEN else PAPER_LINES,
    )
    return _answer(request, report, shape, forms=(asked.form,))


def ties_of(frame: Frame, facts: DisclosureFacts) -> tuple[Tie, ...]:
    """What the disclosures tell, beside the ledger and the reports that tell it too."""
    gross, allowance = facts.now.gross.total, facts.now.allowance.total
    lost = sum((fact.amount for fact in facts.losses if not fact.span), ZERO)
    impact = selectors.accounts_summed(entity=frame.entity, span=frame.span)
    losses = sum((fact.net for fact in impact if fact.role in LOSS_ROLES), ZERO)
    return (
        Tie(
            "Carrying amount", class_total(facts.now.classes).carrying, "the ledger's balances", gross.gl - allowance.gl
        ),
        Tie("Losses recognised", lost, "Financial impact", losses),
    )
