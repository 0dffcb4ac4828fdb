"""Oracle Fusion Cloud Financials: journals as file-based data import, the GlInterface.csv of the template
JournalImportTemplate, which loads the table GL_INTERFACE.

Source of the columns, their order and formats:
https://docs.oracle.com/en/industries/energy-water/cloud-integrations/22c/ccs-erp-data-mapping-guide/
CCS-ERP-DATA-MAPPING-GUIDE-22C/Mapping_Guide_Appendix_Data_Mapping.2.2.html (order, dates as YYYY/MM/DD, a point as the
decimal sign) and https://docs.oracle.com/pls/topic/lookup?ctx=fa24c&id=GL_INTERFACE (what each column means, lengths).

The file has no row of names: the place of a column is its meaning. REFERENCE1 is the name of the batch, REFERENCE4
that of the journal, our entry's number, REFERENCE10 the line's description. Debits and credits are entered amounts in
columns of their own, both positive; accounted amounts stay empty, since the currency is the ledger's. The entity says
how its chart's segments are made up, in their order: {account} and {cost_centre} stand for ours, all else is written
as it is.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from core.csvfiles import Cell
from writeoffs.ledger.layouts.base import Field, Layout, shortened
from writeoffs.ledger.models import JournalLine

ACCOUNT, CENTRE = "{account}", "{cost_centre}"
SEGMENTS = 30
HEADER = (
    *("STATUS", "LEDGER_ID", "ACCOUNTING_DATE", "USER_JE_SOURCE_NAME", "USER_JE_CATEGORY_NAME", "CURRENCY_CODE"),
    *("DATE_CREATED", "ACTUAL_FLAG"),
    *(f"SEGMENT{number}" for number in range(1, SEGMENTS + 1)),
    *("ENTERED_DR", "ENTERED_CR", "ACCOUNTED_DR", "ACCOUNTED_CR"),
    *(f"REFERENCE{number}" for number in range(1, 11)),
    *(f"REFERENCE{number}" for number in range(21, 31)),
    *("STAT_AMOUNT", "USER_CURRENCY_CONVERSION_TYPE", "CURRENCY_CONVERSION_DATE", "CURRENCY_CONVERSION_RATE"),
    "GROUP_ID",
)


def _row(line: JournalLine, given: Mapping[str, str], place: int) -> tuple[Cell, ...]:
    entry = line.entry
    row: dict[str, Cell] = {
        "STATUS": "NEW",
        "LEDGER_ID": given["ledger"],
        "ACCOUNTING_DATE": _day(entry.posted_on),
        "USER_JE_SOURCE_NAME": given["source"],
        "USER_JE_CATEGORY_NAME": given["category"],
        "CURRENCY_CODE": entry.currency,
        "DATE_CREATED": _day(entry.created_at.date()),
        "ACTUAL_FLAG": "A",
        "ENTERED_DR": line.debit or None,
        "ENTERED_CR": line.credit or None,
        "REFERENCE1": given["batch"],
        "REFERENCE4": entry.number,
        "REFERENCE10": shortened(entry.description, 240),
        "GROUP_ID": given.get("group", ""),
    }
    centre = line.cost_centre.code if line.cost_centre else given.get("no_centre", "")
    for number, segment in enumerate(_segments(given), start=1):
        row[f"SEGMENT{number}"] = segment.replace(ACCOUNT, line.account.code).replace(CENTRE, centre)
    return tuple(row.get(name) for name in HEADER)


def _segments(given: Mapping[str, str]) -> list[str]:
    return [segment.strip() for segment in given["segments"].split(",")]


def _day(day: dt.date) -> str:
    return day.strftime("%Y/%m/%d")


def _wrong(given: Mapping[str, str]) -> str:
    segments = _segments(given)
    if ACCOUNT not in segments or len(segments) > SEGMENTS:
        return (
            f"Segments: '{given['segments']}' cannot be. Expected at most {SEGMENTS} with a comma between them, one "
            f"of them {ACCOUNT}, such as 101,{CENTRE},{ACCOUNT},000."
        )
    for name, label in (("ledger", "Ledger ID"), ("group", "Group ID")):
        if not given.get(name, "0").isascii() or not given.get(name, "0").isdigit():
            return f"{label}: '{given[name]}' is no number. Expected digits alone, such as 300000046975971."
    return ""


LAYOUT = Layout(
    "oracle-fusion",
    "Oracle Fusion Cloud Financials",
    HEADER,
    (
        Field("ledger", "Ledger ID", max_length=18, help="Under Manage Primary Ledgers: 300000046975971."),
        Field("source", "Journal source", max_length=25, help="Under Manage Journal Sources: Write-offs."),
        Field("category", "Journal category", max_length=25, help="Under Manage Journal Categories: Inventory."),
        Field(
            "segments",
            "Segments",
            max_length=200,
            help=f"Of your chart, in their order, with a comma between: 101,{CENTRE},{ACCOUNT},000.",
        ),
        Field("no_centre", "Segment without a cost centre", required=False, max_length=25, help="Such as 000."),
        Field("batch", "Batch name", max_length=100, help="Of the journals that an import makes: Write-offs."),
        Field("group", "Group ID", required=False, max_length=18, help="Digits, where imports are told apart by it."),
    ),
    _row,
    has_header=False,
    wrong=_wrong,
)
