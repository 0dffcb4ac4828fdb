"""The demo company's own accounts and cost centres, an override of the map, and a write-off with its charges."""

from __future__ import annotations

import dataclasses
import datetime as dt
from decimal import Decimal

from core.changes import change_decide
from core.models import Category, Location
from core.words import Reason
from writeoffs.desk.demo import papers
from writeoffs.desk.demo.office import Office
from writeoffs.ledger.cost_centres import cost_centre_save
from writeoffs.ledger.mapping_changes import RuleAsked, rule_request
from writeoffs.ledger.models import Account
from writeoffs.proposals import services
from writeoffs.proposals.models import Evidence
from writeoffs.proposals.services import ChargeInput

CHART = """Konto;Bezeichnung;Kontoart
5120;Write-downs of chilled and frozen goods;Umsatzkosten
5210;Shrinkage, central warehouse;Umsatzkosten
5215;Shrinkage, branch stores;Umsatzkosten
"""
CENTRES = (("K110", "Central warehouse", "HAM-01"), ("K120", "Port store", "BRE-02"), ("K130", "Cold store", "LEJ-03"))


def accounts_set_up(office: Office, day: dt.date) -> None:
    """The controller uploads own accounts and asks for an override; a second person agrees."""
    office.clock.go_to(day, 10)
    entity, controller = office.entity, office.people["controller"]
    as_of = office.moment(day, 9)
    office.commit(office.upload("chart", "own-accounts.csv", CHART.encode(), as_of=as_of, by="controller"))
    for code, name, location in CENTRES:
        office.clock.pass_minutes(2)
        places = list(Location.objects.filter(entity=entity, code=location))
        cost_centre_save(entity=entity, user=controller, code=code, name=name, locations=places)
    asked = RuleAsked(
        "WRITE_DOWN_EXPENSE",
        Account.objects.get(entity=entity, code="5120"),
        category=Category.objects.get(entity=entity, name="Frozen"),
    )
    change = rule_request(
        entity=entity, user=controller, asked=asked, why="The board wants to see what the cold chain costs us."
    )
    office.clock.pass_minutes(40)
    change_decide(change=change, user=office.approver, approve=True, comment="As agreed in December.")


def scrapped(office: Office, day: dt.date) -> None:
    """Electronics of which nothing can be sold: a recycler collects them, and pays for the metal."""
    header = office.write_off(Reason.DAMAGE, day, "Failed the safety test; collected by the recycler.")
    header = dataclasses.replace(header, quarantine_goods=False)
    lots = list(office.lots().filter(item__category__name="Electronics", location__code="HAM-01").order_by("pk")[2:4])
    proposal = office.propose_units(header, [(lot, Decimal(2), "scrapped") for lot in lots])
    user = office.people["preparer"]
    for charge in (
        ChargeInput("DISPOSAL_COST", Decimal("64.00"), "ACCOUNT", note="Elbe Recycling, collection"),
        ChargeInput("PROCEEDS", Decimal("18.50"), "CASH", note="Elbe Recycling, copper and steel"),
    ):
        office.clock.pass_minutes(2)
        proposal = services.charge_add(proposal=proposal, user=user, charge=charge)
    ticket = papers.pdf("Weighing ticket 88213", "Electrical scrap, 21 kg, collected at Hamburg.", "Paid: 18.50 EUR")
    office.attach(proposal, Evidence.Kind.SCRAP_TICKET, "weighing-ticket.pdf", ticket)
    office.through(proposal)


def mapping_asked(office: Office, day: dt.date) -> None:
    """A change of the map that waits for its second person."""
    office.clock.go_to(day, 8)
    entity = office.entity
    asked = RuleAsked(
        "SHRINKAGE_EXPENSE",
        Account.objects.get(entity=entity, code="5210"),
        location=Location.objects.get(entity=entity, code="HAM-01"),
    )
    why = "Count differences of the central warehouse are to stand apart from those of the branches."
    rule_request(entity=entity, user=office.people["controller"], asked=asked, why=why)
