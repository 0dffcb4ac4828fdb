"""November's assessments at Nordwind: runs of the leading basis and of tax, an override, and what is proposed.

Invariant: everything goes through the services, by the person whose duty it is.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from django.db.models import Max

from core.errors import WrongState
from core.words import Reason
from inventory.models import Item, Lot
from writeoffs.desk.demo.clock import TODAY
from writeoffs.desk.demo.office import Office
from writeoffs.proposals import services
from writeoffs.proposals.models import Kind, Proposal
from writeoffs.proposals.services import Header
from writeoffs.valuation.assess import assessment_start
from writeoffs.valuation.assessment_filters import with_movement
from writeoffs.valuation.bases import basis_record
from writeoffs.valuation.giving import input_give
from writeoffs.valuation.models import Assessment, AssessmentLine, Basis, Price
from writeoffs.valuation.overrides import line_override

ACCEPTED = ("Textiles", "Garden")


def story(office: Office) -> None:
    """The run of October's end, news of prices, today's run and what came of it."""
    office.clock.go_to(TODAY, 18)
    _run(office, dt.date(2026, 10, 31))
    for item in _items(office, "Garden")[:2]:
        _price(office, item, dt.date(2026, 11, 16), Decimal("0.70"), "Clearance of garden goods, offer 4711")
    today = _run(office, TODAY)
    _override(office, today)
    draft = _propose(office, today)
    _provide(office, today)
    _news(office, draft)
    office.clock.pass_minutes(10)
    basis_record(assessment=_run(office, dt.date(2026, 10, 31), Basis.TAX), user=office.people["controller"])


def _items(office: Office, category: str) -> list[Item]:
    found = Item.objects.filter(entity=office.entity, category__name=category, lots__quantity__gt=Decimal(0))
    return list(found.distinct().order_by("sku")[:8])


def _price(office: Office, item: Item, day: dt.date, level: Decimal, source: str) -> None:
    office.clock.pass_minutes(1)
    cost = Lot.objects.filter(item=item, quantity__gt=Decimal(0)).aggregate(most=Max("unit_cost"))["most"]
    selling = (cost * level).quantize(Decimal("0.01"))
    given = Price(
        item=item,
        as_of=day,
        currency=office.entity.currency,
        selling_price=selling,
        cost_to_complete=Decimal(0),
        cost_to_sell=(selling * Decimal("0.06")).quantize(Decimal("0.01")),
        source=source,
    )
    input_give(entity=office.entity, user=office.people["price"], given=given)


def _run(office: Office, day: dt.date, basis: str = Basis.LEADING) -> Assessment:
    office.clock.pass_minutes(5)
    run = assessment_start(entity=office.entity, user=office.people["preparer"], as_of=day, basis=basis)
    if run.status != Assessment.Status.DONE:
        raise WrongState(f"{run} is {run.get_status_display().lower()}: {run.message}")
    return run


def _override(office: Office, run: Assessment) -> None:
    """The controller knows of an offer that the price list does not."""
    office.clock.pass_minutes(20)
    lines: Any = with_movement(AssessmentLine.objects.filter(assessment=run, lot__item__category__name__in=ACCEPTED))
    chosen = lines.filter(move__gt=Decimal(0)).exclude(reason="").order_by("-move", "pk").first()
    if chosen is not None:
        half = (chosen.required / 2).quantize(Decimal("0.01"))
        line_override(
            line=chosen,
            user=office.people["controller"],
            amount=half,
            reason="A hotel takes them at a better price; offer of 12 November.",
        )


def _propose(office: Office, run: Assessment) -> Proposal:
    """Textiles and garden goods are accepted; one of the drafts waits for approval, the others for their preparer."""
    office.clock.pass_minutes(15)
    chosen = AssessmentLine.objects.filter(assessment=run, lot__item__category__name__in=ACCEPTED)
    header = Header(Kind.WRITE_DOWN, Reason.PRICE_FALL, TODAY, TODAY, TODAY, f"From {run}, seen with sales.")
    made, _ = services.proposals_from_assessment(
        assessment=run, lines=with_movement(chosen), user=office.people["preparer"], header=header
    )
    office.submit(made[-1])
    return made[0]


def _provide(office: Office, run: Assessment) -> None:
    """What firm purchases will lose is provided for, and posted."""
    office.clock.pass_minutes(10)
    header = Header(Kind.PROVISION, Reason.PRICE_FALL, TODAY, TODAY, TODAY, f"From {run}; the orders were seen.")
    proposal, _ = services.provisions_propose(assessment=run, user=office.people["preparer"], header=header)
    office.through(proposal, "Orders seen; no way out of them.")


def _news(office: Office, draft: Proposal) -> None:
    """An offer for the assessed day comes in after the draft was made: it asks for another amount."""
    line = draft.lines.select_related("lot__item").order_by("-loss", "pk").first()
    if line is not None:
        _price(office, line.lot.item, TODAY, Decimal("0.55"), "Offer 4802 of a clearance house")
