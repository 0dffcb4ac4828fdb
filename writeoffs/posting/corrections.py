"""A material error of an earlier fiscal year, corrected through retained earnings net of tax. Pure.

Invariant: nothing of such a document reaches this year's profit: what the ordinary entry would charge to income goes to
RETAINED_EARNINGS, less the tax on it, which goes to the balance sheet role of the entity's tax policy (IAS 8.42, 8.46;
ASC 250-10-45-23). What the lots lose stays as it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from core.money import at_rate
from writeoffs.ledger.journal import PlannedEntry, PlannedLine
from writeoffs.ledger.roles import ROLES, Section

ZERO = Decimal(0)
_BALANCE = frozenset({Section.ASSET, Section.LIABILITY, Section.EQUITY})

# A count's gains and losses stay two legs here too, so that they are never netted.
LEGS: dict[str, str] = {
    "WRITE_OFF": "CORRECTION",
    "WRITE_DOWN": "CORRECTION",
    "DISPOSAL": "CORRECTION",
    "COUNT_LOSS": "CORRECTION",
    "COUNT_GAIN": "CORRECT_GAIN",
}


@dataclass(frozen=True, slots=True)
class Correction:
    """How a document corrects an earlier year. fiscal_year: the year of the event, which the loss belongs to. tax_role:
    the balance sheet role that takes the tax; empty where no tax follows. rate: a fraction, 0.25 for 25 %."""

    fiscal_year: int
    tax_role: str
    rate: Decimal
    currency: str


def corrected(entries: Sequence[PlannedEntry], correction: Correction | None) -> list[PlannedEntry]:
    """The entries as a correction posts them; unchanged where there is none. Legs that are no loss stay as they are."""
    if correction is None:
        return list(entries)
    return [
        replace(
            entry,
            leg=LEGS[entry.leg],
            description=f"Correction of fiscal year {correction.fiscal_year}, {entry.description.lower()[:1]}"
            f"{entry.description[1:]}"[:200],
            lines=_through_equity(entry.lines, correction),
        )
        if entry.leg in LEGS
        else entry
        for entry in entries
    ]


def _through_equity(lines: Sequence[PlannedLine], correction: Correction) -> list[PlannedLine]:
    income = [line for line in lines if ROLES[line.role].section not in _BALANCE]
    loss = sum((line.amount for line in income), ZERO)
    tax = at_rate(loss, correction.rate, correction.currency) if correction.tax_role else ZERO
    reason = income[0].reason if income else ""
    pairs = (("RETAINED_EARNINGS", loss - tax), (correction.tax_role, tax))
    equity = [PlannedLine(role, amount, reason=reason) for role, amount in pairs if amount]
    return [*equity, *(line for line in lines if ROLES[line.role].section in _BALANCE)]
