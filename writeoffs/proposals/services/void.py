"""Voids a posted proposal by its mirror, asked for by one person and decided by another who did not prepare it."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from django.db import transaction

from core import audit
from core.access import roles_in
from core.changes import ChangeKind, change_asked, change_decide, change_once, change_request
from core.errors import BadInput, SegregationOfDuties, WrongState
from core.models import ChangeRequest, User
from core.words import Framework, Role
from inventory.models import CountSheet
from writeoffs.posting.lots import fiscal_year_of
from writeoffs.posting.undo import posting_void
from writeoffs.proposals import policy
from writeoffs.proposals.models import Kind, Proposal, ProposalLine, Status, Verb
from writeoffs.proposals.services.decide import count_sheet_set
from writeoffs.proposals.services.steps import guard, proposal_lock, step
from writeoffs.proposals.states import next_status

KIND = "proposal.void"


def void_request(*, proposal: Proposal, user: User, reason: str, posted_on: dt.date, key: str = "") -> ChangeRequest:
    """Ask that a posted proposal be voided on a date in an open period. PeriodClosed, WrongState, BadInput without
    reason. key: of the press; the same one gives the request that the first press made."""
    return change_once(
        entity=proposal.entity,
        user=user,
        key=key,
        asked=change_asked(
            proposal.entity, KIND, proposal.source_ref, {"reason": reason.strip(), "posted_on": posted_on.isoformat()}
        ),
        step=lambda: _void_request(proposal, user, reason, posted_on),
    )


@transaction.atomic
def _void_request(proposal: Proposal, user: User, reason: str, posted_on: dt.date) -> ChangeRequest:
    proposal = proposal_lock(proposal)
    guard(proposal, user=user, verb=Verb.VOID)
    refused = policy.day_refusal(entity=proposal.entity, name="posting date", day=posted_on)
    if refused:
        raise BadInput(refused)
    _refuse_new_cost_basis(proposal, posted_on)
    policy.posting_date_check(entity=proposal.entity, posting_on=posted_on, found_on=proposal.posting_on)
    if posted_on < proposal.posting_on:
        raise BadInput(
            f"{proposal.number} was posted on {proposal.posting_on.isoformat()}; a void cannot be dated before that."
        )
    return change_request(
        entity=proposal.entity,
        kind=KIND,
        subject=proposal.source_ref,
        summary=f"Void {proposal.number} on {posted_on.isoformat()}",
        reason=reason,
        user=user,
        details={"number": proposal.number, "posted_on": posted_on.isoformat()},
    )


def void_decide(*, change: ChangeRequest, user: User, approve: bool, comment: str = "", key: str = "") -> ChangeRequest:
    """Decide a void that somebody else asked for; approved, the mirror is posted in the same transaction."""
    refused = void_refusal(change, user)
    if refused is not None:
        raise refused
    return change_decide(change=change, user=user, approve=approve, comment=comment, key=key)


def void_refusal(change: ChangeRequest, user: User) -> SegregationOfDuties | None:
    """Why the person may not decide the void; the roles are core.changes' to judge."""
    proposal = Proposal.objects.get(entity=change.entity, number=change.details["number"])
    if proposal.created_by_id == user.pk:
        return SegregationOfDuties(f"You prepared {proposal.number}, so its void has to be decided by somebody else.")
    return None


def void_apply(change: ChangeRequest, decider: User) -> None:
    """Post the mirror and set the proposal VOIDED; called by core.changes inside the deciding transaction."""
    proposal = proposal_lock(Proposal.objects.get(entity=change.entity, number=change.details["number"]))
    refused = void_refusal(change, decider)
    if refused is not None:
        raise refused
    to = next_status(proposal.number, proposal.status, Verb.VOID)
    _refuse_new_cost_basis(proposal, dt.date.fromisoformat(change.details["posted_on"]))
    recovered = list(proposal.lines.filter(quarantine__isnull=False).values_list("quarantine_id", "quantity"))
    _refuse_later_recovery(proposal, recovered)
    step(proposal, verb=Verb.VOID, to=to, user=decider, comment=change.reason)
    entries = posting_void(
        entity=proposal.entity,
        source_ref=proposal.source_ref,
        posted_on=dt.date.fromisoformat(change.details["posted_on"]),
        reason=change.reason,
        asked_by=change.requested_by,
        decided_by=decider,
        recovered=recovered,
    )
    count_sheet_set(proposal, CountSheet.Status.CLOSED, CountSheet.Status.OPEN)
    numbers = " and ".join(entry.number for entry in entries) or "none, since it had no value"
    audit.record(
        entity=proposal.entity,
        actor=decider,
        kind="proposal.voided",
        subject=proposal.source_ref,
        message=f"{decider} voided {proposal.number}; mirror entry {numbers}. Reason: {change.reason}",
        data={
            "digest": proposal.digest,
            "comment": change.reason.strip(),
            "entries": [entry.number for entry in entries],
            "change": change.pk,
        },
    )


def _refuse_new_cost_basis(proposal: Proposal, posted_on: dt.date) -> None:
    """Under US GAAP a loss of an earlier fiscal year is the new cost basis and does not come back (ASC
    330-10-35-14)."""
    entity = proposal.entity
    if entity.framework != Framework.US_GAAP or proposal.kind not in (Kind.WRITE_DOWN, Kind.WRITE_OFF):
        return
    year = fiscal_year_of(entity, proposal.posting_on)
    if fiscal_year_of(entity, posted_on) == year:
        return
    raise WrongState(
        f"{proposal.number} was posted in fiscal year {year}, so it cannot be voided as of {posted_on.isoformat()}, in "
        "a later one: under US GAAP what it took off is the new cost basis (ASC 330-10-35-14). Where it was an error "
        f"in {year}, have a second person approve its correction as an error of that year (ASC 250) instead."
    )


def _refuse_later_recovery(proposal: Proposal, recovered: list[tuple[int, Decimal]]) -> None:
    """Shares of a quarantine entry follow the order of its recoveries, so they are undone in the opposite order."""
    if proposal.kind != Kind.RECOVERY:
        return
    later = ProposalLine.objects.filter(
        quarantine_id__in=[quarantine_id for quarantine_id, _ in recovered],
        proposal__status=Status.POSTED,
        proposal__posted_at__gt=proposal.posted_at,
    ).select_related("proposal")
    first = later.first()
    if first is not None:
        raise WrongState(
            f"{first.proposal.number} recovered units of the same goods later. Void that one first, then "
            f"{proposal.number}."
        )


def may_decide_void(change: ChangeRequest, user: User) -> bool:
    """Whether the page offers the decision to the person."""
    roles = roles_in(change.entity, user)
    return (
        user.pk != change.requested_by_id
        and bool(roles & CHANGE_KIND.decided_by)
        and void_refusal(change, user) is None
    )


CHANGE_KIND = ChangeKind(
    code=KIND,
    label="Void a posted proposal",
    requested_by=frozenset({Role.CONTROLLER, Role.PREPARER}),
    decided_by=frozenset({Role.CONTROLLER, Role.APPROVER}),
    apply=void_apply,
)
