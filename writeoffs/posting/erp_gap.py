"""What of our own books the ERP did not have yet when it drew a trial balance.

Rule: an own entry is in the trial balance where its posting was acknowledged by the time the balance was uploaded. A
posting that nobody has acknowledged is not. A void turns the posting around: where the ERP had followed the original
(a line's outstanding units have the sign of the posted ones, or its journal was given before the void), only the mirror
entry is missing there. An entry beside a stock adjustment (disposal cost, proceeds, taxes) is there where it was itself
acknowledged, by journal or by a person's word.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Exists, OuterRef, Q, QuerySet, Sum

from core.models import Entity, Upload
from writeoffs.ledger.models import FiscalPeriod, JournalEntry, JournalLine, Origin
from writeoffs.posting.feeds import beside_adjustment
from writeoffs.posting.models import ErpCharge, Posting, PostingLine
from writeoffs.posting.refs import upload_id

ZERO = Decimal(0)
_PIECE = ("entry__source_ref", "entry__fiscal_year", "entry__sequence", "entry__posted_on", "entry__reverses_id")


@dataclass(frozen=True, slots=True)
class Piece:
    """What one entry has on one account and role; debit +, credit -."""

    source_ref: str
    number: str
    posted_on: dt.date
    void: bool
    account_id: int
    role: str
    amount: Decimal


def lines_until(*, entity: Entity, period: FiscalPeriod) -> Q:
    """The journal lines in the books at the end of a period. The thirteenth has the days of the twelfth's last one, and
    comes after it."""
    until = Q(entry__entity=entity, entry__posted_on__lte=period.ends_on)
    if period.number == FiscalPeriod.ADJUSTMENT:
        return until
    return until & ~Q(entry__period__fiscal_year=period.fiscal_year, entry__period__number=FiscalPeriod.ADJUSTMENT)


def movements_until(*, entity: Entity, period: FiscalPeriod) -> Q:
    """The movements behind those lines. Movements know days, not periods, so their entries say which of them were made
    in the adjustment period; a void dated the same day is posted into it too."""
    until = Q(entity=entity, posted_on__lte=period.ends_on)
    if period.number == FiscalPeriod.ADJUSTMENT:
        return until
    adjusted = JournalEntry.objects.filter(
        entity=entity,
        period__fiscal_year=period.fiscal_year,
        period__number=FiscalPeriod.ADJUSTMENT,
        posted_on=period.ends_on,
    )
    return until & ~Q(posted_on=period.ends_on, source_ref__in=adjusted.order_by().values("source_ref"))


def not_taken(*, entity: Entity, received_at: dt.datetime, lines: Q) -> list[Piece]:
    """Own lines among `lines` that the ERP lacked at that moment, summed by entry, account and role."""
    original, mirror_only = _postings(entity, received_at)
    missing = Q(entry__source_ref__in=original.values("source_ref")) | Q(
        entry__source_ref__in=mirror_only.values("source_ref"), entry__reverses__isnull=False
    )
    given = _late(entity, received_at).filter(
        source_ref=OuterRef("entry__source_ref"),
        journal_through__gt=0,
        journal_through__lt=OuterRef("entry__chain_sequence"),
    )
    beside = _beside(entity)
    missing = ((missing | Q(Exists(given))) & ~beside) | (beside & ~_confirmed(entity, received_at))
    return _pieces(JournalLine.objects.filter(lines, missing, entry__entity=entity, entry__origin=Origin.OWN))


def own_pieces(*, entity: Entity, lines: Q) -> list[Piece]:
    """Own lines among `lines`, taken by the ERP or not."""
    return _pieces(JournalLine.objects.filter(lines, entry__entity=entity, entry__origin=Origin.OWN))


def taken_early(*, entity: Entity, as_of: dt.datetime, period: FiscalPeriod) -> list[Piece]:
    """Own entries of a later period that the ERP had followed by the moment of its trial balance."""
    followed = Posting.objects.filter(entity=entity, acknowledged_at__lte=as_of, posted_on__gt=period.ends_on)
    beside = _beside(entity)
    taken = (Q(entry__source_ref__in=followed.values("source_ref")) & ~beside) | (beside & _confirmed(entity, as_of))
    return _pieces(
        JournalLine.objects.filter(
            taken, entry__entity=entity, entry__origin=Origin.OWN, entry__posted_on__gt=period.ends_on
        )
    )


def _beside(entity: Entity) -> Q:
    """Lines of entries that the stock adjustment of their posting does not tell of."""
    own = JournalEntry.objects.filter(entity=entity, origin=Origin.OWN)
    return Q(entry__in=beside_adjustment(own).order_by().values("pk"))


def _confirmed(entity: Entity, moment: dt.datetime) -> Q:
    """Lines of entries that the ERP had confirmed by then."""
    accepted = ErpCharge.objects.filter(
        entity=entity, status=ErpCharge.Status.ACCEPTED, answered_at__lte=moment, entry=OuterRef("entry")
    )
    return Q(Exists(accepted))


def _postings(entity: Entity, received_at: dt.datetime) -> tuple[QuerySet[Posting], QuerySet[Posting]]:
    """(those of which the ERP had nothing, those of which it lacked the void alone), by their units."""
    # What the ERP has to put back: it had followed before the void turned the units around.
    turned = PostingLine.objects.filter(posting=OuterRef("pk")).filter(
        Q(quantity__gt=ZERO, outstanding__gt=ZERO) | Q(quantity__lt=ZERO, outstanding__lt=ZERO)
    )
    mirrored = JournalEntry.objects.filter(
        entity=entity, source_ref=OuterRef("source_ref"), origin=Origin.OWN, reverses__isnull=False
    )
    late = _late(entity, received_at).filter(journal_through=0)
    void_alone = Q(Exists(turned)) | (Q(status=Posting.Status.ACKNOWLEDGED) & Q(Exists(mirrored)))
    return late.exclude(void_alone), late.filter(void_alone)


def _late(entity: Entity, received_at: dt.datetime) -> QuerySet[Posting]:
    """What the ERP had not acknowledged by then."""
    return Posting.objects.filter(entity=entity).filter(
        Q(acknowledged_at__isnull=True) | Q(acknowledged_at__gt=received_at)
    )


def erp_after(*, entity: Entity, as_of: dt.datetime, lines: Q) -> list[Piece]:
    """Entries of ERP origin among `lines` that came after the moment of the trial balance: dated on a later day, or
    from a list of a later moment."""
    day = entity.local_date(as_of)
    pieces = _pieces(
        JournalLine.objects.filter(lines, entry__entity=entity, entry__origin=Origin.ERP, entry__posted_on__gte=day)
    )
    later = _uploads_after(entity, as_of, {piece.source_ref for piece in pieces})
    return [piece for piece in pieces if piece.posted_on > day or piece.source_ref in later]


def _uploads_after(entity: Entity, as_of: dt.datetime, refs: set[str]) -> set[str]:
    keys = {ref: key for ref in refs if (key := upload_id(ref)) is not None}
    later = Upload.objects.filter(entity=entity, pk__in=set(keys.values()), as_of__gt=as_of)
    found = set(later.values_list("pk", flat=True))
    return {ref for ref, key in keys.items() if key in found}


def _pieces(lines: QuerySet[JournalLine]) -> list[Piece]:
    rows = (
        lines.filter(entry__sealed=True)
        .order_by()
        .values_list(*_PIECE, "account_id", "role", "entry__chain_sequence")
        .annotate(total=Sum("amount"))
        .order_by("entry__chain_sequence", "account_id", "role")
    )
    return [
        Piece(ref, f"{year}-{number:06d}", day, reverses is not None, account, role, total)
        for ref, year, number, day, reverses, account, role, _, total in rows
        if total
    ]
