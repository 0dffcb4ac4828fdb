"""What the framework makes of a computed need: reversals, and where there is none. Pure, raw money."""

from __future__ import annotations

NEW_COST_BASIS = "Written down in an earlier year: that is its new cost basis (ASC 330-10-35-14)."
TEMPORARY = "Expected to recover within the fiscal year: left unbooked (ASC 270-10-45-6)."

NOT_TEMPORARY = "Expected to recover, but booked: only interim periods under US GAAP may wait (ASC 270-10-45-6)."


def required(computed: int, carried: int, *, us_gaap: bool, charged_this_year: int) -> int:
    """IFRS: as computed, so that what is carried above it is reversed (IAS 2.33). US GAAP: never below what earlier
    fiscal years charged; a recovery inside the year goes up to what that year charged (ASC 330-10-35-14; 270-10-45-6).
    """
    if not us_gaap:
        return computed
    return max(computed, carried - min(charged_this_year, carried))
