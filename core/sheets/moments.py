"""Which moments a sheet may speak of. The moment decides its posting date and which lists are older."""

from __future__ import annotations

import datetime as dt

from django.utils import timezone

from core.errors import BadInput

FIRST_YEAR = 1990
# Clocks of an ERP, a browser and this server are never quite the same.
SKEW = dt.timedelta(minutes=5)


def as_of_check(as_of: dt.datetime) -> None:
    """BadInput for a moment that has not come yet, or that no stock list of today speaks of."""
    if as_of.year < FIRST_YEAR:
        raise BadInput(
            f"As of {as_of.isoformat(' ', 'minutes')} lies before {FIRST_YEAR}. "
            "Enter the moment at which the sheet was drawn."
        )
    now = timezone.now()
    if as_of > now + SKEW:
        raise BadInput(
            f"As of {as_of:%Y-%m-%d %H:%M %Z} has not come yet: it is {now.astimezone(as_of.tzinfo):%Y-%m-%d %H:%M}. "
            "Enter the moment at which the sheet was drawn."
        )
