"""Nordwind Group: both demo companies in EUR, with the treasury's rates of each month since Southgate's opening.

The figures are invented. One average was first typed with two digits turned, and replaced: both versions stand.
"""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Callable
from decimal import Decimal

from core.changes import change_decide
from core.entity_groups import EntityGroup
from core.exchange import AVERAGE, CLOSING, RateGiven, rate_enter
from core.group_changes import GroupGiven, group_request
from core.models import Entity, User
from writeoffs.desk.demo.clock import Clock

Say = Callable[[str], None]
YEAR = 2026
# Month -> average and closing rate, USD to EUR. November is not over: who asks for it is told what is missing.
RATES = {6: ("", "0.8548"), 7: ("0.8571", "0.8612"), 8: ("0.8590", "0.8566"), 9: ("0.8534", "0.8497"),
         10: ("0.8519", "0.8562")}  # fmt: skip


def story(nordwind: Entity, southgate: Entity, people: dict[str, User], clock: Clock, say: Say) -> None:
    keeper = people["controller"]
    change = group_request(
        parent=nordwind,
        user=keeper,
        given=GroupGiven("nordwind-group", "Nordwind Group", "EUR", 1, (nordwind, southgate)),
        reason="The bank asks for one inventory report of both companies in EUR.",
    )
    clock.pass_minutes(25)
    change_decide(change=change, user=people["approver2"], approve=True, comment="As agreed with the bank.")
    group = EntityGroup.objects.get(slug="nordwind-group")
    for month, (average, closing) in RATES.items():
        first, last = dt.date(YEAR, month, 1), dt.date(YEAR, month, calendar.monthrange(YEAR, month)[1])
        name = f"Treasury rate sheet, {calendar.month_name[month]} {YEAR}"
        clock.pass_minutes(2)
        if month == 9:
            _enter(group, keeper, AVERAGE, first, last, "0.8543", name)
            reason = "Two digits were turned; the sheet says 0.8534."
            _enter(group, keeper, AVERAGE, first, last, average, name, reason)
        elif average:
            _enter(group, keeper, AVERAGE, first, last, average, name)
        _enter(group, keeper, CLOSING, last, last, closing, name)
    say("Nordwind Group: both companies are translated until October.")


def _enter(
    group: EntityGroup,
    keeper: User,
    kind: str,
    first: dt.date,
    last: dt.date,
    rate: str,
    source: str,
    reason: str = "",
) -> None:
    given = RateGiven("USD", kind, first, last, Decimal(rate), source, reason)
    rate_enter(group=group, user=keeper, given=given)
