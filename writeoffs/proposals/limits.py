"""Who may approve how much: the bands of the version that a proposal was submitted under.

Invariant: limits are inclusive and judged on the gross loss: absolute amounts added up at cost, before allowance,
insurance, scrap income or offsetting overages. Whoever approves more in the same bands approves less as well. A
document whose lines fall under different bands is judged by the strictest of them, each on the whole document's gross.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Q

from core.errors import OverLimit
from core.models import Entity, User
from core.money import display_money
from core.words import Reason
from writeoffs.proposals.models import ApprovalBand, ApprovalLimits, ApprovalTitle, Proposal, TitleHolder

# (category, location) of a line.
type_place = tuple[int | None, int | None]


@dataclass(frozen=True, slots=True)
class Band:
    """One band. up_to: inclusive, None without a limit. rank, title, code: of the title; holders: their keys."""

    up_to: Decimal | None
    rank: int
    title: str
    code: str
    holders: frozenset[int]
    reason: str = ""
    category_id: int | None = None
    location_id: int | None = None

    @property
    def conditions(self) -> tuple[bool, bool, bool]:
        return (self.location_id is not None, self.category_id is not None, bool(self.reason))

    def fits(self, reason: str, category_id: int | None, location_id: int | None) -> bool:
        return (
            self.reason in ("", reason)
            and self.category_id in (None, category_id)
            and self.location_id in (None, location_id)
        )


@dataclass(frozen=True, slots=True)
class Asked:
    """Who has to approve an amount: the band that decides, why it does, and the bands above it. None where no band
    reaches so far."""

    band: Band | None
    why: str
    set_of: tuple[Band, ...]

    def holders(self) -> frozenset[int]:
        """Everybody who may: those of the band's title, and of every title that approves more in the same bands."""
        if self.band is None:
            return frozenset()
        rank = self.band.rank
        return frozenset().union(*(band.holders for band in self.set_of if band.rank >= rank))


def bands_for(bands: Iterable[Band], reason: str, place: type_place) -> tuple[Band, ...]:
    """The bands that count for a line, lowest limit first: of those that fit, the ones with the most conditions, and
    of as many location before category before reason, as the map of accounts has it."""
    fitting = [band for band in bands if band.fits(reason, *place)]
    if not fitting:
        return ()
    best = max((sum(band.conditions), band.conditions) for band in fitting)
    chosen = [band for band in fitting if (sum(band.conditions), band.conditions) == best]
    return tuple(sorted(chosen, key=lambda band: (band.up_to is None, band.up_to or 0, band.rank)))


def asked_for(bands: Collection[Band], *, gross: Decimal, reason: str, places: Collection[type_place]) -> Asked:
    """Who has to approve `gross` of a document with lines in these places; the strictest of them counts."""
    found: list[Asked] = []
    for place in places or [(None, None)]:
        chosen = bands_for(bands, reason, place)
        reached = next((band for band in chosen if band.up_to is None or gross <= band.up_to), None)
        found.append(Asked(reached, _why(reached or (chosen[-1] if chosen else None)), chosen))
    return max(found, key=lambda asked: (asked.band is None, asked.band.rank if asked.band else 0))


def _why(band: Band | None) -> str:
    if band is None:
        return "no band fits"
    said = [
        name
        for name, there in zip(("the location", "the category", "the reason"), band.conditions, strict=True)
        if there
    ]
    return f"the band for {' and '.join(said)}" if said else "the band for all documents"


def limits_at(*, entity: Entity, day: dt.date) -> ApprovalLimits | None:
    """The version in force on a day; None where the entity has no limits then."""
    return ApprovalLimits.objects.filter(entity=entity, starts_on__lte=day).order_by("-version").first()


def bands_of(limits: ApprovalLimits) -> list[Band]:
    """Two queries."""
    return _bands(Q(limits=limits)).get(limits.pk, [])


def bands_all(*, entity: Entity) -> dict[int, list[Band]]:
    """Version of the limits (its key) -> its bands, of every version. Two queries."""
    return _bands(Q(limits__entity=entity))


def _bands(of: Q) -> dict[int, list[Band]]:
    bands = ApprovalBand.objects.filter(of).select_related("title")
    holders: dict[int, set[int]] = {}
    held = TitleHolder.objects.filter(title__in=ApprovalTitle.objects.filter(of).order_by().values("pk"))
    for title_id, user_id in held.order_by().values_list("title_id", "user_id"):
        holders.setdefault(title_id, set()).add(user_id)
    found: dict[int, list[Band]] = {}
    for band in bands:
        found.setdefault(band.limits_id, []).append(
            Band(
                band.up_to,
                band.title.rank,
                band.title.name,
                band.title.code,
                frozenset(holders.get(band.title_id, ())),
                band.reason,
                band.category_id,
                band.location_id,
            )
        )
    return found


def limits_of(proposal: Proposal) -> ApprovalLimits | None:
    """The version that it was submitted under; of a draft the one in force today."""
    if proposal.limits_id is not None:
        return proposal.limits
    return limits_at(entity=proposal.entity, day=proposal.entity.local_date()) if not proposal.submitted_at else None


def asked_of(proposal: Proposal, gross: Decimal) -> Asked | None:
    """Who has to approve `gross` of the document; None where its entity has no limits."""
    limits = limits_of(proposal)
    if limits is None:
        return None
    bands, places = bands_of(limits), set[type_place]()
    if any(band.category_id or band.location_id for band in bands):
        # Only then does it matter where the lines lie; ten thousand of them are not gone through for nothing.
        places = set(proposal.lines.order_by().values_list("lot__item__category_id", "lot__location_id").distinct())
    return asked_for(bands, gross=gross, reason=proposal.reason, places=places)


def limit_refusal(proposal: Proposal, *, user: User, gross: Decimal, said: str) -> OverLimit | None:
    """Why the person's titles do not reach the amount; None where they do, or where there are no limits."""
    asked = asked_of(proposal, gross)
    if asked is None or user.pk in asked.holders():
        return None
    amount = f"{display_money(gross, proposal.entity.currency)} {proposal.entity.currency}"
    if asked.band is None:
        return OverLimit(
            f"{proposal.number} has a gross loss of {amount}, and no band of the limits reaches so far. Ask a "
            "controller to propose limits that do.",
            code="LIMIT_NONE",
        )
    own = [band for band in asked.set_of if user.pk in band.holders]
    most = max(own, key=lambda band: band.rank, default=None)
    yours = f"You approve up to {_limit(most, proposal.entity)} as {most.title}." if most else "You hold no title here."
    return OverLimit(
        f"{proposal.number} has a gross loss of {amount}; it is {said} by {asked.band.title} ({asked.why}). {yours}",
        code=f"LIMIT_NEEDS_{asked.band.code}",
    )


def _limit(band: Band, entity: Entity) -> str:
    return "any amount" if band.up_to is None else f"{display_money(band.up_to, entity.currency)} {entity.currency}"


def titles_of(limits: ApprovalLimits) -> list[ApprovalTitle]:
    return list(ApprovalTitle.objects.filter(limits=limits).prefetch_related("holders__user"))


def band_said(band: ApprovalBand) -> str:
    """For which documents a band counts."""
    said = (
        f"location {band.location}" if band.location else "",
        f"category {band.category}" if band.category else "",
        f"reason {Reason(band.reason).label.lower()}" if band.reason else "",
    )
    return ", ".join(part for part in said if part) or "all documents"
