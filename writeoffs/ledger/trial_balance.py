"""The ERP's trial balance: which period it is of, its commit, its digest, and which one counts.

Invariant: versions of a period are numbered without gaps and only ever added, each not older than the one before; the
digest covers every field of the balance and all its lines in the order of their codes.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
from collections.abc import Iterable
from typing import Any

from django.db import connection
from django.db.models import Max, Q
from django.urls import reverse

from core.errors import BadInput, OutdatedList
from core.models import Entity, Upload, User
from core.money import MONEY_SCALE, from_raw, to_raw
from core.records import Record
from core.sheets.kinds import Committed
from writeoffs.ledger.chart import accounts_told
from writeoffs.ledger.models import (
    Account,
    FiscalPeriod,
    StagedBalance,
    TieOutAcceptance,
    TrialBalance,
    TrialBalanceLine,
)

CODE = "trial_balance"
LEAVE = "leave"
# `record` of the event that tells of an accepted difference.
ACCEPTED = Record(
    (TieOutAcceptance,), [["accepted_at accepted_by_id account_id amount change_id entity_id trial_balance_id"]]
)
_PERIOD_CODE = re.compile(r"(\d{4})-(\d{2})")
# The last months and the year before: nobody ties older ones.
_OFFERED = 26


def period_choices(entity: Entity) -> tuple[tuple[str, str], ...]:
    """The periods that have begun, newest first; the first choice is the one of the moment."""
    begun = FiscalPeriod.objects.filter(entity=entity, starts_on__lte=entity.local_date()).order_by(
        "-starts_on", "-number"
    )
    periods = tuple((p.code, f"{p}, {p.get_status_display().lower()}") for p in begun[:_OFFERED])
    return (("", "The one that contains the moment above"), *periods)


def period_of_upload(upload: Upload) -> FiscalPeriod:
    """BadInput where there is none, or where it does not contain the moment that the upload speaks of."""
    entity, day = upload.entity, upload.entity.local_date(upload.as_of)
    periods = FiscalPeriod.objects.filter(entity=entity)
    chosen = str(upload.options.get("period", ""))
    match = _PERIOD_CODE.fullmatch(chosen)
    if match:
        period = periods.filter(fiscal_year=int(match[1]), number=int(match[2])).first()
    else:
        # A thirteenth period has the days of the twelfth's last one, and is chosen by name only.
        period = periods.filter(starts_on__lte=day, ends_on__gte=day, number__lte=12).first()
    if period is None:
        raise BadInput(
            f"{entity} has no fiscal period {chosen or f'for {day.isoformat()}'}. A controller opens the fiscal year "
            "first."
        )
    if not period.starts_on <= day <= period.ends_on:
        raise BadInput(
            f"The trial balance speaks of {day.isoformat()}, which is no day of {period}. Give the moment at which the "
            f"ERP drew the balances, at the latest the end of {period.ends_on.isoformat()}, or choose another period."
        )
    return period


def refuse_older(upload: Upload, period: FiscalPeriod) -> None:
    """OutdatedList where the period has a trial balance of a later moment: the newer one would be superseded."""
    newer = TrialBalance.objects.filter(period=period, as_of__gt=upload.as_of).order_by("-version").first()
    if newer is not None:
        raise OutdatedList(
            f"{period} has a trial balance as of {upload.entity.local_date(newer.as_of).isoformat()} already, which is "
            "newer than this one. Draw a fresh one from the ERP and upload that."
        )


def trial_balance_commit(*, upload: Upload, user: User) -> Committed:
    """From staging to a further version of the period's trial balance. The caller holds the entity's lock."""
    period = period_of_upload(upload)
    # Two uploads of one period at once: versions are taken one after the other.
    FiscalPeriod.objects.select_for_update().get(pk=period.pk)
    added, changed = _chart_add(upload)
    version = (TrialBalance.objects.filter(period=period).aggregate(last=Max("version"))["last"] or 0) + 1
    staged = list(
        StagedBalance.objects.filter(upload_id=upload.pk).order_by("code").values_list("code", "balance", "opening")
    )
    balance = TrialBalance(
        entity=upload.entity,
        period=period,
        version=version,
        upload=upload,
        as_of=upload.as_of,
        received_at=upload.created_at,
        covers=upload.options.get("covers") or TrialBalance.Covers.YEAR,
        line_count=len(staged),
        debit=from_raw(sum(max(amount, 0) for _, amount, _ in staged), MONEY_SCALE),
        committed_by=user,
    )
    balance.digest = content_digest(balance, _staged_content(upload))
    balance.save()
    _lines_insert(upload, balance)
    instead = f" It takes the place of version {version - 1}, which is kept." if version > 1 else ""
    grown = f" {len(added):,} accounts were added to the chart." if added else ""
    return Committed(
        message=f"The trial balance of {period} is kept: {len(staged):,} accounts.{grown}{instead}",
        url=reverse("ledger:trial_balance", args=[upload.entity.slug, balance.pk]),
        told={
            "trial_balance": balance.pk,
            "digest": balance.digest,
            "accounts_added": added,
            **accounts_told(upload.entity, {*added, *changed}),
        },
    )


def _chart_add(upload: Upload) -> tuple[list[str], list[str]]:
    """Accounts that the chart does not know and the sheet gives a section; their codes. An account that has no
    liquidity yet takes the sheet's: the second list."""
    entity = upload.entity
    known = dict(Account.objects.filter(entity=entity).values_list("code", "liquidity"))
    rows = StagedBalance.objects.filter(upload_id=upload.pk).order_by("row")
    new = [] if upload.options.get("unknown") == LEAVE else [r for r in rows if r.section and r.code not in known]
    Account.objects.bulk_create(
        Account(entity=entity, code=r.code, name=r.name or r.code, section=r.section, liquidity=r.liquidity)
        for r in new
    )
    silent = {r.code: r.liquidity for r in rows if r.liquidity and known.get(r.code) == ""}
    accounts = list(Account.objects.filter(entity=entity, code__in=silent, liquidity="")) if silent else []
    for account in accounts:
        account.liquidity = silent[account.code]
    Account.objects.bulk_update(accounts, ["liquidity"])
    return [r.code for r in new], [account.code for account in accounts]


_JOINED = (
    "from ledger_stagedbalance s left join ledger_account a on a.entity_id = %s and a.code = s.code "
    "where s.upload_id = %s"
)


def _staged_content(upload: Upload) -> list[tuple[Any, ...]]:
    """What the lines will be, for the digest."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"select s.row, s.code, s.name, a.id, s.section, s.liquidity, s.balance, s.opening {_JOINED} "
            "order by s.code, s.row",
            [upload.entity_id, upload.pk],
        )
        return list(cursor.fetchall())


def _lines_insert(upload: Upload, balance: TrialBalance) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into ledger_trialbalanceline "
            "(trial_balance_id, row, code, name, account_id, section, liquidity, balance, opening) "
            f"select %s, s.row, s.code, s.name, a.id, s.section, s.liquidity, s.balance, s.opening {_JOINED} "
            "order by s.row",
            [balance.pk, upload.entity_id, upload.pk],
        )


def content_digest(balance: TrialBalance, lines: Iterable[tuple[Any, ...]]) -> str:
    """SHA-256 (hex) over the balance and its lines: (row, code, name, account, section, liquidity, raw balance, raw
    opening). Sorted here, since the two engines collate codes differently."""
    head = [
        1,
        balance.entity_id,
        balance.period_id,
        balance.version,
        balance.upload_id,
        _utc(balance.as_of),
        _utc(balance.received_at),
        balance.covers,
        balance.line_count,
        to_raw(balance.debit, MONEY_SCALE),
        _utc(balance.committed_at),
        balance.committed_by_id,
    ]
    ordered = sorted((list(line) for line in lines), key=lambda line: (line[1], line[0]))
    text = json.dumps([head, ordered], ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _utc(moment: dt.datetime) -> str:
    return moment.astimezone(dt.UTC).isoformat(timespec="microseconds")


def lines_content(balance: TrialBalance) -> list[tuple[Any, ...]]:
    """The stored lines as `content_digest` takes them."""
    names = ("row", "code", "name", "account_id", "section", "liquidity", "balance", "opening")
    lines = TrialBalanceLine.objects.filter(trial_balance=balance).values_list(*names)
    return [
        (*line[:6], to_raw(line[6], MONEY_SCALE), None if line[7] is None else to_raw(line[7], MONEY_SCALE))
        for line in lines
    ]


def trial_balance_of(*, period: FiscalPeriod) -> TrialBalance | None:
    """The version that counts; None where the period has none."""
    return (
        TrialBalance.objects.filter(period=period)
        .select_related("entity", "period", "upload", "committed_by")
        .order_by("-version")
        .first()
    )


def trial_balance_before(*, entity: Entity, day: dt.date, fiscal_year: int) -> TrialBalance | None:
    """The one of the period that contains the day, else the latest earlier one of its fiscal year."""
    found = TrialBalance.objects.filter(
        Q(period__starts_on__lte=day), entity=entity, period__fiscal_year=fiscal_year, period__number__lte=12
    )
    return (
        found.select_related("entity", "period", "upload", "committed_by")
        .order_by("-period__starts_on", "-version")
        .first()
    )
