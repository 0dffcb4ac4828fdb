"""Reads postings for pages: what the ERP has yet to follow."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from django.db.models import Count, Max, QuerySet, Sum

from core.models import Entity
from writeoffs.ledger.models import JournalEntry, JournalLine, Origin
from writeoffs.posting.models import Posting
from writeoffs.posting.refs import of_sheets


def postings_listed(*, entity: Entity, status: str = "") -> QuerySet[Posting]:
    """Newest first, with lots (how many lots moved). status "" gives all."""
    postings = Posting.objects.filter(entity=entity).select_related("posted_by", "acknowledged_by", "batch")
    if status:
        postings = postings.filter(status=status)
    return postings.annotate(lots=Count("lines")).order_by("-pk")


def status_counts(*, entity: Entity) -> dict[str, int]:
    return dict(Posting.objects.filter(entity=entity).order_by().values_list("status").annotate(n=Count("pk")))


def last_posted_at(entity: Entity) -> dt.datetime | None:
    """When something of the entity was last posted, whatever date it was posted on; None where nothing was. What a
    sheet of the ERP itself released does not make the next list outdated."""
    postings = Posting.objects.filter(entity=entity).exclude(of_sheets())
    last: dt.datetime | None = postings.aggregate(last=Max("posted_at"))["last"]
    return last


def entries_behind(*, entity: Entity, postings: list[Posting]) -> dict[str, list[JournalEntry]]:
    """source_ref -> its entries that the ERP takes over, for the postings of one page, in one query."""
    found: dict[str, list[JournalEntry]] = {posting.source_ref: [] for posting in postings}
    entries = JournalEntry.objects.filter(entity=entity, source_ref__in=found, origin=Origin.OWN)
    entries = entries.select_related("entity")
    for entry in entries.order_by("chain_sequence"):
        found[entry.source_ref].append(entry)
    return found


def amounts_behind(*, entity: Entity, postings: list[Posting]) -> dict[str, Decimal]:
    """source_ref -> total of debits of its own entries, the void's left out, in one query."""
    rows = (
        JournalLine.objects.filter(
            entry__entity=entity,
            entry__source_ref__in=[posting.source_ref for posting in postings],
            entry__reverses__isnull=True,
            entry__origin=Origin.OWN,
            amount__gt=Decimal(0),
        )
        .order_by()
        .values_list("entry__source_ref")
        .annotate(total=Sum("amount"))
    )
    return dict(rows)
