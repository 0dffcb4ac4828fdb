"""Asks for new approval limits and, when a second person agrees, makes the version that is in force from its day on.

Invariant: nobody raises their own limit alone: whoever asks does not decide, and who would gain by it does not either.
"""

from __future__ import annotations

import datetime as dt
import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Max

from core import audit
from core.changes import ChangeKind, change_request
from core.errors import BadInput, DomainError, SegregationOfDuties, WrongState
from core.models import Category, ChangeRequest, Entity, Location, Membership, User
from core.money import display_money, is_whole_unit, plain
from core.words import Reason, Role
from writeoffs.proposals.limit_proof import LIMITS, limits_rows
from writeoffs.proposals.models import ApprovalBand, ApprovalLimits, ApprovalTitle, TitleHolder

KIND = "approval.limits"
SUBJECT = "approval_limits"
_NO_LIMIT = Decimal("Infinity")


@dataclass(frozen=True, slots=True)
class TitleInput:
    """A title and who holds it; the first one approves least."""

    name: str
    holders: Sequence[User]


@dataclass(frozen=True, slots=True)
class BandInput:
    """Up to up_to (inclusive, None without a limit) the title of that name approves, for the conditions given."""

    title: str
    up_to: Decimal | None
    reason: str = ""
    category: Category | None = None
    location: Location | None = None


def title_code(name: str) -> str:
    """CFO, WAREHOUSE_MANAGER: capitals, digits and underscores."""
    return re.sub(r"[^A-Z0-9]+", "_", name.upper()).strip("_")


def limits_request(
    *,
    entity: Entity,
    user: User,
    titles: Sequence[TitleInput],
    bands: Sequence[BandInput],
    starts_on: dt.date,
    why: str,
    key: str = "",
) -> ChangeRequest:
    """Ask for limits. BadInput names the title or band that cannot be; WrongState where some wait already."""
    limits_check(entity=entity, titles=titles, bands=bands, starts_on=starts_on)
    details = {
        "starts_on": starts_on.isoformat(),
        "titles": [{"name": t.name.strip(), "holders": sorted({u.pk for u in t.holders})} for t in titles],
        "bands": [
            {
                "title": band.title.strip(),
                "up_to": None if band.up_to is None else plain(band.up_to),
                "reason": band.reason,
                "category": band.category.pk if band.category else None,
                "location": band.location.pk if band.location else None,
            }
            for band in bands
        ],
        "after": _last(entity),
    }
    said = "; ".join(_band_said(entity, band) for band in bands)
    return change_request(
        entity=entity,
        kind=KIND,
        subject=SUBJECT,
        summary=f"Approval limits from {starts_on.isoformat()}: {said}"[:200],
        reason=why,
        user=user,
        details=details,
        key=key,
    )


def _last(entity: Entity) -> int:
    found: int | None = ApprovalLimits.objects.filter(entity=entity).aggregate(last=Max("version"))["last"]
    return found or 0


def _band_said(entity: Entity, band: BandInput) -> str:
    amount = "any amount" if band.up_to is None else f"up to {display_money(band.up_to, entity.currency)}"
    places = [str(one) for one in (band.location, band.category) if one]
    where = [*places, *([Reason(band.reason).label.lower()] if band.reason else [])]
    return f"{band.title} {amount}" + (f" ({', '.join(where)})" if where else "")


def limits_check(
    *, entity: Entity, titles: Sequence[TitleInput], bands: Sequence[BandInput], starts_on: dt.date
) -> None:
    """BadInput where the limits cannot be: each title is held by approvers, each band has a title, limits rise with the
    titles, and something reaches every amount."""
    if starts_on < entity.local_date():
        raise BadInput(
            f"Limits from {starts_on.isoformat()} would lie in the past. Take {entity.local_date().isoformat()}, "
            "today, or a later day: what was approved stays approved under the limits of its day."
        )
    if not titles or not bands:
        raise BadInput("Name at least one title and up to which amount it approves.")
    _titles_check(entity, titles)
    names = {title.name.strip(): place for place, title in enumerate(titles)}
    seen: dict[tuple[object, ...], list[BandInput]] = {}
    for band in bands:
        if band.title.strip() not in names:
            raise BadInput(
                f"A band names the title '{band.title}', which is not on the list. Add the title, or correct it."
            )
        if band.up_to is not None and (band.up_to <= 0 or not is_whole_unit(band.up_to, entity.currency)):
            raise BadInput(
                f"{band.title}: {plain(band.up_to)} cannot be a limit. Enter an amount above nil in units of "
                f"{entity.currency}, or leave it empty where there is no limit."
            )
        if band.reason and band.reason not in Reason.values:
            raise BadInput(f"{band.title}: '{band.reason}' is no reason. Choose from the list.")
        if any(one is not None and one.entity_id != entity.pk for one in (band.category, band.location)):
            raise BadInput(f"{band.title}: category and location of a band are {entity}'s own. Choose from the lists.")
        seen.setdefault((band.reason, band.category, band.location), []).append(band)
    for same in seen.values():
        _order_check(entity, same, names)
    if (("", None, None)) not in seen:
        raise BadInput("No band is for all documents. Add one without reason, category and location, for the rest.")


def _titles_check(entity: Entity, titles: Sequence[TitleInput]) -> None:
    approvers = set(
        Membership.objects.filter(entity=entity, role=Role.APPROVER, user__is_active=True).values_list(
            "user_id", flat=True
        )
    )
    codes: dict[str, str] = {}
    for title in titles:
        code = title_code(title.name)
        if not code or len(title.name.strip()) > 60:
            raise BadInput(f"'{title.name}' cannot be a title. Give it a name of at most 60 characters.")
        if code in codes:
            raise BadInput(f"'{title.name}' and '{codes[code]}' are the same title. Name each once.")
        codes[code] = title.name
        if not title.holders:
            raise BadInput(f"Nobody holds the title {title.name}, so nobody could approve under it. Choose a person.")
        for person in title.holders:
            if person.pk not in approvers:
                raise BadInput(
                    f"{person} is no approver in {entity}, so they cannot approve as {title.name}. Give them the role "
                    "first, or choose somebody else."
                )


def _order_check(entity: Entity, same: Sequence[BandInput], ranks: dict[str, int]) -> None:
    ordered = sorted(same, key=lambda band: ranks[band.title.strip()])
    for lower, higher in itertools.pairwise(ordered):
        low, high = (_NO_LIMIT if band.up_to is None else band.up_to for band in (lower, higher))
        if low >= high:
            raise BadInput(
                f"{_band_said(entity, lower)} and {_band_said(entity, higher)}: the higher title has to approve more. "
                "Correct the amounts, or the order of the titles."
            )
    if ordered[-1].up_to is not None:
        raise BadInput(
            f"Nobody approves more than {_band_said(entity, ordered[-1])}. Leave the limit of the highest title empty."
        )


def limits_apply(change: ChangeRequest, decider: User) -> None:
    """Make the version; called by core.changes inside the deciding transaction."""
    entity, details = change.entity, change.details
    if _last(entity) != details["after"]:
        raise WrongState(f"{change.summary}: other limits were decided since. Refuse it and ask again.")
    titles, bands = _inputs(entity, details)
    day = max(dt.date.fromisoformat(details["starts_on"]), entity.local_date())
    limits_check(entity=entity, titles=titles, bands=bands, starts_on=day)
    made = _write(change, decider, titles, bands, day)
    audit.record(
        entity=entity,
        actor=decider,
        kind="approval.limits",
        subject=SUBJECT,
        message=f"{decider} agreed with {change.requested_by}: {change.summary}.",
        data={
            "version": made.version,
            "titles": details["titles"],
            "bands": details["bands"],
            "change": change.pk,
            "limits": made.pk,
            "record": LIMITS.digest(*limits_rows(made.pk)),
        },
    )


def _inputs(entity: Entity, details: dict[str, Any]) -> tuple[list[TitleInput], list[BandInput]]:
    people = User.objects.in_bulk({pk for title in details["titles"] for pk in title["holders"]})
    categories = {c.pk: c for c in Category.objects.filter(entity=entity)}
    locations = {place.pk: place for place in Location.objects.filter(entity=entity)}
    titles = [TitleInput(t["name"], [people[pk] for pk in t["holders"] if pk in people]) for t in details["titles"]]
    bands = [
        BandInput(
            band["title"],
            None if band["up_to"] is None else Decimal(band["up_to"]),
            band["reason"],
            categories.get(band["category"]),
            locations.get(band["location"]),
        )
        for band in details["bands"]
    ]
    return titles, bands


@transaction.atomic
def _write(
    change: ChangeRequest, decider: User, titles: Sequence[TitleInput], bands: Sequence[BandInput], day: dt.date
) -> ApprovalLimits:
    made = ApprovalLimits.objects.create(
        entity=change.entity,
        version=_last(change.entity) + 1,
        starts_on=day,
        reason=change.reason,
        change=change,
        asked_by=change.requested_by,
        decided_by=decider,
    )
    by_name = {}
    for rank, title in enumerate(titles, start=1):
        kept = ApprovalTitle.objects.create(
            limits=made, rank=rank, code=title_code(title.name), name=title.name.strip()
        )
        by_name[kept.name] = kept
        TitleHolder.objects.bulk_create(TitleHolder(title=kept, user=person) for person in title.holders)
    ApprovalBand.objects.bulk_create(
        ApprovalBand(
            limits=made,
            title=by_name[band.title.strip()],
            up_to=band.up_to,
            reason=band.reason,
            category=band.category,
            location=band.location,
        )
        for band in bands
    )
    return made


def limits_refuses(change: ChangeRequest, user: User) -> DomainError | None:
    """Nobody agrees to a title of their own that they do not hold yet."""
    if change.requested_by_id == user.pk:
        return None
    held = set(
        TitleHolder.objects.filter(
            title__limits__entity=change.entity, title__limits__version=change.details["after"], user=user
        ).values_list("title__code", flat=True)
    )
    new = [t["name"] for t in change.details["titles"] if user.pk in t["holders"] and title_code(t["name"]) not in held]
    if not new:
        return None
    return SegregationOfDuties(
        f"{change.summary}: you would hold the title {new[0]} by it, so somebody else has to decide."
    )


CHANGE_KIND = ChangeKind(
    code=KIND,
    label="Change the approval limits",
    requested_by=frozenset({Role.CONTROLLER}),
    decided_by=frozenset({Role.CONTROLLER, Role.APPROVER}),
    apply=limits_apply,
    refuses=limits_refuses,
)
