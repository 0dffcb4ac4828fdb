"""The files that go to the ERP: the journal and the stock adjustment of one posting, as csv.

Invariant: only OWN entries are exported; dates are ISO, numbers plain with a point, and no cell can be read as a
formula.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Iterable, Sequence
from decimal import Decimal

from django.db.models import Max

from core.money import plain
from inventory.models import Movement, MovementKind
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
    """What the ERP's stock has to follow, signed as our books moved. Once lines are voided, only what is left
    to do: of a voided one what the ERP had followed and has not yet taken back, as of the void's date, nothing where
    it had not; of the others what it has not followed yet."""
    voided = _voided_on(posting)
    lines = (
        PostingLine.objects.filter(posting=posting)
        .select_related("lot__item", "lot__location")
        .order_by("lot__item__sku", "lot__code", "pk")
    )
    if voided:
        lines = lines.exclude(outstanding=Decimal(0))
    return _csv(
        ADJUSTMENT_HEADER,
        (
            (
                safe_text(line.lot.item.sku),
                safe_text(line.lot.code),
                safe_text(line.lot.location.code),
                plain(-line.outstanding if voided else line.quantity),
                safe_text(line.lot.item.unit_of_measure),
                voided.get(line.lot_id, posting.posted_on).isoformat(),
                safe_text(reason),
                document_number(posting),
                safe_text(line.lot.item.description),
            )
            for line in lines
        ),
    )


def _voided_on(posting: Posting) -> dict[int, dt.date]:
    """Lot -> date of its last void. Movements say it: what has no value has no journal."""
    voids = Movement.objects.filter(entity=posting.entity, source_ref=posting.source_ref, kind=MovementKind.VOID)
    return dict(voids.order_by().values_list("lot_id").annotate(Max("posted_on")))


def document_number(posting: Posting) -> str:
    """WO-2026-0001: the source_ref without its room; upload-17 of a stock list, which has no number of its own."""
    room, _, number = posting.source_ref.partition(":")
    return number if room == "proposal" else f"{room}-{number}"
