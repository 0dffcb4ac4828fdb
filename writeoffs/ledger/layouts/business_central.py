"""Microsoft Dynamics 365 Business Central: lines of a general journal.

Columns are the captions of table 81 "Gen. Journal Line", as an Excel or configuration-package import maps them.
Source: https://microsoft.github.io/BCApps/reference/base-application/Table/
Microsoft.Finance.GeneralLedger.Journal.Gen.-Journal-Line.html and
https://learn.microsoft.com/en-us/dynamics365/business-central/application/base-application/table/
microsoft.finance.generalledger.journal.posted-gen.-journal-line (lengths: Document No. and Account No. Code[20],
Description Text[100], dimensions Code[20]).

Amount is signed: a debit is positive, a credit negative. Lines of one "Document No." on one "Posting Date" have to
balance: the document number is our entry's. Currency Code stays empty: the company's local currency, which has to be
the entity's. Line numbers go up by 10000 in steps, as the journal itself counts.
"""

from __future__ import annotations

from collections.abc import Mapping

from core.csvfiles import Cell
from writeoffs.ledger.layouts.base import Field, Layout, shortened
from writeoffs.ledger.models import JournalLine

HEADER = (
    *("Journal Template Name", "Journal Batch Name", "Line No.", "Posting Date", "Document No.", "Account Type"),
    *("Account No.", "Description", "Amount", "Shortcut Dimension 1 Code", "External Document No."),
)


def _row(line: JournalLine, given: Mapping[str, str], place: int) -> tuple[Cell, ...]:
    entry = line.entry
    return (
        *(given["template"], given["batch"], place * 10_000, entry.posted_on, entry.number, "G/L Account"),
        *(line.account.code, shortened(entry.description, 100), line.amount),
        *(line.cost_centre.code if line.cost_centre else "", shortened(entry.source_ref.partition(":")[2], 35)),
    )


LAYOUT = Layout(
    "business-central",
    "Microsoft Dynamics 365 Business Central",
    HEADER,
    (
        Field("template", "Journal template name", max_length=10, help="As in the list of general journals: GENERAL."),
        Field("batch", "Journal batch name", max_length=10, help="The batch that the lines go to: WRITEOFFS."),
    ),
    _row,
)
