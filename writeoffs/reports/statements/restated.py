"""Material errors of earlier fiscal years: what each does to the year that it corrects. Pure.

Invariant: as reported + corrections = restated, on every line. A correction is posted through retained earnings in an
open period; the year that it belongs to would have borne the same amounts as a loss and as tax on it (IAS 8.42(a),
8.49; ASC 250-10-45-23, 250-10-50-7).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from writeoffs.ledger.roles import NET_INVENTORY_ROLES, loss_role
from writeoffs.reports.statements.spans import Span

ZERO = Decimal(0)
_TAX_EXPENSE = {"CURRENT_TAX_PAYABLE": "CURRENT_TAX_EXPENSE", "DEFERRED_TAX_ASSET": "DEFERRED_TAX_EXPENSE"}


@dataclass(frozen=True, slots=True)
class CorrectionFact:
    """A correction of an earlier fiscal year as it stands, what was voided of it taken off. posted: (role, amount),
    debit +, credit -. year: the fiscal year of the event, corrected by it. why: as the preparer said it."""

    number: str
    kind: str
    reason: str
    reason_label: str
    why: str
    year: int
    event_on: dt.date
    posted_on: dt.date
    posted: tuple[tuple[str, Decimal], ...]

    def _of(self, *roles: str) -> Decimal:
        return sum((amount for role, amount in self.posted if role in roles), ZERO)

    @property
    def equity(self) -> Decimal:
        """Effect on opening retained earnings of the year after: less is negative."""
        return ZERO - self._of("RETAINED_EARNINGS")

    @property
    def tax(self) -> Decimal:
        """Tax on it: a saving is positive."""
        return self._of(*_TAX_EXPENSE)

    @property
    def inventory(self) -> Decimal:
        """Change in net inventory."""
        return self._of(*NET_INVENTORY_ROLES)

    @property
    def before_tax(self) -> Decimal:
        """Effect on that year's profit before tax: a loss is negative."""
        return self.equity - self.tax

    @property
    def restated(self) -> tuple[tuple[str, Decimal], ...]:
        """What the year would have booked: the loss and the tax on it in the place of retained earnings."""
        kept = tuple((role, amount) for role, amount in self.posted if role != "RETAINED_EARNINGS")
        tax = tuple((_TAX_EXPENSE[role], ZERO - amount) for role, amount in kept if role in _TAX_EXPENSE)
        return ((loss_role(self.reason), ZERO - self.before_tax), *tax, *kept)


def corrections_of(span: Span | None, corrections: Sequence[CorrectionFact]) -> tuple[CorrectionFact, ...]:
    """Those whose event lies in the span, so that its profit is restated; oldest first."""
    if span is None:
        return ()
    found = (c for c in corrections if span.starts_on <= c.event_on <= span.ends_on < c.posted_on)
    return tuple(sorted(found, key=lambda c: (c.event_on, c.number)))


def balances_of(span: Span, corrections: Sequence[CorrectionFact]) -> tuple[CorrectionFact, ...]:
    """Those whose event had happened by the span's end, but which were posted later: its closing balances are
    restated."""
    found = (c for c in corrections if c.event_on <= span.ends_on < c.posted_on)
    return tuple(sorted(found, key=lambda c: (c.event_on, c.number)))


def disclosed(span: Span, compared: Span | None, corrections: Sequence[CorrectionFact]) -> tuple[CorrectionFact, ...]:
    """Those that a report of these spans tells of: posted in the span, or restating one of them."""
    told = {c.number for of in (span, compared) for c in corrections_of(of, corrections)}
    told |= {c.number for c in corrections if span.starts_on <= c.posted_on <= span.ends_on}
    return tuple(c for c in sorted(corrections, key=lambda c: (c.posted_on, c.number)) if c.number in told)
