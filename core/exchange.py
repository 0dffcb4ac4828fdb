"""Exchange rates: the only writer, what counts now, and which rate translates what.

Invariant: a rate is never changed: another value for the same days is a new version with its reason, and both stand in
the audit trail of the group's parent. What has no rate is said to have none (`Missing`); nothing stands in for it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import transaction

from core import audit
from core.entity_groups import EntityGroup, ExchangeRate, days_text
from core.errors import BadInput, WrongState
from core.group_access import require_controller
from core.idempotency import Answer, Asked, once
from core.models import Upload, User
from core.money import EXCHANGE_SCALE, RAW_LIMIT, from_raw, plain, to_raw
from core.sentences import ended

CLOSING, AVERAGE = ExchangeRate.Kind.CLOSING, ExchangeRate.Kind.AVERAGE
EARLIEST, LONGEST = dt.date(1990, 1, 1), dt.timedelta(days=371)
# A rate that is so many times the one before was probably typed the wrong way round.
UNLIKELY = 2


@dataclass(frozen=True, slots=True)
class RateGiven:
    """A rate as a person gives it. rate None: withdraw what stands. sure: an unlikely value is meant."""

    currency: str
    kind: str
    starts_on: dt.date
    ends_on: dt.date
    rate: Decimal | None
    source: str
    reason: str = ""
    sure: bool = False

    @property
    def days(self) -> str:
        return days_text(self.kind, self.starts_on, self.ends_on)

    @property
    def body(self) -> dict[str, Any]:
        value = None if self.rate is None else plain(self.rate)
        return {"currency": self.currency, "kind": self.kind, "days": self.days, "rate": value}


def rate_enter(
    *, group: EntityGroup, user: User, given: RateGiven, upload: Upload | None = None, key: str = ""
) -> ExchangeRate:
    """Add a rate, or another version of one. NotAllowed without role; BadInput for a value that cannot be; WrongState
    where the same value stands already. key: of the press."""

    def step() -> Answer:
        [made] = rates_add(group=group, user=user, given=[given], upload=upload)
        return Answer(f"{made}: {plain(given.rate) if given.rate else 'withdrawn'}.", {"rate": made.pk})

    body = {**given.body, "source": given.source, "reason": given.reason, "sure": given.sure}
    asked = Asked("rate.enter", f"group:{group.slug}", body)
    answer = once(entity=group.parent, user=user, key=key, asked=asked, step=step)
    return ExchangeRate.objects.get(group=group, pk=answer.result["rate"])


@transaction.atomic
def rates_add(
    *, group: EntityGroup, user: User, given: Sequence[RateGiven], upload: Upload | None = None
) -> list[ExchangeRate]:
    """All of them or none, with one audit event for each. See rate_enter."""
    require_controller(group, user, what="Entering an exchange rate")
    # Two who enter at once: the second waits here and then sees the first one's version.
    EntityGroup.objects.select_for_update(no_key=True).get(pk=group.pk)
    currencies = set(group.entities.values_list("currency", flat=True)) - {group.currency}
    standing = {_days_of(rate): rate for rate in rates_latest(group)}
    made, before = [], []
    for each in given:
        was = standing.get((each.currency, each.kind, each.starts_on, each.ends_on))
        rate_check(group=group, given=each, currencies=currencies, standing=standing.values())
        rate_replaces(each, was)
        rate = _version(group, each, was, user, upload)
        standing[_days_of(rate)] = rate
        made.append(rate)
        before.append(was)
    ExchangeRate.objects.bulk_create(made, batch_size=500)
    events = [_event(group, rate, was, user) for rate, was in zip(made, before, strict=True)]
    audit.record_many(entity=group.parent, events=events)
    return made


def _version(
    group: EntityGroup, given: RateGiven, was: ExchangeRate | None, user: User, upload: Upload | None
) -> ExchangeRate:
    return ExchangeRate(
        group=group,
        currency=given.currency,
        to_currency=group.currency,
        kind=given.kind,
        starts_on=given.starts_on,
        ends_on=given.ends_on,
        version=was.version + 1 if was else 1,
        rate=given.rate,
        source=given.source.strip(),
        reason=given.reason.strip(),
        upload=upload,
        entered_by=user,
    )


def _event(group: EntityGroup, rate: ExchangeRate, before: ExchangeRate | None, user: User) -> audit.NewEvent:
    value = "no rate" if rate.rate is None else plain(rate.rate)
    was = (
        "" if before is None else f" It was {plain(before.rate) if before.rate else 'withdrawn'}: {ended(rate.reason)}"
    )
    return audit.NewEvent(
        user,
        "rate.entered",
        f"{user} entered {value} as {rate} of {group} ({rate.source}).{was}",
        rate.source_ref,
        rate_told(rate),
    )


def rate_told(rate: ExchangeRate) -> dict[str, Any]:
    """What the audit trail keeps of a rate: every field of it (core/exchange_proof.py compares)."""
    return {
        "rate": rate.pk,
        "group": rate.group_id,
        "from": rate.currency,
        "to": rate.to_currency,
        "kind": str(rate.kind),
        "starts_on": rate.starts_on.isoformat(),
        "ends_on": rate.ends_on.isoformat(),
        "version": rate.version,
        "value": None if rate.rate is None else plain(rate.rate),
        "source": rate.source,
        "reason": rate.reason,
        "upload": rate.upload_id,
        "entered_at": rate.entered_at.isoformat(),
    }


def rate_check(*, group: EntityGroup, given: RateGiven, currencies: set[str], standing: Iterable[ExchangeRate]) -> None:
    """BadInput where the rate cannot be one of the group's."""
    pair = f"{given.currency}/{group.currency}"
    if given.currency not in currencies:
        named = ", ".join(sorted(currencies)) or "none: all keep their books in the group's currency"
        raise BadInput(f"{given.currency}: no company of {group} keeps its books in it. Currencies to enter: {named}.")
    _check_days(group, given)
    if not given.source.strip():
        raise BadInput(f"{pair} {given.days}: say who published the rate, something like 'ECB reference rate'.")
    if given.rate is None:
        return
    limit = from_raw(RAW_LIMIT, EXCHANGE_SCALE)
    if not 0 < given.rate <= limit:
        raise BadInput(
            f"{pair} {given.days}: {given.rate} cannot be a rate. Expected more than nil and at most {limit:,.0f}: how "
            f"many {group.currency} one {given.currency} is worth."
        )
    try:
        to_raw(given.rate, EXCHANGE_SCALE)
    except ValueError as error:
        raise BadInput(f"{pair} {given.days}: {error} Round it to {EXCHANGE_SCALE} decimals.") from error
    sentence = "" if given.sure else rate_unlikely(group=group, given=given, standing=standing)
    if sentence:
        raise BadInput(f"{sentence} If it is right, say that it is meant.")


def rate_unlikely(*, group: EntityGroup, given: RateGiven, standing: Iterable[ExchangeRate]) -> str:
    """A sentence where the value is far from the rate of the nearest days; else nothing."""
    known = [rate for rate in standing if rate.currency == given.currency and rate.rate]
    nearest = min(known, key=lambda rate: abs(rate.ends_on - given.ends_on), default=None)
    if nearest is None or nearest.rate is None or given.rate is None:
        return ""
    if nearest.rate / UNLIKELY < given.rate < nearest.rate * UNLIKELY:
        return ""
    return (
        f"{given.currency}/{group.currency} {given.days}: {plain(given.rate)} is far from {plain(nearest.rate)}, the "
        f"rate {nearest.days}. A rate says how many {group.currency} one {given.currency} is worth."
    )


def _check_days(group: EntityGroup, given: RateGiven) -> None:
    today = group.parent.local_date()
    if given.kind not in (CLOSING, AVERAGE):
        raise BadInput(f"'{given.kind}' is no kind of rate. Expected CLOSING (of a day) or AVERAGE (of some days).")
    if given.starts_on < EARLIEST or given.starts_on > today:
        raise BadInput(
            f"{given.starts_on.isoformat()}: a rate is known once its day has come. Give a day from "
            f"{EARLIEST.isoformat()} to {today.isoformat()}."
        )
    if given.ends_on < given.starts_on:
        raise BadInput(f"{given.ends_on.isoformat()} is before {given.starts_on.isoformat()}. Give the later day last.")
    if given.kind == CLOSING and given.starts_on != given.ends_on:
        raise BadInput(f"A closing rate is of one day, not of {given.days}. Give one day.")
    if given.ends_on - given.starts_on > LONGEST:
        raise BadInput(f"{given.days}: an average is of a year at most. Give the averages of its months.")


def rate_replaces(given: RateGiven, before: ExchangeRate | None) -> None:
    """WrongState or BadInput where the rate cannot stand behind the one that is there."""
    if before is None:
        if given.rate is None:
            raise WrongState(f"{given.currency} {given.days}: there is no rate to withdraw.")
        return
    if before.rate == given.rate:
        raise WrongState(f"{before}: {plain(before.rate) if before.rate else 'no rate'} stands already.")
    if not given.reason.strip():
        raise BadInput(
            f"{before} is {plain(before.rate) if before.rate else 'withdrawn'} already, from {before.source}. Say why "
            "another one replaces it: reports were made with the one that stands."
        )


# --- what counts ------------------------------------------------------------------------------------------------------

Days = tuple[str, str, dt.date, dt.date]


def _days_of(rate: ExchangeRate) -> Days:
    return rate.currency, rate.kind, rate.starts_on, rate.ends_on


def rates_latest(group: EntityGroup) -> list[ExchangeRate]:
    """The last version for each currency, kind and days, withdrawn ones included. One query."""
    rows = ExchangeRate.objects.filter(group=group).select_related("entered_by").order_by("version")
    return list({_days_of(rate): rate for rate in rows}.values())


@dataclass(frozen=True, slots=True)
class Missing:
    """A rate that is needed and not there."""

    currency: str
    to_currency: str
    kind: str
    starts_on: dt.date
    ends_on: dt.date

    @property
    def sentence(self) -> str:
        word = "closing" if self.kind == CLOSING else "average"
        days = days_text(self.kind, self.starts_on, self.ends_on)
        return f"There is no {word} rate from {self.currency} to {self.to_currency} {days}."


class RateBook:
    """The rates of a group that count now. Read with one query; asked as often as wanted."""

    def __init__(self, group: EntityGroup) -> None:
        self.group = group
        self.rates: Mapping[Days, ExchangeRate] = {
            _days_of(rate): rate for rate in rates_latest(group) if rate.rate is not None
        }

    def closing(self, currency: str, day: dt.date) -> ExchangeRate | Missing:
        """The closing rate of the day itself: another day's is another rate."""
        found = self.rates.get((currency, CLOSING, day, day))
        return found or Missing(currency, self.group.currency, CLOSING, day, day)

    def average(self, currency: str, month: tuple[dt.date, dt.date], span: tuple[dt.date, dt.date]) -> Any:
        """ExchangeRate or Missing for what was posted in a month's days: the average over exactly the days that are
        reported, else the one over the fewest days that holds the month."""
        exact = self.rates.get((currency, AVERAGE, *span))
        if exact:
            return exact
        first, last = month
        holding = [
            rate
            for (code, kind, starts_on, ends_on), rate in self.rates.items()
            if code == currency and kind == AVERAGE and starts_on <= first and last <= ends_on
        ]
        if holding:
            return min(holding, key=lambda rate: (rate.ends_on - rate.starts_on, rate.starts_on))
        return Missing(currency, self.group.currency, AVERAGE, first, last)
