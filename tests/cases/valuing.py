"""How the people of a case value its stock: prices by the price owner, a policy by two people, an assessment, and the
proposals that come of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from core.errors import WrongState
from inventory.models import Item
from tests.cases.run import Run
from writeoffs.proposals.models import Proposal
from writeoffs.proposals.services import Header
from writeoffs.proposals.services.assessed import proposals_from_assessment
from writeoffs.proposals.services.papers import Paper, evidence_add
from writeoffs.valuation.assess import assessment_start
from writeoffs.valuation.giving import input_give
from writeoffs.valuation.models import Assessment, Price
from writeoffs.valuation.policy_changes import PolicyAsked, policy_request

PNG = b"\x89PNG\r\n\x1a\n" + bytes(32)


def item(run: Run, sku: str) -> Item:
    return Item.objects.get(entity=run.company.entity, sku=sku)


def price(
    run: Run,
    sku: str,
    *,
    lot: str = "",
    day: dt.date | None = None,
    recovers: bool = False,
    offered: dt.date | None = None,
    **figures: str | None,
) -> Price:
    """Given by the price owner; figures: selling_price, cost_to_complete, cost_to_sell, nrv, replacement_cost ..
    Where an NRV is given, the figures that it comes of are not asked for."""
    given = {name: Decimal(text) for name, text in figures.items() if text is not None and name != "currency"}
    return input_give(
        entity=run.company.entity,
        user=run.company["PRICE_OWNER"],
        given=Price(
            item=item(run, sku),
            lot=run.lot(lot) if lot else None,
            as_of=day or run.today,
            currency=figures.get("currency") or run.company.entity.currency,
            source="The case's price list",
            recovers_in_year=recovers,
            offered_on=offered,
            **given,
        ),
    )


def policy(run: Run, **fields: Any) -> None:
    """How the case's company values its stock, from the first day of its year on: asked for by the controller, agreed
    on by a second person. DomainError where the framework does not allow it."""
    asked = PolicyAsked(run.today.replace(month=1, day=1), **fields)
    change = policy_request(
        entity=run.company.entity, user=run.company["CONTROLLER"], asked=asked, why="The policy of the case."
    )
    run.company.agreed(change)


def assessed(run: Run, day: dt.date | None = None, **how: Any) -> Assessment:
    """Started by the preparer; the job runs at once."""
    found = assessment_start(entity=run.company.entity, user=run.company["PREPARER"], as_of=day or run.today, **how)
    if found.status != Assessment.Status.DONE:
        raise WrongState(f"{found}: {found.get_status_display()}: {found.message}")
    return found


def accepted(run: Run, found: Assessment, day: dt.date | None = None, *, papers: Sequence[str] = ()) -> None:
    """Every line that has something to book is accepted, proposed with its papers, approved and posted."""
    if not any(line.movement for line in found.lines.all()):
        return
    day = day or run.today
    header = Header("WRITE_DOWN", "PRICE_FALL", day, day, day)
    made, _ = proposals_from_assessment(
        assessment=found, lines=found.lines.all(), user=run.company["PREPARER"], header=header
    )
    for proposal in made:
        for place, code in enumerate(papers, start=1):
            paper = Paper(f"paper-{place}.png", PNG + bytes([place]))
            evidence_add(proposal=proposal, user=run.company["PREPARER"], kind=code, papers=[paper])
        run.company.posted(Proposal.objects.get(pk=proposal.pk))


def judged(run: Run, **how: Any) -> Assessment:
    """Assessed as of today, and everything accepted."""
    found = assessed(run, **how)
    accepted(run, found)
    return found
