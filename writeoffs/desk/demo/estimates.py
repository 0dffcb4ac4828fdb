"""A theft at Nordwind of which no list tells: a lorry load for a fair, estimated by the margin of its goods."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from core.models import Category
from core.words import Reason
from writeoffs.desk.demo import papers
from writeoffs.desk.demo.office import Office
from writeoffs.proposals import services
from writeoffs.proposals.services import EstimateInput, FigureInput, Paper


def story(office: Office, today: dt.date) -> None:
    """Estimated, approved and posted; the next count of these goods takes it in."""
    office.clock.pass_minutes(10)
    report = papers.pdf("Police report 2026/1117-042", "Lorry HH-NW 2210 stolen with its load, 16 November 2026.")
    estimate = services.estimate_make(
        entity=office.entity,
        user=office.people["preparer"],
        estimate=EstimateInput(
            method="GROSS_PROFIT",
            reason=Reason.THEFT,
            event_on=today - dt.timedelta(days=2),
            category=Category.objects.get(entity=office.entity, name="Household"),
            what="The lorry with the goods for the trade fair was stolen, with the till and the packing lists in it.",
            figures=[
                FigureInput("OPENING", "Loading note of 12 November, signed by the driver", cost=Decimal("4120.00")),
                FigureInput("PURCHASES", "Delivery notes to the stand, 13 and 14 November", cost=Decimal("860.00")),
                FigureInput("SALES", "Card terminal, 13 to 15 November", retail=Decimal("5240.00")),
                FigureInput("MARGIN", "Household goods, accounts 2023 to 2025", rate=Decimal("0.35")),
                FigureInput("SAVED", "Two boxes left at the stand, counted 17 November", cost=Decimal("214.00")),
            ],
            paper=Paper("police-report-lorry.pdf", report),
        ),
    )
    office.clock.pass_minutes(10)
    proposal = services.estimate_propose(estimate=estimate, user=office.people["preparer"], posting_on=today)
    office.through(proposal, "The margin agrees with last year's accounts.")
