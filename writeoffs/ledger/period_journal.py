"""The journal of a period or of some days as a file: what is chosen, what it adds up to, in which format.

Invariant: the totals shown are those of the file; only OWN entries go to an ERP, while the texts for hledger and
beancount hold the whole books and begin with the balances before, so that they check.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Count, Q, QuerySet, Sum
from django.db.models.functions import Coalesce

from core.csvfiles import Cell, csv_lines
from core.models import Entity
from core.money import MoneyField
from writeoffs.ledger.handing import entries_to_import
from writeoffs.ledger.layouts import LAYOUTS, layout_lines
from writeoffs.ledger.models import FiscalPeriod, JournalEntry, JournalLine, Origin
from writeoffs.ledger.plaintext import Selection, beancount_text, hledger_text

ZERO = Decimal(0)
# The stable layout (docs/handbook/erp-files.md): columns are only ever added at the end.
HEADER = (
    *("entry", "date", "fiscal_period", "leg", "line", "account", "account_name", "debit", "credit", "currency"),
    *("location", "category", "cost_centre", "reason", "description", "document", "reverses", "use", "hash"),
)
IMPORT, INFORMATION = "import", "for information, not to be imported"


@dataclass(frozen=True, slots=True)
class Format:
    """code: in the address; suffix: of the file; whole_books: with entries of the ERP's origin, for checking."""

    code: str
    label: str
    suffix: str
    content_type: str = "text/csv; charset=utf-8"
    whole_books: bool = False


FORMATS: dict[str, Format] = {
    one.code: one
    for one in (
        Format("csv", "CSV, our own layout", "csv"),
        *(Format(layout.code, layout.label, "csv") for layout in LAYOUTS.values()),
        Format("hledger", "hledger text, the whole books", "journal", "text/plain; charset=utf-8", True),
        Format("beancount", "beancount text, the whole books", "beancount", "text/plain; charset=utf-8", True),
    )
}


@dataclass(frozen=True, slots=True)
class Span:
    """A fiscal period, or days (either end open). Empty: everything."""

    period: FiscalPeriod | None = None
    starts_on: dt.date | None = None
    ends_on: dt.date | None = None

    @property
    def said(self) -> str:
        if self.period:
            return self.period.code
        if not (self.starts_on or self.ends_on):
            return "all"
        return f"{self.starts_on or 'begin'}-to-{self.ends_on or 'now'}"


@dataclass(frozen=True, slots=True)
class Totals:
    entries: int
    lines: int
    debit: Decimal


def entries_of(*, entity: Entity, span: Span, form: Format) -> QuerySet[JournalEntry]:
    """The entries that the file holds."""
    entries = _in_span(JournalEntry.objects.filter(entity=entity), span)
    if form.whole_books:
        return entries
    own = entries.filter(origin=Origin.OWN)
    return entries_to_import(own) if form.code in LAYOUTS else own


def _in_span(entries: QuerySet[JournalEntry], span: Span) -> QuerySet[JournalEntry]:
    if span.period:
        return entries.filter(period=span.period)
    if span.starts_on:
        entries = entries.filter(posted_on__gte=span.starts_on)
    return entries.filter(posted_on__lte=span.ends_on) if span.ends_on else entries


def _before(entity: Entity, span: Span) -> tuple[QuerySet[JournalEntry] | None, dt.date | None]:
    """What stands in the books before the span. The thirteenth period comes after the twelfth, on its last days."""
    every = JournalEntry.objects.filter(entity=entity)
    period = span.period
    if period is not None and period.number == 13:
        return every.filter(posted_on__lte=period.ends_on).exclude(period=period), period.starts_on
    first = period.starts_on if period else span.starts_on
    return (every.filter(posted_on__lt=first), first) if first else (None, None)


def totals_of(entries: QuerySet[JournalEntry]) -> Totals:
    lines = JournalLine.objects.filter(entry__in=entries.order_by().values("pk"))
    found = lines.aggregate(
        lines=Count("pk"), debit=Coalesce(Sum("amount", filter=Q(amount__gt=ZERO)), ZERO, output_field=MoneyField())
    )
    return Totals(entries.count(), found["lines"], found["debit"])


def left_out(*, entity: Entity, span: Span, form: Format) -> int:
    """How many own entries an ERP's file leaves out, since the ERP books them itself."""
    if form.code not in LAYOUTS:
        return 0
    own = _in_span(JournalEntry.objects.filter(entity=entity, origin=Origin.OWN), span)
    return own.count() - entries_to_import(own).count()


def text_of(*, entity: Entity, span: Span, form: Format) -> Iterator[str]:
    """The file, piece by piece. BadInput names what an ERP's layout needs and nobody has set."""
    entries = entries_of(entity=entity, span=span, form=form)
    if form.code in LAYOUTS:
        return layout_lines(entity=entity, code=form.code, entries=entries)
    if form.whole_books:
        before, starts_on = _before(entity, span)
        selection = Selection(entity, entries, before, starts_on)
        return hledger_text(selection) if form.code == "hledger" else beancount_text(selection)
    return csv_lines(HEADER, _rows(entries))


def _rows(entries: QuerySet[JournalEntry]) -> Iterator[tuple[Cell, ...]]:
    to_import = set(entries_to_import(entries).order_by().values_list("pk", flat=True))
    for line in lines_in_order(entries):
        entry = line.entry
        yield (
            *(entry.number, entry.posted_on, entry.period.code, entry.leg, line.line_number),
            *(line.account.code, line.account.name, line.debit or None, line.credit or None, entry.currency),
            line.location.code if line.location else "",
            line.category.name if line.category else "",
            line.cost_centre.code if line.cost_centre else "",
            *(line.reason, entry.description, entry.source_ref, entry.reverses.number if entry.reverses else ""),
            *(IMPORT if entry.pk in to_import else INFORMATION, entry.hash),
        )


def lines_in_order(entries: QuerySet[JournalEntry]) -> Iterator[JournalLine]:
    """The lines of the entries in the order of the books, as a stream."""
    return (
        JournalLine.objects.filter(entry__in=entries.order_by().values("pk"))
        .select_related("entry__period", "entry__reverses", "account", "location", "category", "cost_centre")
        .order_by("entry__chain_sequence", "line_number")
        .iterator(chunk_size=2000)
    )
