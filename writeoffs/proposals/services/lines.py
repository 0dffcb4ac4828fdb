"""Changes a draft: its header and its lines. Every change raises the version, so that an older form is told."""

from __future__ import annotations

from decimal import Decimal

from django.db import transaction
from django.db.models import F

from core import audit
from core.errors import BadInput, StaleContent
from core.models import CostCentre, User
from core.money import MONEY_SCALE, QUANTITY_SCALE, plain, to_raw
from core.sets import rows_update
from core.words import Reason
from inventory.models import Lot, QuarantineEntry
from writeoffs.posting.book import Instruction, posting_preview
from writeoffs.proposals import content
from writeoffs.proposals.entry_only import is_entry_only
from writeoffs.proposals.models import LEAVING, Kind, Proposal, ProposalLine
from writeoffs.proposals.services.create import Header, LineInput, header_check, lines_write, totals_set
from writeoffs.proposals.services.steps import guard_edit, proposal_lock

_HEADER = ("reason", "event_on", "found_on", "posting_on", "adjustment", "note", "quarantine_goods")


def totals_now(proposal: Proposal) -> dict[str, object]:
    return {"lines": proposal.line_count, "gross_loss": proposal.gross_loss, "net_loss": proposal.net_loss}


def edited(proposal: Proposal, *, user: User, what: str, before: dict[str, object]) -> None:
    """Another version, and one event of the step with the totals before and after it."""
    Proposal.objects.filter(pk=proposal.pk).update(version=F("version") + 1)
    proposal.refresh_from_db()
    audit.record(
        entity=proposal.entity,
        actor=user,
        kind="proposal.edited",
        subject=proposal.source_ref,
        message=f"{user} changed {proposal.number}, {what}: {content.amount_said(proposal)} now.",
        data={"before": before, "after": totals_now(proposal)},
    )


def _named(lot: Lot) -> str:
    return f"{lot.item.sku} / {lot.code or 'no lot code'}"


def refuse_other_reason(proposal: Proposal, *, reason: str) -> None:
    """A recovery credits the account that its write-off debited, so it has the write-off's reason; so has a disposal of
    what stands in quarantine."""
    lines = proposal.lines.filter(quarantine__isnull=False).exclude(quarantine__reason=reason)
    other = lines.select_related("quarantine", "lot__item").order_by("line_number").first()
    if other is not None and other.quarantine is not None:
        raise _other_reason(proposal, other.lot, other.quarantine)


def _other_reason(proposal: Proposal, lot: Lot, entry: QuarantineEntry) -> BadInput:
    said = Reason(entry.reason).label.lower()
    return BadInput(
        f"Lot {_named(lot)} was written off for {said}, so its {proposal.get_kind_display().lower()} posts to that "
        f"account. Give {proposal.number} the reason {said}, or take the lot into a proposal of its own."
    )


@transaction.atomic
def proposal_edit(*, proposal: Proposal, user: User, header: Header, version: int) -> Proposal:
    """Change reason, dates and note of a draft; its kind stays. StaleContent where another tab saved first."""
    proposal = proposal_lock(proposal)
    guard_edit(proposal, user=user)
    if version != proposal.version:
        raise StaleContent(f"{proposal.number} was changed in another window since. Reload the page and edit it again.")
    if header.kind != proposal.kind:
        raise BadInput(
            f"{proposal.number} stays a {proposal.get_kind_display().lower()}; make another proposal instead."
        )
    header_check(entity=proposal.entity, header=header)
    refuse_other_reason(proposal, reason=header.reason)
    before = {**totals_now(proposal), **_said(proposal)}
    proposal.reason = header.reason
    proposal.event_on, proposal.found_on, proposal.posting_on = header.event_on, header.found_on, header.posting_on
    proposal.adjustment = header.adjustment
    proposal.note = header.note.strip()
    proposal.quarantine_goods = proposal.kind == Kind.WRITE_OFF and header.quarantine_goods
    proposal.finding, proposal.material = header.finding, header.material
    proposal.finding_why = header.finding_why.strip()
    proposal.save(update_fields=[*_HEADER, "finding", "material", "finding_why"])
    changed = [name for name, value in _said(proposal).items() if value != before[name]]
    what = ", ".join(name.replace("_", " ") for name in changed) or "nothing"
    edited(proposal, user=user, what=what, before=before)
    return proposal


def _said(proposal: Proposal) -> dict[str, object]:
    """What the header says, by the names that people read in the audit trail."""
    return {
        "reason": proposal.reason,
        "event_date": proposal.event_on,
        "found_date": proposal.found_on,
        "posting_date": proposal.posting_on,
        "adjustment_period": proposal.adjustment,
        "note": proposal.note,
        "quarantine": proposal.quarantine_goods,
        "finding": [proposal.finding, proposal.material, proposal.finding_why],
    }


def line_input(
    proposal: Proposal,
    *,
    lot: Lot,
    quantity: Decimal | None,
    new_carrying_amount: Decimal | None,
    cost_centre: CostCentre | None = None,
    quarantine: QuarantineEntry | None = None,
    note: str = "",
) -> LineInput:
    """A line from what a person typed: units that leave are typed without a sign."""
    if proposal.is_valued:
        if new_carrying_amount is None:
            raise BadInput("Enter the carrying amount that the lot has from now on; 0 writes it down in full.")
        raw, target = 0, to_raw(new_carrying_amount, MONEY_SCALE)
    else:
        if not quantity:
            raise BadInput("Enter a quantity other than nil.")
        raw, target = to_raw(quantity, QUANTITY_SCALE), None
        if proposal.kind in LEAVING:
            raw = -raw
    return LineInput(
        lot.pk,
        raw,
        target,
        quarantine_id=quarantine.pk if quarantine else None,
        cost_centre_id=cost_centre.pk if cost_centre else None,
        note=note,
    )


@transaction.atomic
def line_add(
    *,
    proposal: Proposal,
    user: User,
    lot: Lot,
    quantity: Decimal | None = None,
    new_carrying_amount: Decimal | None = None,
    cost_centre: CostCentre | None = None,
    quarantine: QuarantineEntry | None = None,
    note: str = "",
) -> Proposal:
    """Add a lot to a draft. BadInput where it stands there already; NotEnoughStock where it holds too little."""
    proposal = proposal_lock(proposal)
    guard_edit(proposal, user=user)
    if is_entry_only(proposal):
        raise BadInput(
            f"{proposal.number} is a document of {proposal.get_kind_display().lower()} and has no lots. Add a charge "
            "instead."
        )
    if proposal.kind == Kind.RECOVERY and quarantine is None:
        raise BadInput("A recovery takes its lines from the quarantine register. Choose the goods there.")
    if quarantine is not None and quarantine.reason != proposal.reason:
        raise _other_reason(proposal, lot, quarantine)
    if proposal.count_sheet is not None:
        raise BadInput(
            f"{proposal.number} holds the differences of count {proposal.count_sheet} and no others. Make another "
            f"proposal for lot {_named(lot)}."
        )
    if ProposalLine.objects.filter(proposal=proposal, lot=lot, quarantine=quarantine).exists():
        raise BadInput(f"Lot {lot} stands on {proposal.number} already. Change that line instead.")
    asked = line_input(
        proposal,
        lot=lot,
        quantity=quantity,
        new_carrying_amount=new_carrying_amount,
        cost_centre=cost_centre,
        quarantine=quarantine,
        note=note,
    )
    before = totals_now(proposal)
    lines_write(proposal, [asked])
    edited(proposal, user=user, what=f"added lot {_named(lot)}", before=before)
    return proposal


@transaction.atomic
def line_edit(
    *,
    line: ProposalLine,
    user: User,
    quantity: Decimal | None = None,
    new_carrying_amount: Decimal | None = None,
    cost_centre: CostCentre | None = None,
    note: str = "",
) -> Proposal:
    """Change one line of a draft; its amounts are worked out again."""
    proposal = proposal_lock(line.proposal)
    guard_edit(proposal, user=user)
    asked = line_input(
        proposal,
        lot=line.lot,
        quantity=quantity,
        new_carrying_amount=new_carrying_amount,
        cost_centre=cost_centre,
        quarantine=line.quarantine,
        note=note,
    )
    _refuse_averaged(proposal, line)
    if line.count_line_id is not None and asked.quantity != to_raw(line.quantity, QUANTITY_SCALE):
        raise BadInput(
            f"Lot {_named(line.lot)} was counted: its difference is {plain(line.quantity)} and stays so. Remove the "
            f"line where it is wrong, and have the lot counted again."
        )
    before = totals_now(proposal)
    instruction = Instruction(line.lot_id, asked.quantity, asked.new_carrying_amount, line.quarantine_id)
    (change,) = posting_preview(content.document_of(proposal, [instruction])).changes
    ProposalLine.objects.filter(pk=line.pk).update(
        quantity=content.units(asked.quantity),
        new_carrying_amount=new_carrying_amount if proposal.is_valued else None,
        cost=content.money(change.cost),
        allowance=content.money(change.allowance),
        write_down=content.money(change.write_down),
        loss=content.money(change.loss),
        cost_centre=cost_centre,
        note=note[:200],
    )
    totals_set(proposal)
    edited(proposal, user=user, what=f"line {line.line_number}, lot {_named(line.lot)}", before=before)
    return proposal


@transaction.atomic
def line_remove(*, line: ProposalLine, user: User) -> Proposal:
    """Take a line off a draft. A counted difference that is taken off stays open on its count."""
    proposal = proposal_lock(line.proposal)
    guard_edit(proposal, user=user)
    _refuse_averaged(proposal, line)
    before, what = totals_now(proposal), f"took off line {line.line_number}, lot {_named(line.lot)}"
    line.delete()
    totals_set(proposal)
    edited(proposal, user=user, what=what, before=before)
    return proposal


def _refuse_averaged(proposal: Proposal, line: ProposalLine) -> None:
    """BadInput for a line whose cost follows from the average of its item: one line alone would break the others."""
    if line.new_carrying_amount is not None and not proposal.is_valued:
        raise BadInput(
            f"Lot {_named(line.lot)}: what leaves it follows from the average cost of all lots of the item. Discard "
            f"{proposal.number} and propose the item again with the right quantity."
        )


def content_refresh(proposal: Proposal) -> list[content.RawLine]:
    """Work the lines' amounts out again from the lots as they stand, in sets; totals move along."""
    lines = content.lines_read(proposal)
    changes = posting_preview(content.document_of(proposal, content.instructions_of(lines))).changes
    rows_update(
        "proposals_proposalline",
        ("cost", "allowance", "write_down", "loss"),
        [
            (line.id, change.cost, change.allowance, change.write_down, change.loss)
            for line, change in zip(lines, changes, strict=True)
            if (line.cost, line.allowance, line.write_down, line.loss)
            != (change.cost, change.allowance, change.write_down, change.loss)
        ],
    )
    totals_set(proposal)
    return content.lines_read(proposal)
