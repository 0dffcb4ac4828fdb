"""What the ERP answered, as a sheet: a document, or a lot of it, accepted with the ERP's own number or rejected with
its message."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db.models import Exists, OuterRef, Q, Sum

from core.models import Entity, Upload, User
from core.money import MONEY_SCALE, QUANTITY_SCALE, display_money, from_raw, plain, to_raw
from core.sheets.kinds import Cell, Chunk, Column, Committed, Issues, SheetKind, Summary
from core.words import Role
from inventory.kinds.lot_columns import LOCATION, LOT_CODE, SKU
from writeoffs.ledger.models import JournalEntry, JournalLine, Origin
from writeoffs.posting.answers import answers_commit
from writeoffs.posting.exports import document_number
from writeoffs.posting.feeds import beside_adjustment
from writeoffs.posting.models import ErpCharge, Posting, PostingLine, StagedAnswer

ACCEPTED = frozenset(
    ["accepted", "accept", "ok", "posted", "booked", "yes", "success", "angenommen", "gebucht", "akzeptiert", "accepté"]
)
REJECTED = frozenset(
    ["rejected", "reject", "error", "failed", "refused", "no", "abgelehnt", "fehler", "refusé", "rejeté"]
)
COLUMNS = (
    Column(
        "document",
        "Document",
        Cell.TEXT,
        required=True,
        filled=True,
        max_length=60,
        aliases=("document number", "document no", "voucher", "reference", "external document no.", "beleg", "pièce"),
        help="Our own number, as it stands in the file that the ERP took; of a disposal cost, proceeds or tax beside a "
        "stock adjustment the entry's number.",
        example="WO-2026-0001",
    ),
    Column(
        "status",
        "Status",
        Cell.TEXT,
        required=True,
        filled=True,
        max_length=20,
        aliases=("state", "result", "answer", "statut"),
        help="accepted or rejected.",
        example="accepted",
    ),
    Column(
        "erp_document",
        "ERP document",
        Cell.TEXT,
        max_length=60,
        aliases=("erp document number", "erp number", "posted document", "material document", "voucher number"),
        help="The number that the ERP gave it.",
        example="4900012345",
    ),
    Column(
        "message",
        "Message",
        Cell.TEXT,
        max_length=300,
        aliases=("error", "error message", "text", "meldung", "erreur"),
        help="Why it was rejected; needed then.",
        example="",
    ),
    Column(
        "amount",
        "Amount",
        Cell.MONEY,
        aliases=("total", "debit", "total debit", "betrag", "montant"),
        help="If the ERP says it: the debits of the whole document. It has to be ours.",
        example="",
    ),
    dataclasses.replace(SKU, required=False, filled=False, help="Only where the ERP answers lot by lot.", example=""),
    dataclasses.replace(LOT_CODE, required=False, filled=False, example=""),
    dataclasses.replace(LOCATION, required=False, filled=False, example=""),
    Column(
        "quantity",
        "Quantity",
        Cell.QUANTITY,
        aliases=("qty", "units", "menge", "quantité"),
        help="If the ERP says it: the units of the lot, signed as in our file.",
        example="",
    ),
)
_TEXTS = ("document", "status", "erp_document", "message", "sku", "lot_code", "location")


@dataclass(frozen=True, slots=True)
class _Line:
    """A lot of a posting: what the file to the ERP said of it, raw."""

    pk: int
    quantity: int


@dataclass(slots=True)
class AnswerCheck:
    """documents: number -> posting. charges: number of an entry beside a stock adjustment -> what was last handed over.
    amounts: posting or entry -> raw debits. lines: (posting, sku, lot, location) -> line. seen: (posting, line or None)
    -> row; charges_seen: charge -> row."""

    entity: Entity
    documents: dict[str, Posting]
    charges: dict[str, ErpCharge]
    amounts: dict[str, int]
    lines: dict[tuple[int, str, str, str], _Line]
    seen: dict[tuple[int, int | None], int] = field(default_factory=dict)
    charges_seen: dict[int, int] = field(default_factory=dict)
    whole: dict[int, int] = field(default_factory=dict)
    by_lot: dict[int, int] = field(default_factory=dict)
    accepted: set[str] = field(default_factory=set)
    rejected: set[str] = field(default_factory=set)
    rows: int = 0


class ErpAnswerKind(SheetKind):
    code = "erp_answer"
    title = "ERP answer"
    lead = "What the ERP did with the files that it was given: accepted with its own number, or rejected and why."
    columns = COLUMNS
    upload_roles = (Role.CONTROLLER, Role.PREPARER)
    commit_roles = (Role.CONTROLLER, Role.PREPARER)
    asks_control_total = False
    staging_table = StagedAnswer._meta.db_table
    staging_columns = ("row", "posting_id", "line_id", "charge_id", "accepted", "erp_document", "message")

    def begin(self, upload: Upload) -> AnswerCheck:
        entity = upload.entity
        postings = list(Posting.objects.filter(entity=entity))
        waiting = [posting.pk for posting in postings if may_be_answered(posting)]
        found = PostingLine.objects.filter(posting__in=waiting).values_list(
            "posting_id", "lot__item__sku", "lot__code", "lot__location__code", "pk", "outstanding", "sent"
        )
        handed = ErpCharge.objects.filter(entity=entity).select_related("entry").order_by("pk")
        charges = {charge.entry.number: charge for charge in handed}
        return AnswerCheck(
            entity,
            {document_number(posting): posting for posting in postings},
            charges,
            _amounts(entity) | _charge_amounts(charges),
            {
                (posting, sku, lot, place): _Line(pk, -to_raw(sent or left, QUANTITY_SCALE))
                for posting, sku, lot, place, pk, left, sent in found
                if sent or left
            },
        )

    def check_chunk(self, context: AnswerCheck, chunk: Chunk, issues: Issues) -> list[tuple[Any, ...]]:
        texts = [chunk.columns.get(name, [""] * len(chunk.rows)) for name in _TEXTS]
        figures = [chunk.columns.get(name, [None] * len(chunk.rows)) for name in ("amount", "quantity")]
        staged = []
        for place, (row, *cells) in enumerate(zip(chunk.rows, *texts, *figures, strict=True)):
            if place not in chunk.bad:
                answer = _Answer(row, *cells)
                if _is_good(context, issues, answer):
                    staged.append(_staged(context, answer))
        return staged

    def finish(self, context: AnswerCheck, upload: Upload, issues: Issues) -> Summary:
        accepted, rejected = len(context.accepted - context.rejected), len(context.rejected)
        notes = []
        if rejected:
            notes.append(
                "What is rejected stays outstanding. Mend the cause in the ERP or in the mapping and send it again "
                "with the next batch, or void it."
            )
        return Summary(
            rows=context.rows,
            figures=[("Documents accepted", str(accepted)), ("Documents rejected", str(rejected))],
            commit_label=f"Take in the answer: {accepted} accepted, {rejected} rejected",
            notes=notes,
        )

    def commit(self, upload: Upload, user: User) -> Committed:
        return answers_commit(upload=upload, user=user)


@dataclass(frozen=True, slots=True)
class _Answer:
    row: int
    document: str
    status: str
    erp_document: str
    message: str
    sku: str
    lot_code: str
    location: str
    amount: int | None
    quantity: int | None

    @property
    def names_lot(self) -> bool:
        return bool(self.sku or self.lot_code or self.location)

    @property
    def is_accepted(self) -> bool:
        return self.status.strip().lower() in ACCEPTED


def may_be_answered(posting: Posting) -> bool:
    """It waits for the ERP: pending, or a journal without units that it has not answered yet."""
    alone = posting.status == Posting.Status.NOT_NEEDED and posting.takes == "JOURNAL"
    return posting.is_pending or alone


def _amounts(entity: Entity) -> dict[str, int]:
    """source_ref -> raw debits of the document, or of its mirror where the rest had been given before the void. What
    goes beside a stock adjustment is a document of its own."""
    beside = beside_adjustment(JournalEntry.objects.filter(entity=entity, origin=Origin.OWN))
    mirror = Posting.objects.filter(
        entity=entity,
        source_ref=OuterRef("entry__source_ref"),
        journal_through__gt=0,
        journal_through__lt=OuterRef("entry__chain_sequence"),
    )
    whole = Posting.objects.filter(entity=entity, source_ref=OuterRef("entry__source_ref"), journal_through=0)
    rows = (
        JournalLine.objects.filter(
            Q(Exists(mirror)) | Q(Exists(whole), entry__reverses__isnull=True),
            entry__entity=entity,
            entry__origin=Origin.OWN,
            amount__gt=Decimal(0),
        )
        .exclude(entry__in=beside.values("pk"))
        .order_by()
        .values_list("entry__source_ref")
        .annotate(total=Sum("amount"))
    )
    return {ref: to_raw(total, MONEY_SCALE) for ref, total in rows}


def _charge_amounts(charges: Mapping[str, ErpCharge]) -> dict[str, int]:
    """Number of an entry -> its raw debits."""
    entries = {charge.entry_id: number for number, charge in charges.items()}
    rows = JournalLine.objects.filter(entry__erp_charges__in=charges.values(), amount__gt=Decimal(0)).order_by()
    totals = rows.values_list("entry_id").annotate(total=Sum("amount"))
    return {entries[pk]: to_raw(total, MONEY_SCALE) for pk, total in totals}


def _is_good(check: AnswerCheck, issues: Issues, answer: _Answer) -> bool:
    """Every complaint of the row; what is not known is asked no further."""
    before = issues.errors
    charge = check.charges.get(answer.document)
    if charge is not None:
        _charge(check, issues, answer, charge)
        return issues.errors == before
    posting = check.documents.get(answer.document)
    if posting is None:
        issues.error(
            "unknown_document", answer.row, "document", answer.document,
            f"Row {answer.row}: nothing was posted as '{answer.document}'. Expected a number like WO-2026-0001.",
        )  # fmt: skip
        return False
    if not may_be_answered(posting):
        issues.error(
            "answered_already", answer.row, "document", answer.document,
            f"Row {answer.row}: {answer.document} does not wait for an answer: "
            f"{posting.get_status_display().lower()}. Remove the row.",
        )  # fmt: skip
        return False
    _status(issues, answer)
    _amount(check, issues, answer, posting.source_ref)
    _lot(check, issues, answer, posting)
    return issues.errors == before


def _status(issues: Issues, answer: _Answer) -> None:
    word = answer.status.strip().lower()
    if word not in ACCEPTED | REJECTED:
        issues.error(
            "unknown_status", answer.row, "status", answer.status,
            f"Row {answer.row}, status: '{answer.status}' is neither. Expected accepted or rejected.",
        )  # fmt: skip
    elif word in REJECTED and not answer.message.strip():
        issues.error(
            "no_message", answer.row, "message", "",
            f"Row {answer.row}: {answer.document} is rejected without a message. Say why, so that it can be mended.",
        )  # fmt: skip
    elif word in ACCEPTED and not answer.erp_document.strip():
        issues.error(
            "no_erp_document", answer.row, "erp_document", "",
            f"Row {answer.row}: {answer.document} is accepted without the ERP's document number. Fill it in.",
        )  # fmt: skip


def _charge(check: AnswerCheck, issues: Issues, answer: _Answer, charge: ErpCharge) -> None:
    """An entry beside a stock adjustment, which is answered as a whole and once."""
    if charge.status != ErpCharge.Status.SENT:
        issues.error(
            "answered_already", answer.row, "document", answer.document,
            f"Row {answer.row}: entry {answer.document} does not wait for an answer: "
            f"{charge.get_status_display().lower()}. Remove the row.",
        )  # fmt: skip
        return
    _status(issues, answer)
    _amount(check, issues, answer, answer.document)
    if answer.names_lot or answer.quantity is not None:
        issues.error(
            "entry_has_no_lot", answer.row, "sku", answer.sku,
            f"Row {answer.row}: {answer.document} is an entry and moves no units. Leave item, lot, location and "
            "quantity empty.",
        )  # fmt: skip
    first = check.charges_seen.setdefault(charge.pk, answer.row)
    if first != answer.row:
        issues.error(
            "answered_twice", answer.row, "document", answer.document,
            f"Rows {first} and {answer.row} both answer {answer.document}. Keep one of them.",
        )  # fmt: skip


def _amount(check: AnswerCheck, issues: Issues, answer: _Answer, ref: str) -> None:
    ours = check.amounts.get(ref, 0)
    if answer.amount is not None and answer.amount != ours:
        theirs, own = (
            display_money(from_raw(raw, MONEY_SCALE), check.entity.currency, check.entity.locale)
            for raw in (answer.amount, ours)
        )
        issues.error(
            "amount_differs", answer.row, "amount", theirs,
            f"Row {answer.row}: the ERP says {theirs} {check.entity.currency} for {answer.document}, our books say "
            f"{own}. Find out what it booked before you take the answer in.",
        )  # fmt: skip


def _lot(check: AnswerCheck, issues: Issues, answer: _Answer, posting: Posting) -> None:
    """The line that the row is about, and that nothing is answered twice."""
    line: _Line | None = None
    if answer.names_lot:
        line = check.lines.get((posting.pk, answer.sku, answer.lot_code, answer.location))
        if line is None:
            named = "/".join((answer.sku, answer.lot_code, answer.location))
            issues.error(
                "unknown_lot", answer.row, "sku", named,
                f"Row {answer.row}: {answer.document} has nothing outstanding for {named} (sku/lot/location).",
            )  # fmt: skip
            return
    if answer.quantity is not None and (line is None or answer.quantity != line.quantity):
        ours = plain(from_raw(line.quantity, QUANTITY_SCALE)) if line else "no single quantity"
        theirs = plain(from_raw(answer.quantity, QUANTITY_SCALE))
        issues.error(
            "quantity_differs", answer.row, "quantity", theirs,
            f"Row {answer.row}: the ERP says {theirs} units for {answer.document}, our file said {ours}.",
        )  # fmt: skip
    first = check.seen.setdefault((posting.pk, line.pk if line else None), answer.row)
    (check.by_lot if line else check.whole).setdefault(posting.pk, answer.row)
    mixed = (check.whole if line else check.by_lot).get(posting.pk)
    other = first if first != answer.row else mixed
    if other is not None:
        issues.error(
            "answered_twice", answer.row, "document", answer.document,
            f"Rows {other} and {answer.row} both answer {answer.document}. Keep one of them: a document is answered "
            "as a whole or lot by lot.",
        )  # fmt: skip


def _staged(check: AnswerCheck, answer: _Answer) -> tuple[Any, ...]:
    (check.accepted if answer.is_accepted else check.rejected).add(answer.document)
    check.rows += 1
    said = (answer.is_accepted, answer.erp_document.strip(), answer.message.strip())
    charge = check.charges.get(answer.document)
    if charge is not None:
        return (answer.row, None, None, charge.pk, *said)
    posting = check.documents[answer.document]
    line = check.lines.get((posting.pk, answer.sku, answer.lot_code, answer.location)) if answer.names_lot else None
    return (answer.row, posting.pk, line.pk if line else None, None, *said)
