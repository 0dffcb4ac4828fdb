"""A year at Nordwind Trading GmbH: IFRS, allowance method, calendar year, until the demo's today (clock.py)."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Callable
from decimal import Decimal

from core.errors import WrongState
from core.words import Reason
from inventory.models import CountSheet, Lot, QuarantineEntry
from writeoffs.desk.demo import accounts, corrections, erp, moves, papers, trial, valuation, valued
from writeoffs.desk.demo.clock import TODAY
from writeoffs.desk.demo.goods import LOCATIONS, Shelf
from writeoffs.desk.demo.office import Office
from writeoffs.proposals import services
from writeoffs.proposals.models import Evidence, Kind

Say = Callable[[str], None]
YEAR = 2026
REPORT = "MB52, all locations"


def story(office: Office, say: Say) -> None:
    office.approver = office.people["approver"]
    shelf = Shelf(seed=2026, lots=400, opening_on=dt.date(2025, 12, 31), locations=LOCATIONS, prefix="N")
    _opening(office, shelf)
    accounts.accounts_set_up(office, day(1, 13))
    say("Nordwind: the books are open.")
    for quarter in (_first_quarter, _second_quarter, _third_quarter):
        quarter(office, shelf)
        say(f"Nordwind: {quarter.__name__.strip('_').replace('_', ' ')} is closed.")
    _fourth_quarter(office)
    moves.story(office, shelf, day(11, 9))
    corrections.story(office)
    _waiting(office)
    erp.feeds_choose(office)
    erp.erp_answers(office)
    _soft_close(office)
    _autumn_uploads(office, shelf)
    valuation.story(office)
    valued.story(office)
    say("Nordwind: the inbox is filled.")


def day(month: int, number: int) -> dt.date:
    return dt.date(YEAR, month, number)


def _opening(office: Office, shelf: Shelf) -> None:
    upload = office.upload(
        "stock_list",
        "stock-2025-12-31.csv",
        shelf.list_csv(opening=True),
        as_of=office.moment(dt.date(2025, 12, 31), 23),
        report=REPORT,
        control_total=shelf.value,
    )
    office.commit(upload)
    trial.take_in(office, dt.date(2025, 12, 31), on=day(1, 9))
    office.close_until(dt.date(2025, 12, 31), on=day(1, 12))


def _refresh(office: Office, shelf: Shelf, on: dt.date, *, sold: float, lots: int) -> None:
    """The ERP takes our adjustments in, sells, receives, moves; then its list comes."""
    shelf.issue(office.erp_news())
    shelf.sell(on, sold)
    shelf.receive(on, lots)
    shelf.transfer(4)
    shelf.reprice(3)
    office.clock.go_to(on, 19)
    upload = office.upload(
        "stock_list",
        f"stock-{on.isoformat()}.csv",
        shelf.list_csv(),
        as_of=office.moment(on, 20),
        report=REPORT,
        control_total=shelf.value,
    )
    office.commit(upload)
    office.explain_sales(until=on, leaving=0 if on.month < 9 else 24)


def _expired(office: Office, on: dt.date) -> None:
    header = office.write_off(Reason.EXPIRY, on, "Past its date at the weekly check; locked for destruction.")
    office.through(office.propose(header, office.expired(on)), "As at every weekly check.")


def _some(office: Office, category: str, *, location: str = "", count: int = 3) -> list[Lot]:
    lots = office.lots().filter(item__category__name=category)
    if location:
        lots = lots.filter(location__code=location)
    return list(lots.order_by("pk")[:count])


def _part(lot: Lot, share: str) -> Decimal:
    step = Decimal("0.001") if lot.item.unit_of_measure == "kg" else Decimal(1)
    quantity: Decimal = lot.quantity
    return max((quantity * Decimal(share)).quantize(step), step)


def _first_quarter(office: Office, shelf: Shelf) -> None:
    _expired(office, day(1, 20))
    _damage_with_photograph(office, day(2, 18))
    header = office.write_down(
        Reason.OBSOLESCENCE, day(3, 16), "End of sale has passed; outlet prices cover about 40 % of cost."
    )
    discontinued = office.lots().filter(end_of_sale_on__lt=day(3, 16))
    proposal = office.propose(header, discontinued, percent=40)
    office.attach(proposal, Evidence.Kind.PRICE_SOURCE, "outlet-prices-march.pdf", _outlet_prices())
    office.through(proposal)
    _refresh(office, shelf, day(3, 31), sold=0.3, lots=34)
    office.close_until(day(3, 31), on=day(4, 8))


def _outlet_prices() -> bytes:
    return papers.pdf(
        "Outlet price list, March 2026",
        "Discontinued lines sell at 38 to 43 % of cost, net of freight.",
        "Source: sales ledger, 1 January to 12 March 2026, 214 invoices.",
    )


def _damage_with_photograph(office: Office, on: dt.date) -> None:
    header = office.write_off(Reason.DAMAGE, on, "Pallet fell from the third level when it was put away.")
    lots = _some(office, "Household", location="BRE-02") + _some(office, "Canned food", location="BRE-02", count=2)
    proposal = office.propose_units(header, [(lot, _part(lot, "0.40"), "crushed") for lot in lots])
    office.attach(proposal, Evidence.Kind.PHOTOGRAPH, "aisle-14.png", papers.picture())
    office.through(proposal, "Photograph seen.")


def _second_quarter(office: Office, shelf: Shelf) -> None:
    _expired(office, day(4, 22))
    _flood(office, day(5, 11))
    standing = QuarantineEntry.objects.filter(entity=office.entity, reason=Reason.DAMAGE).order_by("pk")[:1]
    header = office.header(
        Kind.RECOVERY, Reason.DAMAGE, day(5, 27), "Sorted again: the cartons are dented, the goods are sound."
    )
    entries = QuarantineEntry.objects.filter(pk__in=[entry.pk for entry in standing])
    recovery = office.through(office.propose_recovery(header, entries))
    office.confirm(recovery, "Material document 4900017733, entered by hand.")
    _expired(office, day(6, 17))
    _refresh(office, shelf, day(6, 30), sold=0.28, lots=38)
    office.close_until(day(6, 30), on=day(7, 8))


def _flood(office: Office, on: dt.date) -> None:
    header = office.write_off(Reason.FLOOD, on, "Burst main on 8 May; the bottom shelves of bay 3 stood under water.")
    lots = _some(office, "Textiles", location="HAM-01", count=4) + _some(
        office, "Bulk goods", location="HAM-01", count=2
    )
    proposal = office.propose_units(header, [(lot, lot.quantity, "soaked") for lot in lots])
    office.attach(proposal, Evidence.Kind.PHOTOGRAPH, "bay-3.png", papers.picture(360, 200))
    report = papers.pdf(
        "Report of the waterworks, 9 May 2026",
        "Burst main DN 150 at Versmannstrasse, 8 May 2026, 03:40 to 05:15.",
        "Ground floor of the central warehouse flooded to 18 cm.",
    )
    office.attach(proposal, Evidence.Kind.OTHER, "waterworks-report.pdf", report)
    office.through(proposal, "Insurer informed on 9 May.")


def _third_quarter(office: Office, shelf: Shelf) -> None:
    header = office.write_down(
        Reason.PRICE_FALL, day(7, 15), "The maker cut list prices; net prices cover 65 % of cost."
    )
    kettles = office.lots().filter(item__category__name="Electronics", item__description__startswith="Kettle")
    office.through(office.propose(header, kettles, percent=65))
    _expired(office, day(8, 19))
    _theft(office, day(8, 25))
    header = office.write_off(Reason.OBSOLESCENCE, day(9, 15), "Old packaging design, to be pulped.")
    wrong = office.through(
        office.propose(header, office.lots().filter(pk__in=[lot.pk for lot in _some(office, "Packaging")]))
    )
    office.void(wrong, day=day(9, 22), reason="The boxes of the new design were tagged, not those of the old one.")
    _count(office, shelf, "LEJ-03", day(9, 29), day(9, 30))
    _refresh(office, shelf, day(9, 30), sold=0.28, lots=40)
    trial.take_in(office, day(9, 30), on=day(10, 7))
    office.close_until(day(9, 30), on=day(10, 8))


def _theft(office: Office, on: dt.date) -> None:
    header = office.write_off(Reason.THEFT, on, "Cage 2 broken open in the night to 24 August.")
    header = dataclasses.replace(header, quarantine_goods=False)
    lots = _some(office, "Electronics", location="HAM-01", count=2)
    proposal = office.propose_units(header, [(lot, _part(lot, "0.30"), "stolen") for lot in lots])
    report = papers.pdf("Police report 2026/0814-117", "Burglary, central warehouse, reported 24 August 2026, 06:50.")
    office.attach(proposal, Evidence.Kind.POLICE_REPORT, "police-report.pdf", report)
    office.through(proposal)


def _count_sheet(office: Office, shelf: Shelf, location: str, on: dt.date) -> CountSheet:
    office.clock.go_to(on, 15)
    name = f"count-{location.lower()}-{on.isoformat()}.csv"
    # What was written off stands in quarantine, so it is not counted.
    shelf.issue(office.erp_news())
    content = shelf.count_csv(location=location, on=on)
    upload = office.upload("count", name, content, as_of=office.moment(on, 15), by="counter")
    office.commit(upload, by="counter")
    sheet = CountSheet.objects.filter(upload=upload).first()
    if sheet is None:
        raise WrongState(f"{upload} made no count sheet.")
    return sheet


def _count(office: Office, shelf: Shelf, location: str, on: dt.date, posting_on: dt.date) -> None:
    sheet = _count_sheet(office, shelf, location, on)
    posted = office.through(office.propose_count(sheet, posting_on), "Recounted the five largest; they hold.")
    office.confirm(posted, "Inventory document 100000481, posted in the ERP.")


def _fourth_quarter(office: Office) -> None:
    """Posted since the last close, and not yet in the ERP; one void waits for its second person."""
    _expired(office, day(10, 14))
    header = office.write_off(Reason.DAMAGE, day(10, 28), "Cold chain broken on the trailer; thawed on arrival.")
    lots = _some(office, "Frozen", location="LEJ-03", count=4)
    proposal = office.propose_units(header, [(lot, _part(lot, "0.5"), "thawed") for lot in lots])
    office.attach(proposal, Evidence.Kind.PHOTOGRAPH, "trailer.png", papers.picture(300, 180))
    posted = office.through(proposal)
    trial.take_in(office, day(10, 31), on=day(11, 3))
    header = office.write_off(Reason.DAMAGE, day(11, 4), "Forklift tore the sacks; swept up and weighed.")
    sacks = _some(office, "Bulk goods", location="BRE-02", count=3)
    proposal = office.propose_units(header, [(lot, _part(lot, "0.35"), "spilt") for lot in sacks])
    office.attach(proposal, Evidence.Kind.PHOTOGRAPH, "sacks.png", papers.picture(340, 190))
    office.through(proposal)
    accounts.scrapped(office, day(11, 5))
    _prices_recover(office, day(11, 6))
    office.void(
        posted,
        day=day(11, 9),
        reason="The carrier's logger shows that two lots stayed below -15 degrees.",
        decide=False,
    )


def _prices_recover(office: Office, on: dt.date) -> None:
    """Part of July's write-down of the kettles comes back; what was sold since took its share along (IAS 2.33)."""
    header = office.header(Kind.REVERSAL, Reason.PRICE_FALL, on, "The maker raised list prices again on 2 November.")
    kettles = office.lots().filter(item__category__name="Electronics", item__description__startswith="Kettle")
    office.through(office.propose(header, kettles, percent=60))


def _waiting(office: Office) -> None:
    """November: something for everybody's inbox."""
    accounts.mapping_asked(office, day(11, 11))
    header = office.write_off(
        Reason.OBSOLESCENCE, day(11, 11), "End of sale has passed; nobody bought them in October."
    )
    old = office.lots().filter(end_of_sale_on__lt=day(7, 1), item__category__name__in=("Garden", "Household"))
    office.approve(office.submit(office.propose(header, old)), "Agreed with sales on 10 November.")
    rejected = office.propose(
        office.write_off(Reason.DAMAGE, day(11, 12), "Scratched cartons."),
        Lot.objects.filter(pk__in=[lot.pk for lot in _some(office, "Cosmetics", count=2)]),
    )
    office.submit(rejected)
    office.clock.pass_minutes(60)
    rejected.refresh_from_db()
    services.proposal_reject(
        proposal=rejected, user=office.approver, comment="The goods can be sold as they are; repack the cartons."
    )
    returned = office.propose(
        office.write_down(Reason.PRICE_FALL, day(11, 13), "Radios: the market fell after the new model."),
        office.lots().filter(item__description__startswith="Radio"),
        percent=70,
    )
    office.submit(returned)
    office.clock.pass_minutes(80)
    returned.refresh_from_db()
    services.proposal_return(
        proposal=returned, user=office.approver, comment="Where do the 70 % come from? Please attach the price source."
    )
    expired = office.propose(
        office.write_off(Reason.EXPIRY, day(11, 17), "Past its date at the weekly check."), office.expired(day(11, 17))
    )
    office.attach(expired, Evidence.Kind.PHOTOGRAPH, "cold-store.png", papers.picture(280, 180))
    office.submit(expired)
    office.propose(
        office.write_down(Reason.OBSOLESCENCE, day(11, 18), "Christmas tins of last year; to be agreed with sales."),
        Lot.objects.filter(pk__in=[lot.pk for lot in _some(office, "Bakery", count=4)]),
        percent=50,
    )


def _soft_close(office: Office) -> None:
    """October is all but done: what is still dated in it waits for a second approver."""
    header = office.write_off(Reason.DAMAGE, day(10, 30), "Dented at the dock; the haulier's note came in November.")
    lots = Lot.objects.filter(pk__in=[lot.pk for lot in _some(office, "Household", location="HAM-01", count=2)])
    office.clock.go_to(day(11, 18), 11)
    office.approve(office.submit(office.propose(header, lots)), "Agreed; it belongs in October.")
    office.soft_close(day(10, 31), on=day(11, 18))


def _autumn_uploads(office: Office, shelf: Shelf) -> None:
    """A count proposed and submitted, one with its differences open, and a list that was checked but not committed."""
    sheet = _count_sheet(office, shelf, "BRE-02", day(11, 18))
    office.submit(office.propose_count(sheet, day(11, 19)))
    _count_sheet(office, shelf, "HAM-01", day(11, 19))
    shelf.sell(TODAY, 0.4)
    shelf.receive(TODAY, 12)
    office.clock.go_to(TODAY, 17)
    office.upload(
        "stock_list", f"stock-{TODAY.isoformat()}.csv", shelf.list_csv(), as_of=office.moment(TODAY), report=REPORT
    )
