"""A company in memory: what its books must hold after each step, worked out without the product.

Lots of 40.00 a unit and whole quantities, so that every amount is exact. One proposal writes off units of one lot.
"""

from __future__ import annotations

import datetime as dt
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
    """lots: code -> units. closed: months of 2026 that are closed; asked: months that somebody asked to re-open, by
    whom. Before 2026 everything is closed."""

    lots: dict[str, int]
    documents: dict[str, Document] = field(default_factory=dict)
    closed: set[int] = field(default_factory=set)
    asked: dict[int, str] = field(default_factory=dict)
    posted: int = 0
    voided: int = 0
    counts: int = 0
    lists: int = 0

    def takes(self, day: dt.date) -> bool:
        return day.month not in self.closed

    def may_create(self, lot: str, quantity: int, day: dt.date) -> bool:
        return self.takes(day) and 0 < quantity <= self.lots[lot]

    def may_close(self, month: int) -> bool:
        waiting = any(d.month == month and d.status in ("SUBMITTED", "APPROVED") for d in self.documents.values())
        earlier = all(m in self.closed for m in range(1, month))
        return month not in self.closed and earlier and not waiting

    def post(self, document: Document) -> None:
        document.status, document.outstanding, document.in_erp = "POSTED", document.quantity, "UNACKNOWLEDGED"
        self.lots[document.lot] -= document.quantity
        self.posted += document.quantity

    def void(self, document: Document) -> None:
        document.status = "VOIDED"
        document.outstanding -= document.quantity
        document.in_erp = "UNACKNOWLEDGED" if document.outstanding else "VOIDED"
        self.lots[document.lot] += document.quantity
        self.voided += document.quantity

    def owed(self, lot: str) -> int:
        """Units that the ERP still shows more than the books."""
        return sum(d.outstanding for d in self.documents.values() if d.lot == lot and d.in_erp == "UNACKNOWLEDGED")

    def listed(self, quantities: dict[str, int]) -> None:
        """A newer stock list: at book the ERP has followed; between book and book + owed it is on its way; what is
        beyond that was received."""
        for lot, quantity in quantities.items():
            book, owed = self.lots[lot], self.owed(lot)
            if quantity == book:
                self._followed(lot)
            elif owed >= 0:
                self.lots[lot] += max(0, quantity - book - owed)
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
