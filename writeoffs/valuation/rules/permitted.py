"""What a framework lets an entity choose: the level of comparison and the cost formula. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

IFRS = "IFRS"
WITH_A_REASON = "only with a documented IAS 2.29 reason"


def level_permitted(framework: str) -> dict[str, bool | str]:
    """Level -> True, False, or the condition in words. IAS 2.29: item by item, similar items of one product line that
    cannot practicably be judged apart together, never all goods. ASC 330-10-35-8 to 35-11: any, kept consistently."""
    ifrs = framework == IFRS
    return {"item": True, "category": WITH_A_REASON if ifrs else True, "total": not ifrs}


def level_refused(framework: str, level: str, reason: str) -> str:
    """Why this level cannot be chosen, or an empty text."""
    permitted = level_permitted(framework)[level.lower()]
    if permitted is False:
        return (
            "IFRS does not compare cost and net realisable value for all stock together (IAS 2.29). Take the item, or "
            "a category of similar items with the reason why they cannot be judged apart."
        )
    if permitted is not True and not reason.strip():
        return (
            "IFRS compares a category as a whole only where its items cannot practicably be judged apart (IAS 2.29). "
            "Give that reason: one product line, similar purpose, sold in one area."
        )
    return ""


def formula_refused(framework: str, formula: str) -> str:
    """Why this cost formula cannot be chosen, or an empty text."""
    if framework == IFRS and formula == "LIFO":
        return "IFRS does not allow last in, first out (IAS 2.25). Take FIFO, weighted average or the specific lot."
    return ""


def bands_refused(bands: Sequence[tuple[int, int | None, Decimal]]) -> str:
    """Why the ageing bands (from days, to days or None: and more, rate) cannot be, naming the band; or an empty text.
    They begin at 0, meet without a gap or an overlap, and the last one is open."""
    expected: int | None = 0
    for place, (first, last, rate) in enumerate(sorted(bands, key=lambda band: band[0]), start=1):
        name = f"Band {place} ({first}–{last} days)" if last is not None else f"Band {place} ({first} days and more)"
        if not 0 <= rate <= 1:
            return f"{name}: the rate {rate} is no fraction between 0 and 1. Write 25 % as 0.25."
        if last is not None and last < first:
            return f"{name} ends before it begins. Swap the two days."
        if expected is None:
            return f"{name} comes after a band that has no end. Give that one its last day, or take this one away."
        if first > expected:
            return f"{name} leaves a gap: no band holds {expected} to {first - 1} days. Begin it at {expected}."
        if first < expected:
            return f"{name} overlaps the band before, which goes to {expected - 1} days. Begin it at {expected}."
        expected = None if last is None else last + 1
    if bands and expected is not None:
        return f"The last band ends at {expected - 1} days: older goods would have no rate. Leave its last day empty."
    return ""
