"""What every sheet of inputs has in common: which rows are new, which replace another, which stand already.

Invariants: the check writes nothing but staging; what stands already is not given again; a row that replaces another
says why; the commit is one INSERT..SELECT with the uploaded file as evidence, and is refused where inputs of the kind
were given since the check. Its digest stands in the audit event of the commit (writeoffs/valuation/proofs.py).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, ClassVar, TypeAlias

from babel import Locale
from django.db import connection, transaction
from django.db.models import Max
from django.urls import reverse
from django.utils import timezone

from core.errors import StaleContent
from core.models import Upload, User
from core.sheets.kinds import Cell, Chunk, Column, Committed, Issues, SheetKind, Summary
from writeoffs.valuation.inputs import PriceRate
from writeoffs.valuation.kinds_of_input import InputKind
from writeoffs.valuation.news import announce
from writeoffs.valuation.proofs import upload_digest
from writeoffs.valuation.staged import StagedMark

Values: TypeAlias = tuple[Any, ...]

SOURCE = Column(
    "source", "Source", Cell.TEXT, max_length=200, aliases=("from", "origin", "quelle", "price list"),
    help="Where the figure is from. Empty: this file.", example="Price list 2026-03",
)  # fmt: skip
REASON = Column(
    "reason", "Why it replaces another", Cell.TEXT, max_length=200, aliases=("why", "reason for change", "grund"),
    help="Only where another figure stands for the same day.",
)  # fmt: skip
CURRENCY = Column(
    "currency", "Currency", Cell.TEXT, max_length=3, aliases=("iso", "currency code", "cur"),
    help="Empty: the company's own.", example="EUR",
)  # fmt: skip
YES = frozenset(("yes", "y", "true", "1", "x", "ja", "oui", "si"))
NO = frozenset(("", "no", "n", "false", "0", "nein", "non"))


@dataclass(slots=True)
class InputCheck:
    """What a check knows. standing: subject -> (version, withdrawn, values) of the days read so far; seen: subject ->
    row. items: SKU -> id; lots: (SKU, lot code, location) -> id, where the kind asks for them. more: what a kind keeps
    besides."""

    upload: Upload
    kind: InputKind
    day: str
    today: str
    currency: str
    items: dict[str, int]
    lots: dict[tuple[str, str, str], int] = field(default_factory=dict)
    standing: dict[Values, tuple[int, bool, Values]] = field(default_factory=dict)
    days: set[Any] = field(default_factory=set)
    seen: dict[Values, int] = field(default_factory=dict)
    rates: dict[str, str] = field(default_factory=dict)
    told: set[str] = field(default_factory=set)
    new: int = 0
    replacing: int = 0
    unchanged: int = 0
    more: dict[Any, Any] = field(default_factory=dict)

    def item(self, issues: Issues, row: int, sku: str, column: str = "sku") -> int | None:
        found = self.items.get(sku)
        if found is None:
            issues.error(
                "unknown_item", row, column, sku,
                f"Row {row}: no item has the SKU '{sku}'. Mend it, or upload a stock list that has the item first.",
            )  # fmt: skip
        return found

    def lot(self, issues: Issues, row: int, sku: str, code: str, place: str) -> int | None:
        found = self.lots.get((sku, code, place))
        if found is None:
            issues.error(
                "unknown_lot", row, "lot_code", code,
                f"Row {row}: lot '{code}' of {sku} at {place or 'no location'} is not in the books. Mend lot and "
                "location, or leave both empty where all lots of the item are meant.",
            )  # fmt: skip
        return found

    def money_of(self, issues: Issues, row: int, currency: str, day: str) -> str | None:
        """The currency of the row; warns where no rate takes it into the company's own on its day."""
        code = currency.upper() or self.currency
        if code == self.currency:
            return code
        if code not in Locale("en").currencies:
            issues.error(
                "unknown_currency", row, "currency", currency,
                f"Row {row}, currency: '{currency}' is no currency. Expected a code like EUR or USD.",
            )  # fmt: skip
            return None
        if self.rates.get(code, "9999") > day and code not in self.told:
            self.told.add(code)
            issues.warning(
                "no_rate", row, "currency", code,
                f"From row {row}: there is no rate from {code} to {self.currency} for {day} or earlier. Until one is "
                "given under Valuation, Inputs, Rates, an assessment leaves these items untested.",
            )  # fmt: skip
        return code

    def flag(self, issues: Issues, row: int, column: str, text: str) -> bool | None:
        word = text.strip().casefold()
        if word in YES or word in NO:
            return word in YES
        issues.error(
            "neither_yes_nor_no", row, column, text,
            f"Row {row}, {column.replace('_', ' ')}: '{text}' is neither yes nor no.",
        )  # fmt: skip
        return None

    def future(self, issues: Issues, row: int, column: str, day: str, what: str) -> bool:
        """Complains of a day that is still to come."""
        if day <= self.today:
            return False
        issues.error("still_to_come", row, column, day, f"Row {row}: {day} is still to come; {what}.")
        return True


class InputSheet(SheetKind):
    """Subclasses set `input`, `columns` (source and reason are the last two), the staging table, `read` and `named`."""

    input: ClassVar[InputKind]
    asks_control_total = False
    reads_lots: ClassVar[bool] = False

    def begin(self, upload: Upload) -> InputCheck:
        entity = upload.entity
        rows = PriceRate.objects.filter(entity=entity).values_list("currency", "as_of")
        rates: dict[str, str] = {}
        for currency, day in rows:
            rates[currency] = min(rates.get(currency, "9999"), day.isoformat())
        check = InputCheck(
            upload=upload,
            kind=self.input,
            day=entity.local_date(upload.as_of).isoformat(),
            today=entity.local_date().isoformat(),
            currency=entity.currency,
            items=dict(entity.items.values_list("sku", "pk")),
            rates=rates,
        )
        if self.reads_lots:
            check.lots = {
                (sku, code, place): pk
                for pk, sku, code, place in entity.lots.values_list("pk", "item__sku", "code", "location__code")
            }
        if not self.input.day:
            _read_standing(check, None)
        last = self.input.model._default_manager.filter(entity=entity).aggregate(last=Max("pk"))["last"]
        StagedMark.objects.update_or_create(upload_id=upload.pk, defaults={"last_input": last or 0})
        return check

    def read(self, check: InputCheck, issues: Issues, row: int, cells: Values) -> tuple[Values, Values] | None:
        """Subject and values of the row in the order of the kind's columns, or None after a complaint."""
        raise NotImplementedError

    def named(self, cells: Values) -> str:
        """What the row is about, for people: "the price of A-1 from 2026-03-31"."""
        raise NotImplementedError

    def check_chunk(self, context: InputCheck, chunk: Chunk, issues: Issues) -> list[Values]:
        empty: dict[bool, list[Any]] = {True: [""] * len(chunk.rows), False: [None] * len(chunk.rows)}
        cells = [chunk.columns.get(column.name, empty[column.cell is Cell.TEXT]) for column in self.columns]
        source = context.upload.file_name[:200]
        staged = []
        for place, (row, *values) in enumerate(zip(chunk.rows, *cells, strict=True)):
            if place in chunk.bad:
                continue
            *own, given_source, reason = values
            read = self.read(context, issues, row, tuple(own))
            if read is None:
                continue
            version = _version(self, context, issues, row, read, tuple(own), reason)
            if version:
                told = reason if version > 1 else ""
                staged.append((row, version, given_source or source, told, *read[0], *read[1]))
        return staged

    def finish(self, context: InputCheck, upload: Upload, issues: Issues) -> Summary:
        many = context.new + context.replacing
        noun = self.input.noun if many == 1 else self.input.plural
        return Summary(
            rows=len(context.seen),
            figures=[
                ("New", f"{context.new:,}"),
                ("Replacing another", f"{context.replacing:,}"),
                ("Standing already", f"{context.unchanged:,}"),
            ],
            commit_label=f"Give {many:,} {noun}",
            notes=["What stands already is left as it is. This file is kept as the evidence of every figure."],
        )

    @transaction.atomic
    def commit(self, upload: Upload, user: User) -> Committed:
        _refuse_since(upload, self.input)
        count = _insert(self, upload, user)
        announce(entity=upload.entity, user=user)
        noun = self.input.noun if count == 1 else self.input.plural
        return Committed(
            message=f"{count:,} {noun} given.",
            url=reverse("valuation:inputs", args=[upload.entity.slug, self.input.code]),
            told={"inputs": {"kind": self.input.code, "rows": count, "digest": upload_digest(self.input, upload.pk)}},
        )


def _version(
    sheet: InputSheet,
    check: InputCheck,
    issues: Issues,
    row: int,
    read: tuple[Values, Values],
    cells: Values,
    reason: str,
) -> int:
    """The version that the row becomes; 0 where it is not to be given (a complaint, or it stands already)."""
    subject, values = read
    first = check.seen.setdefault(subject, row)
    if first != row:
        issues.error(
            "given_twice", row, sheet.columns[0].name, cells[0],
            f"Rows {first} and {row} both give {sheet.named(cells)}. Keep one of them.",
        )  # fmt: skip
        return 0
    if check.kind.day:
        day = subject[check.kind.subject.index(check.kind.day)]
        if day not in check.days:
            _read_standing(check, day)
    before = check.standing.get(subject)
    if before is None:
        check.new += 1
        return 1
    version, withdrawn, stood = before
    if not withdrawn and stood == values:
        check.unchanged += 1
        return 0
    if not reason:
        issues.error(
            "needs_a_reason", row, "reason", "",
            f"Row {row}: another figure stands as {sheet.named(cells)}. Say in the column 'Why it replaces another' "
            "why this one does, or leave the row out.",
        )  # fmt: skip
        return 0
    check.replacing += 1
    return version + 1


def _read_standing(check: InputCheck, day: str | None) -> None:
    """What stands, of one day (few are on a sheet) or all of it."""
    kind = check.kind
    check.days.add(day)
    with connection.cursor() as cursor:
        cursor.execute(
            f"select version, withdrawn, {', '.join(map(_as_staged(kind), kind.columns))} from {kind.table} "
            f"where entity_id = %s{f' and {kind.day} = %s' if day else ''} order by version",
            [check.upload.entity_id, *([day] if day else [])],
        )
        size = len(kind.subject)
        for version, withdrawn, *values in cursor.fetchall():
            check.standing[tuple(values[:size])] = (version, withdrawn, tuple(values[size:]))


def _as_staged(kind: InputKind) -> Callable[[str], str]:
    """A column as the check has it: days as ISO text."""
    days = {field.attname for field in kind.model._meta.concrete_fields if field.get_internal_type() == "DateField"}
    return lambda column: f"cast({column} as text)" if column in days else column


def _refuse_since(upload: Upload, kind: InputKind) -> None:
    last = StagedMark.objects.values_list("last_input", flat=True).get(upload_id=upload.pk)
    since = kind.model._default_manager.filter(entity=upload.entity_id, pk__gt=last).order_by("pk").first()
    if since is not None:
        raise StaleContent(
            f"Since this sheet was checked, {since.entered_by} gave {kind.plural} ({since}). Check the sheet again, so "
            "that it is compared with what stands now."
        )


def _insert(sheet: InputSheet, upload: Upload, user: User) -> int:
    kind, columns = sheet.input, ", ".join(sheet.input.columns)
    now = connection.ops.adapt_datetimefield_value(timezone.now().astimezone(dt.UTC))
    with connection.cursor() as cursor:
        cursor.execute(
            f"insert into {kind.table} (entity_id, version, withdrawn, reason, source, evidence_id, upload_id, "
            f"entered_at, entered_by_id, {columns}) select %s, version, false, reason, source, %s, %s, %s, %s, "
            f'{columns} from {sheet.staging_table} where upload_id = %s order by "row"',
            [upload.entity_id, upload.file_id, upload.pk, now, user.pk, upload.pk],
        )
        count = int(cursor.rowcount)
    StagedMark.objects.filter(upload_id=upload.pk).delete()
    return count


def staging_columns_of(kind: InputKind) -> tuple[str, ...]:
    return ("row", "version", "source", "reason", *kind.columns)
