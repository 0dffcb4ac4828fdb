"""The files that go to the ERP: the journal and the stock adjustment of postings, as rows.

Invariant: only OWN entries are exported. Of one posting the rows of one file say "import", those of the other "for
information, not to be imported": what the ERP takes was chosen when it was posted.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from decimal import Decimal

from django.db.models import Max, QuerySet

from core.csvfiles import Cell, csv_lines
from core.models import Entity
from core.words import Reason
from inventory.models import Movement, MovementKind
from writeoffs.ledger.models import JournalEntry, JournalLine, Origin
from writeoffs.posting.feed_models import Takes
from writeoffs.posting.feeds import beside_adjustment, by_adjustment
from writeoffs.posting.models import ErpCharge, Posting, PostingLine

# The last three columns of both files: what to do with the row, the batch, and how often the file was handed out.
MARKS = ("use", "batch", "copy")
JOURNAL_HEADER = (
    *("entry", "date", "period", "line", "account", "account_name", "debit", "credit", "currency", "location"),
    *("category", "cost_centre", "reason", "description", "document", *MARKS),
)
ADJUSTMENT_HEADER = (
    *("sku", "lot_code", "location", "quantity", "unit_of_measure", "date", "reason", "document", "description"),
    *MARKS,
)
HEADERS = {Takes.ADJUSTMENT: ADJUSTMENT_HEADER, Takes.JOURNAL: JOURNAL_HEADER}
IMPORT, INFORMATION = "import", "for information, not to be imported"
Row = tuple[Cell, ...]


def file_text(takes: str, rows: Iterable[Sequence[Cell]], *, batch: str, copy: int) -> str:
    """The csv of rows that end with their use. copy: from 1, a later one says that it is a repeat; 0: a listing."""
    told = f"{copy} (repeat)" if copy > 1 else str(copy or "")
    return "".join(csv_lines(HEADERS[Takes(takes)], ((*row, batch, told) for row in rows)))


def rows_of(takes: str, *, entity: Entity, postings: Collection[Posting], left: bool = False) -> list[Row]:
    """left: only what the ERP has not been given or has not followed yet, as a batch sends it."""
    make = adjustment_rows if takes == Takes.ADJUSTMENT else journal_rows
    return make(entity=entity, postings=postings, left=left)


def journal_rows(*, entity: Entity, postings: Collection[Posting], left: bool = False) -> list[Row]:
    """The postings' own entries, the voids' included, a row a line. What the ERP had before a void is for information,
    or is left out; so is what it books itself, and what was given beside its adjustment."""
    names = {posting.source_ref: document_number(posting) for posting in postings}
    entries = JournalEntry.objects.filter(entity=entity, source_ref__in=names, origin=Origin.OWN)
    given = {posting.source_ref: posting.journal_through for posting in postings if posting.journal_through}
    had = {
        pk
        for pk, ref, place in entries.filter(source_ref__in=given).values_list("pk", "source_ref", "chain_sequence")
        if place <= given[ref]
    }
    if left:
        entries = entries.exclude(pk__in=had)
    beside = ErpCharge.objects.filter(entry__in=entries.order_by().values("pk"))
    had |= set(beside.exclude(status=ErpCharge.Status.REJECTED).values_list("entry_id", flat=True))
    had |= set(by_adjustment(entries).order_by().values_list("pk", flat=True))
    documents = {pk: names[ref] for pk, ref in entries.order_by().values_list("pk", "source_ref")}
    documents |= dict.fromkeys(beside_adjustment(entries).order_by().values_list("pk", flat=True), "")
    return _entry_rows(entries, documents, had)


def charge_rows(*, entity: Entity, entries: Collection[int]) -> list[Row]:
    """Entries beside stock adjustments as a batch sends them, each a document of its own."""
    found = JournalEntry.objects.filter(entity=entity, pk__in=entries)
    return _entry_rows(found, dict.fromkeys(entries, ""), set())


def _entry_rows(entries: QuerySet[JournalEntry], documents: Mapping[int, str], had: Collection[int]) -> list[Row]:
    """documents: entry -> the number that the ERP answers to; "" is the entry's own."""
    lines = (
        JournalLine.objects.filter(entry__in=entries.order_by().values("pk"))
        .select_related("entry__period", "account", "location", "category", "cost_centre")
        .order_by("entry__chain_sequence", "line_number")
    )
    return [
        (
            *(line.entry.number, line.entry.posted_on.isoformat(), line.entry.period.code, line.line_number),
            *(line.account.code, line.account.name, _figure(line.debit), _figure(line.credit), line.entry.currency),
            line.location.code if line.location else "",
            line.category.name if line.category else "",
            line.cost_centre.code if line.cost_centre else "",
            *(line.get_reason_display(), line.entry.description, documents[line.entry_id] or line.entry.number),
            INFORMATION if line.entry_id in had else IMPORT,
        )
        for line in lines
    ]


def adjustment_rows(*, entity: Entity, postings: Collection[Posting], left: bool = False) -> list[Row]:
    """What the ERP's stock has to follow, signed as our books moved. Once lines are voided, only what is left
    to do: of a voided one what the ERP had followed and has not yet taken back, as of the void's date, nothing where
    it had not; of the others what it has not followed yet. With `left` so of every posting: what the ERP rejected in
    part is not sent whole again."""
    by_id = {posting.pk: posting for posting in postings}
    refs = [posting.source_ref for posting in postings]
    # The voids' dates from their movements: what has no value has no journal.
    voids = {
        (ref, lot): day
        for ref, lot, day in Movement.objects.filter(entity=entity, source_ref__in=refs, kind=MovementKind.VOID)
        .order_by()
        .values_list("source_ref", "lot_id")
        .annotate(last=Max("posted_on"))
    }
    voided = {ref for ref, _ in voids}
    reasons = reasons_of(entity=entity, refs=refs)
    lines = (
        PostingLine.objects.filter(posting__in=by_id)
        .select_related("lot__item", "lot__location")
        .order_by("posting", "lot__item__sku", "lot__code", "pk")
    )
    rows: list[Row] = []
    for line in lines:
        posting = by_id[line.posting_id]
        to_do_alone = left or posting.source_ref in voided
        if to_do_alone and not line.outstanding:
            continue
        lot = line.lot
        rows.append(
            (
                *(lot.item.sku, lot.code, lot.location.code),
                -line.outstanding if to_do_alone else line.quantity,
                lot.item.unit_of_measure,
                voids.get((posting.source_ref, line.lot_id), posting.posted_on).isoformat(),
                *(reasons.get(posting.source_ref, ""), document_number(posting), lot.item.description),
                IMPORT if posting.takes == Takes.ADJUSTMENT else INFORMATION,
            )
        )
    return rows


def reasons_of(*, entity: Entity, refs: Collection[str]) -> dict[str, str]:
    """source_ref -> the reason that its journal lines carry, in words; left out where it had no value."""
    found = (
        JournalLine.objects.filter(entry__entity=entity, entry__source_ref__in=refs)
        .exclude(reason="")
        .order_by("-pk")
        .values_list("entry__source_ref", "reason")
    )
    return {ref: Reason(reason).label for ref, reason in found}


def _figure(amount: Decimal) -> Decimal | None:
    return amount or None


def document_number(posting: Posting) -> str:
    """WO-2026-0001: the source_ref without its room; upload-17 of a stock list, which has no number of its own."""
    room, _, number = posting.source_ref.partition(":")
    return number if room == "proposal" else f"{room}-{number}"
