"""Oracle NetSuite: the Import Assistant's "Journal Entry", one csv with the header's values on every line.

Source of the columns, their sizes and what they match:
https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_1534492479.html (header fields) and
https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_1534492737.html (line fields).

Rows of one "External ID" are one entry: our number, so that the same file imported twice is refused there. Debits and
credits stand in columns of their own, both positive, with at most two decimals. Dates have to be read as the importing
user's date format, which the entity sets. Subsidiary only where the account is OneWorld. Account is the number
("Use Account Numbers").
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from core.csvfiles import Cell
from writeoffs.ledger.layouts.base import Field, Layout, shortened
from writeoffs.ledger.models import JournalLine

HEADER = (
    *("External ID", "Date", "Subsidiary", "Currency", "Memo", "Journal Entry - Line: Account"),
    *("Journal Entry - Line: Debit", "Journal Entry - Line: Credit", "Journal Entry - Line: Memo"),
    *("Journal Entry - Line: Department", "Journal Entry - Line: Location"),
)
DATES = {"YYYY-MM-DD": "%Y-%m-%d", "MM/DD/YYYY": "%m/%d/%Y", "DD/MM/YYYY": "%d/%m/%Y", "DD.MM.YYYY": "%d.%m.%Y"}


def _row(line: JournalLine, given: Mapping[str, str], place: int) -> tuple[Cell, ...]:
    entry, memo = line.entry, shortened(line.entry.description, 999)
    place_of = line.location.code if line.location and given.get("locations") == "yes" else ""
    return (
        *(entry.number, _day(entry.posted_on, given["dates"]), given.get("subsidiary", ""), given["currency"], memo),
        *(line.account.code, line.debit or None, line.credit or None, memo),
        *(line.cost_centre.code if line.cost_centre else "", place_of),
    )


def _day(day: dt.date, form: str) -> str:
    return day.strftime(DATES.get(form, "%Y-%m-%d"))


LAYOUT = Layout(
    "netsuite",
    "Oracle NetSuite",
    HEADER,
    (
        Field("currency", "Currency's name", help="As under Lists, Accounting, Currencies: Euro."),
        Field("dates", "Date format", max_length=10, help=f"Of the person who imports: {', '.join(DATES)}."),
        Field("subsidiary", "Subsidiary", required=False, max_length=120, help="OneWorld only: its full name."),
        Field("locations", "Fill the location", required=False, max_length=3, help="yes, where NetSuite knows ours."),
    ),
    _row,
    decimals=2,
)
