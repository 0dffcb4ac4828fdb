"""Whether a count's differences still say what the books lack.

Invariant: a difference is posted once. A counted lot must still hold the book quantity that the count froze, and no
other count may have adjusted it since: otherwise a stock list or a second count has brought the difference along.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from django.db import connection

from core.errors import StaleContent, WrongState
from core.money import QUANTITY_SCALE, display_quantity, from_raw
from inventory.models import CountSheet
from writeoffs.proposals.models import Proposal, ProposalLine, Status

# The lots that other counts adjusted are found once, for the sheet: asked line by line, PostgreSQL asked it of every
# line of the count, also of those that agree.
_MOVED = """
    select c.id, i.sku, l.code, p.code, c.book_quantity, l.quantity
    from {lines}
    join inventory_lot l on l.id = c.lot_id
    join inventory_item i on i.id = l.item_id
    join core_location p on p.id = l.location_id
    where c.sheet_id = %s and {which} and (l.quantity <> c.book_quantity or c.lot_id in (
        select o.lot_id from inventory_countsheet t
        join proposals_proposal d on d.entity_id = t.entity_id and d.status = 'POSTED' and d.posted_at >= t.frozen_at
        join proposals_proposalline o on o.proposal_id = d.id
        join inventory_countline oc on oc.id = o.count_line_id
        where t.id = %s and oc.sheet_id <> t.id
        and not exists (select 1 from proposals_voidedline v where v.line_id = o.id)
    ))
    order by c.id
"""


@dataclass(frozen=True, slots=True)
class Moved:
    """A counted lot that is no longer as the count found the books. book, now: raw units."""

    count_line_id: int
    sku: str
    code: str
    place: str
    book: int
    now: int

    @property
    def label(self) -> str:
        return f"{self.sku} / {self.code or 'no lot code'} at {self.place}"

    def __str__(self) -> str:
        if self.book == self.now:
            return f"lot {self.label} held {_units(self.book)} when it was counted, and another count adjusted it since"
        return f"lot {self.label} held {_units(self.book)} when it was counted, {_units(self.now)} now"


def _units(raw: int) -> str:
    return "0" if raw == 0 else display_quantity(from_raw(raw, QUANTITY_SCALE))


# The lines of a count with a difference, and those that a document holds: by its own lines, a tenth of the count's.
_DIFFERENT = ("inventory_countline c", "c.difference <> 0")
_HELD = ("proposals_proposalline h join inventory_countline c on c.id = h.count_line_id", "h.proposal_id = %s")


def _read(sheet_id: int, chosen: tuple[str, str], *params: int) -> list[Moved]:
    lines, which = chosen
    with connection.cursor() as cursor:
        cursor.execute(_MOVED.format(lines=lines, which=which), [sheet_id, *params, sheet_id])
        return [Moved(*row) for row in cursor.fetchall()]


def named(moved: list[Moved]) -> str:
    """The first three in words, and how many more."""
    more = f" and {len(moved) - 3:,} more lots" if len(moved) > 3 else ""
    return "; ".join(map(str, moved[:3])) + more


def differences_moved(sheet: CountSheet) -> list[Moved]:
    """The lots of the sheet's differences that have moved since, in one query however many lines it has."""
    return _read(sheet.pk, _DIFFERENT)


def differences_posted(sheet: CountSheet) -> set[int]:
    """The count lines of the sheet whose differences a posted proposal holds, those that were voided left out."""
    # By the proposals of the sheet, which are few: by its lines SQLite went through all hundred thousand of them.
    posted = Proposal.objects.filter(count_sheet=sheet, status=Status.POSTED).values_list("pk", flat=True)
    lines = ProposalLine.objects.filter(proposal__in=list(posted), voided__isnull=True)
    return {line_id for line_id in lines.values_list("count_line_id", flat=True) if line_id is not None}


def differences_left(proposal: Proposal) -> bool:
    """Whether the document's count has differences that are not posted and could still be: those that somebody took
    off. What has moved since is counted again on another sheet."""
    sheet = proposal.count_sheet
    if sheet is None:
        return False
    settled = differences_posted(sheet)
    if len(settled) == sheet.difference_count:
        return False
    return len(settled | {lot.count_line_id for lot in differences_moved(sheet)}) < sheet.difference_count


def sheet_told(proposal: Proposal) -> dict[str, list[str]]:
    """What the audit event of a step says of the document's count, whose state it may have moved: number, state."""
    if proposal.count_sheet_id is None:
        return {}
    sheet = CountSheet.objects.get(pk=proposal.count_sheet_id)
    return {"sheet": [sheet.number, sheet.status]}


def refuse_moved(proposal: Proposal, *, step: str) -> None:
    """StaleContent where a counted lot of the document has moved since its count. step: what to do about it."""
    if proposal.count_sheet_id is None:
        return
    moved = _read(proposal.count_sheet_id, _HELD, proposal.pk)
    if moved:
        raise StaleContent(f"{proposal.number}: stock has moved since the count: {named(moved)}. {step}")


def refuse_proposed_elsewhere(sheet: CountSheet) -> None:
    """WrongState where differences of the same lots, found by another count, wait in a proposal already."""
    other = (
        ProposalLine.objects.filter(
            count_line__isnull=False,
            proposal__status__in=(Status.DRAFT, Status.SUBMITTED, Status.APPROVED),
            lot__in=sheet.lines.exclude(difference=Decimal(0)).values("lot"),
        )
        .exclude(count_line__sheet=sheet)
        .select_related("proposal", "lot__item", "lot__location", "count_line__sheet")
        .order_by("pk")
        .first()
    )
    if other is None or other.count_line is None:
        return
    lot = other.lot
    raise WrongState(
        f"Lot {lot.item.sku} / {lot.code or 'no lot code'} at {lot.location.code}, which count {sheet.number} finds "
        f"different, was also counted on {other.count_line.sheet.number}, and {other.proposal.number} adjusts it "
        f"already. Keep one of the two counts: post {other.proposal.number}, or discard it and propose "
        f"{sheet.number} then."
    )
