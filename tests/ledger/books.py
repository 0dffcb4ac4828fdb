"""Entries for tests, written by the journal's only writer."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from django.db import transaction

from core.models import Category, Location
from tests.conftest import Company
from writeoffs.ledger import journal
from writeoffs.ledger.journal import PlannedEntry, PlannedLine
from writeoffs.ledger.models import JournalEntry

DAY = dt.date(2026, 3, 14)


def post(
    company: Company,
    amount: str = "100.00",
    *,
    ref: str = "proposal:WO-1",
    day: dt.date = DAY,
    leg: str = "WRITE_OFF",
    origin: str = "OWN",
    description: str = "Expired stock",
    reverses: JournalEntry | None = None,
) -> JournalEntry:
    """Dr write-downs, Cr inventory, at one location and category; the other way round for a negative amount."""
    place, _ = Location.objects.get_or_create(entity=company.entity, code="MAIN")
    group, _ = Category.objects.get_or_create(entity=company.entity, name="Goods")
    value = Decimal(amount)
    with transaction.atomic():
        period = journal.period_lock(entity=company.entity, posted_on=day)
        [entry] = journal.entries_write(
            entity=company.entity,
            period=period,
            posted_on=day,
            source_ref=ref,
            entries=[
                PlannedEntry(
                    leg,
                    origin,
                    description,
                    [
                        PlannedLine("WRITE_DOWN_EXPENSE", value, place.pk, group.pk, reason="EXPIRY"),
                        PlannedLine("INVENTORY", -value, place.pk, group.pk),
                    ],
                    reverses_id=reverses.pk if reverses else None,
                )
            ],
            posted_by=company["CONTROLLER"],
            prepared_by=company["PREPARER"],
            approved_by=company["APPROVER"],
            evidence=["ab" * 32],
        )
    return entry
