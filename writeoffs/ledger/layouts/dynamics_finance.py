"""Microsoft Dynamics 365 Finance: the data entity "General journal" (LedgerJournalEntity), a csv for data management.

Source of the columns and of what each needs:
https://learn.microsoft.com/en-us/dynamics365/fin-ops-core/dev-itpro/data-entities/entity-general-journal and
https://learn.microsoft.com/en-us/common-data-model/schema/core/operationscommon/entities/finance/generalledger/
ledgerjournalentity

JOURNALBATCHNUMBER is a placeholder that the import replaces from its number sequence, the same in the whole file;
LINENUMBER is needed and counts the file's lines. A voucher is one document: our entry's number. Debits and credits
stand in columns of their own, both positive. ACCOUNTDISPLAYVALUE is the account and, where the entity sets it, the cost
centre behind the separator that the entity's ledger dimension format uses.
"""

from __future__ import annotations

from collections.abc import Mapping

from core.csvfiles import Cell
from writeoffs.ledger.layouts.base import Field, Layout, shortened
from writeoffs.ledger.models import JournalLine

HEADER = (
    *("JOURNALBATCHNUMBER", "LINENUMBER", "JOURNALNAME", "DESCRIPTION", "ACCOUNTTYPE", "ACCOUNTDISPLAYVALUE"),
    *("TRANSDATE", "VOUCHER", "TEXT", "DEBITAMOUNT", "CREDITAMOUNT", "CURRENCYCODE"),
)


def _row(line: JournalLine, given: Mapping[str, str], place: int) -> tuple[Cell, ...]:
    entry, account = line.entry, line.account.code
    if given.get("separator"):
        account = f"{account}{given['separator']}{line.cost_centre.code if line.cost_centre else ''}"
    return (
        *("WRITEOFFS", place, given["journal"], "Write-offs", "Ledger", account, entry.posted_on),
        *(shortened(entry.number, 20), shortened(entry.description, 60)),
        *(line.debit or None, line.credit or None, entry.currency),
    )


LAYOUT = Layout(
    "dynamics-365-finance",
    "Microsoft Dynamics 365 Finance",
    HEADER,
    (
        Field("journal", "Journal name", max_length=10, help="As set up under General ledger, Journal names: GenJrn."),
        Field(
            "separator",
            "Separator before the cost centre",
            required=False,
            max_length=1,
            help="Of the dimension format for data entities, such as -. Empty: the account alone.",
        ),
    ),
    _row,
)
