"""The import layouts of ERPs: each a module with its columns, the settings it needs and how a line becomes a row.

Invariant: one document per entry, and its rows balance; a setting that is missing is said before a row is written.
"""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import QuerySet

from core.csvfiles import csv_lines
from core.errors import BadInput
from core.models import Entity
from writeoffs.ledger.layouts import business_central, dynamics_finance, netsuite, oracle_fusion
from writeoffs.ledger.layouts.base import Layout
from writeoffs.ledger.layouts.settings import layout_missing, settings_of
from writeoffs.ledger.models import JournalEntry, JournalLine

LAYOUTS: dict[str, Layout] = {
    one.code: one for one in (business_central.LAYOUT, dynamics_finance.LAYOUT, netsuite.LAYOUT, oracle_fusion.LAYOUT)
}


def layout_lines(*, entity: Entity, code: str, entries: QuerySet[JournalEntry]) -> Iterator[str]:
    """The csv in an ERP's layout. BadInput names every setting that is missing and where it is set."""
    layout = LAYOUTS[code]
    missing = layout_missing(entity=entity, layout=layout)
    if missing:
        raise BadInput(missing)
    given = settings_of(entity=entity, layout=code)
    lines = (
        JournalLine.objects.filter(entry__in=entries.order_by().values("pk"))
        .select_related("entry__period", "account", "location", "category", "cost_centre")
        .order_by("entry__chain_sequence", "line_number")
        .iterator(chunk_size=2000)
    )
    header = layout.header if layout.has_header else ()
    return csv_lines(header, (layout.row(line, given, place) for place, line in enumerate(lines, start=1)))
