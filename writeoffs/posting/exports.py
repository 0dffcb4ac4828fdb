"""The files that go to the ERP: the journal and the stock adjustment of one posting, as csv.

Invariant: only OWN entries are exported; dates are ISO, numbers plain with a point, and no cell can be read as a
formula.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from decimal import Decimal

from core.money import plain
from writeoffs.ledger.models import JournalLine, Origin
from writeoffs.posting.models import Posting, PostingLine

JOURNAL_HEADER = (
    *("entry", "date", "period", "line", "account", "account_name", "debit", "credit", "currency", "location"),
    *("category", "cost_centre", "reason", "description", "document"),
)
ADJUSTMENT_HEADER = (
    *("sku", "lot_code", "location", "quantity", "unit_of_measure", "date", "reason", "document", "description"),
)


def safe_text(text: str) -> str:
    """Text that a spreadsheet takes as text: a leading =, +, -, @, tab or return would make it a formula."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text


def _csv(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(header)
    writer.writerows(rows)
    return out.getvalue()


def _figure(amount: Decimal) -> str:
    return plain(amount) if amount else ""


def journal_csv(posting: Posting) -> str:
    """The posting's entries, the void's included, a row a line."""
    lines = (
        JournalLine.objects.filter(
            entry__entity=posting.entity, entry__source_ref=posting.source_ref, entry__origin=Origin.OWN
        )
        .select_related("entry__period", "account", "location", "category", "cost_centre")
        .order_by("entry__chain_sequence", "line_number")
    )
    return _csv(
        JOURNAL_HEADER,
        (
            (
                line.entry.number,
                line.entry.posted_on.isoformat(),
                line.entry.period.code,
                str(line.line_number),
                safe_text(line.account.code),
                safe_text(line.account.name),
                _figure(line.debit),
                _figure(line.credit),
                line.entry.currency,
                safe_text(line.location.code if line.location else ""),
                safe_text(line.category.name if line.category else ""),
                safe_text(line.cost_centre.code if line.cost_centre else ""),
                line.get_reason_display(),
                safe_text(line.entry.description),
                document_number(posting),
            )
            for line in lines
        ),
    )


def adjustment_csv(posting: Posting, reason: str = "") -> str:
    """What the ERP's stock has to follow, signed as our books moved; of a void that it must follow too, the way
    back."""
    undone = posting.status != Posting.Status.VOIDED and _is_voided(posting)
    lines = (
        PostingLine.objects.filter(posting=posting)
        .select_related("lot__item", "lot__location")
        .order_by("lot__item__sku", "lot__code", "pk")
    )
    return _csv(
        ADJUSTMENT_HEADER,
        (
            (
                safe_text(line.lot.item.sku),
                safe_text(line.lot.code),
                safe_text(line.lot.location.code),
                plain(-line.quantity if undone else line.quantity),
                safe_text(line.lot.item.unit_of_measure),
                posting.posted_on.isoformat(),
                safe_text(reason),
                document_number(posting),
                safe_text(line.lot.item.description),
            )
            for line in lines
        ),
    )


def _is_voided(posting: Posting) -> bool:
    return JournalLine.objects.filter(
        entry__entity=posting.entity, entry__source_ref=posting.source_ref, entry__reverses__isnull=False
    ).exists()


def document_number(posting: Posting) -> str:
    """WO-2026-0001: the source_ref without its room."""
    return posting.source_ref.partition(":")[2]
