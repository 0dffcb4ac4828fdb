"""Voids a posted proposal by its mirror, whole or some of its lines: asked for by one person, decided by another who
could have approved it.

Invariant: a line is voided once; a proposal is POSTED until its last line is voided, then VOIDED.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from decimal import Decimal
from typing import Any

from django.db import transaction

from core import audit
from core.access import roles_in
from core.changes import ChangeKind, change_asked, change_decide, change_once, change_request
from core.errors import BadInput, DomainError, WrongState
from core.models import ChangeRequest, User
from core.money import MONEY_SCALE, from_raw
from core.words import Framework, Role
from inventory.models import CountSheet
from writeoffs.ledger.calendar import period_of
from writeoffs.ledger.models import FiscalPeriod, JournalEntry
from writeoffs.posting.erp_proof import erp_state
from writeoffs.posting.lots import fiscal_year_of
from writeoffs.posting.models import Posting
from writeoffs.posting.undo import Undoing, posting_void
from writeoffs.proposals import content, policy
from writeoffs.proposals.content import RawLine
from writeoffs.proposals.counted import sheet_told
from writeoffs.proposals.entry_only import is_entry_only
from writeoffs.proposals.models import (
    FROM_QUARANTINE,
    LEAVING,
    Kind,
    Proposal,
    ProposalLine,
    Status,
    Verb,
    Void,
    VoidedLine,
)
from writeoffs.proposals.numbers import said
from writeoffs.proposals.provisions import provisions_undo
from writeoffs.proposals.records import VOIDED, decision_told, provided_told, void_row
from writeoffs.proposals.services.decide import count_sheet_set
from writeoffs.proposals.services.steps import guard, proposal_lock, step
from writeoffs.proposals.set_aside import refuse_used
from writeoffs.proposals.states import next_status

KIND = "proposal.void"


def void_request(
    *,
    proposal: Proposal,
    user: User,
    reason: str,
    posted_on: dt.date,
    lines: Collection[int] | None = None,
    key: str = "",
) -> ChangeRequest:
    """Ask that lines of a posted proposal be voided on a date in an open period. lines: their numbers; None for all
    that stand. key: of the press; the same one gives the request that the first press made.

    PeriodClosed; BadInput without reason or for a line that is not there; WrongState for a line voided already.
    """
    body = {"reason": reason.strip(), "posted_on": posted_on.isoformat()}
    if lines is not None:
        body["lines"] = ",".join(map(str, sorted(set(lines))))
    return change_once(
        entity=proposal.entity,
        user=user,
        key=key,
        asked=change_asked(proposal.entity, KIND, proposal.source_ref, body),
        step=lambda: _void_request(proposal, user, reason, posted_on, lines),
    )


@transaction.atomic
def _void_request(
    proposal: Proposal, user: User, reason: str, posted_on: dt.date, lines: Collection[int] | None
) -> ChangeRequest:
    proposal = proposal_lock(proposal)
    guard(proposal, user=user, verb=Verb.VOID)
    refused = policy.day_refusal(entity=proposal.entity, name="posting date", day=posted_on)
    if refused:
        raise BadInput(refused)
    refuse_new_cost_basis(proposal, posted_on)
    policy.posting_date_check(
        entity=proposal.entity,
        posting_on=posted_on,
        found_on=proposal.posting_on,
        adjustment=in_adjustment_period(proposal, posted_on),
    )
    if posted_on < proposal.posting_on:
        raise BadInput(
            f"{proposal.number} was posted on {proposal.posting_on.isoformat()}; a void cannot be dated before that."
        )
    chosen = lines_chosen(proposal, lines)
    details: dict[str, Any] = {"number": proposal.number, "posted_on": posted_on.isoformat()}
    what = proposal.number
    if lines is not None:
        details["lines"] = [line.line_number for line in chosen]
        what = f"{said([line.line_number for line in chosen])} of {proposal.number}"
    return change_request(
        entity=proposal.entity,
        kind=KIND,
        subject=proposal.source_ref,
        summary=f"Void {what} on {posted_on.isoformat()}",
        reason=reason,
        user=user,
        details=details,
    )


def lines_chosen(proposal: Proposal, numbers: Collection[int] | None) -> list[RawLine]:
    """The lines of those numbers, or all that stand. BadInput where one is not there, or none is chosen; WrongState
    names the void that a line was undone by."""
    lines = {line.line_number: line for line in content.lines_read(proposal)}
    voided = voided_by(proposal)
    if numbers is None:
        return [line for number, line in lines.items() if number not in voided]
    if not lines:
        raise BadInput(f"{proposal.number} has no lines to choose from: it is voided whole.")
    if not numbers:
        raise BadInput(f"{proposal.number}: choose the lines that are to be voided, or all that stand.")
    missing = sorted(set(numbers) - lines.keys())
    if missing:
        raise BadInput(
            f"{proposal.number} has no {said(missing)}; its lines are numbered from {min(lines)} to {max(lines)}. "
            "Correct the numbers."
        )
    twice = sorted(set(numbers) & voided.keys())
    if twice:
        raise WrongState(f"{said(twice[:1]).capitalize()} of {proposal.number} {_named(voided[twice[0]])}")
    return [lines[number] for number in sorted(set(numbers))]


def _named(void: Void) -> str:
    mirrors = f", entry {' and '.join(void.entries)}" if void.entries else ""
    return (
        f"was voided on {void.posted_on.isoformat()} already, by void {void.number}{mirrors}: {void.asked_by} asked, "
        f"{void.decided_by} decided. Leave it out."
    )


def voided_by(proposal: Proposal) -> Mapping[int, Void]:
    """Line number -> the void that undid the line."""
    voids = {void.pk: void for void in Void.objects.filter(proposal=proposal).select_related("asked_by", "decided_by")}
    rows = VoidedLine.objects.filter(void__in=voids).values_list("line__line_number", "void_id")
    return {number: voids[void_id] for number, void_id in rows}


def gross_of(lines: Collection[RawLine]) -> Decimal:
    """What limits judge of the lines, as of a whole proposal."""
    return from_raw(sum(max(abs(line.cost), abs(line.loss)) for line in lines), MONEY_SCALE)


def void_decide(*, change: ChangeRequest, user: User, approve: bool, comment: str = "", key: str = "") -> ChangeRequest:
    """Decide a void that somebody else asked for; approved, the mirror is posted in the same transaction."""
    refused = void_refusal(change, user)
    if refused is not None:
        raise refused
    return change_decide(change=change, user=user, approve=approve, comment=comment, key=key)


def void_refusal(change: ChangeRequest, user: User) -> DomainError | None:
    """Why the person may not decide the void: whoever could not approve the lines' gross cannot undo them."""
    proposal = Proposal.objects.select_related("entity", "created_by", "approved_by", "count_sheet__upload").get(
        entity=change.entity, number=change.details["number"]
    )
    roles = roles_in(change.entity, user)
    return policy.approval_refusal(proposal, user=user, roles=roles, gross=_gross(proposal, change), said="voided")


def gross_asked(change: ChangeRequest) -> Decimal:
    """The gross of the lines that a request would void."""
    return _gross(Proposal.objects.get(entity=change.entity, number=change.details["number"]), change)


def _gross(proposal: Proposal, change: ChangeRequest) -> Decimal:
    if is_entry_only(proposal):
        gross: Decimal = proposal.gross_loss
        return gross
    voided = voided_by(proposal)
    numbers = set(change.details.get("lines") or ()) or {
        line.line_number for line in content.lines_read(proposal) if line.line_number not in voided
    }
    return gross_of([line for line in content.lines_read(proposal) if line.line_number in numbers])


def void_apply(change: ChangeRequest, decider: User) -> None:
    """Post the mirror and keep which lines it undid; called by core.changes inside the deciding transaction."""
    proposal = proposal_lock(Proposal.objects.get(entity=change.entity, number=change.details["number"]))
    to = next_status(proposal.number, proposal.status, Verb.VOID)
    posted_on = dt.date.fromisoformat(change.details["posted_on"])
    refuse_new_cost_basis(proposal, posted_on)
    chosen = lines_chosen(proposal, change.details.get("lines"))
    refuse_later_recovery(proposal, chosen)
    refuse_used(proposal)
    undoing = _undoing(proposal, change, decider, posted_on, chosen)
    comment = change.reason
    if undoing.before or not undoing.is_last:
        comment = f"{said([line.line_number for line in chosen]).capitalize()}: {change.reason}"
    step(proposal, verb=Verb.VOID, to=to if undoing.is_last else proposal.status, user=decider, comment=comment)
    entries = posting_void(undoing)
    if undoing.is_last:
        provisions_undo(proposal, posted_on)
    _keep(proposal, undoing, chosen, entries)
    count_sheet_set(proposal, CountSheet.Status.CLOSED, CountSheet.Status.OPEN)
    _tell(proposal, change, undoing, comment, entries)


def _undoing(
    proposal: Proposal, change: ChangeRequest, decider: User, posted_on: dt.date, chosen: list[RawLine]
) -> Undoing:
    lines, voided = content.lines_read(proposal), voided_by(proposal)
    numbers = {line.line_number for line in chosen}
    return Undoing(
        document=content.document_of(proposal, content.instructions_of(lines)),
        number=len({void.pk for void in voided.values()}) + 1,
        lines=[place for place, line in enumerate(lines) if line.line_number in numbers],
        before=[place for place, line in enumerate(lines) if line.line_number in voided],
        posted_on=posted_on,
        reason=change.reason,
        asked_by=change.requested_by,
        decided_by=decider,
        second_approver=change.seconded_by_id not in (None, decider.pk),
    )


def _keep(proposal: Proposal, undoing: Undoing, chosen: list[RawLine], entries: list[JournalEntry]) -> None:
    void = Void.objects.create(
        proposal=proposal,
        number=undoing.number,
        posted_on=undoing.posted_on,
        reason=undoing.reason,
        asked_by=undoing.asked_by,
        decided_by=undoing.decided_by,
        entries=[entry.number for entry in entries],
    )
    VoidedLine.objects.bulk_create([VoidedLine(void=void, line_id=line.id) for line in chosen], batch_size=500)


def _tell(
    proposal: Proposal, change: ChangeRequest, undoing: Undoing, comment: str, entries: list[JournalEntry]
) -> None:
    numbers = " and ".join(entry.number for entry in entries) or "none, since it had no value"
    part = "" if undoing.is_last else "part of "
    audit.record(
        entity=proposal.entity,
        actor=undoing.decided_by,
        kind="proposal.voided" if undoing.is_last else "proposal.partly_voided",
        subject=proposal.source_ref,
        message=f"{undoing.decided_by} voided {part}{proposal.number}; mirror entry {numbers}. Reason: {comment}",
        data={
            "digest": proposal.digest,
            "comment": comment.strip(),
            "entries": [entry.number for entry in entries],
            "void": undoing.number,
            "record": VOIDED.digest(void_row(proposal, undoing.number)),
            **decision_told(proposal),
            **provided_told(proposal, void=True),
            **sheet_told(proposal),
            "change": change.pk,
            "erp": erp_state(Posting.objects.get(entity=proposal.entity, source_ref=proposal.source_ref)),
        },
    )


def refuse_new_cost_basis(proposal: Proposal, posted_on: dt.date) -> None:
    """Under US GAAP a loss of an earlier fiscal year is the new cost basis and does not come back (ASC
    330-10-35-14)."""
    entity = proposal.entity
    if entity.framework != Framework.US_GAAP or proposal.kind not in (Kind.WRITE_DOWN, *LEAVING):
        return
    year = fiscal_year_of(entity, proposal.posting_on)
    if fiscal_year_of(entity, posted_on) == year:
        return
    raise WrongState(
        f"{proposal.number} was posted in fiscal year {year}, so it cannot be voided as of {posted_on.isoformat()}, in "
        "a later one: under US GAAP what it took off is the new cost basis (ASC 330-10-35-14). Where it was an error "
        f"in {year}, have a second person approve its correction as an error of that year (ASC 250) instead."
    )


def refuse_later_recovery(proposal: Proposal, lines: Collection[RawLine]) -> None:
    """Shares of a quarantine entry follow the order of what took its units, so they are undone in the opposite
    order."""
    if proposal.kind not in FROM_QUARANTINE:
        return
    later = ProposalLine.objects.filter(
        quarantine_id__in=[line.quarantine_id for line in lines if line.quarantine_id is not None],
        proposal__status=Status.POSTED,
        proposal__posted_at__gt=proposal.posted_at,
        voided__isnull=True,
    ).select_related("proposal")
    first = later.first()
    if first is not None:
        raise WrongState(
            f"{first.proposal.number} took units of the same goods out of quarantine later. Void that one first, then "
            f"{proposal.number}."
        )


def in_adjustment_period(proposal: Proposal, posted_on: dt.date) -> bool:
    """Whether a void of that date goes into the year's period 13: where the posting stands there, on its own date."""
    return proposal.adjustment and posted_on == proposal.posting_on


def void_date_offered(proposal: Proposal) -> dt.date | None:
    """The posting's own date where its adjustment period takes the void, else the first open one."""
    if proposal.adjustment:
        period = period_of(entity=proposal.entity, day=proposal.posting_on, adjustment=True)
        if period is not None and period.status in FiscalPeriod.TAKING:
            return proposal.posting_on
    return policy.posting_date_default(entity=proposal.entity, found_on=proposal.posting_on)


def void_wants_two(change: ChangeRequest) -> bool:
    """A void dated in a soft-closed period needs a second approver, like every posting into it."""
    day = dt.date.fromisoformat(change.details["posted_on"])
    proposal = Proposal.objects.get(entity=change.entity, number=change.details["number"])
    period = period_of(entity=change.entity, day=day, adjustment=in_adjustment_period(proposal, day))
    return period is not None and period.status == FiscalPeriod.Status.SOFT_CLOSED


def may_decide_void(change: ChangeRequest, user: User) -> bool:
    """Whether the page offers the decision to the person."""
    asked = (change.requested_by_id, change.seconded_by_id)
    return user.pk not in asked and void_refusal(change, user) is None


CHANGE_KIND = ChangeKind(
    code=KIND,
    label="Void a posted proposal",
    requested_by=frozenset({Role.CONTROLLER, Role.PREPARER}),
    decided_by=frozenset({Role.APPROVER}),
    apply=void_apply,
    wants_two=void_wants_two,
    refuses=void_refusal,
)
