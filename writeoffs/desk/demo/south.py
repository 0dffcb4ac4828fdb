"""Southgate Supply Inc.: US GAAP, direct method, fiscal year from July. Small: there to switch to and to compare."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from core.words import Reason
from writeoffs.desk.demo.goods import Shelf
from writeoffs.desk.demo.office import Office

Say = Callable[[str], None]
LOCATIONS = ("CHI-1", "JOL-2")


def story(office: Office, say: Say) -> None:
    opening = dt.date(2026, 6, 30)
    shelf = Shelf(seed=77, lots=64, opening_on=opening, locations=LOCATIONS, prefix="S", direct=True)
    upload = office.upload(
        "stock_list",
        "inventory-2026-06-30.csv",
        shelf.list_csv(opening=True),
        as_of=office.moment(opening, 22),
        report="Inventory valuation detail",
        control_total=shelf.value,
    )
    office.commit(upload)
    office.close_until(opening, on=dt.date(2026, 7, 10))
    day = dt.date(2026, 8, 12)
    header = office.write_off(Reason.EXPIRY, day, "Past date at the monthly walk.")
    office.through(office.propose(header, office.expired(day)))
    day = dt.date(2026, 9, 16)
    header = office.write_down(Reason.OBSOLESCENCE, day, "Discontinued by the maker; liquidators pay half.")
    office.through(office.propose(header, office.lots().filter(end_of_sale_on__lt=day), percent=50))
    shelf.issue(office.erp_news())
    shelf.sell(dt.date(2026, 9, 30), 0.3)
    shelf.receive(dt.date(2026, 9, 30), 8)
    office.clock.go_to(dt.date(2026, 9, 30), 23)
    upload = office.upload(
        "stock_list",
        "inventory-2026-09-30.csv",
        shelf.list_csv(),
        as_of=office.moment(dt.date(2026, 9, 30), 17),
        report="Inventory valuation detail",
    )
    office.commit(upload)
    office.close_until(dt.date(2026, 9, 30), on=dt.date(2026, 10, 9))
    day = dt.date(2026, 11, 16)
    header = office.write_off(Reason.EXPIRY, day, "Past date at the monthly walk.")
    office.submit(office.propose(header, office.expired(day)))
    say("Southgate: one proposal waits.")
