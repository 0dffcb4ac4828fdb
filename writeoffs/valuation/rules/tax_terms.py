"""What tax law says of a loss of one reason at one place: when it is deductible, at which rate, whether input tax has
to be repaid, and which papers prove it. Pure.

Sources: IAS 12.12, 12.24; ASC 740-10-25-20, 740-10-30-5; Treas. Reg. 1.471-2(c), 1.471-4; Thor Power Tool, 439 U.S.
522; VAT Directive art. 185(2).
"""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from core.money import at_rate
from core.words import TaxTiming

ZERO, ONE = Decimal(0), Decimal(1)


class Timing(enum.StrEnum):
    """EVIDENCE: at recognition where the papers are there (and the goods were offered in time), else at disposal."""

    RECOGNITION = TaxTiming.RECOGNITION.value
    DISPOSAL = TaxTiming.DISPOSAL.value
    NEVER = TaxTiming.NEVER.value
    EVIDENCE = "EVIDENCE"


class InputTax(enum.StrEnum):
    """Whether the input tax that was deducted on goods that are gone is repaid."""

    NONE = "NONE"
    UNLESS_PROVED = "UNLESS_PROVED"
    REPAY = "REPAY"


@dataclass(frozen=True, slots=True)
class Terms:
    """rate, input_rate, recoverable: fractions; recoverable: the part of a deferred tax asset that will be used (IAS
    12.24). offer_days: the goods were really offered at the lower price within so many days of the inventory date;
    None: not asked. evidence: papers, in words. named: what it is called; reason "": of every reason."""

    timing: str
    rate: Decimal
    recoverable: Decimal = ONE
    input_tax: str = InputTax.NONE.value
    input_rate: Decimal = ZERO
    evidence: tuple[str, ...] = ()
    offer_days: int | None = None
    jurisdiction: str = ""
    named: str = "The company's tax policy"


@dataclass(frozen=True, slots=True)
class Rule:
    """Terms from a day on. reason "", location None: of all. order: the later of two of the same day counts."""

    reason: str
    location_id: int | None
    starts_on: dt.date
    order: int
    terms: Terms


def terms_of(rules: Sequence[Rule], default: Terms, *, reason: str, location_id: int | None, day: dt.date) -> Terms:
    """Those in force that day: of what fits, the most specific (place and reason, place, reason, all), the latest."""
    fitting = [
        rule
        for rule in rules
        if rule.starts_on <= day and rule.reason in ("", reason) and rule.location_id in (None, location_id)
    ]
    best = max(
        fitting,
        key=lambda rule: (rule.location_id is not None, bool(rule.reason), rule.starts_on, rule.order),
        default=None,
    )
    return best.terms if best else default


@dataclass(frozen=True, slots=True)
class Proof:
    """What is known of one document and lot. complete: every paper that the terms ask for is attached. offered_on: when
    the goods were offered at the lower price, inventory_on: the day as of which they were valued."""

    complete: bool = False
    offered_on: dt.date | None = None
    inventory_on: dt.date | None = None


def deductible_now(terms: Terms, proof: Proof) -> bool:
    """Whether a loss on goods that stay is deductible in the period that recognises it."""
    if terms.timing == Timing.RECOGNITION:
        return True
    return terms.timing == Timing.EVIDENCE and proof.complete and offered_in_time(terms, proof)


def offered_in_time(terms: Terms, proof: Proof) -> bool:
    """The offer test, passed where the terms do not ask for one: offered not later than offer_days after the inventory
    date (Treas. Reg. 1.471-2(c))."""
    if terms.offer_days is None:
        return True
    if proof.offered_on is None or proof.inventory_on is None:
        return False
    return (proof.offered_on - proof.inventory_on).days <= terms.offer_days


def input_tax(terms: Terms, *, cost: Decimal, proved: bool, currency: str) -> Decimal:
    """What has to be repaid of the input tax on goods of that cost that are gone."""
    asked = terms.input_tax == InputTax.REPAY or (terms.input_tax == InputTax.UNLESS_PROVED and not proved)
    return at_rate(cost, terms.input_rate, currency) if asked else ZERO
