"""Exchange rates as a sheet: currency, kind, days, rate, source. It belongs to the company that keeps the group.

Invariant: what is on the sheet is entered as by hand (core/exchange.py): by a controller who reads every company of the
group, each row that says something else than what stands as another version, with its reason.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.urls import reverse

from core.entity_groups import EntityGroup, ExchangeRate, StagedRate
from core.errors import BadInput, DomainError, NotAllowed
from core.exchange import (
    AVERAGE,
    CLOSING,
    RateGiven,
    rate_check,
    rate_replaces,
    rate_unlikely,
    rates_add,
    rates_latest,
)
from core.group_access import groups_of
from core.models import Entity, Upload, User
from core.money import EXCHANGE_SCALE, to_raw
from core.sheets.kinds import Cell, Chunk, Column, Committed, Issues, Option, SheetKind, Summary, register
from core.sheets.texts import Complaint, decimal_mark_of, number_of
from core.words import Role

COLUMNS = (
    Column(
        "currency", "From", Cell.TEXT, required=True, filled=True, max_length=3,
        aliases=("from", "from currency", "currency code", "iso", "währung", "devise"), example="USD",
    ),
    Column(
        "kind", "Kind", Cell.TEXT, max_length=20, aliases=("type", "rate type", "kursart"), example="closing",
        help="closing or average. Empty: an average where a first day is given, else a closing rate.",
    ),
    Column(
        "first_day", "First day", Cell.DATE, aliases=("from date", "start", "starts on", "von"),
        help="Of an average only.", example="2026-03-01",
    ),
    Column(
        "last_day", "Day, or last day", Cell.DATE, required=True, filled=True,
        aliases=("date", "day", "as of", "to date", "end", "ends on", "bis", "datum"), example="2026-03-31",
    ),
    Column(
        "rate", "Rate", Cell.TEXT, required=True, filled=True, max_length=30,
        aliases=("exchange rate", "value", "kurs", "taux"), example="0.9215",
        help="How many units of the group's currency one unit is worth, up to ten decimals.",
    ),
    Column(
        "source", "Source", Cell.TEXT, required=True, filled=True, max_length=120,
        aliases=("published by", "quelle"), example="ECB reference rate", help="Who published it.",
    ),
    Column(
        "reason", "Why it replaces another", Cell.TEXT, max_length=200, aliases=("why", "comment", "grund"),
        help="Only where these days have another rate already.",
    ),
)  # fmt: skip
KINDS = {
    **dict.fromkeys(("closing", "closing rate", "spot", "c", "stichtag"), CLOSING),
    **dict.fromkeys(("average", "average rate", "avg", "a", "durchschnitt"), AVERAGE),
}


def _groups_kept(entity: Entity) -> tuple[tuple[str, str], ...]:
    return tuple(EntityGroup.objects.filter(parent=entity).order_by("name").values_list("slug", "name"))


@dataclass(slots=True)
class RateCheck:
    group: EntityGroup
    currencies: set[str]
    standing: dict[tuple[str, str, dt.date, dt.date], ExchangeRate]
    seen: dict[tuple[str, str, dt.date, dt.date], int] = field(default_factory=dict)
    new: int = 0
    replacing: int = 0
    unchanged: int = 0


class RateKind(SheetKind):
    code = "exchange_rates"
    title = "Exchange rate list"
    lead = "Closing and average rates of a group that this company keeps. What stands already stays as it is."
    columns = COLUMNS
    upload_roles = (Role.CONTROLLER,)
    commit_roles = (Role.CONTROLLER,)
    options = (Option("group", "Group", choices_of=_groups_kept),)
    asks_control_total = False
    staging_table = StagedRate._meta.db_table
    staging_columns = ("row", "currency", "kind", "starts_on", "ends_on", "rate", "source", "reason")

    def offered_to(self, entity: Entity) -> bool:
        return EntityGroup.objects.filter(parent=entity).exists()

    def precheck(self, upload: Upload) -> None:
        group = _group(upload)
        if not groups_of(upload.created_by).filter(pk=group.pk).exists():
            raise NotAllowed("Rates of a group are entered by those who may read every company of it. Ask one of them.")

    def begin(self, upload: Upload) -> RateCheck:
        group = _group(upload)
        currencies = set(group.entities.values_list("currency", flat=True)) - {group.currency}
        standing = {(r.currency, str(r.kind), r.starts_on, r.ends_on): r for r in rates_latest(group)}
        return RateCheck(group, currencies, standing)

    def check_chunk(self, context: RateCheck, chunk: Chunk, issues: Issues) -> list[tuple[Any, ...]]:
        empty = [""] * len(chunk.rows)
        cells = (chunk.columns.get(column.name, empty) for column in COLUMNS)
        # One mark for all: 0,923 beside 1,234 says what the comma of both is.
        mark = decimal_mark_of(chunk.columns.get("rate", [])) or "."
        staged = []
        for place, (row, *values) in enumerate(zip(chunk.rows, *cells, strict=True)):
            if place in chunk.bad:
                continue
            given = _given(issues, row, values, mark)
            if given is not None and _fits(context, issues, row, given):
                staged.append(_staged(row, given))
        return staged

    def finish(self, context: RateCheck, upload: Upload, issues: Issues) -> Summary:
        figures = [
            ("New", str(context.new)),
            ("Replacing another", str(context.replacing)),
            ("Standing already", str(context.unchanged)),
        ]
        many = context.new + context.replacing
        return Summary(
            rows=len(context.seen),
            figures=figures,
            commit_label=f"Enter {many} {'rate' if many == 1 else 'rates'} of {context.group}",
        )

    @transaction.atomic
    def commit(self, upload: Upload, user: User) -> Committed:
        group = _group(upload)
        rows = StagedRate.objects.filter(upload_id=upload.pk).order_by("row")
        given = [
            RateGiven(r.currency, r.kind, r.starts_on, r.ends_on, r.rate, r.source, r.reason, sure=True) for r in rows
        ]
        made = rates_add(group=group, user=user, given=given, upload=upload)
        message = f"{len(made)} exchange {'rate' if len(made) == 1 else 'rates'} of {group} entered."
        return Committed(message=message, url=reverse("groups:rates", args=[group.slug]))


def _group(upload: Upload) -> EntityGroup:
    kept = EntityGroup.objects.filter(parent=upload.entity, slug=upload.options.get("group", "")).first()
    if kept is None:
        raise BadInput(f"{upload.entity} keeps no such group of companies. Upload the rates where the group is kept.")
    return kept


def _given(issues: Issues, row: int, values: list[Any], mark: str) -> RateGiven | None:
    """The row as a rate, or None after a complaint."""
    currency, kind_text, first, last, rate_text, source, reason = values
    kind = KINDS.get(kind_text.strip().casefold()) if kind_text else (AVERAGE if first else CLOSING)
    rate: Decimal | None = None
    try:
        rate = number_of(rate_text, mark)
    except Complaint as complaint:
        issues.error("not_a_rate", row, "rate", rate_text, f"Row {row}, rate: {complaint.message}")
    if kind is None:
        issues.error(
            "unknown_kind", row, "kind", kind_text,
            f"Row {row}, kind: '{kind_text}' is neither closing nor average. Expected one of the two.",
        )  # fmt: skip
    if kind == AVERAGE and not first:
        issues.error("no_first_day", row, "first_day", "", f"Row {row}, first day: an average needs its first day.")
    if rate is None or kind is None or (kind == AVERAGE and not first):
        return None
    ends_on = dt.date.fromisoformat(last)
    starts_on = dt.date.fromisoformat(first) if first and kind == AVERAGE else ends_on
    return RateGiven(currency.upper(), str(kind), starts_on, ends_on, rate, source, reason, sure=True)


def _fits(check: RateCheck, issues: Issues, row: int, given: RateGiven) -> bool:
    """Whether the row is to be entered; counts it. A complaint says why not; one that stands already needs none."""
    days = (given.currency, given.kind, given.starts_on, given.ends_on)
    first = check.seen.setdefault(days, row)
    if first != row:
        issues.error(
            "rate_twice", row, "last_day", given.ends_on,
            f"Rows {first} and {row} are both the rate of {given.currency} {given.days}. Keep one of them.",
        )  # fmt: skip
        return False
    standing = check.standing.get(days)
    if standing is not None and standing.rate == given.rate:
        check.unchanged += 1
        return False
    others = check.standing.values()
    try:
        rate_check(group=check.group, given=given, currencies=check.currencies, standing=others)
        rate_replaces(given, standing)
    except DomainError as error:
        issues.error("not_taken", row, "rate", given.rate, f"Row {row}: {error.message}")
        return False
    sentence = rate_unlikely(group=check.group, given=given, standing=others)
    if sentence:
        issues.warning("unlikely_rate", row, "rate", given.rate, f"Row {row}: {sentence} Is it the right way round?")
    check.new += standing is None
    check.replacing += standing is not None
    return True


def _staged(row: int, given: RateGiven) -> tuple[Any, ...]:
    assert given.rate is not None
    days = given.starts_on.isoformat(), given.ends_on.isoformat()
    raw = to_raw(given.rate, EXCHANGE_SCALE)
    return row, given.currency, given.kind, *days, raw, given.source, given.reason


def connect() -> None:
    """Called when Django is ready."""
    register(RateKind())
