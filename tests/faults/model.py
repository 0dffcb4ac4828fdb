"""A company in memory: what its books must hold after each step, worked out without the product.

Lots of 40.00 a unit and whole quantities, so that every amount is exact. One proposal writes off units of one lot.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass, field

UNIT_COST = 40


@dataclass
class Document:
    """A proposal. digest_of: the quantity that was last approved or submitted is the one that is posted."""

    number: str
    lot: str
    quantity: int
    day: dt.date
    preparer: str
    status: str = "DRAFT"
    approver: str = ""
    asked_by: str = ""
    outstanding: int = 0
    in_erp: str = ""

    @property
    def month(self) -> int:
        return self.day.month


@dataclass
class Books:
    """lots: code -> units; what it starts with was there before 2026. moved: what came and went since, by day. closed:
    months of 2026 that are closed; asked: months that somebody asked to re-open, by whom. Before 2026 everything is
    closed."""

    lots: dict[str, int]
    documents: dict[str, Document] = field(default_factory=dict)
    closed: set[int] = field(default_factory=set)
    asked: dict[int, str] = field(default_factory=dict)
    posted: int = 0
    voided: int = 0
    counts: int = 0
    lists: int = 0
    moved: dict[str, dict[dt.date, int]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(int)))

    def takes(self, day: dt.date) -> bool:
        return day.month not in self.closed

    def may_create(self, lot: str, quantity: int, day: dt.date) -> bool:
        return self.takes(day) and quantity > 0 and self.bears(lot, quantity, day)

    def bears(self, lot: str, quantity: int, day: dt.date) -> bool:
        """Whether so many units can leave on the day: on no later day do they stand below nil."""
        held = lowest = self.lots[lot]
        for when in sorted((when for when in self.moved[lot] if when > day), reverse=True):
            held -= self.moved[lot][when]
            lowest = min(lowest, held)
        return quantity <= lowest

    def _move(self, lot: str, units: int, day: dt.date) -> None:
        self.lots[lot] += units
        self.moved[lot][day] += units

    def may_close(self, month: int) -> bool:
        waiting = any(d.month == month and d.status in ("SUBMITTED", "APPROVED") for d in self.documents.values())
        earlier = all(m in self.closed for m in range(1, month))
        return month not in self.closed and earlier and not waiting

    def post(self, document: Document) -> None:
        document.status, document.outstanding, document.in_erp = "POSTED", document.quantity, "UNACKNOWLEDGED"
        self._move(document.lot, -document.quantity, document.day)
        self.posted += document.quantity

    def void(self, document: Document) -> None:
        document.status = "VOIDED"
        document.outstanding -= document.quantity
        document.in_erp = "UNACKNOWLEDGED" if document.outstanding else "VOIDED"
        self._move(document.lot, document.quantity, document.day)
        self.voided += document.quantity

    def owed(self, lot: str) -> int:
        """Units that the ERP still shows more than the books."""
        return sum(d.outstanding for d in self.documents.values() if d.lot == lot and d.in_erp == "UNACKNOWLEDGED")

    def listed(self, quantities: dict[str, int], day: dt.date) -> None:
        """A newer stock list of a day: at book the ERP has followed; between book and book + owed it is on its way;
        what is beyond that was received."""
        for lot, quantity in quantities.items():
            book, owed = self.lots[lot], self.owed(lot)
            if quantity == book:
                self._followed(lot)
            elif owed >= 0:
                self._move(lot, max(0, quantity - book - owed), day)
        self.lists += 1
        for document in self.documents.values():
            if document.in_erp == "UNACKNOWLEDGED" and not document.outstanding:
                document.in_erp = "ACKNOWLEDGED"

    def _followed(self, lot: str) -> None:
        for document in self.documents.values():
            if document.lot == lot and document.in_erp == "UNACKNOWLEDGED":
                document.outstanding = 0

    @property
    def units(self) -> int:
        return sum(self.lots.values())
